//! How many clients listen at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{PersonId, TenantId};

/// The most that one person's devices and windows listen by at once.
pub(crate) const MAX_PER_PERSON: usize = 16;
/// The most in the whole installation: half of what one listener takes in connections.
const MAX_LINES: usize = 4_096;

/// Who listens at the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<(TenantId, PersonId), usize>>>);

impl Places {
    /// A place for a person; none if there is no more room.
    pub(crate) fn take(&self, tenant: TenantId, person: PersonId) -> Option<Place> {
        let mut counts = self.lock();
        let key = (tenant, person);
        let own = counts.get(&key).copied().unwrap_or_default();
        if own >= MAX_PER_PERSON || counts.values().sum::<usize>() >= MAX_LINES {
            return None;
        }
        counts.insert(key, own + 1);
        Some(Place { places: self.clone(), key })
    }

    /// Whether somebody listens.
    pub(crate) fn has(&self, tenant: TenantId, person: PersonId) -> bool {
        self.lock().contains_key(&(tenant, person))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, PersonId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    key: (TenantId, PersonId),
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: usize) -> PersonId {
        PersonId(uuid::Uuid::from_u128(number as u128))
    }

    #[test]
    fn a_person_has_so_many_places_and_no_more() {
        let (places, tenant) = (Places::default(), TenantId(uuid::Uuid::nil()));
        let all: Vec<_> = (0..MAX_PER_PERSON).map(|_| places.take(tenant, person(1)).unwrap()).collect();
        assert!(places.take(tenant, person(1)).is_none());
        assert!(places.take(tenant, person(2)).is_some());
        assert!(places.take(TenantId(uuid::Uuid::from_u128(1)), person(1)).is_some(), "somebody else, next door");
        drop(all);
        assert!(places.take(tenant, person(1)).is_some());
        assert!(places.lock().is_empty(), "nothing is kept of who was here");
    }

    #[test]
    fn all_together_have_so_many_places_and_no_more() {
        let (places, tenant) = (Places::default(), TenantId(uuid::Uuid::nil()));
        let mut all: Vec<_> = (0..MAX_LINES).map(|number| places.take(tenant, person(number)).unwrap()).collect();
        assert!(places.take(tenant, person(MAX_LINES)).is_none());
        all.pop();
        assert!(places.take(tenant, person(MAX_LINES)).is_some());
    }
}
