//! Targets, the bundles they come in, their health, and what each person used last.

use fernamt_domain::{BundleId, PersonId, TargetId, TargetKind, TargetSettings, text_enum};
use sea_orm::sea_query::Condition;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::repository;
use crate::{
    StoreError,
    page::{Page, Paged},
    record::{record, search_text, word_fields},
    scope::{Writing, any, is, is_in, is_null, to},
};

/// The most targets of a tenant.
pub const MAX_TARGETS: usize = 10_000;

text_enum! {
    /// How a target was found at the last look.
    pub enum HealthState {
        /// It answers.
        Up = "up",
        /// It does not answer.
        Down = "down",
        /// It answers with another certificate than the one pinned.
        WrongCertificate = "wrong_certificate",
        /// Nobody has looked yet.
        Unknown = "unknown",
    }
}

word_fields! { HealthState }

record! {
    /// Something a person may reach inside the house.
    pub struct TargetRecord in "target", key(id) journaled {
        /// The id.
        id: TargetId => Configuration,
        /// The name, unique within the tenant, or among its owner's.
        name: String => Configuration,
        /// The heading that it is shown under.
        folder: Option<String> => Configuration,
        /// The name of its icon.
        icon: Option<String> => Configuration,
        /// What it is for.
        description: String => Configuration,
        /// Its host name or address, lower case.
        host: String => Configuration,
        /// Its port.
        port: u16 => Configuration,
        /// What it needs beyond that, by kind.
        settings: TargetSettings => Configuration,
        /// The certificate that it must show (DER).
        pinned_certificate: Option<Vec<u8>> => Configuration,
        /// Whether it can be reached at all.
        enabled: bool => Configuration,
        /// When it was made.
        created_at: OffsetDateTime => Configuration,
        /// Whose it is, if somebody set it up for themselves. Nobody else reaches it.
        owner: Option<PersonId> => Account,
    }
    derived |target| {
        search: String => Configuration = search_text(&[
            &target.name,
            target.folder.as_deref().unwrap_or_default(),
            &target.description,
            &target.host,
        ]);
        label: Option<String> => Configuration = target.label().map(str::to_lowercase);
        // What names are unique among: empty columns would not be.
        owned: String => Account = target.owner.map(|owner| owner.to_string()).unwrap_or_default();
    }
}

impl TargetRecord {
    /// What is spoken to it.
    pub fn kind(&self) -> TargetKind {
        self.settings.kind()
    }

    /// The first label of a web application's host name.
    pub fn label(&self) -> Option<&str> {
        match &self.settings {
            TargetSettings::Web(web) => Some(&web.label),
            _ => None,
        }
    }
}

record! {
    /// A bundle of targets, such as all that one role needs.
    pub struct BundleRecord in "bundle", key(id) journaled {
        /// The id.
        id: BundleId => Configuration,
        /// The name, unique within the tenant.
        name: String => Configuration,
        /// What it is for.
        description: String => Configuration,
    }
    derived |bundle| {
        search: String => Configuration = search_text(&[&bundle.name, &bundle.description]);
    }
}

record! {
    /// A target in a bundle.
    pub struct BundleTargetRecord in "bundle_target", key(bundle, target) journaled {
        /// The bundle.
        bundle: BundleId => Configuration,
        /// The target.
        target: TargetId => Configuration,
    }
}

record! {
    /// How a target was found at the last look.
    pub struct TargetHealthRecord in "target_health", key(target) {
        /// The target.
        target: TargetId => Operation,
        /// When it was looked at.
        checked_at: OffsetDateTime => Operation,
        /// How it was found.
        state: HealthState => Operation,
        /// A stable word for what was wrong.
        detail: Option<String> => Operation,
        /// The certificate that it showed (DER).
        certificate: Option<Vec<u8>> => Operation,
    }
}

record! {
    /// The day a person last used a target: it orders their own start page and nothing else.
    pub struct TargetUseRecord in "target_use", key(person, target) {
        /// The person.
        person: PersonId => Preference,
        /// The target.
        target: TargetId => Preference,
        /// The day.
        last_used_on: Date => Preference,
    }
}

repository! {
    /// Targets with their health and use.
    Targets
}

impl<A> Targets<'_, A> {
    /// The target with this id.
    pub async fn get(&self, id: TargetId) -> Result<TargetRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The target of the administration with exactly this name.
    pub async fn by_name(&self, name: &str) -> Result<Option<TargetRecord>, StoreError> {
        self.scope.find(is("name", &name.to_owned()).add(is_null("owner"))).one().await
    }

    /// The web application with this label: `app` in `app.example.org`.
    pub async fn by_label(&self, label: &str) -> Result<Option<TargetRecord>, StoreError> {
        self.scope.find(is("label", &label.to_lowercase())).one().await
    }

    /// The targets at a host and port, as a client of the tunnel names them: the administration's, and this person's own.
    pub async fn by_address(&self, host: &str, port: u16, person: PersonId) -> Result<Vec<TargetRecord>, StoreError> {
        let open = Condition::any().add(is_null("owner")).add(is("owner", &Some(person)));
        let there = is("host", &host.to_lowercase()).add(is("port", &port)).add(open);
        self.scope.find(there).order("id").all().await
    }

    /// A page of the administration's targets by name; the search looks in name, folder, description and host.
    pub async fn list(&self, page: &Page) -> Result<Paged<TargetRecord>, StoreError> {
        self.scope.page(is_null("owner"), "name", page).await
    }

    /// All targets of the administration by name; there are at most [`MAX_TARGETS`].
    pub async fn all(&self) -> Result<Vec<TargetRecord>, StoreError> {
        self.scope.find(is_null("owner")).order("name").all().await
    }

    /// What a person set up for themselves, by name.
    pub async fn of_owner(&self, owner: PersonId) -> Result<Vec<TargetRecord>, StoreError> {
        self.scope.find(is("owner", &Some(owner))).order("name").all().await
    }

    /// What all people set up for themselves, by name.
    pub async fn of_owners(&self) -> Result<Vec<TargetRecord>, StoreError> {
        self.scope.find(is_null("owner").not()).order("name").order("id").all().await
    }

    /// How many targets people set up for themselves.
    pub async fn count_of_owners(&self) -> Result<u64, StoreError> {
        self.scope.count::<TargetRecord>(is_null("owner").not()).await
    }

    /// How many targets there are, with those that people set up.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.scope.count::<TargetRecord>(any()).await
    }

    /// How a target was found at the last look, if anybody looked.
    pub async fn health(&self, id: TargetId) -> Result<Option<TargetHealthRecord>, StoreError> {
        self.scope.find(is("target", &id)).one().await
    }

    /// How all targets were found at the last look.
    pub async fn all_health(&self) -> Result<Vec<TargetHealthRecord>, StoreError> {
        self.scope.find(any()).order("target").all().await
    }

    /// What a person used, and on which day last: only for their own start page.
    pub async fn used_by(&self, person: PersonId) -> Result<Vec<TargetUseRecord>, StoreError> {
        self.scope.find(is("person", &person)).newest_first("last_used_on").order("target").all().await
    }
}

impl Targets<'_, Writing> {
    /// Adds a target.
    pub async fn insert(&self, target: &TargetRecord) -> Result<(), StoreError> {
        self.insert_all(std::slice::from_ref(target)).await
    }

    /// Adds many targets.
    pub async fn insert_all(&self, targets: &[TargetRecord]) -> Result<(), StoreError> {
        let there = usize::try_from(self.count().await?).unwrap_or(usize::MAX);
        if there.saturating_add(targets.len()) > MAX_TARGETS {
            return Err(StoreError::TooMany { what: "targets", limit: MAX_TARGETS });
        }
        let targets: Vec<_> = targets.iter().map(lower).collect();
        self.scope.insert_all(&targets).await
    }

    /// Writes all columns of a target.
    pub async fn update(&self, target: &TargetRecord) -> Result<(), StoreError> {
        let enabled = self.scope.find::<TargetRecord>(is("id", &target.id)).locked().get().await?.enabled;
        self.scope.replace(&lower(target)).await?;
        if enabled != target.enabled {
            self.scope.journal_state::<TargetRecord>(&target.id, enabled_word(target.enabled)).await?;
        }
        Ok(())
    }

    /// Pins a target's certificate, or lets go of it.
    pub async fn pin_certificate(&self, id: TargetId, certificate: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.scope.set_one::<TargetRecord>(is("id", &id), vec![to("pinned_certificate", &certificate)]).await
    }

    /// Removes a target.
    pub async fn remove(&self, id: TargetId) -> Result<(), StoreError> {
        self.scope.delete_one::<TargetRecord>(is("id", &id)).await
    }

    /// Notes how a target was found.
    pub async fn set_health(&self, health: &TargetHealthRecord) -> Result<(), StoreError> {
        self.scope.upsert(health).await
    }

    /// Notes the day on which a person used a target.
    pub async fn used(&self, person: PersonId, target: TargetId, day: Date) -> Result<(), StoreError> {
        self.scope.upsert(&TargetUseRecord { person, target, last_used_on: day }).await
    }
}

/// The journal's word for whether something is enabled.
pub(crate) fn enabled_word(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

fn lower(target: &TargetRecord) -> TargetRecord {
    TargetRecord { host: target.host.to_lowercase(), ..target.clone() }
}

repository! {
    /// Bundles of targets.
    Bundles
}

impl<A> Bundles<'_, A> {
    /// The bundle with this id.
    pub async fn get(&self, id: BundleId) -> Result<BundleRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The bundle with exactly this name.
    pub async fn by_name(&self, name: &str) -> Result<Option<BundleRecord>, StoreError> {
        self.scope.find(is("name", &name.to_owned())).one().await
    }

    /// A page of bundles by name.
    pub async fn list(&self, page: &Page) -> Result<Paged<BundleRecord>, StoreError> {
        self.scope.page(any(), "name", page).await
    }

    /// All bundles by name.
    pub async fn all(&self) -> Result<Vec<BundleRecord>, StoreError> {
        self.scope.find(any()).order("name").all().await
    }

    /// The targets in a bundle.
    pub async fn targets(&self, id: BundleId) -> Result<Vec<TargetId>, StoreError> {
        let rows = self.scope.find::<BundleTargetRecord>(is("bundle", &id)).order("target").all().await?;
        Ok(rows.into_iter().map(|row| row.target).collect())
    }

    /// The bundles that a target is in.
    pub async fn of_target(&self, target: TargetId) -> Result<Vec<BundleId>, StoreError> {
        let rows = self.scope.find::<BundleTargetRecord>(is("target", &target)).order("bundle").all().await?;
        Ok(rows.into_iter().map(|row| row.bundle).collect())
    }

    /// All pairs of bundle and target.
    pub async fn all_targets(&self) -> Result<Vec<(BundleId, TargetId)>, StoreError> {
        let rows = self.scope.find::<BundleTargetRecord>(any()).order("bundle").order("target").all().await?;
        Ok(rows.into_iter().map(|row| (row.bundle, row.target)).collect())
    }
}

impl Bundles<'_, Writing> {
    /// Adds a bundle.
    pub async fn insert(&self, bundle: &BundleRecord) -> Result<(), StoreError> {
        self.scope.insert(bundle).await
    }

    /// Writes all columns of a bundle.
    pub async fn update(&self, bundle: &BundleRecord) -> Result<(), StoreError> {
        self.scope.replace(bundle).await
    }

    /// Removes a bundle; its targets stay.
    pub async fn remove(&self, id: BundleId) -> Result<(), StoreError> {
        self.scope.delete_one::<BundleRecord>(is("id", &id)).await
    }

    /// Puts exactly these targets into a bundle. Tells whether that changed anything.
    pub async fn set_targets(&self, bundle: BundleId, targets: &[TargetId]) -> Result<bool, StoreError> {
        let there = self.targets(bundle).await?;
        let gone: Vec<_> = there.iter().filter(|target| !targets.contains(target)).copied().collect();
        self.scope.delete::<BundleTargetRecord>(is("bundle", &bundle).add(is_in("target", &gone))).await?;
        let mut added = false;
        for &target in targets {
            added |= self.scope.insert_if_absent(&BundleTargetRecord { bundle, target }).await?;
        }
        Ok(added || !gone.is_empty())
    }
}
