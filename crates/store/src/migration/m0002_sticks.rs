//! Sticks, and targets that belong to one person.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    sea_orm::DbErr,
    sea_query::{ColumnDef, Index, Table},
};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_sticks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            create(manager, table).await?;
        }
        // One column at a time: SQLite knows no other way. It knows no new reference to another table either; who
        // removes a person removes their targets.
        for column in [ColumnDef::new("owner").uuid().null(), ColumnDef::new("owned").text().not_null().default("")] {
            manager.alter_table(Table::alter().table("target").add_column(column.to_owned()).to_owned()).await?;
        }
        manager.drop_index(Index::drop().name("target.name").table("target").to_owned()).await?;
        let unique = Index::create()
            .name("target.name")
            .table("target")
            .col("tenant_id")
            .col("owned")
            .col("name")
            .unique()
            .to_owned();
        manager.create_index(unique).await
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "stick",
        columns: "device uuid, activation_print bytes?, activation_until integer?, generation integer, \
                  previous_generation integer?, highest_generation integer, takes_over boolean, lost boolean, \
                  copied_at integer?, program text?, system text?",
        key: &["device"],
        owners: &[("device", "device")],
        ..NEW
    },
    NewTable {
        name: "stick_line",
        columns: "device uuid, measured_on text, round_trip_ms integer, loss_permille integer, outages integer, \
                  transport text",
        key: &["device"],
        owners: &[("device", "device")],
        ..NEW
    },
];
