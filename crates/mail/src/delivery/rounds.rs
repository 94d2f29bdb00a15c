//! Delivering again and again, until stopped.

use std::sync::Arc;

use fernamt_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::LONGEST_REST;
use crate::Mail;

impl Mail {
    /// Delivers what is handed in, until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let rest = match self.look_around().await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "Mail cannot be delivered for now");
                    LONGEST_REST
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.bell.0.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Delivers once what is due in all tenants. Returns how long there is nothing to do.
    pub async fn look_around(&self) -> Result<std::time::Duration, StoreError> {
        let mut rest = LONGEST_REST;
        for tenant in self.parts.store.tenants().all().await? {
            let tenant = self.parts.store.tenant(tenant.id);
            self.deliver_due(&tenant).await?;
            if let Some(next) = tenant.email_submissions().next().await? {
                let left = next - self.parts.clock.now();
                rest = rest.min(left.try_into().unwrap_or_default());
            }
        }
        Ok(rest)
    }
}
