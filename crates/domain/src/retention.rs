//! Data categories and their deletion rules: every stored column belongs to one category, every category has
//! exactly one rule, and the deletion job uses that same rule.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// What kind of data a stored column holds. The deletion rule follows from it.
    pub enum DataCategory {
        /// Ids, states and settings that say nothing about a person.
        Configuration = "configuration",
        /// Who a person is: name, login, groups, language.
        Account = "account",
        /// What proves who somebody is: hashes, keys, sealed secrets.
        Credential = "credential",
        /// A person's devices.
        Device = "device",
        /// How the line of a stick did last: it tells something about where somebody lives.
        Line = "line",
        /// Sessions: who is signed in, from which zone.
        Session = "session",
        /// What a person used last, by day, to order their own start page.
        Preference = "preference",
        /// Who did what and which decision was taken, by pseudonym.
        Audit = "audit",
        /// Which person stands behind a pseudonym of the audit log.
        AuditPseudonym = "audit_pseudonym",
        /// Meetings: when they were, who was invited, how they were entered.
        Meeting = "meeting",
        /// What was written in a meeting's chat.
        Chat = "chat",
        /// Invitations on their way by mail.
        Letter = "letter",
        /// Mail: messages, folders and senders.
        Mail = "mail",
        /// State of the running system: health, outbox, imports, what became of mail that was sent.
        Operation = "operation",
        /// What was deleted or revoked, so that a restore does not bring it back: ids and times only.
        DeletionJournal = "deletion_journal",
    }
}

/// When the period of a deletion rule begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionStart {
    /// When the row was made.
    Creation,
    /// When the row ended: a session signed out, a person removed, a device revoked.
    End,
    /// Never by time: the row goes with what it belongs to.
    WithOwner,
}

/// The one deletion rule of a data category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// When the period begins.
    pub start: RetentionStart,
    /// How long data are kept after that, in days.
    pub days: u16,
    /// The most that an administrator may configure, in days.
    pub max_days: u16,
}

impl DataCategory {
    /// The rule that holds unless an administrator configured a shorter or longer period.
    pub const fn default_retention(self) -> Retention {
        use RetentionStart::{Creation, End, WithOwner};
        let (start, days, max_days) = match self {
            Self::Configuration | Self::Mail => (WithOwner, 0, 0),
            Self::Account => (End, 30, 90),
            Self::Credential | Self::Preference => (End, 0, 0),
            Self::Device => (End, 30, 90),
            Self::Line => (Creation, 7, 30),
            Self::Session => (End, 7, 30),
            Self::Audit => (Creation, 90, 365),
            Self::AuditPseudonym => (Creation, 90, 365),
            Self::Meeting => (End, 30, 365),
            Self::Chat => (End, 7, 90),
            Self::Letter => (End, 7, 30),
            Self::Operation => (Creation, 14, 90),
            Self::DeletionJournal => (Creation, 400, 800),
        };
        Retention { start, days, max_days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_cap() {
        for category in DataCategory::ALL {
            let rule = category.default_retention();
            assert!(rule.days <= rule.max_days, "{category} keeps longer than its cap");
        }
    }
}
