//! One-time tickets: what `open` hands to the page and the page's WebSocket redeems.
//!
//! A WebSocket cannot carry headers of the page's choice and its address ends up in logs, so the address holds nothing
//! but a random ticket that is good once, for [`TICKET_LIFETIME`], in the session that it was made for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;
use fernamt_domain::{Clock, PersonId, Rng, SessionId, TargetId, TenantId, rng::random_token};
use time::{Duration, OffsetDateTime};

/// How long a ticket may wait to be redeemed.
pub const TICKET_LIFETIME: Duration = Duration::seconds(30);

/// The most tickets that wait at once in the whole installation.
pub const MAX_TICKETS: usize = 4_096;

/// The most tickets of one person that wait at once.
pub const MAX_TICKETS_PER_PERSON: usize = 32;

/// What a ticket stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket<T> {
    /// Whose installation.
    pub tenant: TenantId,
    /// The session that must redeem it.
    pub session: SessionId,
    /// The person.
    pub person: PersonId,
    /// The target to be opened.
    pub target: TargetId,
    /// What else goes with it.
    pub detail: T,
}

/// Why no ticket was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The person has [`MAX_TICKETS_PER_PERSON`] waiting.
    #[error("this person has {MAX_TICKETS_PER_PERSON} tickets waiting, the most that are allowed")]
    TooManyForPerson,
    /// The installation has [`MAX_TICKETS`] waiting.
    #[error("the installation has {MAX_TICKETS} tickets waiting, the most that are allowed")]
    TooMany,
}

/// By the secret's hash: the ticket and until when it may be redeemed.
type Waiting<T> = HashMap<[u8; 32], (Ticket<T>, OffsetDateTime)>;

/// The tickets that wait. Only their hashes are kept, so nothing that could be redeemed lies in memory.
#[derive(Debug)]
pub struct Tickets<T> {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    lifetime: Duration,
    waiting: Mutex<Waiting<T>>,
}

impl<T> Tickets<T> {
    /// No tickets yet; each will live for [`TICKET_LIFETIME`].
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { clock, rng, lifetime: TICKET_LIFETIME, waiting: Mutex::default() }
    }

    /// Makes a ticket. Returns its secret and until when it may be redeemed.
    pub fn issue(&self, ticket: Ticket<T>) -> Result<(String, OffsetDateTime), TicketError> {
        let now = self.clock.now();
        let mut waiting = self.lock();
        waiting.retain(|_, (_, until)| *until > now);
        if waiting.len() >= MAX_TICKETS {
            return Err(TicketError::TooMany);
        }
        let held = |(other, _): &&(Ticket<T>, _)| (other.tenant, other.person) == (ticket.tenant, ticket.person);
        if waiting.values().filter(held).count() >= MAX_TICKETS_PER_PERSON {
            return Err(TicketError::TooManyForPerson);
        }
        let secret = random_token::<32>(&*self.rng);
        let until = now + self.lifetime;
        waiting.insert(hash(&secret), (ticket, until));
        Ok((secret, until))
    }

    /// Takes a ticket, if it exists, is in time, and `allowed` finds that it belongs to whoever redeems it. A ticket
    /// that was looked at is gone either way.
    pub fn redeem(&self, secret: &str, allowed: impl FnOnce(&Ticket<T>) -> bool) -> Option<Ticket<T>> {
        let (ticket, until) = self.lock().remove(&hash(secret))?;
        (self.clock.now() < until && allowed(&ticket)).then_some(ticket)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash under which something is kept that a ticket names.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use fernamt_domain::SystemRng;
    use fernamt_testkit::TestClock;

    use super::*;

    fn tickets() -> (Tickets<()>, TestClock) {
        let clock = TestClock::default();
        (Tickets::new(Arc::new(clock.clone()), Arc::new(SystemRng)), clock)
    }

    fn ticket(clock: &TestClock) -> Ticket<()> {
        Ticket {
            tenant: TenantId::new(clock, &SystemRng),
            session: SessionId::new(clock, &SystemRng),
            person: PersonId::new(clock, &SystemRng),
            target: TargetId::new(clock, &SystemRng),
            detail: (),
        }
    }

    #[test]
    fn a_ticket_is_good_once() {
        let (tickets, clock) = tickets();
        let made = ticket(&clock);
        let (secret, _) = tickets.issue(made.clone()).unwrap();
        assert_eq!(tickets.redeem("guessed", |_| true), None);
        assert_eq!(tickets.redeem(&secret, |_| true), Some(made));
        assert_eq!(tickets.redeem(&secret, |_| true), None);
    }

    #[test]
    fn a_ticket_runs_out_and_burns_in_foreign_hands() {
        let (tickets, clock) = tickets();
        let (secret, until) = tickets.issue(ticket(&clock)).unwrap();
        assert_eq!(until, clock.now() + TICKET_LIFETIME);
        assert_eq!(tickets.redeem(&secret, |_| false), None);
        assert_eq!(tickets.redeem(&secret, |_| true), None, "it burnt");
        let (secret, _) = tickets.issue(ticket(&clock)).unwrap();
        clock.advance(TICKET_LIFETIME);
        assert_eq!(tickets.redeem(&secret, |_| true), None, "it ran out");
    }

    #[test]
    fn the_number_of_tickets_is_bounded() {
        let (tickets, clock) = tickets();
        let greedy = ticket(&clock);
        for _ in 0..MAX_TICKETS_PER_PERSON {
            tickets.issue(greedy.clone()).unwrap();
        }
        assert_eq!(tickets.issue(greedy.clone()), Err(TicketError::TooManyForPerson));
        for _ in MAX_TICKETS_PER_PERSON..MAX_TICKETS {
            tickets.issue(ticket(&clock)).unwrap();
        }
        assert_eq!(tickets.issue(ticket(&clock)), Err(TicketError::TooMany));
        clock.advance(TICKET_LIFETIME);
        assert!(tickets.issue(greedy).is_ok(), "those that ran out make room");
    }
}
