//! Groups that stay here though their directory no longer names them: rules or features depend on them.
//!
//! A feature that is switched off for a group, or a rule that denies it something, would open for everybody if a fault of
//! the directory took the group away. So such a group stays as it was known last, with its members, until rules and features
//! let go of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fernamt_domain::{
    DirectoryId, GroupId, PersonId,
    feature::{FeatureSwitch, names},
};
use fernamt_store::{GroupRecord, RuleRecord, StoreError, TenantStore, Work};

use super::snapshot::DirectoryGroup;
use crate::feature;

/// What rules and features say of groups.
#[derive(Debug)]
pub(super) struct Naming {
    rules: Vec<String>,
    switches: Vec<FeatureSwitch>,
}

impl Naming {
    /// Reads it.
    pub(super) async fn load(tenant: &TenantStore) -> Result<Self, StoreError> {
        Ok(Self::of(tenant.rules().all().await?, feature::load(tenant).await?))
    }

    /// Reads it to remove what it does not name: until the unit of work ends nobody switches a feature.
    pub(super) async fn held(work: &Work) -> Result<Self, StoreError> {
        let switches = feature::held(work).await?;
        Ok(Self::of(work.rules().all().await?, switches))
    }

    fn of(rules: Vec<RuleRecord>, switches: Vec<FeatureSwitch>) -> Self {
        let text = |rule: RuleRecord| {
            let form = rule.form.map(|form| form.to_string()).unwrap_or_default();
            form + &rule.expert.unwrap_or_default().to_lowercase()
        };
        Self { rules: rules.into_iter().map(text).collect(), switches }
    }

    /// Whether one of them names this group. Ids are unique over all kinds, so finding the id's text is finding its use.
    pub(super) fn names(&self, group: GroupId) -> bool {
        let id = group.to_string();
        names(&self.switches, group) || self.rules.iter().any(|text| text.contains(&id))
    }

    /// The groups of a directory that are named, or lie in a group that is named and not of this directory.
    pub(super) async fn of_directory(
        &self,
        tenant: &TenantStore,
        groups: &[GroupRecord],
        directory: DirectoryId,
    ) -> Result<BTreeSet<GroupId>, StoreError> {
        let of_others: HashSet<_> =
            groups.iter().filter(|group| group.directory != Some(directory)).map(|group| group.id).collect();
        let mut named: BTreeSet<_> = groups.iter().map(|group| group.id).filter(|id| self.names(*id)).collect();
        let mut open: Vec<_> = named.intersection(&of_others.iter().copied().collect()).copied().collect();
        while let Some(group) = open.pop() {
            for child in tenant.groups().children(group).await? {
                if named.insert(child) && of_others.contains(&child) {
                    open.push(child);
                }
            }
        }
        Ok(named.into_iter().filter(|group| !of_others.contains(group)).collect())
    }
}

/// A group with its members and inner groups.
pub(super) type KnownGroup = (GroupRecord, BTreeSet<PersonId>, BTreeSet<GroupId>);

/// The known groups that the directory has, each with its name there.
pub(super) type There<'a> = HashMap<GroupId, (&'a str, &'a DirectoryGroup)>;

/// Which groups stay though the directory lacks them: those that are named, and those that lie in a named one at any
/// depth.
pub(super) fn kept(known: &[KnownGroup], named: &BTreeSet<GroupId>, there: &There<'_>) -> BTreeSet<GroupId> {
    let nested: HashMap<GroupId, &BTreeSet<GroupId>> =
        known.iter().map(|(group, _, inner)| (group.id, inner)).collect();
    let mut open: Vec<GroupId> = named.iter().copied().collect();
    let mut reached = BTreeSet::new();
    while let Some(group) = open.pop() {
        if let Some(inner) = nested.get(&group)
            && reached.insert(group)
        {
            let lacking_too = may_hold_what_is_lacking(there, group);
            open.extend(inner.iter().copied().filter(|child| lacking_too || there.contains_key(child)));
        }
    }
    reached.retain(|group| !there.contains_key(group));
    reached
}

/// Whether what the directory lacks may still lie in a group. One that the directory has must list somebody unknown:
/// what was taken out of it is listed no longer. By which name is not asked, since a group that moved has another one.
fn may_hold_what_is_lacking(there: &There<'_>, group: GroupId) -> bool {
    there.get(&group).is_none_or(|(_, found)| found.lists_unknown)
}

/// What a group is called from now on; nothing for one that goes.
pub(super) fn name_of<'a>(
    there: &There<'a>,
    kept_names: &'a BTreeMap<GroupId, String>,
    group: GroupId,
) -> Option<&'a str> {
    there.get(&group).map(|(name, _)| *name).or_else(|| kept_names.get(&group).map(String::as_str))
}

/// The nesting, by name, that no snapshot tells: what lies in a kept group, and which kept groups lie in those that are
/// there.
pub(super) fn kept_nesting(
    known: &[KnownGroup],
    there: &There<'_>,
    kept_names: &BTreeMap<GroupId, String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut nesting: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (group, _, inner) in known {
        let Some(outer) = name_of(there, kept_names, group.id) else { continue };
        let lacking_too = may_hold_what_is_lacking(there, group.id);
        let stays =
            |child: &&GroupId| kept_names.contains_key(&group.id) || (lacking_too && kept_names.contains_key(*child));
        for child in inner.iter().filter(stays).filter_map(|child| name_of(there, kept_names, *child)) {
            nesting.entry(outer.to_owned()).or_default().insert(child.to_owned());
        }
    }
    nesting
}
