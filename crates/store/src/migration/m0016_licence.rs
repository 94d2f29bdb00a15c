//! Licences of the security app that private phones need.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0016_licence"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &LICENCE).await
    }
}

const LICENCE: NewTable = NewTable {
    name: "licence",
    columns: "device uuid, taken_at integer",
    key: &["device"],
    owners: &[("device", "device")],
    ..NEW
};
