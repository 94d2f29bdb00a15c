//! Administration: what only administrators, the control desk and the data-protection officer see.
//!
//! [`Admin`] is what it needs; [`router`] is what it serves. Each module of `routes` is one group of endpoints;
//! `routes/bundles` is the one to copy.

mod act;
mod check;
mod devices;
mod error;
pub mod fuzzing;
mod guard;
mod password;
mod people;
mod routes;
mod rules;
pub mod sticks;
mod targets;
mod usage;
mod version;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use axum::Router;
use fernamt_api::admin::health::Part;
use fernamt_domain::{Secret, audit::SigningKey};
use fernamt_http::{ApiError, egress::EgressGuard};
use fernamt_identity::{Identity, password::HashError};
use fernamt_store::{TargetHealthRecord, TargetRecord};
use time::OffsetDateTime;

use crate::sticks::Delivery;

/// What the administration needs.
pub struct Admin {
    /// Decisions and live grants, passwords, hardware tokens, directories.
    pub identity: Arc<Identity>,
    /// Signs heads of the audit log.
    pub audit_key: Arc<SigningKey>,
    /// Judges what may be connected to.
    pub egress: EgressGuard,
    /// Looks at targets.
    pub prober: Arc<dyn Prober>,
    /// Knows how sticks are handed out.
    pub delivery: Delivery,
    /// Knows how the installation fares.
    pub installation: Arc<dyn Installation>,
}

impl Admin {
    /// The hash of a password that an administrator hands out.
    async fn hash(&self, password: &Secret<String>) -> Result<Secret<String>, ApiError> {
        self.identity.passwords().hash(password).await.map(Secret::new).map_err(|error| match error {
            HashError::Busy => ApiError::slow_down(1),
            HashError::Damaged => ApiError::internal(&HashError::Damaged),
        })
    }
}

/// Looks whether a target answers, and with which certificate. The access feature can; the server brings the two
/// together.
#[async_trait]
pub trait Prober: Send + Sync + fmt::Debug {
    /// Looks at a target now.
    async fn look(&self, target: &TargetRecord) -> TargetHealthRecord;
}

/// What the administration shows of the installation as a whole.
#[async_trait]
pub trait Installation: Send + Sync + fmt::Debug {
    /// The program's version.
    fn version(&self) -> &str;

    /// Since when it runs.
    fn started_at(&self) -> OffsetDateTime;

    /// The zones of the listeners, the one for strangers first.
    fn zones(&self) -> Vec<String>;

    /// How the parts fare that only the server knows: backup, certificate, disk, SSH.
    async fn parts(&self) -> Vec<Part>;
}

/// The routes of the administration.
pub fn router(admin: Arc<Admin>) -> Router {
    routes::router().with_state(admin)
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}
