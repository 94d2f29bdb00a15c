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
use fernamt_domain::{MailAccountId, feature::Feature};
use fernamt_http::{ApiError, Json, Path};
use mail_parser::PartType;
use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};
use url::Url;

use crate::{
    Mail,
    delegation::Actor,
    message::envelope::parse,
    pictures::{self, Fault, NoTurn},
    routes::{
        blobs::harmless,
        door::{Approved, feature_off},
        held,
    },
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
    let (true, Some(pictures)) = (flow.enabled, &mail.parts.pictures) else {
        let detail = "this administration has no pictures fetched from the internet";
        return Err(ApiError::forbidden("pictures_off", detail));
    };
    let opened = mail.open(tenant, &Actor::of(&session), &account.to_string()).await;
    let opened = opened.map_err(|_| ApiError::not_found())?;
    if !opened.offers(Feature::Pictures) {
        return Err(feature_off(Feature::Pictures));
    }
    let account = opened.to_read().id;
    let address = pictures::address_of(&wanted.url).ok_or_else(|| refused(Fault::Address))?;
    let turn = pictures.turn(session.person(), mail.parts.clock.now()).map_err(no_turn)?;
    let told = |fault: Fault| {
        if fault == Fault::Busy {
            turn.uncount();
        }
        refused(fault)
    };
    let until = pictures.deadline();
    let email = tenant.emails().these(account, &[wanted.email]).await?.pop().ok_or_else(ApiError::not_found)?;
    let reader = pictures.reader(until).await.map_err(told)?;
    let raw = tenant.mail_blobs().get(account, &email.print).await?.ok_or_else(ApiError::not_found)?;
    let found = spawn_blocking({
        let address = address.clone();
        move || stands_in(raw, &address, reader)
    });
    if !found.await.map_err(|error| ApiError::internal(&error))? {
        let detail = "no picture of the message has this address";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_not_in_message", detail));
    }
    let (picture, place) = pictures.fetch(tenant.id(), address, flow.unencrypted, until).await.map_err(told)?;
    if mail.parts.scanner.is_some() {
        pictures.scan(until, harmless(&mail, &picture.bytes)).await.map_err(told)??;
    }
    drop(place);
    let headers = [
        (header::CONTENT_LENGTH, HeaderValue::from(picture.bytes.len())),
        (header::CONTENT_TYPE, HeaderValue::from_static(picture.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, held::body(picture.bytes, turn, held::LONGEST_READ)).into_response())
}

/// Whether the formatted view of a message shows a picture from this address. The reader goes along with the message: a
/// request that is dropped half-way must not make room for another message while this one is read.
fn stands_in(raw: Vec<u8>, address: &Url, reader: OwnedSemaphorePermit) -> bool {
    let message = parse(&raw);
    let htmls = message.html_body.iter().filter_map(|number| match &message.part(*number)?.body {
        PartType::Html(html) => Some(&**html),
        _ => None,
    });
    let shown = pictures::show(htmls, address);
    drop(message);
    drop(raw);
    drop(reader);
    shown
}

fn no_turn(fault: NoTurn) -> ApiError {
    match fault {
        NoTurn::Busy => refused(Fault::Busy),
        NoTurn::Spent(seconds) => {
            let detail = "these are all pictures that one person may ask for in an hour; wait for the next one";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "pictures_spent", detail).param("retry_after_s", seconds)
        }
    }
}

fn refused(fault: Fault) -> ApiError {
    match fault {
        Fault::Busy => {
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, fault.code(), fault.to_string()).param("retry_after_s", 1)
        }
        _ => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, fault.code(), fault.to_string()),
    }
}
