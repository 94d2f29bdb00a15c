//! The composition root: constructs everything, in reading order.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware,
    response::Response,
    routing::get,
};
use fernamt_access::{Access, Parts, SshAddress, ssh};
use fernamt_admin::Admin;
use fernamt_domain::{EndReason, LiveGrants, Zone};
use fernamt_http::{Site, Web, assets, egress::EgressGuard, extract::MAX_BODY_BYTES, isolation, origin, site};
use fernamt_identity::Identity;
use fernamt_mail::{Lmtp, Mail};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate as _, predicate::NotForContentType},
};

use crate::{
    background,
    conference::Meetings,
    config::{Config, MailPictures},
    installation::Running,
    listen::Bound,
    mail, media,
    office::Office,
    operations,
    prober::AccessProber,
    sticks, tls,
};

/// The packages of sticks are sent as they lie on the disk, with their length.
const UNPACKABLE: NotForContentType = NotForContentType::const_new("application/zip");

/// The server, bound and ready to run.
pub(crate) struct App {
    office: Arc<Office>,
    identity: Arc<Identity>,
    access: Arc<Access>,
    meetings: Meetings,
    mail: Option<Arc<Mail>>,
    lmtp: Option<Lmtp>,
    porter: Arc<ssh::Porter>,
    grants: LiveGrants,
    router: Router,
    listeners: Vec<Bound>,
    gateway: Option<ssh::Gateway>,
    ssh_fingerprints: Vec<String>,
}

impl App {
    /// Builds everything and binds every address; nobody is served yet.
    pub(crate) async fn build(office: Office) -> anyhow::Result<Self> {
        let office = Arc::new(office);
        let (clock, rng) = (Arc::clone(&office.clock), Arc::clone(&office.rng));

        let grants = LiveGrants::new();
        let identity = Identity::new(
            office.store.clone(),
            Arc::clone(&clock),
            Arc::clone(&rng),
            Arc::clone(&office.sealer),
            grants.clone(),
        );

        let host_keys = sticks::host_keys(&office)?;
        let guard = egress_guard(&office);
        let access = Access::new(Parts {
            store: office.store.clone(),
            authoriser: identity.authoriser().clone(),
            clock: Arc::clone(&clock),
            rng: Arc::clone(&rng),
            sealer: Arc::clone(&office.sealer),
            guard: guard.clone(),
            ssh: host_keys
                .as_ref()
                .zip(office.config.ssh.as_ref())
                .map(|(keys, config)| SshAddress { port: config.address.port(), fingerprints: keys.fingerprints() }),
        });
        let porter = ssh::Porter::new(
            Arc::clone(&identity),
            office.store.clone(),
            guard.clone(),
            Arc::clone(&clock),
            office.public_address(),
        );
        let admin = Arc::new(Admin {
            identity: Arc::clone(&identity),
            audit_key: Arc::new(office.keys.audit_signing_key(&office.rng)?),
            egress: guard.clone(),
            prober: Arc::new(AccessProber(Arc::clone(&access))),
            delivery: sticks::delivery(&office.config, host_keys.as_ref()),
            installation: Arc::new(Running { office: Arc::clone(&office), started_at: clock.now() }),
        });

        let meetings = Meetings::build(&office, identity.authoriser(), guard)?;
        let mail = mail::build(&office, &identity, || public_guard(&office.config))?;
        let lmtp = mail::lmtp(&office).await?;

        let web = Arc::new(Web {
            store: office.store.clone(),
            sessions: Arc::clone(&identity) as _,
            clock,
            rng,
            sealer: Arc::clone(&office.sealer),
            address: office.public_address(),
            meetings: meetings.are_held(),
            mail: mail.is_some(),
        });
        let gateway = match (&office.config.ssh, &host_keys) {
            (Some(config), Some(keys)) => {
                let settings = ssh::Settings {
                    zone: Zone(config.zone.clone()),
                    limits: ssh::Limits::default(),
                    patience: config.patience(),
                    rng: Arc::clone(&office.rng),
                };
                Some(ssh::Gateway::bind(config.address, keys, settings, Arc::clone(&porter) as _).await?)
            }
            _ => None,
        };
        let main = main_site(&identity, &access, &meetings, admin, gateway.as_ref().map(ssh::Gateway::entrance))
            .layer(middleware::from_fn_with_state(meetings.beside(), media::allow_beside))
            .merge(meetings.media_router());
        let post = mail.as_ref().map(|mail| post_site(&identity, mail));
        let router = sites(&office, web, Sites { main, post, access: Arc::clone(&access) });

        let (host, _) = office.config.public_host();
        let mut listeners = Vec::new();
        for listener in &office.config.listener {
            let tls = tls::server_config(&listener.tls, &office.keys, &host)?;
            listeners
                .push(Bound::bind(listener.address, Zone(listener.zone.clone()), listener.administration, tls).await?);
        }
        let ssh_fingerprints = host_keys.map(|keys| keys.fingerprints()).unwrap_or_default();
        Ok(Self {
            office,
            identity,
            access,
            meetings,
            mail,
            lmtp,
            porter,
            grants,
            router,
            listeners,
            gateway,
            ssh_fingerprints,
        })
    }

    /// The opened installation.
    pub(crate) fn office(&self) -> &Office {
        &self.office
    }

    /// Mail, where there is any.
    pub(crate) fn mail(&self) -> Option<&Mail> {
        self.mail.as_deref()
    }

    /// The fingerprints of the SSH gateway's host keys, as clients show them; none where there is no gateway.
    pub(crate) fn ssh_fingerprints(&self) -> &[String] {
        &self.ssh_fingerprints
    }

    /// Serves until the process is told to stop, then ends everything in order.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(Arc::clone(&self.identity).run(stop.clone()));
        tasks.spawn(Arc::clone(&self.access).run(stop.clone()));
        let media = self.meetings.embedded();
        self.meetings.run(&tasks, &stop);
        if let Some(mail) = self.mail {
            tasks.spawn(Arc::clone(&mail).keep_mirrors(stop.clone()));
            if let Some(lmtp) = self.lmtp {
                tasks.spawn(lmtp.run(Arc::clone(&mail), stop.clone()));
            }
            tasks.spawn(Arc::clone(&mail).run_notices(stop.clone()));
            tasks.spawn(mail.run(stop.clone()));
        }
        tasks.spawn(background::run(Arc::clone(&self.office), stop.clone()));
        // what another process commits, such as `fernamt user disable`, takes effect here too
        let (store, relay_stop) = (self.office.store.clone(), stop.clone());
        tasks.spawn(async move { store.run_relay(relay_stop).await });
        if let Some(gateway) = self.gateway {
            tasks.spawn(self.porter.run(stop.clone()));
            tasks.spawn(gateway.run(stop.clone()));
        }
        if let Some(metrics) = &self.office.config.metrics {
            let handle = operations::start_counting()?;
            let (address, grants, stop) = (metrics.address, self.grants.clone(), stop.clone());
            tasks.spawn(async move {
                if let Err(error) = operations::serve_metrics(address, handle, grants, stop).await {
                    tracing::error!(error = %format!("{error:#}"), "Metrics are not served");
                }
            });
        }
        for listener in self.listeners {
            tasks.spawn(listener.run(self.router.clone(), media.clone(), stop.clone()));
        }
        tasks.close();

        told_to_stop().await;
        tracing::info!("The server stops");
        self.grants.end_where(EndReason::Shutdown, |_| true);
        stop.cancel();
        tasks.wait().await;
        self.office.store.close().await?;
        Ok(())
    }
}

/// What may be connected to on somebody's behalf: not this server itself.
fn egress_guard(office: &Office) -> EgressGuard {
    EgressGuard::new(own_ports(&office.config))
        .allow_loopback(office.config.targets.allow_loopback_ports.iter().copied())
}

/// What may be asked because a stranger wrote its address into a message, or a browser names it as its push service: what has
/// an address of the internet, and is none of the house's networks that the configuration names.
fn public_guard(config: &Config) -> EgressGuard {
    let pictures = config.mail.iter().flat_map(|mail| &mail.pictures);
    EgressGuard::new(own_ports(config)).public_only().except(pictures.flat_map(MailPictures::networks))
}

fn own_ports(config: &Config) -> impl Iterator<Item = u16> {
    config
        .listener
        .iter()
        .map(|listener| listener.address.port())
        .chain(config.ssh.iter().map(|ssh| ssh.address.port()))
        .chain(config.mail.iter().flat_map(|mail| &mail.lmtp).filter_map(|lmtp| Some(lmtp.address?.port())))
        .chain(config.metrics.iter().map(|metrics| metrics.address.port()))
}

/// The tenant's own origin: the API of every feature, and the web app for everything else.
fn main_site(
    identity: &Arc<Identity>,
    access: &Arc<Access>,
    meetings: &Meetings,
    admin: Arc<Admin>,
    tunnels: Option<ssh::Entrance>,
) -> Router {
    let pages = Router::new()
        .merge(Arc::clone(identity).router())
        .merge(Arc::clone(access).router())
        .merge(fernamt_admin::router(admin))
        .merge(meetings.router())
        .merge(fernamt_mail::elsewhere())
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn(assets::security_headers))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(UNPACKABLE)));
    // A program sends no origin, so the tunnel stands beside the check of them.
    pages.merge(ssh::router(tunnels))
}

/// The origin of mail: its page, and of the API what the page needs.
fn post_site(identity: &Arc<Identity>, mail: &Arc<Mail>) -> Router {
    Router::new()
        .merge(Arc::clone(identity).post_router())
        .merge(Arc::clone(identity).container_router())
        .merge(Arc::clone(mail).router())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn(isolation::check))
        .layer(middleware::from_fn(assets::security_headers))
        .layer(CompressionLayer::new())
}

/// Sends each request to the site it is for: the tenant's own, the one of mail, or an application behind the proxy.
fn sites(office: &Office, web: Arc<Web>, sites: Sites) -> Router {
    let (store, data_dir) = (office.store.clone(), Arc::<Path>::from(office.config.server.data_dir.as_path()));
    let tenants = Router::new()
        .fallback(by_site)
        .with_state(Arc::new(sites))
        .layer(middleware::from_fn_with_state(web, site::resolve));
    Router::new()
        .route(operations::HEALTH_PATH, get(move || operations::health(store.clone(), Arc::clone(&data_dir))))
        .fallback_service(tenants)
        .layer(CatchPanicLayer::new())
}

struct Sites {
    main: Router,
    post: Option<Router>,
    access: Arc<Access>,
}

async fn by_site(State(sites): State<Arc<Sites>>, site: Site, request: Request) -> Response {
    let own = match (&site.app_label, &sites.post) {
        (None, _) => &sites.main,
        (Some(_), Some(post)) if site.is_post() => post,
        (Some(_), _) => return sites.access.proxy(site, request).await,
    };
    let Ok(response) = own.clone().oneshot(request).await;
    response
}

/// Waits for the signals that ask a server to stop.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "Only Ctrl+C stops the server");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_name_is_of_the_internet_and_not_of_the_networks_that_are_named() {
        let text = "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
                    \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n\
                    [targets]\nallow_loopback_ports = [8080]\n\n[mail]\n";
        let judge = |pictures: &str, address: &str| {
            let config = Config::parse(&format!("{text}{pictures}"), Path::new("/etc/fernamt")).unwrap();
            public_guard(&config).judge(address.parse().unwrap()).is_ok()
        };
        for inside in ["10.0.0.5:443", "192.168.1.1:443", "[fd00::5]:443", "127.0.0.1:8080", "169.254.169.254:80"] {
            assert!(!judge("", inside), "{inside}");
        }
        let named = "[mail.pictures]\nexcept = [\"9.9.9.0/24\"]\n";
        assert!(judge("", "9.9.9.9:443") && !judge(named, "9.9.9.9:443") && judge(named, "9.9.10.9:443"));
    }
}
