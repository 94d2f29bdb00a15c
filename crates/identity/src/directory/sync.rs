//! Keeps people and groups in line with their directories, every [`SYNC_EVERY`].
//!
//! One round reads all people and groups (a few hundred bytes each) and changes only what differs, in one transaction.
//! So a disabled account is out within a round, with its sessions and whatever runs in them. A directory that does not
//! answer, or answers in part, changes nothing: who worked goes on working, and the fault is shown to administrators.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use fernamt_domain::{
    DirectoryId, DomainEvent, GroupId, PersonId, PersonSource, PersonState, Purpose, Secret, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{DirectoryRecord, GroupRecord, Page, PersonRecord, StoreError, TenantStore, Work};
use serde::{Deserialize, Serialize};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    DirectoryConfig, DirectoryError,
    client::Client,
    plan::{Known, Plan, plan},
    snapshot,
};
use crate::{Identity, bind_budget::BindLimit, session};

/// How often directories are read.
pub const SYNC_EVERY: Duration = Duration::from_secs(30);
/// How far the number of wrong passwords that we let through stays below the directory's lock-out.
const ROOM_BELOW_LOCKOUT: u32 = 2;
/// The names shown by a test of the connection.
const SAMPLE: usize = 5;

/// Why a synchronisation brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The store.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// How a synchronisation went, as stored with the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncResult {
    /// It worked.
    pub ok: bool,
    /// `ok`, or a stable word for the fault.
    pub code: String,
    /// What happened, in English.
    pub detail: String,
    /// Values that belong in a sentence about the fault.
    pub params: BTreeMap<String, String>,
    /// People found.
    pub people: usize,
    /// Groups found.
    pub groups: usize,
    /// Names that are taken here and were left out.
    pub name_clashes: usize,
    /// After how many wrong passwords the directory locks an account, as far as it tells.
    pub lockout_threshold: Option<u32>,
}

/// What a test of a connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// People found.
    pub people: usize,
    /// Groups found.
    pub groups: usize,
    /// The first few sign-in names.
    pub sample: Vec<String>,
    /// After how many wrong passwords the directory locks an account, as far as it tells.
    pub lockout_threshold: Option<u32>,
}

/// The setting that holds the limit of wrong passwords for a directory.
pub fn limit_key(directory: DirectoryId) -> String {
    format!("directory.{directory}.max_failed_binds")
}

fn barred_key(directory: DirectoryId) -> String {
    format!("directory.{directory}.barred")
}

impl Identity {
    /// Seals the reading account's password for the store.
    pub fn seal_directory_password(&self, tenant: TenantId, password: &Secret<String>) -> Vec<u8> {
        self.sealer.seal(Purpose { tenant, word: "directory-password" }, password.expose().as_bytes())
    }

    /// A stored directory as the client needs it.
    pub fn directory_config(
        &self,
        tenant: &TenantStore,
        directory: &DirectoryRecord,
    ) -> Result<DirectoryConfig, DirectoryError> {
        let purpose = Purpose { tenant: tenant.id(), word: "directory-password" };
        let password =
            self.sealer.open(purpose, &directory.bind_password_sealed).map_err(|_| DirectoryError::BindRefused)?;
        let password = String::from_utf8(password.to_vec()).map_err(|_| DirectoryError::BindRefused)?;
        Ok(DirectoryConfig {
            url: directory.url.parse().map_err(|_| DirectoryError::Address)?,
            bind_dn: directory.bind_dn.clone(),
            bind_password: Secret::new(password),
            base_dn: directory.base_dn.clone(),
            person_filter: directory.person_filter.clone(),
            group_filter: directory.group_filter.clone(),
            ca_pem: directory.ca_pem.clone().unwrap_or_default(),
        })
    }

    /// How many wrong passwords of a person may reach a directory in a window: what is set, and less if the directory
    /// itself locks earlier.
    pub(crate) async fn bind_limit(
        &self,
        tenant: &TenantStore,
        directory: &DirectoryRecord,
    ) -> Result<u32, StoreError> {
        let set = tenant.settings().get::<u32>(&limit_key(directory.id)).await?.unwrap_or(BindLimit::default().most);
        let told =
            directory.last_sync_result.clone().and_then(|result| serde_json::from_value::<SyncResult>(result).ok());
        let lockout = told.and_then(|result| result.lockout_threshold).unwrap_or(u32::MAX);
        Ok(set.min(lockout.saturating_sub(ROOM_BELOW_LOCKOUT)).max(1))
    }

    /// Tries a connection without storing anything.
    pub async fn test_directory(&self, config: &DirectoryConfig) -> Result<TestReport, DirectoryError> {
        let found = snapshot::take(config, self.clock.now()).await?;
        if found.people.is_empty() {
            return Err(DirectoryError::Nobody);
        }
        let lockout_threshold = Client::reader(config).await?.lockout_threshold(&config.base_dn).await;
        Ok(TestReport {
            people: found.people.len(),
            groups: found.groups.len(),
            sample: found.people.keys().take(SAMPLE).cloned().collect(),
            lockout_threshold,
        })
    }

    /// Synchronises all directories of all tenants regularly, until stopped.
    pub async fn synchronise(self: Arc<Self>, stop: CancellationToken) {
        let mut tick = interval(SYNC_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {
                    if let Err(error) = self.synchronise_all().await {
                        tracing::warn!(%error, "Directories could not be looked up; the next attempt follows");
                    }
                }
            }
        }
    }

    async fn synchronise_all(self: &Arc<Self>) -> Result<(), StoreError> {
        // Side by side, so that a directory that hangs holds no other one up.
        let mut rounds = JoinSet::new();
        for tenant in self.store.tenants().all().await? {
            let tenant = self.store.tenant(tenant.id);
            for directory in tenant.directories().all().await?.into_iter().filter(|directory| directory.enabled) {
                let (this, tenant) = (Arc::clone(self), tenant.clone());
                rounds.spawn(async move {
                    if let Err(error) = this.synchronise_directory(&tenant, directory.id).await {
                        tracing::warn!(directory = %directory.id, %error, "A directory was not synchronised");
                    }
                });
            }
        }
        while rounds.join_next().await.is_some() {}
        Ok(())
    }

    /// Synchronises one directory now. The result is stored with it, good or bad.
    pub async fn synchronise_directory(&self, tenant: &TenantStore, id: DirectoryId) -> Result<SyncResult, SyncError> {
        let directory = tenant.directories().get(id).await?;
        let before =
            directory.last_sync_result.clone().and_then(|result| serde_json::from_value::<SyncResult>(result).ok());
        let outcome = self.read_and_apply(tenant, &directory).await;
        let result = match &outcome {
            Ok(result) => result.clone(),
            Err(SyncError::Directory(error)) => SyncResult {
                code: error.code().to_owned(),
                detail: error.to_string(),
                params: error.params(),
                lockout_threshold: before.as_ref().and_then(|before| before.lockout_threshold),
                ..SyncResult::default()
            },
            Err(SyncError::Store(_)) => return outcome,
        };
        let mut work = tenant.begin().await?;
        let value = serde_json::to_value(&result).unwrap_or_default();
        work.directories().synced(id, &value).await?;
        if before.is_none_or(|before| before.code != result.code) {
            let outcome = if result.ok { Outcome::Success } else { Outcome::Failure };
            let event = AuditEvent::new(AuditKind::DirectorySync, "state_changed", outcome);
            work.record(event.details(serde_json::json!({ "directory": id, "code": result.code })));
        }
        work.commit().await?;
        outcome
    }

    async fn read_and_apply(&self, tenant: &TenantStore, directory: &DirectoryRecord) -> Result<SyncResult, SyncError> {
        let config = self.directory_config(tenant, directory)?;
        let found = snapshot::take(&config, self.clock.now()).await?;
        let lockout_threshold = Client::reader(&config).await?.lockout_threshold(&config.base_dn).await;
        let known = known(tenant, directory.id).await?;
        let plan = plan(&known, &found)?;
        if !plan.is_empty() {
            self.apply(tenant, directory.id, &plan, known.barred).await?;
        }
        Ok(SyncResult {
            ok: true,
            code: "ok".into(),
            detail: format!("{} people and {} groups found", found.people.len(), found.groups.len()),
            params: BTreeMap::new(),
            people: found.people.len(),
            groups: found.groups.len(),
            name_clashes: plan.name_clashes,
            lockout_threshold,
        })
    }

    async fn apply(
        &self,
        tenant: &TenantStore,
        directory: DirectoryId,
        plan: &Plan,
        mut barred: BTreeSet<PersonId>,
    ) -> Result<(), StoreError> {
        let mut work = tenant.begin().await?;
        self.apply_people(&mut work, directory, plan, &mut barred).await?;
        self.apply_groups(&mut work, directory, plan).await?;
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

    async fn apply_groups(&self, work: &mut Work, directory: DirectoryId, plan: &Plan) -> Result<(), StoreError> {
        for &group in &plan.remove_groups {
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

/// Disables a person in a unit of work: sessions end, and with them whatever runs.
pub async fn disable(work: &mut Work, person: PersonId, action: &'static str) -> Result<(), StoreError> {
    work.people().set_state(person, PersonState::Disabled).await?;
    session::end_all(work, person, None).await?;
    work.record(AuditEvent::new(AuditKind::Person, action, Outcome::Success).about(person));
    work.publish(DomainEvent::PersonChanged { person });
    Ok(())
}

async fn known(tenant: &TenantStore, directory: DirectoryId) -> Result<Known, StoreError> {
    let people = tenant.people().of_directory(directory).await?;
    let mut groups = Vec::new();
    let mut foreign_groups = BTreeSet::new();
    for group in tenant.groups().all().await? {
        if group.directory == Some(directory) {
            let members = tenant.groups().members(group.id).await?.into_iter().collect();
            let inner = tenant.groups().children(group.id).await?.into_iter().collect();
            groups.push((group, members, inner));
        } else {
            foreign_groups.insert(group.name);
        }
    }
    let mut foreign_people = BTreeSet::new();
    let mut page = Page::default();
    loop {
        let found = tenant.people().list(&page).await?.items;
        if found.is_empty() {
            break;
        }
        page.offset += u64::try_from(found.len()).unwrap_or(u64::MAX);
        foreign_people
            .extend(found.into_iter().filter(|person| person.directory != Some(directory)).map(|person| person.name));
    }
    let barred = tenant.settings().get(&barred_key(directory)).await?.unwrap_or_default();
    Ok(Known { people, groups, barred, foreign_people, foreign_groups })
}
