//! Who has which feature of mail: switches as the administration's table has them, written as Cedar and decided by it.
//!
//! They have an action and an entity of their own. So a rule about targets never says anything about a feature, however
//! widely it is written, and the other way round.

use std::collections::BTreeSet;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use fernamt_domain::{
    GroupId, PersonId,
    feature::{Feature, FeatureSwitch, Features},
};

use crate::{Fault, stack};

/// A tenant's switches, ready to decide. Compile them when they change, and keep them.
#[derive(Debug)]
pub struct FeatureEngine {
    policies: PolicySet,
    authorizer: Authorizer,
}

impl FeatureEngine {
    /// Compiles switches. A feature that none of them is about is everybody's.
    pub fn compile(switches: &[FeatureSwitch]) -> Result<Self, Fault> {
        let text: String = Feature::ALL
            .iter()
            .map(|feature| {
                let switch = switches.iter().find(|switch| switch.feature == *feature);
                switch.map_or_else(|| cedar_of(&FeatureSwitch::untouched(*feature)), cedar_of)
            })
            .collect();
        let parse = || text.parse::<PolicySet>().map_err(|error| Fault::new("features", "cedar", error.to_string()));
        let policies = stack::with_room(parse)??;
        Ok(Self { policies, authorizer: Authorizer::new() })
    }

    /// The features that a person has who is in these groups, directly or by nesting.
    pub fn features_of(&self, person: PersonId, groups: &[GroupId]) -> Features {
        Feature::ALL.iter().copied().filter(|feature| self.allows(person, groups, *feature)).collect()
    }

    fn allows(&self, person: PersonId, groups: &[GroupId], feature: Feature) -> bool {
        let principal = uid("Person", &person.to_string());
        let parents = groups.iter().map(|group| uid("Group", &group.to_string())).collect();
        let entity = Entity::new_no_attrs(principal.clone(), parents);
        let Ok(entities) = Entities::from_entities([entity], None) else { return false };
        let (action, resource) = (uid("Action", "use"), uid("Feature", feature.as_str()));
        let Ok(request) = Request::new(principal, action, resource, Context::empty(), None) else { return false };
        let answer = self.authorizer.is_authorized(&request, &self.policies, &entities);
        // A policy that fails is skipped by Cedar. One that denies must not be.
        answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none()
    }
}

/// What a switch says, as Cedar. Only ids and words of an enum go into it.
pub fn cedar_of(switch: &FeatureSwitch) -> String {
    let scope = format!("(principal, action == Action::\"use\", resource == Feature::\"{}\")", switch.feature);
    let members = |groups: &BTreeSet<GroupId>| {
        let groups: Vec<_> = groups.iter().map(|group| format!("Group::\"{group}\"")).collect();
        format!("when {{ principal in [{}] }}", groups.join(", "))
    };
    let allowed = match (switch.everybody, switch.on.is_empty()) {
        (true, _) => format!("permit {scope};\n"),
        (false, false) => format!("permit {scope}\n{};\n", members(&switch.on)),
        (false, true) => String::new(),
    };
    if switch.off.is_empty() {
        return allowed;
    }
    format!("{allowed}forbid {scope}\n{};\n", members(&switch.off))
}

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().expect("a plain word is a Cedar type name");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

#[cfg(test)]
mod tests {
    use fernamt_domain::feature::MAX_GROUPS;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const ANNA: PersonId = PersonId(Uuid::from_u128(1));

    fn group(number: u8) -> GroupId {
        GroupId(Uuid::from_u128(number.into()))
    }

    #[test]
    fn a_switch_reads_as_the_table_has_it() {
        let switch = FeatureSwitch {
            feature: Feature::Pictures,
            everybody: false,
            on: BTreeSet::from([group(2)]),
            off: BTreeSet::from([group(3)]),
        };
        let expected = "\
permit (principal, action == Action::\"use\", resource == Feature::\"pictures\")
when { principal in [Group::\"00000000-0000-0000-0000-000000000002\"] };
forbid (principal, action == Action::\"use\", resource == Feature::\"pictures\")
when { principal in [Group::\"00000000-0000-0000-0000-000000000003\"] };
";
        assert_eq!(cedar_of(&switch), expected);
    }

    #[test]
    fn nothing_said_leaves_everything_to_everybody() {
        let engine = FeatureEngine::compile(&[]).unwrap();
        assert_eq!(engine.features_of(ANNA, &[]), Features::all());
    }

    #[test]
    fn a_table_at_its_limits_compiles() {
        let groups = |from: u128| (from..from + MAX_GROUPS as u128).map(|n| GroupId(Uuid::from_u128(n))).collect();
        let switches: Vec<_> = Feature::ALL
            .iter()
            .map(|feature| FeatureSwitch { feature: *feature, everybody: false, on: groups(0), off: groups(1000) })
            .collect();
        let engine = FeatureEngine::compile(&switches).unwrap();
        assert_eq!(engine.features_of(ANNA, &[group(7)]), Features::all());
        let in_both = [group(7), GroupId(Uuid::from_u128(1199))];
        assert_eq!(engine.features_of(ANNA, &in_both).missing().count(), Feature::ALL.len());
    }

    proptest! {
        /// Cedar answers what the table means: off for one of the groups beats everything, then everybody, then on.
        #[test]
        fn the_table_is_what_holds(
            everybody: bool,
            on in proptest::collection::btree_set(0_u8..6, 0..4),
            off in proptest::collection::btree_set(0_u8..6, 0..4),
            mine in proptest::collection::btree_set(0_u8..6, 0..4),
        ) {
            let set = |numbers: &BTreeSet<u8>| numbers.iter().map(|number| group(*number)).collect::<BTreeSet<_>>();
            let switch = FeatureSwitch { feature: Feature::Files, everybody, on: set(&on), off: set(&off) };
            let engine = FeatureEngine::compile(&[switch]).unwrap();
            let groups: Vec<_> = set(&mine).into_iter().collect();
            let found = engine.features_of(ANNA, &groups);
            let expected = mine.is_disjoint(&off) && (everybody || !mine.is_disjoint(&on));
            prop_assert_eq!(found.has(Feature::Files), expected);
            prop_assert!(found.missing().all(|feature| feature == Feature::Files), "no other feature is touched");
        }
    }
}
