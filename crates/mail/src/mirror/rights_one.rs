//! Bringing together what one person may do in an account here and at the mail server.

use fernamt_domain::{MailAccountId, PersonId, mail::MailRights};
use fernamt_mailhost::imap::{FolderName, Imap};
use fernamt_store::MirrorRightsRecord;
use time::OffsetDateTime;

use super::{
    MirrorError,
    rights_carry::{Given, Said, narrow, widen},
    rights_note::{Left, refusal},
    rights_table::{Known, carried, common, exceeds, joined, merged, with},
    round::Mirror,
};

/// One person's rights on both sides.
#[derive(Debug)]
pub(super) struct One {
    pub(super) login: String,
    /// Who it is; nobody where a person is gone.
    pub(super) person: Option<PersonId>,
    /// All that is granted here.
    pub(super) granted: MailRights,
    /// Whether it was granted before we began, so that it may have held before the server was ever asked.
    pub(super) is_old: bool,
    pub(super) base: Option<MirrorRightsRecord>,
    /// What every folder allows.
    pub(super) there: MailRights,
    /// Whether there was no room for the letter that says what the server refused to end.
    pub(super) is_untold: bool,
}

/// What is to be done about one person's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    /// What is to hold on both sides.
    wanted: MailRights,
    /// Whether the server is told of it now.
    carries: bool,
    /// Whether more may lie there.
    narrows: bool,
    /// Whether some of it may be missing there.
    widens: bool,
    /// Whether it was begun before and broke off: what lies where is not known.
    is_repeat: bool,
    /// Whether the server refused before to take away what it has beyond this.
    is_kept: bool,
}

impl Plan {
    /// Whether something is taken away at the server.
    fn takes(self) -> bool {
        self.carries && self.narrows
    }
}

impl One {
    /// What is to be done. What the server refused to take away rests for a while, unless more is to be taken.
    fn plan(&self, is_resting: bool) -> Plan {
        let (known, here) = (Known::of(self.base.as_ref()), carried(self.granted));
        let wanted = merged(known, here, self.there);
        let is_repeat = self.base.as_ref().is_some_and(|base| base.begun);
        let is_kept = self.was_refused() && !is_repeat && known.least == wanted;
        let lacks = exceeds(wanted, self.there);
        // What was taken there is not said once more: what is left of it there is the owner's affair.
        let carries = is_repeat || exceeds(known.most, here) || lacks;
        Plan {
            wanted,
            carries: carries && !(is_kept && is_resting),
            narrows: exceeds(known.most, wanted),
            widens: lacks || is_repeat && !wanted.is_empty(),
            is_repeat,
            is_kept,
        }
    }

    pub(super) fn was_refused(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.refused)
    }

    /// Whether it is told that the server refused to end what is beyond this: once, and again where more is to end.
    fn is_to_be_told(&self, wanted: MailRights) -> bool {
        let told = self.base.as_ref().filter(|base| base.refused && !self.is_untold);
        told.is_none_or(|base| exceeds(base.least, wanted))
    }

    fn row(&self, account: MailAccountId, known: Known) -> MirrorRightsRecord {
        let login = self.login.clone();
        MirrorRightsRecord { account, login, rights: known.most, least: known.least, begun: false, refused: false }
    }
}

/// Puts those first of whom something is taken away at the server, so that no end waits for what begins. Whoever was not
/// done when it was tried last comes behind all others, and of those who was tried first.
pub(super) fn sort_ends_first(
    all: &mut [One],
    rests: impl Fn(&str) -> bool,
    tried: impl Fn(&str) -> Option<OffsetDateTime>,
) {
    all.sort_by_cached_key(|one| (tried(&one.login), !one.plan(rests(&one.login)).takes()));
}

impl Mirror {
    /// Merges what one person may do. Tells whether it was the same on both sides, or is now what it was here.
    pub(super) async fn settle_one(
        &mut self,
        imap: &mut Imap,
        folders: &[FolderName],
        one: &mut One,
    ) -> Result<bool, MirrorError> {
        if self.is_alone(one) {
            return Ok(true);
        }
        let plan = one.plan(self.rests(&one.login));
        let (wanted, granted) = (plan.wanted, with(one.granted, plan.wanted));
        let is_same = granted == one.granted;
        let after = one.row(self.account, Known::exactly(wanted));
        if !plan.carries {
            let after = one.base.clone().filter(|_| plan.is_kept).unwrap_or(after);
            return Ok(self.note_rights(one, granted, &after, None).await? && is_same);
        }
        let base = Known::of(one.base.as_ref());
        let known = Known { least: common(base.least, wanted), most: joined(base.most, wanted) };
        let (was_never_said, is_to_be_told) = (one.base.is_none(), one.is_to_be_told(wanted));
        let begun = MirrorRightsRecord { begun: true, refused: !is_to_be_told, ..one.row(self.account, known) };
        if !self.note_rights(one, granted, &begun, None).await? {
            return Ok(false);
        }
        let taken = if plan.narrows {
            narrow(imap, &mut self.rights.says, folders, &one.login, wanted).await?
        } else {
            Said::Done
        };
        if taken == Said::Later {
            return Ok(false);
        }
        if plan.widens {
            match widen(imap, &mut self.rights.says, folders, &one.login, wanted).await? {
                Given::Everywhere => {}
                Given::Later => return Ok(false),
                given @ (Given::Nowhere | Given::Somewhere) => {
                    // Else more may lie there than was added now.
                    let was_known = base.least == base.most && !plan.is_repeat;
                    let is_as_before = given == Given::Nowhere && was_known && !plan.narrows;
                    if is_as_before && was_never_said && one.is_old {
                        return Ok(self.leave_alone(one, granted).await? && is_same);
                    }
                    self.undo_rights(imap, folders, one, wanted, known.most, is_as_before).await?;
                    return Ok(false);
                }
            }
        }
        if taken == Said::Done {
            return Ok(self.note_rights(one, granted, &after, None).await? && is_same);
        }
        // What ended here does not begin again because the server cannot end it.
        self.rights.kept.insert(one.login.clone(), self.round_began);
        self.tell_refused("the end of somebody's rights");
        let kept =
            MirrorRightsRecord { refused: true, ..one.row(self.account, Known { least: wanted, most: known.most }) };
        let letter = if is_to_be_told { Some(refusal(&self.name_of(one).await?, Left::AfterTheEnd)) } else { None };
        Ok(self.note_rights(one, granted, &kept, letter.as_ref()).await? && is_same)
    }

    /// Leaves rights as they held before the server was ever asked. It is asked again from time to time.
    async fn leave_alone(&mut self, one: &mut One, granted: MailRights) -> Result<bool, MirrorError> {
        if self.rights.alone.insert(one.login.clone(), self.round_began).is_none() {
            tracing::warn!(account = %self.account, "The mail server refused somebody's rights that were granted before; they hold here alone");
        }
        let nothing = one.row(self.account, Known::exactly(MailRights::NONE));
        Ok(self.note_rights(one, granted, &nothing, None).await?)
    }

    /// Takes back what was granted here and refused there: only what every folder allowed before still holds.
    async fn undo_rights(
        &mut self,
        imap: &mut Imap,
        folders: &[FolderName],
        one: &mut One,
        wanted: MailRights,
        most: MailRights,
        is_as_before: bool,
    ) -> Result<(), MirrorError> {
        let left = common(wanted, one.there);
        let taken = if is_as_before {
            Said::Done
        } else {
            narrow(imap, &mut self.rights.says, folders, &one.login, left).await?
        };
        let (known, what) = match taken {
            // It is refused once more in the next round, and taken back then.
            Said::Later => return Ok(()),
            Said::Done => (Known::exactly(left), Left::Nothing),
            Said::Refused => {
                self.rights.kept.insert(one.login.clone(), self.round_began);
                (Known { least: left, most }, Left::OnSomeFolders)
            }
        };
        self.tell_refused("somebody's rights");
        let letter = refusal(&self.name_of(one).await?, what);
        let undone = MirrorRightsRecord { refused: taken == Said::Refused, ..one.row(self.account, known) };
        let granted = with(one.granted, left);
        self.note_rights(one, granted, &undone, Some(&letter)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::mail::MailRight::{self, Read, Write};
    use uuid::Uuid;

    use super::*;

    fn rights(rights: &[MailRight]) -> MailRights {
        rights.iter().copied().collect()
    }

    /// Somebody's rights here and there, of whom so much is remembered: the least and the most.
    fn one(base: [&[MailRight]; 2], here: &[MailRight], there: &[MailRight]) -> One {
        let [least, most] = base.map(rights);
        let one = One {
            login: "bob".to_owned(),
            person: None,
            granted: rights(here),
            is_old: false,
            base: None,
            there: rights(there),
            is_untold: false,
        };
        let row = one.row(MailAccountId(Uuid::nil()), Known { least, most });
        One { base: (!most.is_empty()).then_some(row), ..one }
    }

    fn refused(one: One) -> One {
        One { base: one.base.map(|base| MirrorRightsRecord { refused: true, ..base }), ..one }
    }

    fn begun(one: One) -> One {
        One { base: one.base.map(|base| MirrorRightsRecord { begun: true, ..base }), ..one }
    }

    #[test]
    fn what_is_granted_after_a_refused_end_is_given() {
        for is_resting in [true, false] {
            let plan = refused(one([&[], &[Read]], &[Read], &[])).plan(is_resting);
            assert_eq!((plan.wanted, plan.carries, plan.narrows), (rights(&[Read]), true, false));
            assert!(plan.widens, "on every folder");
            // Less than what may still lie there: that is taken, and what is missing given.
            let plan = refused(one([&[], &[Write]], &[Read], &[])).plan(is_resting);
            assert_eq!(plan.wanted, rights(&[Read]));
            assert!(plan.takes() && plan.widens);
        }
    }

    #[test]
    fn what_the_server_keeps_rests_and_what_it_takes_itself_ends_meanwhile() {
        let kept = refused(one([&[Read], &[Write]], &[Read], &[Write]));
        let (resting, again) = (kept.plan(true), kept.plan(false));
        assert_eq!((resting.wanted, resting.carries, resting.is_kept), (rights(&[Read]), false, true));
        assert!(again.takes() && !again.widens);
        let taken = refused(one([&[Read], &[Write]], &[Read], &[])).plan(true);
        assert_eq!((taken.wanted, taken.takes()), (rights(&[]), true), "and the rest is tried at once");
        let ended = refused(one([&[Read], &[Write]], &[], &[Write])).plan(true);
        assert_eq!((ended.wanted, ended.takes()), (rights(&[]), true), "so is what ends here");
    }

    #[test]
    fn what_broke_off_is_said_once_more_and_hides_nothing_that_was_taken_there() {
        // Given on some folders.
        let plan = begun(one([&[], &[Read]], &[Read], &[])).plan(false);
        assert_eq!(plan.wanted, rights(&[Read]));
        assert!(plan.carries && plan.widens && !plan.narrows && plan.is_repeat);
        // Writing was on its way, and reading was taken there.
        let plan = begun(one([&[Read], &[Write]], &[Write], &[])).plan(false);
        assert_eq!((plan.wanted, plan.takes(), plan.widens), (rights(&[]), true, false));
        // It was made a little less here meanwhile, and lies on some folders alone.
        let plan = begun(one([&[], &[Write]], &[Read], &[])).plan(false);
        assert_eq!(plan.wanted, rights(&[Read]));
        assert!(plan.takes() && plan.widens);
        // A folder was made, and may lack everything.
        let plan = begun(one([&[], &[Write]], &[Write], &[])).plan(false);
        assert_eq!((plan.wanted, plan.takes(), plan.widens), (rights(&[Write]), false, true));
    }

    #[test]
    fn a_refused_end_is_told_once_and_again_where_more_ends_or_nobody_could_be_told() {
        assert!(one([&[Write], &[Write]], &[Read], &[Write]).is_to_be_told(rights(&[Read])));
        let mut kept = refused(one([&[Read], &[Write]], &[Read], &[Write]));
        assert!(!kept.is_to_be_told(rights(&[Read])) && kept.is_to_be_told(rights(&[])));
        kept.is_untold = true;
        assert!(kept.is_to_be_told(rights(&[Read])));
    }

    #[test]
    fn what_ends_is_said_before_what_begins() {
        let named = |login: &str, one: One| One { login: login.to_owned(), ..one };
        let mut all = [
            named("ada", one([&[], &[]], &[Write], &[])),
            named("bob", refused(one([&[], &[Read]], &[], &[]))),
            named("eva", one([&[Read], &[Read]], &[], &[Read])),
            named("zoe", refused(one([&[], &[Read]], &[], &[]))),
        ];
        let logins = |all: &[One]| all.iter().map(|one| one.login.clone()).collect::<Vec<_>>();
        sort_ends_first(&mut all, |login| login == "bob", |_| None);
        assert_eq!(logins(&all), ["eva", "zoe", "ada", "bob"]);
        // What takes long for one end holds up no other.
        let tried = |login: &str| match login {
            "eva" => Some(OffsetDateTime::UNIX_EPOCH + time::Duration::SECOND),
            "zoe" => Some(OffsetDateTime::UNIX_EPOCH),
            _ => None,
        };
        sort_ends_first(&mut all, |_| false, tried);
        assert_eq!(logins(&all), ["bob", "ada", "zoe", "eva"]);
    }

    #[test]
    fn what_is_the_same_or_was_changed_there_is_not_said() {
        let cases: [[&[MailRight]; 4]; 5] = [
            [&[], &[], &[Read], &[Read]],
            [&[Read], &[Read], &[Read], &[Read]],
            [&[Read], &[Read], &[Write], &[Write]],
            [&[Write], &[Write], &[Read], &[Read]],
            [&[Read], &[Write], &[], &[]],
        ];
        for [base, here, there, wanted] in cases {
            let plan = one([base, base], here, there).plan(false);
            assert_eq!((plan.wanted, plan.carries), (rights(wanted), false), "{base:?} {here:?} {there:?}");
        }
        let plan = one([&[Read], &[Read]], &[], &[Read]).plan(false);
        assert!(plan.takes() && !plan.widens, "what ended here is");
    }
}
