//! What happened, for whoever must react to it. Events are written to the outbox in the transaction that changed the
//! state, and reach consumers at least once: consumers are idempotent.

use serde::{Deserialize, Serialize};

use crate::{DeviceId, GroupId, MailAccountId, MeetingId, PersonId, SessionId, TargetId, TenantId};

/// A change that others react to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DomainEvent {
    /// A person was disabled, enabled, removed or changed.
    PersonChanged {
        /// The person.
        person: PersonId,
    },
    /// Membership of a group changed.
    GroupChanged {
        /// The group.
        group: GroupId,
    },
    /// A device was approved, suspended or revoked, or its container was wiped.
    DeviceChanged {
        /// The device.
        device: DeviceId,
    },
    /// A session ended.
    SessionEnded {
        /// The session.
        session: SessionId,
    },
    /// A target changed or went.
    TargetChanged {
        /// The target.
        target: TargetId,
    },
    /// The rules, or the bundles they name, changed.
    RulesChanged,
    /// A setting changed.
    SettingsChanged,
    /// A meeting was booked, changed, opened, ended or cancelled, or its PIN was renewed.
    MeetingChanged {
        /// The meeting.
        meeting: MeetingId,
    },
    /// Something in a mail account changed.
    MailChanged {
        /// The account.
        account: MailAccountId,
    },
    /// A mail account was opened or closed to somebody, what they may do in it changed, or its name did.
    MailRightsChanged {
        /// The account.
        account: MailAccountId,
        /// Whose rights.
        person: PersonId,
    },
}

/// An event with the tenant it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantEvent {
    /// Whose event it is.
    pub tenant: TenantId,
    /// What happened.
    #[serde(flatten)]
    pub event: DomainEvent,
}
