//! What a person met before a container was made, and in which browser it lies.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_enrolment"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &ENROLMENT).await
    }
}

const ENROLMENT: NewTable = NewTable {
    name: "enrolment",
    columns: "device uuid, person uuid, browser text, platform text, contact_at integer, terms text?, \
              accepted_at integer?",
    key: &["device"],
    owners: &[("device", "device"), ("person", "person")],
    ..NEW
};
