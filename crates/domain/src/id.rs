//! Typed identifiers. Each is a UUID of version 7 (RFC 9562), so ids sort by the time they were made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::{Clock, Rng};

fn new_uuid(clock: &dyn Clock, rng: &dyn Rng) -> Uuid {
    let mut random = [0; 10];
    rng.fill(&mut random);
    let millis = u64::try_from(clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, made of the clock's time and the generator's randomness.
            pub fn new(clock: &dyn Clock, rng: &dyn Rng) -> Self {
                Self(new_uuid(clock, rng))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                crate::openapi::uuid()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// An administration that shares this installation with others, apart from them in every query.
    TenantId;
    /// A person who may sign in.
    PersonId;
    /// A group of people.
    GroupId;
    /// A device that a person uses.
    DeviceId;
    /// A signed-in session: subject, device and the methods used.
    SessionId;
    /// Something a person may reach.
    TargetId;
    /// A bundle of targets, such as all that one role needs.
    BundleId;
    /// A policy rule.
    RuleId;
    /// A live permission to use one target.
    GrantId;
    /// A passkey (`WebAuthn` credential).
    PasskeyId;
    /// A one-time-code token: an app or a hardware token.
    OtpTokenId;
    /// A recovery code.
    RecoveryCodeId;
    /// A directory (LDAP or Active Directory) that people come from.
    DirectoryId;
    /// An import of many targets at once.
    ImportId;
    /// An audit entry.
    AuditId;
    /// An outbox row.
    OutboxId;
    /// A row in the journal of deletions and revocations.
    JournalId;
    /// A wish to reveal who stands behind a pseudonym of the audit log.
    RevealId;
    /// A conference room: a lasting thing that a person owns.
    RoomId;
    /// One meeting: an occurrence of what was booked, or one opening of a personal room. It names the media room too.
    MeetingId;
    /// One presence of one person or guest in one meeting. It says nothing about who it is beyond that meeting.
    SeatId;
    /// Somebody who is invited to a room.
    InviteeId;
    /// An invitation on its way by mail.
    LetterId;
    /// A webhook: an address that is told what happens.
    WebhookId;
    /// One thing told to a webhook.
    DeliveryId;
    /// A mail account: one mailbox in the everyday sense, of a person or of several (RFC 8620, section 1.6.2).
    MailAccountId;
    /// A folder of a mail account (RFC 8621, section 2).
    MailboxId;
    /// A message in a mail account (RFC 8621, section 4).
    EmailId;
    /// Messages that answer each other (RFC 8621, section 3).
    ThreadId;
    /// A sender that a mail account may write as (RFC 8621, section 6).
    MailIdentityId;
    /// A message on its way out (RFC 8621, section 7).
    EmailSubmissionId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemClock, SystemRng};

    #[test]
    fn ids_are_version_7_and_parse_back() {
        let id = PersonId::new(&SystemClock, &SystemRng);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.to_string().parse::<PersonId>().unwrap(), id);
    }
}
