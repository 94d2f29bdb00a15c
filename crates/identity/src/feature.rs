//! Features of mail, as far as deciding depends on them: how the administration switched each.
//!
//! The switches are asked each time somebody uses a feature. Who switches one off ends it in sessions that are open, too.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fernamt_domain::{
    PersonId, TenantId,
    feature::{Feature, FeatureSwitch, Features},
};
use fernamt_policy::FeatureEngine;
use fernamt_store::{StoreError, TenantStore, Work};

use crate::{
    authorise::{Authoriser, MAX_ENGINES},
    settings,
};

/// Under which name the switches stand among the settings.
const KEY: &str = "features";

/// The compiled switches of tenants. None where nobody switched anything.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<TenantId, (u64, Switches)>>);

type Switches = Option<Arc<FeatureEngine>>;

impl Kept {
    /// What was kept at this count of changes.
    fn get(&self, tenant: TenantId, epoch: u64) -> Option<Switches> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&tenant).filter(|(known, _)| *known == epoch).map(|(_, switches)| switches.clone())
    }

    fn put(&self, tenant: TenantId, epoch: u64, switches: Switches) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_ENGINES {
            kept.clear();
        }
        kept.insert(tenant, (epoch, switches));
    }
}

/// Reads the switches that somebody touched.
pub async fn load(tenant: &TenantStore) -> Result<Vec<FeatureSwitch>, StoreError> {
    Ok(tenant.settings().get(KEY).await?.unwrap_or_default())
}

/// Reads them to change them, or to remove a group that they do not name: until the unit of work ends nobody else
/// changes them.
pub async fn held(work: &Work) -> Result<Vec<FeatureSwitch>, StoreError> {
    work.settings().held(KEY).await
}

/// Writes the switches in a unit of work. Those that say nothing are left out.
pub async fn save(work: &Work, switches: &[FeatureSwitch]) -> Result<(), StoreError> {
    let touched = |switch: &&FeatureSwitch| **switch != FeatureSwitch::untouched(switch.feature);
    work.settings().set(KEY, &switches.iter().filter(touched).collect::<Vec<_>>()).await
}

impl Authoriser {
    /// The features of mail that a person has at this moment.
    pub async fn features(&self, tenant: &TenantStore, person: PersonId) -> Result<Features, StoreError> {
        let Some(engine) = self.switches(tenant).await? else { return Ok(Features::all()) };
        let groups: Vec<_> = tenant.groups().all_of_person(person).await?.into_iter().collect();
        Ok(engine.features_of(person, &groups))
    }

    /// Whether a person has this feature at this moment.
    pub async fn has_feature(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        feature: Feature,
    ) -> Result<bool, StoreError> {
        Ok(self.features(tenant, person).await?.has(feature))
    }

    /// Whether programs with a token may use a person's mail: the administration allows any, and this person has them.
    pub(crate) async fn serves_programs(&self, tenant: &TenantStore, person: PersonId) -> Result<bool, StoreError> {
        Ok(settings::load(tenant).await?.programs.enabled
            && self.has_feature(tenant, person, Feature::Programs).await?)
    }

    /// The tenant's switches, compiled once for each change.
    async fn switches(&self, tenant: &TenantStore) -> Result<Switches, StoreError> {
        // Read before the switches: if they change meanwhile, the next question finds another epoch and compiles anew.
        let epoch = tenant.policy_epoch().await?;
        if let Some(kept) = self.inner.features.get(tenant.id(), epoch) {
            return Ok(kept);
        }
        let switches = match load(tenant).await? {
            none if none.is_empty() => None,
            // Ids and words alone are stored: Cedar reads them unless the system has no room at the moment.
            some => Some(Arc::new(FeatureEngine::compile(&some).map_err(|_| StoreError::Busy)?)),
        };
        self.inner.features.put(tenant.id(), epoch, switches.clone());
        Ok(switches)
    }
}
