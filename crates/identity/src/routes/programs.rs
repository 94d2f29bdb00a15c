//! The person's programs and their tokens. They are revoked as devices are.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fernamt_api::{
    admin::settings::{PROGRAM_DAYS, ProgramSettings},
    me::{MadeProgram, MyProgram, MyPrograms, NewProgram},
};
use fernamt_domain::{DeviceKind, DeviceState};
use fernamt_http::{ApiError, Json, Session};
use fernamt_store::{DeviceRecord, SessionRecord};
use time::OffsetDateTime;

use crate::{
    Identity,
    device::DeviceName,
    failure::SignInError,
    fingerprint,
    program::{MAKE_WITHIN, Made, is_over},
    settings,
};

pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    session: Session,
) -> Result<Json<MyPrograms>, ApiError> {
    let tenant = &session.site.tenant;
    let ProgramSettings { max_days, .. } = settings::load(tenant).await?.programs;
    let allowed = identity.authoriser.serves_programs(tenant, session.person()).await?;
    let mut programs = Vec::new();
    for device in tenant.devices().of_person(session.person()).await? {
        if device.kind == DeviceKind::ApiClient && device.state != DeviceState::Revoked {
            let row = tenant.sessions().of_program(device.id).await?;
            programs.push(shown(device, row.as_ref(), session.situation.at));
        }
    }
    Ok(Json(MyPrograms {
        allowed: allowed && session.site.web.mail,
        may_make: identity.may_make_program(&session).await?,
        max_days: max_days.clamp(PROGRAM_DAYS.least, PROGRAM_DAYS.most),
        server: session.site.web.mail.then(|| session.site.post_origin()),
        programs,
    }))
}

pub(super) async fn make(
    State(identity): State<Arc<Identity>>,
    session: Session,
    Json(wanted): Json<NewProgram>,
) -> Result<Response, ApiError> {
    let settings = settings::load(&session.site.tenant).await?;
    let most = settings.programs.max_days.clamp(PROGRAM_DAYS.least, PROGRAM_DAYS.most);
    let allowed = identity.authoriser.serves_programs(&session.site.tenant, session.person()).await?;
    if !allowed || !session.site.web.mail {
        let detail = "the administration does not allow programs to use this person's mail";
        return Err(ApiError::forbidden("programs_not_allowed", detail));
    }
    if !identity.may_make_program(&session).await? {
        let minutes = MAKE_WITHIN.whole_minutes();
        let detail = format!("a token is made on an approved browser, within {minutes} minutes of a sign-in");
        return Err(ApiError::forbidden("program_needs_sign_in", detail).param("minutes", minutes));
    }
    let name = wanted.name.trim();
    let mut faults = ApiError::invalid();
    if name.is_empty() {
        faults = faults.field("name", "required", "a program has a name");
    }
    if !(1..=most).contains(&wanted.days) {
        faults = faults.field("days", "out_of_range", format!("1 to {most} days"));
    }
    faults.or_ok()?;
    let name =
        DeviceName::parse(name, DeviceKind::ApiClient).map_err(|fault| SignInError::Name { path: "name", fault })?;
    let Made { device, session: row, token } = identity.make_program(&session, &settings, &name, wanted.days).await?;
    let program = shown(device, Some(&row), session.situation.at);
    let uncached = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, uncached, Json(MadeProgram { program, token })).into_response())
}

fn shown(device: DeviceRecord, row: Option<&SessionRecord>, now: OffsetDateTime) -> MyProgram {
    MyProgram {
        fingerprint: fingerprint(&device),
        id: device.id,
        name: device.name,
        state: device.state,
        over: row.is_none_or(|row| is_over(row, now)),
        created_at: device.created_at,
        expires_at: row.map(|row| row.expires_at),
        last_seen_on: device.last_seen_on,
    }
}
