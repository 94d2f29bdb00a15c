//! Messages of the selected folder: what they are, their bytes, and changes to them.

use std::collections::BTreeMap;

use bytes::Bytes;
use time::OffsetDateTime;

use super::{
    Answer, FolderName, Imap, MAX_MESSAGE_BYTES, UidSet,
    answer::value,
    command::Command,
    date,
    select::{copied, flags},
};
use crate::{Error, words::Word};

/// What a server tells about a message without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its number in the folder, for as long as the folder's validity stays.
    pub uid: u32,
    /// Its flags and keywords.
    pub flags: Vec<String>,
    /// When it arrived, if the server says that as it should.
    pub received: Option<OffsetDateTime>,
    /// How many bytes it has.
    pub size: u32,
    /// What is the same for all copies of it, where the server knows that (RFC 8474).
    pub email_id: Option<String>,
    /// What is the same for all messages of its thread, where the server knows that.
    pub thread_id: Option<String>,
}

/// Where copies of messages lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The validity of the new UIDs.
    pub uid_validity: u32,
    /// Each old UID with the new one.
    pub uids: Vec<(u32, u32)>,
}

/// Where a message lies that was put into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The validity of the UID.
    pub uid_validity: u32,
    /// Its UID.
    pub uid: u32,
}

impl Imap {
    /// What these messages are; those that are gone are left out.
    pub async fn describe(&mut self, uids: &UidSet) -> Result<Vec<Described>, Error> {
        let items = if self.offers("OBJECTID") { " EMAILID THREADID" } else { "" };
        let items = format!("(UID FLAGS INTERNALDATE RFC822.SIZE{items})");
        let mut found = BTreeMap::new();
        for part in uids.lines() {
            self.collect(Command::new("UID FETCH").uids(&part).word(&items), &mut |answer| {
                if let Answer::Numbered { name, words, .. } = answer
                    && name == "FETCH"
                    && let Some(described) = described(&words)
                    && part.contains(described.uid)
                {
                    found.insert(described.uid, described);
                }
                Ok(())
            })
            .await?;
        }
        Ok(found.into_values().collect())
    }

    /// A message's bytes, which stays as unseen as it is; nothing if it is gone. Ask only for those of which
    /// [`Described::size`] is no more than [`MAX_MESSAGE_BYTES`]: a larger one ends the conversation.
    pub async fn raw(&mut self, uid: u32) -> Result<Option<Bytes>, Error> {
        let command = Command::new("UID FETCH").uids(&UidSet::one(uid)).word("(UID BODY.PEEK[])");
        let mut raw = None;
        self.collect(command, &mut |answer| {
            if let Answer::Numbered { name, words, .. } = answer
                && name == "FETCH"
                && let Some(list) = words.first().and_then(Word::list)
                && value(list, "UID").and_then(Word::number) == Some(uid)
                && let Some(bytes) = value(list, "BODY[]").and_then(Word::bytes)
            {
                raw = Some(bytes.clone());
            }
            Ok(())
        })
        .await?;
        Ok(raw)
    }

    /// Adds flags to messages and takes others away.
    pub async fn change_flags(&mut self, uids: &UidSet, add: &[String], remove: &[String]) -> Result<(), Error> {
        for part in uids.lines() {
            for (sign, flags) in [("+", add), ("-", remove)] {
                if !flags.is_empty() {
                    let command = Command::new("UID STORE").uids(&part).word(format!("{sign}FLAGS.SILENT"));
                    self.run(command.flags(flags)?).await?;
                }
            }
        }
        Ok(())
    }

    /// Copies messages into another folder; tells where they lie, if the server does. No more than fit into one command
    /// (about 500 separate ones) go at once, so that all or none are copied.
    pub async fn copy(&mut self, uids: &UidSet, to: &FolderName) -> Result<Option<Copied>, Error> {
        self.transfer("UID COPY", &one_line(uids)?, to).await
    }

    /// Moves messages into another folder; tells where they lie, if the server does. No more than fit into one command go
    /// at once.
    pub async fn relocate(&mut self, uids: &UidSet, to: &FolderName) -> Result<Option<Copied>, Error> {
        let uids = one_line(uids)?;
        if self.offers("MOVE") {
            return self.transfer("UID MOVE", &uids, to).await;
        }
        self.needs_uidplus()?;
        let copied = self.transfer("UID COPY", &uids, to).await?;
        self.expunge(&uids).await?;
        Ok(copied)
    }

    async fn transfer(&mut self, name: &str, uids: &UidSet, to: &FolderName) -> Result<Option<Copied>, Error> {
        let mut told = None;
        let done = self
            .collect(Command::new(name).uids(uids).folder(to)?, &mut |answer| {
                // MOVE tells it before the messages vanish, COPY at its end.
                if let Answer::Said(said) = answer
                    && let Some(pairs) = copied(&said)?
                {
                    told = Some(pairs);
                }
                Ok(())
            })
            .await?;
        Ok(copied(&done)?.or(told))
    }

    /// Removes messages for good, and no others that somebody marked as deleted.
    pub async fn expunge(&mut self, uids: &UidSet) -> Result<(), Error> {
        self.needs_uidplus()?;
        self.change_flags(uids, &["\\Deleted".to_owned()], &[]).await?;
        for part in uids.lines() {
            self.run(Command::new("UID EXPUNGE").uids(&part)).await?;
        }
        Ok(())
    }

    fn needs_uidplus(&self) -> Result<(), Error> {
        if self.offers("UIDPLUS") { Ok(()) } else { Err(Error::Missing("removal of single messages (UIDPLUS)")) }
    }

    /// Puts a message into a folder; tells where it lies, if the server does.
    pub async fn append(
        &mut self,
        folder: &FolderName,
        flags: &[String],
        received: OffsetDateTime,
        raw: Bytes,
    ) -> Result<Option<Appended>, Error> {
        if raw.len() > MAX_MESSAGE_BYTES {
            return Err(Error::TooLarge(MAX_MESSAGE_BYTES));
        }
        let date = date::write(received).ok_or(Error::Unsayable("a date before the year 0"))?;
        let command = Command::new("APPEND").folder(folder)?.flags(flags)?.string(&date)?.literal(raw);
        let done = self.run(command).await?;
        let told = done.code("APPENDUID").and_then(|words| Some((words.first()?.number()?, words.get(1)?.number()?)));
        Ok(told.map(|(uid_validity, uid)| Appended { uid_validity, uid }))
    }
}

fn one_line(uids: &UidSet) -> Result<UidSet, Error> {
    let mut lines = uids.lines();
    match (lines.pop(), lines.is_empty()) {
        (Some(line), true) => Ok(line),
        (None, _) => Err(Error::Unsayable("a move of no messages")),
        (Some(_), false) => Err(Error::Unsayable("a move of more messages than fit into one command")),
    }
}

/// The answer to `FETCH`.
pub(crate) fn described(words: &[Word]) -> Option<Described> {
    let list = words.first()?.list()?;
    let id = |name| value(list, name).and_then(Word::list).and_then(|id| id.first()?.text());
    Some(Described {
        uid: value(list, "UID")?.number()?,
        flags: flags(value(list, "FLAGS")?)?,
        received: value(list, "INTERNALDATE").and_then(Word::text).and_then(|date| date::read(&date)),
        size: value(list, "RFC822.SIZE")?.number()?,
        email_id: id("EMAILID"),
        thread_id: id("THREADID"),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{super::connection::tests::scripted, *};

    #[tokio::test]
    async fn messages_are_described_and_others_are_left_out() {
        let answers = &["* 1 FETCH (UID 4 FLAGS (\\Seen) INTERNALDATE \"23-Nov-2026 06:00:19 +0000\" RFC822.SIZE 12 \
                         SAVEDATE NIL EMAILID (M1) THREADID NIL)\r\n* 2 FETCH (UID 9 FLAGS ())\r\nf1 OK\r\n"];
        let (mut imap, _server) = scripted(&["OBJECTID"], answers);
        let told = imap.describe(&UidSet::range(4..=5)).await.expect("described");
        let expected = Described {
            uid: 4,
            flags: vec!["\\Seen".to_owned()],
            received: Some(datetime!(2026-11-23 06:00:19 UTC)),
            size: 12,
            email_id: Some("M1".to_owned()),
            thread_id: None,
        };
        assert_eq!(told, [expected]);
        let answers = &["* 1 FETCH (UID 4 FLAGS () INTERNALDATE \"some day\" RFC822.SIZE 12)\r\nf1 OK\r\n"];
        let (mut imap, _server) = scripted(&[], answers);
        let told = imap.describe(&UidSet::one(4)).await.expect("described");
        assert_eq!((told.len(), told[0].received), (1, None), "a date that cannot be read hides no message");
    }

    #[tokio::test]
    async fn bytes_are_those_of_the_message_that_was_asked_for() {
        let answers = &[
            "* 1 FETCH (UID 4 BODY[] {5}\r\na\r\n)\n)\r\n* 2 FETCH (UID 5 BODY[] {1}\r\nx)\r\nf1 OK\r\n",
            "f2 OK\r\n",
        ];
        let (mut imap, _server) = scripted(&[], answers);
        assert_eq!(imap.raw(4).await.expect("fetched").as_deref(), Some(&b"a\r\n)\n"[..]));
        assert_eq!(imap.raw(4).await.expect("asked"), None);
    }

    #[tokio::test]
    async fn a_move_tells_where_messages_lie() {
        let answers = &["* OK [COPYUID 3 4:5 9,8]\r\n* 1 EXPUNGE\r\nf1 OK\r\n"];
        let (mut imap, _server) = scripted(&["MOVE"], answers);
        let copied = imap.relocate(&UidSet::range(4..=5), &FolderName::of("Sent")).await.expect("moved");
        assert_eq!(copied, Some(Copied { uid_validity: 3, uids: vec![(4, 9), (5, 8)] }));
        let (mut imap, _server) = scripted(&["MOVE"], &["f1 OK [COPYUID 3 4 9,8] odd\r\n"]);
        assert!(imap.relocate(&UidSet::range(4..=5), &FolderName::of("Sent")).await.is_err());
        let (mut imap, _server) = scripted(&[], &[]);
        assert!(matches!(imap.relocate(&UidSet::one(4), &FolderName::of("Sent")).await, Err(Error::Missing(_))));
        assert!(matches!(imap.copy(&UidSet::default(), &FolderName::of("Sent")).await, Err(Error::Unsayable(_))));
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_not_sent() {
        let (mut imap, _server) = scripted(&[], &[]);
        let raw = Bytes::from(vec![b'a'; MAX_MESSAGE_BYTES + 1]);
        let appended = imap.append(&FolderName::of("Sent"), &[], OffsetDateTime::UNIX_EPOCH, raw).await;
        assert!(matches!(appended, Err(Error::TooLarge(MAX_MESSAGE_BYTES))));
    }
}
