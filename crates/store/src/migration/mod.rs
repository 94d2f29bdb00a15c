//! The schema's history: one set of migrations for both databases. A migration that was released is never changed.

mod m0001_first;
mod m0002_sticks;
mod m0003_conference;
mod m0004_mail;
mod m0005_container;
mod m0006_delegation;
mod m0009_enrolment;
mod m0010_mirror;
mod m0011_arrival;
mod m0012_mirror_absence;
mod m0013_absence_outside;
mod m0014_mirror_rights;
mod m0015_push;
mod m0016_licence;

use sea_orm_migration::{
    MigrationTrait, MigratorTrait, SchemaManager,
    sea_orm::DbErr,
    sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table},
};

/// All migrations in their order.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Migration),
            Box::new(m0002_sticks::Migration),
            Box::new(m0003_conference::Migration),
            Box::new(m0004_mail::Migration),
            Box::new(m0005_container::Migration),
            Box::new(m0006_delegation::Migration),
            Box::new(m0009_enrolment::Migration),
            Box::new(m0010_mirror::Migration),
            Box::new(m0011_arrival::Migration),
            Box::new(m0012_mirror_absence::Migration),
            Box::new(m0013_absence_outside::Migration),
            Box::new(m0014_mirror_rights::Migration),
            Box::new(m0015_push::Migration),
            Box::new(m0016_licence::Migration),
        ]
    }
}

/// A table as a migration makes it. `tenant_id` is added in front of columns, key, references and indexes.
struct NewTable {
    name: &'static str,
    /// Columns as `name kind`, with `?` after the kind where they may be empty, separated by commas.
    columns: &'static str,
    /// The rest of the primary key.
    key: &'static [&'static str],
    /// Columns that refer to another table's `id`, whose rows go with it.
    owners: &'static [(&'static str, &'static str)],
    /// Columns that refer to another table's `id`, which cannot go before.
    needs: &'static [(&'static str, &'static str)],
    /// Lists of columns, separated by blanks, that are unique together.
    unique: &'static [&'static str],
    /// Lists of columns, separated by blanks, that are searched by.
    index: &'static [&'static str],
}

const NEW: NewTable = NewTable { name: "", columns: "", key: &[], owners: &[], needs: &[], unique: &[], index: &[] };

async fn create(manager: &SchemaManager<'_>, new: &NewTable) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table(new.name).col(ColumnDef::new("tenant_id").uuid().not_null());
    for column in new.columns.split(',') {
        table.col(column_of(column.trim())?);
    }
    let mut key = Index::create();
    // PostgreSQL reports this name on a conflict, and that of a unique index; SQLite names the last column itself
    key.name(format!("{}.{}", new.name, new.key.last().unwrap_or(&"tenant_id"))).col("tenant_id");
    for column in new.key {
        key.col(*column);
    }
    table.primary_key(&mut key);
    let reference = |column: &'static str, other: &'static str, on_delete| {
        ForeignKey::create()
            .name(format!("{}.{column}.reference", new.name))
            .from(new.name, ("tenant_id", column))
            .to(other, ("tenant_id", "id"))
            .on_delete(on_delete)
            .to_owned()
    };
    for (column, other) in new.owners {
        table.foreign_key(&mut reference(column, other, ForeignKeyAction::Cascade));
    }
    for (column, other) in new.needs {
        table.foreign_key(&mut reference(column, other, ForeignKeyAction::Restrict));
    }
    if new.name != "tenant" {
        let mut tenant = ForeignKey::create()
            .name(format!("{}.tenant_id.reference", new.name))
            .from(new.name, "tenant_id")
            .to("tenant", "tenant_id")
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned();
        table.foreign_key(&mut tenant);
    }
    manager.create_table(table).await?;
    for (columns, unique) in new.unique.iter().map(|c| (c, true)).chain(new.index.iter().map(|c| (c, false))) {
        let mut index = Index::create();
        let name = match columns.rsplit(' ').next() {
            Some(last) if unique => format!("{}.{last}", new.name),
            _ => format!("{}.by.{}", new.name, columns.replace(' ', "+")),
        };
        index.name(name).table(new.name);
        if new.name != "tenant" {
            index.col("tenant_id");
        }
        for column in columns.split(' ') {
            index.col(column);
        }
        if unique {
            index.unique();
        }
        manager.create_index(index).await?;
    }
    Ok(())
}

fn column_of(text: &'static str) -> Result<ColumnDef, DbErr> {
    let (name, kind) = text.split_once(' ').ok_or_else(|| DbErr::Migration(format!("column without kind: {text}")))?;
    let mut column = ColumnDef::new(name);
    match kind.trim_end_matches('?') {
        "uuid" => column.uuid(),
        "text" => column.text(),
        "integer" => column.big_integer(),
        "boolean" => column.boolean(),
        "bytes" => column.blob(),
        _ => return Err(DbErr::Migration(format!("column of unknown kind: {text}"))),
    };
    if kind.ends_with('?') {
        column.null();
    } else {
        column.not_null();
    }
    Ok(column)
}
