//! Delivering again and again, until stopped.

use std::{sync::Arc, time::Duration};

use fernamt_store::StoreError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Job, LONGEST_REST};
use crate::Mail;

impl Mail {
    /// Delivers what is handed in, until stopped. What is on its way out of the house then goes to its end.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut out = JoinSet::new();
        loop {
            let rest = match self.round().await {
                Ok((rest, jobs)) => {
                    for job in jobs {
                        let (mail, stop) = (Arc::clone(&self), stop.clone());
                        out.spawn(async move { mail.go_out(job, &stop).await });
                    }
                    rest
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "Mail cannot be delivered for now");
                    LONGEST_REST
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.bell.0.notified() => {}
                Some(_) = out.join_next() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
        while out.join_next().await.is_some() {}
    }

    /// Delivers once what is due in all tenants, one message after the other. Returns how long there is nothing to do.
    pub async fn look_around(&self) -> Result<Duration, StoreError> {
        let (rest, jobs) = self.round().await?;
        for job in jobs {
            self.go_out(job, &CancellationToken::new()).await;
        }
        Ok(rest)
    }

    /// Delivers within the house what is due. Returns how long there is nothing to do, and what goes out.
    async fn round(&self) -> Result<(Duration, Vec<Job>), StoreError> {
        let (mut rest, mut jobs) = (LONGEST_REST, Vec::new());
        for tenant in self.parts.store.tenants().all().await? {
            let tenant = self.parts.store.tenant(tenant.id);
            jobs.extend(self.deliver_due(&tenant).await?);
            if let Some(next) = tenant.email_submissions().next(&self.way_out.in_hand()).await? {
                let left = next - self.parts.clock.now();
                rest = rest.min(left.try_into().unwrap_or_default());
            }
        }
        Ok((rest, jobs))
    }

    async fn go_out(&self, job: Job, stop: &CancellationToken) {
        let Err(error) = self.hand_over(&job, stop).await else { return };
        tracing::error!(submission = %job.id, error = &error as &dyn std::error::Error, "A message cannot be handed over for now");
        if let Err(error) = self.put_off(&job.tenant, job.account, job.id, 1).await {
            tracing::error!(submission = %job.id, error = &error as &dyn std::error::Error, "Nor can it be put off");
        }
    }
}
