//! Webhooks and what they are told. What is told is written with the change that it tells of.

use fernamt_domain::{DeliveryId, Secret, WebhookId};
use time::OffsetDateTime;

use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, any, is, is_null, not_after, to},
};

/// The most webhooks of a tenant.
pub const MAX_WEBHOOKS: usize = 20;

/// The most deliveries that wait for one webhook; what comes then is given up at once, visibly.
pub const MAX_WAITING_DELIVERIES: usize = 5_000;

record! {
    /// A webhook.
    pub struct WebhookRecord in "webhook", key(id) journaled {
        /// The id.
        id: WebhookId => Configuration,
        /// What it is for.
        name: String => Configuration,
        /// Where to.
        url: String => Configuration,
        /// The key of its signatures, sealed.
        secret_sealed: Secret<Vec<u8>> => Credential,
        /// The words of what it is told: a JSON list.
        events: serde_json::Value => Configuration,
        /// Whether it is told at all.
        enabled: bool => Configuration,
        /// When it was made.
        created_at: OffsetDateTime => Configuration,
        /// Since when its deliveries fail.
        failing_since: Option<OffsetDateTime> => Operation,
    }
}

record! {
    /// One thing told to a webhook.
    pub struct DeliveryRecord in "webhook_delivery", key(id) {
        /// The id.
        id: DeliveryId => Operation,
        /// The webhook.
        webhook: WebhookId => Operation,
        /// Its place in the order, which is kept.
        position: i64 => Operation,
        /// The word for what it tells.
        event: String => Operation,
        /// When that happened.
        at: OffsetDateTime => Operation,
        /// What is sent. It names no people.
        body: String => Operation,
        /// How often it was tried.
        attempts: u16 => Operation,
        /// When it is tried next.
        next_at: Option<OffsetDateTime> => Operation,
        /// When it was taken.
        delivered_at: Option<OffsetDateTime> => Operation,
        /// When it was given up.
        given_up_at: Option<OffsetDateTime> => Operation,
        /// The status of the last answer.
        last_status: Option<u16> => Operation,
        /// Why the last try failed, in a word.
        last_fault: Option<String> => Operation,
    }
}

repository! {
    /// Webhooks and their deliveries.
    Webhooks
}

impl<A> Webhooks<'_, A> {
    /// The webhook with this id.
    pub async fn get(&self, id: WebhookId) -> Result<WebhookRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// All webhooks, by name.
    pub async fn all(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        self.scope.find(any()).order("name").order("id").all().await
    }

    /// How many deliveries wait for a webhook.
    pub async fn waiting(&self, id: WebhookId) -> Result<u64, StoreError> {
        self.scope.count::<DeliveryRecord>(is("webhook", &id).add(is_null("next_at").not())).await
    }

    /// The delivery whose turn it is: the first that waits, if its time has come. Those behind it wait for it.
    pub async fn due(&self, id: WebhookId, now: OffsetDateTime) -> Result<Option<DeliveryRecord>, StoreError> {
        let waiting = is("webhook", &id).add(is_null("next_at").not());
        let first: Option<DeliveryRecord> = self.scope.find(waiting).order("position").one().await?;
        Ok(first.filter(|first| first.next_at.is_some_and(|next_at| next_at <= now)))
    }

    /// Webhooks that have something waiting whose time has come.
    pub async fn with_due(&self, now: OffsetDateTime) -> Result<Vec<WebhookRecord>, StoreError> {
        let mut found = Vec::new();
        for webhook in self.scope.find::<WebhookRecord>(is("enabled", &true)).order("id").all().await? {
            let due = is("webhook", &webhook.id).add(not_after("next_at", &now));
            if self.scope.count::<DeliveryRecord>(due).await? > 0 {
                found.push(webhook);
            }
        }
        Ok(found)
    }

    /// The deliveries of a webhook, the newest first.
    pub async fn deliveries(&self, id: WebhookId, limit: u64) -> Result<Vec<DeliveryRecord>, StoreError> {
        self.scope.find(is("webhook", &id)).newest_first("position").limit(limit).all().await
    }
}

impl Webhooks<'_, Writing> {
    /// Adds a webhook.
    pub async fn insert(&self, webhook: &WebhookRecord) -> Result<(), StoreError> {
        if self.scope.count::<WebhookRecord>(any()).await? >= MAX_WEBHOOKS as u64 {
            return Err(StoreError::TooMany { what: "webhooks", limit: MAX_WEBHOOKS });
        }
        self.scope.insert(webhook).await
    }

    /// The webhook, held until the unit of work ends.
    pub async fn locked(&self, id: WebhookId) -> Result<WebhookRecord, StoreError> {
        self.scope.find(is("id", &id)).locked().get().await
    }

    /// Writes all columns of a webhook that is [`Webhooks::locked`].
    pub async fn replace(&self, webhook: &WebhookRecord) -> Result<(), StoreError> {
        self.scope.replace(webhook).await
    }

    /// Removes a webhook with its deliveries.
    pub async fn remove(&self, id: WebhookId) -> Result<(), StoreError> {
        self.scope.delete_one::<WebhookRecord>(is("id", &id)).await
    }

    /// Puts deliveries behind those of their webhook that are there. The webhook is held until the unit of work ends, so
    /// that nobody takes the same places. What would wait behind too many is given up at once.
    pub async fn tell(&self, id: WebhookId, deliveries: Vec<DeliveryRecord>) -> Result<(), StoreError> {
        self.locked(id).await?;
        let waiting = usize::try_from(self.waiting(id).await?).unwrap_or(usize::MAX);
        let last = self.scope.largest::<DeliveryRecord, i64>("position").await?.unwrap_or(0);
        let placed = (last.saturating_add(1)..).zip(deliveries).enumerate().map(|(n, (position, delivery))| {
            let delivery = DeliveryRecord { position, webhook: id, ..delivery };
            if waiting.saturating_add(n) < MAX_WAITING_DELIVERIES {
                return delivery;
            }
            let given_up_at = Some(self.scope.now());
            DeliveryRecord { next_at: None, given_up_at, last_fault: Some("too_many".to_owned()), ..delivery }
        });
        self.scope.insert_all(&placed.collect::<Vec<_>>()).await
    }

    /// Has a delivery tried again at once that was given up or waits, after those that wait before it. One that was taken
    /// stays as it is.
    pub async fn retry(&self, id: DeliveryId) -> Result<DeliveryRecord, StoreError> {
        let webhook = self.scope.find::<DeliveryRecord>(is("id", &id)).get().await?.webhook;
        self.locked(webhook).await?;
        let delivery: DeliveryRecord = self.scope.find(is("id", &id)).locked().get().await?;
        if delivery.delivered_at.is_some() {
            return Ok(delivery);
        }
        if delivery.next_at.is_none() && self.waiting(webhook).await? >= MAX_WAITING_DELIVERIES as u64 {
            return Err(StoreError::TooMany { what: "deliveries", limit: MAX_WAITING_DELIVERIES });
        }
        let now = Some(self.scope.now());
        let delivery = DeliveryRecord { next_at: now, given_up_at: None, ..delivery };
        self.scope.replace(&delivery).await?;
        let waiting = is("webhook", &webhook).add(is_null("next_at").not());
        let first: Option<DeliveryRecord> = self.scope.find(waiting).order("position").locked().one().await?;
        if let Some(first) = first.filter(|first| first.next_at > now) {
            self.scope.replace(&DeliveryRecord { next_at: now, ..first }).await?;
        }
        Ok(delivery)
    }

    /// Notes how a try went.
    pub async fn tried(&self, delivery: &DeliveryRecord) -> Result<(), StoreError> {
        self.scope.replace(delivery).await
    }

    /// Notes since when a webhook's deliveries fail, or that they do no more.
    pub async fn failing(&self, id: WebhookId, since: Option<OffsetDateTime>) -> Result<(), StoreError> {
        self.scope.set_one::<WebhookRecord>(is("id", &id), vec![to("failing_since", &since)]).await
    }
}
