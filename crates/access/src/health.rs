//! Targets' health: does it answer, and with the certificate that is pinned?
//!
//! Looking is spread over the whole interval, so that 200 applications do not get 200 visits at the same second, and
//! from the first look on a certificate is known, before anybody sends a password there.

use std::time::Duration;

use fernamt_domain::{Clock, TargetId, TargetSettings, TenantId, rng::random_bytes, target::RdpSettings};
use fernamt_http::egress::{EgressError, EgressGuard};
use fernamt_store::{HealthState, StoreError, TargetHealthRecord, TargetRecord};
use futures_util::{StreamExt, stream};
use ironrdp_core::encode_vec;
use ironrdp_pdu::{
    nego::{ConnectionRequest, RequestFlags, SecurityProtocol},
    x224::X224,
};
use tokio::{
    net::TcpStream,
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{
    Access,
    desktop::{
        handshake::{self, HandshakeError},
        outcome::Outcome,
    },
    tls::{self, TlsError, Trust},
};

/// How often each target is looked at.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Over how long the first looks after the start are spread.
const FIRST_SPREAD: Duration = Duration::from_secs(10);

/// How many targets are looked at at once.
const MAX_AT_ONCE: usize = 8;

/// How long one look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// Looks at a target now.
pub(crate) async fn look(guard: &EgressGuard, clock: &dyn Clock, target: &TargetRecord) -> TargetHealthRecord {
    let found = timeout(LOOK_TIMEOUT, visit(guard, target)).await.unwrap_or(Err("target_unreachable"));
    let (state, detail, certificate) = match found {
        Ok(certificate) => match (&certificate, &target.pinned_certificate) {
            (Some(found), Some(pinned)) if found != pinned => {
                (HealthState::WrongCertificate, Some("certificate_changed"), certificate)
            }
            _ => (HealthState::Up, None, certificate),
        },
        Err(word) => (HealthState::Down, Some(word), None),
    };
    TargetHealthRecord {
        target: target.id,
        checked_at: clock.now(),
        state,
        detail: detail.map(str::to_owned),
        certificate,
    }
}

/// Looks at all targets of all tenants, again and again.
pub(crate) async fn watch(access: &Access) {
    let places = Semaphore::new(MAX_AT_ONCE);
    let mut spread = FIRST_SPREAD;
    loop {
        let end = Instant::now() + INTERVAL;
        let targets = match all_targets(access).await {
            Ok(targets) => targets,
            Err(error) => {
                tracing::error!(%error, "Targets could not be looked at: the store did not answer");
                Vec::new()
            }
        };
        let looks = targets.into_iter().map(|(tenant, id)| {
            // A moment of its own for each target, a different one each time.
            let share = f64::from(u16::from_be_bytes(random_bytes::<2>(&*access.parts.rng))) / 65_536.0;
            let (moment, places) = (spread.mul_f64(share), &places);
            async move {
                tokio::time::sleep(moment).await;
                let _place = places.acquire().await;
                if let Err(error) = look_and_keep(access, tenant, id).await {
                    tracing::warn!(%error, target = %id, "A target's health could not be noted");
                }
            }
        });
        stream::iter(looks).for_each_concurrent(None, |look| look).await;
        tokio::time::sleep_until(end).await;
        spread = INTERVAL;
    }
}

async fn all_targets(access: &Access) -> Result<Vec<(TenantId, TargetId)>, StoreError> {
    let store = &access.parts.store;
    let mut all = Vec::new();
    for tenant in store.tenants().all().await? {
        let targets = store.tenant(tenant.id).targets().all().await?;
        all.extend(targets.into_iter().filter(|target| target.enabled).map(|target| (tenant.id, target.id)));
    }
    Ok(all)
}

async fn look_and_keep(access: &Access, tenant: TenantId, id: TargetId) -> Result<(), StoreError> {
    let store = access.parts.store.tenant(tenant);
    // Read anew: it may have changed, or gone, while it waited for its moment.
    let target = match store.targets().get(id).await {
        Ok(target) if target.enabled => target,
        Ok(_) | Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let health = access.look(&target).await;
    if let (Some(certificate), None) = (&health.certificate, &target.pinned_certificate) {
        // A failure is logged where it happens; the next look tries again.
        let _ = access.gate.learn(tenant, id, certificate).await;
    }
    let work = store.begin().await?;
    work.targets().set_health(&health).await?;
    work.commit().await
}

/// Goes as far as TLS where the target speaks it. Returns the certificate shown (DER).
async fn visit(guard: &EgressGuard, target: &TargetRecord) -> Result<Option<Vec<u8>>, &'static str> {
    let tcp = guard.connect(&target.host, target.port).await.map_err(|error| match error {
        EgressError::Unresolved(_) => Outcome::Unresolved.word(),
        EgressError::Refused(_) | EgressError::Outside(_) | EgressError::OwnPort(_) => Outcome::AddressRefused.word(),
        EgressError::Unreachable(..) => Outcome::Unreachable.word(),
    })?;
    match &target.settings {
        TargetSettings::Rdp(settings) => visit_desktop(tcp, &target.host, settings).await.map(Some),
        TargetSettings::Web(settings) if settings.tls => certificate(tcp, &target.host).await.map(Some),
        TargetSettings::Web(_) | TargetSettings::Ssh(_) | TargetSettings::Tcp(_) => Ok(None),
    }
}

async fn visit_desktop(mut tcp: TcpStream, host: &str, settings: &RdpSettings) -> Result<Vec<u8>, &'static str> {
    let mut protocol = SecurityProtocol::SSL;
    protocol.set(SecurityProtocol::HYBRID | SecurityProtocol::HYBRID_EX, settings.nla);
    let asked = ConnectionRequest { nego_data: None, flags: RequestFlags::empty(), protocol, correlation_info: None };
    let request = encode_vec(&X224(asked))
        .map_err(|_| HandshakeError::Request)
        .and_then(|asked| handshake::connection_request(&asked, settings, None));
    let negotiate = async { handshake::negotiate(&mut tcp, &request?, settings).await };
    negotiate.await.map_err(|error| Outcome::from(&error).word())?;
    certificate(tcp, host).await
}

async fn certificate(tcp: TcpStream, host: &str) -> Result<Vec<u8>, &'static str> {
    let (_, chain) = tls::connect(tcp, host, Trust::Learn).await.map_err(|_: TlsError| Outcome::TlsFailed.word())?;
    chain.first().map(|certificate| certificate.to_vec()).ok_or(Outcome::TlsFailed.word())
}
