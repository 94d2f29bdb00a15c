//! Pictures that messages show and do not hold, for readers who ask for them. Neither the log nor the audit trail says which:
//! that would be a list of what people read.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use fernamt_api::mail::LoadPicture;
use fernamt_domain::MailAccountId;
use fernamt_http::{ApiError, Json, Path};
use mail_parser::PartType;
use url::Url;

use crate::{
    Mail,
    delegation::Actor,
    message::envelope::parse,
    pictures::{self, Fault},
    routes::{blobs::harmless, door::Approved},
};

pub(super) fn router() -> Router<Arc<Mail>> {
    Router::new().route("/api/v1/mail/accounts/{account}/pictures", post(load))
}

/// Fetches a picture that stands in a message which the caller may read.
async fn load(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    Path(account): Path<MailAccountId>,
    Json(wanted): Json<LoadPicture>,
) -> Result<Response, ApiError> {
    let tenant = &session.site.tenant;
    let flow = mail.picture_flow(tenant).await?;
    if !flow.enabled {
        let detail = "this administration has no pictures fetched from the internet";
        return Err(ApiError::forbidden("pictures_off", detail));
    }
    let opened = mail.open(tenant, &Actor::of(&session), &account.to_string()).await;
    let account = opened.map_err(|_| ApiError::not_found())?.to_read().id;
    let address = pictures::address_of(&wanted.url).ok_or_else(|| refused(Fault::Address))?;
    let pictures = &mail.parts.pictures;
    let Some(_turn) = pictures.turn(session.person()) else {
        let detail = "too many pictures at once; ask again when one of them is there";
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "pictures_busy", detail));
    };
    let email = tenant.emails().these(account, &[wanted.email]).await?.pop().ok_or_else(ApiError::not_found)?;
    let raw = tenant.mail_blobs().get(account, &email.print).await?.ok_or_else(ApiError::not_found)?;
    if !stands_in(&raw, &address) {
        let detail = "no picture of the message has this address";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_not_in_message", detail));
    }
    // A message may have 50 MB, and nobody needs it while a server elsewhere takes its time.
    drop(raw);
    let picture = pictures.fetch(address, flow.unencrypted).await.map_err(refused)?;
    harmless(&mail, &picture.bytes).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(picture.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, picture.bytes).into_response())
}

/// Whether the formatted view of a message shows a picture from this address.
fn stands_in(raw: &[u8], address: &Url) -> bool {
    let message = parse(raw);
    message.html_body.iter().filter_map(|number| message.part(*number)).any(|part| match &part.body {
        PartType::Html(html) => pictures::shows(html, address),
        _ => false,
    })
}

fn refused(fault: Fault) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, fault.code(), fault.to_string())
}
