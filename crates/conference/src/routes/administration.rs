//! What administrators set for the conference, and what runs now.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use fernamt_api::conference::{
    rooms::ClassMeaning,
    settings::{
        ChangeConferenceSettings, ConferenceSettings, ConferenceSettingsLimits, ConferenceSettingsView, LAG_MINUTES,
        LEAD_MINUTES, MOST_LISTENERS, MOST_MINUTES, MOST_PARTICIPANTS, MOST_RUNNING, PERSONAL_HOURS, RunningMeeting,
        RunningView, Who,
    },
};
use fernamt_domain::{
    DomainEvent, MeetingId,
    audit::AuditKind,
    conference::{MeetingState, ProtectionClass},
};
use fernamt_http::{Administrator, Exact, Json, Path, version};
use fernamt_store::{StoreError, TenantStore};
use serde_json::{Value, json};

use super::rooms::classes;
use crate::{
    Conference,
    act::done,
    check::Checks,
    error::{ConferenceError, over},
    lifecycle, rooms, settings,
};

/// The most groups that may do something.
const MAX_GROUPS: usize = 200;

pub(crate) fn router() -> Router<Arc<Conference>> {
    Router::new()
        .route("/api/v1/admin/conference/settings", get(read).put(write))
        .route("/api/v1/admin/conference/running", get(running))
        .route("/api/v1/admin/conference/meetings/{id}/end", post(end))
}

async fn read(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
) -> Result<Json<ConferenceSettingsView>, ConferenceError> {
    Ok(Json(shown(&conference, settings::load(&session.site.tenant).await?)))
}

async fn write(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Exact(change): Exact<ChangeConferenceSettings>,
) -> Result<Json<ConferenceSettingsView>, ConferenceError> {
    let wanted = change.settings;
    check(&session.site.tenant, &wanted).await?;
    let mut work = session.site.tenant.begin().await?;
    let present = settings::load_in(&work).await?;
    version::expect(&change.version, &version::of(&present))?;
    settings::save(&work, &wanted).await?;
    let details = json!({ "changed": changed(&present, &wanted) });
    work.record(done(&session, AuditKind::Setting, "conference_settings_changed").details(details));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(shown(&conference, wanted)))
}

fn shown(conference: &Conference, settings: ConferenceSettings) -> ConferenceSettingsView {
    let usual = |class: &ProtectionClass| ClassMeaning { class: *class, safeguards: class.safeguards() };
    ConferenceSettingsView {
        version: version::of(&settings),
        usual: ProtectionClass::ALL.iter().map(usual).collect(),
        classes: classes(&settings),
        limits: ConferenceSettingsLimits {
            lead_minutes: LEAD_MINUTES,
            lag_minutes: LAG_MINUTES,
            personal_hours: PERSONAL_HOURS,
            most_minutes: MOST_MINUTES,
            most_participants: MOST_PARTICIPANTS,
            most_listeners: MOST_LISTENERS,
            most_running: MOST_RUNNING,
        },
        mail_server: conference.parts.post.is_some(),
        settings,
    }
}

async fn check(tenant: &TenantStore, wanted: &ConferenceSettings) -> Result<(), ConferenceError> {
    let mut checks = Checks::default();
    for (path, number, range) in [
        ("lead_minutes", wanted.lead_minutes, LEAD_MINUTES),
        ("lag_minutes", wanted.lag_minutes, LAG_MINUTES),
        ("personal_hours", wanted.personal_hours, PERSONAL_HOURS),
        ("most_minutes", wanted.most_minutes, MOST_MINUTES),
        ("most_participants", wanted.most_participants, MOST_PARTICIPANTS),
        ("most_listeners", wanted.most_listeners, MOST_LISTENERS),
        ("most_running", wanted.most_running, MOST_RUNNING),
    ] {
        let detail = format!("{} to {}", range.least, range.most);
        checks.that(range.holds(number), path, "out_of_range", &detail);
    }
    for (class, safeguards) in &wanted.stricter {
        let path = format!("stricter.{class}");
        let stricter = safeguards.is_at_least(class.safeguards());
        checks.that(stricter, &path, "laxer", "settings can make a protection class stricter, never laxer");
    }
    for (path, who) in [
        ("personal.groups", &wanted.personal),
        ("meetings.groups", &wanted.meetings),
        ("lectures.groups", &wanted.lectures),
    ] {
        check_groups(tenant, path, who, &mut checks).await?;
    }
    Ok(checks.finish()?)
}

async fn check_groups(tenant: &TenantStore, path: &str, who: &Who, checks: &mut Checks) -> Result<(), StoreError> {
    checks.that(who.groups.len() <= MAX_GROUPS, path, "too_many", "at most 200 groups");
    for group in who.groups.iter().take(MAX_GROUPS) {
        let known = match tenant.groups().get(*group).await {
            Ok(_) => true,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => return Err(error),
        };
        checks.that(known, path, "unknown", "one of the groups does not exist any more");
    }
    Ok(())
}

/// The settings that differ, with what they were and are: they say nothing about a person.
fn changed(before: &ConferenceSettings, after: &ConferenceSettings) -> Value {
    let fields = |settings: &ConferenceSettings| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let differ = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    differ.map(|(name, value)| (name.clone(), json!({ "before": before.get(name), "after": value }))).collect()
}

async fn running(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
) -> Result<Json<RunningView>, ConferenceError> {
    let tenant = &session.site.tenant;
    let live = &conference.parts.live;
    let counts: HashMap<_, _> =
        live.counts(tenant.id()).await.into_iter().map(|count| (count.meeting, count)).collect();
    let mut meetings = Vec::new();
    for meeting in tenant.meetings().running(session.situation.at).await? {
        let room = match tenant.rooms().get(meeting.room).await {
            Ok(room) => room,
            Err(StoreError::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let count = counts.get(&meeting.id);
        meetings.push(RunningMeeting {
            id: meeting.id,
            room: room.id,
            owner: rooms::person_ref(tenant, room.owner).await?,
            name: room.name,
            kind: room.kind,
            since: meeting.opened_at.unwrap_or(meeting.starts_at),
            seats: count.map_or(0, |count| count.seats),
            lobby: count.map_or(0, |count| count.lobby),
            microphones: count.map_or(0, |count| count.microphones),
            cameras: count.map_or(0, |count| count.cameras),
        });
    }
    Ok(Json(RunningView { meetings, load: live.load().await }))
}

async fn end(
    Administrator(session): Administrator,
    State(conference): State<Arc<Conference>>,
    Path(id): Path<MeetingId>,
) -> Result<StatusCode, ConferenceError> {
    let tenant = &session.site.tenant;
    let meeting = tenant.meetings().get(id).await?;
    if meeting.state(session.situation.at) != MeetingState::Running {
        return Err(over().into());
    }
    let owner = tenant.rooms().get(meeting.room).await?.owner;
    let entry = done(&session, AuditKind::Conference, "meeting_ended_by_administration").about(owner);
    if lifecycle::end(tenant, &conference.parts, id, entry).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(over().into())
    }
}
