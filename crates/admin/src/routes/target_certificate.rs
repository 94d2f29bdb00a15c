//! A target's certificate: looked at, compared by the administrator, pinned. And whether a target answers.

use std::sync::Arc;

use axum::{Router, extract::State, routing::post};
use fernamt_api::admin::targets::{LearntCertificate, PinCertificate, Target};
use fernamt_domain::{DomainEvent, TargetId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Session};
use fernamt_store::TargetHealthRecord;
use serde_json::json;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::targets::shown;
use crate::{Admin, act::done, error::AdminError, targets::convert::sha256};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/targets/{id}/certificate", post(look).put(pin))
        .route("/api/v1/admin/targets/{id}/check", post(check))
}

async fn look(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<TargetId>,
) -> Result<Json<LearntCertificate>, AdminError> {
    let seen = look_at(&session, &admin, id).await?;
    let Some(certificate) = seen.certificate else {
        let detail = seen.detail.unwrap_or_else(|| "no_certificate".to_owned());
        return Err(ApiError::conflict("no_certificate", "the target showed no certificate")
            .param("detail", detail)
            .into());
    };
    Ok(Json(describe(&certificate)?))
}

async fn check(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<TargetId>,
) -> Result<Json<Target>, AdminError> {
    look_at(&session, &admin, id).await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

async fn pin(
    Administrator(session): Administrator,
    Path(id): Path<TargetId>,
    Json(wanted): Json<PinCertificate>,
) -> Result<Json<Target>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    work.targets().get(id).await?;
    let certificate = match &wanted.sha256 {
        None => None,
        // Only what the target was seen with can be pinned, and only if it is what the administrator compared.
        Some(wanted) => {
            let seen = work.targets().health(id).await?.and_then(|health| health.certificate);
            let fits = seen.filter(|seen| sha256(seen).eq_ignore_ascii_case(wanted.trim()));
            Some(fits.ok_or_else(|| {
                ApiError::conflict("other_certificate", "the target shows another certificate by now; look again")
            })?)
        }
    };
    work.targets().pin_certificate(id, certificate).await?;
    let action = if wanted.sha256.is_some() { "certificate_pinned" } else { "certificate_unpinned" };
    work.record(done(&session, AuditKind::Target, action).on(id).details(json!({ "sha256": wanted.sha256 })));
    work.publish(DomainEvent::TargetChanged { target: id });
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant, id).await?))
}

/// Looks at the target now and keeps what was seen.
async fn look_at(session: &Session, admin: &Admin, id: TargetId) -> Result<TargetHealthRecord, AdminError> {
    let tenant = &session.site.tenant;
    let target = tenant.targets().get(id).await?;
    let seen = admin.prober.look(&target).await;
    let work = tenant.begin().await?;
    work.targets().set_health(&seen).await?;
    work.commit().await?;
    Ok(seen)
}

pub(crate) fn describe(certificate: &[u8]) -> Result<LearntCertificate, AdminError> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| ApiError::conflict("unreadable_certificate", "the target's certificate cannot be read"))?;
    Ok(LearntCertificate {
        sha256: sha256(certificate),
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_after: OffsetDateTime::from_unix_timestamp(parsed.validity().not_after.timestamp())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
    })
}
