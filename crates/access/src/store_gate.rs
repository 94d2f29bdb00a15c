//! The house as it really is: targets from the store, decisions from identity, notes into the audit log.

use async_trait::async_trait;
use fernamt_domain::{
    DomainEvent, LiveGrant, SessionFacts, Situation, TargetId, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_identity::{Authoriser, Refusal};
use fernamt_store::{Store, StoreError, TargetRecord};

use crate::{
    gate::{ConnectionNote, Gate, Refused, Target, Unavailable},
    tls::Fingerprint,
};

/// The product's [`Gate`].
#[derive(Debug)]
pub(crate) struct StoreGate {
    pub(crate) store: Store,
    pub(crate) authoriser: Authoriser,
}

impl From<TargetRecord> for Target {
    fn from(record: TargetRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            host: record.host,
            port: record.port,
            settings: record.settings,
            pinned: record.pinned_certificate.as_deref().map(Fingerprint::of),
        }
    }
}

#[async_trait]
impl Gate for StoreGate {
    async fn target(&self, tenant: TenantId, id: TargetId) -> Result<Option<Target>, Unavailable> {
        match self.store.tenant(tenant).targets().get(id).await {
            Ok(record) => Ok(record.enabled.then(|| record.into())),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn app(&self, tenant: TenantId, label: &str) -> Result<Option<Target>, Unavailable> {
        let tenant = self.store.tenant(tenant);
        let found = tenant.targets().by_label(label).await.map_err(|error| unavailable(&error))?;
        Ok(found.filter(|record| record.enabled).map(Target::from))
    }

    async fn desktop_at(&self, tenant: TenantId, host: &str) -> Result<Option<Target>, Unavailable> {
        let tenant = self.store.tenant(tenant);
        let all = tenant.targets().all().await.map_err(|error| unavailable(&error))?;
        let wanted = |record: &TargetRecord| record.enabled && record.host.eq_ignore_ascii_case(host);
        Ok(all.into_iter().filter(wanted).map(Target::from).find(|target| target.rdp().is_some()))
    }

    async fn admit(
        &self,
        tenant: TenantId,
        facts: &SessionFacts,
        target: TargetId,
        situation: &Situation,
    ) -> Result<LiveGrant, Refused> {
        let tenant = self.store.tenant(tenant);
        self.authoriser.admit(&tenant, facts, target, situation).await.map(|admitted| admitted.grant).map_err(
            |refusal| match refusal {
                Refusal::TooMany(_) => Refused::TooMany,
                Refusal::Store(error) => {
                    unavailable(&error);
                    Refused::Unavailable
                }
                Refusal::NotAllowed(_) | Refusal::DevicePending(_) | Refusal::Ended(_) | Refusal::NoTarget => {
                    Refused::NotAllowed
                }
            },
        )
    }

    async fn learn(&self, tenant: TenantId, target: TargetId, found: &[u8]) -> Result<Fingerprint, Unavailable> {
        let learn = async {
            let mut work = self.store.tenant(tenant).begin().await?;
            // Read inside the unit of work, so that of two who learn at once the second sees what the first stored.
            if let Some(pinned) = work.targets().get(target).await?.pinned_certificate {
                return Ok(Fingerprint::of(&pinned));
            }
            work.targets().pin_certificate(target, Some(found.to_vec())).await?;
            let fingerprint = Fingerprint::of(found);
            let details = serde_json::json!({ "sha256": fingerprint.to_string() });
            let event = AuditEvent::new(AuditKind::Target, "certificate_learnt", Outcome::Success);
            work.record(event.on(target).details(details));
            work.publish(DomainEvent::TargetChanged { target });
            work.commit().await?;
            Ok(fingerprint)
        };
        learn.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn note(&self, tenant: TenantId, note: ConnectionNote) {
        let kind = if note.begins { AuditKind::ConnectionStart } else { AuditKind::ConnectionEnd };
        let mut event = AuditEvent::new(kind, note.word, note.outcome)
            .by(note.facts.person)
            .session(note.facts.session)
            .on(note.target)
            .from_zone(&note.situation.zone);
        event.device = note.facts.device;
        if let Err(error) = self.store.tenant(tenant).record(event).await {
            tracing::error!(%error, "A connection could not be noted in the audit log");
        }
    }
}

fn unavailable(error: &StoreError) -> Unavailable {
    tracing::error!(%error, "The store did not answer");
    Unavailable
}
