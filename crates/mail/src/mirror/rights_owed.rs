//! Telling the mail server of rights that changed in mailboxes that nobody uses.

use std::sync::Arc;

use fernamt_domain::{DomainEvent, event::TenantEvent};
use fernamt_store::{Notice, StoreError, Subscription};

use super::{round::Mirror, task::Key};
use crate::Mail;

impl Mail {
    /// Sees to it that accounts are mirrored in which the server may not know yet what others may do, used or not.
    pub(super) async fn use_owing(self: &Arc<Self>) {
        if let Err(error) = self.find_owing().await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "Rights are carried to the mail server only once their mailboxes are used");
        }
    }

    async fn find_owing(self: &Arc<Self>) -> Result<(), StoreError> {
        let Some(server) = &self.server else { return Ok(()) };
        let Some(tenant) = self.parts.store.tenants().by_host(&server.tenant_host).await? else { return Ok(()) };
        let tenant = self.parts.store.tenant(tenant.id);
        for account in tenant.mail_mirrors().shared().await? {
            let mirror = Mirror::of(Arc::clone(self), tenant.clone(), account).await?;
            if let Some(mirror) = mirror
                && mirror.owes_rights().await?
            {
                self.uses(tenant.id(), account);
            }
        }
        Ok(())
    }

    /// Sees to it that the account is mirrored in which rights changed, or each in which they may have.
    pub(super) async fn use_shared(self: &Arc<Self>, changed: Option<Key>) {
        match changed {
            Some((tenant, account)) => self.uses(tenant, account),
            None => self.use_owing().await,
        }
    }
}

/// Waits until somebody's rights in an account change; nothing is told where any may have. Who stops waiting misses nothing.
pub(super) async fn rights_changed(bus: &mut Subscription) -> Option<Key> {
    loop {
        match bus.next().await {
            None => std::future::pending().await,
            Some(Notice::Everything) => return None,
            Some(Notice::Event(TenantEvent { tenant, event })) => {
                if let DomainEvent::MailRightsChanged { account, .. } = event {
                    return Some((tenant, account));
                }
            }
        }
    }
}
