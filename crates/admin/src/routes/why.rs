//! "Why?": any person, target and situation, with the decision and the rules that made it; and what a person may reach.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use fernamt_api::admin::{
    people::PersonTargets,
    targets::TargetRef,
    why::{WhyAnswer, WhyCode, WhyCondition, WhyReason, WhyRequest, WhyRule, WhyTerm, WhyTermKind},
};
use fernamt_domain::{
    DeviceKind, DeviceState, Method, PersonId, PersonState, SessionFacts, Situation, Zone, audit::AuditKind,
};
use fernamt_http::{Administrator, ApiError, Json, Path};
use fernamt_policy::{Condition, ConditionCode, Reason, RuleExplanation};
use fernamt_store::{PersonRecord, StoreError, TenantStore};
use serde_json::{Value, json};

use crate::{Admin, act::done, error::AdminError, people, rules};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new().route("/api/v1/admin/why", post(why)).route("/api/v1/admin/people/{id}/targets", get(person_targets))
}

async fn why(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Json(request): Json<WhyRequest>,
) -> Result<Json<WhyAnswer>, AdminError> {
    let address: IpAddr = request.address.trim().parse().map_err(|_| {
        ApiError::invalid().field("address", "invalid", "an address is written 192.0.2.7 or 2001:db8::7")
    })?;
    let tenant = &session.site.tenant;
    let person = tenant.people().get(request.person_id).await?;
    let target = tenant.targets().get(request.target_id).await?;
    let facts = SessionFacts {
        session: session.facts.session,
        person: person.id,
        device: None,
        device_kind: request.device_kind,
        device_state: request.device_state,
        methods: request.methods,
    };
    let at = request.at.unwrap_or(session.situation.at);
    let situation = Situation { zone: Zone(request.zone), address: address.to_canonical(), at };
    let explanation = admin.identity.authoriser().explain(tenant, &facts, target.id, &situation).await?;

    let blocked = matches!(request.device_state, DeviceState::Suspended | DeviceState::Revoked);
    let reason = match explanation.decision.reason {
        _ if person.state == PersonState::Disabled => WhyReason::PersonDisabled,
        _ if !target.enabled => WhyReason::TargetDisabled,
        _ if blocked => WhyReason::DeviceBlocked,
        Reason::Allowed | Reason::DeniedByRule => WhyReason::Rule,
        Reason::NoRule => WhyReason::NoRule,
        Reason::Owner => WhyReason::Owner,
        Reason::NotOwner => WhyReason::NotOwner,
        Reason::OwnTargetsOff => WhyReason::OwnTargetsOff,
        Reason::FaultyRules => WhyReason::FaultyRules,
    };
    let names = Names::load(tenant, &person).await?;
    let mut shown = Vec::with_capacity(explanation.rules.len());
    for rule in &explanation.rules {
        shown.push(names.rule(rule, explanation.decision.deciding.contains(&rule.id), tenant).await?);
    }
    let allowed = explanation.decision.allowed && matches!(reason, WhyReason::Rule | WhyReason::Owner);
    // Looking into what somebody else may do is an act of administration, so it is written down.
    let details = json!({ "allowed": allowed, "reason": reason });
    tenant
        .record(done(&session, AuditKind::AuditAccess, "why_asked").about(person.id).on(target.id).details(details))
        .await?;
    Ok(Json(WhyAnswer { allowed, reason, rules: shown, next_change: explanation.decision.next_change }))
}

async fn person_targets(
    Administrator(session): Administrator,
    State(admin): State<Arc<Admin>>,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonTargets>, AdminError> {
    let tenant = &session.site.tenant;
    let person = tenant.people().get(id).await?;
    if person.state == PersonState::Disabled {
        return Ok(Json(PersonTargets { allowed: Vec::new() }));
    }
    let facts = SessionFacts {
        session: session.facts.session,
        person: id,
        device: None,
        device_kind: DeviceKind::Browser,
        device_state: DeviceState::Approved,
        methods: vec![Method::Password, Method::Totp],
    };
    let zone = admin.installation.zones().into_iter().next().map_or(session.situation.zone.clone(), Zone);
    let situation = Situation { zone, ..session.situation.clone() };
    let found = admin.identity.authoriser().check_all(tenant, &facts, &situation).await?;
    let allowed = found.into_iter().filter(|(_, allowed)| *allowed).map(|(target, _)| TargetRef {
        id: target.id,
        kind: target.kind(),
        name: target.name,
    });
    Ok(Json(PersonTargets { allowed: allowed.collect() }))
}

/// Names for the ids that conditions speak of.
struct Names {
    groups: HashMap<String, String>,
    bundles: HashMap<String, String>,
    targets: HashMap<String, String>,
    person: WhyTerm,
    in_groups: Vec<WhyTerm>,
}

impl Names {
    async fn load(tenant: &TenantStore, person: &PersonRecord) -> Result<Self, StoreError> {
        let groups: HashMap<_, _> =
            tenant.groups().all().await?.into_iter().map(|group| (group.id.to_string(), group.name)).collect();
        let bundles = tenant.bundles().all().await?.into_iter().map(|bundle| (bundle.id.to_string(), bundle.name));
        let targets = tenant.targets().all().await?.into_iter().map(|target| (target.id.to_string(), target.name));
        let in_groups = tenant.groups().all_of_person(person.id).await?;
        let mut in_groups: Vec<_> =
            in_groups.iter().map(|group| named(WhyTermKind::Group, &group.to_string(), &groups)).collect();
        in_groups.sort_by(|a, b| a.text.cmp(&b.text));
        let id = person.id.to_string();
        Ok(Self {
            bundles: bundles.collect(),
            targets: targets.collect(),
            person: WhyTerm { kind: WhyTermKind::Person, text: person.display_name.clone(), id: Some(id) },
            groups,
            in_groups,
        })
    }

    async fn rule(&self, rule: &RuleExplanation, decided: bool, tenant: &TenantStore) -> Result<WhyRule, StoreError> {
        let mut conditions = Vec::with_capacity(rule.conditions.len());
        for condition in &rule.conditions {
            let mut shown = self.condition(condition);
            if condition.code == ConditionCode::Subject {
                shown.expected.extend(people(&condition.params["people"], tenant).await?);
            }
            if condition.code == ConditionCode::Expert {
                shown.errors.clone_from(&rule.errors);
            }
            conditions.push(shown);
        }
        let effect = rule.effect.map(rules::effect);
        Ok(WhyRule { id: rule.id, name: rule.name.clone(), effect, decided, conditions })
    }

    /// What a condition expected and what was there. People of the rule are left to the caller.
    fn condition(&self, condition: &Condition) -> WhyCondition {
        use WhyTermKind as Kind;
        let found = &condition.params;
        let (expected, actual) = (&found["expected"], &found["actual"]);
        let pair = |kind| (terms(kind, expected), terms(kind, actual));
        let (expected, actual) = match condition.code {
            ConditionCode::Subject => {
                let mut expected = all_or(Kind::Everybody, &found["everybody"]);
                expected.extend(words(&found["groups"]).map(|id| named(Kind::Group, id, &self.groups)));
                let actual = std::iter::once(&self.person).chain(&self.in_groups).cloned().collect();
                (expected, actual)
            }
            ConditionCode::Target => {
                let mut expected = all_or(Kind::AllTargets, &found["all_targets"]);
                expected.extend(words(&found["targets"]).map(|id| named(Kind::Target, id, &self.targets)));
                expected.extend(words(&found["bundles"]).map(|id| named(Kind::Bundle, id, &self.bundles)));
                expected.extend(terms(Kind::TargetKind, &found["kinds"]));
                (expected, Vec::new())
            }
            ConditionCode::DeviceKind => pair(Kind::DeviceKind),
            ConditionCode::DeviceState => pair(Kind::DeviceState),
            ConditionCode::SecondFactor => (Vec::new(), terms(Kind::Method, actual)),
            ConditionCode::Zone => pair(Kind::Zone),
            ConditionCode::Network => pair(Kind::Network),
            ConditionCode::ValidFrom | ConditionCode::ValidUntil => pair(Kind::Date),
            ConditionCode::Time | ConditionCode::Enabled | ConditionCode::Expert => (Vec::new(), Vec::new()),
        };
        let timed = condition.code == ConditionCode::Time;
        let windows = if timed { from_json(&found["expected"]) } else { None };
        WhyCondition {
            code: code(condition.code),
            holds: condition.holds,
            expected,
            actual,
            windows: windows.unwrap_or_default(),
            moment: if timed { from_json(&found["actual"]) } else { None },
            errors: Vec::new(),
        }
    }
}

/// The people that a rule names.
async fn people(ids: &Value, tenant: &TenantStore) -> Result<Vec<WhyTerm>, StoreError> {
    let mut terms = Vec::new();
    for id in words(ids).filter_map(|id| id.parse().ok()) {
        let found = people::reference(tenant, id).await?;
        let (text, id) = match found {
            Some(person) => (person.display_name, Some(id.to_string())),
            None => (id.to_string(), None),
        };
        terms.push(WhyTerm { kind: WhyTermKind::Person, text, id });
    }
    Ok(terms)
}

/// A thing by its name; by its id where it does not exist any more.
fn named(kind: WhyTermKind, id: &str, names: &HashMap<String, String>) -> WhyTerm {
    match names.get(id) {
        Some(name) => WhyTerm { kind, text: name.clone(), id: Some(id.to_owned()) },
        None => WhyTerm { kind, text: id.to_owned(), id: None },
    }
}

fn all_or(kind: WhyTermKind, all: &Value) -> Vec<WhyTerm> {
    let all = (*all == true).then(|| WhyTerm { kind, text: String::new(), id: None });
    all.into_iter().collect()
}

fn terms(kind: WhyTermKind, value: &Value) -> Vec<WhyTerm> {
    words(value).map(|word| WhyTerm { kind, text: word.to_owned(), id: None }).collect()
}

/// The words of a list, or the one word.
fn words(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().chain(std::iter::once(value)).filter_map(Value::as_str)
}

fn from_json<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn code(code: ConditionCode) -> WhyCode {
    match code {
        ConditionCode::Enabled => WhyCode::Enabled,
        ConditionCode::Subject => WhyCode::Subject,
        ConditionCode::Target => WhyCode::Target,
        ConditionCode::DeviceKind => WhyCode::DeviceKind,
        ConditionCode::DeviceState => WhyCode::DeviceState,
        ConditionCode::SecondFactor => WhyCode::SecondFactor,
        ConditionCode::Zone => WhyCode::Zone,
        ConditionCode::Network => WhyCode::Network,
        ConditionCode::Time => WhyCode::Time,
        ConditionCode::ValidFrom => WhyCode::ValidFrom,
        ConditionCode::ValidUntil => WhyCode::ValidUntil,
        ConditionCode::Expert => WhyCode::Expert,
    }
}
