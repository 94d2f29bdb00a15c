//! Mirrors of foreign mail servers: what such a server and the index last agreed on.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_mirror"
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

// Nothing here refers to folders and messages: that one of them is gone from the index must be known until it is gone from
// the server, too.
const TABLES: &[NewTable] = &[
    NewTable {
        name: "mail_mirror_folder",
        columns: "mailbox uuid, account uuid, wire text, parent uuid?, name text, selectable boolean, \
                  uid_validity integer, uid_next integer, modseq integer?, messages integer",
        key: &["mailbox"],
        owners: &[("account", "mail_account")],
        index: &["account"],
        ..NEW
    },
    NewTable {
        name: "mail_mirror_message",
        columns: "mailbox uuid, uid integer, account uuid, email uuid, flags text, remote_id text?",
        key: &["mailbox", "uid"],
        owners: &[("account", "mail_account")],
        index: &["account remote_id", "email"],
        ..NEW
    },
    NewTable {
        name: "mail_mirror_begun",
        columns: "mailbox uuid, email uuid, account uuid, flags text, at integer, refused boolean",
        key: &["mailbox", "email"],
        owners: &[("account", "mail_account")],
        index: &["account"],
        ..NEW
    },
];
