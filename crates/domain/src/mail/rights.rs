//! What somebody may do in a mail account that is not their own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// One right in a mail account.
    pub enum MailRight {
        /// Read folders and messages, and look for them. Nothing changes by it.
        Read = "read",
        /// Mark, file, write and destroy messages, and change folders.
        Write = "write",
        /// Send from the account's address; the message names the sender beside it.
        SendOnBehalf = "send_on_behalf",
        /// Send from the account's address as if its owner did.
        SendAs = "send_as",
        /// Grant and revoke rights, and change senders and the answer of somebody who is away.
        Manage = "manage",
    }
}

/// The rights of one person in one mail account. Whoever has any may read.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<MailRight>", into = "Vec<MailRight>")]
pub struct MailRights(u8);

impl MailRights {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// Every right, as the owner has them.
    pub fn all() -> Self {
        MailRight::ALL.iter().copied().collect()
    }

    /// Whether this right is among them.
    pub fn has(self, right: MailRight) -> bool {
        self.0 & bit(right) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether messages may be sent from the account's address, in either way.
    pub fn may_send(self) -> bool {
        self.has(MailRight::SendOnBehalf) || self.has(MailRight::SendAs)
    }

    /// The rights in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = MailRight> {
        MailRight::ALL.iter().copied().filter(move |right| self.has(*right))
    }

    /// All of them in one line, with blanks between.
    pub fn to_line(self) -> String {
        self.iter().map(MailRight::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`MailRights::to_line`] wrote; nothing if a word in it is no right.
    pub fn from_line(line: &str) -> Option<Self> {
        line.split_ascii_whitespace().map(|word| word.parse().ok()).collect()
    }
}

fn bit(right: MailRight) -> u8 {
    1 << right as u8
}

impl FromIterator<MailRight> for MailRights {
    fn from_iter<T: IntoIterator<Item = MailRight>>(rights: T) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | bit(right) | bit(MailRight::Read)))
    }
}

impl From<Vec<MailRight>> for MailRights {
    fn from(rights: Vec<MailRight>) -> Self {
        rights.into_iter().collect()
    }
}

impl From<MailRights> for Vec<MailRight> {
    fn from(rights: MailRights) -> Self {
        rights.iter().collect()
    }
}

impl fmt::Debug for MailRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailRights({})", self.to_line())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_right_may_read() {
        for right in MailRight::ALL {
            let rights: MailRights = [*right].into_iter().collect();
            assert!(rights.has(MailRight::Read) && rights.has(*right), "{right}");
            assert_eq!(rights.iter().count(), if *right == MailRight::Read { 1 } else { 2 });
        }
        assert!(MailRights::NONE.is_empty() && !MailRights::NONE.has(MailRight::Read));
    }

    #[test]
    fn rights_survive_their_line_and_json_in_their_order() {
        let rights: MailRights = [MailRight::Manage, MailRight::SendAs].into_iter().collect();
        assert_eq!(rights.to_line(), "read send_as manage");
        assert_eq!(MailRights::from_line(&rights.to_line()), Some(rights));
        assert_eq!(serde_json::to_string(&rights).unwrap(), r#"["read","send_as","manage"]"#);
        assert_eq!(serde_json::from_str::<MailRights>(r#"["manage","send_as"]"#).unwrap(), rights);
        assert_eq!(MailRights::from_line("read own"), None);
        assert_eq!(MailRights::from_line(""), Some(MailRights::NONE));
        assert_eq!(MailRights::all().to_line(), "read write send_on_behalf send_as manage");
    }
}
