//! Absences that lie at a foreign mail server.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0012_mirror_absence"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &ABSENCE).await
    }
}

const ABSENCE: NewTable = NewTable {
    name: "mail_mirror_absence",
    columns: "account uuid, print bytes?",
    key: &["account"],
    owners: &[("account", "mail_account")],
    ..NEW
};
