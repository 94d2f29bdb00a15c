//! Who may do what with a folder (RFC 4314).

use std::collections::BTreeSet;

use super::{Answer, FolderName, Imap, command::Command};
use crate::{Error, words::Word};

/// The most names with rights on a folder that are taken.
const MAX_NAMES: usize = 10_000;

/// One right on a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// `l`: to see that it is there.
    Lookup,
    /// `r`: to read what lies in it.
    Read,
    /// `s`: to keep what was seen.
    KeepSeen,
    /// `w`: to set keywords.
    Write,
    /// `i`: to put messages into it.
    Insert,
    /// `p`: to send messages to it.
    Post,
    /// `k`: to make folders in it.
    CreateFolders,
    /// `x`: to delete or rename it.
    DeleteFolder,
    /// `t`: to mark messages as deleted.
    DeleteMessages,
    /// `e`: to remove what is marked.
    Expunge,
    /// `a`: to say who may do what.
    Administer,
}

impl Right {
    const LETTERS: [(char, Self); 11] = [
        ('l', Self::Lookup),
        ('r', Self::Read),
        ('s', Self::KeepSeen),
        ('w', Self::Write),
        ('i', Self::Insert),
        ('p', Self::Post),
        ('k', Self::CreateFolders),
        ('x', Self::DeleteFolder),
        ('t', Self::DeleteMessages),
        ('e', Self::Expunge),
        ('a', Self::Administer),
    ];

    /// The rights that letters stand for.
    pub(crate) fn read(letters: &str) -> BTreeSet<Self> {
        let known = Self::LETTERS.iter().filter(|(letter, _)| letters.contains(*letter));
        let mut rights: BTreeSet<_> = known.map(|(_, right)| *right).collect();
        // `c` and `d` of RFC 2086 were parted into these. Servers that know the parts show `d` beside any single one of its
        // own (RFC 4314, section 2.1.1), so there it says nothing.
        if letters.contains(['k', 'x', 't', 'e']) {
            return rights;
        }
        let (creates, deletes) = (letters.contains('c'), letters.contains('d'));
        if creates {
            rights.insert(Self::CreateFolders);
        }
        if deletes {
            rights.extend([Self::DeleteMessages, Self::Expunge]);
        }
        if creates && deletes {
            rights.insert(Self::DeleteFolder);
        }
        rights
    }

    /// The letters for these rights: those of RFC 4314, or of RFC 2086 where a server knows no others.
    fn write(rights: &BTreeSet<Self>, knows_parts: bool) -> String {
        let mut letters = String::new();
        for (letter, right) in Self::LETTERS {
            let letter = match right {
                Self::CreateFolders if !knows_parts => 'c',
                Self::DeleteFolder | Self::DeleteMessages | Self::Expunge if !knows_parts => 'd',
                _ => letter,
            };
            if rights.contains(&right) && !letters.contains(letter) {
                letters.push(letter);
            }
        }
        letters
    }
}

/// Who may do what, as the words behind `ACL` say it: a folder, then a name and letters, again and again.
pub(crate) fn listed(words: &[Word]) -> Result<Vec<(String, BTreeSet<Right>)>, Error> {
    let pairs = words.get(1..).unwrap_or_default();
    if pairs.len() % 2 != 0 {
        return Err(Error::Unreadable("a name without rights"));
    }
    if pairs.len() / 2 > MAX_NAMES {
        return Err(Error::TooMany(MAX_NAMES, "names with rights"));
    }
    // Where a name is none, others are still known by theirs.
    Ok(pairs.chunks_exact(2).filter_map(|pair| Some((pair[0].text()?, Right::read(&pair[1].text()?)))).collect())
}

impl Imap {
    /// What one may do with a folder oneself.
    pub async fn my_rights(&mut self, folder: &FolderName) -> Result<BTreeSet<Right>, Error> {
        self.needs_rights()?;
        let mut rights = None;
        self.collect(Command::new("MYRIGHTS").folder(folder)?, &mut |answer| {
            if let Answer::Data { name, words } = answer
                && name == "MYRIGHTS"
            {
                rights = words.get(1).and_then(Word::text).map(|letters| Right::read(&letters));
            }
            Ok(())
        })
        .await?;
        rights.ok_or(Error::Unreadable("rights without letters"))
    }

    /// Who may do what with a folder, by the names that the server knows people by.
    pub async fn rights(&mut self, folder: &FolderName) -> Result<Vec<(String, BTreeSet<Right>)>, Error> {
        self.needs_rights()?;
        let mut told = None;
        self.collect(Command::new("GETACL").folder(folder)?, &mut |answer| {
            if let Answer::Data { name, words } = answer
                && name == "ACL"
                && words.first().and_then(Word::text).is_some_and(|told| FolderName::kept(told) == *folder)
            {
                // What cannot be understood was read to its end, so the conversation goes on.
                told = Some(listed(&words));
            }
            Ok(())
        })
        .await?;
        told.unwrap_or(Err(Error::Unreadable("rights without the folder")))
    }

    /// Says what somebody may do with a folder; nothing at all takes the name off its list.
    pub async fn set_rights(&mut self, folder: &FolderName, who: &str, rights: &BTreeSet<Right>) -> Result<(), Error> {
        if rights.is_empty() {
            self.needs_rights()?;
            return self.run(Command::new("DELETEACL").folder(folder)?.string(who)?).await.map(|_| ());
        }
        self.say_rights(folder, who, "", rights).await
    }

    /// Lets somebody do more with a folder, whatever else they may.
    pub async fn add_rights(&mut self, folder: &FolderName, who: &str, rights: &BTreeSet<Right>) -> Result<(), Error> {
        self.say_rights(folder, who, "+", rights).await
    }

    /// Lets somebody do less with a folder, and leaves what else they may.
    pub async fn remove_rights(
        &mut self,
        folder: &FolderName,
        who: &str,
        rights: &BTreeSet<Right>,
    ) -> Result<(), Error> {
        self.say_rights(folder, who, "-", rights).await
    }

    async fn say_rights(
        &mut self,
        folder: &FolderName,
        who: &str,
        sign: &str,
        rights: &BTreeSet<Right>,
    ) -> Result<(), Error> {
        self.needs_rights()?;
        let letters = Right::write(rights, self.offers_beginning_with("RIGHTS="));
        let command = Command::new("SETACL").folder(folder)?.string(who)?.string(&format!("{sign}{letters}"))?;
        self.run(command).await.map(|_| ())
    }

    fn needs_rights(&self) -> Result<(), Error> {
        if self.offers("ACL") { Ok(()) } else { Err(Error::Missing("rights on folders (ACL)")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::connection::tests::scripted, *};

    #[tokio::test]
    async fn rights_are_read_and_said() {
        let answers = &[
            "* MYRIGHTS INBOX lrd\r\nf1 OK\r\n",
            "* ACL INBOX ada lrswipkxtea \"anna b\" lr NIL a\r\nf2 OK\r\n",
            "f3 OK\r\n",
            "f4 OK\r\n",
            "f5 OK\r\n",
            "f6 OK\r\n",
        ];
        let (mut imap, server) = scripted(&["ACL", "RIGHTS=KXTE"], answers);
        let inbox = FolderName::of("INBOX");
        let own = imap.my_rights(&inbox).await.expect("rights");
        assert_eq!(own, [Right::Lookup, Right::Read, Right::DeleteMessages, Right::Expunge].into());
        let all = imap.rights(&inbox).await.expect("rights");
        assert_eq!((all.len(), all[0].1.len(), all[1].0.as_str()), (2, 11, "anna b"));
        imap.set_rights(&inbox, "bob", &all[1].1).await.expect("set");
        imap.set_rights(&inbox, "bob", &BTreeSet::new()).await.expect("taken away");
        imap.add_rights(&inbox, "bob", &[Right::Expunge, Right::DeleteMessages].into()).await.expect("more");
        imap.remove_rights(&inbox, "b\"ob", &[Right::CreateFolders].into()).await.expect("less");
        drop(imap);
        let said = server.await.expect("said");
        let said: Vec<_> = said.lines().skip(2).filter_map(|line| line.split_once(' ')).map(|(_, said)| said).collect();
        assert_eq!(
            said,
            [
                r#"SETACL "INBOX" "bob" "lr""#,
                r#"DELETEACL "INBOX" "bob""#,
                r#"SETACL "INBOX" "bob" "+te""#,
                r#"SETACL "INBOX" "b\"ob" "-k""#,
            ]
        );
    }

    #[tokio::test]
    async fn an_older_server_is_told_the_letters_that_it_knows() {
        let (mut imap, server) = scripted(&["ACL"], &["f1 OK\r\n"]);
        let all: BTreeSet<_> = Right::LETTERS.iter().map(|(_, right)| *right).collect();
        imap.set_rights(&FolderName::of("INBOX"), "bob", &all).await.expect("set");
        drop(imap);
        assert!(server.await.expect("said").ends_with("\"lrswipcda\"\r\n"));
        assert_eq!(Right::read("lrswipcda"), all);
    }

    #[test]
    fn letters_of_older_servers_never_widen_what_newer_ones_say() {
        let letters = |text: &str| Right::write(&Right::read(text), true);
        for (told, read) in
            [("lrtd", "lrt"), ("lrkc", "lrk"), ("lrd", "lrte"), ("lrc", "lrk"), ("cd", "kxte"), ("n0ü", "")]
        {
            assert_eq!(letters(told), read, "{told}");
        }
    }

    #[tokio::test]
    async fn a_list_that_is_none_grants_nothing_and_the_conversation_goes_on() {
        let answers =
            &["* ACL INBOX ada\r\nf1 OK\r\n", "* ACL Sent bob lr\r\nf2 OK\r\n", "f3 NO [NOPERM]\r\n", "f4 OK\r\n"];
        let (mut imap, _server) = scripted(&["ACL"], answers);
        let inbox = FolderName::of("INBOX");
        for _ in 0..2 {
            assert!(matches!(imap.rights(&inbox).await, Err(Error::Unreadable(_))) && imap.is_usable());
        }
        assert!(imap.rights(&inbox).await.is_err_and(|error| error.is_refusal()));
        assert!(matches!(imap.rights(&inbox).await, Err(Error::Unreadable(_))), "no list is not an empty one");
    }

    #[test]
    fn more_names_than_are_taken_are_refused() {
        let word = |text: &'static str| Word::Atom(bytes::Bytes::from_static(text.as_bytes()));
        let names = |count: usize| [vec![word("INBOX")], vec![vec![word("ada"), word("lr")]; count].concat()].concat();
        assert_eq!(listed(&names(MAX_NAMES)).expect("so many").len(), MAX_NAMES);
        assert!(matches!(listed(&names(MAX_NAMES + 1)), Err(Error::TooMany(MAX_NAMES, _))));
    }

    #[tokio::test]
    async fn a_server_without_rights_is_not_asked() {
        let (mut imap, _server) = scripted(&[], &[]);
        assert!(matches!(imap.my_rights(&FolderName::of("INBOX")).await, Err(Error::Missing(_))));
    }
}
