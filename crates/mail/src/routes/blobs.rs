//! Raw bytes up and down (RFC 8620, section 6).

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fernamt_domain::{MailAccountId, feature::Feature};
use fernamt_http::{
    ApiError,
    extract::{Path, Query},
};
use fernamt_store::{StoreError, TenantStore, Work};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Mail,
    delegation::{Actor, Need, still_may},
    jmap::error::{MethodError, RequestError},
    message::{
        blob_id::{BlobId, print_of},
        body::contents,
        compose::is_media_type,
        envelope::parse,
    },
    routes::{
        busy::Kind,
        door::{Approved, feature_off},
    },
    scan::Scanned,
};

/// The most bytes of an account's uploads that belong to no message yet.
pub(crate) const MAX_UPLOADED_BYTES: u64 = 250_000_000;

/// Bytes that an account may read: whole ones, or a part of a message.
pub(crate) async fn blob(
    tenant: &TenantStore,
    account: MailAccountId,
    id: &BlobId,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(part(tenant.mail_blobs().get(account, &id.print).await?, id))
}

/// The same inside a unit of work.
pub(crate) async fn blob_in(work: &Work, account: MailAccountId, id: &BlobId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(part(work.mail_blobs().get(account, &id.print).await?, id))
}

fn part(raw: Option<Vec<u8>>, id: &BlobId) -> Option<Vec<u8>> {
    id.parts.iter().try_fold(raw?, |raw, number| {
        let message = parse(&raw);
        Some(contents(&message, message.part(*number)?).into_owned())
    })
}

/// Takes bytes in, for a message that is to be made of them.
pub(super) async fn upload(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let Some(_turn) = mail.busy.turn(session.facts.session, Kind::Upload) else {
        return Ok(RequestError::Limit("maxConcurrentUpload").into_response());
    };
    let Ok(body) = body else { return Ok(RequestError::Limit("maxSizeUpload").into_response()) };
    let tenant = &session.site.tenant;
    let actor = Actor::of(&session);
    let opened = mail.open(tenant, &actor, &account).await.map_err(|error| refused(&error))?;
    let account = opened.to(Need::Change).map_err(|error| refused(&error))?.id;
    harmless(&mail, &body).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.filter(|kind| kind.len() <= 200).unwrap_or("application/octet-stream");
    let (print, size) = (print_of(&body), body.len() as u64);
    let work = tenant.begin().await?;
    still_may(&work, account, &actor, Need::Change).await.map_err(|error| refused(&error))?;
    if !room_for(work.mail_blobs().uploads(account).await?, size) {
        return Ok(RequestError::Limit("maxUploadedBytes").into_response());
    }
    work.mail_blobs().upload(account, &print, kind, &body).await?;
    work.commit().await?;
    let blob = BlobId::from(print).to_string();
    let answer = json!({ "accountId": account, "blobId": blob, "type": kind, "size": size });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Refuses what the scanner knows for malware or did not look at, where there is one.
pub(super) async fn harmless(mail: &Mail, bytes: &[u8]) -> Result<(), ApiError> {
    let Some(scanner) = &mail.parts.scanner else { return Ok(()) };
    let refuse = |code, detail| Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail));
    match scanner.scan(bytes).await {
        Scanned::Clean => Ok(()),
        Scanned::Malware(name) => refuse("malware_found", "the scanner found malware in it")
            .map_err(|error: ApiError| error.param("name", name)),
        Scanned::TooLarge => refuse("not_scanned", "it is larger than the malware scanner takes"),
        Scanned::Unknown => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "scanner_unavailable",
            "the malware scanner cannot be asked; try again later",
        )),
    }
}

fn refused(error: &MethodError) -> ApiError {
    if *error == MethodError::account_read_only() {
        ApiError::forbidden("mail_read_only", "this mail account is open to you for reading alone")
    } else {
        ApiError::not_found()
    }
}

/// Whether so many bytes may be added to those that belong to no message yet.
pub(crate) fn room_for(uploaded: u64, size: u64) -> bool {
    uploaded.saturating_add(size) <= MAX_UPLOADED_BYTES
}

/// How bytes are to be sent.
#[derive(Debug, Deserialize)]
pub(super) struct As {
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// Sends bytes out. They are somebody else's words: nothing in them may run here, whatever they claim to be.
pub(super) async fn download(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path((account, id, name)): Path<(String, String, String)>,
    Query(wanted): Query<As>,
) -> Result<Response, ApiError> {
    let tenant = &session.site.tenant;
    let opened = mail.open(tenant, &Actor::of(&session), &account).await.map_err(|_| ApiError::not_found())?;
    if !opened.offers(Feature::Attachments) {
        return Err(feature_off(Feature::Attachments));
    }
    let account = opened.to_read();
    let id: BlobId = id.parse().map_err(|_| ApiError::not_found())?;
    let bytes = blob(tenant, account.id, &id).await?.ok_or_else(ApiError::not_found)?;
    harmless(&mail, &bytes).await?;
    let kind = wanted.kind.filter(|kind| is_media_type(kind)).and_then(|kind| HeaderValue::from_str(&kind).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let disposition = HeaderValue::from_str(&disposition(&name)).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes).into_response())
}

/// A file to be kept under this name (RFC 6266).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "._- ".contains(letter) { letter } else { '_' })
        .collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _ = write!(coded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_uploaded_and_no_more() {
        assert!(room_for(MAX_UPLOADED_BYTES - 7, 7) && !room_for(MAX_UPLOADED_BYTES - 7, 8));
        assert!(!room_for(u64::MAX, u64::MAX));
    }

    #[test]
    fn a_file_name_stays_a_file_name() {
        let found = disposition("Müll\"\r\nX: y.pdf");
        assert_eq!(found, "attachment; filename=\"M_ll___X_ y.pdf\"; filename*=UTF-8''M%C3%BCll%22%0D%0AX%3A%20y.pdf");
        assert!(HeaderValue::from_str(&found).is_ok());
    }
}
