//! What has to change so that the store agrees with a directory. Pure: store and snapshot in, changes out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{GroupId, PersonId, PersonState};
use fernamt_store::{GroupRecord, PersonRecord};

use super::{
    DirectoryError,
    kept::kept,
    snapshot::{DirectoryGroup, DirectoryPerson, Snapshot},
};

/// Below so many people a directory may lose any number of them at once.
const FEW: usize = 10;

/// What the store knows of a directory.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Its people.
    pub people: Vec<PersonRecord>,
    /// Its groups with direct members and inner groups.
    pub groups: Vec<(GroupRecord, BTreeSet<PersonId>, BTreeSet<GroupId>)>,
    /// The people that the directory itself has barred. Who was barred by an administrator here is not among them,
    /// and is not let in again by the directory.
    pub barred: BTreeSet<PersonId>,
    /// Sign-in names and group names that are taken by what is not of this directory.
    pub foreign_people: BTreeSet<String>,
    /// Names of groups that are not of this directory.
    pub foreign_groups: BTreeSet<String>,
    /// Its groups that rules or features depend on.
    pub named: BTreeSet<GroupId>,
}

/// What has to change.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// New people.
    pub add_people: Vec<DirectoryPerson>,
    /// People whose name, display name or distinguished name changed.
    pub change_people: Vec<PersonRecord>,
    /// People whom the directory barred or no longer knows.
    pub disable: Vec<PersonId>,
    /// People whom the directory lets in again.
    pub enable: Vec<PersonId>,
    /// New groups, by name.
    pub add_groups: Vec<(String, DirectoryGroup)>,
    /// Groups with a new name or distinguished name.
    pub change_groups: Vec<GroupRecord>,
    /// Groups that are gone.
    pub remove_groups: Vec<GroupId>,
    /// Groups whose members changed or that are new, with all their members by sign-in name.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Groups whose inner groups changed or that are new, with all inner groups by name.
    pub children: BTreeMap<String, BTreeSet<String>>,
    /// How many names are taken by others and were left out.
    pub name_clashes: usize,
    /// Groups that the directory no longer names and that stay, since rules or features depend on them.
    pub kept_groups: BTreeSet<GroupId>,
}

impl Plan {
    /// Whether nothing has to change.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { name_clashes: _, kept_groups: _, add_people, change_people, disable, enable, .. } = self;
        let people = add_people.is_empty() && change_people.is_empty() && disable.is_empty() && enable.is_empty();
        let groups = self.add_groups.is_empty() && self.change_groups.is_empty() && self.remove_groups.is_empty();
        people && groups && self.members.is_empty() && self.children.is_empty()
    }
}

/// Works out the changes. A snapshot that lacks most people is taken for a fault, not for the truth.
pub(crate) fn plan(known: &Known, snapshot: &Snapshot) -> Result<Plan, DirectoryError> {
    if snapshot.people.is_empty() {
        return Err(DirectoryError::Nobody);
    }
    let mut plan = Plan::default();
    let names = plan_people(known, snapshot, &mut plan)?;
    plan_groups(known, snapshot, &names, &mut plan);
    Ok(plan)
}

/// Returns the present sign-in names, as far as they have or will have a row here.
fn plan_people(
    known: &Known,
    snapshot: &Snapshot,
    plan: &mut Plan,
) -> Result<HashMap<PersonId, String>, DirectoryError> {
    let by_key: HashMap<&str, &PersonRecord> =
        known.people.iter().filter_map(|person| Some((person.directory_key.as_deref()?, person))).collect();
    let mut names = HashMap::new();
    for found in snapshot.people.values() {
        let Some(&person) = by_key.get(found.key.as_str()) else {
            let another_of_ours =
                known.people.iter().any(|person| person.name == found.name && snapshot_has(snapshot, person));
            if known.foreign_people.contains(&found.name) || another_of_ours {
                plan.name_clashes += 1;
            } else {
                plan.add_people.push(found.clone());
            }
            continue;
        };
        let name = if known.foreign_people.contains(&found.name) { &person.name } else { &found.name };
        names.insert(person.id, found.name.clone());
        let same = person.name == *name
            && person.display_name == found.display_name
            && person.directory_dn.as_deref() == Some(found.dn.as_str());
        if !same {
            plan.change_people.push(PersonRecord {
                name: name.clone(),
                display_name: found.display_name.clone(),
                directory_dn: Some(found.dn.clone()),
                ..person.clone()
            });
        }
        match (found.disabled, person.state) {
            (true, PersonState::Active) => plan.disable.push(person.id),
            (false, PersonState::Disabled) if known.barred.contains(&person.id) => plan.enable.push(person.id),
            _ => {}
        }
    }
    let active: Vec<_> = known.people.iter().filter(|person| person.state == PersonState::Active).collect();
    let gone: Vec<_> = active.iter().filter(|person| !snapshot_has(snapshot, person)).map(|person| person.id).collect();
    if active.len() >= FEW && gone.len() * 2 > active.len() {
        return Err(DirectoryError::ManyVanished { gone: gone.len(), known: active.len() });
    }
    plan.disable.extend(gone);
    Ok(names)
}

fn snapshot_has(snapshot: &Snapshot, person: &PersonRecord) -> bool {
    snapshot.people.values().any(|found| person.directory_key.as_deref() == Some(found.key.as_str()))
}

fn plan_groups(known: &Known, snapshot: &Snapshot, names: &HashMap<PersonId, String>, plan: &mut Plan) {
    let mut by_key: HashMap<&str, _> =
        known.groups.iter().filter_map(|group| Some((group.0.directory_key.as_deref()?, group))).collect();
    let lacking = kept(&known.groups, &known.named, snapshot, &BTreeSet::new());
    let mut anew = BTreeSet::new();
    for group in known.groups.iter().filter(|group| lacking.contains(&group.0.id)) {
        let Some(found) = snapshot.groups.get(&group.0.name) else { continue };
        if by_key.contains_key(found.key.as_str()) {
            // Another group took its name. It goes by one that no directory gives.
            let name = format!("{} ({})", group.0.name, group.0.id);
            plan.change_groups.push(GroupRecord { name, ..group.0.clone() });
        } else {
            // It was made anew there: what was said of it holds on.
            by_key.insert(found.key.as_str(), group);
            anew.insert(group.0.id);
        }
    }
    plan.kept_groups = kept(&known.groups, &known.named, snapshot, &anew);
    let inner = without_circles(snapshot);
    let mut current: HashMap<GroupId, &str> = HashMap::new();
    for (name, found) in &snapshot.groups {
        if let Some((group, ..)) = by_key.get(found.key.as_str()) {
            current.insert(group.id, name);
        }
    }
    for (name, found) in &snapshot.groups {
        if known.foreign_groups.contains(name) {
            plan.name_clashes += 1;
            continue;
        }
        let children: BTreeSet<String> = inner.get(name).cloned().unwrap_or_default();
        let Some((group, members, nested)) = by_key.get(found.key.as_str()) else {
            plan.add_groups.push((name.clone(), found.clone()));
            plan.members.insert(name.clone(), found.people.clone());
            plan.children.insert(name.clone(), children);
            continue;
        };
        let told = (group.directory_dn.as_deref(), group.directory_key.as_deref());
        if group.name != *name || told != (Some(found.dn.as_str()), Some(found.key.as_str())) {
            plan.change_groups.push(GroupRecord {
                name: name.clone(),
                directory_dn: Some(found.dn.clone()),
                directory_key: Some(found.key.clone()),
                ..group.clone()
            });
        }
        let present: BTreeSet<&str> = members.iter().filter_map(|id| names.get(id)).map(String::as_str).collect();
        if present.len() != members.len() || !found.people.iter().map(String::as_str).eq(present) {
            plan.members.insert(name.clone(), found.people.clone());
        }
        let present: BTreeSet<&str> = nested.iter().filter_map(|id| current.get(id)).copied().collect();
        if present.len() != nested.len() || !children.iter().map(String::as_str).eq(present) {
            plan.children.insert(name.clone(), children);
        }
    }
    let ids = known.groups.iter().map(|(group, ..)| group.id);
    plan.remove_groups = ids.filter(|id| !current.contains_key(id) && !plan.kept_groups.contains(id)).collect();
}

/// The nesting without the edges that would close a circle, which a directory may hold and the store does not.
fn without_circles(snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<String>> {
    let mut kept: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (parent, group) in &snapshot.groups {
        for child in group.groups.iter().filter(|child| snapshot.groups.contains_key(*child)) {
            if !reaches(&kept, child, parent) {
                kept.entry(parent.clone()).or_default().insert(child.clone());
            }
        }
    }
    kept
}

fn reaches(nesting: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(group) = open.pop() {
        if group == to {
            return true;
        }
        if seen.insert(group) {
            open.extend(nesting.get(group).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{PersonSource, SystemClock, SystemRng};
    use time::OffsetDateTime;

    use super::*;

    fn found(name: &str, disabled: bool) -> DirectoryPerson {
        DirectoryPerson {
            key: format!("key-{name}"),
            name: name.to_owned(),
            display_name: name.to_uppercase(),
            dn: format!("CN={name}"),
            disabled,
        }
    }

    fn stored(name: &str, state: PersonState) -> PersonRecord {
        PersonRecord {
            id: PersonId::new(&SystemClock, &SystemRng),
            name: name.to_owned(),
            display_name: name.to_uppercase(),
            source: PersonSource::Directory,
            directory: None,
            directory_dn: Some(format!("CN={name}")),
            directory_key: Some(format!("key-{name}")),
            password_hash: None,
            state,
            language: String::new(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            removed_at: None,
        }
    }

    fn snapshot(people: &[DirectoryPerson]) -> Snapshot {
        Snapshot {
            people: people.iter().map(|person| (person.name.clone(), person.clone())).collect(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn what_agrees_needs_no_change() {
        let known = Known { people: vec![stored("anna", PersonState::Active)], ..Known::default() };
        assert!(plan(&known, &snapshot(&[found("anna", false)])).unwrap().is_empty());
    }

    #[test]
    fn who_is_barred_or_gone_is_disabled_and_only_the_directory_lets_in_whom_it_barred() {
        let people = vec![
            stored("anna", PersonState::Active),
            stored("bert", PersonState::Active),
            stored("cora", PersonState::Disabled),
            stored("dora", PersonState::Disabled),
        ];
        let [anna, bert, cora, _] = [people[0].id, people[1].id, people[2].id, people[3].id];
        let known = Known { people, barred: BTreeSet::from([cora]), ..Known::default() };
        let plan = plan(&known, &snapshot(&[found("anna", true), found("cora", false), found("dora", false)])).unwrap();
        assert_eq!(plan.disable, [anna, bert]);
        assert_eq!(plan.enable, [cora], "dora was disabled here, by an administrator");
    }

    #[test]
    fn a_directory_that_lost_its_people_is_not_believed() {
        let known = Known {
            people: (0..20).map(|n| stored(&format!("p{n}"), PersonState::Active)).collect(),
            ..Known::default()
        };
        assert_eq!(plan(&known, &snapshot(&[])), Err(DirectoryError::Nobody));
        let few: Vec<_> = (0..5).map(|n| found(&format!("p{n}"), false)).collect();
        assert_eq!(plan(&known, &snapshot(&few)), Err(DirectoryError::ManyVanished { gone: 15, known: 20 }));
    }

    #[test]
    fn a_renamed_account_stays_the_same_person_and_a_local_name_is_never_taken_over() {
        let anna = stored("anna", PersonState::Active);
        let known = Known {
            people: vec![anna.clone()],
            foreign_people: BTreeSet::from(["chef".to_owned()]),
            ..Known::default()
        };
        let married = DirectoryPerson { key: "key-anna".into(), ..found("anna.neu", false) };
        let plan = plan(&known, &snapshot(&[married, found("chef", false)])).unwrap();
        assert_eq!(plan.change_people.len(), 1);
        assert_eq!((plan.change_people[0].id, plan.change_people[0].name.as_str()), (anna.id, "anna.neu"));
        assert_eq!((plan.add_people.len(), plan.name_clashes), (0, 1));
    }

    /// A group that is known, with the groups in it.
    fn group(number: u128, name: &str, inner: &[u128]) -> (GroupRecord, BTreeSet<PersonId>, BTreeSet<GroupId>) {
        let record = GroupRecord {
            id: id(number),
            name: name.to_owned(),
            source: PersonSource::Directory,
            directory: None,
            directory_dn: Some(format!("CN={name}")),
            directory_key: Some(format!("key-{name}")),
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        (record, BTreeSet::new(), inner.iter().copied().map(id).collect())
    }

    fn id(number: u128) -> GroupId {
        GroupId(uuid::Uuid::from_u128(number))
    }

    /// A group that the directory holds, with nobody in it.
    fn empty(name: &str, key: &str) -> (String, DirectoryGroup) {
        let group = DirectoryGroup {
            key: key.to_owned(),
            dn: format!("CN={name}"),
            people: BTreeSet::new(),
            groups: BTreeSet::new(),
        };
        (name.to_owned(), group)
    }

    #[test]
    fn a_group_that_something_depends_on_stays_when_its_directory_no_longer_names_it() {
        let groups = vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[]), group(3, "Chor", &[])];
        let people = vec![stored("anna", PersonState::Active)];
        let mut known = Known { people, groups, named: BTreeSet::from([id(1)]), ..Known::default() };
        let mut snapshot = snapshot(&[found("anna", false)]);
        let first = plan(&known, &snapshot).unwrap();
        assert_eq!(first.kept_groups, BTreeSet::from([id(1), id(2)]), "with the group in it");
        assert_eq!(first.remove_groups, [id(3)]);
        known.groups.pop();
        assert!(plan(&known, &snapshot).unwrap().is_empty(), "the next round has nothing to do");

        snapshot.groups.extend([empty("Aushilfen", "key-new")]);
        let anew = plan(&known, &snapshot).unwrap();
        let changed: Vec<_> = anew.change_groups.iter().map(|to| (to.id, to.directory_key.as_deref())).collect();
        assert_eq!(changed, [(id(1), Some("key-new"))], "made anew, it is the same group");
        assert!(anew.add_groups.is_empty() && anew.kept_groups == BTreeSet::from([]) && anew.remove_groups == [id(2)]);

        known.named.clear();
        snapshot.groups.clear();
        assert_eq!(plan(&known, &snapshot).unwrap().remove_groups, [id(1), id(2)], "once nothing depends on it");
    }

    #[test]
    fn a_name_that_another_group_took_is_left_to_it() {
        let groups = vec![group(1, "Aushilfen", &[]), group(2, "Boten", &[])];
        let known = Known { groups, named: BTreeSet::from([id(1)]), ..Known::default() };
        let mut snapshot = snapshot(&[found("anna", false)]);
        snapshot.groups.extend([empty("Aushilfen", "key-Boten")]);
        let plan = plan(&known, &snapshot).unwrap();
        let named: Vec<_> = plan.change_groups.iter().map(|to| (to.id, to.name.clone())).collect();
        assert_eq!(named, [(id(1), format!("Aushilfen ({})", id(1))), (id(2), "Aushilfen".to_owned())]);
        assert_eq!(plan.kept_groups, BTreeSet::from([id(1)]));
    }

    #[test]
    fn circles_are_cut_and_changes_of_groups_found() {
        let mut snapshot = snapshot(&[found("anna", false)]);
        let group = |name: &str, inner: &str| DirectoryGroup {
            key: format!("key-{name}"),
            dn: format!("CN={name}"),
            people: BTreeSet::from(["anna".to_owned()]),
            groups: BTreeSet::from([inner.to_owned()]),
        };
        snapshot.groups.insert("A".into(), group("A", "B"));
        snapshot.groups.insert("B".into(), group("B", "A"));
        let plan = plan(&Known::default(), &snapshot).unwrap();
        assert_eq!(plan.add_groups.len(), 2);
        assert_eq!(plan.children["A"], BTreeSet::from(["B".to_owned()]));
        assert!(plan.children["B"].is_empty());
    }
}
