//! Webhooks: addresses that are told what happens to meetings. Role: administrator.
//!
//! Each delivery is a POST of [`WebhookBody`] with the headers `Fernamt-Webhook-Id`, `Fernamt-Webhook-Timestamp` (seconds
//! since 1970 UTC) and `Fernamt-Webhook-Signature`: `v1=` and the HMAC-SHA-256, in lower-case hexadecimal digits, over
//! the timestamp, a dot and the body, keyed with the secret. Deliveries of one webhook come in order; what is not taken
//! with a status of 2xx is sent again, ever more slowly, and given up after a day. An id may come twice.

use fernamt_domain::{DeliveryId, MeetingId, RoomId, WebhookId, conference::RoomKind, text_enum};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::operations::operations;

text_enum! {
    /// What a webhook is told of.
    pub enum WebhookEvent {
        /// A meeting was booked.
        MeetingBooked = "meeting.booked",
        /// A meeting was moved, or something of it changed.
        MeetingChanged = "meeting.changed",
        /// A meeting was called off.
        MeetingCancelled = "meeting.cancelled",
        /// A meeting began: somebody has opened it.
        MeetingOpened = "meeting.opened",
        /// A meeting ended.
        MeetingEnded = "meeting.ended",
        /// Somebody pressed the button that tries the webhook.
        Trial = "trial",
    }
}

/// What is sent. It names no people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookBody {
    /// The delivery. The same one may come twice.
    pub id: DeliveryId,
    /// What happened.
    pub event: WebhookEvent,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// To which meeting.
    pub meeting: Option<WebhookMeeting>,
}

/// A meeting, as webhooks are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookMeeting {
    /// The meeting.
    pub id: MeetingId,
    /// Its room.
    pub room: RoomId,
    /// The room's kind.
    pub kind: RoomKind,
    /// When it begins.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// The webhook.
    pub id: WebhookId,
    /// Changes with every change of the webhook; send it back when changing.
    pub version: String,
    /// What the administrator sets.
    #[serde(flatten)]
    pub fields: WebhookFields,
    /// How many deliveries wait.
    pub waiting: u32,
    /// Since when the deliveries fail, if they do.
    #[serde(with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
}

/// What the administrator sets of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookFields {
    /// What it is for, unique in the tenant.
    #[schema(max_length = 100)]
    pub name: String,
    /// Where to: `https://…`. Only to a port of the server's own loopback that its configuration names, `http://` will do.
    #[schema(max_length = 500)]
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// A change to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeWebhook {
    /// The version that the change is based on.
    pub version: String,
    /// All that the administrator sets.
    #[serde(flatten)]
    pub fields: WebhookFields,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    pub webhook: Webhook,
    /// The key of its signatures. It is not shown again.
    pub secret: String,
}

text_enum! {
    /// How far a delivery has come.
    pub enum DeliveryState {
        /// It waits for its turn, or for the next try.
        Waiting = "waiting",
        /// It was taken.
        Delivered = "delivered",
        /// It was given up.
        GivenUp = "given_up",
    }
}

/// One thing told to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The delivery.
    pub id: DeliveryId,
    /// What it tells.
    pub event: WebhookEvent,
    /// When that happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u16,
    /// When it is tried next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_at: Option<OffsetDateTime>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last try failed: a word such as `refused`, `unresolved`, `unreachable`, `tls`, `timeout`, `status`.
    pub last_fault: Option<String>,
}

operations! { "conference";
    /// Webhooks, by name.
    list_webhooks: get "/api/v1/admin/webhooks" () [] -> 200 Vec<Webhook>;
    /// Makes a webhook.
    create_webhook: post "/api/v1/admin/webhooks" () [WebhookFields] -> 201 WebhookWithSecret;
    /// One webhook.
    get_webhook: get "/api/v1/admin/webhooks/{id}" (WebhookId) [] -> 200 Webhook;
    /// Changes a webhook.
    change_webhook: put "/api/v1/admin/webhooks/{id}" (WebhookId) [ChangeWebhook] -> 200 Webhook;
    /// Removes a webhook, with what waits for it.
    remove_webhook: delete "/api/v1/admin/webhooks/{id}" (WebhookId) [] -> 204;
    /// Gives a webhook another secret; the old one counts no more.
    renew_webhook_secret: post "/api/v1/admin/webhooks/{id}/secret" (WebhookId) [] -> 200 WebhookWithSecret;
    /// Sends a trial.
    try_webhook: post "/api/v1/admin/webhooks/{id}/trial" (WebhookId) [] -> 202;
    /// The deliveries of a webhook, the newest first: at most 100.
    list_deliveries: get "/api/v1/admin/webhooks/{id}/deliveries" (WebhookId) [] -> 200 Vec<Delivery>;
    /// Tries a delivery again at once that was given up or waits; those that wait before it come first. One that was given up
    /// after its day is tried once more. One that was taken stays as it is.
    retry_delivery: post "/api/v1/admin/webhook-deliveries/{id}/retry" (DeliveryId) [] -> 200 Delivery;
}
