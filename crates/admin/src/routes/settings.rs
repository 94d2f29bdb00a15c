//! Settings of the tenant.

use std::sync::Arc;

use axum::{Router, routing::get};
use fernamt_api::admin::settings::Settings;
use fernamt_domain::{DomainEvent, audit::AuditKind};
use fernamt_http::{Administrator, Json, site::SETTINGS_KEY};
use fernamt_identity::settings;
use fernamt_policy::LocalZone;
use serde_json::{Value, json};

use crate::{Admin, act::done, check::Checks, error::AdminError};

/// The most characters of the administration's name.
const MAX_NAME_CHARS: usize = 200;

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new().route("/api/v1/admin/settings", get(read).put(write))
}

async fn read(Administrator(session): Administrator) -> Result<Json<Settings>, AdminError> {
    Ok(Json(Settings::clone(&*settings::load(&session.site.tenant).await?)))
}

async fn write(
    Administrator(session): Administrator,
    Json(wanted): Json<Settings>,
) -> Result<Json<Settings>, AdminError> {
    check(&wanted)?;
    let mut work = session.site.tenant.begin().await?;
    let present: Settings = work.settings().get(SETTINGS_KEY).await?.unwrap_or_default();
    settings::save(&work, &wanted).await?;
    let details = json!({ "changed": changed(&present, &wanted) });
    work.record(done(&session, AuditKind::Setting, "settings_changed").details(details));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(wanted))
}

fn check(wanted: &Settings) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    checks.text("name", &wanted.name, MAX_NAME_CHARS);
    let known = LocalZone::named(&wanted.time_zone).is_ok();
    checks.that(known, "time_zone", "unknown", "a time zone is named like Europe/Berlin");
    checks.that(["de", "en"].contains(&&*wanted.language), "language", "invalid", "a language is de or en");
    checks.that((5..=480).contains(&wanted.idle_minutes), "idle_minutes", "out_of_range", "5 to 480 minutes");
    checks.that((1..=24).contains(&wanted.session_hours), "session_hours", "out_of_range", "1 to 24 hours");
    for (category, days) in &wanted.retention_days {
        let most = category.default_retention().max_days;
        let path = format!("retention_days.{category}");
        checks.that(*days <= most, &path, "out_of_range", &format!("at most {most} days"));
    }
    Ok(checks.finish()?)
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
