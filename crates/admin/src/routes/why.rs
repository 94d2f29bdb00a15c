//! "Why?": any person, target and situation, with the decision and the rules that made it; and what a person may reach.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use fernamt_api::admin::{
    people::PersonTargets,
    targets::TargetRef,
    why::{WhyAnswer, WhyCondition, WhyRequest, WhyRule},
};
use fernamt_domain::{
    DeviceKind, DeviceState, Method, PersonId, PersonState, SessionFacts, Situation, Zone, audit::AuditKind,
};
use fernamt_http::{Administrator, ApiError, Json, Path};
use fernamt_policy::{Condition, ConditionCode, Reason, RuleExplanation};
use fernamt_store::{StoreError, TenantStore};
use serde_json::{Value, json};

use crate::{Admin, act::done, error::AdminError, rules};

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
        _ if person.state == PersonState::Disabled => "person_disabled",
        _ if !target.enabled => "target_disabled",
        _ if blocked => "device_blocked",
        Reason::Allowed | Reason::DeniedByRule => "rule",
        Reason::NoRule => "no_rule",
        Reason::FaultyRules => "faulty_rules",
    };
    let names = Names::load(tenant, person.id).await?;
    let mut shown = Vec::with_capacity(explanation.rules.len());
    for rule in &explanation.rules {
        shown.push(show(rule, explanation.decision.deciding.contains(&rule.id), &names, tenant).await?);
    }
    let allowed = explanation.decision.allowed && reason == "rule";
    // Looking into what somebody else may do is an act of administration, so it is written down.
    let details = json!({ "allowed": allowed, "reason": reason });
    tenant
        .record(done(&session, AuditKind::AuditAccess, "why_asked").about(person.id).on(target.id).details(details))
        .await?;
    Ok(Json(WhyAnswer {
        allowed,
        reason: reason.to_owned(),
        rules: shown,
        next_change: explanation.decision.next_change,
    }))
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

async fn show(
    rule: &RuleExplanation,
    decided: bool,
    names: &Names,
    tenant: &TenantStore,
) -> Result<WhyRule, StoreError> {
    let mut conditions = Vec::with_capacity(rule.conditions.len());
    for condition in &rule.conditions {
        let mut params = names.params(condition);
        if condition.code == ConditionCode::Subject {
            let people = names.people(&condition.params["people"], tenant).await?;
            let groups = params.remove("expected").unwrap_or_default();
            let both = [groups, people].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
            params.insert("expected".to_owned(), both.join(", "));
        }
        if condition.code == ConditionCode::Expert && !rule.errors.is_empty() {
            params.insert("errors".to_owned(), rule.errors.join("; "));
        }
        conditions.push(WhyCondition { code: condition.code.as_str().to_owned(), holds: condition.holds, params });
    }
    Ok(WhyRule { id: rule.id, name: rule.name.clone(), effect: rule.effect.map(rules::effect), decided, conditions })
}

/// Names for the ids that conditions speak of.
struct Names {
    by_id: HashMap<String, String>,
    person: String,
    groups: Vec<String>,
}

impl Names {
    async fn load(tenant: &TenantStore, person: PersonId) -> Result<Self, StoreError> {
        let mut by_id: HashMap<_, _> =
            tenant.groups().all().await?.into_iter().map(|group| (group.id.to_string(), group.name)).collect();
        by_id.extend(tenant.bundles().all().await?.into_iter().map(|bundle| (bundle.id.to_string(), bundle.name)));
        by_id.extend(tenant.targets().all().await?.into_iter().map(|target| (target.id.to_string(), target.name)));
        let groups = tenant.groups().all_of_person(person).await?;
        let mut groups: Vec<_> = groups.iter().filter_map(|group| by_id.get(&group.to_string()).cloned()).collect();
        groups.sort();
        Ok(Self { by_id, person: tenant.people().get(person).await?.display_name, groups })
    }

    /// What a condition expected and what was there, in words.
    fn params(&self, condition: &Condition) -> BTreeMap<String, String> {
        let found = &condition.params;
        let pair = |expected: String, actual: String| {
            BTreeMap::from([("expected".to_owned(), expected), ("actual".to_owned(), actual)])
        };
        match condition.code {
            ConditionCode::Subject => {
                let expected = if found["everybody"] == true { "*".to_owned() } else { self.words(&found["groups"]) };
                let actual = [vec![self.person.clone()], self.groups.clone()].concat().join(", ");
                pair(expected, actual)
            }
            ConditionCode::Target if found["all_targets"] == true => pair("*".to_owned(), String::new()),
            ConditionCode::Target => {
                let lists = ["targets", "bundles", "kinds"].map(|list| self.words(&found[list]));
                let named: Vec<_> = lists.into_iter().filter(|words| !words.is_empty()).collect();
                pair(named.join(", "), String::new())
            }
            ConditionCode::Enabled | ConditionCode::Expert => BTreeMap::new(),
            _ => pair(self.words(&found["expected"]), self.words(&found["actual"])),
        }
    }

    async fn people(&self, ids: &Value, tenant: &TenantStore) -> Result<String, StoreError> {
        let mut names = Vec::new();
        for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(|id| id.parse().ok()) {
            match tenant.people().get_even_removed(id).await {
                Ok(person) => names.push(person.display_name),
                Err(StoreError::NotFound(_)) => names.push(id.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(names.join(", "))
    }

    fn words(&self, value: &Value) -> String {
        match value {
            Value::Array(items) => items.iter().map(|item| self.words(item)).collect::<Vec<_>>().join(", "),
            Value::String(text) => self.by_id.get(text).unwrap_or(text).clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}
