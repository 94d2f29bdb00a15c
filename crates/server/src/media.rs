//! The media plane of this installation: what the configuration says of it, and where clients reach it.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    num::NonZeroU16,
    sync::Arc,
    thread,
};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use fernamt_domain::Secret;
use fernamt_media::{
    MediaPlane,
    embedded::{Embedded, Settings},
    livekit::{self, LiveKit},
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{self, Config},
    office::Office,
};

/// The UDP port unless the configuration names one.
const PORT: u16 = 7882;

/// How the policy of a page begins to say where it may connect to.
const OWN_SITE: &str = "connect-src 'self'";

/// The port of HTTPS.
const HTTPS_PORT: u16 = 443;

/// What carries the sound and the picture of meetings.
#[derive(Debug, Clone)]
pub(crate) enum Media {
    /// This server.
    Embedded(Arc<Embedded>),
    /// A LiveKit of one's own.
    LiveKit(Arc<LiveKit>, HeaderValue),
}

impl Media {
    /// Binds the media port, or gets ready for the LiveKit that is configured.
    pub(crate) fn bind(office: &Office) -> anyhow::Result<Self> {
        let config = &office.config.media;
        if let Some(livekit) = &config.livekit {
            return on_livekit(office, livekit);
        }
        let embedded = match config.address {
            Some(address) => bind(office, address)
                .with_context(|| format!("cannot listen on UDP {address}; is another program using the port?"))?,
            None => bind_somewhere(office).context("no UDP port is free for sound and picture")?,
        };
        Ok(Self::Embedded(embedded))
    }

    /// The plane, as features use it.
    pub(crate) fn plane(&self) -> Arc<dyn MediaPlane> {
        match self {
            Self::Embedded(plane) => Arc::clone(plane) as _,
            Self::LiveKit(plane, _) => Arc::clone(plane) as _,
        }
    }

    /// The embedded plane, where there is one.
    pub(crate) fn embedded(&self) -> Option<Arc<Embedded>> {
        match self {
            Self::Embedded(plane) => Some(Arc::clone(plane)),
            Self::LiveKit(..) => None,
        }
    }

    /// What the plane serves on the tenant's main site. Tickets and signatures open it, so it stands beside the check of
    /// origins.
    pub(crate) fn router(&self) -> Router {
        match self {
            Self::Embedded(plane) => plane.router(),
            Self::LiveKit(plane, _) => plane.router(),
        }
    }

    /// Where pages may connect to beside their own site, as it stands in their policy.
    pub(crate) fn beside(&self) -> Option<HeaderValue> {
        match self {
            Self::Embedded(_) => None,
            Self::LiveKit(_, sources) => Some(sources.clone()),
        }
    }

    /// Carries sound and picture until stopped.
    pub(crate) async fn run(self, stop: CancellationToken) {
        match self {
            Self::Embedded(plane) => {
                if let Err(error) = plane.run(stop).await {
                    tracing::error!(%error, "Sound and picture are not carried");
                }
            }
            Self::LiveKit(plane, _) => plane.run(stop).await,
        }
    }
}

/// Lets pages connect to the LiveKit: it stands in their policy beside their own site.
pub(crate) async fn allow_beside(State(sources): State<Option<HeaderValue>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(sources) = sources.as_ref().and_then(|sources| sources.to_str().ok())
        && let Some(policy) = response.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY)
        && let Ok(text) = policy.to_str()
        && let Ok(wider) = HeaderValue::from_str(&text.replace(OWN_SITE, &format!("{OWN_SITE} {sources}")))
    {
        *policy = wider;
    }
    response
}

fn on_livekit(office: &Office, config: &config::LiveKit) -> anyhow::Result<Media> {
    let path = &config.secret_file;
    let secret = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    // `wss` becomes `https`, `ws` becomes `http`.
    let over_http = config.url.replacen("ws", "http", 1);
    let api_url = config.api_url.clone().unwrap_or_else(|| over_http.clone());
    let sources = HeaderValue::from_str(&format!("{} {over_http}", config.url))?;
    let settings = livekit::Settings {
        url: config.url.clone(),
        api_url,
        key: config.key.clone(),
        secret: Secret::from(secret.trim()),
    };
    let plane = LiveKit::new(settings, Arc::clone(&office.clock), Arc::clone(&office.rng))?;
    Ok(Media::LiveKit(plane, sources))
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
