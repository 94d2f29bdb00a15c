//! The media plane of this installation: what the configuration says of it, and where clients reach it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    num::NonZeroU16,
    sync::Arc,
    thread,
};

use anyhow::Context as _;
use axum::Router;
use fernamt_media::{
    MediaPlane,
    embedded::{Embedded, Settings},
};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, office::Office};

/// The UDP port unless the configuration names one.
const PORT: u16 = 7882;

/// The port of HTTPS.
const HTTPS_PORT: u16 = 443;

/// What carries the sound and the picture of meetings.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    embedded: Arc<Embedded>,
}

impl Media {
    /// Binds the media port.
    pub(crate) fn bind(office: &Office) -> anyhow::Result<Self> {
        let config = &office.config;
        anyhow::ensure!(config.media.livekit.is_none(), "meetings cannot live on a LiveKit yet; leave [media.livekit] out");
        let embedded = match config.media.address {
            Some(address) => bind(office, address)
                .with_context(|| format!("cannot listen on UDP {address}; is another program using the port?"))?,
            None => bind_somewhere(office).context("no UDP port is free for sound and picture")?,
        };
        Ok(Self { embedded })
    }

    /// The plane, as features use it.
    pub(crate) fn plane(&self) -> Arc<dyn MediaPlane> {
        Arc::clone(&self.embedded) as _
    }

    /// The embedded plane, where there is one.
    pub(crate) fn embedded(&self) -> Option<Arc<Embedded>> {
        Some(Arc::clone(&self.embedded))
    }

    /// What the plane serves on the tenant's main site. Tickets open it, so it stands beside the check of origins.
    pub(crate) fn router(&self) -> Router {
        self.embedded.router()
    }

    /// Carries sound and picture until stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        if let Err(error) = self.embedded.run(stop).await {
            tracing::error!(%error, "Sound and picture are not carried");
        }
    }
}

/// The usual port, or another one where several servers share a machine.
fn bind_somewhere(office: &Office) -> io::Result<Arc<Embedded>> {
    let everywhere = [IpAddr::from(Ipv6Addr::UNSPECIFIED), IpAddr::from(Ipv4Addr::UNSPECIFIED)];
    let usual = everywhere.into_iter().find_map(|ip| bind(office, SocketAddr::new(ip, PORT)).ok());
    if let Some(embedded) = usual {
        return Ok(embedded);
    }
    let embedded = bind(office, SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0))
        .or_else(|_| bind(office, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)))?;
    tracing::warn!(port = embedded.port(), "UDP port {PORT} is taken; sound and picture use another one");
    Ok(embedded)
}

fn bind(office: &Office, udp: SocketAddr) -> io::Result<Arc<Embedded>> {
    let config = &office.config;
    let advertised = addresses(config, udp);
    let port = config.public_host().1.unwrap_or(HTTPS_PORT);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let spare = u16::try_from(cores.saturating_sub(1)).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MIN);
    let settings = Settings {
        udp,
        tcp: advertised.iter().map(|ip| SocketAddr::new(*ip, port)).collect(),
        advertised,
        threads: config.media.threads.unwrap_or(spare),
    };
    Embedded::bind(&settings, Arc::clone(&office.clock), &office.rng)
}

/// Where clients reach this server: as configured, else the address that is listened on, else the one that this machine
/// uses towards the rest of the world; and the loopback, where the web app is reached by a name of the loopback.
fn addresses(config: &Config, udp: SocketAddr) -> Vec<IpAddr> {
    if !config.media.public_addresses.is_empty() {
        return config.media.public_addresses.clone();
    }
    if !udp.ip().is_unspecified() {
        return vec![udp.ip()];
    }
    let (host, _) = config.public_host();
    let local = (host == "localhost" || host.ends_with(".localhost")).then_some(Ipv4Addr::LOCALHOST.into());
    // Connecting sends nothing: it only asks which way the operating system would take.
    let outward = |from: IpAddr, to: IpAddr| {
        let socket = UdpSocket::bind(SocketAddr::new(from, 0)).ok()?;
        socket.connect(SocketAddr::new(to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
    };
    let v4 = outward(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let v6 = udp
        .is_ipv6()
        .then(|| outward(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()));
    let mut found: Vec<IpAddr> = [local, v4, v6.flatten()].into_iter().flatten().collect();
    found.dedup();
    if found.is_empty() {
        found.push(Ipv4Addr::LOCALHOST.into());
    }
    found
}
