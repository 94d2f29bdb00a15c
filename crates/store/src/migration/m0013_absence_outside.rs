//! What those outside the house are answered while somebody is away.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    sea_orm::DbErr,
    sea_query::{ColumnDef, Table},
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0013_absence_outside"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite knows no other way.
        for column in [
            ColumnDef::new("answers_outside").boolean().not_null().default(true),
            ColumnDef::new("outside_text").text().null(),
        ] {
            let mut table = Table::alter();
            manager.alter_table(table.table("mail_vacation").add_column(column.to_owned()).to_owned()).await?;
        }
        Ok(())
    }
}
