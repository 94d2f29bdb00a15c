//! Decisions.

use std::collections::{HashMap, HashSet};

use cedar_policy::{AuthorizationError, Authorizer, Effect as CedarEffect, PolicyId, PolicySet};
use fernamt_domain::{DeviceState, RuleId, text_enum};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    Fault, LocalTime, LocalZone, Request, Rule, RuleBody, RuleFault, cedar,
    expert::{self, ExpertPolicy},
    form::FormRule,
    request::{CedarRequest, second_factor},
    stack,
};

/// The most rules of a tenant.
pub const MAX_RULES: usize = 1_000;

text_enum! {
    /// Why a decision is what it is.
    pub enum Reason {
        /// A rule allows it and none denies it.
        Allowed = "allowed",
        /// A rule denies it.
        DeniedByRule = "denied_by_rule",
        /// No rule allows it.
        NoRule = "no_rule",
        /// It is the person's own target, and no rule denies it.
        Owner = "owner",
        /// It is somebody else's own target.
        NotOwner = "not_owner",
        /// It is the person's own target, but nobody decided that people may have such.
        OwnTargetsOff = "own_targets_off",
        /// The rules are faulty, so everything is refused until they are put right.
        FaultyRules = "faulty_rules",
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why.
    pub reason: Reason,
    /// The rules that decided, sorted: those that allow, or those that deny. None on a default deny.
    pub deciding: Vec<RuleId>,
    /// Time alone does not change the answer before this moment; it may change it then. `None`: never.
    pub next_change: Option<OffsetDateTime>,
}

/// A tenant's rules, ready to decide. Compile it when the rules change, and keep it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) zone: LocalZone,
    pub(crate) rules: Vec<Compiled>,
    pub(crate) faults: Vec<RuleFault>,
    policies: PolicySet,
    owners: HashMap<PolicyId, RuleId>,
    authorizer: Authorizer,
}

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) id: RuleId,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Form(Box<FormRule>),
    Expert(Vec<ExpertPolicy>),
}

/// What Cedar answered, by rule.
pub(crate) struct Verdict {
    pub(crate) reason: Reason,
    pub(crate) deciding: Vec<RuleId>,
    pub(crate) errors: Vec<(RuleId, String)>,
}

impl Engine {
    /// Compiles rules. Switched-off rules must check too, but count only in explanations.
    pub fn compile(rules: &[Rule], zone: &LocalZone) -> Result<Self, Vec<RuleFault>> {
        if let Some(first_too_many) = rules.get(MAX_RULES) {
            let fault = Fault::new("rules", "too_many", format!("there are at most {MAX_RULES} rules"));
            return Err(vec![RuleFault { rule: first_too_many.id, fault }]);
        }
        let first = rules.first().map_or(RuleId(uuid::Uuid::nil()), |rule| rule.id);
        stack::with_room(|| Self::compile_with_room(rules, zone))
            .map_err(|fault| vec![RuleFault { rule: first, fault }])?
    }

    fn compile_with_room(rules: &[Rule], zone: &LocalZone) -> Result<Self, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let mut seen = HashSet::new();
        let mut engine = Self::empty(zone);
        for rule in rules {
            let compiled = if seen.insert(rule.id) {
                compile_rule(rule)
            } else {
                Err(vec![Fault::new("id", "duplicate", "two rules have this id")])
            };
            match compiled.and_then(|(compiled, set)| engine.add(compiled, set)) {
                Ok(()) => {}
                Err(found) => faults.extend(found.into_iter().map(|fault| RuleFault { rule: rule.id, fault })),
            }
        }
        if faults.is_empty() { Ok(engine) } else { Err(faults) }
    }

    /// Compiles rules as they were found in the store. Faulty rules, which cannot be saved but may come from an older
    /// version or a damaged file, make an engine that refuses everything and says why.
    pub fn load(rules: &[Rule], zone: &LocalZone) -> Self {
        Self::compile(rules, zone).unwrap_or_else(|faults| Self { faults, ..Self::empty(zone) })
    }

    /// The faults because of which everything is refused. Empty on a working engine.
    pub fn faults(&self) -> &[RuleFault] {
        &self.faults
    }

    /// Whether the request is allowed, by which rules, and until when the answer holds.
    pub fn decide(&self, request: &Request) -> Decision {
        let verdict = self.verdict(request, self.zone.local(request.at));
        self.decision(request, verdict.reason, verdict.deciding)
    }

    pub(crate) fn decision(&self, request: &Request, reason: Reason, deciding: Vec<RuleId>) -> Decision {
        let allowed = matches!(reason, Reason::Allowed | Reason::Owner);
        Decision { allowed, reason, deciding, next_change: self.next_change(request) }
    }

    pub(crate) fn verdict(&self, request: &Request, local: LocalTime) -> Verdict {
        if !self.faults.is_empty() {
            return Verdict { reason: Reason::FaultyRules, deciding: Vec::new(), errors: Vec::new() };
        }
        if let Some(reason) = barred(request) {
            return Verdict { reason, deciding: Vec::new(), errors: Vec::new() };
        }
        let Ok(cedar) = CedarRequest::new(request, local) else {
            return Verdict { reason: Reason::NoRule, deciding: Vec::new(), errors: Vec::new() };
        };
        let response = self.authorizer.is_authorized(&cedar.request, &self.policies, &cedar.entities);
        let owner = |id: &PolicyId| self.owners.get(id).copied();
        let failed = response.diagnostics().errors().map(|AuthorizationError::PolicyEvaluationError(error)| error);
        let mut errors = Vec::new();
        let mut denying = HashSet::new();
        for error in failed {
            errors.extend(owner(error.policy_id()).map(|rule| (rule, error.inner().to_string())));
            // Cedar skips a policy that fails. Skipping one that denies would widen, so here it denies.
            if self.policies.policy(error.policy_id()).is_none_or(|policy| policy.effect() == CedarEffect::Forbid) {
                denying.extend(owner(error.policy_id()));
            }
        }
        let cedar_allows = response.decision() == cedar_policy::Decision::Allow;
        let allowed = cedar_allows && denying.is_empty();
        let mut deciding: Vec<_> = denying.into_iter().collect();
        if allowed || !cedar_allows {
            deciding.extend(response.diagnostics().reason().filter_map(owner));
        }
        deciding.sort_unstable();
        deciding.dedup();
        let reason = match (allowed, deciding.is_empty()) {
            (true, _) => Reason::Allowed,
            (false, false) => Reason::DeniedByRule,
            (false, true) if opens_own(request) => Reason::Owner,
            (false, true) => Reason::NoRule,
        };
        Verdict { reason, deciding, errors }
    }

    /// The first moment at which a rule that could speak to this request changes its answer by time alone.
    fn next_change(&self, request: &Request) -> Option<OffsetDateTime> {
        let changes = self.rules.iter().filter(|rule| rule.enabled).filter_map(|rule| match &rule.body {
            Body::Form(form) => form.next_change(request, &self.zone),
            Body::Expert(policies) => {
                let timed = policies.iter().any(|policy| policy.uses_time && policy.touches(request));
                timed.then(|| LocalZone::next_minute(request.at))
            }
        });
        changes.min()
    }

    fn empty(zone: &LocalZone) -> Self {
        Self {
            zone: zone.clone(),
            rules: Vec::new(),
            faults: Vec::new(),
            policies: PolicySet::new(),
            owners: HashMap::new(),
            authorizer: Authorizer::new(),
        }
    }

    fn add(&mut self, rule: Compiled, policies: Vec<cedar_policy::Policy>) -> Result<(), Vec<Fault>> {
        if rule.enabled {
            for policy in policies {
                self.owners.insert(policy.id().clone(), rule.id);
                self.policies.add(policy).map_err(|error| vec![Fault::new("rule", "cedar", error.to_string())])?;
            }
        }
        self.rules.push(rule);
        Ok(())
    }
}

/// Why no rule can open a target: it is somebody's own. Rules are written with the house's targets in mind, and one about
/// all of them must not open what a colleague set up.
fn barred(request: &Request) -> Option<Reason> {
    let owner = request.target.owner?;
    match (owner.person == request.person, owner.allowed) {
        (false, _) => Some(Reason::NotOwner),
        (true, false) => Some(Reason::OwnTargetsOff),
        (true, true) => None,
    }
}

/// Whether a target that no rule speaks of is open to its owner: on the same terms as a rule that states nothing else.
fn opens_own(request: &Request) -> bool {
    request.target.owner.is_some() && request.device_state == DeviceState::Approved && second_factor(&request.methods)
}

impl FormRule {
    fn next_change(&self, request: &Request, zone: &LocalZone) -> Option<OffsetDateTime> {
        let timeless = self.windows.is_empty() && self.valid_from.is_none() && self.valid_until.is_none();
        if timeless || !self.timeless_holds(request) {
            return None;
        }
        let days = [self.valid_from, self.valid_until.and_then(|day| day.tomorrow().ok())];
        let days: Vec<_> = days.into_iter().flatten().collect();
        zone.next_flip(request.at, &self.windows, &days, |local| self.time_holds(local))
    }
}

fn compile_rule(rule: &Rule) -> Result<(Compiled, Vec<cedar_policy::Policy>), Vec<Fault>> {
    // The name decides nothing: one that an older version saved must not make the engine refuse everything.
    let (body, policies) = match &rule.body {
        RuleBody::Form(form) => {
            let form = form.parse()?;
            let text = cedar::generate(rule.id, &rule.name, &form);
            let policy = cedar_policy::Policy::parse(Some(PolicyId::new(rule.id.to_string())), text)
                .map_err(|error| vec![Fault::new("form", "cedar", error.to_string())])?;
            (Body::Form(Box::new(form)), vec![policy])
        }
        RuleBody::Expert(text) => {
            let policies = expert::parse_with_room(rule.id, text)?;
            let cedar = policies.iter().map(|policy| policy.policy.clone()).collect();
            (Body::Expert(policies), cedar)
        }
    };
    Ok((Compiled { id: rule.id, name: rule.name.clone(), enabled: rule.enabled, body }, policies))
}
