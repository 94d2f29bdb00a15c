//! The audit log's content and its hash chain.
//!
//! The chain runs over salted commitments to the entries, not over the entries themselves. So an entry's payload and
//! salt can be deleted when its time is over, and the chain still verifies. Each day is a segment; a segment starts
//! from the head of the one before. A signed head, exported and kept elsewhere, proves that nobody cut or rewrote
//! what stands before it.

use aws_lc_rs::{
    digest,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::{DeviceId, PersonId, Secret, SessionId, TargetId, TenantId, Zone, text_enum};

text_enum! {
    /// What kind of thing an audit entry tells.
    pub enum AuditKind {
        /// Somebody signed in, or failed to.
        SignIn = "sign_in",
        /// Somebody signed out, or a session was ended.
        SessionEnd = "session_end",
        /// A policy decision was taken.
        Decision = "decision",
        /// A connection to a target began.
        ConnectionStart = "connection_start",
        /// A connection to a target ended.
        ConnectionEnd = "connection_end",
        /// A device was enrolled, approved, suspended or revoked.
        Device = "device",
        /// A second factor was enrolled, used up or reset.
        SecondFactor = "second_factor",
        /// A person was made, changed, disabled or removed.
        Person = "person",
        /// A group was made, changed or removed.
        Group = "group",
        /// A target or bundle was made, changed, imported or removed.
        Target = "target",
        /// A rule was made, changed or removed.
        Rule = "rule",
        /// A setting or the directory was changed.
        Setting = "setting",
        /// A room or meeting was made, changed, opened, moderated or ended.
        Conference = "conference",
        /// A mail account was made, shared, opened or worked in by somebody whose own it is not.
        Mail = "mail",
        /// The directory was synchronised.
        DirectorySync = "directory_sync",
        /// Data were deleted because their time was over.
        Deletion = "deletion",
        /// A backup was made or restored.
        Backup = "backup",
        /// The audit log was searched, exported or verified.
        AuditAccess = "audit_access",
        /// A pseudonym was revealed.
        Reveal = "reveal",
        /// Two copies of a key or code were seen, or an old session secret came back.
        Alarm = "alarm",
    }
}

text_enum! {
    /// How it went.
    pub enum Outcome {
        /// It was done, or allowed.
        Success = "success",
        /// It was refused by a rule.
        Denied = "denied",
        /// It failed.
        Failure = "failure",
    }
}

/// One thing to be written to the audit log. Never content, never a name: people stand in it by id, which the store
/// replaces by a pseudonym.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// What kind of thing.
    pub kind: AuditKind,
    /// How it went.
    pub outcome: Outcome,
    /// Who did it; `None` for the system itself or somebody unknown.
    pub actor: Option<PersonId>,
    /// To whom it was done, if to a person.
    pub subject: Option<PersonId>,
    /// The device concerned.
    pub device: Option<DeviceId>,
    /// The session concerned.
    pub session: Option<SessionId>,
    /// The target concerned.
    pub target: Option<TargetId>,
    /// The zone it came from.
    pub zone: Option<Zone>,
    /// A stable word for what exactly happened, such as `wrong_code` or `approved`.
    pub action: &'static str,
    /// More facts, such as the ids of the rules that decided. No personal data.
    pub details: serde_json::Value,
}

impl AuditEvent {
    /// An entry without actor, subject or details.
    pub fn new(kind: AuditKind, action: &'static str, outcome: Outcome) -> Self {
        Self {
            kind,
            outcome,
            actor: None,
            subject: None,
            device: None,
            session: None,
            target: None,
            zone: None,
            action,
            details: serde_json::Value::Null,
        }
    }

    /// With the person who did it.
    #[must_use]
    pub fn by(mut self, actor: PersonId) -> Self {
        self.actor = Some(actor);
        self
    }

    /// With the person it was done to.
    #[must_use]
    pub fn about(mut self, subject: PersonId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With the target concerned.
    #[must_use]
    pub fn on(mut self, target: TargetId) -> Self {
        self.target = Some(target);
        self
    }

    /// With the session concerned.
    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// With the device concerned.
    #[must_use]
    pub fn device(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    /// With the zone it came from.
    #[must_use]
    pub fn from_zone(mut self, zone: &Zone) -> Self {
        self.zone = Some(zone.clone());
        self
    }

    /// With more facts. They must hold no personal data.
    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }
}

/// A SHA-256 value, shown as lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("a hash has 32 bytes"))
    }
}

/// The head before the first entry of a tenant's chain.
pub fn genesis(tenant: TenantId) -> Hash {
    sha256(&[b"fernamt-audit-genesis-1", tenant.0.as_bytes()])
}

/// The commitment to a payload: SHA-256 over a random salt and the payload's exact bytes. Without the salt nobody can
/// guess the payload back.
pub fn commitment(salt: &[u8; 32], payload: &[u8]) -> Hash {
    sha256(&[b"fernamt-audit-commitment-1", salt, payload])
}

/// The head after one more entry. Fixed lengths throughout, so no two inputs give the same bytes.
pub fn next_head(previous: Hash, day: Date, sequence: u64, commitment: Hash) -> Hash {
    let day = day.to_julian_day().to_be_bytes();
    sha256(&[b"fernamt-audit-link-1", &previous.0, &day, &sequence.to_be_bytes(), &commitment.0])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Hash(out)
}

/// One link as stored. `payload` is `None` once deleted; the link remains.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The segment's day (UTC).
    pub day: Date,
    /// The entry's number in the tenant's chain, from 1, without gaps.
    pub sequence: u64,
    /// The commitment to the payload.
    pub commitment: Hash,
    /// The head after this entry.
    pub head: Hash,
    /// Salt and exact payload bytes, unless deleted.
    pub payload: Option<([u8; 32], Vec<u8>)>,
}

/// A fault in a chain, with the number of the entry where it shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// Entries are missing or out of order.
    #[error("entry {expected} is missing or out of order: found {found}")]
    Gap {
        /// The number that should have followed.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// A link does not follow from the one before.
    #[error("entry {0} does not follow from the one before it")]
    Link(u64),
    /// A payload is not what was committed to.
    #[error("the content of entry {0} was changed")]
    Payload(u64),
    /// The days run backwards.
    #[error("entry {0} lies on an earlier day than the one before it")]
    Day(u64),
    /// A signed head names an entry that no longer exists.
    #[error("the chain ends at entry {last}, but a signed head names entry {signed}: the tail was cut")]
    TailCut {
        /// The last entry found.
        last: u64,
        /// The entry that the head was signed at.
        signed: u64,
    },
    /// The chain does not run through a signed head: it was computed anew.
    #[error("the chain does not run through the head signed at entry {0}: it was rewritten")]
    Rewritten(u64),
    /// A head's signature does not fit.
    #[error("the signature of the head at entry {0} is wrong")]
    Signature(u64),
    /// A head belongs to another tenant.
    #[error("the signed head belongs to another tenant")]
    OtherTenant,
}

/// Verifies a chain link by link, without holding it in memory.
#[derive(Debug, Clone)]
pub struct Verifier {
    head: Hash,
    sequence: u64,
    day: Option<Date>,
    awaited: Vec<SignedHead>,
}

impl Verifier {
    /// A verifier that starts at a tenant's first entry and expects the chain to run through `heads`, each of whose
    /// signatures must fit `key`.
    pub fn new(tenant: TenantId, mut heads: Vec<SignedHead>, key: &PublicKey) -> Result<Self, ChainFault> {
        for head in &heads {
            if head.tenant != tenant {
                return Err(ChainFault::OtherTenant);
            }
            if !key.fits(head) {
                return Err(ChainFault::Signature(head.sequence));
            }
        }
        // a head signed before the first entry names no entry that could be waited for
        if heads.iter().any(|head| head.sequence == 0 && head.head != genesis(tenant)) {
            return Err(ChainFault::Rewritten(0));
        }
        heads.retain(|head| head.sequence > 0);
        heads.sort_by_key(|head| std::cmp::Reverse(head.sequence));
        Ok(Self { head: genesis(tenant), sequence: 0, day: None, awaited: heads })
    }

    /// Takes the next link.
    pub fn take(&mut self, link: &Link) -> Result<(), ChainFault> {
        let expected = self.sequence + 1;
        if link.sequence != expected {
            return Err(ChainFault::Gap { expected, found: link.sequence });
        }
        if self.day.is_some_and(|day| link.day < day) {
            return Err(ChainFault::Day(expected));
        }
        if let Some((salt, payload)) = &link.payload
            && commitment(salt, payload) != link.commitment
        {
            return Err(ChainFault::Payload(expected));
        }
        if next_head(self.head, link.day, expected, link.commitment) != link.head {
            return Err(ChainFault::Link(expected));
        }
        (self.head, self.sequence, self.day) = (link.head, expected, Some(link.day));
        while let Some(signed) = self.awaited.pop_if(|signed| signed.sequence == expected) {
            if signed.head != self.head {
                return Err(ChainFault::Rewritten(expected));
            }
        }
        Ok(())
    }

    /// Ends the verification. Returns the number of entries and the head.
    pub fn finish(self) -> Result<(u64, Hash), ChainFault> {
        match self.awaited.first() {
            Some(signed) if signed.sequence > self.sequence => {
                Err(ChainFault::TailCut { last: self.sequence, signed: signed.sequence })
            }
            Some(signed) => Err(ChainFault::Rewritten(signed.sequence)),
            None => Ok((self.sequence, self.head)),
        }
    }
}

/// The head of a chain at some entry, signed so that it can be kept outside the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// Whose chain.
    pub tenant: TenantId,
    /// The entry that the head stands after.
    pub sequence: u64,
    /// The head.
    pub head: Hash,
    /// When it was signed.
    #[serde(with = "time::serde::rfc3339")]
    pub signed_at: OffsetDateTime,
    /// The Ed25519 signature (RFC 8032) in hexadecimal.
    pub signature: String,
}

impl SignedHead {
    fn message(tenant: TenantId, sequence: u64, head: Hash, signed_at: OffsetDateTime) -> Vec<u8> {
        let mut out = b"fernamt-audit-head-1".to_vec();
        out.extend_from_slice(tenant.0.as_bytes());
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&head.0);
        out.extend_from_slice(&signed_at.unix_timestamp().to_be_bytes());
        out
    }
}

/// The key that signs heads.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key made from a 32-byte seed.
    pub fn from_seed(seed: &Secret<[u8; 32]>) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("any 32 bytes are an Ed25519 seed"))
    }

    /// Signs a head, with the time in whole seconds.
    pub fn sign(&self, tenant: TenantId, sequence: u64, head: Hash, now: OffsetDateTime) -> SignedHead {
        let signed_at = now.replace_nanosecond(0).unwrap_or(now);
        let signature = self.0.sign(&SignedHead::message(tenant, sequence, head, signed_at));
        SignedHead { tenant, sequence, head, signed_at, signature: HEXLOWER.encode(signature.as_ref()) }
    }

    /// The public half, to be kept with exported heads.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }
}

/// The public key that heads are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(pub Vec<u8>);

impl PublicKey {
    fn fits(&self, head: &SignedHead) -> bool {
        let Ok(signature) = HEXLOWER.decode(head.signature.as_bytes()) else { return false };
        let message = SignedHead::message(head.tenant, head.sequence, head.head, head.signed_at);
        UnparsedPublicKey::new(&ED25519, &self.0).verify(&message, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::nil());

    fn key() -> SigningKey {
        SigningKey::from_seed(&Secret::new([3; 32]))
    }

    fn chain(contents: &[&str]) -> Vec<Link> {
        let mut head = genesis(TENANT);
        (1..)
            .zip(contents)
            .map(|(sequence, content)| {
                let salt = [u8::try_from(sequence).unwrap(); 32];
                let commitment = commitment(&salt, content.as_bytes());
                let day = date!(2026 - 11 - 21);
                head = next_head(head, day, sequence, commitment);
                Link { day, sequence, commitment, head, payload: Some((salt, content.as_bytes().to_vec())) }
            })
            .collect()
    }

    fn signed(links: &[Link]) -> SignedHead {
        let last = links.last().unwrap();
        key().sign(TENANT, last.sequence, last.head, datetime!(2026-11-21 12:00:00.5 UTC))
    }

    fn verify(links: &[Link], heads: Vec<SignedHead>) -> Result<(u64, Hash), ChainFault> {
        let mut verifier = Verifier::new(TENANT, heads, &key().public())?;
        links.iter().try_for_each(|link| verifier.take(link))?;
        verifier.finish()
    }

    #[test]
    fn an_untouched_chain_verifies_also_without_payloads() {
        let mut links = chain(&["a", "b", "c"]);
        let head = signed(&links);
        assert_eq!(verify(&links, vec![head.clone()]).unwrap().0, 3);
        links[1].payload = None;
        assert_eq!(verify(&links, vec![head]).unwrap().0, 3);
    }

    #[test]
    fn a_head_signed_before_the_first_entry_fits() {
        let start = key().sign(TENANT, 0, genesis(TENANT), datetime!(2026-11-21 12:00 UTC));
        let links = chain(&["a", "b"]);
        assert!(verify(&[], vec![start.clone()]).is_ok());
        assert!(verify(&links, vec![signed(&links), start]).is_ok());
        let wrong = key().sign(TENANT, 0, Hash([1; 32]), datetime!(2026-11-21 12:00 UTC));
        assert_eq!(verify(&links, vec![wrong]), Err(ChainFault::Rewritten(0)));
    }

    #[test]
    fn every_tampering_is_detected() {
        let original = chain(&["a", "b", "c", "d"]);
        let head = signed(&original);

        let mut edited = original.clone();
        edited[1].payload.as_mut().unwrap().1 = b"x".to_vec();
        assert_eq!(verify(&edited, vec![]), Err(ChainFault::Payload(2)));

        let mut deleted = original.clone();
        deleted.remove(1);
        assert_eq!(verify(&deleted, vec![]), Err(ChainFault::Gap { expected: 2, found: 3 }));

        let mut reordered = original.clone();
        reordered.swap(1, 2);
        assert_eq!(verify(&reordered, vec![]), Err(ChainFault::Gap { expected: 2, found: 3 }));

        assert_eq!(verify(&original[..3], vec![head.clone()]), Err(ChainFault::TailCut { last: 3, signed: 4 }));

        let recomputed = chain(&["a", "x", "c", "d"]);
        assert_eq!(verify(&recomputed, vec![head.clone()]), Err(ChainFault::Rewritten(4)));

        let forged = SignedHead { head: recomputed[3].head, ..head };
        assert_eq!(verify(&recomputed, vec![forged]), Err(ChainFault::Signature(4)));
    }
}
