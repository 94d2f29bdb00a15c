//! Who may reach what.
//!
//! A tenant's [`Rule`]s are forms, which generate Cedar, or Cedar text that an expert wrote. [`Engine::compile`] makes
//! an [`Engine`] of them; callers keep it until the rules change. [`Engine::decide`] answers whether a [`Request`] is
//! allowed, by which rules, and when time alone could next change the answer. [`Engine::explain`] answers "why?".
//!
//! Three properties hold throughout:
//!
//! - **Deny by default.** What no rule allows is refused, and a rule that denies always wins.
//! - **A fault never widens.** A rule that does not check cannot be saved. Should one be found all the same, the engine
//!   refuses everything ([`Engine::load`]); a denying rule that fails while it is evaluated denies.
//! - **Targets only.** Rules speak of target ids, never of host names or ports.

mod cedar;
mod condition;
mod engine;
mod expert;
mod explain;
mod fault;
mod feature;
mod form;
mod local;
mod network;
mod request;
mod rule;
mod schema;
mod stack;
mod window;

pub use condition::{Condition, ConditionCode};
pub use engine::{Decision, Engine, MAX_RULES, Reason};
pub use expert::{MAX_EXPERT_BYTES, MAX_POLICIES_PER_RULE};
pub use explain::{Explanation, RuleExplanation};
pub use fault::{Fault, Position, RuleFault};
pub use feature::{FeatureEngine, cedar_of};
pub use form::{Effect, MAX_LIST, MAX_NETWORKS, MAX_WINDOWS, RuleForm};
pub use local::{LocalTime, LocalZone, UnknownZone};
pub use request::{Owner, Request, TargetFacts, groups_with_nesting, second_factor};
pub use rule::{MAX_NAME_CHARS, Rule, RuleBody};
pub use schema::SCHEMA;
pub use window::{NotAWindow, WindowForm};
