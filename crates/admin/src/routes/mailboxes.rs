//! Functional mailboxes, and who may work in whose mailbox. An administrator grants; what lies in a mailbox stays closed
//! to whoever was granted nothing.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, patch, put},
};
use fernamt_api::{
    Page,
    admin::mailboxes::{FunctionalMailbox, NewMailbox, RenameMailbox},
    mail::{Delegate, DelegateList, GrantMailRights, MailPerson},
    page::ListQuery,
};
use fernamt_domain::{MailAccountId, PersonId, audit::AuditKind, mail::MailRights};
use fernamt_http::{Administrator, ApiError, Json, Path, Query, Session};
use fernamt_store::{MailAccountRecord, MailGrantRecord, PersonRecord, StoreError, TenantStore};
use serde_json::json;

use crate::{
    Admin,
    act::{cut, done, matches},
    check::Checks,
    error::AdminError,
    routes::people::is_login,
};

/// The most characters of a mailbox's name.
const MAX_NAME_CHARS: usize = 100;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/mailboxes", get(list).post(create))
        .route("/api/v1/admin/mailboxes/{id}", patch(rename).delete(remove))
        .route("/api/v1/admin/mailboxes/{id}/delegates/{person}", put(grant).delete(revoke))
        .route("/api/v1/admin/people/{id}/mailbox/delegates", get(of_person))
        .route("/api/v1/admin/people/{id}/mailbox/delegates/{person}", put(grant_of_person).delete(revoke_of_person))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<FunctionalMailbox>>, AdminError> {
    let tenant = mail_of(&session)?;
    let mut found = tenant.mail_accounts().functional().await?;
    found.retain(|account| matches(query.q.as_deref(), &format!("{} {}", account.name, account.address)));
    let Page { items: page, total } = cut(found, query.offset, query.limit);
    let mut items = Vec::with_capacity(page.len());
    for account in page {
        items.push(shown(tenant, account).await?);
    }
    Ok(Json(Page { items, total }))
}

async fn create(
    Administrator(session): Administrator,
    Json(new): Json<NewMailbox>,
) -> Result<(StatusCode, Json<FunctionalMailbox>), AdminError> {
    let tenant = mail_of(&session)?;
    let mut checks = Checks::default();
    checks.name("name", &new.name, MAX_NAME_CHARS);
    let detail = "it has 1 to 64 lower-case letters, digits, dots, hyphens and underscores";
    checks.that(is_login(&new.local_part), "local_part", "invalid", detail);
    checks.finish()?;
    let mut work = tenant.begin().await?;
    let address = format!("{}@{}", new.local_part, session.site.host.to_lowercase());
    // A person's own address is theirs before their first letter comes.
    let taken = work.mail_accounts().by_address(&address).await?.is_some()
        || work.people().by_name(&new.local_part).await?.is_some();
    let mut checks = Checks::default();
    checks.that(!taken, "local_part", "taken", "another mailbox or a person has this address");
    checks.finish()?;
    let account = work.mail_accounts().begin(None, &new.name, &address).await?;
    let details = json!({ "account": account.id });
    work.record(done(&session, AuditKind::Mail, "mailbox_created").details(details));
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(shown(tenant, account).await?)))
}

async fn rename(
    Administrator(session): Administrator,
    Path(id): Path<MailAccountId>,
    Json(change): Json<RenameMailbox>,
) -> Result<Json<FunctionalMailbox>, AdminError> {
    let tenant = mail_of(&session)?;
    let mut checks = Checks::default();
    checks.name("name", &change.name, MAX_NAME_CHARS);
    checks.finish()?;
    let mut work = tenant.begin().await?;
    let account = functional(work.mail_accounts().take(id).await?)?;
    work.mail_accounts().rename(id, &change.name).await?;
    work.tell_mail_delegates(&account).await?;
    work.record(done(&session, AuditKind::Mail, "mailbox_renamed").details(json!({ "account": id })));
    work.commit().await?;
    Ok(Json(shown(tenant, MailAccountRecord { name: change.name, ..account }).await?))
}

async fn remove(
    Administrator(session): Administrator,
    Path(id): Path<MailAccountId>,
) -> Result<StatusCode, AdminError> {
    let mut work = mail_of(&session)?.begin().await?;
    let account = functional(work.mail_accounts().take(id).await?)?;
    work.tell_mail_delegates(&account).await?;
    work.mail_accounts().remove(id).await?;
    work.record(done(&session, AuditKind::Mail, "mailbox_removed").details(json!({ "account": id })));
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn grant(
    Administrator(session): Administrator,
    Path((id, person)): Path<(MailAccountId, PersonId)>,
    Json(wanted): Json<GrantMailRights>,
) -> Result<Json<Delegate>, AdminError> {
    functional(mail_of(&session)?.mail_accounts().get(id).await?)?;
    share(&session, id, person, wanted).await
}

async fn revoke(
    Administrator(session): Administrator,
    Path((id, person)): Path<(MailAccountId, PersonId)>,
) -> Result<StatusCode, AdminError> {
    functional(mail_of(&session)?.mail_accounts().get(id).await?)?;
    unshare(&session, id, person).await
}

async fn of_person(
    Administrator(session): Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<DelegateList>, AdminError> {
    let tenant = mail_of(&session)?;
    tenant.people().get(id).await?;
    let mut items = Vec::new();
    for account in tenant.mail_accounts().of_owner(id).await? {
        items.extend(delegates(tenant, account.id).await?);
    }
    Ok(Json(DelegateList { items }))
}

async fn grant_of_person(
    Administrator(session): Administrator,
    Path((id, person)): Path<(PersonId, PersonId)>,
    Json(wanted): Json<GrantMailRights>,
) -> Result<Json<Delegate>, AdminError> {
    let work = mail_of(&session)?.begin().await?;
    let owner = work.people().get(id).await?;
    let account = match work.mail_accounts().of_owner(id).await?.into_iter().next() {
        Some(account) => account,
        // It begins with the first letter or the first sign-in, whichever comes first; or with this.
        None => {
            let address = format!("{}@{}", owner.name, session.site.host.to_lowercase());
            work.mail_accounts().begin(Some(id), &owner.display_name, &address).await?
        }
    };
    work.commit().await?;
    share(&session, account.id, person, wanted).await
}

async fn revoke_of_person(
    Administrator(session): Administrator,
    Path((id, person)): Path<(PersonId, PersonId)>,
) -> Result<StatusCode, AdminError> {
    let account = mail_of(&session)?.mail_accounts().of_owner(id).await?.into_iter().next();
    unshare(&session, account.ok_or_else(ApiError::not_found)?.id, person).await
}

async fn share(
    session: &Session,
    account: MailAccountId,
    person: PersonId,
    wanted: GrantMailRights,
) -> Result<Json<Delegate>, AdminError> {
    let rights: MailRights = wanted.rights.into();
    let mut checks = Checks::default();
    checks.that(!rights.is_empty(), "rights", "required", "name at least one right, or revoke them all");
    checks.finish()?;
    let mut work = session.site.tenant.begin().await?;
    let entry = done(session, AuditKind::Mail, "mail_granted");
    let grant = match work.share_mail(account, person, rights, entry).await {
        Err(StoreError::Conflict { .. }) => {
            return Err(ApiError::conflict("mailbox_owner", "it is this person's own mailbox").into());
        }
        grant => grant?,
    };
    let person = work.people().get(person).await?;
    work.commit().await?;
    Ok(Json(delegate(&grant, person)))
}

async fn unshare(session: &Session, account: MailAccountId, person: PersonId) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    work.unshare_mail(account, person, done(session, AuditKind::Mail, "mail_revoked")).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tenant, where people have mail at all.
fn mail_of(session: &Session) -> Result<&TenantStore, ApiError> {
    if session.site.web.mail { Ok(&session.site.tenant) } else { Err(ApiError::not_found()) }
}

/// The account, if it is nobody's own.
fn functional(account: MailAccountRecord) -> Result<MailAccountRecord, ApiError> {
    if account.owner.is_none() { Ok(account) } else { Err(ApiError::not_found()) }
}

async fn shown(tenant: &TenantStore, account: MailAccountRecord) -> Result<FunctionalMailbox, StoreError> {
    let delegates = delegates(tenant, account.id).await?;
    let MailAccountRecord { id, name, address, created_at, .. } = account;
    Ok(FunctionalMailbox { id, name, address, created_at, delegates })
}

/// Who may work in an account, by name.
async fn delegates(tenant: &TenantStore, account: MailAccountId) -> Result<Vec<Delegate>, StoreError> {
    let mut delegates = Vec::new();
    for grant in tenant.mail_grants().of_account(account).await? {
        match tenant.people().get(grant.person).await {
            Ok(person) => delegates.push(delegate(&grant, person)),
            // Removed while this was read.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    delegates.sort_by(|a, b| a.person.display_name.cmp(&b.person.display_name));
    Ok(delegates)
}

fn delegate(grant: &MailGrantRecord, person: PersonRecord) -> Delegate {
    let person = MailPerson { id: person.id, name: person.name, display_name: person.display_name };
    Delegate { person, rights: grant.rights.into(), granted_at: grant.granted_at }
}
