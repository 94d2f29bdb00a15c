//! What another mail server handed over lately.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0011_arrival"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &ARRIVAL).await
    }
}

const ARRIVAL: NewTable = NewTable {
    name: "mail_arrival",
    columns: "account uuid, print bytes, at integer",
    key: &["account", "print"],
    owners: &[("account", "mail_account")],
    index: &["at"],
    ..NEW
};
