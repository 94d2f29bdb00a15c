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

    /// The rights that letters stand for. Those of RFC 2086 that were parted later count as all of their parts.
    pub(crate) fn read(letters: &str) -> BTreeSet<Self> {
        let mut rights = BTreeSet::new();
        for letter in letters.chars() {
            match letter {
                'c' => rights.extend([Self::CreateFolders]),
                'd' => rights.extend([Self::DeleteMessages, Self::Expunge]),
                _ => rights.extend(Self::LETTERS.iter().filter(|(known, _)| *known == letter).map(|(_, right)| *right)),
            }
        }
        rights
    }

    fn write(rights: &BTreeSet<Self>) -> String {
        Self::LETTERS.iter().filter(|(_, right)| rights.contains(right)).map(|(letter, _)| *letter).collect()
    }
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
        let mut told = Vec::new();
        self.collect(Command::new("GETACL").folder(folder)?, &mut |answer| {
            if let Answer::Data { name, words } = answer
                && name == "ACL"
            {
                for pair in words.get(1..).unwrap_or_default().chunks_exact(2) {
                    if told.len() == MAX_NAMES {
                        return Err(Error::TooMany(MAX_NAMES, "names with rights"));
                    }
                    if let (Some(who), Some(letters)) = (pair[0].text(), pair[1].text()) {
                        told.push((who, Right::read(&letters)));
                    }
                }
            }
            Ok(())
        })
        .await?;
        Ok(told)
    }

    /// Says what somebody may do with a folder; nothing at all takes the name off its list.
    pub async fn set_rights(&mut self, folder: &FolderName, who: &str, rights: &BTreeSet<Right>) -> Result<(), Error> {
        self.needs_rights()?;
        let command = if rights.is_empty() {
            Command::new("DELETEACL").folder(folder)?.string(who)?
        } else {
            Command::new("SETACL").folder(folder)?.string(who)?.string(&Right::write(rights))?
        };
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
            "* ACL INBOX ada lrswipkxtea \"anna b\" lr odd\r\nf2 OK\r\n",
            "f3 OK\r\n",
            "f4 OK\r\n",
        ];
        let (mut imap, server) = scripted(&["ACL"], answers);
        let inbox = FolderName::of("INBOX");
        let own = imap.my_rights(&inbox).await.expect("rights");
        assert_eq!(own, [Right::Lookup, Right::Read, Right::DeleteMessages, Right::Expunge].into());
        let all = imap.rights(&inbox).await.expect("rights");
        assert_eq!((all.len(), all[0].1.len(), all[1].0.as_str()), (2, 11, "anna b"));
        imap.set_rights(&inbox, "bob", &all[1].1).await.expect("set");
        imap.set_rights(&inbox, "bob", &BTreeSet::new()).await.expect("taken away");
        drop(imap);
        let said = server.await.expect("said");
        assert!(
            said.contains("SETACL \"INBOX\" \"bob\" \"lr\"") && said.contains("DELETEACL \"INBOX\" \"bob\""),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_server_without_rights_is_not_asked() {
        let (mut imap, _server) = scripted(&[], &[]);
        assert!(matches!(imap.my_rights(&FolderName::of("INBOX")).await, Err(Error::Missing(_))));
    }
}
