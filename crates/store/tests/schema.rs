//! The real schema against the description of it: no column without a data category, no table without a rule.

use std::collections::BTreeSet;

use fernamt_store::{RetentionConfig, TABLES, deletion::WITH_OWNER};

use crate::support::{Fixture, Place, on_both};

on_both! {
    every_column_has_a_category
    every_table_has_a_deletion_rule
    opening_twice_changes_nothing
}

/// Tables of the migration tool and of SQLite itself.
const FOREIGN: &[&str] = &["seaql_migrations", "sqlite_sequence", "sqlite_stat1"];

async fn columns_in(place: &Place) -> BTreeSet<String> {
    let sql = match place {
        Place::Sqlite(_) => {
            "SELECT m.name || '.' || p.name || CASE WHEN p.\"notnull\" THEN '' ELSE '?' END \
             FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        Place::Postgres(_) => {
            "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let columns = place.ask(sql).await.into_iter();
    columns.filter(|column| !FOREIGN.iter().any(|table| column.starts_with(&format!("{table}.")))).collect()
}

async fn every_column_has_a_category(f: Fixture) {
    let described: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| table.all_columns().map(move |column| (table.name, column)))
        .map(|(table, column)| format!("{table}.{}{}", column.name, if column.nullable { "?" } else { "" }))
        .collect();
    let real = columns_in(&f.place).await;
    assert_eq!(real.difference(&described).collect::<Vec<_>>(), Vec::<&String>::new(), "without a category");
    assert_eq!(described.difference(&real).collect::<Vec<_>>(), Vec::<&String>::new(), "no longer there");
    // and the test itself finds a column that nobody described
    f.place.tamper("ALTER TABLE person ADD COLUMN shoe_size text").await;
    assert!(columns_in(&f.place).await.contains("person.shoe_size?"));
}

async fn every_table_has_a_deletion_rule(f: Fixture) {
    f.tenant("rathaus").await;
    let handled = f.store.delete_expired(&RetentionConfig::default()).await.unwrap();
    let mut covered: BTreeSet<_> = handled.rows.keys().copied().collect();
    for (table, _) in WITH_OWNER {
        assert!(covered.insert(table), "{table} has a rule and none");
    }
    assert_eq!(covered, TABLES.iter().map(|table| table.name).collect());
}

async fn opening_twice_changes_nothing(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    f.make().everything(&tenant).await;
    let (before, schema) = (f.place.dump(tenant.id()).await, columns_in(&f.place).await);
    let (one, other) = tokio::join!(f.second_process(), f.second_process());
    assert_eq!(f.place.dump(tenant.id()).await, before);
    assert_eq!(columns_in(&f.place).await, schema);
    one.close().await.unwrap();
    other.close().await.unwrap();
}
