//! Which target somebody means.

use fernamt_api::stick::StickTarget;
use fernamt_domain::target::alias;

/// Why no target is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotFound<'a> {
    /// There is none.
    None,
    /// These are.
    Several(Vec<&'a StickTarget>),
}

/// By id; else by name; else by name as it can be typed, or by heading and name.
pub(super) fn find<'a>(targets: &'a [StickTarget], wanted: &str) -> Result<&'a StickTarget, NotFound<'a>> {
    let wanted = wanted.trim();
    let typed = alias(wanted);
    let by_id = |target: &&StickTarget| wanted.parse().is_ok_and(|id| target.id == id);
    let by_name = |target: &&StickTarget| target.name == wanted;
    let by_alias = |target: &&StickTarget| {
        let whole = format!("{}/{}", target.folder, target.name);
        !typed.is_empty() && (alias(&target.name) == typed || alias(&whole) == typed)
    };
    let rules: [&dyn Fn(&&StickTarget) -> bool; 3] = [&by_id, &by_name, &by_alias];
    for rule in rules {
        let found: Vec<_> = targets.iter().filter(|target| rule(target)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one),
            _ => return Err(NotFound::Several(found)),
        }
    }
    Err(NotFound::None)
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{TargetId, TargetKind};
    use uuid::Uuid;

    use super::*;

    fn target(number: u128, folder: &str, name: &str) -> StickTarget {
        StickTarget {
            id: TargetId(Uuid::from_u128(number)),
            name: name.to_owned(),
            kind: TargetKind::Tcp,
            folder: folder.to_owned(),
            description: String::new(),
            port: 5432,
            url: None,
            clipboard: false,
            drives: false,
            printers: false,
            domain: None,
            load_balance_info: None,
            start_command: None,
        }
    }

    #[test]
    fn a_target_is_meant_by_id_name_and_alias() {
        let targets = [target(1, "Bau", "Büro-PC 12"), target(2, "Bau", "Akten"), target(3, "Kasse", "Akten")];
        let found = |wanted: &str| find(&targets, wanted).map(|target| target.id.0.as_u128());
        assert_eq!(found("Büro-PC 12"), Ok(1));
        assert_eq!(found("buero-pc-12"), Ok(1));
        assert_eq!(found(" BÜRO PC 12 "), Ok(1));
        assert_eq!(found(&targets[2].id.to_string()), Ok(3));
        assert_eq!(found("Kasse/Akten"), Ok(3));
        assert_eq!(found("kasse-akten"), Ok(3));
        assert_eq!(found("Akten"), Err(NotFound::Several(vec![&targets[1], &targets[2]])));
        assert_eq!(found("akten"), Err(NotFound::Several(vec![&targets[1], &targets[2]])));
        assert_eq!(found("Büro"), Err(NotFound::None), "a part of a name means nothing");
        assert_eq!(found(""), Err(NotFound::None));
        assert_eq!(found("--"), Err(NotFound::None));
    }

    #[test]
    fn the_exact_name_goes_before_one_that_is_typed_alike() {
        let targets = [target(1, "", "Akten"), target(2, "", "akten")];
        assert_eq!(find(&targets, "akten").map(|target| target.id), Ok(targets[1].id));
        assert!(matches!(find(&targets, "AKTEN"), Err(NotFound::Several(_))));
    }
}
