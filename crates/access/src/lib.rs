//! Ways to targets: the desktop in the browser, the SSH gateway, and the proxy in front of internal web applications.
//!
//! All of them ask identity's authoriser before they connect, connect through the one egress guard, and hold a live
//! grant while anything flows. [`Access::new`] makes the feature, [`Access::router`] serves its part of the API,
//! [`Access::proxy`] what is for an application's own origin, [`Access::run`] looks at targets' health.

pub mod desktop;
pub mod gate;
mod health;
pub mod proxy;
mod routes;
pub mod ssh;
mod store_gate;
pub mod tls;

use std::sync::Arc;

use axum::{Router, extract::Request, response::Response};
use fernamt_domain::{Clock, Rng, Sealer};
use fernamt_http::{ApiError, Site, egress::EgressGuard};
use fernamt_identity::Authoriser;
use fernamt_store::{Store, StoreError, TargetHealthRecord, TargetRecord};
use tokio_util::sync::CancellationToken;

use crate::{
    desktop::{broker::Redirections, ticket::Tickets},
    gate::Gate,
    proxy::{Place, Proxy},
    store_gate::StoreGate,
};

/// Where the SSH gateway is reached, for the commands that people copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// The port.
    pub port: u16,
    /// Fingerprints of the host keys, as `ssh` prints them.
    pub fingerprints: Vec<String>,
}

/// What the feature needs.
#[derive(Debug)]
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Decides who may use what.
    pub authoriser: Authoriser,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields randomness.
    pub rng: Arc<dyn Rng>,
    /// Opens the password that was sealed at sign-in.
    pub sealer: Arc<Sealer>,
    /// Judges what may be connected to.
    pub guard: EgressGuard,
    /// Where the SSH gateway is reached, if it is on.
    pub ssh: Option<SshAddress>,
}

/// The access feature.
#[derive(Debug)]
pub struct Access {
    parts: Parts,
    gate: Arc<dyn Gate>,
    proxy: Proxy,
    tickets: Tickets<()>,
    redirections: Redirections,
}

impl Access {
    /// Makes the feature.
    pub fn new(parts: Parts) -> Arc<Self> {
        let gate: Arc<dyn Gate> =
            Arc::new(StoreGate { store: parts.store.clone(), authoriser: parts.authoriser.clone() });
        let (clock, rng) = (&parts.clock, &parts.rng);
        Arc::new(Self {
            proxy: Proxy::new(Arc::clone(&gate), parts.guard.clone(), Arc::clone(clock), Arc::clone(rng)),
            tickets: Tickets::new(Arc::clone(clock), Arc::clone(rng)),
            redirections: Redirections::new(Arc::clone(clock)),
            gate,
            parts,
        })
    }

    /// The feature's part of the API, on the tenant's main site.
    pub fn router(self: Arc<Self>) -> Router {
        routes::router(self)
    }

    /// Answers a request whose [`Site::app_label`] names an application.
    pub async fn proxy(&self, site: Site, request: Request) -> Response {
        let Some(label) = site.app_label.clone() else {
            return axum::response::IntoResponse::into_response(ApiError::not_found());
        };
        let place = Place {
            tenant: site.tenant.id(),
            app_origin: site.app_origin(&label),
            main_origin: site.origin(),
            situation: site.situation(),
            label,
        };
        self.proxy.handle(place, request).await
    }

    /// Looks at a target now: does it answer, and with which certificate?
    pub async fn look(&self, target: &TargetRecord) -> TargetHealthRecord {
        health::look(&self.parts.guard, &*self.parts.clock, target).await
    }

    /// Looks at all targets in turn, until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        stop.run_until_cancelled(health::watch(&self)).await;
    }
}

/// A failure of the store as an answer.
fn failed(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound(_) => ApiError::not_found(),
        other => ApiError::store(&other),
    }
}
