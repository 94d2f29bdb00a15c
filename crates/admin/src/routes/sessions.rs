//! Sessions and connections that are open now. Nobody's past is shown: there is no list of who worked when.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{delete, get},
};
use fernamt_api::{
    Page,
    admin::sessions::{Connection, OpenSession},
    page::ListQuery,
};
use fernamt_domain::{DomainEvent, EndReason, GrantId, SessionId, audit::AuditKind};
use fernamt_http::{ApiError, ControlDesk, Json, Path, Query};
use fernamt_identity::settings;
use fernamt_store::{MAX_PAGE_ROWS, SessionRecord, StoreError, TenantStore};
use time::OffsetDateTime;

use crate::{
    Admin,
    act::{cut, done, matches},
    error::AdminError,
    people,
};

/// The most sessions that are looked through.
const MAX_SESSIONS: u64 = 20_000;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/sessions", get(list))
        .route("/api/v1/admin/sessions/{id}", delete(end_session))
        .route("/api/v1/admin/connections/{id}", delete(end_connection))
}

async fn list(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<OpenSession>>, AdminError> {
    let tenant = &session.site.tenant;
    let names = people::names(tenant).await?;
    let own = tenant.targets().of_owners().await?;
    let targets: HashMap<_, _> =
        tenant.targets().all().await?.into_iter().chain(own).map(|target| (target.id, target.name)).collect();
    let mut connections: HashMap<SessionId, Vec<Connection>> = HashMap::new();
    for grant in admin.identity.authoriser().grants().snapshot().into_iter().filter(|grant| grant.tenant == tenant.id())
    {
        connections.entry(grant.facts.session).or_default().push(Connection {
            id: grant.id,
            target_id: grant.target,
            target_name: targets.get(&grant.target).cloned().unwrap_or_default(),
            since: grant.situation.at,
        });
    }
    let mut found = open(tenant, session.situation.at).await?;
    let name_of = |open: &SessionRecord| names.get(&open.person).cloned().unwrap_or_default();
    found.retain(|open| matches(query.q.as_deref(), &name_of(open)));
    let page = cut(found, query.offset, query.limit);
    let mut items = Vec::with_capacity(page.items.len());
    for open in page.items {
        let mut running = connections.remove(&open.id).unwrap_or_default();
        running.sort_by_key(|connection| connection.since);
        items.push(OpenSession {
            id: open.id,
            person_id: open.person,
            person_name: name_of(&open),
            device_kind: open.device_kind,
            device_name: device_name(tenant, &open).await?,
            methods: open.methods,
            zone: open.zone,
            created_at: open.created_at,
            expires_at: open.expires_at,
            connections: running,
        });
    }
    Ok(Json(Page { items, total: page.total }))
}

async fn end_session(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let record = work.sessions().get(id).await?;
    if !work.sessions().end(id).await? {
        // Its device may still have been told of mail; that is over now.
        work.commit().await?;
        return Err(ApiError::not_found().into());
    }
    let mut entry = done(&session, AuditKind::SessionEnd, "ended_by_administrator").about(record.person);
    entry.session = Some(id);
    work.record(entry);
    work.publish(DomainEvent::SessionEnded { session: id });
    work.commit().await?;
    let grants = admin.identity.authoriser().grants();
    grants.end_where(EndReason::EndedByAdministrator, |grant| grant.facts.session == id);
    Ok(StatusCode::NO_CONTENT)
}

async fn end_connection(
    ControlDesk(session): ControlDesk,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<GrantId>,
) -> Result<StatusCode, AdminError> {
    let tenant = &session.site.tenant;
    let grants = admin.identity.authoriser().grants();
    // A grant of another tenant does not exist for this one.
    let grant = grants.snapshot().into_iter().find(|grant| grant.id == id && grant.tenant == tenant.id());
    let grant = grant.ok_or_else(ApiError::not_found)?;
    let mut entry = done(&session, AuditKind::ConnectionEnd, "ended_by_administrator").about(grant.facts.person);
    entry = entry.on(grant.target).session(grant.facts.session);
    tenant.record(entry).await?;
    grants.end(id, EndReason::EndedByAdministrator);
    Ok(StatusCode::NO_CONTENT)
}

/// Sessions that are neither ended, nor expired, nor idle for too long.
async fn open(tenant: &TenantStore, now: OffsetDateTime) -> Result<Vec<SessionRecord>, StoreError> {
    let idle = settings::idle(&*settings::load(tenant).await?);
    let mut all = Vec::new();
    for offset in (0..MAX_SESSIONS).step_by(usize::try_from(MAX_PAGE_ROWS).unwrap_or(1)) {
        let page = fernamt_store::Page { search: None, offset, limit: MAX_PAGE_ROWS };
        let found = tenant.sessions().live_page(&page).await?;
        let last = (found.len() as u64) < MAX_PAGE_ROWS;
        all.extend(found.into_iter().filter(|open| open.seen_at + idle > now));
        if last {
            break;
        }
    }
    Ok(all)
}

async fn device_name(tenant: &TenantStore, open: &SessionRecord) -> Result<String, StoreError> {
    let Some(id) = open.device else { return Ok(String::new()) };
    match tenant.devices().get(id).await {
        Ok(device) => Ok(device.name),
        Err(StoreError::NotFound(_)) => Ok(String::new()),
        Err(error) => Err(error),
    }
}
