//! Pictures that messages show and do not hold: fetched by this server when a reader asks for them, so that whoever sent the
//! message learns neither the reader's address nor anything of their browser.
//!
//! [`source`] tells which addresses stand in a message, [`fetch`] brings the bytes, [`kind`] says by them what they are.

mod fetch;
mod kind;
mod source;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fernamt_domain::PersonId;
use fernamt_http::egress::EgressGuard;
use rustls::ClientConfig;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

pub(crate) use fetch::{Fault, Picture};
pub(crate) use kind::kind_of;
pub(crate) use source::{address_of, shows, sources};

/// How long a picture may take, waiting for its turn and redirects included.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are fetched at once for all people. Others wait for their turn.
const MAX_AT_ONCE: usize = 16;
/// How many one person may ask for at once.
const MAX_OF_A_PERSON: usize = 6;

/// Fetches pictures from the internet.
#[derive(Debug)]
pub struct Pictures {
    guard: EgressGuard,
    tls: Option<Arc<ClientConfig>>,
    patience: Duration,
    all: Semaphore,
    people: Mutex<HashMap<PersonId, usize>>,
}

impl Pictures {
    /// Through this guard, trusting the authorities that the machine trusts. The guard decides where requests may lead, also
    /// after a redirect.
    pub fn new(guard: EgressGuard) -> Self {
        Self {
            guard,
            tls: fetch::client_config(),
            patience: PATIENCE,
            all: Semaphore::new(MAX_AT_ONCE),
            people: Mutex::default(),
        }
    }

    /// Gives up after this time instead.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Fetches a picture; one that is not encrypted on the way only where that is allowed.
    pub(crate) async fn fetch(&self, address: Url, unencrypted: bool) -> Result<Picture, Fault> {
        let fetched = async {
            let _turn = self.all.acquire().await.map_err(|_| Fault::Unreachable)?;
            fetch::follow(&self.guard, self.tls.as_ref(), address, unencrypted).await
        };
        timeout(self.patience, fetched).await.map_err(|_| Fault::TooSlow)?
    }

    /// A turn for a person; none if they have as many as they may.
    pub(crate) fn turn(&self, person: PersonId) -> Option<Turn<'_>> {
        let mut people = self.people();
        let count = people.entry(person).or_default();
        if *count >= MAX_OF_A_PERSON {
            return None;
        }
        *count += 1;
        Some(Turn { pictures: self, person })
    }

    fn people(&self) -> MutexGuard<'_, HashMap<PersonId, usize>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pictures: &'a Pictures,
    person: PersonId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut people = self.pictures.people();
        if let Some(count) = people.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                people.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_person_has_so_many_turns_and_no_more() {
        let pictures = Pictures::new(EgressGuard::default());
        let [ada, ben] = [1, 2].map(|number| PersonId(Uuid::from_u128(number)));
        let turns: Vec<_> = (0..MAX_OF_A_PERSON).map(|_| pictures.turn(ada).unwrap()).collect();
        assert!(pictures.turn(ada).is_none() && pictures.turn(ben).is_some());
        drop(turns);
        assert!(pictures.turn(ada).is_some());
        assert!(pictures.people().is_empty(), "nothing is kept of who was here");
    }

    #[tokio::test]
    async fn whoever_gets_no_turn_in_time_is_told() {
        let pictures = Pictures::new(EgressGuard::default()).patience(Duration::from_millis(1));
        let all = u32::try_from(MAX_AT_ONCE).unwrap();
        let _others = pictures.all.acquire_many(all).await.unwrap();
        let address = "https://no-such-name.invalid/x.png".parse().unwrap();
        assert_eq!(pictures.fetch(address, false).await.unwrap_err(), Fault::TooSlow);
    }
}
