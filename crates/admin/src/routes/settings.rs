//! Settings of the tenant.

use std::sync::Arc;

use axum::{Router, routing::get};
use fernamt_api::admin::{
    push::{MAX_PUSH_HOSTS, PushSettings, is_push_host},
    settings::{
        CONTAINER_IDLE_MINUTES, CONTAINER_OFFLINE_DAYS, CONTAINER_PASSPHRASE_CHARS, ChangeSettings, ContainerSettings,
        ENROLMENT_APP_CHARS, ENROLMENT_BROWSER, ENROLMENT_CONTAINERS, ENROLMENT_LICENCES, ENROLMENT_TERMS_CHARS,
        EnrolmentSettings, IDLE_MINUTES, PROGRAM_DAYS, RetentionBegins, RetentionRule, SESSION_HOURS, Settings,
        SettingsLimits, SettingsView,
    },
};
use fernamt_domain::{DataCategory, DomainEvent, Retention, audit::AuditKind, retention::RetentionStart};
use fernamt_http::{Administrator, Exact, Json, site::SETTINGS_KEY};
use fernamt_identity::settings;
use fernamt_policy::LocalZone;
use serde_json::{Value, json};

use crate::{Admin, act::done, check::Checks, error::AdminError, version};

/// The most characters of the administration's name.
const MAX_NAME_CHARS: usize = 200;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new().route("/api/v1/admin/settings", get(read).put(write))
}

async fn read(Administrator(session): Administrator) -> Result<Json<SettingsView>, AdminError> {
    Ok(Json(shown(Settings::clone(&*settings::load(&session.site.tenant).await?))))
}

async fn write(
    Administrator(session): Administrator,
    Exact(change): Exact<ChangeSettings>,
) -> Result<Json<SettingsView>, AdminError> {
    let wanted = change.settings;
    check(&wanted)?;
    let mut work = session.site.tenant.begin().await?;
    let present: Settings = work.settings().held(SETTINGS_KEY).await?;
    version::expect(&change.version, &version::of(&present))?;
    settings::save(&work, &wanted).await?;
    let details = json!({ "changed": changed(&present, &wanted) });
    work.record(done(&session, AuditKind::Setting, "settings_changed").details(details));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(shown(wanted)))
}

fn shown(settings: Settings) -> SettingsView {
    let rule = |category: &DataCategory| {
        let Retention { start, days, max_days } = category.default_retention();
        let start = match start {
            RetentionStart::Creation => RetentionBegins::Creation,
            RetentionStart::End => RetentionBegins::End,
            RetentionStart::WithOwner => RetentionBegins::WithOwner,
        };
        RetentionRule { category: *category, start, default_days: days, max_days }
    };
    SettingsView {
        version: version::of(&settings),
        settings,
        retention: DataCategory::ALL.iter().map(rule).collect(),
        limits: SettingsLimits {
            idle_minutes: IDLE_MINUTES,
            session_hours: SESSION_HOURS,
            container_idle_minutes: CONTAINER_IDLE_MINUTES,
            container_passphrase_chars: CONTAINER_PASSPHRASE_CHARS,
            container_offline_days: CONTAINER_OFFLINE_DAYS,
            program_days: PROGRAM_DAYS,
            enrolment_containers: ENROLMENT_CONTAINERS,
            enrolment_browser: ENROLMENT_BROWSER,
            enrolment_terms_chars: ENROLMENT_TERMS_CHARS,
            enrolment_licences: ENROLMENT_LICENCES,
            enrolment_app_chars: ENROLMENT_APP_CHARS,
            name_chars: u16::try_from(MAX_NAME_CHARS).unwrap_or(u16::MAX),
        },
    }
}

fn check(wanted: &Settings) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    checks.text("name", &wanted.name, MAX_NAME_CHARS);
    let known = LocalZone::named(&wanted.time_zone).is_ok();
    checks.that(known, "time_zone", "unknown", "a time zone is named like Europe/Berlin");
    checks.that(["de", "en"].contains(&&*wanted.language), "language", "invalid", "a language is de or en");
    checks.that(is_colour(&wanted.accent), "accent", "invalid", "a colour is written like #0a5ea8");
    checks.that(IDLE_MINUTES.holds(wanted.idle_minutes), "idle_minutes", "out_of_range", "5 to 480 minutes");
    checks.that(SESSION_HOURS.holds(wanted.session_hours), "session_hours", "out_of_range", "1 to 24 hours");
    check_container(&mut checks, wanted.container);
    check_enrolment(&mut checks, &wanted.enrolment);
    check_push(&mut checks, &wanted.push);
    checks.that(PROGRAM_DAYS.holds(wanted.programs.max_days), "programs.max_days", "out_of_range", "1 to 365 days");
    for (category, days) in &wanted.retention_days {
        let most = category.default_retention().max_days;
        let path = format!("retention_days.{category}");
        checks.that(*days <= most, &path, "out_of_range", &format!("at most {most} days"));
    }
    Ok(checks.finish()?)
}

fn check_container(checks: &mut Checks, wanted: ContainerSettings) {
    let ContainerSettings { idle_minutes: idle, passphrase_chars: chars, offline_days: days, guards: _ } = wanted;
    checks.that(CONTAINER_IDLE_MINUTES.holds(idle), "container.idle_minutes", "out_of_range", "1 to 600 minutes");
    let holds = CONTAINER_PASSPHRASE_CHARS.holds(chars);
    checks.that(holds, "container.passphrase_chars", "out_of_range", "8 to 64 characters");
    checks.that(CONTAINER_OFFLINE_DAYS.holds(days), "container.offline_days", "out_of_range", "0 to 30 days");
}

fn check_enrolment(checks: &mut Checks, wanted: &EnrolmentSettings) {
    let holds = ENROLMENT_CONTAINERS.holds(wanted.containers);
    checks.that(holds, "enrolment.containers", "out_of_range", "1 to 50 containers");
    let app = &wanted.app;
    checks.text("enrolment.app.name", &app.name, ENROLMENT_APP_CHARS.into());
    let named = !app.demanded || !app.name.trim().is_empty();
    checks.that(named, "enrolment.app.name", "required", "name the app that people have to install");
    let holds = ENROLMENT_LICENCES.holds(app.licences);
    checks.that(holds, "enrolment.app.licences", "out_of_range", "0 to 50000 licences");
    let some = !app.demanded || app.licences > 0;
    checks.that(some, "enrolment.app.licences", "required", "without licences no phone would get mail any more");
    for (field, version) in [("chromium", wanted.chromium), ("firefox", wanted.firefox), ("safari", wanted.safari)] {
        let path = format!("enrolment.{field}");
        checks.that(ENROLMENT_BROWSER.holds(version), &path, "out_of_range", "0 to 999");
    }
    for (field, text) in [("terms_de", &wanted.terms_de), ("terms_en", &wanted.terms_en)] {
        let path = format!("enrolment.{field}");
        let fits = text.chars().count() <= ENROLMENT_TERMS_CHARS.into();
        checks.that(fits, &path, "too_long", "at most 20,000 characters");
    }
}

fn check_push(checks: &mut Checks, wanted: &PushSettings) {
    let hosts = &wanted.hosts;
    let written = "a push service is written like fcm.googleapis.com or *.notify.windows.com";
    checks.that(hosts.iter().all(|host| is_push_host(host)), "push.hosts", "invalid", written);
    checks.that(hosts.len() <= MAX_PUSH_HOSTS, "push.hosts", "too_many", "at most 20 push services");
    let named = !wanted.enabled || !hosts.is_empty();
    checks.that(named, "push.hosts", "required", "name the push services that may be told");
}

/// Whether the text is a colour as sticks take it, or none.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    text.is_empty() || (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// The settings that differ, with what they were and are: they say nothing about a person.
fn changed(before: &Settings, after: &Settings) -> Value {
    let fields = |settings: &Settings| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let differ = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    differ.map(|(name, value)| (name.clone(), json!({ "before": before.get(name), "after": value }))).collect()
}
