//! What the page of mail asks beside JMAP, on the origin of mail: who may work in an account that is not their own, pictures
//! that lie elsewhere, and notices by way of push services.

use fernamt_domain::{EmailId, MailAccountId, MailboxId, PersonId, mail::MailRight};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::operations::operations;

/// Somebody who may work in an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delegate {
    /// Who.
    pub person: MailPerson,
    /// What they may, in the order of the rights. Whoever has any may read.
    pub rights: Vec<MailRight>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub granted_at: OffsetDateTime,
}

/// A person by id and names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailPerson {
    /// The person.
    pub id: PersonId,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
}

/// All who may work in an account beside its owner, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DelegateList {
    /// The people.
    pub items: Vec<Delegate>,
}

/// What somebody may do from now on, in place of what they might before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantMailRights {
    /// At least one right.
    #[schema(min_items = 1, max_items = 5)]
    pub rights: Vec<MailRight>,
}

/// A picture that a message shows and does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoadPicture {
    /// The message.
    pub email: EmailId,
    /// The address as it stands in the message's HTML, as the source of a picture.
    #[schema(max_length = 8000)]
    pub url: String,
}

/// Whether a device is told of new mail by its browser's push service (RFC 8030) while the page is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailPush {
    /// Whether the administration allows it.
    pub enabled: bool,
    /// The public key that this server shows to push services (RFC 8292), as browsers take it: base64url.
    pub server_key: String,
    /// Until when this device is told, if it is.
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

/// Where a device is told of new mail, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscribePush {
    /// The address that the browser's push service gave it.
    #[schema(max_length = 2048)]
    pub endpoint: String,
    /// The browser's public key (RFC 8291), base64url.
    pub p256dh: String,
    /// The browser's secret for it, base64url.
    pub auth: String,
    /// The language of the notice: `de` or `en`.
    pub language: String,
    /// The first minute of the day at which it is told: 0 to 1439.
    pub from_minute: u16,
    /// The minute at which that ends; the same one for the whole day. Over midnight where it comes first.
    pub to_minute: u16,
    /// Whether on Saturdays and Sundays, too.
    pub weekends: bool,
    /// The zone of those minutes (IANA name).
    pub time_zone: String,
    /// Folders that are not told of.
    #[schema(max_items = 2000)]
    pub without: Vec<MailboxId>,
}

operations! { "mail";
    /// Who may work in an account.
    list_delegates: get "/api/v1/mail/accounts/{id}/delegates" (MailAccountId) [] -> 200 DelegateList;
    /// Grants somebody exactly these rights. They hold at once.
    grant_mail_rights: put "/api/v1/mail/accounts/{id}/delegates/{person}" (MailAccountId) person PersonId, [GrantMailRights] -> 200 Delegate;
    /// Revokes all that somebody was granted. That holds at once.
    revoke_mail_rights: delete "/api/v1/mail/accounts/{id}/delegates/{person}" (MailAccountId) person PersonId, [] -> 204;
    /// Has the server fetch a picture from elsewhere that a message shows. The answer is the picture itself.
    load_mail_picture: post "/api/v1/mail/accounts/{id}/pictures" (MailAccountId) [LoadPicture] -> 200;
    /// Whether this device is told of new mail while the page is closed.
    get_mail_push: get "/api/v1/mail/push" () [] -> 200 MailPush;
    /// Has this device told of new mail, until its session would have ended or somebody signs out there.
    subscribe_mail_push: put "/api/v1/mail/push" () [SubscribePush] -> 200 MailPush;
    /// Has this device told no more.
    unsubscribe_mail_push: delete "/api/v1/mail/push" () [] -> 204;
}
