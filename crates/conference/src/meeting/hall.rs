//! All meetings that run here: each is a task of its own that owns its [`Meeting`](super::core::Meeting).

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fernamt_api::conference::{
    entry::MediaPlace,
    settings::MediaLoad,
    socket::{MeetingCounts, PresenceEnded},
};
use fernamt_domain::{
    Clock, DomainEvent, MeetingId, PersonId, Rng, Sealer, TenantId, conference::MeetingState, event::TenantEvent,
};
use fernamt_identity::Authoriser;
use fernamt_media::{MediaPlane, RoomName, Source};
use fernamt_store::{Notice, Store, StoreError};
use futures_util::{StreamExt as _, stream};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    actor::{Actor, Command, Nudges},
    seat::LineId,
    ungreeted::Ungreeted,
};
use crate::{
    Conference,
    entry::{guard::Guard, proof::Proofs},
    live::{Counts, LiveMeetings},
};

/// Messages that wait for one meeting.
const MAX_COMMANDS: usize = 1_024;
/// Meetings that are started side by side.
const STARTING_AT_ONCE: usize = 64;
/// How long starting a meeting may take.
const START_WITHIN: Duration = Duration::from_secs(10);
/// Media rooms that are asked at once who is in them.
const LISTED_AT_ONCE: usize = 16;
/// How long a running meeting may take to answer.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the media plane may take to say who is in one room.
const LIST_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether the guessing of a meeting's PIN has stopped.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What running meetings need.
pub struct HallParts {
    /// The store.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields randomness.
    pub rng: Arc<dyn Rng>,
    /// Seals tokens and chat.
    pub sealer: Arc<Sealer>,
    /// Registers that people sit in meetings.
    pub authoriser: Authoriser,
    /// Carries sound and pictures.
    pub media: Arc<dyn MediaPlane>,
    /// Which machines that are.
    pub place: MediaPlace,
    /// Their host name, unless it is this site's own.
    pub media_host: Option<String>,
}

/// All meetings that run here, and the guard at their door.
pub struct Hall {
    pub(crate) parts: HallParts,
    pub(crate) guard: Guard,
    pub(crate) proofs: Proofs,
    ungreeted: Ungreeted,
    conference: OnceLock<Weak<Conference>>,
    running: Mutex<HashMap<(TenantId, MeetingId), Running>>,
    starting: [tokio::sync::Mutex<()>; STARTING_AT_ONCE],
    lines: AtomicU64,
}

#[derive(Clone)]
struct Running {
    owner: PersonId,
    commands: mpsc::Sender<Command>,
    nudges: Arc<Nudges>,
    counts: watch::Receiver<MeetingCounts>,
}

/// Why somebody could not be brought to a meeting.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStarted {
    #[error("the meeting is over")]
    Over(PresenceEnded),
    #[error("as many meetings run as may")]
    TooMany,
    #[error("it took too long")]
    TooSlow,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl fmt::Debug for Hall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hall").field("running", &self.all().len()).finish_non_exhaustive()
    }
}

impl Hall {
    /// An empty hall.
    pub fn new(parts: HallParts) -> Arc<Self> {
        let proofs = Proofs::new(Arc::clone(&parts.sealer), Arc::clone(&parts.rng));
        Arc::new(Self {
            parts,
            guard: Guard::default(),
            proofs,
            ungreeted: Ungreeted::default(),
            conference: OnceLock::new(),
            running: Mutex::default(),
            starting: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            lines: AtomicU64::new(1),
        })
    }

    /// Names the conference whose meetings these are. It knows the hall already, so it comes second.
    pub fn belong_to(&self, conference: &Arc<Conference>) {
        let _ = self.conference.set(Arc::downgrade(conference));
    }

    pub(crate) fn conference(&self) -> Option<Arc<Conference>> {
        self.conference.get().and_then(Weak::upgrade)
    }

    /// The places of sockets that have not said hello.
    pub fn ungreeted(&self) -> &Ungreeted {
        &self.ungreeted
    }

    pub(super) fn new_line(&self) -> LineId {
        LineId(self.lines.fetch_add(1, Ordering::Relaxed))
    }

    /// Listens to what happens to meetings, until stopped; then sends everybody away to come back later.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut bus = self.parts.store.subscribe();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = look.tick() => {
                    for (_, running) in self.all() {
                        running.nudges.guessed.notify_one();
                    }
                }
                notice = bus.next() => match notice {
                    Some(Notice::Event(TenantEvent { tenant, event: DomainEvent::MeetingChanged { meeting } })) => {
                        if let Some(running) = self.find(tenant, meeting) {
                            running.nudges.changed.notify_one();
                        }
                    }
                    // With a person their rooms may go, and a meeting's name tag is its owner's.
                    Some(Notice::Event(TenantEvent { tenant, event: DomainEvent::PersonChanged { person } })) => {
                        let theirs = |of: TenantId, running: &Running| of == tenant && running.owner == person;
                        for (_, running) in self.all().into_iter().filter(|((of, _), running)| theirs(*of, running)) {
                            running.nudges.changed.notify_one();
                        }
                    }
                    Some(Notice::Event(_)) => {}
                    Some(Notice::Everything) => {
                        for (_, running) in self.all() {
                            running.nudges.changed.notify_one();
                        }
                    }
                    None => break,
                },
            }
        }
        for (_, running) in self.all() {
            running.nudges.restart.cancel();
        }
    }

    /// The running meeting, started if it does not run yet.
    pub(super) async fn meeting(
        self: &Arc<Self>,
        site: &fernamt_http::Site,
        id: MeetingId,
    ) -> Result<mpsc::Sender<Command>, NotStarted> {
        timeout(START_WITHIN, self.started(site, id)).await.unwrap_or(Err(NotStarted::TooSlow))
    }

    async fn started(
        self: &Arc<Self>,
        site: &fernamt_http::Site,
        id: MeetingId,
    ) -> Result<mpsc::Sender<Command>, NotStarted> {
        let tenant = site.tenant.id();
        if let Some(running) = self.find(tenant, id) {
            return Ok(running.commands);
        }
        // One meeting is not started twice; others are started beside it.
        let place = usize::from(id.0.as_bytes()[15]) % STARTING_AT_ONCE;
        let _one_at_a_time = self.starting[place].lock().await;
        if let Some(running) = self.find(tenant, id) {
            return Ok(running.commands);
        }
        let now = self.parts.clock.now();
        let record = match site.tenant.meetings().get(id).await {
            Ok(record) => record,
            Err(StoreError::NotFound(_)) => return Err(NotStarted::Over(PresenceEnded::MeetingEnded)),
            Err(error) => return Err(error.into()),
        };
        match record.state(now) {
            MeetingState::Cancelled => return Err(NotStarted::Over(PresenceEnded::Cancelled)),
            MeetingState::Ended => return Err(NotStarted::Over(PresenceEnded::MeetingEnded)),
            MeetingState::Planned | MeetingState::Running if now < record.valid_from => {
                return Err(NotStarted::Over(PresenceEnded::EnterAgain));
            }
            MeetingState::Planned | MeetingState::Running => {}
        }
        let settings = crate::settings::load(&site.tenant).await?;
        let most = usize::from(settings.most_running);
        let has_room = |running: &HashMap<(TenantId, MeetingId), Running>| {
            running.keys().filter(|(other, _)| *other == tenant).count() < most
        };
        if !has_room(&self.lock()) {
            return Err(NotStarted::TooMany);
        }
        let (commands, inbox) = mpsc::channel(MAX_COMMANDS);
        let (told, counts) = watch::channel(MeetingCounts::default());
        let nudges = Arc::<Nudges>::default();
        let ears = (told, Arc::clone(&nudges));
        let actor = Actor::load(Arc::clone(self), site, record, &settings, (commands.clone(), inbox), ears).await?;
        let entry = Running { owner: actor.owner(), commands: commands.clone(), nudges, counts };
        {
            let mut running = self.lock();
            // Others were started meanwhile.
            if !has_room(&running) {
                return Err(NotStarted::TooMany);
            }
            running.insert((tenant, id), entry);
        }
        let hall = Arc::clone(self);
        tokio::spawn(async move {
            actor.run().await;
            // Another one may have begun already where this one has just ended.
            let mut running = hall.lock();
            if running.get(&(tenant, id)).is_some_and(|running| running.commands.is_closed()) {
                running.remove(&(tenant, id));
            }
        });
        Ok(commands)
    }

    /// Tells a running meeting that its PIN is guessed.
    pub(crate) fn guessed(&self, tenant: TenantId, meeting: MeetingId) {
        if let Some(running) = self.find(tenant, meeting) {
            running.nudges.guessed.notify_one();
        }
    }

    /// A meeting, if it runs.
    pub(super) fn running(&self, tenant: TenantId, meeting: MeetingId) -> Option<mpsc::Sender<Command>> {
        self.find(tenant, meeting).map(|running| running.commands)
    }

    fn find(&self, tenant: TenantId, meeting: MeetingId) -> Option<Running> {
        self.lock().get(&(tenant, meeting)).filter(|running| !running.commands.is_closed()).cloned()
    }

    fn all(&self) -> Vec<((TenantId, MeetingId), Running)> {
        self.lock().iter().map(|(key, running)| (*key, running.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, MeetingId), Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LiveMeetings for Hall {
    async fn counts(&self, tenant: TenantId) -> Vec<Counts> {
        let own = self.all().into_iter().filter(|((of, _), _)| *of == tenant);
        let all = stream::iter(own).map(async |((_, meeting), running)| {
            let counts = *running.counts.borrow();
            let listed = timeout(LIST_WITHIN, self.parts.media.list(RoomName(meeting.0))).await;
            let there = listed.ok().and_then(Result::ok).unwrap_or_default();
            let sending = |source: Source| {
                let one = |presence: &&fernamt_media::Presence| {
                    presence.tracks.iter().any(|track| track.source == source && !track.muted)
                };
                u32::try_from(there.iter().filter(one).count()).unwrap_or(u32::MAX)
            };
            Counts {
                meeting,
                seats: counts.seated,
                lobby: counts.waiting,
                microphones: sending(Source::Microphone),
                cameras: sending(Source::Camera),
            }
        });
        all.buffer_unordered(LISTED_AT_ONCE).collect().await
    }

    async fn load(&self) -> MediaLoad {
        let seats = self.all().iter().map(|(_, running)| running.counts.borrow().seated).sum();
        MediaLoad { seats, ..MediaLoad::default() }
    }
}

#[cfg(test)]
#[path = "hall_tests.rs"]
mod tests;
