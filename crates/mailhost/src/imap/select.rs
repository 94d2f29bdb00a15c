//! Looking into a folder: how it stands, and what changed in it since.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    Answer, Copied, FolderName, Imap, MAX_FOLDER_MESSAGES, MAX_KEYWORDS, UidSet,
    answer::{Said, value},
    command::{Command, quoted},
    folders::is_modseq,
};
use crate::{Error, words::Word};

/// A folder that is looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Another one than before means that UIDs began anew.
    pub uid_validity: u32,
    /// The UID of the message that comes next.
    pub uid_next: u32,
    /// The newest change, where the server counts them for this folder.
    pub highest_modseq: Option<u64>,
    /// How many messages there are.
    pub messages: u32,
    /// Whether nothing can be changed.
    pub read_only: bool,
    /// Whether keywords beside those of IMAP itself are kept.
    pub any_keyword: bool,
}

/// What changed in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The flags of messages that are new or have others now.
    pub flags: BTreeMap<u32, Vec<String>>,
    /// Which messages are gone.
    pub vanished: Vanished,
}

/// Which messages are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vanished {
    /// These, and maybe some that nobody ever saw.
    These(UidSet),
    /// All but these: the server does not remember what is gone.
    AllBut(UidSet),
}

impl Imap {
    /// Looks into a folder, to change something in it or only to read.
    pub async fn select(&mut self, folder: &FolderName, to_change: bool) -> Result<Selected, Error> {
        let mut command = Command::new(if to_change { "SELECT" } else { "EXAMINE" }).folder(folder)?;
        // Who switched on quick resynchronisation is told changes by their number without asking.
        if self.offers("CONDSTORE") && !self.enabled.contains("CONDSTORE") && !self.enabled.contains("QRESYNC") {
            command = command.word("(CONDSTORE)");
        }
        let mut told = BTreeMap::new();
        let (mut messages, mut any_keyword) = (None, false);
        let done = self
            .collect(command, &mut |answer| {
                match answer {
                    Answer::Numbered { number, name, .. } if name == "EXISTS" => messages = Some(number),
                    Answer::Said(said) => {
                        for name in ["UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ"] {
                            if let Some(number) = said.code(name).and_then(|words| words.first()?.number::<u64>()) {
                                told.insert(name, number);
                            }
                        }
                        let kept = said.code("PERMANENTFLAGS").and_then(|words| words.first()?.list());
                        any_keyword |= kept.is_some_and(|flags| flags.iter().any(|flag| flag.is("\\*")));
                    }
                    _ => {}
                }
                Ok(())
            })
            .await?;
        let number = |name| told.get(name).and_then(|number| u32::try_from(*number).ok());
        Ok(Selected {
            uid_validity: number("UIDVALIDITY").ok_or(Error::Unreadable("a folder without UIDVALIDITY"))?,
            uid_next: number("UIDNEXT").ok_or(Error::Unreadable("a folder without UIDNEXT"))?,
            highest_modseq: told.get("HIGHESTMODSEQ").copied().filter(|number| is_modseq(*number)),
            messages: messages.ok_or(Error::Unreadable("a folder without a number of messages"))?,
            read_only: !to_change || done.code("READ-ONLY").is_some(),
            any_keyword,
        })
    }

    /// What changed among the messages of this range since a change; without one, all of them. The folder is selected.
    pub async fn changes(&mut self, uids: RangeInclusive<u32>, since: Option<u64>) -> Result<Changes, Error> {
        let quick = self.enabled.contains("QRESYNC");
        let mut command = Command::new("UID FETCH").uids(&UidSet::range(uids.clone())).word("(FLAGS)");
        match since {
            Some(since) if quick => command = command.word(format!("(CHANGEDSINCE {since} VANISHED)")),
            Some(since) if self.offers("CONDSTORE") => command = command.word(format!("(CHANGEDSINCE {since})")),
            _ => {}
        }
        let mut flags = BTreeMap::new();
        let mut vanished = Vec::new();
        self.collect(command, &mut |answer| {
            match answer {
                Answer::Numbered { name, words, .. } if name == "FETCH" => {
                    if let Some((uid, told)) = flags_of(&words)
                        && uids.contains(&uid)
                    {
                        flags.insert(uid, told);
                    }
                    if flags.len() > MAX_FOLDER_MESSAGES {
                        return Err(Error::TooMany(MAX_FOLDER_MESSAGES, "messages in a folder"));
                    }
                }
                Answer::Data { name, words } if name == "VANISHED" => {
                    let text = words.last().and_then(Word::text).unwrap_or_default();
                    vanished.push(UidSet::read(&text)?);
                    if vanished.len() > MAX_FOLDER_MESSAGES {
                        return Err(Error::TooMany(MAX_FOLDER_MESSAGES, "vanished messages"));
                    }
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        let vanished = match since {
            Some(_) if quick => Vanished::These(UidSet::joined(vanished)),
            Some(_) if self.offers("CONDSTORE") => Vanished::AllBut(self.search("ALL").await?),
            _ => Vanished::AllBut(flags.keys().copied().collect()),
        };
        Ok(Changes { flags, vanished })
    }

    /// All messages of the selected folder.
    pub async fn all_uids(&mut self) -> Result<UidSet, Error> {
        self.search("ALL").await
    }

    /// The messages of the selected folder with this Message-ID, which stands in it without angle brackets.
    pub async fn with_message_id(&mut self, message_id: &str) -> Result<UidSet, Error> {
        if !message_id.bytes().all(|byte| byte.is_ascii_graphic()) || message_id.len() > 500 {
            return Err(Error::Unsayable("a Message-ID with other letters than printable ASCII"));
        }
        self.search(&format!("HEADER Message-ID {}", quoted(message_id))).await
    }

    async fn search(&mut self, what: &str) -> Result<UidSet, Error> {
        let short = if self.offers("ESEARCH") { "RETURN (ALL) " } else { "" };
        let mut found = UidSet::default();
        self.collect(Command::new(format!("UID SEARCH {short}{what}")), &mut |answer| {
            match answer {
                Answer::Data { name, words } if name == "SEARCH" => {
                    found = words.iter().filter_map(Word::number).collect();
                }
                Answer::Data { name, words } if name == "ESEARCH" => {
                    let all = words.windows(2).find(|pair| pair[0].is("ALL")).and_then(|pair| pair[1].text());
                    found = all.map_or(Ok(UidSet::default()), |text| UidSet::read(&text))?;
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        // A range says any number in a few letters, and whoever is told walks through it.
        if found.len() > MAX_FOLDER_MESSAGES as u64 {
            return Err(Error::TooMany(MAX_FOLDER_MESSAGES, "messages in a folder"));
        }
        Ok(found)
    }
}

/// UID and flags of an answer to `FETCH`.
fn flags_of(words: &[Word]) -> Option<(u32, Vec<String>)> {
    let list = words.first()?.list()?;
    Some((value(list, "UID")?.number()?, flags(value(list, "FLAGS")?)?))
}

/// Flags as they are told. `\Recent` is none that lasts.
pub(super) fn flags(word: &Word) -> Option<Vec<String>> {
    let told = word.list()?.iter().filter(|flag| !flag.is("\\Recent")).take(MAX_KEYWORDS);
    Some(told.filter_map(Word::text).collect())
}

/// Where copies lie, as a `COPYUID` tells it.
pub(crate) fn copied(said: &Said) -> Result<Option<Copied>, Error> {
    let Some([validity, from, to]) = said.code("COPYUID") else { return Ok(None) };
    let unreadable = Error::Unreadable("where copies lie");
    let (Some(uid_validity), Some(from), Some(to)) = (validity.number(), from.text(), to.text()) else {
        return Err(unreadable);
    };
    let from = UidSet::in_order(&from, MAX_FOLDER_MESSAGES)?;
    let to = UidSet::in_order(&to, MAX_FOLDER_MESSAGES)?;
    if from.len() != to.len() {
        return Err(unreadable);
    }
    Ok(Some(Copied { uid_validity, uids: from.into_iter().zip(to).collect() }))
}

#[cfg(test)]
mod tests {
    use super::{super::connection::tests::scripted, *};

    fn seen(uids: &[(u32, &str)]) -> BTreeMap<u32, Vec<String>> {
        let flags = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        uids.iter().map(|(uid, text)| (*uid, flags(text))).collect()
    }

    #[tokio::test]
    async fn a_folder_tells_how_it_stands() {
        let told =
            &["* 3 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] Ok\r\n* OK [UIDVALIDITY 7] Ok\r\n\
                      * OK [UIDNEXT 12] Ok\r\n* OK [HIGHESTMODSEQ 99] Ok\r\nf1 OK [READ-ONLY] done\r\n"];
        let (mut imap, server) = scripted(&["CONDSTORE"], told);
        imap.enabled.clear();
        let selected = imap.select(&FolderName::of("Sent"), true).await.expect("selected");
        let expected = Selected {
            uid_validity: 7,
            uid_next: 12,
            highest_modseq: Some(99),
            messages: 3,
            read_only: true,
            any_keyword: true,
        };
        assert_eq!(selected, expected);
        drop(imap);
        assert_eq!(server.await.expect("said"), "f1 SELECT \"Sent\" (CONDSTORE)\r\n");
        let (mut imap, _server) = scripted(&[], &["* 3 EXISTS\r\nf1 OK\r\n"]);
        assert!(matches!(imap.select(&FolderName::of("Sent"), false).await, Err(Error::Unreadable(_))));
    }

    #[tokio::test]
    async fn a_quick_server_tells_what_is_gone() {
        let answer = &["* 2 FETCH (UID 5 MODSEQ (9) FLAGS (\\Seen \\Recent $x))\r\n* VANISHED (EARLIER) 1:2,7\r\n\
                        * 9 FETCH (FLAGS (\\Seen))\r\nf1 OK\r\n"];
        let (mut imap, server) = scripted(&["QRESYNC", "CONDSTORE"], answer);
        let changes = imap.changes(1..=u32::MAX, Some(8)).await.expect("changes");
        assert_eq!(changes.flags, seen(&[(5, "\\Seen $x")]));
        assert_eq!(changes.vanished, Vanished::These(UidSet::read("1:2,7").expect("a set")));
        drop(imap);
        assert_eq!(server.await.expect("said"), "f1 UID FETCH 1:4294967295 (FLAGS) (CHANGEDSINCE 8 VANISHED)\r\n");
    }

    #[tokio::test]
    async fn an_older_server_tells_what_is_left() {
        let answers = &["* 2 FETCH (UID 5 FLAGS ())\r\nf1 OK\r\n", "* ESEARCH (TAG \"f2\") UID ALL 5:6\r\nf2 OK\r\n"];
        let (mut imap, _server) = scripted(&["CONDSTORE", "ESEARCH"], answers);
        let changes = imap.changes(1..=9, Some(8)).await.expect("changes");
        assert_eq!(changes.vanished, Vanished::AllBut(UidSet::range(5..=6)));
        let oldest =
            &["* 2 FETCH (UID 5 FLAGS ())\r\n* 3 FETCH (UID 6 FLAGS (a))\r\nf1 OK\r\n", "* SEARCH 5 9\r\nf2 OK\r\n"];
        let (mut imap, server) = scripted(&[], oldest);
        let changes = imap.changes(1..=9, Some(8)).await.expect("changes");
        assert_eq!(changes.flags, seen(&[(5, ""), (6, "a")]));
        assert_eq!(changes.vanished, Vanished::AllBut(UidSet::range(5..=6)));
        assert_eq!(imap.with_message_id("a\"b@c").await.expect("found"), [5, 9].into_iter().collect());
        assert!(imap.with_message_id("a\r\nb").await.is_err());
        drop(imap);
        assert!(server.await.expect("said").ends_with("UID SEARCH HEADER Message-ID \"a\\\"b@c\"\r\n"));
    }

    #[tokio::test]
    async fn a_folder_has_no_more_messages_than_we_take() {
        let answers =
            &["* ESEARCH (TAG \"f1\") UID ALL 1:1000000\r\nf1 OK\r\n", "* ESEARCH UID ALL 1:1000001\r\nf2 OK\r\n"];
        let (mut imap, _server) = scripted(&["ESEARCH"], answers);
        assert_eq!(imap.all_uids().await.expect("as many as we take").len(), MAX_FOLDER_MESSAGES as u64);
        assert!(matches!(imap.all_uids().await, Err(Error::TooMany(MAX_FOLDER_MESSAGES, _))));
        assert!(imap.is_usable());
    }
}
