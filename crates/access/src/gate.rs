//! What desktop, proxy and health ask the rest of the house: what a target is, whether somebody may use it, and where
//! to write down what happened. The product's answers come from store and identity; tests give their own.

use async_trait::async_trait;
use fernamt_domain::{
    LiveGrant, SessionFacts, Situation, TargetId, TargetSettings, TenantId,
    audit::Outcome as AuditOutcome,
    target::{RdpSettings, WebSettings},
};

use crate::tls::{Fingerprint, Trust};

/// A target, as far as connecting to it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id, which policy decides on.
    pub id: TargetId,
    /// Its name, for people.
    pub name: String,
    /// The host, by name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What its kind needs.
    pub settings: TargetSettings,
    /// The certificate that was learnt.
    pub pinned: Option<Fingerprint>,
}

impl Target {
    /// The settings of a desktop; `None` for another kind.
    pub fn rdp(&self) -> Option<&RdpSettings> {
        match &self.settings {
            TargetSettings::Rdp(settings) => Some(settings),
            _ => None,
        }
    }

    /// The settings of a web application; `None` for another kind.
    pub fn web(&self) -> Option<&WebSettings> {
        match &self.settings {
            TargetSettings::Web(settings) => Some(settings),
            _ => None,
        }
    }

    /// Which certificate it may show: the pinned one, or any as long as none was learnt.
    pub fn trust(&self) -> Trust {
        self.pinned.map_or(Trust::Learn, Trust::Pinned)
    }
}

/// Why somebody was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The rules do not allow it, or there is no such target. Which of the two is not told.
    #[error("the rules do not allow it")]
    NotAllowed,
    /// The person or the installation has too many connections open.
    #[error("too many connections are open")]
    TooMany,
    /// Our own fault, logged where it happened.
    #[error("the house does not answer")]
    Unavailable,
}

/// The house does not answer; why was logged where it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the house does not answer")]
pub struct Unavailable;

/// The beginning or end of a connection, for the audit log.
#[derive(Debug, Clone)]
pub struct ConnectionNote {
    /// Who.
    pub facts: SessionFacts,
    /// What.
    pub target: TargetId,
    /// From where.
    pub situation: Situation,
    /// Whether it begins; otherwise it ends.
    pub begins: bool,
    /// A stable word for what happened, such as `certificate_changed`.
    pub word: &'static str,
    /// How it went.
    pub outcome: AuditOutcome,
}

/// The rest of the house, as the ways to targets see it.
#[async_trait]
pub trait Gate: Send + Sync + std::fmt::Debug {
    /// A target that is switched on.
    async fn target(&self, tenant: TenantId, id: TargetId) -> Result<Option<Target>, Unavailable>;

    /// The web application with a label.
    async fn app(&self, tenant: TenantId, label: &str) -> Result<Option<Target>, Unavailable>;

    /// The desktop with a host, which a session broker may name by address or by name.
    async fn desktop_at(&self, tenant: TenantId, host: &str) -> Result<Option<Target>, Unavailable>;

    /// Takes the decision, writes it down and registers the grant.
    async fn admit(
        &self,
        tenant: TenantId,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<LiveGrant, Refused>;

    /// Stores a certificate (DER) that was seen for the first time, unless another one was stored meanwhile. Returns the
    /// fingerprint of the one that is stored now.
    async fn learn(&self, tenant: TenantId, target: TargetId, found: &[u8]) -> Result<Fingerprint, Unavailable>;

    /// Writes down that a connection began or ended. A failure is logged, not returned: the connection goes on.
    async fn note(&self, tenant: TenantId, note: ConnectionNote);
}
