//! Brings administration and access together: the one wants to look at targets, the other can.

use std::sync::Arc;

use async_trait::async_trait;
use fernamt_access::Access;
use fernamt_admin::Prober;
use fernamt_store::{TargetHealthRecord, TargetRecord};

/// Looks at targets by way of the access feature.
#[derive(Debug)]
pub(crate) struct AccessProber(pub(crate) Arc<Access>);

#[async_trait]
impl Prober for AccessProber {
    async fn look(&self, target: &TargetRecord) -> TargetHealthRecord {
        self.0.look(target).await
    }
}
