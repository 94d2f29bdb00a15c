//! What has to change so that the store agrees with a directory. Pure: store and snapshot in, changes out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{GroupId, PersonId, PersonState};
use fernamt_store::{GroupRecord, PersonRecord};

use super::{
    DirectoryError,
    kept::{KnownGroup, There, kept, kept_nesting, name_of},
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
    pub groups: Vec<KnownGroup>,
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
    let mut by_key: HashMap<&str, &KnownGroup> =
        known.groups.iter().filter_map(|group| Some((group.0.directory_key.as_deref()?, group))).collect();
    let mut there: There<'_> = HashMap::new();
    for (name, found) in &snapshot.groups {
        if let Some((group, ..)) = by_key.get(found.key.as_str()) {
            there.insert(group.id, (name.as_str(), found));
        }
    }
    let lacking = kept(&known.groups, &known.named, &there);
    for group in known.groups.iter().filter(|group| lacking.contains(&group.0.id)) {
        let Some((name, found)) = snapshot.groups.get_key_value(&group.0.name) else { continue };
        if !by_key.contains_key(found.key.as_str()) {
            // It was made anew there: what was said of it holds on.
            by_key.insert(found.key.as_str(), group);
            there.insert(group.0.id, (name.as_str(), found));
        }
    }
    // Once more: what lay in a group that was made anew may stay no longer.
    let kept_groups = kept(&known.groups, &known.named, &there);
    let mut kept_names: BTreeMap<GroupId, String> = BTreeMap::new();
    for (group, ..) in known.groups.iter().filter(|group| kept_groups.contains(&group.0.id)) {
        let mut name = group.name.clone();
        if snapshot.groups.contains_key(&name) {
            // Another group took its name. It goes by one that no directory gives.
            name = format!("{} ({})", group.name, group.id);
            plan.change_groups.push(GroupRecord { name: name.clone(), ..group.clone() });
        }
        kept_names.insert(group.id, name);
    }
    let nesting = without_circles(kept_nesting(&known.groups, &there, &kept_names), snapshot);
    for (name, found) in &snapshot.groups {
        if known.foreign_groups.contains(name) {
            plan.name_clashes += 1;
            continue;
        }
        let children: BTreeSet<String> = nesting.get(name).cloned().unwrap_or_default();
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
        let present: BTreeSet<&str> = nested.iter().filter_map(|id| name_of(&there, &kept_names, *id)).collect();
        if present.len() != nested.len() || !children.iter().map(String::as_str).eq(present) {
            plan.children.insert(name.clone(), children);
        }
    }
    let ids = known.groups.iter().map(|(group, ..)| group.id);
    plan.remove_groups = ids.filter(|id| !there.contains_key(id) && !kept_groups.contains(id)).collect();
    plan.kept_groups = kept_groups;
}

/// The nesting, after what is kept of it, without the edges that would close a circle, which a directory may hold and
/// the store does not.
fn without_circles(
    mut kept: BTreeMap<String, BTreeSet<String>>,
    snapshot: &Snapshot,
) -> BTreeMap<String, BTreeSet<String>> {
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
mod tests;
