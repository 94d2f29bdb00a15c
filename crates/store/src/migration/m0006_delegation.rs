//! Working for others: who may work in a mail account that is not their own, and who works on which thread.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    sea_orm::DbErr,
    sea_query::{ColumnDef, Table},
};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_delegation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut state = ColumnDef::new("thread_work_state");
        state.big_integer().not_null().default(0);
        manager.alter_table(Table::alter().table("mail_account").add_column(state).take()).await?;
        for table in TABLES {
            create(manager, table).await?;
        }
        Ok(())
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "mail_grant",
        columns: "account uuid, person uuid, rights text, granted_at integer",
        key: &["account", "person"],
        owners: &[("account", "mail_account"), ("person", "person")],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "thread_work",
        columns: "account uuid, thread uuid, assignee uuid?, assigned_at integer?, note text, note_by uuid?, \
                  note_at integer?, created_in integer, changed_in integer",
        key: &["account", "thread"],
        owners: &[("account", "mail_account")],
        index: &["account changed_in", "assignee", "note_by"],
        ..NEW
    },
];
