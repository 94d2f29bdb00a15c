//! What our rights in an account are on the folders of a mail server (RFC 4314), and what changes of both sides come to
//! (ADR 0036).

use std::collections::{BTreeMap, BTreeSet};

use fernamt_domain::mail::{
    MailRight::{self, Read, Write},
    MailRights,
};
use fernamt_mailhost::imap::Right;
use fernamt_store::MirrorRightsRecord;

/// What reading is on each folder.
const READING: [Right; 2] = [Right::Lookup, Right::Read];
/// What writing is, beside reading.
const WRITING: [Right; 7] = [
    Right::KeepSeen,
    Right::Write,
    Right::Insert,
    Right::DeleteMessages,
    Right::Expunge,
    Right::CreateFolders,
    Right::DeleteFolder,
];
/// Rights of ours that folders have, too. No others go to a server, or come from there.
const CARRIED: [MailRight; 2] = [Read, Write];
/// Names on lists of rights that are not one person's, whoever has such a name here.
const NOBODY: [&str; 6] = ["administrators", "anonymous", "anyone", "authenticated", "owner", "public"];

/// Who may do what with one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FolderList(Vec<(String, BTreeSet<Right>)>);

impl FolderList {
    /// What a server told.
    pub(super) fn of(told: Vec<(String, BTreeSet<Right>)>) -> Self {
        Self(told)
    }

    /// The names that may be people's logins.
    pub(super) fn logins(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).filter(|name| is_login(name)).collect()
    }

    /// What the list says under this very name.
    pub(super) fn own(&self, login: &str) -> BTreeSet<Right> {
        self.0.iter().filter(|(name, _)| name == login).flat_map(|(_, rights)| rights).copied().collect()
    }

    /// What somebody may do with the folder, in rights of ours. What others or all may do widens nothing, and what is
    /// denied to them, or to some whom we do not know, counts.
    pub(super) fn worth(&self, login: &str) -> MailRights {
        let denied: BTreeSet<_> = self
            .0
            .iter()
            .filter(|(name, _)| name.strip_prefix('-').is_some_and(|denied| denied == login || !is_login(denied)))
            .flat_map(|(_, rights)| rights)
            .copied()
            .collect();
        let rights = &self.own(login) - &denied;
        let reads = READING.iter().all(|right| rights.contains(right));
        let writes = WRITING.iter().all(|right| rights.contains(right));
        [(Read, reads), (Write, reads && writes)].into_iter().filter(|(_, has)| *has).map(|(right, _)| right).collect()
    }
}

/// What is known to lie on a server's folders for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// What lies on every folder, unless it was taken there.
    pub(super) least: MailRights,
    /// What may lie on some folder, unless it was given there.
    pub(super) most: MailRights,
}

impl Known {
    /// What both sides agreed on.
    pub(super) fn exactly(rights: MailRights) -> Self {
        Self { least: rights, most: rights }
    }

    /// What is remembered.
    pub(super) fn of(base: Option<&MirrorRightsRecord>) -> Self {
        base.map_or(Self::exactly(MailRights::NONE), |base| Self { least: base.least, most: base.rights })
    }
}

/// What is left of everybody's rights with one folder more. Where its list is not told, it is as it surely was: nobody gets
/// more by it.
pub(super) fn narrowed(
    rights: BTreeMap<String, MailRights>,
    list: Option<&FolderList>,
    least: impl Fn(&str) -> MailRights,
) -> BTreeMap<String, MailRights> {
    let worth = |login: &str| list.map_or_else(|| least(login), |list| list.worth(login));
    let left = rights.into_iter().map(|(login, rights)| {
        let left = common(rights, worth(&login));
        (login, left)
    });
    left.filter(|(_, left)| !left.is_empty()).collect()
}

/// Whether a name may be a person's login, and is nothing else.
pub(super) fn is_login(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with(['-', '.']) && !NOBODY.contains(&name)
}

/// What is said of a folder to grant these rights of ours.
pub(super) fn letters(rights: MailRights) -> BTreeSet<Right> {
    let reading = READING.iter().filter(|_| rights.has(Read));
    reading.chain(WRITING.iter().filter(|_| rights.has(Write))).copied().collect()
}

/// All letters but these.
pub(super) fn others(letters: &BTreeSet<Right>) -> BTreeSet<Right> {
    let all = READING.into_iter().chain(WRITING).chain([Right::Post, Right::Administer]);
    all.filter(|right| !letters.contains(right)).collect()
}

/// Those of these rights that folders have, too.
pub(super) fn carried(rights: MailRights) -> MailRights {
    rights.iter().filter(|right| CARRIED.contains(right)).collect()
}

/// These rights with other ones of those that folders have. Nothing is left without reading.
pub(super) fn with(rights: MailRights, other: MailRights) -> MailRights {
    if other.is_empty() {
        return MailRights::NONE;
    }
    rights.iter().filter(|right| !CARRIED.contains(right)).chain(other.iter()).collect()
}

/// What both have.
pub(super) fn common(one: MailRights, other: MailRights) -> MailRights {
    one.iter().filter(|right| other.has(*right)).collect()
}

/// What one of both has.
pub(super) fn joined(one: MailRights, other: MailRights) -> MailRights {
    one.iter().chain(other.iter()).collect()
}

/// Whether some right is not among those of the other side.
pub(super) fn exceeds(one: MailRights, other: MailRights) -> bool {
    one.iter().any(|right| !other.has(right))
}

/// What holds after both sides' changes since they last agreed: each right as the side has it that changed it.
pub(super) fn merged(base: Known, here: MailRights, there: MailRights) -> MailRights {
    let holds = |right: MailRight| match (base.least.has(right), base.most.has(right)) {
        (true, _) => here.has(right) && there.has(right),
        // It was being given or taken, or its end was refused: which folders have it says nothing.
        (false, true) => here.has(right),
        (false, false) => here.has(right) || there.has(right),
    };
    if !holds(Read) {
        return MailRights::NONE;
    }
    CARRIED.into_iter().filter(|right| holds(*right)).collect()
}

#[cfg(test)]
mod tests {
    use fernamt_domain::mail::MailRight::{Manage, SendAs};

    use super::*;

    fn rights(rights: &[MailRight]) -> MailRights {
        rights.iter().copied().collect()
    }

    fn list(entries: &[(&str, &str)]) -> FolderList {
        let all = [
            ('l', Right::Lookup),
            ('r', Right::Read),
            ('s', Right::KeepSeen),
            ('w', Right::Write),
            ('i', Right::Insert),
            ('p', Right::Post),
            ('k', Right::CreateFolders),
            ('x', Right::DeleteFolder),
            ('t', Right::DeleteMessages),
            ('e', Right::Expunge),
            ('a', Right::Administer),
        ];
        let read =
            |letters: &str| all.iter().filter(|(one, _)| letters.contains(*one)).map(|(_, right)| *right).collect();
        FolderList::of(entries.iter().map(|(name, letters)| ((*name).to_owned(), read(letters))).collect())
    }

    #[test]
    fn a_right_of_ours_needs_all_of_its_letters() {
        for (letters, worth) in [
            ("", rights(&[])),
            ("l", rights(&[])),
            ("r", rights(&[])),
            ("swiktex", rights(&[])),
            ("lr", rights(&[Read])),
            ("lrpa", rights(&[Read])),
            ("lrswite", rights(&[Read])),
            ("lrswitek", rights(&[Read])),
            ("lrswitekx", rights(&[Write])),
            ("lrswipkxtea", rights(&[Write])),
        ] {
            assert_eq!(list(&[("ada", "lrswipkxtea"), ("bob", letters)]).worth("bob"), worth, "{letters}");
        }
        for one in [rights(&[]), rights(&[Read]), rights(&[Write])] {
            let said = FolderList::of(vec![("bob".to_owned(), letters(one))]);
            assert_eq!(said.worth("bob"), one, "what is said is understood");
        }
    }

    #[test]
    fn all_other_letters_are_all_that_may_be_left_beside_what_somebody_keeps() {
        let reading = letters(rights(&[Read]));
        let all = list(&[("bob", "lrswipkxtea")]).own("bob");
        assert_eq!(others(&reading), &all - &reading);
        assert_eq!((others(&all), others(&BTreeSet::new())), (BTreeSet::new(), all));
    }

    #[test]
    fn names_that_are_not_one_persons_widen_nothing_and_what_is_denied_narrows() {
        const ALL: &str = "lrswipkxtea";
        for name in
            ["anyone", "anonymous", "authenticated", "owner", "group:amt", "$amt", "Bob", "bob@amt.test", "boB", ""]
        {
            assert_eq!(list(&[(name, ALL)]).worth("bob"), MailRights::NONE, "{name}");
            assert!(!list(&[(name, ALL)]).logins().contains(name), "{name}");
        }
        // Whoever is called so here gets nothing of what it means there.
        assert!(!is_login("anyone") && !is_login("-bob") && !is_login(".bob") && is_login("b-o.b_7"));
        for denied in ["-bob", "-anyone", "-group:amt", "-Bob"] {
            let denied_all = list(&[("bob", ALL), (denied, "l")]);
            assert_eq!(denied_all.worth("bob"), MailRights::NONE, "{denied}");
            assert_eq!(list(&[(denied, "x"), ("bob", ALL)]).worth("bob"), rights(&[Read]), "{denied}");
            assert_eq!(denied_all.logins(), ["bob"].into());
        }
        assert_eq!(list(&[("bob", ALL), ("-eva", "l")]).worth("bob"), rights(&[Write]), "that is somebody else");
        assert_eq!(list(&[("bob", "l"), ("bob", "r")]).worth("bob"), rights(&[Read]), "named twice");
    }

    #[test]
    fn each_side_has_its_way_with_what_it_changed() {
        let levels = [rights(&[]), rights(&[Read]), rights(&[Write])];
        for base in levels {
            let merged = |here, there| merged(Known::exactly(base), here, there);
            for side in levels {
                assert_eq!((merged(side, base), merged(base, side)), (side, side), "one side changed it");
                assert_eq!(merged(side, side), side, "both alike");
                for other in levels {
                    let both = merged(side, other);
                    assert!(!exceeds(both, joined(side, other)), "nothing comes of itself");
                    assert_eq!(both, merged(other, side), "whichever side it is");
                    for right in CARRIED {
                        let taken = base.has(right) && !(side.has(right) && other.has(right));
                        assert!(!(taken && both.has(right)), "what one side took does not come back");
                    }
                }
            }
        }
        let base = Known::exactly(rights(&[Read]));
        assert_eq!(merged(base, rights(&[Write]), rights(&[])), rights(&[]), "no writing without reading");
    }

    #[test]
    fn what_was_on_its_way_is_as_it_is_here_and_hides_nothing_that_was_taken_there() {
        let levels = [rights(&[]), rights(&[Read]), rights(&[Write])];
        for (at, most) in levels.into_iter().enumerate() {
            for least in levels.into_iter().take(at) {
                let base = Known { least, most };
                for here in levels {
                    for there in levels {
                        let both = merged(base, here, there);
                        assert!(!exceeds(both, joined(here, there)), "nothing comes of itself");
                        let taken = |right| least.has(right) && !(here.has(right) && there.has(right));
                        assert!(!CARRIED.into_iter().any(|right| taken(right) && both.has(right)), "what was taken is");
                        if !exceeds(least, there) && !exceeds(here, most) && !exceeds(there, most) {
                            assert_eq!(both, here, "{base:?} {there:?}: which folders have it says nothing");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_folder_that_tells_nothing_neither_gives_nor_takes() {
        let (all, read) = (rights(&[Write]), rights(&[Read]));
        let before: BTreeMap<_, _> = ["ada", "bob", "eva"].map(|login| (login.to_owned(), all)).into();
        let least = |login: &str| if login == "bob" { read } else { rights(&[]) };
        assert_eq!(narrowed(before.clone(), None, least), BTreeMap::from([("bob".to_owned(), read)]));
        let told = list(&[("eva", "lr"), ("ada", "lrswitekx")]);
        let left = narrowed(before, Some(&told), least);
        assert_eq!(left, BTreeMap::from([("ada".to_owned(), all), ("eva".to_owned(), read)]));
    }

    #[test]
    fn what_no_folder_has_stays_ours_and_ends_with_reading() {
        let all = rights(&[Write, SendAs, Manage]);
        assert_eq!((carried(all), carried(rights(&[SendAs]))), (rights(&[Write]), rights(&[Read])));
        assert_eq!(with(all, rights(&[Read])), rights(&[SendAs, Manage]));
        assert_eq!(with(rights(&[SendAs]), rights(&[Write])), rights(&[Write, SendAs]));
        assert_eq!(with(all, rights(&[])), rights(&[]));
    }
}
