//! Webhooks: made, tried, watched.

use std::{str::FromStr as _, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use fernamt_api::conference::webhooks::{
    ChangeWebhook, Delivery, DeliveryState, Webhook, WebhookEvent, WebhookFields, WebhookWithSecret,
};
use fernamt_domain::{DeliveryId, Secret, WebhookId, audit::AuditKind, rng::random_token};
use fernamt_http::{Administrator, ApiError, Exact, Json, Path, version};
use fernamt_store::{DeliveryRecord, StoreError, TenantStore, WebhookRecord};
use serde_json::json;

use crate::{
    Conference,
    act::done,
    check::Checks,
    error::ConferenceError,
    webhooks::{self, SECRET_BYTES, events_of, sealed_for, target_of},
};

/// The most characters of a name.
const MAX_NAME_CHARS: u16 = 100;
/// The most characters of an address.
const MAX_URL_CHARS: usize = 500;
/// The deliveries that are shown.
const MOST_DELIVERIES: u64 = 100;

pub(crate) fn router() -> Router<Arc<Conference>> {
    Router::new()
        .route("/api/v1/admin/webhooks", get(list).post(create))
        .route("/api/v1/admin/webhooks/{id}", get(one).put(change).delete(remove))
        .route("/api/v1/admin/webhooks/{id}/secret", post(renew_secret))
        .route("/api/v1/admin/webhooks/{id}/trial", post(trial))
        .route("/api/v1/admin/webhooks/{id}/deliveries", get(deliveries))
        .route("/api/v1/admin/webhook-deliveries/{id}/retry", post(retry))
}

async fn list(Administrator(session): Administrator) -> Result<Json<Vec<Webhook>>, ConferenceError> {
    let tenant = &session.site.tenant;
    let mut shown = Vec::new();
    for webhook in tenant.webhooks().all().await? {
        shown.push(show(tenant, &webhook).await?);
    }
    Ok(Json(shown))
}

async fn one(
    Administrator(session): Administrator,
    Path(id): Path<WebhookId>,
) -> Result<Json<Webhook>, ConferenceError> {
    let tenant = &session.site.tenant;
    Ok(Json(show(tenant, &tenant.webhooks().get(id).await?).await?))
}

async fn create(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Exact(fields): Exact<WebhookFields>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), ConferenceError> {
    check(&conference, &fields)?;
    let (parts, tenant) = (&conference.parts, &session.site.tenant);
    let (secret, sealed) = new_secret(&conference, tenant);
    let webhook = WebhookRecord {
        id: WebhookId::new(&*parts.clock, &*parts.rng),
        name: fields.name.clone(),
        url: fields.url.clone(),
        secret_sealed: sealed,
        events: json!(fields.events),
        enabled: fields.enabled,
        created_at: session.situation.at,
        failing_since: None,
    };
    let mut work = tenant.begin().await?;
    work.webhooks().insert(&webhook).await?;
    work.record(done(&session, AuditKind::Setting, "webhook_created").details(json!({ "webhook": webhook.id })));
    work.commit().await?;
    let webhook = show(tenant, &webhook).await?;
    Ok((StatusCode::CREATED, Json(WebhookWithSecret { webhook, secret })))
}

async fn change(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Path(id): Path<WebhookId>,
    Exact(change): Exact<ChangeWebhook>,
) -> Result<Json<Webhook>, ConferenceError> {
    check(&conference, &change.fields)?;
    let tenant = &session.site.tenant;
    let mut work = tenant.begin().await?;
    let present = work.webhooks().locked(id).await?;
    version::expect(&change.version, &version::of(&fields_of(&present)))?;
    let WebhookFields { name, url, events, enabled } = change.fields;
    let webhook = WebhookRecord { name, url, events: json!(events), enabled, ..present };
    work.webhooks().replace(&webhook).await?;
    work.record(done(&session, AuditKind::Setting, "webhook_changed").details(json!({ "webhook": id })));
    work.commit().await?;
    Ok(Json(show(tenant, &webhook).await?))
}

async fn remove(
    Administrator(session): Administrator,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, ConferenceError> {
    let mut work = session.site.tenant.begin().await?;
    work.webhooks().remove(id).await?;
    work.record(done(&session, AuditKind::Setting, "webhook_removed").details(json!({ "webhook": id })));
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn renew_secret(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookWithSecret>, ConferenceError> {
    let tenant = &session.site.tenant;
    let (secret, secret_sealed) = new_secret(&conference, tenant);
    let mut work = tenant.begin().await?;
    let webhook = WebhookRecord { secret_sealed, ..work.webhooks().locked(id).await? };
    work.webhooks().replace(&webhook).await?;
    work.record(done(&session, AuditKind::Setting, "webhook_secret_renewed").details(json!({ "webhook": id })));
    work.commit().await?;
    Ok(Json(WebhookWithSecret { webhook: show(tenant, &webhook).await?, secret }))
}

async fn trial(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, ConferenceError> {
    let work = session.site.tenant.begin().await?;
    let webhook = work.webhooks().get(id).await?;
    if !webhook.enabled {
        return Err(switched_off().into());
    }
    webhooks::note_trial(&work, &conference.parts, &webhook).await?;
    work.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn deliveries(
    Administrator(session): Administrator,
    Path(id): Path<WebhookId>,
) -> Result<Json<Vec<Delivery>>, ConferenceError> {
    let tenant = &session.site.tenant;
    tenant.webhooks().get(id).await?;
    let found = tenant.webhooks().deliveries(id, MOST_DELIVERIES).await?;
    Ok(Json(found.into_iter().filter_map(delivery).collect()))
}

async fn retry(
    Administrator(session): Administrator,
    Path(id): Path<DeliveryId>,
) -> Result<Json<Delivery>, ConferenceError> {
    let work = session.site.tenant.begin().await?;
    let retried = work.webhooks().retry(id).await?;
    if !work.webhooks().get(retried.webhook).await?.enabled {
        return Err(switched_off().into());
    }
    work.commit().await?;
    Ok(Json(delivery(retried).ok_or_else(ApiError::not_found)?))
}

fn switched_off() -> ApiError {
    ApiError::conflict("switched_off", "the webhook is switched off")
}

fn delivery(record: DeliveryRecord) -> Option<Delivery> {
    let state = match (record.delivered_at, record.given_up_at) {
        (Some(_), _) => DeliveryState::Delivered,
        (None, Some(_)) => DeliveryState::GivenUp,
        (None, None) => DeliveryState::Waiting,
    };
    Some(Delivery {
        id: record.id,
        event: WebhookEvent::from_str(&record.event).ok()?,
        at: record.at,
        state,
        attempts: record.attempts,
        next_at: record.next_at,
        last_status: record.last_status,
        last_fault: record.last_fault,
    })
}

fn new_secret(conference: &Conference, tenant: &TenantStore) -> (String, Secret<Vec<u8>>) {
    let secret = random_token::<SECRET_BYTES>(&*conference.parts.rng);
    let sealed = conference.parts.sealer.seal(sealed_for(tenant.id()), secret.as_bytes());
    (secret, Secret::new(sealed))
}

fn check(conference: &Conference, fields: &WebhookFields) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    checks.name("name", &fields.name, MAX_NAME_CHARS);
    checks.that(!fields.events.is_empty(), "events", "required", "choose what it is told of");
    if fields.url.len() > MAX_URL_CHARS {
        checks.that(false, "url", "too_long", "at most 500 characters");
    } else if let Err(code) = target_of(&fields.url, &conference.parts.guard) {
        checks.that(false, "url", code, "webhooks cannot be sent to this address");
    }
    checks.finish()
}

fn fields_of(webhook: &WebhookRecord) -> WebhookFields {
    let (name, url) = (webhook.name.clone(), webhook.url.clone());
    WebhookFields { name, url, events: events_of(webhook), enabled: webhook.enabled }
}

async fn show(tenant: &TenantStore, webhook: &WebhookRecord) -> Result<Webhook, StoreError> {
    let fields = fields_of(webhook);
    let waiting = tenant.webhooks().waiting(webhook.id).await?;
    Ok(Webhook {
        id: webhook.id,
        version: version::of(&fields),
        fields,
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        failing_since: webhook.failing_since,
    })
}
