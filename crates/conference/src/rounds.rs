//! What the conference does by itself, again and again: ends meetings whose time is over, tells webhooks, sends letters.
//!
//! Each of these has a turn of its own for each tenant. A mail server or webhook that does not answer holds up its own
//! tenant's turn and nobody else's, and a turn is bounded: what is left over waits for the next.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fernamt_domain::TenantId;
use fernamt_store::{StoreError, Tenant};
use futures_util::{StreamExt as _, future::join, stream};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{Conference, lifecycle, post, webhooks};

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(5);
/// Turns of each kind that run at once.
const MOST_AT_ONCE: usize = 16;
/// After so long a turn begins nothing new.
const TURN: Duration = Duration::from_secs(60);

/// When a turn is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    until: Instant,
}

impl Turn {
    fn begins() -> Self {
        Self { until: Instant::now() + TURN }
    }

    /// Whether there is time for something more.
    pub(crate) fn lasts(self) -> bool {
        Instant::now() < self.until
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Duty {
    Ends,
    Webhooks,
    Letters,
}

impl Duty {
    const ALL: [Self; 3] = [Self::Ends, Self::Webhooks, Self::Letters];

    async fn done(self, conference: &Conference, tenant: &Tenant) -> Result<(), StoreError> {
        let (parts, store) = (&conference.parts, conference.parts.store.tenant(tenant.id));
        match self {
            Self::Ends => lifecycle::end_overdue(&store, parts).await,
            Self::Webhooks => webhooks::tell_due(&store, parts, &conference.teller, Turn::begins()).await,
            Self::Letters => post::send_due(&store, parts, tenant, Turn::begins()).await,
        }
    }
}

/// The turns that are under way.
#[derive(Debug, Clone)]
struct Turns {
    under_way: Arc<Mutex<HashSet<(TenantId, Duty)>>>,
    places: [Arc<Semaphore>; Duty::ALL.len()],
}

impl Turns {
    fn new() -> Self {
        Self { under_way: Arc::default(), places: Duty::ALL.map(|_| Arc::new(Semaphore::new(MOST_AT_ONCE))) }
    }

    fn begin(&self, tenant: TenantId, duty: Duty) -> bool {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert((tenant, duty))
    }

    fn end(&self, tenant: TenantId, duty: Duty) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&(tenant, duty));
    }
}

/// Does it until stopped.
pub(crate) async fn run(conference: Arc<Conference>, stop: CancellationToken) {
    let (turns, mut tasks) = (Turns::new(), JoinSet::new());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        while tasks.try_join_next().is_some() {}
        let tenants = match conference.parts.store.tenants().all().await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::error!(%error, "What the conference does by itself failed");
                continue;
            }
        };
        for tenant in tenants {
            for (duty, places) in Duty::ALL.into_iter().zip(&turns.places) {
                if !turns.begin(tenant.id, duty) {
                    continue;
                }
                let (conference, turns, places) = (Arc::clone(&conference), turns.clone(), Arc::clone(places));
                let tenant = tenant.clone();
                tasks.spawn(async move {
                    let place = places.acquire().await;
                    if let Err(error) = duty.done(&conference, &tenant).await {
                        tracing::error!(%error, ?duty, "What the conference does by itself failed");
                    }
                    drop(place);
                    turns.end(tenant.id, duty);
                });
            }
        }
    }
}

/// Does once what is due now, for all tenants.
pub(crate) async fn once(conference: &Conference) -> Result<(), StoreError> {
    let tenants = conference.parts.store.tenants().all().await?;
    let all = stream::iter(tenants).map(async |tenant| {
        Duty::Ends.done(conference, &tenant).await?;
        let (told, sent) =
            join(Duty::Webhooks.done(conference, &tenant), Duty::Letters.done(conference, &tenant)).await;
        told.and(sent)
    });
    all.buffer_unordered(MOST_AT_ONCE).fold(Ok(()), async |all: Result<(), StoreError>, one| all.and(one)).await
}
