//! Who stands behind a pseudonym of the audit log, and under which one somebody stands in it: asked by one person,
//! decided by another who holds the other duty, and written down at every step.
//!
//! A wish is kept nowhere but in the log itself: its entry holds what is wanted, sealed, so that asking tells nobody
//! what only the answer may tell. What became of it is read from the entries that follow. Nobody can decide, look or
//! change their mind without leaving an entry, because the entry is the deed.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use fernamt_api::admin::audit::{AskReveal, Reveal, RevealState, RevealWanted, Revealed};
use fernamt_domain::{
    PersonId, Purpose, RevealId, Role, Sealer,
    audit::{AuditEvent, AuditKind},
};
use fernamt_http::{ApiError, Auditor, Json, Path, Session};
use fernamt_store::{AuditEntry, AuditFilter, MAX_PAGE_ROWS, StoreError, TenantStore};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Admin, act::done, check::Checks, error::AdminError, people};

/// How long a wish can be decided, and looked at once it was agreed to.
const LIFETIME: Duration = Duration::days(7);

/// The most wishes of a tenant within [`LIFETIME`].
const MAX_WISHES: usize = 100;

/// The fewest characters of a reason.
const MIN_REASON_CHARS: usize = 10;

/// The most characters of a reason.
const MAX_REASON_CHARS: usize = 500;

/// The purpose that what is wanted is sealed for.
const WORD: &str = "audit-reveal";

const ASKED: &str = "reveal_asked";
const APPROVED: &str = "reveal_approved";
const REFUSED: &str = "reveal_refused";
const LOOKED: &str = "reveal_looked_at";

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/audit/reveals", get(list).post(ask))
        .route("/api/v1/admin/audit/reveals/{id}/approve", post(approve))
        .route("/api/v1/admin/audit/reveals/{id}/refuse", post(refuse))
        .route("/api/v1/admin/audit/reveals/{id}/look", post(look))
}

/// What an entry about a wish says beside who and when.
#[derive(Serialize, Deserialize)]
struct Details {
    reveal: RevealId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// [`Wanted`], sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wanted: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Wanted {
    Person(Uuid),
    Pseudonym(PersonId),
}

/// A wish as the log holds it.
struct Wish {
    id: RevealId,
    wanted: Wanted,
    reason: String,
    asked_by: Option<PersonId>,
    asked_at: OffsetDateTime,
    decision: Option<Decision>,
}

#[derive(Clone, Copy)]
struct Decision {
    approved: bool,
    by: Option<PersonId>,
    at: OffsetDateTime,
}

async fn list(Auditor(session): Auditor) -> Result<Json<Vec<Reveal>>, AdminError> {
    let mut shown_wishes = Vec::new();
    for wish in wishes(&session).await? {
        shown_wishes.push(shown(&session, wish).await?);
    }
    Ok(Json(shown_wishes))
}

async fn ask(Auditor(session): Auditor, Json(wish): Json<AskReveal>) -> Result<(StatusCode, Json<Reveal>), AdminError> {
    let web = &session.site.web;
    let tenant = &session.site.tenant;
    let wanted = check(tenant, &wish).await?;
    let all = wishes(&session).await?;
    if all.len() >= MAX_WISHES {
        return Err(ApiError::conflict("too_many", "no more of these are allowed").param("limit", MAX_WISHES).into());
    }
    let id = RevealId::new(&*web.clock, &*web.rng);
    let details = Details {
        reveal: id,
        reason: Some(wish.reason.trim().to_owned()),
        wanted: Some(seal(&web.sealer, tenant, wanted)),
    };
    tenant.record(entry(&session, ASKED, &details)).await?;
    Ok((StatusCode::CREATED, Json(shown(&session, one(&session, id).await?).await?)))
}

async fn approve(Auditor(session): Auditor, Path(id): Path<RevealId>) -> Result<Json<Reveal>, AdminError> {
    let wish = one(&session, id).await?;
    undecided(&wish)?;
    if !may_decide(&session, &wish).await? {
        return Err(other_duty().into());
    }
    decide(&session, id, APPROVED).await
}

async fn refuse(Auditor(session): Auditor, Path(id): Path<RevealId>) -> Result<Json<Reveal>, AdminError> {
    let wish = one(&session, id).await?;
    undecided(&wish)?;
    if wish.asked_by != Some(session.person()) && !may_decide(&session, &wish).await? {
        return Err(other_duty().into());
    }
    decide(&session, id, REFUSED).await
}

async fn decide(session: &Session, id: RevealId, action: &'static str) -> Result<Json<Reveal>, AdminError> {
    let details = Details { reveal: id, reason: None, wanted: None };
    session.site.tenant.record(entry(session, action, &details)).await?;
    Ok(Json(shown(session, one(session, id).await?).await?))
}

async fn look(Auditor(session): Auditor, Path(id): Path<RevealId>) -> Result<Json<Revealed>, AdminError> {
    let wish = one(&session, id).await?;
    if !may_look(&session, &wish) {
        return Err(ApiError::forbidden("not_agreed", "only who asked may look, once somebody else has agreed").into());
    }
    let tenant = &session.site.tenant;
    // Written before anything is shown, so that no look goes without its entry.
    let details = Details { reveal: id, reason: None, wanted: None };
    tenant.record(entry(&session, LOOKED, &details)).await?;
    let audit = tenant.audit();
    let (pseudonym, person) = match wish.wanted {
        Wanted::Person(pseudonym) => (Some(pseudonym), audit.person_behind(pseudonym).await?),
        Wanted::Pseudonym(person) => (audit.pseudonym_of(person).await?, Some(person)),
    };
    let person = match person {
        Some(person) => people::reference(tenant, person).await?,
        None => None,
    };
    Ok(Json(Revealed { pseudonym: pseudonym.map(|pseudonym| pseudonym.to_string()), person }))
}

async fn check(tenant: &TenantStore, wish: &AskReveal) -> Result<Wanted, AdminError> {
    let mut checks = Checks::default();
    let reason = wish.reason.trim();
    checks.that(reason.chars().count() >= MIN_REASON_CHARS, "reason", "too_short", "say why, in 10 characters or more");
    checks.text("reason", reason, MAX_REASON_CHARS);
    let wanted = match &wish.wanted {
        RevealWanted::Person { pseudonym } => match pseudonym.trim().parse() {
            Ok(pseudonym) => {
                let known = tenant.audit().person_behind(pseudonym).await?.is_some();
                checks.that(known, "wanted.pseudonym", "unknown", "nobody stands behind this pseudonym any more");
                Some(Wanted::Person(pseudonym))
            }
            Err(_) => {
                checks.that(false, "wanted.pseudonym", "invalid", "this is not a pseudonym of the log");
                None
            }
        },
        RevealWanted::Pseudonym { person_id } => {
            let known = people::reference(tenant, *person_id).await?.is_some();
            checks.that(known, "wanted.person_id", "unknown", "this person does not exist any more");
            Some(Wanted::Pseudonym(*person_id))
        }
    };
    checks.finish()?;
    Ok(wanted.ok_or_else(ApiError::invalid)?)
}

/// The wishes of the last days, newest first. One whose entry does not open is left out: it cannot be decided.
async fn wishes(session: &Session) -> Result<Vec<Wish>, AdminError> {
    let (asked, approved, refused) =
        (of_action(session, ASKED).await?, of_action(session, APPROVED).await?, of_action(session, REFUSED).await?);
    let mut decisions: HashMap<RevealId, Decision> = HashMap::new();
    let (approved, refused) =
        (approved.into_iter().map(|entry| (entry, true)), refused.into_iter().map(|entry| (entry, false)));
    for ((entry, details), approved) in approved.chain(refused) {
        let decision = Decision { approved, by: actor(session, &entry).await?, at: entry.facts.at };
        // Of two who decided side by side, the refusal counts.
        decisions.entry(details.reveal).and_modify(|first| first.approved &= approved).or_insert(decision);
    }
    let mut wishes = Vec::new();
    for (entry, details) in asked {
        let opened = details.wanted.and_then(|sealed| open(&session.site.web.sealer, &session.site.tenant, &sealed));
        let Some(wanted) = opened else { continue };
        wishes.push(Wish {
            id: details.reveal,
            wanted,
            reason: details.reason.unwrap_or_default(),
            asked_by: actor(session, &entry).await?,
            asked_at: entry.facts.at,
            decision: decisions.get(&details.reveal).copied(),
        });
    }
    Ok(wishes)
}

async fn of_action(session: &Session, action: &str) -> Result<Vec<(AuditEntry, Details)>, StoreError> {
    let filter = AuditFilter {
        kinds: vec![AuditKind::Reveal],
        action: Some(action.to_owned()),
        from: Some(session.situation.at - LIFETIME),
        ..AuditFilter::default()
    };
    let entries = session.site.tenant.audit().newest_first(&filter, None, MAX_PAGE_ROWS).await?;
    let read = |entry: AuditEntry| {
        let details = serde_json::from_value(entry.facts.details.clone()).ok()?;
        Some((entry, details))
    };
    Ok(entries.into_iter().filter_map(read).collect())
}

async fn actor(session: &Session, entry: &AuditEntry) -> Result<Option<PersonId>, StoreError> {
    match entry.facts.actor {
        Some(pseudonym) => session.site.tenant.audit().person_behind(pseudonym).await,
        None => Ok(None),
    }
}

async fn one(session: &Session, id: RevealId) -> Result<Wish, AdminError> {
    let found = wishes(session).await?.into_iter().find(|wish| wish.id == id);
    Ok(found.ok_or_else(ApiError::not_found)?)
}

fn undecided(wish: &Wish) -> Result<(), ApiError> {
    match wish.decision {
        None => Ok(()),
        Some(_) => Err(ApiError::conflict("decided_already", "this was decided before")),
    }
}

fn other_duty() -> ApiError {
    ApiError::forbidden("other_duty_needed", "this takes another person, who holds the other duty")
}

/// Two people who between them hold both duties: one administers, the other protects the data.
async fn may_decide(session: &Session, wish: &Wish) -> Result<bool, StoreError> {
    let Some(asker) = wish.asked_by.filter(|asker| *asker != session.person()) else { return Ok(false) };
    let asker = session.site.tenant.people().roles(asker).await?;
    let both = |one: Role, other: Role| asker.contains(&one) && session.has(other);
    Ok(both(Role::Administrator, Role::DataProtection) || both(Role::DataProtection, Role::Administrator))
}

fn may_look(session: &Session, wish: &Wish) -> bool {
    wish.asked_by == Some(session.person()) && wish.decision.is_some_and(|decision| decision.approved)
}

async fn shown(session: &Session, wish: Wish) -> Result<Reveal, AdminError> {
    let tenant = &session.site.tenant;
    let reference = async |person: Option<PersonId>| match person {
        Some(person) => people::reference(tenant, person).await,
        None => Ok(None),
    };
    let (wanted, person_name) = match wish.wanted {
        Wanted::Person(pseudonym) => (RevealWanted::Person { pseudonym: pseudonym.to_string() }, None),
        Wanted::Pseudonym(person_id) => {
            let name = reference(Some(person_id)).await?.map(|person| person.display_name);
            (RevealWanted::Pseudonym { person_id }, name)
        }
    };
    Ok(Reveal {
        id: wish.id,
        wanted,
        person_name,
        state: match wish.decision {
            None => RevealState::Asked,
            Some(Decision { approved: true, .. }) => RevealState::Approved,
            Some(_) => RevealState::Refused,
        },
        asked_by: reference(wish.asked_by).await?,
        asked_at: wish.asked_at,
        decided_by: reference(wish.decision.and_then(|decision| decision.by)).await?,
        decided_at: wish.decision.map(|decision| decision.at),
        expires_at: wish.asked_at + LIFETIME,
        may_decide: wish.decision.is_none() && may_decide(session, &wish).await?,
        may_look: may_look(session, &wish),
        reason: wish.reason,
    })
}

fn entry(session: &Session, action: &'static str, details: &Details) -> AuditEvent {
    done(session, AuditKind::Reveal, action).details(json!(details))
}

fn seal(sealer: &Sealer, tenant: &TenantStore, wanted: Wanted) -> String {
    sealer.seal_token(Purpose { tenant: tenant.id(), word: WORD }, &wanted)
}

fn open(sealer: &Sealer, tenant: &TenantStore, sealed: &str) -> Option<Wanted> {
    sealer.open_token(Purpose { tenant: tenant.id(), word: WORD }, sealed).ok()
}
