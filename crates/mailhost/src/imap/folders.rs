//! Folders: what there are, what they are for, how far they have come.

use std::collections::BTreeMap;

use super::{Answer, FolderName, Imap, MAX_FOLDERS, answer::value, command::Command};
use crate::{
    Error,
    words::{Word, Words},
};

/// What a folder is for (RFC 6154).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Where messages arrive.
    Inbox,
    /// What is kept out of the way.
    Archive,
    /// What is being written.
    Drafts,
    /// What nobody wants.
    Junk,
    /// What was sent.
    Sent,
    /// What was thrown away.
    Trash,
}

impl Role {
    const ATTRIBUTES: [(&'static str, Self); 5] = [
        ("\\Archive", Self::Archive),
        ("\\Drafts", Self::Drafts),
        ("\\Junk", Self::Junk),
        ("\\Sent", Self::Sent),
        ("\\Trash", Self::Trash),
    ];

    fn attribute(self) -> Option<&'static str> {
        Self::ATTRIBUTES.iter().find(|(_, role)| *role == self).map(|(attribute, _)| *attribute)
    }
}

/// Whose folders a name leads to (RFC 2342).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One's own.
    Personal,
    /// Another person's.
    Other,
    /// Nobody's.
    Shared,
}

/// One folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// As the server calls it.
    pub name: FolderName,
    /// What stands between the names of a path; nothing where there are no folders in folders.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether messages can lie in it.
    pub selectable: bool,
    /// Whose it is.
    pub kind: Kind,
}

/// How far a folder has come: whoever finds the same again has missed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderState {
    /// Another one means that UIDs begin anew.
    pub uid_validity: u32,
    /// The UID of the message that comes next.
    pub uid_next: u32,
    /// The newest change, where the server counts changes.
    pub highest_modseq: Option<u64>,
    /// How many messages there are.
    pub messages: u32,
}

impl FolderState {
    fn read(list: &[Word]) -> Option<Self> {
        Some(Self {
            uid_validity: value(list, "UIDVALIDITY")?.number()?,
            uid_next: value(list, "UIDNEXT")?.number()?,
            highest_modseq: value(list, "HIGHESTMODSEQ").and_then(Word::number).filter(|number| is_modseq(*number)),
            messages: value(list, "MESSAGES")?.number()?,
        })
    }
}

impl Imap {
    /// All folders that one may see, with how far those have come in which messages can lie.
    pub async fn folders(&mut self) -> Result<Vec<(Folder, Option<FolderState>)>, Error> {
        let spaces = self.name_spaces().await?;
        let with_states = self.offers("LIST-STATUS") && self.offers("LIST-EXTENDED");
        let with_roles = self.offers("SPECIAL-USE") && self.offers("LIST-EXTENDED");
        let mut told = Vec::new();
        if with_roles {
            told.push("SPECIAL-USE".to_owned());
        }
        if with_states {
            told.push(format!("STATUS ({})", self.state_items()));
        }
        let mut command = Command::new("LIST \"\" \"*\"");
        if !told.is_empty() {
            command = command.word(format!("RETURN ({})", told.join(" ")));
        }
        let mut folders = Vec::new();
        let mut states = BTreeMap::new();
        let (mut own, mut others) = (0, 0);
        self.collect(command, &mut |answer| {
            match answer {
                Answer::Data { name, words } if name == "LIST" => {
                    let Some(folder) = folder(&words, &spaces) else { return Ok(()) };
                    // However much others let somebody see, it leaves room for what is their own.
                    let is_own = folder.kind == Kind::Personal;
                    let count = if is_own { &mut own } else { &mut others };
                    if *count < MAX_FOLDERS {
                        *count += 1;
                        folders.push(folder);
                    } else if is_own {
                        return Err(Error::TooMany(MAX_FOLDERS, "folders"));
                    }
                }
                Answer::Data { name, words } if name == "STATUS" && states.len() < 2 * MAX_FOLDERS => {
                    states.extend(state(&words));
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        // Some servers leave out what they cannot tell at once.
        let asks = |folder: &&Folder| folder.selectable && folder.kind == Kind::Personal;
        for folder in folders.iter().filter(asks) {
            if !states.contains_key(&folder.name) {
                match self.folder_state(&folder.name).await {
                    Ok(state) => {
                        states.insert(folder.name.clone(), state);
                    }
                    // Who may see a folder may not always look into it.
                    Err(error) if error.is_refusal() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let with_state = |folder: Folder| {
            let state = states.remove(&folder.name);
            (folder, state)
        };
        Ok(folders.into_iter().map(with_state).collect())
    }

    /// How far one folder has come.
    pub async fn folder_state(&mut self, name: &FolderName) -> Result<FolderState, Error> {
        let command = Command::new("STATUS").folder(name)?.word(format!("({})", self.state_items()));
        let mut found = None;
        self.collect(command, &mut |answer| {
            if let Answer::Data { name: kind, words } = answer
                && kind == "STATUS"
                && let Some((told, state)) = state(&words)
                && told == *name
            {
                found = Some(state);
            }
            Ok(())
        })
        .await?;
        found.ok_or(Error::Unreadable("a state without the folder"))
    }

    fn state_items(&self) -> String {
        let counted = self.offers("CONDSTORE") || self.offers("QRESYNC");
        // MAILBOXID is left out: Cyrus 3.6 at times answers it with bytes of its memory that are none.
        let extra = if counted { " HIGHESTMODSEQ" } else { "" };
        format!("UIDVALIDITY UIDNEXT MESSAGES{extra}")
    }

    /// Where names of others and of nobody begin.
    async fn name_spaces(&mut self) -> Result<Vec<(String, Kind)>, Error> {
        if !self.offers("NAMESPACE") {
            return Ok(Vec::new());
        }
        let mut spaces = Vec::new();
        self.collect(Command::new("NAMESPACE"), &mut |answer| {
            if let Answer::Data { name, words } = answer
                && name == "NAMESPACE"
            {
                let kinds = [Kind::Personal, Kind::Other, Kind::Shared];
                spaces = kinds.into_iter().zip(&words).flat_map(|(kind, word)| prefixes(word, kind)).collect();
            }
            Ok(())
        })
        .await?;
        // The longest prefix tells, since one may lie in another.
        spaces.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(spaces)
    }

    /// Makes a folder. Where the server can be told what a folder is for, it is.
    pub async fn create_folder(&mut self, name: &FolderName, role: Option<Role>) -> Result<(), Error> {
        let mut command = Command::new("CREATE").folder(name)?;
        if let Some(attribute) = role.and_then(Role::attribute).filter(|_| self.offers("CREATE-SPECIAL-USE")) {
            command = command.word(format!("(USE ({attribute}))"));
        }
        self.run(command).await?;
        // Mail programs show what is subscribed to.
        self.subscribe("SUBSCRIBE", name).await
    }

    /// Renames a folder, and with it those that lie in it.
    pub async fn rename_folder(&mut self, from: &FolderName, to: &FolderName) -> Result<(), Error> {
        self.run(Command::new("RENAME").folder(from)?.folder(to)?).await?;
        self.subscribe("SUBSCRIBE", to).await?;
        self.subscribe("UNSUBSCRIBE", from).await
    }

    /// Deletes a folder with all messages in it.
    pub async fn delete_folder(&mut self, name: &FolderName) -> Result<(), Error> {
        self.run(Command::new("DELETE").folder(name)?).await?;
        self.subscribe("UNSUBSCRIBE", name).await
    }

    /// What was done to the folder holds, whether or not the server keeps subscriptions.
    async fn subscribe(&mut self, command: &str, name: &FolderName) -> Result<(), Error> {
        match self.run(Command::new(command).folder(name)?).await {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether a number is one of a change: it has 63 bits (RFC 7162), and 0 means that changes are not counted.
pub(super) fn is_modseq(number: u64) -> bool {
    (1..=u64::MAX / 2).contains(&number)
}

fn prefixes(word: &Word, kind: Kind) -> Vec<(String, Kind)> {
    let entries = word.list().unwrap_or_default().iter().take(100);
    entries.filter_map(|entry| Some((entry.list()?.first()?.text()?, kind))).collect()
}

/// `LIST (\HasNoChildren \Sent) "/" Sent`.
fn folder(words: &[Word], spaces: &[(String, Kind)]) -> Option<Folder> {
    let [attributes, delimiter, name, ..] = words else { return None };
    let attributes = attributes.list()?;
    let has = |attribute: &str| attributes.iter().any(|word| word.is(attribute));
    let name = FolderName::from_wire(name.text()?);
    let known = Role::ATTRIBUTES.iter().find(|(attribute, _)| has(attribute)).map(|(_, role)| *role);
    let inbox = (name.as_wire() == "INBOX").then_some(Role::Inbox);
    let kind = spaces.iter().find(|(prefix, _)| name.as_wire().starts_with(prefix)).map(|(_, kind)| *kind);
    let kind = kind.unwrap_or(Kind::Personal);
    // What others use a folder for is not what one's own is for.
    let role = inbox.or(known).filter(|_| kind == Kind::Personal);
    let selectable = !has("\\Noselect") && !has("\\NonExistent");
    let delimiter = delimiter.text().and_then(|text| text.chars().next());
    Some(Folder { name, delimiter, role, selectable, kind })
}

/// `STATUS Sent (MESSAGES 3 …)`.
fn state(words: &[Word]) -> Option<(FolderName, FolderState)> {
    let [name, list, ..] = words else { return None };
    Some((FolderName::from_wire(name.text()?), FolderState::read(list.list()?)?))
}

/// Reads any words as an answer about folders, for the fuzz target.
pub(crate) fn read_any(answer: bytes::Bytes) {
    if let Ok(words) = Words::new(answer).rest() {
        let _ = (folder(&words, &[("Other Users/".to_owned(), Kind::Other)]), state(&words));
        let _ = words.first().map(|word| prefixes(word, Kind::Shared));
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{super::connection::tests::scripted, *};

    #[tokio::test]
    async fn folders_are_told_with_their_use_and_their_state() {
        let offered = ["NAMESPACE", "LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CONDSTORE"];
        let (mut imap, server) = scripted(
            &offered,
            &[
                "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\nf1 OK\r\n",
                "* LIST () \"/\" inbox\r\n* STATUS INBOX (MESSAGES 2 UIDNEXT 5 UIDVALIDITY 9 HIGHESTMODSEQ 77)\r\n\
                 * LIST (\\Drafts) \"/\" \"Entw&APw-rfe\"\r\n* LIST (\\NonExistent \\Sent) NIL \"Other Users/bob\"\r\n\
                 * LIST oops\r\nf2 OK\r\n",
                "* STATUS \"Entw&APw-rfe\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 8 HIGHESTMODSEQ 9223372036854775808)\r\n\
                 f3 OK\r\n",
            ],
        );
        let folders = imap.folders().await.expect("folders");
        let told: Vec<_> = folders.iter().map(|(folder, _)| (folder.name.path(), folder.role, folder.kind)).collect();
        let expected = [
            ("INBOX".to_owned(), Some(Role::Inbox), Kind::Personal),
            ("Entwürfe".to_owned(), Some(Role::Drafts), Kind::Personal),
            ("Other Users/bob".to_owned(), None, Kind::Other),
        ];
        assert_eq!(told, expected);
        let state = folders[0].1.as_ref().expect("a state");
        assert_eq!((state.uid_validity, state.highest_modseq), (9, Some(77)));
        assert!(!folders[2].0.selectable && folders[2].0.delimiter.is_none() && folders[2].1.is_none());
        let asked = folders[1].1.as_ref().expect("a state that the list left out");
        assert_eq!((asked.uid_validity, asked.highest_modseq), (8, None), "a change has 63 bits");
        drop(imap);
        assert!(
            server
                .await
                .expect("said")
                .contains("RETURN (SPECIAL-USE STATUS (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ))")
        );
    }

    #[tokio::test]
    async fn what_others_let_one_see_leaves_room_for_what_is_ones_own() {
        const SPACES: &str = "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n";
        async fn told(others: usize, own: usize) -> Result<usize, Error> {
            let mut list = String::new();
            for number in 0..others {
                write!(list, "* LIST (\\Noselect) \"/\" \"Other Users/{number}\"\r\n").expect("a line");
            }
            for number in 0..own {
                write!(list, "* LIST (\\Noselect) \"/\" \"{number}\"\r\n").expect("a line");
            }
            let answers = [format!("{SPACES}f1 OK\r\n"), format!("{list}f2 OK\r\n")];
            let answers: Vec<&'static str> = answers.into_iter().map(|answer| &*answer.leak()).collect();
            let (mut imap, _server) = scripted(&["NAMESPACE"], answers.leak());
            imap.folders().await.map(|folders| folders.len())
        }
        assert_eq!(told(MAX_FOLDERS + 5, 3).await.expect("all that are one's own"), MAX_FOLDERS + 3);
        assert!(matches!(told(0, MAX_FOLDERS + 1).await, Err(Error::TooMany(MAX_FOLDERS, _))));
    }

    #[tokio::test]
    async fn an_old_server_is_asked_for_each_state() {
        let (mut imap, _server) = scripted(
            &[],
            &[
                "* LIST () \".\" INBOX\r\n* LIST () \".\" INBOX.closed\r\nf1 OK\r\n",
                "* STATUS INBOX (MESSAGES 2 UIDNEXT 5 UIDVALIDITY 9)\r\nf2 OK\r\n",
                "f3 NO [NOPERM] not yours\r\n",
            ],
        );
        let folders = imap.folders().await.expect("folders");
        assert_eq!(folders.iter().map(|(_, state)| state.is_some()).collect::<Vec<_>>(), [true, false]);
    }
}
