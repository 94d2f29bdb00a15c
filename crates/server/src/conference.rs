//! The conference of this installation: what the configuration says of it.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context as _;
use fernamt_api::conference::entry::MediaPlace;
use fernamt_conference::{
    Conference, Parts, Post, Smtp, SmtpAddress, SmtpSecurity,
    meeting::{Hall, HallParts},
};
use fernamt_domain::Secret;
use fernamt_http::egress::EgressGuard;
use fernamt_identity::authorise::Authoriser;

use crate::{config, media::Media, office::Office};

/// The conference, and the hall in which its meetings run.
pub(crate) fn build(
    office: &Office,
    authoriser: Authoriser,
    media: &Media,
    guard: EgressGuard,
) -> anyhow::Result<(Arc<Conference>, Arc<Hall>)> {
    let hall = hall(office, authoriser, media);
    let conference = Conference::new(Parts {
        store: office.store.clone(),
        clock: Arc::clone(&office.clock),
        rng: Arc::clone(&office.rng),
        sealer: Arc::clone(&office.sealer),
        guard,
        address: office.public_address(),
        post: post(office.config.smtp.as_ref())?,
        live: Arc::clone(&hall) as _,
    });
    hall.belong_to(&conference);
    Ok((conference, hall))
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
