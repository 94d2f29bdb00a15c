//! The SSH gateway in a process of its own, with a gatekeeper of fixed answers: what is measured is the gateway.
//!
//! Whoever proves the one key and then gives the code [`CODE`] is signed in under any name, each time as another person,
//! and may reach the one target.

use std::{fs, io::Read, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use fernamt_access::ssh::{
    Admitted, Attempt, Destination, FirstFactor, Gatekeeper, Gateway, HostKeys, Language, Limits, Login, OpenRefusal,
    Origin, Reachable, Settings, SignInRefusal, SignedIn, TunnelNote,
};
use fernamt_domain::{
    Clock, DeviceKind, DeviceState, Grant, GrantId, LiveGrants, Method, PersonId, SessionFacts, SessionId, Situation,
    SystemClock, SystemRng, TargetId, TenantId, Zone,
};
use russh::keys::PublicKey;
use tokio_util::sync::CancellationToken;

/// The one code.
pub(crate) const CODE: &str = "424242";

struct Fixed {
    key: PublicKey,
    target: SocketAddr,
    target_id: TargetId,
    tenant: TenantId,
    grants: LiveGrants,
}

#[async_trait]
impl Gatekeeper for Fixed {
    async fn language(&self, _: &Login) -> Language {
        Language::English
    }

    async fn knows_key(&self, _: &Login, key: &PublicKey, _: &Origin) -> bool {
        key.key_data() == self.key.key_data()
    }

    async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, SignInRefusal> {
        if !matches!(attempt.first, FirstFactor::Key(_)) {
            return Err(SignInRefusal::Wrong);
        }
        if attempt.code.expose() != CODE {
            return Err(SignInRefusal::Wrong);
        }
        let facts = SessionFacts {
            session: SessionId::new(&SystemClock, &SystemRng),
            person: PersonId::new(&SystemClock, &SystemRng),
            device: None,
            device_kind: DeviceKind::SshKey,
            device_state: DeviceState::Approved,
            methods: vec![Method::SshKey, Method::Totp],
        };
        Ok(SignedIn { tenant: self.tenant, facts, language: Language::English, ended: CancellationToken::new() })
    }

    async fn reachable(&self, _: &SignedIn, _: &Origin) -> Vec<Reachable> {
        vec![Reachable { name: "target".into(), host: "target".into(), port: self.target.port() }]
    }

    async fn open(&self, who: &SignedIn, wanted: &Destination, origin: &Origin) -> Result<Admitted, OpenRefusal> {
        if !wanted.means("target", "target", self.target.port()) {
            return Err(OpenRefusal::Forbidden);
        }
        let grant = Grant {
            id: GrantId::new(&SystemClock, &SystemRng),
            tenant: who.tenant,
            facts: who.facts.clone(),
            target: self.target_id,
            situation: Situation { zone: origin.zone.clone(), address: origin.address, at: SystemClock.now() },
            expires_at: None,
        };
        let grant = self.grants.register(grant, self.grants.generation()).map_err(|_| OpenRefusal::TooMany)?;
        Ok(Admitted { target: self.target_id, addresses: vec![self.target], grant })
    }

    async fn note(&self, _: &SignedIn, _: TargetId, _: TunnelNote) {}

    async fn signed_out(&self, _: &SignedIn) {}
}

/// Serves until standard input ends. Prints address and host key first.
pub(crate) fn serve(key_file: &str, target: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve_until_told(key_file, target.parse()?))
}

#[expect(clippy::print_stdout, reason = "the address is this process's answer to whoever started it")]
async fn serve_until_told(key_file: &str, target: SocketAddr) -> Result<()> {
    let gatekeeper = Fixed {
        key: PublicKey::from_openssh(&fs::read_to_string(key_file)?)?,
        target,
        target_id: TargetId::new(&SystemClock, &SystemRng),
        tenant: TenantId::new(&SystemClock, &SystemRng),
        grants: LiveGrants::new(),
    };
    let keys = HostKeys::make(&SystemRng);
    // Everybody comes from one address here.
    let limits = Limits { unauthenticated_per_source: 256, arrivals_burst: 10_000, ..Limits::default() };
    let settings = Settings { zone: Zone("internet".into()), limits };
    let gateway = Gateway::bind(([127, 0, 0, 1], 0).into(), &keys, settings, Arc::new(gatekeeper)).await?;
    let address = gateway.address().context("the gateway has no address")?;
    println!("{} {}", address.port(), keys.public().join(" "));
    let stop = CancellationToken::new();
    let serving = tokio::spawn(gateway.run(stop.clone()));
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    stop.cancel();
    Ok(serving.await?)
}
