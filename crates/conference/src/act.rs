//! What every change does: it tells the audit log who acted.

use fernamt_api::page::{ListQuery, MAX_PAGE_SIZE};
use fernamt_domain::audit::{AuditEvent, AuditKind, Outcome};
use fernamt_http::Session;
use fernamt_store::Page;

/// Entries of a page unless the request says otherwise.
const DEFAULT_PAGE_SIZE: u64 = 50;

/// An audit entry for something that this session's person did.
pub(crate) fn done(session: &Session, kind: AuditKind, action: &'static str) -> AuditEvent {
    AuditEvent::new(kind, action, Outcome::Success)
        .by(session.person())
        .session(session.facts.session)
        .from_zone(&session.situation.zone)
}

/// The part of a list that a query asks for.
pub(crate) fn page_of(query: &ListQuery) -> Page {
    page(query.q.as_deref(), query.offset, query.limit)
}

/// The part of a list from `offset`, of the entries that match `q`.
pub(crate) fn page(q: Option<&str>, offset: u64, limit: Option<u64>) -> Page {
    let search = q.map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned);
    Page { search, offset, limit: limit.unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE) }
}
