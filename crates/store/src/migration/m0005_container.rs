//! Containers: sealed stores in browsers.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_container"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &CONTAINER).await
    }
}

const CONTAINER: NewTable = NewTable {
    name: "container",
    columns: "device uuid, share bytes?, generation integer?, unopened integer, released_at integer?, \
              policy_serial integer, idle_minutes integer, offline_until integer?, guards integer",
    key: &["device"],
    owners: &[("device", "device")],
    ..NEW
};
