//! Whether a device is told of new mail while its page is closed.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use fernamt_api::mail::{MailPush, SubscribePush};
use fernamt_domain::{DeviceId, DeviceKind, DeviceState, feature::Feature, mail::MailType};
use fernamt_http::{ApiError, Json, Session};
use fernamt_identity::{container, settings};
use fernamt_policy::LocalZone;
use fernamt_store::{MailAccountRecord, PushRecord, StoreError};

use crate::{
    Mail,
    delegation::Kind,
    notices::{DAY_MINUTES, Place, PlaceFault},
    routes::door::Approved,
};

/// The most folders that somebody leaves out.
const MAX_FOLDERS: usize = 2_000;

pub(super) fn router() -> Router<Arc<Mail>> {
    Router::new().route("/api/v1/mail/push", get(read).put(subscribe).delete(unsubscribe))
}

async fn read(State(mail): State<Arc<Mail>>, Approved(session): Approved) -> Result<Json<MailPush>, ApiError> {
    let push = session.site.tenant.pushes().get(device_of(&session)?).await?;
    let features = mail.features_of(&session.site.tenant, session.person()).await?;
    let enabled = settings::load(&session.site.tenant).await?.push.enabled && features.has(Feature::Notices);
    told(&mail, &session, enabled, push.as_ref())
}

async fn subscribe(
    State(mail): State<Arc<Mail>>,
    Approved(session): Approved,
    headers: HeaderMap,
    Json(wanted): Json<SubscribePush>,
) -> Result<Json<MailPush>, ApiError> {
    let (tenant, device) = (&session.site.tenant, device_of(&session)?);
    let settings = settings::load(tenant).await?;
    container::must_be_taken(&settings.enrolment, &headers)?;
    let flow = &settings.push;
    let features = mail.features_of(tenant, session.person()).await?;
    if !flow.enabled || !features.has(Feature::Notices) {
        let detail = "this administration has no push service told of new mail, or not for this person";
        return Err(ApiError::forbidden("push_off", detail));
    }
    check(&wanted)?;
    let place = Place::read(&wanted.endpoint, &wanted.p256dh, &wanted.auth).map_err(fault_in)?;
    if !place.host().is_some_and(|host| flow.allows(&host)) {
        let detail = "the push service of this browser is none of those that this administration named";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "push_service_not_named", detail));
    }
    let account = own_account(&mail, &session).await?;
    let sealer = mail.parts.notices.sealer();
    let work = tenant.begin().await?;
    // What became of device and session since the request began is looked at again.
    let (held, _) = work.containers().held(device).await?;
    let is_over = work.sessions().held(session.facts.session).await?.ended_at.is_some();
    if held.state != DeviceState::Approved || is_over {
        return Err(ApiError::forbidden("device_blocked", "this device or its session is not good any more"));
    }
    let print = place.print(sealer, tenant.id());
    let before = work.pushes().get(device).await?.filter(|before| before.account == account.id);
    let push = PushRecord {
        device,
        person: session.person(),
        session: session.facts.session,
        account: account.id,
        print,
        sealed: place.sealed(sealer, tenant.id()),
        until: session.expires_at,
        language: wanted.language,
        from_minute: wanted.from_minute,
        to_minute: wanted.to_minute,
        weekends: wanted.weekends,
        time_zone: wanted.time_zone,
        without: wanted.without.iter().map(ToString::to_string).collect(),
        // Whoever has the page open sees what came until now.
        state: account.state(MailType::Email),
        told_at: before.and_then(|before| before.told_at),
    };
    match work.pushes().write(&push).await {
        Err(StoreError::TooMany { what, limit }) => {
            let error = ApiError::conflict("too_many", "no more devices of one person are told");
            return Err(error.param("what", what).param("limit", limit));
        }
        written => written?,
    }
    work.commit().await?;
    mail.parts.notices.begins_anew(tenant.id(), device);
    told(&mail, &session, true, Some(&push))
}

async fn unsubscribe(Approved(session): Approved) -> Result<StatusCode, ApiError> {
    let work = session.site.tenant.begin().await?;
    work.pushes().delete(device_of(&session)?).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(mail: &Mail, session: &Session, enabled: bool, push: Option<&PushRecord>) -> Result<Json<MailPush>, ApiError> {
    let server_key = mail.parts.notices.server_key(session.site.tenant.id()).ok_or_else(ApiError::not_found)?;
    let until = push.filter(|_| enabled).map(|push| push.until).filter(|until| *until > mail.parts.clock.now());
    Ok(Json(MailPush { enabled, server_key, until }))
}

/// The browser that asks. Programs have the push of JMAP.
fn device_of(session: &Session) -> Result<DeviceId, ApiError> {
    let browser = session.facts.device.filter(|_| session.facts.device_kind == DeviceKind::Browser);
    browser.ok_or_else(ApiError::not_found)
}

async fn own_account(mail: &Mail, session: &Session) -> Result<MailAccountRecord, ApiError> {
    let accounts = mail.accounts_of(&session.site.tenant, session.person()).await?;
    let own = accounts.iter().find(|account| account.access().kind == Kind::Own);
    own.map(|own| own.to_read().clone()).ok_or_else(ApiError::not_found)
}

fn check(wanted: &SubscribePush) -> Result<(), ApiError> {
    let mut error = ApiError::invalid();
    if !matches!(&*wanted.language, "de" | "en") {
        error = error.field("language", "invalid", "a language is de or en");
    }
    for (field, minute) in [("from_minute", wanted.from_minute), ("to_minute", wanted.to_minute)] {
        if minute >= DAY_MINUTES {
            error = error.field(field, "out_of_range", "0 to 1439");
        }
    }
    if LocalZone::named(&wanted.time_zone).is_err() {
        error = error.field("time_zone", "unknown", "a time zone is named like Europe/Berlin");
    }
    if wanted.without.len() > MAX_FOLDERS {
        error = error.field("without", "too_many", "at most 2,000 folders");
    }
    error.or_ok()
}

fn fault_in(fault: PlaceFault) -> ApiError {
    let field = match fault {
        PlaceFault::Address => "endpoint",
        PlaceFault::Key => "p256dh",
        PlaceFault::Secret => "auth",
    };
    ApiError::invalid().field(field, "invalid", fault.to_string())
}
