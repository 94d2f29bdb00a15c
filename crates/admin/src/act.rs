//! What every change of the administration does: it tells the audit log who acted.

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

/// Cuts the part out of a list that had to be put together in memory.
pub(crate) fn cut<T>(items: Vec<T>, offset: u64, limit: Option<u64>) -> fernamt_api::Page<T> {
    let total = items.len() as u64;
    let page = page(None, offset, limit);
    let (offset, limit) =
        (usize::try_from(page.offset).unwrap_or(usize::MAX), usize::try_from(page.limit).unwrap_or(0));
    fernamt_api::Page { items: items.into_iter().skip(offset).take(limit).collect(), total }
}

/// Whether all words of `q` occur in `text`, in any case.
pub(crate) fn matches(q: Option<&str>, text: &str) -> bool {
    let text = text.to_lowercase();
    q.unwrap_or_default().to_lowercase().split_whitespace().all(|word| text.contains(word))
}
