//! "Why?": the rules behind a decision, and what each of them asks for.

use fernamt_domain::RuleId;
use serde_json::json;

use crate::{
    Condition, ConditionCode, Decision, Effect, Engine, LocalTime, Reason, Request, RuleFault,
    engine::{Body, Compiled, Verdict},
};

/// A decision with the rules that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The decision, the same as [`Engine::decide`] gives.
    pub decision: Decision,
    /// The rules that allow or deny. On a default deny: each rule that touches the target, switched off ones included,
    /// with the conditions that fail. Empty if no rule touches the target.
    pub rules: Vec<RuleExplanation>,
    /// What is wrong with the rules, if everything is refused for that.
    pub faults: Vec<RuleFault>,
}

/// What one rule has to say about a request.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleExplanation {
    /// The rule.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// What it does. `None` for an expert rule that both allows and denies.
    pub effect: Option<Effect>,
    /// Whether all its conditions hold.
    pub satisfied: bool,
    /// Each condition with its answer.
    pub conditions: Vec<Condition>,
    /// What Cedar could not work out, for expert rules.
    pub errors: Vec<String>,
}

impl Engine {
    /// Why the request is allowed or not.
    pub fn explain(&self, request: &Request) -> Explanation {
        let local = self.zone.local(request.at);
        let verdict = self.verdict(request, local);
        let rules = match verdict.reason {
            Reason::Allowed | Reason::DeniedByRule => {
                self.named(&verdict, |rule| verdict.deciding.contains(&rule.id), request, local)
            }
            Reason::NoRule => self.named(&verdict, |rule| rule.touches(request), request, local),
            // A rule could say no to the owner, and none does; or no rule was asked.
            Reason::Owner | Reason::NotOwner | Reason::OwnTargetsOff | Reason::FaultyRules => Vec::new(),
        };
        let decision = self.decision(request, verdict.reason, verdict.deciding);
        Explanation { decision, rules, faults: self.faults.clone() }
    }

    fn named(
        &self,
        verdict: &Verdict,
        pick: impl Fn(&Compiled) -> bool,
        request: &Request,
        local: LocalTime,
    ) -> Vec<RuleExplanation> {
        self.rules.iter().filter(|rule| pick(rule)).map(|rule| rule.explain(verdict, request, local)).collect()
    }
}

impl Compiled {
    fn touches(&self, request: &Request) -> bool {
        match &self.body {
            Body::Form(form) => form.target_holds(request),
            Body::Expert(policies) => policies.iter().any(|policy| policy.touches(request)),
        }
    }

    fn effect(&self) -> Option<Effect> {
        match &self.body {
            Body::Form(form) => Some(form.effect),
            Body::Expert(policies) => {
                let mut effects = policies.iter().map(|policy| match policy.policy.effect() {
                    cedar_policy::Effect::Permit => Effect::Allow,
                    cedar_policy::Effect::Forbid => Effect::Deny,
                });
                let first = effects.next()?;
                effects.all(|effect| effect == first).then_some(first)
            }
        }
    }

    fn explain(&self, verdict: &Verdict, request: &Request, local: LocalTime) -> RuleExplanation {
        let errors = verdict.errors.iter().filter(|(rule, _)| *rule == self.id).map(|(_, error)| error.clone());
        let mut conditions = Vec::new();
        if !self.enabled {
            conditions.push(Condition::new(ConditionCode::Enabled, false, json!({})));
        }
        match &self.body {
            Body::Form(form) => conditions.extend(form.conditions(request, local)),
            // Rules are explained when they decided or when none did: an expert rule is satisfied if it decided.
            Body::Expert(_) if self.enabled => {
                let satisfied = verdict.deciding.contains(&self.id);
                conditions.push(Condition::new(ConditionCode::Expert, satisfied, json!({})));
            }
            Body::Expert(_) => {}
        }
        RuleExplanation {
            id: self.id,
            name: self.name.clone(),
            effect: self.effect(),
            satisfied: conditions.iter().all(|condition| condition.holds),
            conditions,
            errors: errors.collect(),
        }
    }
}
