//! Hardware tokens: imported from the vendor's file, handed to people, taken back.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{delete, get, post, put},
};
use fernamt_api::{
    Page,
    admin::tokens::{AssignToken, HardwareToken, ImportTokens, TokensImported},
    page::ListQuery,
    problem::FieldProblem,
};
use fernamt_domain::{DomainEvent, OtpTokenId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Query};
use fernamt_identity::token_file::{self, TokenFileError};
use fernamt_store::{OtpKind, OtpTokenRecord, StoreError, TenantStore, Work};
use serde_json::json;

use crate::{
    Admin,
    act::{done, page_of},
    check::Checks,
    error::AdminError,
    people,
};

/// The most faults of a file that are named.
const MAX_FAULTS: usize = 20;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/tokens", get(list))
        .route("/api/v1/admin/tokens/import", post(import))
        .route("/api/v1/admin/tokens/{id}", delete(remove))
        .route("/api/v1/admin/tokens/{id}/person", put(assign))
}

async fn list(
    Administrator(session): Administrator,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<HardwareToken>>, AdminError> {
    let tenant = &session.site.tenant;
    let found = tenant.otp_tokens().list_hardware(&page_of(&query)).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for token in found.items {
        items.push(shown(tenant, token).await?);
    }
    Ok(Json(Page { items, total: found.total }))
}

async fn import(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Json(request): Json<ImportTokens>,
) -> Result<Json<TokensImported>, AdminError> {
    let tokens = token_file::parse(request.file.expose().as_bytes()).map_err(|faults| {
        let named = faults.iter().take(MAX_FAULTS);
        named.fold(ApiError::invalid(), |error, fault| error.with_field(of_file(fault)))
    })?;
    let tenant = &session.site.tenant;
    let mut result = TokensImported { added: 0, known: Vec::new() };
    let mut work = tenant.begin().await?;
    for token in &tokens {
        if work.otp_tokens().by_serial(&token.serial).await?.is_some() {
            result.known.push(token.serial.clone());
            continue;
        }
        work.otp_tokens().insert(&admin.identity.hardware_token(tenant, token, session.situation.at)).await?;
        result.added += 1;
    }
    let details = json!({ "added": result.added, "known": result.known.len() });
    work.record(done(&session, AuditKind::SecondFactor, "tokens_imported").details(details));
    work.commit().await?;
    Ok(Json(result))
}

async fn assign(
    Administrator(session): Administrator,
    Path(id): Path<OtpTokenId>,
    Json(wanted): Json<AssignToken>,
) -> Result<Json<HardwareToken>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let token = hardware(&work, id).await?;
    if let Some(person) = wanted.person_id {
        let known = people::exists(work.people().get(person).await)?;
        let mut checks = Checks::default();
        checks.that(known, "person_id", "unknown", "this person does not exist any more");
        checks.finish()?;
    }
    if token.person != wanted.person_id {
        work.otp_tokens().assign(id, wanted.person_id).await?;
        for (person, action) in [(token.person, "token_taken_back"), (wanted.person_id, "token_handed_out")] {
            let Some(person) = person else { continue };
            let details = json!({ "token": id });
            work.record(done(&session, AuditKind::SecondFactor, action).about(person).details(details));
            work.publish(DomainEvent::PersonChanged { person });
        }
        work.commit().await?;
    }
    let tenant = &session.site.tenant;
    Ok(Json(shown(tenant, tenant.otp_tokens().get(id).await?).await?))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<OtpTokenId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let token = hardware(&work, id).await?;
    work.otp_tokens().remove(id).await?;
    let entry = done(&session, AuditKind::SecondFactor, "token_removed").details(json!({ "token": id }));
    work.record(token.person.map_or(entry.clone(), |person| entry.about(person)));
    if let Some(person) = token.person {
        work.publish(DomainEvent::PersonChanged { person });
    }
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn of_file(fault: &TokenFileError) -> FieldProblem {
    let problem = FieldProblem::new("file", fault.code(), fault.to_string());
    match fault.entry() {
        Some(entry) => problem.param("entry", entry),
        None => problem,
    }
}

/// A hardware token; somebody's app is not the administration's to hand around.
async fn hardware(work: &Work, id: OtpTokenId) -> Result<OtpTokenRecord, AdminError> {
    let token = work.otp_tokens().get(id).await?;
    if token.kind == OtpKind::Hardware { Ok(token) } else { Err(ApiError::not_found().into()) }
}

async fn shown(tenant: &TenantStore, token: OtpTokenRecord) -> Result<HardwareToken, StoreError> {
    let person_name = match token.person {
        Some(person) => Some(tenant.people().get(person).await?.display_name),
        None => None,
    };
    Ok(HardwareToken {
        id: token.id,
        serial: token.serial.unwrap_or_default(),
        algorithm: token.mode.as_str().to_owned(),
        person_id: token.person,
        person_name,
    })
}
