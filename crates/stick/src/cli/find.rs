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

/// The most that are named for one that does not exist.
const MAX_ALIKE: usize = 3;
/// What is longer is no mistyped name.
const MAX_TYPED_CHARS: usize = 200;

/// The targets that may have been meant by what none is called, the nearest first.
pub(super) fn alike<'a>(targets: &'a [StickTarget], wanted: &str) -> Vec<&'a StickTarget> {
    let typed: Vec<_> = alias(wanted).chars().take(MAX_TYPED_CHARS).collect();
    // One fault in each three letters, and one in the shortest name.
    let most = typed.len().div_ceil(3);
    let mut near: Vec<_> = targets
        .iter()
        .filter_map(|target| {
            let name: Vec<_> = alias(&target.name).chars().collect();
            let part = typed.len() >= 3 && name.windows(typed.len()).any(|part| part == typed);
            let faults = faults(&typed, &name);
            (part || faults <= most).then_some((faults, target))
        })
        .collect();
    near.sort_by_key(|(faults, _)| *faults);
    near.into_iter().take(MAX_ALIKE).map(|(_, target)| target).collect()
}

/// How many letters one must add, leave out or change to come from one to the other.
fn faults(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<_> = (0..=other.len()).collect();
    for (row, mine) in one.iter().enumerate() {
        let mut last = row + 1;
        let mut now = vec![last];
        for (pair, theirs) in before.windows(2).zip(other) {
            let [diagonal, above] = pair else { continue };
            last = (diagonal + usize::from(mine != theirs)).min(above + 1).min(last + 1);
            now.push(last);
        }
        before = now;
    }
    before.last().copied().unwrap_or(one.len())
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
    fn what_is_mistyped_is_answered_with_what_is_near() {
        let names = ["Fachverfahren", "Kasse", "Büro-PC 12", "Büro-PC 13", "Akten"];
        let targets: Vec<_> = (1..).zip(names).map(|(number, name)| target(number, "", name)).collect();
        let near = |wanted: &str| alike(&targets, wanted).iter().map(|target| target.name.as_str()).collect::<Vec<_>>();
        assert_eq!(near("Kase"), ["Kasse"]);
        assert_eq!(near("fachverfaren"), ["Fachverfahren"]);
        assert_eq!(near("büro pc 13"), ["Büro-PC 13", "Büro-PC 12"]);
        assert_eq!(near("buero"), ["Büro-PC 12", "Büro-PC 13"], "a part of a name");
        assert_eq!(near("Nirgends"), [""; 0]);
        assert_eq!(near(""), [""; 0]);
        let many: Vec<_> = (1..20).map(|number| target(number, "", "Kasse")).collect();
        assert_eq!(alike(&many, "Kase").len(), MAX_ALIKE);
        assert!(alike(&targets, &"x".repeat(100_000)).is_empty());
    }

    #[test]
    fn the_exact_name_goes_before_one_that_is_typed_alike() {
        let targets = [target(1, "", "Akten"), target(2, "", "akten")];
        assert_eq!(find(&targets, "akten").map(|target| target.id), Ok(targets[1].id));
        assert!(matches!(find(&targets, "AKTEN"), Err(NotFound::Several(_))));
    }
}
