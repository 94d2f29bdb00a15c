//! People: made, changed and removed one by one. What ends somebody's access ends what runs, too.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{Router, http::StatusCode, routing::get};
use fernamt_api::{
    Page,
    admin::people::{ChangePerson, CreatedPerson, GroupRef, NewPerson, PersonDetail, PersonSummary},
    page::ListQuery,
};
use fernamt_domain::{DomainEvent, GroupId, PersonId, PersonSource, PersonState, Role, audit::AuditKind};
use fernamt_http::{Administrator, Json, Path, Query, Session};
use fernamt_store::{PersonRecord, StoreError, TenantStore, Work};
use serde_json::json;

use crate::{
    Admin,
    act::{done, page_of},
    check::Checks,
    error::AdminError,
    guard::{not_oneself, somebody_administers},
    password,
    people::holds_second_factor,
    version,
};

/// The most characters of a sign-in name.
const MAX_LOGIN_CHARS: usize = 64;

/// The most characters of the name that others see.
const MAX_DISPLAY_NAME_CHARS: usize = 200;

/// The most groups that a person is put into at once.
const MAX_GROUPS: usize = 200;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/people", get(list).post(create))
        .route("/api/v1/admin/people/{id}", get(one).patch(change).delete(remove))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<PersonSummary>>, AdminError> {
    let tenant = &session.site.tenant;
    let found = tenant.people().list(&page_of(&query)).await?;
    let mut roles: HashMap<PersonId, Vec<Role>> = HashMap::new();
    for (person, role) in tenant.people().all_roles().await? {
        roles.entry(person).or_default().push(role);
    }
    let mut items = Vec::with_capacity(found.items.len());
    for record in &found.items {
        items.push(summary(tenant, record, roles.remove(&record.id).unwrap_or_default()).await?);
    }
    Ok(Json(Page { items, total: found.total }))
}

async fn one(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonDetail>, AdminError> {
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn create(
    Administrator(session): Administrator,
    axum::extract::State(admin): axum::extract::State<Arc<Admin>>,
    Json(new): Json<NewPerson>,
) -> Result<(StatusCode, Json<CreatedPerson>), AdminError> {
    check_new(&new)?;
    let web = &session.site.web;
    let made_up = new.password.is_none().then(|| password::make_up(&*web.rng, &new.name, &new.display_name));
    let typed = made_up.as_ref().or(new.password.as_ref());
    // Hashing is slow on purpose, so it is done before the unit of work begins.
    let hash = match typed {
        Some(password) => Some(admin.hash(password).await?),
        None => None,
    };
    let record = PersonRecord {
        id: PersonId::new(&*web.clock, &*web.rng),
        name: new.name.clone(),
        display_name: new.display_name.clone(),
        source: PersonSource::Local,
        directory: None,
        directory_dn: None,
        directory_key: None,
        password_hash: hash,
        state: PersonState::Active,
        language: new.language.clone().unwrap_or_else(|| "de".to_owned()),
        created_at: web.clock.now(),
        removed_at: None,
    };
    let mut work = session.site.tenant.begin().await?;
    let address = format!("{}@{}", record.name, session.site.host.to_lowercase());
    let mut checks = Checks::default();
    let free = work.mail_accounts().by_address(&address).await?.is_none();
    checks.that(free, "name", "taken", "a mailbox has the address that comes with this name");
    checks.finish()?;
    work.people().insert(&record).await?;
    work.people().set_roles(record.id, &unique(&new.roles)).await?;
    join(&mut work, record.id, &new.groups).await?;
    let details = json!({ "roles": new.roles, "groups": new.groups });
    work.record(done(&session, AuditKind::Person, "created").about(record.id).details(details));
    work.publish(DomainEvent::PersonChanged { person: record.id });
    work.commit().await?;
    let person = shown(&session.site.tenant, record.id).await?;
    let password = made_up.map(|password| password.expose().clone());
    Ok((StatusCode::CREATED, Json(CreatedPerson { person, password })))
}

async fn change(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
    Json(change): Json<ChangePerson>,
) -> Result<Json<PersonDetail>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let record = work.people().get(id).await?;
    let held = work.people().roles(id).await?;
    let groups = local_groups(&work, id).await?;
    version::expect(&change.version, &version_of(&record, &held, &groups))?;
    check_change(&change, &record)?;
    let mut details = serde_json::Map::new();
    if let Some(name) = &change.display_name {
        work.people().update(&PersonRecord { display_name: name.clone(), ..record.clone() }).await?;
        details.insert("display_name".into(), json!("changed"));
    }
    if let Some(roles) = change.roles.as_deref().map(unique) {
        if held.contains(&Role::Administrator) && !roles.contains(&Role::Administrator) {
            not_oneself(&session, id)?;
        }
        work.people().set_roles(id, &roles).await?;
        details.insert("roles".into(), json!({ "before": held, "after": roles }));
    }
    if let Some(wanted) = &change.groups {
        for group in groups.iter().filter(|group| !wanted.contains(group)) {
            work.groups().remove_member(*group, id).await?;
            work.publish(DomainEvent::GroupChanged { group: *group });
        }
        let new: Vec<_> = wanted.iter().filter(|group| !groups.contains(group)).copied().collect();
        join(&mut work, id, &new).await?;
        details.insert("groups".into(), json!({ "before": groups, "after": wanted }));
    }
    somebody_administers(&work).await?;
    work.record(done(&session, AuditKind::Person, "changed").about(id).details(details.into()));
    work.publish(DomainEvent::PersonChanged { person: id });
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<PersonId>) -> Result<StatusCode, AdminError> {
    not_oneself(&session, id)?;
    let mut work = session.site.tenant.begin().await?;
    work.remove_person(id).await?;
    somebody_administers(&work).await?;
    work.record(done(&session, AuditKind::Person, "removed").about(id));
    work.publish(DomainEvent::PersonChanged { person: id });
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person with everything an administrator needs.
pub(crate) async fn shown(tenant: &TenantStore, id: PersonId) -> Result<PersonDetail, AdminError> {
    let record = tenant.people().get(id).await?;
    let roles = tenant.people().roles(id).await?;
    let mut groups = Vec::new();
    let mut local = Vec::new();
    for group in tenant.groups().of_person(id).await? {
        let group = tenant.groups().get(group).await?;
        if group.source == PersonSource::Local {
            local.push(group.id);
        }
        groups.push(GroupRef { id: group.id, name: group.name });
    }
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(PersonDetail {
        version: version_of(&record, &roles, &local),
        devices: count(tenant.devices().of_person(id).await?.len()),
        open_sessions: count(tenant.sessions().live_of_person(id).await?.len()),
        created_at: record.created_at,
        deleted_on: None,
        groups,
        summary: summary(tenant, &record, roles).await?,
    })
}

async fn summary(tenant: &TenantStore, record: &PersonRecord, roles: Vec<Role>) -> Result<PersonSummary, StoreError> {
    let second_factor = holds_second_factor(tenant, record.id).await?;
    Ok(PersonSummary {
        id: record.id,
        name: record.name.clone(),
        display_name: record.display_name.clone(),
        source: record.source,
        state: record.state,
        roles,
        second_factor,
    })
}

/// Puts a person into local groups; a directory's groups are filled by the directory.
async fn join(work: &mut Work, person: PersonId, groups: &[GroupId]) -> Result<(), AdminError> {
    for group in groups {
        let local = match work.groups().get(*group).await {
            Ok(record) => record.source == PersonSource::Local,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => return Err(error.into()),
        };
        let mut checks = Checks::default();
        checks.that(local, "groups", "unknown", "one of the groups does not exist or is kept in the directory");
        checks.finish()?;
        work.groups().add_member(*group, person).await?;
        work.publish(DomainEvent::GroupChanged { group: *group });
    }
    Ok(())
}

/// The local groups that a person is in directly.
async fn local_groups(work: &Work, person: PersonId) -> Result<Vec<GroupId>, StoreError> {
    let mut local = Vec::new();
    for group in work.groups().of_person(person).await? {
        if work.groups().get(group).await?.source == PersonSource::Local {
            local.push(group);
        }
    }
    Ok(local)
}

fn version_of(record: &PersonRecord, roles: &[Role], local_groups: &[GroupId]) -> String {
    let (roles, groups): (BTreeSet<_>, BTreeSet<_>) = (roles.iter().collect(), local_groups.iter().collect());
    version::of(&(&record.name, &record.display_name, record.state, roles, groups))
}

fn check_new(new: &NewPerson) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    let detail = "a sign-in name has 1 to 64 lower-case letters, digits, dots, hyphens and underscores";
    checks.that(is_login(&new.name), "name", if new.name.is_empty() { "required" } else { "invalid" }, detail);
    checks.name("display_name", &new.display_name, MAX_DISPLAY_NAME_CHARS);
    check_language(&mut checks, new.language.as_deref());
    checks.that(new.groups.len() <= MAX_GROUPS, "groups", "too_many", "too many groups at once");
    if let Some(password) = &new.password {
        password::check(&mut checks, password, &new.name, &new.display_name);
    }
    Ok(checks.finish()?)
}

fn check_change(change: &ChangePerson, record: &PersonRecord) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    if let Some(name) = &change.display_name {
        checks.name("display_name", name, MAX_DISPLAY_NAME_CHARS);
        let free = record.source == PersonSource::Local || *name == record.display_name;
        checks.that(free, "display_name", "kept_in_directory", "the directory keeps this person's name");
    }
    let few = change.groups.as_ref().is_none_or(|groups| groups.len() <= MAX_GROUPS);
    checks.that(few, "groups", "too_many", "too many groups at once");
    Ok(checks.finish()?)
}

fn check_language(checks: &mut Checks, language: Option<&str>) {
    checks.that(
        language.is_none_or(|word| ["de", "en"].contains(&word)),
        "language",
        "invalid",
        "a language is de or en",
    );
}

/// Whether a text can be a sign-in name, and so the first part of an address.
pub(crate) fn is_login(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    (1..=MAX_LOGIN_CHARS).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with(['.', '-'])
}

fn unique(roles: &[Role]) -> Vec<Role> {
    roles.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// A person whose password is kept here.
pub(crate) async fn local_person(session: &Session, id: PersonId) -> Result<PersonRecord, AdminError> {
    let record = session.site.tenant.people().get(id).await?;
    if record.source == PersonSource::Local {
        Ok(record)
    } else {
        Err(fernamt_http::ApiError::conflict("kept_in_directory", "the directory keeps this person's password").into())
    }
}
