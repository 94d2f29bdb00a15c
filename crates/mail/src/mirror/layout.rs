//! How a server's folders lie within each other, as a tree that an index can hold.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_domain::mail::MailboxRole;
use fernamt_mailhost::imap::{Folder, FolderName, FolderState, Kind, Role};

use crate::methods::mailbox::{MAX_DEPTH, MAX_NAME_BYTES};

/// A server's folder in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// As the server writes it.
    pub(super) wire: String,
    /// The folder that it lies in, as the server writes that.
    pub(super) parent: Option<String>,
    /// Its own name for people.
    pub(super) name: String,
    pub(super) role: Option<MailboxRole>,
    /// Whether messages can lie in it.
    pub(super) selectable: bool,
    /// How far it has come, where that may be known.
    pub(super) state: Option<FolderState>,
}

/// All folders that are somebody's own, each after the one that it lies in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) seen: Vec<Seen>,
    /// What stands between the names of a path.
    pub(super) delimiter: Option<char>,
    /// What every name begins with that is not INBOX: some servers put everything into INBOX.
    pub(super) prefix: String,
    /// How many folders lie too deep to be shown.
    pub(super) too_deep: usize,
    /// All own folders that can be opened, shown or not, INBOX first.
    pub(super) openable: Vec<FolderName>,
}

const INBOX: &str = "INBOX";

impl Layout {
    pub(super) fn of(listed: Vec<(Folder, Option<FolderState>)>) -> Self {
        let own: Vec<_> = listed.into_iter().filter(|(folder, _)| folder.kind == Kind::Personal).collect();
        let delimiter = own.iter().find_map(|(folder, _)| folder.delimiter);
        let inside = delimiter.map(|delimiter| format!("{INBOX}{delimiter}")).unwrap_or_default();
        let mut others = own.iter().map(|(folder, _)| folder.name.as_wire()).filter(|wire| *wire != INBOX).peekable();
        let everything_inside = others.peek().is_some() && others.all(|wire| wire.starts_with(&inside));
        let prefix = if everything_inside { inside } else { String::new() };
        let mut openable: Vec<_> =
            own.iter().filter(|(folder, _)| folder.selectable).map(|(folder, _)| folder.name.clone()).collect();
        openable.sort_by_key(|name| name.as_wire() != INBOX);
        let mut layout = Self { delimiter, prefix, openable, ..Self::default() };
        let mut found: BTreeMap<String, Seen> = BTreeMap::new();
        for (folder, state) in own {
            let wire = folder.name.as_wire().to_owned();
            let path = layout.path(&wire);
            if path.len() > MAX_DEPTH || path.iter().any(|name| name.is_empty()) {
                layout.too_deep += 1;
                continue;
            }
            // Servers need not list a folder in which no messages can lie.
            for depth in 1..path.len() {
                let above = layout.wire(&path[..depth]);
                let placeholder = layout.seen(&above, None, false, None);
                found.entry(above).or_insert(placeholder);
            }
            let role = folder.role.map(role_of);
            let seen = layout.seen(&wire, role, folder.selectable, state.filter(|_| folder.selectable));
            found.insert(wire, seen);
        }
        let mut seen: Vec<_> = found.into_values().collect();
        seen.sort_by_cached_key(|seen| layout.path(&seen.wire).len());
        layout.seen = seen;
        layout
    }

    fn seen(&self, wire: &str, role: Option<MailboxRole>, selectable: bool, state: Option<FolderState>) -> Seen {
        let path = self.path(wire);
        let (name, above) = path.split_last().map_or(("", &[][..]), |(name, above)| (*name, above));
        let parent = (!above.is_empty()).then(|| self.wire(above));
        let name = readable(&FolderName::kept(name.to_owned()).path());
        Seen { wire: wire.to_owned(), parent, name, role, selectable, state }
    }

    /// The names of a path, as the server writes them.
    fn path<'w>(&self, wire: &'w str) -> Vec<&'w str> {
        let rest = if wire == INBOX { wire } else { wire.strip_prefix(&self.prefix).unwrap_or(wire) };
        self.delimiter.map_or_else(|| vec![rest], |delimiter| rest.split(delimiter).collect())
    }

    fn wire(&self, path: &[&str]) -> String {
        let delimiter = self.delimiter.map(String::from).unwrap_or_default();
        let prefix = if path == [INBOX] { "" } else { &self.prefix };
        format!("{prefix}{}", path.join(&delimiter))
    }

    /// Where a folder of this name lies on the server within another one; nowhere if the server has no folders in folders.
    pub(super) fn place(&self, parent: Option<&str>, name: &str) -> Option<String> {
        // A letter that parts names cannot stand in one.
        let name = self.delimiter.map_or_else(|| name.to_owned(), |delimiter| name.replace(delimiter, "-"));
        let name = FolderName::of(&name).as_wire().to_owned();
        match (parent, self.delimiter) {
            (None, _) if self.prefix.is_empty() && name.eq_ignore_ascii_case(INBOX) => Some(format!("{name}_")),
            (None, _) => Some(format!("{}{name}", self.prefix)),
            (Some(parent), Some(delimiter)) => Some(format!("{parent}{delimiter}{name}")),
            (Some(_), None) => None,
        }
    }

    /// Whether a folder lies within another one, however deep.
    pub(super) fn is_within(&self, wire: &str, outer: &str) -> bool {
        self.delimiter.is_some_and(|delimiter| wire.strip_prefix(outer).is_some_and(|rest| rest.starts_with(delimiter)))
    }

    /// The folders that are there.
    pub(super) fn wires(&self) -> BTreeSet<&str> {
        self.seen.iter().map(|seen| seen.wire.as_str()).collect()
    }
}

/// A name that an index can hold and people can read.
fn readable(name: &str) -> String {
    let clean: String = name.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    let mut name = clean.trim();
    if name.len() > MAX_NAME_BYTES {
        let end = (0..=MAX_NAME_BYTES).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
        name = &name[..end];
    }
    if name.is_empty() { "?".to_owned() } else { name.to_owned() }
}

fn role_of(role: Role) -> MailboxRole {
    match role {
        Role::Inbox => MailboxRole::Inbox,
        Role::Archive => MailboxRole::Archive,
        Role::Drafts => MailboxRole::Drafts,
        Role::Junk => MailboxRole::Junk,
        Role::Sent => MailboxRole::Sent,
        Role::Trash => MailboxRole::Trash,
    }
}

/// What a folder is for, in the server's words.
pub(super) fn role_for(role: MailboxRole) -> Role {
    match role {
        MailboxRole::Inbox => Role::Inbox,
        MailboxRole::Archive => Role::Archive,
        MailboxRole::Drafts => Role::Drafts,
        MailboxRole::Junk => Role::Junk,
        MailboxRole::Sent => Role::Sent,
        MailboxRole::Trash => Role::Trash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(delimiter: char, wires: &[&str]) -> Layout {
        let folder = |wire: &&str| Folder {
            name: FolderName::kept((*wire).to_owned()),
            delimiter: Some(delimiter),
            role: None,
            selectable: true,
            kind: if wire.starts_with("Other") { Kind::Other } else { Kind::Personal },
        };
        Layout::of(wires.iter().map(|wire| (folder(wire), None)).collect())
    }

    fn names(layout: &Layout) -> Vec<(&str, Option<&str>, bool)> {
        layout.seen.iter().map(|one| (one.name.as_str(), one.parent.as_deref(), one.selectable)).collect()
    }

    #[test]
    fn folders_come_after_those_that_they_lie_in() {
        let tree = layout('/', &["INBOX", "Akten/Pl&AOQ-ne/Alt", "Sent", "Other Users/bob"]);
        let expected = [
            ("Akten", None, false),
            ("INBOX", None, true),
            ("Sent", None, true),
            ("Pläne", Some("Akten"), false),
            ("Alt", Some("Akten/Pl&AOQ-ne"), true),
        ];
        assert_eq!(names(&tree), expected);
        assert_eq!(tree.place(Some("Akten"), "Ämter/Neu").as_deref(), Some("Akten/&AMQ-mter-Neu"));
        assert_eq!(tree.place(None, "inbox").as_deref(), Some("inbox_"));
        assert!(tree.is_within("Akten/A/B", "Akten") && !tree.is_within("Akten2", "Akten"));
        let openable = layout('/', &["Akten", "INBOX", "Other Users/bob"]).openable;
        assert_eq!(openable, ["INBOX", "Akten"].map(FolderName::of));
    }

    #[test]
    fn a_server_that_puts_everything_into_inbox_is_shown_beside_it() {
        let tree = layout('.', &["INBOX", "INBOX.Sent", "INBOX.Akten.Alt"]);
        let expected =
            [("INBOX", None, true), ("Akten", None, false), ("Sent", None, true), ("Alt", Some("INBOX.Akten"), true)];
        assert_eq!(names(&tree), expected);
        assert_eq!(tree.place(None, "Neu").as_deref(), Some("INBOX.Neu"));
        let inside = layout('.', &["INBOX", "INBOX.Sent", "Akten"]);
        assert_eq!(names(&inside)[2], ("Sent", Some("INBOX"), true));
    }

    #[test]
    fn names_that_an_index_cannot_hold_are_changed_and_what_lies_too_deep_is_left_out() {
        let deep = ["x"; MAX_DEPTH + 1].join("/");
        let long = "ä".repeat(MAX_NAME_BYTES);
        let tree = layout('/', &["INBOX", &deep, FolderName::of(&long).as_wire(), "a\u{7}b", "//"]);
        assert_eq!((tree.seen.len(), tree.too_deep), (3, 2), "{tree:?}");
        assert_eq!(tree.openable.len(), 5, "they are there all the same");
        assert!(tree.seen.iter().all(|one| one.name.len() <= MAX_NAME_BYTES));
        assert!(tree.seen.iter().any(|one| one.name == "a\u{fffd}b"));
    }
}
