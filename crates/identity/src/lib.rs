//! Who somebody is: people and groups, devices, second factors, sessions, sign-in, directories, and the authoriser
//! that turns all of it into live grants.
//!
//! [`Identity::new`] makes the feature, [`Identity::router`] serves its part of the API, [`Identity::run`] its
//! background tasks. Other features ask [`Identity::authoriser`] for grants; the SSH gateway signs people in by way of
//! `ssh`. The order in which somebody proves who they are stands in `sign_in`.

pub mod authorise;
mod bind_budget;
pub mod challenge;
mod complete;
pub mod container;
mod device;
pub mod device_key;
pub mod directory;
mod failure;
pub mod feature;
mod fingerprint;
pub mod handover;
pub mod licence;
pub mod otp;
pub mod own_targets;
pub mod passkey;
pub mod password;
mod post;
mod program;
mod recovery;
mod reevaluate;
mod routes;
mod second_factor;
pub mod session;
pub mod session_secret;
pub mod settings;
mod setup;
mod sign_in;
mod ssh;
pub mod ssh_key;
pub mod start_code;
pub mod stick;
mod throttle;
pub mod token_file;
mod waiting;

use std::sync::Arc;

use fernamt_domain::{Clock, LiveGrants, Rng, Sealer};
use fernamt_store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use authorise::{Admitted, Authoriser, Refusal};
pub use failure::SignInError;
pub use fingerprint::fingerprint;

use crate::{
    bind_budget::BindBudget, challenge::Challenges, failure::Failures, password::Passwords, reevaluate::Reevaluator,
    stick::Lines, throttle::Throttle, waiting::Questions,
};

/// The purpose of the challenges that devices sign.
pub(crate) const CHALLENGE: &str = "sign-in-challenge";
/// How many passwords may be tried at directories at the same time.
pub const MAX_DIRECTORY_BINDS: usize = 16;

/// The identity feature.
#[derive(Debug)]
pub struct Identity {
    store: Store,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    sealer: Arc<Sealer>,
    passwords: Passwords,
    throttle: Throttle,
    binds: BindBudget,
    directory_binds: Semaphore,
    challenges: Challenges,
    questions: Questions,
    failures: Failures,
    lines: Lines,
    authoriser: Authoriser,
}

impl Identity {
    /// Makes the feature over the store, with the registry that all features share.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        sealer: Arc<Sealer>,
        grants: LiveGrants,
    ) -> Arc<Self> {
        Arc::new(Self {
            passwords: Passwords::new(Arc::clone(&rng)),
            throttle: Throttle::default(),
            binds: BindBudget::default(),
            directory_binds: Semaphore::new(MAX_DIRECTORY_BINDS),
            challenges: Challenges::new(Arc::clone(&sealer), Arc::clone(&clock), Arc::clone(&rng)),
            questions: Questions::default(),
            failures: Failures::default(),
            lines: Lines::default(),
            authoriser: Authoriser::new(Arc::clone(&clock), Arc::clone(&rng), grants),
            store,
            clock,
            rng,
            sealer,
        })
    }

    /// Decides who may use what.
    pub fn authoriser(&self) -> &Authoriser {
        &self.authoriser
    }

    /// Hashes passwords, for administration.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The routes of this feature.
    pub fn router(self: Arc<Self>) -> axum::Router {
        routes::router(self)
    }

    /// The routes of this feature on the origin of mail, with the page that answers everything else there.
    pub fn post_router(self: Arc<Self>) -> axum::Router {
        routes::post_router(self)
    }

    /// A task that ends live grants when something changes. It listens from the moment it is made, so make it before
    /// anything can be changed.
    pub fn reevaluator(&self) -> Reevaluator {
        Reevaluator::new(self.authoriser.clone(), &self.store)
    }

    /// Runs all background tasks until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let reevaluator = self.reevaluator();
        if let Err(error) = self.end_orphans().await {
            tracing::warn!(%error, "Sessions of an earlier run could not be ended");
        }
        tokio::join!(
            reevaluator.run(stop.clone()),
            Arc::clone(&self).sweep(stop.clone()),
            Arc::clone(&self).synchronise(stop),
        );
    }
}
