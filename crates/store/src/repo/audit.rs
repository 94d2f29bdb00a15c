//! The audit log: append-only, chained over salted commitments, people by pseudonym.
//!
//! Entries are written by committing a unit of work ([`crate::Work::record`]), never by themselves. When an entry's
//! time is over, everything but its link in the chain is deleted, and the chain still verifies.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{
    DeviceId, PersonId, SessionId, TargetId, Zone,
    audit::{
        AuditEvent, AuditKind, ChainFault, Hash, Link, Outcome, PublicKey, SignedHead, SigningKey, Verifier,
        commitment, genesis, next_head,
    },
    rng::random_bytes,
};
use sea_orm::sea_query::Condition;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::{Builder, Uuid};

use super::repository;
use crate::{
    StoreError,
    page::MAX_PAGE_ROWS,
    record::record,
    scope::{Scope, Writing, after, any, before, is, is_in, is_null},
};

/// The longest payload of one entry.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// How many links are read at a time when the chain is verified.
const VERIFY_ROWS: u64 = 1000;

record! {
    /// An entry as stored: the link in the chain, which stays, and what goes when its time is over.
    pub(crate) struct AuditEntryRecord in "audit_entry", key(sequence) {
        /// The entry's number, from 1, without gaps.
        sequence: u64 => Configuration,
        /// The segment's day (UTC).
        day: Date => Configuration,
        /// The commitment to the payload.
        commitment: Hash => Configuration,
        /// The head after this entry.
        head: Hash => Configuration,
        /// The salt of the commitment.
        salt: Option<[u8; 32]> => Audit,
        /// The payload, exactly as committed to.
        payload: Option<Vec<u8>> => Audit,
        /// When it happened; this and the rest repeat the payload for searching.
        at: Option<OffsetDateTime> => Audit,
        /// What kind of thing happened.
        kind: Option<AuditKind> => Audit,
        /// How it went.
        outcome: Option<Outcome> => Audit,
        /// What exactly happened.
        action: Option<String> => Audit,
        /// The pseudonym of who did it.
        actor: Option<Uuid> => Audit,
        /// The pseudonym of whom it was done to.
        subject: Option<Uuid> => Audit,
        /// The target concerned.
        target: Option<TargetId> => Audit,
    }
}

record! {
    /// The end of a tenant's chain. Whoever appends locks this row.
    pub(crate) struct AuditHeadRecord in "audit_head", key() {
        /// The number of the last entry.
        sequence: u64 => Configuration,
        /// The head after it.
        head: Hash => Configuration,
        /// Its day.
        day: Option<Date> => Configuration,
    }
}

record! {
    /// A head of the chain, signed once a day.
    pub(crate) struct AuditSegmentRecord in "audit_segment", key(day) {
        /// The day that it was signed on.
        day: Date => Configuration,
        /// The entry that the head stands after.
        sequence: u64 => Configuration,
        /// The head.
        head: Hash => Configuration,
        /// When it was signed.
        signed_at: OffsetDateTime => Configuration,
        /// The signature in hexadecimal.
        signature: String => Configuration,
    }
}

record! {
    /// The pseudonym under which a person stands in the audit log.
    pub(crate) struct AuditPseudonymRecord in "audit_pseudonym", key(person) {
        /// The person.
        person: PersonId => AuditPseudonym,
        /// The pseudonym: random.
        pseudonym: Uuid => AuditPseudonym,
        /// When it was made.
        created_at: OffsetDateTime => AuditPseudonym,
    }
}

/// What an entry says; the payload is exactly this as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditFacts {
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What kind of thing happened.
    pub kind: AuditKind,
    /// How it went.
    pub outcome: Outcome,
    /// What exactly happened.
    pub action: String,
    /// The pseudonym of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Uuid>,
    /// The pseudonym of whom it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// The device concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The session concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The target concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetId>,
    /// The zone it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// More facts.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// An entry of the audit log whose content is still there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// The head of the chain after it.
    pub head: Hash,
    /// What it says.
    #[serde(flatten)]
    pub facts: AuditFacts,
}

/// Which entries are wanted. What is `None` is not looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Of one of these kinds; an empty list means any.
    pub kinds: Vec<AuditKind>,
    /// That went like this.
    pub outcome: Option<Outcome>,
    /// With exactly this action.
    pub action: Option<String>,
    /// About this target.
    pub target: Option<TargetId>,
    /// That this person did, or that was done to them.
    pub person: Option<PersonId>,
    /// At this moment or later.
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
}

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChainEnd {
    /// The number of the last entry.
    pub sequence: u64,
    /// The head after it.
    pub head: Hash,
}

repository! {
    /// The audit log.
    Audits
}

impl<A> Audits<'_, A> {
    /// The end of the chain.
    pub async fn end(&self) -> Result<ChainEnd, StoreError> {
        let head = self.scope.find::<AuditHeadRecord>(any()).get().await?;
        Ok(ChainEnd { sequence: head.sequence, head: head.head })
    }

    /// Entries that fit, newest first, from below the number `before`; at most [`MAX_PAGE_ROWS`].
    pub async fn newest_first(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let Some(condition) = self.condition(filter).await? else { return Ok(Vec::new()) };
        let condition =
            before.into_iter().fold(condition, |all, last| all.add(crate::scope::before("sequence", &last)));
        let rows = self.scope.find(condition).newest_first("sequence").limit(limit.clamp(1, MAX_PAGE_ROWS));
        rows.all().await?.into_iter().map(entry).collect()
    }

    /// Entries that fit, oldest first, from above the number `after`; at most [`MAX_PAGE_ROWS`]. For exports: ask
    /// again with the last number until none come.
    pub async fn oldest_first(
        &self,
        filter: &AuditFilter,
        after: u64,
        limit: u64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let Some(condition) = self.condition(filter).await? else { return Ok(Vec::new()) };
        let condition = condition.add(crate::scope::after("sequence", &after));
        let rows = self.scope.find(condition).order("sequence").limit(limit.clamp(1, MAX_PAGE_ROWS));
        rows.all().await?.into_iter().map(entry).collect()
    }

    /// The condition for a filter, or `None` when nothing can fit.
    async fn condition(&self, filter: &AuditFilter) -> Result<Option<Condition>, StoreError> {
        let mut all = Condition::all().add(is_null("payload").not());
        if !filter.kinds.is_empty() {
            all = all.add(is_in("kind", &filter.kinds));
        }
        if let Some(outcome) = &filter.outcome {
            all = all.add(is("outcome", outcome));
        }
        if let Some(action) = &filter.action {
            all = all.add(is("action", action));
        }
        if let Some(target) = &filter.target {
            all = all.add(is("target", target));
        }
        if let Some(from) = &filter.from {
            all = all.add(before("at", from).not());
        }
        if let Some(until) = &filter.until {
            all = all.add(before("at", until));
        }
        if let Some(person) = filter.person {
            let Some(pseudonym) = self.pseudonym_of(person).await? else { return Ok(None) };
            all = all.add(Condition::any().add(is("actor", &pseudonym)).add(is("subject", &pseudonym)));
        }
        Ok(Some(all))
    }

    /// The pseudonym of a person, if they stand in the log.
    pub async fn pseudonym_of(&self, person: PersonId) -> Result<Option<Uuid>, StoreError> {
        let row = self.scope.find::<AuditPseudonymRecord>(is("person", &person)).one().await?;
        Ok(row.map(|row| row.pseudonym))
    }

    /// The person behind a pseudonym, unless the link was deleted. Revealing is an act of its own: record it.
    pub async fn person_behind(&self, pseudonym: Uuid) -> Result<Option<PersonId>, StoreError> {
        let row = self.scope.find::<AuditPseudonymRecord>(is("pseudonym", &pseudonym)).one().await?;
        Ok(row.map(|row| row.person))
    }

    /// The heads that were signed and stored, oldest first.
    pub async fn signed_heads(&self) -> Result<Vec<SignedHead>, StoreError> {
        let tenant = self.scope.tenant();
        let rows = self.scope.find::<AuditSegmentRecord>(any()).order("day").all().await?;
        let head = |row: AuditSegmentRecord| SignedHead {
            tenant,
            sequence: row.sequence,
            head: row.head,
            signed_at: row.signed_at,
            signature: row.signature,
        };
        Ok(rows.into_iter().map(head).collect())
    }

    /// Verifies the whole chain against the stored heads and those that were kept elsewhere. A database that was
    /// changed as a whole, with its stored heads, is found out only by heads kept elsewhere.
    pub async fn verify(
        &self,
        exported: Vec<SignedHead>,
        key: &PublicKey,
    ) -> Result<Result<ChainEnd, ChainFault>, StoreError> {
        let end = self.end().await?;
        let mut heads = self.signed_heads().await?;
        heads.extend(exported);
        let mut verifier = match Verifier::new(self.scope.tenant(), heads, key) {
            Ok(verifier) => verifier,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut last = 0;
        loop {
            let rows = self.scope.find::<AuditEntryRecord>(after("sequence", &last));
            let rows = rows.order("sequence").limit(VERIFY_ROWS).all().await?;
            let Some(newest) = rows.last() else { break };
            last = newest.sequence;
            for row in rows {
                if let Err(fault) = check(&mut verifier, row, &end) {
                    return Ok(Err(fault));
                }
            }
        }
        Ok(match verifier.finish() {
            Ok((last, _)) if last < end.sequence => Err(ChainFault::TailCut { last, signed: end.sequence }),
            Ok((sequence, head)) => Ok(ChainEnd { sequence, head }),
            Err(fault) => Err(fault),
        })
    }
}

impl Audits<'_, Writing> {
    /// Signs the end of the chain and stores it as the head of today, replacing an earlier one of the same day.
    pub async fn sign_head(&self, key: &SigningKey) -> Result<SignedHead, StoreError> {
        let end = self.end().await?;
        let signed = key.sign(self.scope.tenant(), end.sequence, end.head, self.scope.now());
        let segment = AuditSegmentRecord {
            day: signed.signed_at.date(),
            sequence: signed.sequence,
            head: signed.head,
            signed_at: signed.signed_at,
            signature: signed.signature.clone(),
        };
        self.scope.upsert(&segment).await?;
        Ok(signed)
    }
}

/// Starts a tenant's chain.
pub(crate) async fn start_chain(scope: &Scope<'_>) -> Result<(), StoreError> {
    scope.insert(&AuditHeadRecord { sequence: 0, head: genesis(scope.tenant()), day: None }).await
}

/// Appends entries to the tenant's chain, as the last act of a unit of work: from here to the commit the head is
/// locked.
pub(crate) async fn append(scope: &Scope<'_>, events: &[AuditEvent]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let mut end = lock_chain(scope).await?;
    let pseudonyms = pseudonyms(scope, events).await?;
    let at = scope.now();
    // the clock may run backwards, the chain's days never do
    let day = end.day.map_or(at.date(), |day| day.max(at.date()));
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let facts = facts(event, at, &pseudonyms);
        let payload = serde_json::to_vec(&facts)
            .map_err(|_| StoreError::corrupt("details", "the details cannot be written as JSON"))?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(StoreError::TooMany { what: "bytes in an audit entry", limit: MAX_PAYLOAD_BYTES });
        }
        let salt = random_bytes::<32>(scope.rng());
        let commitment = commitment(&salt, &payload);
        end.sequence += 1;
        end.head = next_head(end.head, day, end.sequence, commitment);
        rows.push(AuditEntryRecord {
            sequence: end.sequence,
            day,
            commitment,
            head: end.head,
            salt: Some(salt),
            payload: Some(payload),
            at: Some(at),
            kind: Some(facts.kind),
            outcome: Some(facts.outcome),
            action: Some(facts.action),
            actor: facts.actor,
            subject: facts.subject,
            target: facts.target,
        });
    }
    end.day = Some(day);
    scope.insert_all(&rows).await?;
    scope.upsert(&end).await
}

/// Keeps others from appending, and pseudonyms from coming and going, until the transaction ends.
pub(crate) async fn lock_chain(scope: &Scope<'_>) -> Result<AuditHeadRecord, StoreError> {
    scope.find::<AuditHeadRecord>(any()).locked().get().await
}

fn facts(event: &AuditEvent, at: OffsetDateTime, pseudonyms: &HashMap<PersonId, Uuid>) -> AuditFacts {
    let pseudonym = |person: &PersonId| pseudonyms.get(person).copied();
    AuditFacts {
        at,
        kind: event.kind,
        outcome: event.outcome,
        action: event.action.to_owned(),
        actor: event.actor.as_ref().and_then(pseudonym),
        subject: event.subject.as_ref().and_then(pseudonym),
        device: event.device,
        session: event.session,
        target: event.target,
        zone: event.zone.clone(),
        details: event.details.clone(),
    }
}

/// The pseudonyms of all people in the events; who has none gets one.
async fn pseudonyms(scope: &Scope<'_>, events: &[AuditEvent]) -> Result<HashMap<PersonId, Uuid>, StoreError> {
    let people: BTreeSet<_> = events.iter().flat_map(|event| [event.actor, event.subject]).flatten().collect();
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let look_up = async || {
        let rows = scope.find::<AuditPseudonymRecord>(is_in("person", &people)).all().await?;
        Ok::<HashMap<_, _>, StoreError>(rows.into_iter().map(|row| (row.person, row.pseudonym)).collect())
    };
    let found = look_up().await?;
    if found.len() == people.len() {
        return Ok(found);
    }
    for &person in people.iter().filter(|person| !found.contains_key(person)) {
        let pseudonym = Builder::from_random_bytes(random_bytes(scope.rng())).into_uuid();
        let created_at = scope.now();
        scope.insert_if_absent(&AuditPseudonymRecord { person, pseudonym, created_at }).await?;
    }
    look_up().await
}

/// Checks a row: its link, the columns that repeat the payload, and that the chain runs through its noted end.
fn check(verifier: &mut Verifier, row: AuditEntryRecord, end: &ChainEnd) -> Result<(), ChainFault> {
    let sequence = row.sequence;
    if !repeats_its_payload(&row) {
        return Err(ChainFault::Payload(sequence));
    }
    let link =
        Link { day: row.day, sequence, commitment: row.commitment, head: row.head, payload: row.salt.zip(row.payload) };
    verifier.take(&link)?;
    if sequence == end.sequence && link.head != end.head {
        return Err(ChainFault::Rewritten(sequence));
    }
    Ok(())
}

fn repeats_its_payload(row: &AuditEntryRecord) -> bool {
    let Some(payload) = &row.payload else {
        return row.salt.is_none() && row.at.is_none() && row.kind.is_none() && row.action.is_none();
    };
    serde_json::from_slice::<AuditFacts>(payload).is_ok_and(|facts| {
        row.salt.is_some()
            // columns keep microseconds
            && row.at.is_some_and(|at| (at - facts.at).unsigned_abs() < std::time::Duration::from_micros(1))
            && row.kind == Some(facts.kind)
            && row.outcome == Some(facts.outcome)
            && row.action.as_ref() == Some(&facts.action)
            && (row.actor, row.subject, row.target) == (facts.actor, facts.subject, facts.target)
    })
}

fn entry(row: AuditEntryRecord) -> Result<AuditEntry, StoreError> {
    let payload = row.payload.ok_or_else(|| StoreError::corrupt("payload", "it is empty"))?;
    let facts =
        serde_json::from_slice(&payload).map_err(|_| StoreError::corrupt("payload", "it is not what was written"))?;
    Ok(AuditEntry { sequence: row.sequence, head: row.head, facts })
}
