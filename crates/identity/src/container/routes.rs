//! The routes of containers. Nothing of them is to be kept in a cache.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use fernamt_api::container::{
    AcceptTerms, ContainerOpened, ContainerPerson, ContainerView, MAX_GENERATION, MakeShare, PassphraseRule,
    ShareState, ShareView,
};
use fernamt_domain::audit::{AuditEvent, AuditKind, Outcome};
use fernamt_http::{ApiError, Json};
use fernamt_store::ContainerRecord;
use serde_json::json;

use super::{
    Held, Owner,
    browser::Browser,
    enrolment::{is_news, open_terms, terms_of},
    is_fresh,
    phone::is_refused,
    policy::{PolicyKey, Terms, min_characters},
    share::{DeviceShare, released, wait},
};
use crate::{Identity, settings};

pub(super) fn router(identity: Arc<Identity>) -> Router {
    Router::new()
        .route("/api/v1/container", get(read))
        .route("/api/v1/container/terms", post(accept))
        .route("/api/v1/container/share", post(make).delete(wipe))
        .route("/api/v1/container/share/release", post(release))
        .route("/api/v1/container/opened", post(opened))
        .layer(map_response(uncached))
        .with_state(identity)
}

async fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn read(
    State(identity): State<Arc<Identity>>,
    owner: Owner,
    headers: HeaderMap,
) -> Result<Json<ContainerView>, ApiError> {
    let (session, now) = (&owner.session, owner.session.situation.at);
    let tenant = &session.site.tenant;
    let settings = settings::load(tenant).await?;
    let signed_in = tenant.sessions().get(session.facts.session).await?;
    let features = identity.authoriser.features(tenant, session.person()).await?;
    let browser = Browser::of(&headers);
    let terms = Terms::of(&settings, features, &browser, signed_in.created_at);
    let mut container = tenant.containers().get(owner.device).await?;
    if !terms.stand_in(&container) {
        container = identity.demand(&owner, terms).await?;
    }
    let mut known = tenant.enrolments().get(owner.device).await?;
    if is_news(known.as_ref(), &browser, now) {
        known = Some(identity.note_contact(&owner, browser.clone()).await?);
    }
    let key = PolicyKey::of(&identity.sealer, tenant.id()).map_err(|error| ApiError::internal(&error))?;
    Ok(Json(ContainerView {
        person: ContainerPerson {
            id: session.person(),
            name: session.name.clone(),
            display_name: session.display_name.clone(),
            language: session.language.clone(),
        },
        device: owner.device,
        tenant_name: session.site.name.clone(),
        main_origin: session.site.origin(),
        policy: key.sign(&container).map_err(|error| ApiError::internal(&error))?,
        policy_key: key.public(),
        passphrase: PassphraseRule { min_characters: min_characters(&settings) },
        share: ShareState { exists: container.share.is_some(), generation: container.generation },
        sign_in_fresh: is_fresh(&signed_in, now),
        terms: open_terms(&settings, &browser, known.as_ref()),
        phones_refused: is_refused(&settings.enrolment, &browser),
    }))
}

async fn accept(
    State(identity): State<Arc<Identity>>,
    owner: Owner,
    headers: HeaderMap,
    Json(AcceptTerms { version }): Json<AcceptTerms>,
) -> Result<StatusCode, ApiError> {
    let settings = settings::load(&owner.session.site.tenant).await?;
    let browser = Browser::of(&headers);
    let Some(terms) = terms_of(&settings.enrolment, &browser).filter(|terms| terms.version == version) else {
        let detail = "the terms of use were changed in the meantime; read them again";
        return Err(ApiError::conflict("container_terms_changed", detail));
    };
    identity.accept(&owner, browser, terms).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn make(
    State(identity): State<Arc<Identity>>,
    owner: Owner,
    headers: HeaderMap,
    Json(request): Json<MakeShare>,
) -> Result<(StatusCode, Json<ShareView>), ApiError> {
    let settings = settings::load(&owner.session.site.tenant).await?;
    let mut held = identity.hold_for_another(&owner, &settings).await?;
    held.must_be_admitted(&owner, &settings, &headers).await?;
    let Held { mut work, container, .. } = held;
    let replaced = container.share.is_some();
    if replaced && !request.replace {
        let detail = "this device has a container already; what lies in it would be lost";
        return Err(ApiError::conflict("container_share_exists", detail));
    }
    let share = DeviceShare::generate(&*identity.rng);
    let sealed = share.sealed(&identity.sealer, owner.session.site.tenant.id(), owner.device);
    // Another container: what was counted of the last one says nothing about it.
    let made = ContainerRecord { share: Some(sealed), generation: None, unopened: 0, released_at: None, ..container };
    work.containers().write(&made).await?;
    work.record(owner.audit("container_made").details(json!({ "replaced": replaced })));
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(ShareView { share: share.encoded() })))
}

async fn release(
    State(identity): State<Arc<Identity>>,
    owner: Owner,
    headers: HeaderMap,
) -> Result<Json<ShareView>, ApiError> {
    let settings = settings::load(&owner.session.site.tenant).await?;
    let mut held = identity.hold_fresh(&owner).await?;
    held.must_be_admitted(&owner, &settings, &headers).await?;
    let Held { mut work, container, .. } = held;
    let now = owner.session.situation.at;
    let Some(sealed) = &container.share else { return Err(missing()) };
    if let Some(left) = wait(&container, now) {
        let detail = "the container was not opened after the last tries; wait before the next one";
        let seconds = left.whole_seconds() + i64::from(left.subsec_nanoseconds() > 0);
        return Err(
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail).param("retry_after_s", seconds)
        );
    }
    let share = DeviceShare::open(&identity.sealer, owner.session.site.tenant.id(), owner.device, sealed)
        .map_err(|error| ApiError::internal(&error))?;
    work.containers().write(&released(container, now)).await?;
    work.record(owner.audit("container_share_released"));
    work.commit().await?;
    Ok(Json(ShareView { share: share.encoded() }))
}

async fn opened(
    State(identity): State<Arc<Identity>>,
    owner: Owner,
    Json(ContainerOpened { generation }): Json<ContainerOpened>,
) -> Result<StatusCode, ApiError> {
    if generation > MAX_GENERATION {
        let detail = format!("a generation is at most {MAX_GENERATION}");
        return Err(ApiError::invalid().field("generation", "out_of_range", detail));
    }
    let Held { work, container, .. } = identity.hold(&owner).await?;
    if container.share.is_none() {
        return Err(missing());
    }
    if container.generation.is_some_and(|highest| generation < highest) {
        let detail = "this device told of a newer container: the browser's disk was set back to an older one";
        return Err(ApiError::conflict("container_disk_older", detail));
    }
    let opened = ContainerRecord { generation: Some(generation), unopened: 0, released_at: None, ..container };
    work.containers().write(&opened).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn wipe(State(identity): State<Arc<Identity>>, owner: Owner) -> Result<StatusCode, ApiError> {
    let Held { mut work, .. } = identity.hold(&owner).await?;
    if work.containers().wipe(owner.device).await? {
        work.record(owner.audit("container_wiped"));
    }
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn missing() -> ApiError {
    let detail = "there is no share for this device: it was never made, or the container was wiped";
    ApiError::new(StatusCode::NOT_FOUND, "container_share_missing", detail)
}

impl Owner {
    pub(super) fn audit(&self, action: &'static str) -> AuditEvent {
        AuditEvent::new(AuditKind::Device, action, Outcome::Success)
            .by(self.session.person())
            .about(self.session.person())
            .session(self.session.facts.session)
            .device(self.device)
    }
}

impl Identity {
    /// [`Identity::hold`], for what needs a fresh sign-in.
    async fn hold_fresh(&self, owner: &Owner) -> Result<Held, ApiError> {
        let held = self.hold(owner).await?;
        held.must_be_fresh(owner.session.situation.at)?;
        Ok(held)
    }

    /// Demands these terms of a device from now on.
    async fn demand(&self, owner: &Owner, terms: Terms) -> Result<ContainerRecord, ApiError> {
        let Held { work, container, .. } = self.hold(owner).await?;
        if terms.stand_in(&container) {
            return Ok(container);
        }
        let changed = terms.put_into(container, owner.session.situation.at);
        work.containers().write(&changed).await?;
        work.commit().await?;
        Ok(changed)
    }
}
