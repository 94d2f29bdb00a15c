//! Mail: accounts, folders, messages and where they lie, their raw bytes, senders, and what is on its way out.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_mail"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            create(manager, table).await?;
        }
        Ok(())
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "mail_account",
        columns: "id uuid, owner uuid?, name text, address text, created_at integer, counter integer, \
                  mailbox_state integer, email_state integer, thread_state integer, identity_state integer, \
                  submission_state integer, delivery_state integer, vacation_state integer, forgotten integer",
        key: &["id"],
        owners: &[("owner", "person")],
        unique: &["address"],
        index: &["owner"],
        ..NEW
    },
    NewTable {
        name: "mailbox",
        columns: "id uuid, account uuid, parent uuid?, name text, role text?, sort_order integer, \
                  subscribed boolean, created_in integer, changed_in integer, counted_in integer",
        key: &["id"],
        owners: &[("account", "mail_account")],
        index: &["account"],
        ..NEW
    },
    NewTable {
        name: "mail_blob",
        // The bytes come last: SQLite walks through them to whatever stands behind.
        columns: "print bytes, size integer, at integer, content bytes",
        key: &["print"],
        index: &["at"],
        ..NEW
    },
    NewTable {
        name: "mail_upload",
        columns: "account uuid, print bytes, kind text, at integer",
        key: &["account", "print"],
        owners: &[("account", "mail_account")],
        index: &["print", "at"],
        ..NEW
    },
    NewTable {
        name: "email",
        columns: "id uuid, account uuid, thread uuid, print bytes, size integer, received_at integer, \
                  sent_at integer?, subject text, sender text, envelope text, preview text, \
                  has_attachment boolean, keywords text, created_in integer, changed_in integer",
        key: &["id"],
        owners: &[("account", "mail_account")],
        index: &["account received_at id thread", "account changed_in", "thread created_in", "print"],
        ..NEW
    },
    NewTable {
        name: "email_text",
        columns: "email uuid, subject text, sender text, recipient text, cc text, bcc text, body text",
        key: &["email"],
        owners: &[("email", "email")],
        ..NEW
    },
    NewTable {
        name: "email_mailbox",
        columns: "email uuid, mailbox uuid, thread uuid, received_at integer, unseen boolean",
        key: &["mailbox", "email"],
        owners: &[("email", "email"), ("mailbox", "mailbox")],
        // With the folder, or SQLite prefers the primary key, of which it can use the tenant alone.
        index: &["mailbox received_at email thread", "email mailbox", "mailbox unseen thread"],
        ..NEW
    },
    NewTable {
        name: "thread_reference",
        columns: "account uuid, print bytes, email uuid, thread uuid",
        key: &["account", "print", "thread", "email"],
        owners: &[("account", "mail_account"), ("email", "email")],
        index: &["email"],
        ..NEW
    },
    NewTable {
        name: "mail_destroyed",
        columns: "account uuid, kind text, id uuid, thread uuid?, created_in integer, destroyed_in integer, at integer",
        key: &["account", "kind", "id"],
        owners: &[("account", "mail_account")],
        index: &["account kind destroyed_in id", "at"],
        ..NEW
    },
    NewTable {
        name: "mail_identity",
        columns: "id uuid, account uuid, name text, address text, text_signature text, html_signature text, \
                  created_in integer, changed_in integer",
        key: &["id"],
        owners: &[("account", "mail_account")],
        index: &["account"],
        ..NEW
    },
    NewTable {
        name: "email_submission",
        columns: "id uuid, account uuid, identity uuid, email uuid, thread uuid, print bytes, mail_from text, \
                  recipients text, send_at integer, undo_status text, at integer, next_at integer?, \
                  attempts integer, created_in integer, changed_in integer",
        key: &["id"],
        owners: &[("account", "mail_account")],
        index: &["account id", "account next_at", "account changed_in", "next_at", "print"],
        ..NEW
    },
    NewTable {
        name: "mail_vacation",
        columns: "account uuid, enabled boolean, begins_at integer?, ends_at integer?, subject text?, text text?, \
                  html text?",
        key: &["account"],
        owners: &[("account", "mail_account")],
        ..NEW
    },
    NewTable {
        name: "mail_vacation_answer",
        columns: "account uuid, print bytes, at integer",
        key: &["account", "print"],
        owners: &[("account", "mail_account")],
        index: &["at"],
        ..NEW
    },
];
