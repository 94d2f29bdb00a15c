//! The conference of this installation: what the configuration says of it.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context as _;
use axum::{Router, http::HeaderValue};
use fernamt_api::conference::entry::MediaPlace;
use fernamt_conference::{
    Conference, Parts, Post, Smtp, SmtpAddress, SmtpSecurity,
    live::NoneRuns,
    meeting::{self, Hall, HallParts},
};
use fernamt_domain::Secret;
use fernamt_http::egress::EgressGuard;
use fernamt_identity::authorise::Authoriser;
use fernamt_media::embedded::Embedded;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config, media::Media, office::Office};

/// The conference, and what its meetings run on.
pub(crate) struct Meetings {
    conference: Arc<Conference>,
    /// The hall and what carries sound and picture; none where the configuration switches meetings off.
    live: Option<(Arc<Hall>, Media)>,
}

impl Meetings {
    /// Puts it together and binds the media port.
    pub(crate) fn build(office: &Office, authoriser: &Authoriser, guard: EgressGuard) -> anyhow::Result<Self> {
        let parts = |live, post| Parts {
            store: office.store.clone(),
            clock: Arc::clone(&office.clock),
            rng: Arc::clone(&office.rng),
            sealer: Arc::clone(&office.sealer),
            guard,
            address: office.public_address(),
            post,
            live,
        };
        if office.config.media.off {
            return Ok(Self { conference: Conference::new(parts(Arc::new(NoneRuns), None)), live: None });
        }
        let media = Media::bind(office)?;
        let hall = hall(office, authoriser.clone(), &media);
        let conference = Conference::new(parts(Arc::clone(&hall) as _, post(office.config.smtp.as_ref())?));
        hall.belong_to(&conference);
        Ok(Self { conference, live: Some((hall, media)) })
    }

    /// Whether there are any.
    pub(crate) fn are_held(&self) -> bool {
        self.live.is_some()
    }

    /// What pages ask.
    pub(crate) fn router(&self) -> Router {
        match &self.live {
            Some((hall, _)) => Arc::clone(&self.conference).router().merge(meeting::router(Arc::clone(hall))),
            None => fernamt_conference::off(),
        }
    }

    /// What carries sound and picture serves beside the check of origins.
    pub(crate) fn media_router(&self) -> Router {
        self.live.as_ref().map_or_else(Router::new, |(_, media)| media.router())
    }

    /// Where pages may connect to beside their own site.
    pub(crate) fn beside(&self) -> Option<HeaderValue> {
        self.live.as_ref().and_then(|(_, media)| media.beside())
    }

    /// What takes media over the listeners' own port.
    pub(crate) fn embedded(&self) -> Option<Arc<Embedded>> {
        self.live.as_ref().and_then(|(_, media)| media.embedded())
    }

    /// Runs until stopped. Where there are no meetings any more, those that were booked still end, and with them begins
    /// the time after which what is kept of them is deleted.
    pub(crate) fn run(self, tasks: &TaskTracker, stop: &CancellationToken) {
        tasks.spawn(self.conference.run(stop.clone()));
        if let Some((hall, media)) = self.live {
            tasks.spawn(hall.run(stop.clone()));
            tasks.spawn(media.run(stop.clone()));
        }
    }
}

/// The hall in which meetings run, over the media plane that is configured.
fn hall(office: &Office, authoriser: Authoriser, media: &Media) -> Arc<Hall> {
    let livekit = office.config.media.livekit.as_ref();
    let host = livekit.and_then(|livekit| Some(url::Url::parse(&livekit.url).ok()?.host_str()?.to_owned()));
    Hall::new(HallParts {
        store: office.store.clone(),
        clock: Arc::clone(&office.clock),
        rng: Arc::clone(&office.rng),
        sealer: Arc::clone(&office.sealer),
        authoriser,
        media: media.plane(),
        place: if livekit.is_some() { MediaPlace::Cluster } else { MediaPlace::ThisServer },
        media_host: host,
    })
}

/// The way by which invitations go out, where a mail server is configured.
fn post(config: Option<&config::Smtp>) -> anyhow::Result<Option<Post>> {
    let Some(config) = config else { return Ok(None) };
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let login = match (&config.user, &config.password_file) {
        (Some(user), Some(path)) => {
            let password = String::from_utf8(read(path)?).context("the mail server's password is no text")?;
            Some((user.clone(), Secret::from(password.trim())))
        }
        _ => None,
    };
    let security = match config.security {
        config::smtp::SmtpSecurity::Tls => SmtpSecurity::Tls,
        config::smtp::SmtpSecurity::StartTls => SmtpSecurity::StartTls,
        config::smtp::SmtpSecurity::None => SmtpSecurity::None,
    };
    let authority_pem = config.authority_file.as_deref().map(read).transpose()?;
    let address = SmtpAddress { host: &config.host, port: config.port(), security, login, authority_pem };
    let office = Smtp::new(address).context("the mail server's section cannot be used")?;
    Ok(Some(Post { from: config.from.clone(), office: Arc::new(office) }))
}
