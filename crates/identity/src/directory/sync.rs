//! Keeps people and groups in line with their directories, every [`SYNC_EVERY`].
//!
//! One round reads all people and groups (a few hundred bytes each) and changes only what differs, in one transaction.
//! So a disabled account is out within a round, with its sessions and whatever runs in them. A directory that does not
//! answer, or answers in part, changes nothing: who worked goes on working, and the fault is shown to administrators.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use fernamt_domain::{
    DirectoryId, GroupId, Purpose, Secret, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{DirectoryRecord, Page, StoreError, TenantStore};
use serde::{Deserialize, Serialize};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    DirectoryConfig, DirectoryError,
    client::Client,
    kept::Naming,
    plan::{Known, plan},
    snapshot,
};
use crate::{Identity, bind_budget::BindLimit};

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
    /// Groups that the directory no longer names and that stay, since rules or features depend on them.
    pub kept_groups: BTreeSet<GroupId>,
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

/// The setting that holds whom the directory has barred.
pub(super) fn barred_key(directory: DirectoryId) -> String {
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
                kept_groups: before.as_ref().map(|before| before.kept_groups.clone()).unwrap_or_default(),
                ..SyncResult::default()
            },
            Err(SyncError::Store(_)) => return outcome,
        };
        let mut work = tenant.begin().await?;
        let value = serde_json::to_value(&result).unwrap_or_default();
        work.directories().synced(id, &value).await?;
        let kept_before = before.as_ref().map(|before| &before.kept_groups);
        if !result.kept_groups.is_empty() && kept_before != Some(&result.kept_groups) {
            let event = AuditEvent::new(AuditKind::DirectorySync, "groups_kept", Outcome::Success);
            work.record(event.details(serde_json::json!({ "directory": id, "groups": result.kept_groups })));
        }
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
            kept_groups: plan.kept_groups,
            lockout_threshold,
        })
    }
}

async fn known(tenant: &TenantStore, directory: DirectoryId) -> Result<Known, StoreError> {
    let people = tenant.people().of_directory(directory).await?;
    let mut groups = Vec::new();
    let mut foreign_groups = BTreeSet::new();
    let all = tenant.groups().all().await?;
    let named = Naming::load(tenant).await?.of_directory(tenant, &all, directory).await?;
    for group in all {
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
    Ok(Known { people, groups, barred, foreign_people, foreign_groups, named })
}
