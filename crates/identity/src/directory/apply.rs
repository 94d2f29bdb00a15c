//! Brings the store into line with what a directory holds, in one transaction.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{
    DirectoryId, DomainEvent, GroupId, PersonId, PersonSource, PersonState,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{GroupRecord, PersonRecord, StoreError, TenantStore, Work};

use super::{kept::Naming, plan::Plan, sync::barred_key};
use crate::{Identity, session};

impl Identity {
    /// Does what the plan says.
    pub(super) async fn apply(
        &self,
        tenant: &TenantStore,
        directory: DirectoryId,
        plan: &Plan,
        mut barred: BTreeSet<PersonId>,
    ) -> Result<(), StoreError> {
        let mut work = tenant.begin().await?;
        // Before any row of people, as whoever removes a directory does: neither waits for the other.
        let gone = groups_to_remove(&work, plan).await?;
        self.apply_people(&mut work, directory, plan, &mut barred).await?;
        self.apply_groups(&mut work, directory, plan, &gone).await?;
        let event = AuditEvent::new(AuditKind::DirectorySync, "changed", Outcome::Success);
        work.record(event.details(serde_json::json!({
            "directory": directory,
            "added": plan.add_people.len(),
            "disabled": plan.disable.len(),
            "enabled": plan.enable.len(),
            "groups": plan.members.len(),
        })));
        work.commit().await
    }

    async fn apply_people(
        &self,
        work: &mut Work,
        directory: DirectoryId,
        plan: &Plan,
        barred: &mut BTreeSet<PersonId>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        // Names may change hands within one round: first away from the old ones, then to the new ones.
        for person in &plan.change_people {
            work.people().update(&PersonRecord { name: format!("~{}", person.id), ..person.clone() }).await?;
        }
        for person in &plan.change_people {
            work.people().update(person).await?;
            work.publish(DomainEvent::PersonChanged { person: person.id });
        }
        for found in &plan.add_people {
            let id = PersonId::new(&*self.clock, &*self.rng);
            let person = PersonRecord {
                id,
                name: found.name.clone(),
                display_name: found.display_name.clone(),
                source: PersonSource::Directory,
                directory: Some(directory),
                directory_dn: Some(found.dn.clone()),
                directory_key: Some(found.key.clone()),
                password_hash: None,
                state: if found.disabled { PersonState::Disabled } else { PersonState::Active },
                language: String::new(),
                created_at: now,
                removed_at: None,
            };
            work.people().insert(&person).await?;
            if found.disabled {
                barred.insert(id);
            }
            work.publish(DomainEvent::PersonChanged { person: id });
        }
        for &person in &plan.disable {
            disable(work, person, "disabled_by_directory").await?;
            barred.insert(person);
        }
        for &person in &plan.enable {
            work.people().set_state(person, PersonState::Active).await?;
            work.record(AuditEvent::new(AuditKind::Person, "enabled_by_directory", Outcome::Success).about(person));
            work.publish(DomainEvent::PersonChanged { person });
            barred.remove(&person);
        }
        work.settings().set(&barred_key(directory), barred).await
    }

    async fn apply_groups(
        &self,
        work: &mut Work,
        directory: DirectoryId,
        plan: &Plan,
        gone: &[GroupId],
    ) -> Result<(), StoreError> {
        for &group in gone {
            work.groups().remove(group).await?;
            work.publish(DomainEvent::GroupChanged { group });
        }
        for group in &plan.change_groups {
            work.groups().update(&GroupRecord { name: format!("~{}", group.id), ..group.clone() }).await?;
        }
        for group in &plan.change_groups {
            work.groups().update(group).await?;
            work.publish(DomainEvent::GroupChanged { group: group.id });
        }
        for (name, found) in &plan.add_groups {
            let group = GroupRecord {
                id: GroupId::new(&*self.clock, &*self.rng),
                name: name.clone(),
                source: PersonSource::Directory,
                directory: Some(directory),
                directory_dn: Some(found.dn.clone()),
                directory_key: Some(found.key.clone()),
                created_at: self.clock.now(),
            };
            work.groups().insert(&group).await?;
        }
        let people: HashMap<String, PersonId> =
            work.people().of_directory(directory).await?.into_iter().map(|person| (person.name, person.id)).collect();
        let groups: HashMap<String, GroupId> =
            work.groups().of_directory(directory).await?.into_iter().map(|group| (group.name, group.id)).collect();
        for (name, members) in &plan.members {
            let Some(&group) = groups.get(name) else { continue };
            let members: Vec<_> = members.iter().filter_map(|name| people.get(name)).copied().collect();
            work.groups().set_members(group, &members).await?;
            work.publish(DomainEvent::GroupChanged { group });
        }
        let wanted: Vec<(GroupId, Vec<GroupId>)> = plan
            .children
            .iter()
            .filter_map(|(name, inner)| {
                let inner = inner.iter().filter_map(|name| groups.get(name)).copied().collect();
                Some((*groups.get(name)?, inner))
            })
            .collect();
        // First out of the old groups, then into the new ones: on the way no circle may close.
        for (group, inner) in &wanted {
            let kept: Vec<_> =
                work.groups().children(*group).await?.into_iter().filter(|child| inner.contains(child)).collect();
            work.groups().set_children(*group, &kept).await?;
        }
        for (group, inner) in &wanted {
            work.groups().set_children(*group, inner).await?;
            work.publish(DomainEvent::GroupChanged { group: *group });
        }
        Ok(())
    }
}

/// The groups that are gone and that nothing depends on. Somebody may have named one since the plan was made: then the
/// next round keeps it.
async fn groups_to_remove(work: &Work, plan: &Plan) -> Result<Vec<GroupId>, StoreError> {
    let mut gone = plan.remove_groups.clone();
    if !gone.is_empty() {
        let naming = Naming::held(work).await?;
        gone.retain(|group| !naming.names(*group));
    }
    Ok(gone)
}

/// Disables a person in a unit of work: sessions end, and with them whatever runs.
async fn disable(work: &mut Work, person: PersonId, action: &'static str) -> Result<(), StoreError> {
    work.people().set_state(person, PersonState::Disabled).await?;
    session::end_all(work, person, None).await?;
    work.record(AuditEvent::new(AuditKind::Person, action, Outcome::Success).about(person));
    work.publish(DomainEvent::PersonChanged { person });
    Ok(())
}
