//! Rules: who may reach what. A rule that does not check is never saved.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use fernamt_api::admin::rules::{ChangeRule, Rule, RuleBody as WireBody, RuleFault, RuleFields, RulePreview};
use fernamt_domain::{DomainEvent, RuleId, audit::AuditKind};
use fernamt_http::{Administrator, ApiError, Json, Path, Session};
use fernamt_identity::authorise;
use fernamt_policy::{MAX_RULES, Rule as PolicyRule, RuleBody, RuleForm};
use fernamt_store::{RuleRecord, Work};
use serde_json::json;

use crate::{
    Admin,
    act::done,
    check::{Checks, invalid},
    error::AdminError,
    people, rules, version,
};

/// The name of a rule that is only looked at.
const PREVIEW_NAME: &str = "preview";

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/api/v1/admin/rules", get(list).post(create))
        .route("/api/v1/admin/rules/preview", post(preview))
        .route("/api/v1/admin/rules/{id}", get(one).put(change).delete(remove))
}

async fn list(Administrator(session): Administrator) -> Result<Json<Vec<Rule>>, AdminError> {
    let records = session.site.tenant.rules().all().await?;
    Ok(Json(records.into_iter().map(rules::shown).collect()))
}

async fn one(Administrator(session): Administrator, Path(id): Path<RuleId>) -> Result<Json<Rule>, AdminError> {
    Ok(Json(rules::shown(session.site.tenant.rules().get(id).await?)))
}

async fn preview(
    Administrator(session): Administrator,
    Json(body): Json<WireBody>,
) -> Result<Json<RulePreview>, AdminError> {
    let web = &session.site.web;
    let id = RuleId::new(&*web.clock, &*web.rng);
    let rule = PolicyRule { id, name: PREVIEW_NAME.to_owned(), enabled: true, body: rules::body(&body) };
    let faults = rule.check();
    if let (RuleBody::Form(_), false) = (&rule.body, faults.is_empty()) {
        return Err(invalid(faults.iter().map(rules::field_problem).collect()).into());
    }
    let faults = faults.into_iter().map(|fault| RuleFault {
        line: fault.position.map_or(1, |position| position.line),
        column: fault.position.map_or(1, |position| position.column),
        detail: fault.message,
    });
    Ok(Json(RulePreview { faults: faults.collect(), cedar: rule.cedar().unwrap_or_default() }))
}

async fn create(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Json(fields): Json<RuleFields>,
) -> Result<(StatusCode, Json<Rule>), AdminError> {
    let web = &session.site.web;
    let rule = rules::wanted(RuleId::new(&*web.clock, &*web.rng), &fields);
    check(&rule)?;
    let work = session.site.tenant.begin().await?;
    let others = work.rules().all().await?;
    check_among(&work, &admin.installation.zones(), &rule, None, &others).await?;
    if others.len() >= MAX_RULES {
        return Err(ApiError::conflict("too_many", "no more rules are allowed").param("limit", MAX_RULES).into());
    }
    let now = web.clock.now();
    let blank = RuleRecord {
        id: rule.id,
        name: String::new(),
        form: None,
        expert: None,
        enabled: false,
        position: work.rules().next_position().await?,
        created_at: now,
        updated_at: now,
    };
    let record = rules::with_body(&blank, &rule);
    work.rules().insert(&record).await?;
    finish(&session, work, "created", &rule).await?;
    Ok((StatusCode::CREATED, Json(rules::shown(record))))
}

async fn change(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<RuleId>,
    Json(change): Json<ChangeRule>,
) -> Result<Json<Rule>, AdminError> {
    let rule = rules::wanted(id, &change.fields);
    check(&rule)?;
    let work = session.site.tenant.begin().await?;
    let present = work.rules().get(id).await?;
    version::expect(&change.version, &rules::shown(present.clone()).version)?;
    let mut others = work.rules().all().await?;
    others.retain(|other| other.id != id);
    let before = authorise::rule(present.clone());
    let before = match &before.body {
        RuleBody::Form(form) => Some(&**form),
        RuleBody::Expert(_) => None,
    };
    check_among(&work, &admin.installation.zones(), &rule, before, &others).await?;
    let record = rules::with_body(&RuleRecord { updated_at: session.situation.at, ..present }, &rule);
    work.rules().update(&record).await?;
    finish(&session, work, "changed", &rule).await?;
    Ok(Json(rules::shown(record)))
}

async fn remove(Administrator(session): Administrator, Path(id): Path<RuleId>) -> Result<StatusCode, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    work.rules().remove(id).await?;
    work.record(done(&session, AuditKind::Rule, "removed").details(json!({ "rule": id })));
    work.publish(DomainEvent::RulesChanged);
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes down what the rule is from now on: the log must be able to say which rule decided then.
async fn finish(session: &Session, mut work: Work, action: &'static str, rule: &PolicyRule) -> Result<(), AdminError> {
    let cedar = rule.cedar().unwrap_or_default();
    let details = json!({ "rule": rule.id, "enabled": rule.enabled, "cedar": cedar });
    work.record(done(session, AuditKind::Rule, action).details(details));
    work.publish(DomainEvent::RulesChanged);
    Ok(work.commit().await?)
}

fn check(rule: &PolicyRule) -> Result<(), AdminError> {
    Ok(invalid(rule.check().iter().map(rules::field_problem).collect()).or_ok()?)
}

/// Checks what depends on the rest of the house: the name is free, and what the form names exists. What the rule named
/// before may be gone by now; that must not keep anybody from changing the rest, or from switching the rule off.
async fn check_among(
    work: &Work,
    zones: &[String],
    rule: &PolicyRule,
    before: Option<&RuleForm>,
    others: &[RuleRecord],
) -> Result<(), AdminError> {
    let mut checks = Checks::default();
    let free = !others.iter().any(|other| other.name.eq_ignore_ascii_case(&rule.name));
    checks.that(free, "name", "taken", "another rule has this name");
    if let RuleBody::Form(form) = &rule.body {
        let nothing = RuleForm::new(form.effect);
        let before = before.unwrap_or(&nothing);
        let groups: HashSet<_> = work.groups().all().await?.into_iter().map(|group| group.id).collect();
        let known = new(&form.groups, &before.groups).all(|id| groups.contains(id));
        checks.that(known, "body.form.groups", "unknown", "one of the groups does not exist any more");
        let bundles: HashSet<_> = work.bundles().all().await?.into_iter().map(|bundle| bundle.id).collect();
        let known = new(&form.bundles, &before.bundles).all(|id| bundles.contains(id));
        checks.that(known, "body.form.bundles", "unknown", "one of the bundles does not exist any more");
        for target in new(&form.targets, &before.targets) {
            let known = people::exists(work.targets().get(*target).await)?;
            checks.that(known, "body.form.targets", "unknown", "one of the targets does not exist any more");
        }
        for person in new(&form.people, &before.people) {
            let known = people::exists(work.people().get(*person).await)?;
            checks.that(known, "body.form.people", "unknown", "one of the people does not exist any more");
        }
        // A misspelt zone would be a condition that never holds: a denying rule would silently deny nothing.
        let known = new(&form.zones, &before.zones).all(|zone| zones.contains(&zone.0));
        checks.that(known, "body.form.zones", "unknown", "no listener belongs to one of the zones");
    }
    Ok(checks.finish()?)
}

/// Those of `now` that were not there before.
fn new<'a, T: PartialEq>(now: &'a [T], before: &'a [T]) -> impl Iterator<Item = &'a T> {
    now.iter().filter(|item| !before.contains(item))
}
