//! The tokens of entries and seats: sealed claims that clients keep, so that the server need not.

use fernamt_domain::{MeetingId, Purpose, Sealer, Secret, TenantId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::seat::Claim;

/// Which kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// What entering gives.
    Entry,
    /// What a seat or a place in the lobby comes back with.
    Resume,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    meeting: MeetingId,
    claim: Claim,
}

impl TokenKind {
    fn purpose(self, tenant: TenantId) -> Purpose<'static> {
        let word = match self {
            Self::Entry => "meeting-entry",
            Self::Resume => "meeting-resume",
        };
        Purpose { tenant, word }
    }

    /// Seals a claim.
    pub fn seal(self, sealer: &Sealer, tenant: TenantId, meeting: MeetingId, claim: &Claim) -> String {
        sealer.seal_token(self.purpose(tenant), &Sealed { meeting, claim: claim.clone() })
    }

    /// Opens a token of this kind for this meeting that is not older than `lifetime`.
    pub fn open(
        self,
        sealer: &Sealer,
        tenant: TenantId,
        meeting: MeetingId,
        token: &Secret<String>,
        (now, lifetime): (OffsetDateTime, Duration),
    ) -> Option<Claim> {
        let sealed: Sealed = sealer.open_token(self.purpose(tenant), token.expose()).ok()?;
        let in_time = sealed.claim.at + lifetime > now;
        (sealed.meeting == meeting && in_time).then_some(sealed.claim)
    }
}
