//! Functional mailboxes, which are nobody's own, and who may work in whose mailbox. Role: administrator. Being that alone
//! opens no mailbox.

use fernamt_domain::{MailAccountId, PersonId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    Page,
    mail::{Delegate, DelegateList, GrantMailRights},
    operations::operations,
    page::ListQuery,
};

/// A mailbox that several people work on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionalMailbox {
    /// Its account.
    pub id: MailAccountId,
    /// The name that people read.
    pub name: String,
    /// Its address.
    pub address: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who may work in it, by name.
    pub delegates: Vec<Delegate>,
}

/// A new functional mailbox.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewMailbox {
    /// The name that people read.
    #[schema(max_length = 100)]
    pub name: String,
    /// What stands before the `@` of its address: lower-case letters, digits, dot, hyphen, underscore.
    #[schema(max_length = 64)]
    pub local_part: String,
}

/// Another name for a functional mailbox.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenameMailbox {
    /// The name that people read.
    #[schema(max_length = 100)]
    pub name: String,
}

operations! { "mailboxes";
    /// Functional mailboxes, by name.
    list_mailboxes: get "/api/v1/admin/mailboxes" () query ListQuery [] -> 200 Page<FunctionalMailbox>;
    /// Makes a functional mailbox. Nobody may work in it yet.
    create_mailbox: post "/api/v1/admin/mailboxes" () [NewMailbox] -> 201 FunctionalMailbox;
    /// Gives a functional mailbox another name. Its address stays.
    rename_mailbox: patch "/api/v1/admin/mailboxes/{id}" (MailAccountId) [RenameMailbox] -> 200 FunctionalMailbox;
    /// Removes a functional mailbox with all mail in it.
    remove_mailbox: delete "/api/v1/admin/mailboxes/{id}" (MailAccountId) [] -> 204;
    /// Grants somebody exactly these rights in a functional mailbox. They hold at once.
    grant_mailbox_rights: put "/api/v1/admin/mailboxes/{id}/delegates/{person}" (MailAccountId) person PersonId, [GrantMailRights] -> 200 Delegate;
    /// Revokes all that somebody was granted in a functional mailbox. That holds at once.
    revoke_mailbox_rights: delete "/api/v1/admin/mailboxes/{id}/delegates/{person}" (MailAccountId) person PersonId, [] -> 204;
    /// Who may work in a person's mailbox.
    list_person_delegates: get "/api/v1/admin/people/{id}/mailbox/delegates" (PersonId) [] -> 200 DelegateList;
    /// Grants somebody exactly these rights in another person's mailbox. They hold at once.
    grant_person_mailbox_rights: put "/api/v1/admin/people/{id}/mailbox/delegates/{person}" (PersonId) person PersonId, [GrantMailRights] -> 200 Delegate;
    /// Revokes all that somebody was granted in another person's mailbox. That holds at once.
    revoke_person_mailbox_rights: delete "/api/v1/admin/people/{id}/mailbox/delegates/{person}" (PersonId) person PersonId, [] -> 204;
}
