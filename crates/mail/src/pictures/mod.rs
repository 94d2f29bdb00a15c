//! Pictures that messages show and do not hold: fetched by this server when a reader asks for them, so that whoever sent the
//! message learns neither the reader's address nor anything of their browser.
//!
//! [`source`] tells which addresses stand in a message, [`fetch`] brings the bytes, [`kind`] says by them what they are.
//! [`turns`] and [`lanes`] say how much of that is done.

mod fetch;
mod kind;
mod lanes;
mod source;
mod turns;

use std::{sync::Arc, time::Duration};

use fernamt_domain::{PersonId, TenantId};
use fernamt_http::egress::EgressGuard;
use rustls::{ClientConfig, RootCertStore};
use time::OffsetDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};
use url::Url;

use lanes::Lanes;
use turns::Turns;

pub(crate) use fetch::{Fault, Picture};
pub(crate) use kind::kind_of;
pub(crate) use source::{address_of, show, sources};
pub(crate) use turns::{NoTurn, Turn};

/// How long a picture may take, waiting for its turn and redirects included.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are fetched at once for all people. Others wait for their turn.
const MAX_AT_ONCE: usize = 16;
/// How many are fetched at once for one administration.
const MAX_OF_A_TENANT: usize = 8;
/// How many are fetched at once from one host for one administration, by the name that stands in the message.
const MAX_OF_A_HOST: usize = 4;
/// How many the malware scanner looks at at once. It has more turns than that, and attachments need them.
const MAX_SCANNED_AT_ONCE: usize = 2;
/// How many messages are read at once to see what they show. Each lies in memory meanwhile, with up to 50 MB.
const MAX_READ_AT_ONCE: usize = 2;

/// Fetches pictures from the internet.
#[derive(Debug)]
pub struct Pictures {
    guard: EgressGuard,
    tls: Option<Arc<ClientConfig>>,
    patience: Duration,
    turns: Turns,
    readers: Arc<Semaphore>,
    all: Semaphore,
    tenants: Lanes<TenantId>,
    hosts: Lanes<(TenantId, String)>,
    scans: Semaphore,
}

/// A place among those that are fetched.
pub(crate) type Place<'a> = (OwnedSemaphorePermit, OwnedSemaphorePermit, SemaphorePermit<'a>);

impl Pictures {
    /// Through this guard, trusting the authorities that the machine trusts. The guard decides where requests may lead, also
    /// after a redirect.
    pub fn new(guard: EgressGuard) -> Self {
        Self {
            guard,
            tls: fetch::client_config(fetch::authorities()),
            patience: PATIENCE,
            turns: Turns::default(),
            readers: Arc::new(Semaphore::new(MAX_READ_AT_ONCE)),
            all: Semaphore::new(MAX_AT_ONCE),
            tenants: Lanes::new(MAX_OF_A_TENANT),
            hosts: Lanes::new(MAX_OF_A_HOST),
            scans: Semaphore::new(MAX_SCANNED_AT_ONCE),
        }
    }

    /// Gives up after this time instead.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Trusts these authorities instead.
    #[must_use]
    pub fn trusting(mut self, authorities: RootCertStore) -> Self {
        self.tls = fetch::client_config(authorities);
        self
    }

    /// A turn for a person, which counts for what they may ask in an hour.
    pub(crate) fn turn(&self, person: PersonId, now: OffsetDateTime) -> Result<Turn, NoTurn> {
        self.turns.take(person, now)
    }

    /// Until when a picture that is asked for now has to be there.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Waits until one more message may be read.
    pub(crate) async fn reader(&self, until: Instant) -> Result<OwnedSemaphorePermit, Fault> {
        let reader = timeout_at(until, Arc::clone(&self.readers).acquire_owned()).await;
        reader.ok().and_then(Result::ok).ok_or(Fault::Busy)
    }

    /// Fetches a picture for somebody of an administration; one that is not encrypted on the way only where that is allowed. Its
    /// place is held for as long as something is done with it. Where it is [`Fault::Busy`], nobody was asked for anything.
    pub(crate) async fn fetch(
        &self,
        tenant: TenantId,
        address: Url,
        unencrypted: bool,
        until: Instant,
    ) -> Result<(Picture, Place<'_>), Fault> {
        let place = timeout_at(until, self.place(tenant, &address)).await;
        let place = place.ok().flatten().ok_or(Fault::Busy)?;
        let fetched = timeout_at(until, fetch::follow(&self.guard, self.tls.as_ref(), address, unencrypted)).await;
        Ok((fetched.unwrap_or(Err(Fault::Unavailable))?, place))
    }

    /// Has the malware scanner look at a picture in what is left of its time. What it did not see in it goes nowhere.
    pub(crate) async fn scan<T>(&self, until: Instant, scan: impl Future<Output = T>) -> Result<T, Fault> {
        let scanned = timeout_at(until, async {
            let _turn = self.scans.acquire().await.ok()?;
            Some(scan.await)
        });
        scanned.await.ok().flatten().ok_or(Fault::Unavailable)
    }

    /// Waits for a place, in the narrowest lane first: whoever waits for a slow server, or in a busy administration, holds no place
    /// of others.
    async fn place(&self, tenant: TenantId, address: &Url) -> Option<Place<'_>> {
        let host = address.host_str().unwrap_or_default().to_owned();
        let of_host = self.hosts.enter((tenant, host)).await?;
        let of_tenant = self.tenants.enter(tenant).await?;
        Some((of_host, of_tenant, self.all.acquire().await.ok()?))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    const TENANTS: [TenantId; 3] =
        [TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)), TenantId(Uuid::from_u128(3))];

    fn address(host: usize) -> Url {
        format!("https://h{host}.invalid/x.png").parse().unwrap()
    }

    fn pictures() -> Pictures {
        Pictures::new(EgressGuard::default()).patience(Duration::from_millis(1))
    }

    #[tokio::test]
    async fn a_host_an_administration_and_all_have_so_many_places_and_no_more() {
        let pictures = pictures();
        let place =
            |tenant: usize, host: usize| pictures.place(TENANTS[tenant], &address(host)).now_or_never().flatten();
        let mut held: Vec<_> = (0..MAX_OF_A_HOST).map(|_| place(0, 0).unwrap()).collect();
        assert!(place(0, 0).is_none(), "the host is busy");
        assert!(place(1, 0).is_some(), "for this administration alone");
        held.extend((0..MAX_OF_A_TENANT - MAX_OF_A_HOST).map(|_| place(0, 1).unwrap()));
        assert!(place(0, 2).is_none(), "the administration has all of its places");
        held.extend((0..MAX_AT_ONCE - MAX_OF_A_TENANT).map(|number| place(1, 3 + number).unwrap()));
        assert!(place(2, 2).is_none(), "all places are taken");
        held.pop();
        assert!(place(2, 2).is_some());
        drop(held);
        assert!(place(0, 0).is_some());
    }

    #[tokio::test]
    async fn whoever_gets_no_place_in_time_is_told() {
        let pictures = pictures();
        let _others = pictures.all.acquire_many(u32::try_from(MAX_AT_ONCE).unwrap()).await.unwrap();
        let fetched = pictures.fetch(TENANTS[0], address(0), false, pictures.deadline()).await;
        assert_eq!(fetched.unwrap_err(), Fault::Busy);
    }

    #[tokio::test]
    async fn so_many_pictures_are_scanned_at_once_and_none_for_longer_than_it_has() {
        let pictures = pictures().patience(Duration::from_mins(1));
        let forever = || Box::pin(pictures.scan(pictures.deadline(), pending::<()>()));
        let mut under_way: Vec<_> = (0..MAX_SCANNED_AT_ONCE).map(|_| forever()).collect();
        for scan in &mut under_way {
            assert!(scan.now_or_never().is_none());
        }
        assert_eq!(pictures.scan(Instant::now(), ready(())).await, Err(Fault::Unavailable), "no turn in time");
        under_way.pop();
        assert_eq!(pictures.scan(pictures.deadline(), ready(7)).await, Ok(7));
        assert_eq!(pictures.scan(Instant::now(), pending::<()>()).await, Err(Fault::Unavailable), "no answer in time");
    }

    #[tokio::test]
    async fn so_many_messages_are_read_at_once_and_no_more() {
        let pictures = pictures();
        let mut readers = Vec::new();
        for _ in 0..MAX_READ_AT_ONCE {
            readers.push(pictures.reader(pictures.deadline()).await.unwrap());
        }
        assert_eq!(pictures.reader(pictures.deadline()).await.unwrap_err(), Fault::Busy);
        readers.pop();
        assert!(pictures.reader(pictures.deadline()).await.is_ok());
    }
}
