//! Who may work in an account, for its owner and for those who manage it.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, put},
};
use fernamt_api::mail::{Delegate, DelegateList, GrantMailRights, MailPerson};
use fernamt_domain::{MailAccountId, PersonId, feature::Feature, mail::MailRights};
use fernamt_http::{ApiError, Json, Path};
use fernamt_store::{MailGrantRecord, PersonRecord, StoreError, TenantStore, Work};

use crate::{
    Mail,
    delegation::{Actor, Need, still_may},
    jmap::error::MethodError,
    routes::door::{Approved, feature_off},
};

pub(super) fn router() -> Router<Arc<Mail>> {
    Router::new()
        .route("/api/v1/mail/accounts/{account}/delegates", get(list))
        .route("/api/v1/mail/accounts/{account}/delegates/{person}", put(grant).delete(revoke))
}

async fn list(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path(account): Path<MailAccountId>,
) -> Result<Json<DelegateList>, ApiError> {
    let tenant = &session.site.tenant;
    let opened =
        mail.open(tenant, &Actor::of(&session), &account.to_string()).await.map_err(|error| refused(&error))?;
    opened.to(Need::Manage).map_err(|error| refused(&error))?;
    let mut items = Vec::new();
    for grant in tenant.mail_grants().of_account(account).await? {
        match tenant.people().get(grant.person).await {
            Ok(person) => items.push(delegate(&grant, person)),
            // Removed while this was read.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    items.sort_by(|a, b| a.person.display_name.cmp(&b.person.display_name));
    Ok(Json(DelegateList { items }))
}

async fn grant(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path((account, person)): Path<(MailAccountId, PersonId)>,
    Json(wanted): Json<GrantMailRights>,
) -> Result<Json<Delegate>, ApiError> {
    let rights: MailRights = wanted.rights.into();
    if rights.is_empty() {
        let detail = "name at least one right, or revoke them all";
        return Err(ApiError::invalid().field("rights", "required", detail));
    }
    let actor = Actor::of(&session);
    let features = mail.features_of(&session.site.tenant, session.person()).await?;
    let mut work = managed(&mail, &session.site.tenant, &actor, account).await?;
    if !features.has(Feature::Sharing) {
        // Taking rights away stays possible, some of them as well as all.
        let present = work.mail_grants().get(account, person).await?.map_or(MailRights::NONE, |grant| grant.rights);
        if rights.iter().any(|right| !present.has(right)) {
            return Err(feature_off(Feature::Sharing));
        }
    }
    let grant = match work.share_mail(account, person, rights, actor.did("mail_granted")).await {
        Err(StoreError::Conflict { .. }) => {
            return Err(ApiError::conflict("mailbox_owner", "it is this person's own mailbox"));
        }
        Err(StoreError::TooMany { what, limit }) => {
            let error = ApiError::conflict("too_many", "no more of these are allowed");
            return Err(error.param("what", what).param("limit", limit));
        }
        grant => grant?,
    };
    let person = work.people().get(person).await?;
    work.commit().await?;
    Ok(Json(delegate(&grant, person)))
}

async fn revoke(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path((account, person)): Path<(MailAccountId, PersonId)>,
) -> Result<StatusCode, ApiError> {
    let actor = Actor::of(&session);
    let mut work = managed(&mail, &session.site.tenant, &actor, account).await?;
    work.unshare_mail(account, person, actor.did("mail_revoked")).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A unit of work that took an account which the caller manages: they do so until its end.
async fn managed(mail: &Mail, tenant: &TenantStore, actor: &Actor, account: MailAccountId) -> Result<Work, ApiError> {
    let opened = mail.open(tenant, actor, &account.to_string()).await.map_err(|error| refused(&error))?;
    opened.to(Need::Manage).map_err(|error| refused(&error))?;
    let work = tenant.begin().await?;
    still_may(&work, account, actor, Need::Manage).await.map_err(|error| refused(&error))?;
    Ok(work)
}

fn delegate(grant: &MailGrantRecord, person: PersonRecord) -> Delegate {
    let person = MailPerson { id: person.id, name: person.name, display_name: person.display_name };
    Delegate { person, rights: grant.rights.into(), granted_at: grant.granted_at }
}

fn refused(error: &MethodError) -> ApiError {
    if error.is_forbidden() {
        ApiError::forbidden("mail_not_managed", "who may work in this mailbox is said by its owner and who manages it")
    } else {
        ApiError::not_found()
    }
}
