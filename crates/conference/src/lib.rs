//! The conference: rooms and their booking, invitations, the way in, the meeting itself, and who is told of it.
//!
//! A *room* is a lasting thing that a person owns; a *meeting* is one occurrence of what was booked in it, or one opening
//! of a personal room. Each meeting has a number, a PIN and a link of its own, good only around it.
//!
//! [`Conference`] is what the feature needs; [`Conference::router`] is what it serves, and [`Conference::run`] what it
//! does by itself.

mod act;
mod booking;
mod check;
pub mod credentials;
pub mod entry;
mod error;
mod invitation;
pub mod lifecycle;
pub mod live;
pub mod meeting;
mod post;
mod rooms;
mod rounds;
mod routes;
pub mod settings;
pub mod standing;
mod webhooks;

use std::{fmt, sync::Arc};

use axum::{Router, routing};
use fernamt_domain::{Clock, Rng, Sealer};
use fernamt_http::{ApiError, PublicAddress, egress::EgressGuard};
use fernamt_store::Store;
use tokio_util::sync::CancellationToken;

pub use invitation::link;
pub use post::{NotSent, Post, PostOffice, Smtp, SmtpAddress, SmtpSecurity};

/// What the conference needs.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields randomness.
    pub rng: Arc<dyn Rng>,
    /// Seals what is kept and not read.
    pub sealer: Arc<Sealer>,
    /// Judges where webhooks may be sent.
    pub guard: EgressGuard,
    /// How people reach us.
    pub address: PublicAddress,
    /// Sends invitations, where a mail server is configured.
    pub post: Option<Post>,
    /// Knows what runs.
    pub live: Arc<dyn live::LiveMeetings>,
}

/// The conference.
pub struct Conference {
    pub(crate) parts: Parts,
    teller: webhooks::Teller,
}

impl Conference {
    /// Puts the conference together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let teller = webhooks::Teller::new(parts.guard.clone());
        Arc::new(Self { parts, teller })
    }

    /// What the conference serves.
    pub fn router(self: Arc<Self>) -> Router {
        routes::router().with_state(self)
    }

    /// Sends letters, tells webhooks and ends meetings whose time is over, until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        rounds::run(self, stop).await;
    }

    /// Does once what is due now: what [`Conference::run`] does again and again.
    pub async fn look_around(&self) -> Result<(), fernamt_store::StoreError> {
        rounds::once(self).await
    }
}

/// What is served where meetings are switched off: there is nothing here, as programs and pages read it, and not the web
/// app's own page, as for every other unknown path.
pub fn off() -> Router {
    let nothing = || routing::any(async || ApiError::not_found());
    Router::new()
        .route("/api/v1/conference/{*rest}", nothing())
        .route("/api/v1/admin/conference/{*rest}", nothing())
        .route("/api/v1/admin/webhooks", nothing())
        .route("/api/v1/admin/webhooks/{*rest}", nothing())
        .route("/api/v1/admin/webhook-deliveries/{*rest}", nothing())
}

impl fmt::Debug for Conference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conference").finish_non_exhaustive()
    }
}
