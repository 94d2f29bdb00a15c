//! Web Push: where devices are told that mail came.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0015_push"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &SUBSCRIPTION).await
    }
}

const SUBSCRIPTION: NewTable = NewTable {
    name: "push_subscription",
    columns: "device uuid, person uuid, session uuid, account uuid, print bytes, sealed bytes, until integer, \
              language text, from_minute integer, to_minute integer, weekends boolean, time_zone text, without text, \
              state integer, told_at integer?",
    key: &["device"],
    owners: &[("device", "device"), ("person", "person"), ("session", "session"), ("account", "mail_account")],
    index: &["account"],
    ..NEW
};
