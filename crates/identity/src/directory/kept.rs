//! Groups that stay here though their directory no longer names them: rules or features depend on them.
//!
//! A feature that is switched off for a group, or a rule that denies it something, would open for everybody if a fault of
//! the directory took the group away. So such a group stays as it was known last, with its members, until rules and features
//! let go of it.

use std::collections::{BTreeSet, HashMap, HashSet};

use fernamt_domain::{
    DirectoryId, GroupId, PersonId,
    feature::{FeatureSwitch, names},
};
use fernamt_store::{GroupRecord, RuleRecord, StoreError, TenantStore, Work};

use super::snapshot::Snapshot;
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

    /// Reads it in a unit of work.
    pub(super) async fn load_in(work: &Work) -> Result<Self, StoreError> {
        Ok(Self::of(work.rules().all().await?, feature::load_in(work).await?))
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
type Known = (GroupRecord, BTreeSet<PersonId>, BTreeSet<GroupId>);

/// Which groups stay though the snapshot lacks them: those that are named, and what lies in them. Those made `anew` under
/// another key are not lacking.
pub(super) fn kept(
    known: &[Known],
    named: &BTreeSet<GroupId>,
    snapshot: &Snapshot,
    anew: &BTreeSet<GroupId>,
) -> BTreeSet<GroupId> {
    let there: HashSet<&str> = snapshot.groups.values().map(|found| found.key.as_str()).collect();
    let is_there = |group: &GroupRecord| {
        anew.contains(&group.id) || group.directory_key.as_deref().is_some_and(|key| there.contains(key))
    };
    let vanished: HashMap<GroupId, &BTreeSet<GroupId>> =
        known.iter().filter(|(group, ..)| !is_there(group)).map(|(group, _, inner)| (group.id, inner)).collect();
    let mut open: Vec<GroupId> = named.iter().copied().filter(|id| vanished.contains_key(id)).collect();
    let mut kept = BTreeSet::new();
    while let Some(group) = open.pop() {
        if let Some(inner) = vanished.get(&group)
            && kept.insert(group)
        {
            open.extend(inner.iter());
        }
    }
    kept
}
