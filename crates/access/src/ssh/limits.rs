//! How much strangers and colleagues may take of the gateway.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fernamt_domain::{PersonId, TenantId};
use tokio::time::Instant;

/// The most sources whose arrivals are counted.
const MAX_SOURCES: usize = 16_384;

/// The gateway's limits. The defaults fit an administration of some thousand people on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long a client has from its connection to the end of the sign-in.
    pub login_grace: Duration,
    /// Wrong answers before the connection is closed. Asking which methods there are counts as one.
    pub sign_in_attempts: usize,
    /// Connections that have not signed in yet.
    pub unauthenticated: usize,
    /// Connections from one source (an IPv4 address, an IPv6 /64) that have not signed in yet. A town hall behind one
    /// address must still get in on Monday morning.
    pub unauthenticated_per_source: usize,
    /// New connections a second from one source, after a burst of [`Limits::arrivals_burst`]: each costs us a key
    /// exchange, whoever it is.
    pub arrivals_per_second: u32,
    /// New connections from one source at once.
    pub arrivals_burst: u32,
    /// All connections.
    pub connections: usize,
    /// Connections of one person.
    pub connections_per_person: usize,
    /// Streams that survive their line. Each may hold four MiB.
    pub resumable: usize,
    /// Those of one person. On a far line a stick has two: its own, and its companion's.
    pub resumable_per_person: usize,
    /// Companions that were asked for and have not come yet.
    pub expected_companions: usize,
    /// How often a stick may ask for a companion; what it asks in between is not heard.
    pub companion_every: Duration,
    /// How long a companion may come from elsewhere than its session. A computer that changes its network takes a moment for
    /// all that it has.
    pub parted_grace: Duration,
    /// Channels of one connection, those being opened included.
    pub channels_per_connection: usize,
    /// Channels of one connection that are being opened at the same moment; the others wait their turn.
    pub opening_per_connection: usize,
    /// How long connecting to a target may take.
    pub connect_timeout: Duration,
    /// Bytes from the client that wait for one slow target.
    pub waiting_bytes_per_channel: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            login_grace: Duration::from_secs(30),
            sign_in_attempts: 6,
            unauthenticated: 256,
            unauthenticated_per_source: 64,
            arrivals_per_second: 10,
            arrivals_burst: 30,
            connections: 8_192,
            connections_per_person: 16,
            resumable: 2_048,
            resumable_per_person: 8,
            expected_companions: 1_024,
            companion_every: Duration::from_secs(1),
            parted_grace: Duration::from_secs(30),
            channels_per_connection: 128,
            opening_per_connection: 8,
            connect_timeout: Duration::from_secs(10),
            waiting_bytes_per_channel: 4 * 1024 * 1024,
        }
    }
}

/// Why somebody was not let in. It is told in the log and in metrics only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Too many connections have not signed in yet.
    Unauthenticated,
    /// Too many of them come from this source.
    Source,
    /// This source comes too often.
    Rate,
    /// Too many connections in all.
    Connections,
}

impl Full {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Source => "source",
            Self::Rate => "rate",
            Self::Connections => "connections",
        }
    }
}

/// Counts who is at the door and who is inside.
#[derive(Debug, Clone)]
pub(super) struct Door {
    limits: Arc<Limits>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    waiting: HashMap<IpAddr, usize>,
    /// By when each source has paid for its arrivals; who has paid is forgotten.
    paid_by: HashMap<IpAddr, Instant>,
    waiting_total: usize,
    inside: HashMap<(TenantId, PersonId), usize>,
    total: usize,
}

impl Door {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, counts: Arc::default() }
    }

    /// Counts a new connection as waiting at the door.
    pub(super) fn knock(&self, address: IpAddr) -> Result<Place, Full> {
        let source = source(address);
        let mut counts = self.lock();
        if counts.total >= self.limits.connections {
            return Err(Full::Connections);
        }
        if counts.waiting_total >= self.limits.unauthenticated {
            return Err(Full::Unauthenticated);
        }
        let from_here = counts.waiting.get(&source).copied().unwrap_or(0);
        if from_here >= self.limits.unauthenticated_per_source {
            return Err(Full::Source);
        }
        if !counts.may_arrive(source, &self.limits) {
            return Err(Full::Rate);
        }
        counts.waiting.insert(source, from_here + 1);
        counts.waiting_total += 1;
        counts.total += 1;
        Ok(Place { door: self.clone(), at: At::Door(source) })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Charges a source for one arrival, unless it is too far behind with paying.
    fn may_arrive(&mut self, source: IpAddr, limits: &Limits) -> bool {
        let now = Instant::now();
        let price = Duration::from_secs(1) / limits.arrivals_per_second.max(1);
        let debt = self.paid_by.get(&source).map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now));
        if debt + price > price * limits.arrivals_burst.max(1) {
            return false;
        }
        if self.paid_by.len() >= MAX_SOURCES {
            self.paid_by.retain(|_, paid| *paid > now);
        }
        // With that many sources in debt at once, the limit of all waiting connections is what protects us.
        if self.paid_by.len() < MAX_SOURCES {
            self.paid_by.insert(source, now + debt + price);
        }
        true
    }

    /// Takes a charge back: whoever proved something at once cost us little.
    fn give_back(&mut self, source: IpAddr, limits: &Limits) {
        let price = Duration::from_secs(1) / limits.arrivals_per_second.max(1);
        if let Some(paid) = self.paid_by.get_mut(&source) {
            *paid = paid.checked_sub(price).unwrap_or(*paid);
        }
    }

    fn leave(&mut self, at: At) {
        match at {
            At::Door(source) => {
                self.waiting_total -= 1;
                take_one(&mut self.waiting, &source);
            }
            At::Inside(tenant, person) => take_one(&mut self.inside, &(tenant, person)),
        }
    }
}

fn take_one<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum At {
    Door(IpAddr),
    Inside(TenantId, PersonId),
}

/// One connection's place, at the door first and then inside. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    door: Door,
    at: At,
}

impl Place {
    /// Takes the connection from the door to the inside. `false` if the person has too many there already.
    pub(super) fn enter(&mut self, tenant: TenantId, person: PersonId) -> bool {
        let mut counts = self.door.lock();
        let held = counts.inside.get(&(tenant, person)).copied().unwrap_or(0);
        if held >= self.door.limits.connections_per_person {
            return false;
        }
        counts.inside.insert((tenant, person), held + 1);
        counts.leave(self.at);
        self.at = At::Inside(tenant, person);
        true
    }

    /// Leaves the door for a stream that is inside already, and is not charged for having come: after an outage, all
    /// of a town hall comes back at once.
    pub(super) fn join(self) {
        if let At::Door(source) = self.at {
            self.door.lock().give_back(source, &self.door.limits);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.door.lock();
        counts.leave(self.at);
        counts.total -= 1;
    }
}

/// What counts as one source: an IPv6 customer has a whole /64.
pub(super) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    fn door(limits: Limits) -> Door {
        Door::new(Arc::new(limits))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_source_cannot_fill_the_door() {
        let door = door(Limits { unauthenticated_per_source: 2, unauthenticated: 3, ..Limits::default() });
        let held = [door.knock(address("192.0.2.1")).unwrap(), door.knock(address("::ffff:192.0.2.1")).unwrap()];
        assert_eq!(door.knock(address("192.0.2.1")).unwrap_err(), Full::Source);
        let other = door.knock(address("2001:db8::1")).unwrap();
        assert_eq!(door.knock(address("2001:db8:1::1")).unwrap_err(), Full::Unauthenticated);
        drop(held);
        drop(other);
        assert!(door.lock().waiting.is_empty());
        assert_eq!(door.lock().total, 0);
    }

    #[test]
    fn one_source_cannot_come_again_and_again() {
        let door = door(Limits { arrivals_burst: 3, arrivals_per_second: 1, ..Limits::default() });
        for _ in 0..3 {
            drop(door.knock(address("192.0.2.1")).unwrap());
        }
        assert_eq!(door.knock(address("192.0.2.1")).unwrap_err(), Full::Rate);
        assert!(door.knock(address("192.0.2.2")).is_ok());
    }

    #[tokio::test]
    async fn who_comes_back_to_a_stream_is_not_charged() {
        let door = door(Limits { arrivals_burst: 2, arrivals_per_second: 1, ..Limits::default() });
        for _ in 0..10 {
            door.knock(address("192.0.2.1")).unwrap().join();
        }
        assert_eq!(door.lock().total, 0);
        let _places = [door.knock(address("192.0.2.1")).unwrap(), door.knock(address("192.0.2.1")).unwrap()];
        assert_eq!(door.knock(address("192.0.2.1")).unwrap_err(), Full::Rate);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_source() {
        let door = door(Limits { unauthenticated_per_source: 1, ..Limits::default() });
        let _held = door.knock(address("2001:db8::1")).unwrap();
        assert_eq!(door.knock(address("2001:db8::2")).unwrap_err(), Full::Source);
    }

    #[test]
    fn who_is_inside_leaves_room_at_the_door_and_has_a_limit_of_its_own() {
        let door = door(Limits { unauthenticated: 1, connections_per_person: 1, connections: 2, ..Limits::default() });
        let (tenant, person) = (TenantId::new(&SystemClock, &SystemRng), PersonId::new(&SystemClock, &SystemRng));
        let mut first = door.knock(address("192.0.2.1")).unwrap();
        assert!(first.enter(tenant, person));
        let mut second = door.knock(address("192.0.2.1")).unwrap();
        assert!(!second.enter(tenant, person), "one connection is this person's limit");
        assert_eq!(door.knock(address("192.0.2.2")).unwrap_err(), Full::Connections);
        drop(first);
        assert!(second.enter(tenant, person));
        drop(second);
        assert!(door.lock().inside.is_empty());
    }
}
