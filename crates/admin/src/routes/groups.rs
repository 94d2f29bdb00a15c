//! Groups: local ones are kept here, those of a directory are shown only.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, put},
};
use fernamt_api::{
    Page,
    admin::{
        groups::{GroupDetail, GroupMembers, GroupSummary, NewGroup, RenameGroup},
        people::{GroupRef, PersonSummary},
    },
    page::ListQuery,
};
use fernamt_domain::{DomainEvent, GroupId, PersonId, PersonSource, audit::AuditKind, feature::names};
use fernamt_http::{Administrator, ApiError, Json, Path, Query};
use fernamt_identity::feature;
use fernamt_store::{GroupRecord, StoreError, TenantStore, Work};
use serde_json::json;

use crate::{
    Admin,
    act::{done, page_of},
    check::Checks,
    error::{AdminError, used_by, used_by_features},
    people::holds_second_factor,
    usage::Usage,
    version,
};

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 200;

/// The most people in a group directly.
const MAX_PEOPLE: usize = 10_000;

/// The most groups inside a group directly.
const MAX_GROUPS: usize = 500;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/groups", get(list).post(create))
        .route("/api/v1/admin/groups/{id}", get(one).patch(rename).delete(remove))
        .route("/api/v1/admin/groups/{id}/members", put(set_members))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<GroupSummary>>, AdminError> {
    let tenant = &session.site.tenant;
    let found = tenant.groups().list(&page_of(&query)).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for record in found.items {
        items.push(summary(tenant, record).await?);
    }
    Ok(Json(Page { items, total: found.total }))
}

async fn one(Administrator(session): Administrator, Path(id): Path<GroupId>) -> Result<Json<GroupDetail>, AdminError> {
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn create(
    Administrator(session): Administrator,
    Json(new): Json<NewGroup>,
) -> Result<(StatusCode, Json<GroupDetail>), AdminError> {
    check_name(&new.name)?;
    let web = &session.site.web;
    let record = GroupRecord {
        id: GroupId::new(&*web.clock, &*web.rng),
        name: new.name,
        source: PersonSource::Local,
        directory: None,
        directory_dn: None,
        directory_key: None,
        created_at: web.clock.now(),
    };
    let mut work = session.site.tenant.begin().await?;
    work.groups().insert(&record).await?;
    work.record(done(&session, AuditKind::Group, "created").details(json!({ "group": record.id })));
    work.publish(DomainEvent::GroupChanged { group: record.id });
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(shown(&session.site.tenant, record.id).await?)))
}

async fn rename(
    Administrator(session): Administrator,
    Path(id): Path<GroupId>,
    Json(wanted): Json<RenameGroup>,
) -> Result<Json<GroupDetail>, AdminError> {
    check_name(&wanted.name)?;
    let mut work = session.site.tenant.begin().await?;
    let record = local(&work, id).await?;
    let (people, groups) = (work.groups().members(id).await?, work.groups().children(id).await?);
    version::expect(&wanted.version, &version_of(&record, &people, &groups))?;
    work.groups().update(&GroupRecord { name: wanted.name, ..record }).await?;
    work.record(done(&session, AuditKind::Group, "renamed").details(json!({ "group": id })));
    work.publish(DomainEvent::GroupChanged { group: id });
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<GroupId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    // Held, so that nobody names it meanwhile.
    let switches = feature::held(&work).await?;
    local(&work, id).await?;
    // A denying rule that names a group would deny less without it, so rules have to let go first.
    let rules = Usage::of(work.rules().all().await?).naming(id);
    if !rules.is_empty() {
        return Err(used_by(&rules).into());
    }
    if names(&switches, id) {
        return Err(used_by_features().into());
    }
    work.groups().remove(id).await?;
    work.record(done(&session, AuditKind::Group, "removed").details(json!({ "group": id })));
    work.publish(DomainEvent::GroupChanged { group: id });
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_members(
    Administrator(session): Administrator,
    Path(id): Path<GroupId>,
    Json(wanted): Json<GroupMembers>,
) -> Result<Json<GroupDetail>, AdminError> {
    let mut checks = Checks::default();
    checks.that(wanted.people.len() <= MAX_PEOPLE, "people", "too_many", "too many people");
    checks.that(wanted.groups.len() <= MAX_GROUPS, "groups", "too_many", "too many groups");
    checks.that(!wanted.groups.contains(&id), "groups", "circle", "a group cannot be inside itself");
    checks.finish()?;
    let mut work = session.site.tenant.begin().await?;
    let record = local(&work, id).await?;
    let (people, groups) = (work.groups().members(id).await?, work.groups().children(id).await?);
    version::expect(&wanted.version, &version_of(&record, &people, &groups))?;
    known(work.groups().set_members(id, &wanted.people).await, "people")?;
    known(work.groups().set_children(id, &wanted.groups).await, "groups")?;
    let (before, after) = (people.iter().collect::<BTreeSet<_>>(), wanted.people.iter().collect::<BTreeSet<_>>());
    let details = json!({
        "group": id,
        "joined": after.difference(&before).count(),
        "left": before.difference(&after).count(),
        "groups": wanted.groups,
    });
    for person in before.symmetric_difference(&after) {
        let action = if after.contains(*person) { "member_added" } else { "member_removed" };
        let entry = done(&session, AuditKind::Group, action).about(**person);
        work.record(entry.details(json!({ "group": id })));
    }
    work.record(done(&session, AuditKind::Group, "members_set").details(details));
    work.publish(DomainEvent::GroupChanged { group: id });
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

fn check_name(name: &str) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    checks.name("name", name, MAX_NAME_CHARS);
    Ok(checks.finish()?)
}

/// A group that is kept here. One of a directory is changed in the directory.
async fn local(work: &Work, id: GroupId) -> Result<GroupRecord, AdminError> {
    let record = work.groups().get(id).await?;
    if record.source == PersonSource::Local {
        Ok(record)
    } else {
        Err(ApiError::conflict("kept_in_directory", "the directory keeps this group").into())
    }
}

/// A reference to nobody is the field's fault.
fn known(result: Result<bool, StoreError>, path: &str) -> Result<bool, AdminError> {
    match result {
        Err(StoreError::Reference) => {
            Err(ApiError::invalid().field(path, "unknown", "one of them does not exist any more").into())
        }
        other => Ok(other?),
    }
}

async fn shown(tenant: &TenantStore, id: GroupId) -> Result<GroupDetail, AdminError> {
    let record = tenant.groups().get(id).await?;
    let (people, children) = (tenant.groups().members(id).await?, tenant.groups().children(id).await?);
    let version = version_of(&record, &people, &children);
    let mut members = Vec::with_capacity(people.len());
    for person in people {
        members.push(member(tenant, person).await?);
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut groups = Vec::with_capacity(children.len());
    for child in children {
        groups.push(GroupRef { id: child, name: tenant.groups().get(child).await?.name });
    }
    let used_by_rules = Usage::of(tenant.rules().all().await?).naming(id);
    Ok(GroupDetail { summary: summary(tenant, record).await?, version, members, groups, used_by_rules })
}

async fn summary(tenant: &TenantStore, record: GroupRecord) -> Result<GroupSummary, StoreError> {
    let people = tenant.groups().all_members(record.id).await?.len();
    let people = u32::try_from(people).unwrap_or(u32::MAX);
    Ok(GroupSummary { id: record.id, name: record.name, source: record.source, people })
}

/// A member as the list shows it; what they sign in with is on their own page.
async fn member(tenant: &TenantStore, id: PersonId) -> Result<PersonSummary, StoreError> {
    let record = tenant.people().get(id).await?;
    Ok(PersonSummary {
        id,
        name: record.name,
        display_name: record.display_name,
        source: record.source,
        state: record.state,
        roles: tenant.people().roles(id).await?,
        second_factor: holds_second_factor(tenant, id).await?,
    })
}

fn version_of(record: &GroupRecord, people: &[PersonId], groups: &[GroupId]) -> String {
    let (people, groups): (BTreeSet<_>, BTreeSet<_>) = (people.iter().collect(), groups.iter().collect());
    version::of(&(&record.name, people, groups))
}
