//! Sessions at applications: who may be there, on an origin of its own, as long as one live grant lasts.
//!
//! A person comes from the main site with a one-time code. The code is tied to a secret that the application's origin
//! put into this very browser before ("state"), so that nobody can slip another person into *their* session.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fernamt_domain::{Clock, LiveGrant, Rng, SessionFacts, TargetId, TenantId, rng::random_token};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use fernamt_http::entry::state_of;

use super::{Upstream, cookies::Jar};
use crate::{
    desktop::ticket::{Ticket, TicketError, Tickets, hash},
    gate::Target,
};

/// How long a session at an application lasts without a request.
const IDLE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// How long it lasts at most; going in again takes one redirect that nobody notices.
const ABSOLUTE_LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

/// The most sessions at applications in the whole installation.
const MAX_SESSIONS: usize = 16_384;

/// The most requests that one session runs at once, WebSockets included.
const MAX_REQUESTS: usize = 64;

/// What a one-time code carries from the main site to the application's origin.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub facts: SessionFacts,
    pub user: String,
    pub path: String,
    pub state: String,
}

/// A person's session at one application.
#[derive(Debug)]
pub(super) struct AppSession {
    pub tenant: TenantId,
    pub label: String,
    pub facts: SessionFacts,
    pub user: String,
    pub target: Target,
    pub upstream: Upstream,
    pub jar: Mutex<Jar>,
    pub requests: Arc<Semaphore>,
    /// Cancelled when the session ends, for whatever reason.
    pub ended: CancellationToken,
    running: AtomicUsize,
    used: Mutex<Instant>,
}

impl AppSession {
    /// Marks a request as running, until the guard is dropped.
    pub(super) fn run(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(self))
    }

    fn idle_until(&self) -> Instant {
        let used = if self.running.load(Ordering::SeqCst) > 0 {
            Instant::now()
        } else {
            *self.used.lock().unwrap_or_else(PoisonError::into_inner)
        };
        used + IDLE_LIMIT
    }
}

/// A request that runs in a session.
#[derive(Debug)]
pub(super) struct Running(Arc<AppSession>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// All sessions at applications, and the codes that lead into them.
#[derive(Debug)]
pub(super) struct AppSessions {
    rng: Arc<dyn Rng>,
    codes: Tickets<Entry>,
    sessions: Arc<Mutex<HashMap<[u8; 32], Arc<AppSession>>>>,
}

impl AppSessions {
    pub(super) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { codes: Tickets::new(clock, Arc::clone(&rng)), rng, sessions: Arc::default() }
    }

    /// A one-time code into an application.
    pub(super) fn code(&self, tenant: TenantId, target: TargetId, entry: Entry) -> Result<String, TicketError> {
        let (session, person) = (entry.facts.session, entry.facts.person);
        self.codes.issue(Ticket { tenant, session, person, target, detail: entry }).map(|(code, _)| code)
    }

    /// Redeems a code for the application `target` in the browser that holds the state's secret.
    pub(super) fn redeem(&self, code: &str, tenant: TenantId, target: TargetId, state: &str) -> Option<Entry> {
        let fits = |ticket: &Ticket<Entry>| {
            ticket.tenant == tenant && ticket.target == target && ticket.detail.state == state_of(state)
        };
        self.codes.redeem(code, fits).map(|ticket| ticket.detail)
    }

    /// Begins a session under a grant. Returns the cookie's value; `None` if there are too many sessions.
    pub(super) fn begin(
        &self,
        tenant: TenantId,
        label: &str,
        entry: Entry,
        target: Target,
        grant: LiveGrant,
    ) -> Option<String> {
        let upstream = Upstream::of(&target)?;
        let secret = random_token::<32>(&*self.rng);
        let session = Arc::new(AppSession {
            tenant,
            label: label.to_owned(),
            facts: entry.facts,
            user: entry.user,
            target,
            upstream,
            jar: Mutex::default(),
            requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
            ended: CancellationToken::new(),
            running: AtomicUsize::new(0),
            used: Mutex::new(Instant::now()),
        });
        let key = hash(&secret);
        {
            let mut sessions = self.lock();
            // The browser's cookie is about to be replaced, so what it named before is of no use to anybody.
            let same = |other: &AppSession| {
                (other.tenant, other.facts.session, other.target.id)
                    == (tenant, session.facts.session, session.target.id)
            };
            sessions.values().filter(|other| same(other)).for_each(|other| other.ended.cancel());
            sessions.retain(|_, other| !same(other));
            if sessions.len() >= MAX_SESSIONS {
                return None;
            }
            sessions.insert(key, Arc::clone(&session));
        }
        tokio::spawn(watch(session, grant, key, Arc::clone(&self.sessions)));
        Some(secret)
    }

    /// The session that a cookie's value names, if it is for this application.
    pub(super) fn find(&self, secret: &str, tenant: TenantId, label: &str) -> Option<Arc<AppSession>> {
        let session = self.lock().get(&hash(secret)).cloned()?;
        (session.tenant == tenant && session.label == label && !session.ended.is_cancelled()).then_some(session)
    }

    /// A fresh secret for the state cookie.
    pub(super) fn new_state(&self) -> String {
        random_token::<32>(&*self.rng)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<AppSession>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the grant and ends the session when the grant ends or the time is over.
async fn watch(
    session: Arc<AppSession>,
    grant: LiveGrant,
    key: [u8; 32],
    sessions: Arc<Mutex<HashMap<[u8; 32], Arc<AppSession>>>>,
) {
    let end = Instant::now() + ABSOLUTE_LIMIT;
    loop {
        let deadline = session.idle_until().min(end);
        tokio::select! {
            reason = grant.ended() => {
                tracing::info!(grant = %grant.id(), %reason, "A session at an application was ended");
                break;
            }
            () = session.ended.cancelled() => break,
            () = tokio::time::sleep_until(deadline) => {
                if session.idle_until().min(end) <= Instant::now() {
                    break;
                }
            }
        }
    }
    session.ended.cancel();
    sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
}
