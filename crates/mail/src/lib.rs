//! Mail: every account of the house by JMAP (RFC 8620, RFC 8621).
//!
//! Requests come in through [`Mail::router`]. [`jmap`] knows the protocol, [`methods`] what each method does, [`message`]
//! reads and writes the messages themselves, [`delivery`] brings what is sent to its receivers ([`Mail::run`]), [`push`] tells
//! clients what is new, and by [`lmtp`] the house's mail server hands over what comes from outside ([`Lmtp`]).
//!
//! The store is what all methods read from. With the embedded store it is the truth; a foreign mail server's contents
//! are mirrored into the same tables ([`mirror`]), so that methods need not know the difference.

mod account;
mod delegation;
mod delivery;
#[doc(hidden)]
pub mod fuzzing;
mod jmap;
mod lmtp;
mod message;
mod methods;
mod mirror;
mod pictures;
mod push;
mod routes;
mod scan;

use std::{fmt, sync::Arc};

use axum::Router;
use fernamt_api::admin::settings::PictureSettings;
use fernamt_domain::{Clock, Rng};
use fernamt_identity::{Authoriser, settings};
use fernamt_store::{Store, StoreError, TenantStore};

pub use delivery::{Incoming, Smarthost, SmarthostAddress};
pub use fernamt_mailhost as host;
pub use lmtp::{Lmtp, LmtpAddress, LmtpSettings};
pub use methods::METHODS;
pub use mirror::{MailServer, MirrorError};
pub use pictures::Pictures;
pub use scan::{Scanner, ScannerAddress};

/// What mail needs.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Ends what lasts longer than a request when it may not go on.
    pub authoriser: Authoriser,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields randomness.
    pub rng: Arc<dyn Rng>,
    /// The mail server that an administration keeps, if there is one.
    pub server: Option<MailServer>,
    /// Takes what goes out of the house; without one nothing does.
    pub smarthost: Option<Smarthost>,
    /// Looks for malware, where the house has a scanner.
    pub scanner: Option<Scanner>,
    /// Fetches pictures that messages show and do not hold, where a tenant's settings allow it; without it nothing does,
    /// whatever they say.
    pub pictures: Option<Pictures>,
}

/// Mail.
pub struct Mail {
    pub(crate) parts: Parts,
    pub(crate) busy: routes::Busy,
    pub(crate) bell: delivery::Bell,
    pub(crate) places: push::Places,
    pub(crate) openings: account::Openings,
    pub(crate) server: Option<Arc<MailServer>>,
    pub(crate) mirrors: mirror::Mirrors,
    pub(crate) way_out: delivery::WayOut,
}

impl Mail {
    /// Puts mail together.
    pub fn new(mut parts: Parts) -> Arc<Self> {
        let server = parts.server.take().map(Arc::new);
        Arc::new(Self {
            way_out: delivery::WayOut::new(parts.smarthost.take()),
            mirrors: mirror::Mirrors::new(parts.clock.now()),
            parts,
            server,
            busy: routes::Busy::default(),
            bell: delivery::Bell::default(),
            places: push::Places::default(),
            openings: account::Openings::default(),
        })
    }

    /// What mail serves.
    pub fn router(self: Arc<Self>) -> Router {
        routes::router(self)
    }

    /// What an administrator allowed of pictures that lie elsewhere, and this server does.
    pub(crate) async fn picture_flow(&self, tenant: &TenantStore) -> Result<PictureSettings, StoreError> {
        let allowed = settings::load(tenant).await?.pictures;
        Ok(PictureSettings { enabled: allowed.enabled && self.parts.pictures.is_some(), ..allowed })
    }

    /// The domain of a tenant's addresses: that of its mail server, or else its host name.
    pub(crate) async fn domain(&self, tenant: &TenantStore) -> Result<String, StoreError> {
        if let Some(server) = self.server_of(tenant).await? {
            return Ok(server.domain.clone());
        }
        let tenant = self.parts.store.tenants().get(tenant.id()).await?;
        Ok(tenant.host.to_lowercase())
    }
}

/// What is served of mail on the main site: where it is.
pub fn elsewhere() -> Router {
    routes::elsewhere()
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}
