//! Notices of new mail by way of the push services of browsers (RFC 8030), where an administration allows this flow. Such a
//! notice says that there is new mail, and nothing else.
//!
//! [`place`] is where a browser is told, [`hours`] when; [`waiting`] knows who may have to be, [`rounds`] looks, [`verdict`]
//! says what is to be done, and [`telling`] does it, as [`lanes`] leave room.
//! [`encrypt`] and [`vapid`] are what push services and browsers want of it.

mod encrypt;
mod hours;
mod lanes;
mod place;
mod rounds;
mod send;
mod telling;
mod vapid;
mod verdict;
mod waiting;

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    error::Unspecified,
    signature::EcdsaKeyPair,
};
use fernamt_domain::{DeviceId, Purpose, Rng, Sealer, TenantId, rng::random_bytes};
use fernamt_http::egress::EgressGuard;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;

use encrypt::SALT_BYTES;
use lanes::Lanes;
use send::{Letter, Outcome};
use waiting::Waiting;

use crate::pictures::{authorities, client_config};

pub(crate) use hours::DAY_MINUTES;
pub(crate) use place::{Place, PlaceFault};

/// How long a push service may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the key is derived for that this server shows to push services.
const KEY: &str = "push-server-key";

/// Tells push services.
pub struct Notices {
    guard: EgressGuard,
    tls: Option<Arc<ClientConfig>>,
    sealer: Arc<Sealer>,
    patience: Duration,
    waiting: Arc<Waiting>,
    lanes: Lanes,
}

impl Notices {
    /// Through this guard, trusting the authorities that the machine trusts.
    pub fn new(guard: EgressGuard, sealer: Arc<Sealer>) -> Self {
        let tls = client_config(authorities());
        Self { guard, tls, sealer, patience: PATIENCE, waiting: Arc::default(), lanes: Lanes::default() }
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
        self.tls = client_config(authorities);
        self
    }

    /// What seals places.
    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Forgets when a device was to be looked at: it says anew where and when it wants to be told.
    pub(crate) fn begins_anew(&self, tenant: TenantId, device: DeviceId) {
        self.waiting.forget((tenant, device));
    }

    /// The public key that browsers bind to for a tenant.
    pub(crate) fn server_key(&self, tenant: TenantId) -> Option<String> {
        self.key(tenant).map(|key| vapid::public_key(&key)).ok()
    }

    /// Browsers are bound to it for as long as they are told, so it follows from the master key.
    fn key(&self, tenant: TenantId) -> Result<EcdsaKeyPair, Unspecified> {
        self.sealer.signing_key(Purpose { tenant, word: KEY }).map_err(|_| Unspecified)
    }

    /// Tells one browser that there is new mail, in the language of its page.
    async fn tell(&self, to: &Told<'_>, rng: &dyn Rng, now: OffsetDateTime) -> Outcome {
        let Some(tls) = &self.tls else { return Outcome::Unreached };
        let Ok(letter) = self.letter(to, rng, now) else { return Outcome::Unreached };
        timeout(self.patience, send::send(&self.guard, tls, letter, now)).await.unwrap_or(Outcome::Unreached)
    }

    fn letter(&self, to: &Told<'_>, rng: &dyn Rng, now: OffsetDateTime) -> Result<Letter, Unspecified> {
        let address = to.place.address().ok_or(Unspecified)?;
        let receiver = to.place.receiver().ok_or(Unspecified)?;
        let plain = json!({ "kind": "mail", "language": to.language }).to_string();
        let own = PrivateKey::generate(&ECDH_P256)?;
        let body = encrypt::encrypt(plain.as_bytes(), &receiver, &own, &random_bytes::<SALT_BYTES>(rng))?;
        let authorization = vapid::authorization(&self.key(to.tenant)?, &address, to.host, now)?;
        Ok(Letter { address, authorization, kept: to.kept, body })
    }
}

/// Who is told, and by whom.
struct Told<'a> {
    tenant: TenantId,
    host: &'a str,
    place: &'a Place,
    language: &'a str,
    /// For how long it is news.
    kept: Duration,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}
