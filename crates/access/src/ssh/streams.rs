//! The resumable streams that stand, by their tickets' ids: where those who come back find theirs.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fernamt_domain::{DeviceId, PersonId, Rng, SessionId, TenantId};
use fernamt_resume::{Attach, BoxLine, Decoder, Handle, Refusal, Ticket, Twin, refuse};
use tokio::sync::watch;

use super::{Limits, Origin, SignedIn};

/// The streams that can come back. Copies share them.
#[derive(Clone)]
pub(super) struct Streams {
    rng: Arc<dyn Rng>,
    /// How long a stream waits for a line; zero where none is to wait.
    patience: Duration,
    limits: Arc<Limits>,
    held: Arc<Mutex<HashMap<Id, Held>>>,
}

type Id = [u8; 16];

#[derive(Clone)]
struct Held {
    handle: Handle,
    owner: (TenantId, PersonId),
    device: Option<DeviceId>,
    session: SessionId,
    origin: watch::Sender<Origin>,
}

/// A stream's place among those that can come back. Once it is dropped, nobody comes back to the stream.
#[derive(Debug)]
pub(super) struct Seat {
    streams: Streams,
    id: Id,
}

/// What became of a line that said it was a twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twinned {
    Taken,
    /// It is one, but comes from elsewhere than the stream's line.
    Elsewhere,
    Refused,
}

impl Streams {
    pub(super) fn new(rng: Arc<dyn Rng>, patience: Duration, limits: Arc<Limits>) -> Self {
        Self { rng, patience, limits, held: Arc::default() }
    }

    /// Arms a stream whose person has signed in: from now on it survives its line. `None` where it is not to: switched
    /// off, or too many do already.
    pub(super) fn enrol(
        &self,
        handle: &Handle,
        who: &SignedIn,
        origin: &watch::Sender<Origin>,
    ) -> Option<(Ticket, Seat)> {
        if self.patience.is_zero() {
            return None;
        }
        let held = Held {
            handle: handle.clone(),
            owner: (who.tenant, who.facts.person),
            device: who.facts.device,
            session: who.facts.session,
            origin: origin.clone(),
        };
        let ticket = Ticket::new(&*self.rng, self.patience);
        let superseded = {
            let mut all = self.lock();
            let superseded = superseded(&all, &held);
            for (id, _) in &superseded {
                all.remove(id);
            }
            let of_person = all.values().filter(|other| other.owner == held.owner).count();
            let room = all.len() < self.limits.resumable && of_person < self.limits.resumable_per_person;
            if room {
                all.insert(ticket.id(), held);
            }
            room.then_some(superseded)
        };
        let Some(superseded) = superseded else {
            metrics::counter!("fernamt_ssh_refused_total", "limit" => "resumable").increment(1);
            return None;
        };
        for (_, older) in superseded {
            older.handle.abort();
        }
        handle.arm(ticket.clone());
        let seat = Seat { streams: self.clone(), id: ticket.id() };
        Some((ticket, seat))
    }

    /// A line says that it belongs to one of the streams. Nothing is disturbed before its proof was found good and new;
    /// whatever is wrong, the answer is the same. Returns whether it was let in.
    pub(super) async fn come_back(&self, line: BoxLine, attach: Attach, rest: Decoder, origin: &Origin) -> bool {
        let held = self.lock().get(&attach.id).cloned();
        let Some(held) = held else {
            refuse(line, Refusal::Gone).await;
            return false;
        };
        if held.handle.attach(line, attach, rest).is_none() {
            return false;
        }
        held.origin.send_if_modified(|known| {
            let moved = known != origin;
            known.clone_from(origin);
            moved
        });
        true
    }

    /// A line says that it is the twin of a stream's line. One that is not let in is closed.
    pub(super) fn take_twin(&self, line: BoxLine, twin: &Twin, rest: Decoder, origin: &Origin) -> Twinned {
        let held = self.lock().get(&twin.id).cloned();
        let Some(held) = held else { return Twinned::Refused };
        // What was decided for one place does not hold at another.
        let near = held.origin.borrow().is_near(origin);
        let good = if near { held.handle.take_twin(line, twin, rest) } else { held.handle.spend_twin(twin) };
        match (good, near) {
            (true, true) => Twinned::Taken,
            (true, false) => Twinned::Elsewhere,
            (false, _) => Twinned::Refused,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A device that signs in anew has given its streams up that are away: it was switched off, or its program fell over. A
/// companion is no new sign-in.
fn superseded(all: &HashMap<Id, Held>, new: &Held) -> Vec<(Id, Held)> {
    let same = |held: &Held| held.owner == new.owner && held.device.is_some() && held.device == new.device;
    let older = |held: &Held| held.session != new.session;
    let away = |held: &Held| held.handle.status().away_since.is_some();
    all.iter()
        .filter(|(_, held)| same(held) && older(held) && away(held))
        .map(|(id, held)| (*id, held.clone()))
        .collect()
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.streams.lock().remove(&self.id);
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("patience", &self.patience).finish_non_exhaustive()
    }
}
