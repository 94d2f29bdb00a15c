//! The vocabulary of rules, as Cedar knows it.

use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};

/// The committed Cedar schema, for the editor of expert rules.
pub const SCHEMA: &str = include_str!("schema.cedarschema");

/// The schema, parsed.
pub(crate) fn schema() -> &'static Schema {
    static PARSED: LazyLock<Schema> = LazyLock::new(|| {
        let (schema, _warnings) =
            Schema::from_cedarschema_str(SCHEMA).expect("the committed schema parses, which a test proves");
        schema
    });
    &PARSED
}

/// The names of the schema's entity types and of its one action.
pub(crate) struct Names {
    pub(crate) person: EntityTypeName,
    pub(crate) group: EntityTypeName,
    pub(crate) device: EntityTypeName,
    pub(crate) device_kind: EntityTypeName,
    pub(crate) device_state: EntityTypeName,
    pub(crate) target: EntityTypeName,
    pub(crate) target_kind: EntityTypeName,
    pub(crate) bundle: EntityTypeName,
    pub(crate) method: EntityTypeName,
    pub(crate) reach: EntityUid,
}

pub(crate) fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let name = |text: &str| text.parse().expect("a plain word is a Cedar type name");
        Names {
            person: name("Person"),
            group: name("Group"),
            device: name("Device"),
            device_kind: name("DeviceKind"),
            device_state: name("DeviceState"),
            target: name("Target"),
            target_kind: name("TargetKind"),
            bundle: name("Bundle"),
            method: name("Method"),
            reach: uid(&name("Action"), "reach"),
        }
    });
    &NAMES
}

/// An entity's uid. The id is taken as it is; nothing in it is syntax.
pub(crate) fn uid(kind: &EntityTypeName, id: impl std::fmt::Display) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(format!("{id}")))
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{DeviceKind, DeviceState, Method, TargetKind};

    use super::*;

    #[test]
    fn every_word_of_the_domain_is_in_the_schema() {
        assert_eq!(schema().actions().count(), 1);
        let words = |name: &str| {
            let (_, rest) = SCHEMA.split_once(&format!("entity {name} enum [")).unwrap();
            rest.split_once(']').unwrap().0.replace('"', "")
        };
        assert_eq!(
            words("DeviceKind"),
            DeviceKind::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ")
        );
        assert_eq!(
            words("DeviceState"),
            DeviceState::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ")
        );
        assert_eq!(
            words("TargetKind"),
            TargetKind::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ")
        );
        assert_eq!(words("Method"), Method::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "));
    }
}
