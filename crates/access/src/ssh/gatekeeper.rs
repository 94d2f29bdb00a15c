//! What the gateway asks the rest of the house: who is it, may they, and where is it.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use fernamt_api::stick::{Hello, LineQuality, StickRefusal, StickTarget};
use fernamt_domain::{DeviceId, EndReason, LiveGrant, Secret, SessionFacts, TargetId, TenantId, Zone};
use russh::keys::PublicKey;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Destination, Language, Login, limits::source};

/// Where a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// The zone of the listener.
    pub zone: Zone,
}

impl Origin {
    /// Whether the same computer may come from here and from there at a time: an IPv6 customer has many addresses, and takes a
    /// new one now and then.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        self.zone == other.zone && source(self.address) == source(other.address)
    }
}

/// One complete attempt to sign in.
#[derive(Debug)]
pub struct Attempt {
    /// Who they say they are.
    pub login: Login,
    /// The first factor.
    pub first: FirstFactor,
    /// The one-time code.
    pub code: Secret<String>,
    /// Where they come from.
    pub origin: Origin,
}

/// The factor that stands beside the one-time code.
#[derive(Debug)]
pub enum FirstFactor {
    /// A password.
    Password(Secret<String>),
    /// A public key whose possession was proved in this connection.
    Key(PublicKey),
}

/// A stick that wants to become somebody's, by a key that it holds and a code from the administration.
#[derive(Debug)]
pub struct Activation {
    /// The name it signed in by, which names the tenant.
    pub login: Login,
    /// The stick's device.
    pub device: DeviceId,
    /// The key whose possession was proved in this connection; always Ed25519.
    pub key: PublicKey,
    /// The activation code.
    pub code: Secret<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A stick that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcomed {
    /// The generation to keep from now on.
    pub generation: u64,
    /// Whose stick it is, as people read it.
    pub person: String,
}

/// A person who has signed in over SSH.
#[derive(Debug)]
pub struct SignedIn {
    /// The tenant they belong to.
    pub tenant: TenantId,
    /// The connection's own session, its person and device.
    pub facts: SessionFacts,
    /// The language to speak to them.
    pub language: Language,
    /// Cancelled when the session, its device or its person is ended: the whole connection must go then.
    pub ended: CancellationToken,
}

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInRefusal {
    /// Something was wrong. What it was is told to nobody.
    Wrong,
    /// Too many attempts; wait this many seconds.
    SlowDown {
        /// How long to wait.
        retry_after_seconds: u32,
    },
    /// All was right, but the device waits for an administrator.
    DevicePending,
    /// All was right, but the person has no second factor yet: they set it up in the browser.
    EnrolmentRequired,
    /// Our own fault, such as a database that does not answer.
    Unavailable,
}

/// A target that the person may reach, for the list they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachable {
    /// The target's name.
    pub name: String,
    /// Its host as it can be typed.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A permission to connect to one target, resolved once.
#[derive(Debug)]
pub struct Admitted {
    /// The target.
    pub target: TargetId,
    /// The addresses to try in turn. The gateway connects to nothing else.
    pub addresses: Vec<SocketAddr>,
    /// The live grant. When it ends, so does the connection to the target.
    pub grant: LiveGrant,
}

/// Why a target was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenRefusal {
    /// Policy forbids it, or there is no such target. Which of the two is not told.
    Forbidden,
    /// The person or the installation has too many connections open.
    TooMany,
    /// The target's name does not resolve.
    Unresolvable,
    /// Our own fault.
    Unavailable,
}

/// What happened to a connection to a target, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TunnelNote {
    /// The connection to the target stands.
    Began,
    /// The target could not be reached.
    Unreachable,
    /// The connection ended by itself.
    Finished,
    /// The connection was ended by us.
    Ended(EndReason),
}

/// Decides for the gateway. The implementation in this crate asks identity, policy and store; tests and benches bring
/// their own.
#[async_trait]
pub trait Gatekeeper: Send + Sync + 'static {
    /// The language to ask somebody in who has not signed in.
    async fn language(&self, login: &Login) -> Language;

    /// Whether this key belongs to an enrolled device of this person, so that a code is all that is left to ask. It is
    /// asked only after the client has proved possession, so it tells nobody whose keys are enrolled.
    async fn knows_key(&self, login: &Login, key: &PublicKey, origin: &Origin) -> bool;

    /// Checks an attempt, slows down who guesses, writes the audit entry and makes the session.
    async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, SignInRefusal>;

    /// The targets that the person may reach now.
    async fn reachable(&self, who: &SignedIn, origin: &Origin) -> Vec<Reachable>;

    /// Maps the destination to a target, decides, writes the audit entry, resolves the target's name and registers the
    /// live grant.
    async fn open(&self, who: &SignedIn, destination: &Destination, origin: &Origin) -> Result<Admitted, OpenRefusal>;

    /// Notes the course of a connection in the audit log.
    async fn note(&self, who: &SignedIn, target: TargetId, note: TunnelNote);

    /// Makes a stick somebody's: checks the code, slows down who guesses, writes the audit entry and keeps the key.
    async fn activate(&self, activation: Activation) -> Result<(), SignInRefusal>;

    /// Judges a stick that has signed in by what it says of itself, and gives it its next generation.
    async fn hello(&self, who: &SignedIn, hello: &Hello, origin: &Origin) -> Result<Welcomed, StickRefusal>;

    /// What the person may reach now, as sticks are told.
    async fn stick_targets(&self, who: &SignedIn, origin: &Origin) -> Vec<StickTarget>;

    /// Changes whenever what somebody may reach may have changed.
    fn changes(&self, who: &SignedIn) -> watch::Receiver<u64>;

    /// A stick has written its generation down: the one before it counts no more.
    async fn kept(&self, who: &SignedIn, generation: u64);

    /// Keeps how a stick's line does, for the administration.
    async fn note_line(&self, who: &SignedIn, quality: &LineQuality);

    /// The connection goes on from elsewhere: decides its live grants anew.
    async fn moved(&self, who: &SignedIn, origin: &Origin);

    /// The connection is over: ends its session.
    async fn signed_out(&self, who: &SignedIn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_computer_has_many_addresses_in_one_network() {
        let at = |address: &str, zone: &str| Origin { address: address.parse().unwrap(), zone: Zone(zone.into()) };
        let here = at("2001:db8::1", "internet");
        assert!(here.is_near(&at("2001:db8::ffff:1", "internet")));
        assert!(!here.is_near(&at("2001:db8:0:1::1", "internet")));
        assert!(!here.is_near(&at("2001:db8::1", "office")));
        assert!(at("192.0.2.1", "office").is_near(&at("::ffff:192.0.2.1", "office")));
        assert!(!at("192.0.2.1", "office").is_near(&at("192.0.2.2", "office")));
    }
}
