//! What the page of mail asks beside JMAP, on the origin of mail: who may work in an account that is not their own, and
//! pictures that lie elsewhere.

use fernamt_domain::{EmailId, MailAccountId, PersonId, mail::MailRight};
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

operations! { "mail";
    /// Who may work in an account.
    list_delegates: get "/api/v1/mail/accounts/{id}/delegates" (MailAccountId) [] -> 200 DelegateList;
    /// Grants somebody exactly these rights. They hold at once.
    grant_mail_rights: put "/api/v1/mail/accounts/{id}/delegates/{person}" (MailAccountId) person PersonId, [GrantMailRights] -> 200 Delegate;
    /// Revokes all that somebody was granted. That holds at once.
    revoke_mail_rights: delete "/api/v1/mail/accounts/{id}/delegates/{person}" (MailAccountId) person PersonId, [] -> 204;
    /// Has the server fetch a picture from elsewhere that a message shows. The answer is the picture itself.
    load_mail_picture: post "/api/v1/mail/accounts/{id}/pictures" (MailAccountId) [LoadPicture] -> 200;
}
