//! The one place where SQL is made for a tenant's rows. Every statement gets `tenant_id = ?` here, and nobody outside
//! can make one without: the tenants are apart by construction.

use std::marker::PhantomData;

use fernamt_domain::{Clock, JournalId, Rng, TenantId};
use sea_orm::{
    ConnectionTrait, DatabaseExecutor, DbBackend, QueryResult, Value,
    sea_query::{Asterisk, Condition, Expr, ExprTrait, Func, NullOrdering, OnConflict, Order, Query, SelectStatement},
};
use time::OffsetDateTime;

use crate::{
    StoreError,
    page::{Page, Paged},
    record::{Field, Record, Table},
    repo::journal::{JournalAction, JournalRecord},
};

/// The most rows in one statement, far below what both databases allow for bound values.
const MAX_ROWS_PER_STATEMENT: usize = 500;

/// Marks a repository that can only read.
#[derive(Debug, Clone, Copy)]
pub struct Reading;

/// Marks a repository inside a unit of work.
#[derive(Debug, Clone, Copy)]
pub struct Writing;

/// One tenant's rows, by way of a connection or an open transaction.
pub(crate) struct Scope<'a> {
    executor: DatabaseExecutor<'a>,
    tenant: TenantId,
    clock: &'a dyn Clock,
    rng: &'a dyn Rng,
}

/// What [`Scope::tally_marked`] counts for one value.
#[derive(Debug)]
pub(crate) struct Tally<F> {
    pub value: F,
    pub rows: u64,
    pub different: u64,
    pub marked_rows: u64,
    pub marked_different: u64,
}

/// `column = value`.
pub(crate) fn is<F: Field>(column: &'static str, value: &F) -> Condition {
    Condition::all().add(Expr::col(column).eq(value.value()))
}

/// `column` is one of `values`.
pub(crate) fn is_in<'v, F: Field + 'v>(column: &'static str, values: impl IntoIterator<Item = &'v F>) -> Condition {
    Condition::all().add(Expr::col(column).is_in(values.into_iter().map(Field::value)))
}

/// `column` is empty.
pub(crate) fn is_null(column: &'static str) -> Condition {
    Condition::all().add(Expr::col(column).is_null())
}

/// `column < value`; an empty column never is.
pub(crate) fn before<F: Field>(column: &'static str, value: &F) -> Condition {
    Condition::all().add(Expr::col(column).lt(value.value()))
}

/// `column > value`; an empty column never is.
pub(crate) fn after<F: Field>(column: &'static str, value: &F) -> Condition {
    Condition::all().add(Expr::col(column).gt(value.value()))
}

/// `column <= value`; an empty column never is.
pub(crate) fn not_after<F: Field>(column: &'static str, value: &F) -> Condition {
    Condition::all().add(Expr::col(column).lte(value.value()))
}

/// Every row of the tenant.
pub(crate) fn any() -> Condition {
    Condition::all()
}

/// A new value for a column.
pub(crate) fn to<F: Field>(column: &'static str, value: &F) -> (&'static str, Value) {
    (column, value.value())
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        executor: impl Into<DatabaseExecutor<'a>>,
        tenant: TenantId,
        clock: &'a dyn Clock,
        rng: &'a dyn Rng,
    ) -> Self {
        Self { executor: executor.into(), tenant, clock, rng }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        self.rng
    }

    fn own(&self) -> Expr {
        Expr::col("tenant_id").eq(self.tenant.value())
    }

    /// Starts a query for rows that fit `filter`.
    pub(crate) fn find<R: Record>(&self, filter: Condition) -> Find<'_, 'a, R> {
        let mut statement = Query::select();
        statement
            .columns(R::TABLE.columns.iter().map(|column| column.name))
            .from(R::TABLE.name)
            .and_where(self.own())
            .cond_where(filter);
        Find { scope: self, statement, columns: None, record: PhantomData }
    }

    /// Starts a query for two columns of the rows that fit `filter`: [`Find::pairs`].
    pub(crate) fn find_only<R: Record>(&self, columns: [&'static str; 2], filter: Condition) -> Find<'_, 'a, R> {
        let mut find = self.find(filter);
        find.statement.clear_selects().columns(columns);
        find.columns = Some(columns);
        find
    }

    pub(crate) async fn count<R: Record>(&self, filter: Condition) -> Result<u64, StoreError> {
        let mut statement = Query::select();
        statement
            .expr_as(Func::count(Expr::col(Asterisk)), "n")
            .from(R::TABLE.name)
            .and_where(self.own())
            .cond_where(filter);
        let row = self.executor.query_one(&statement).await?;
        row.map_or(Ok(0), |row| u64::read(&row, "n"))
    }

    /// Makes sure that there is room for one more beside the rows that fit.
    pub(crate) async fn room_for_one<R: Record>(
        &self,
        filter: Condition,
        what: &'static str,
        limit: usize,
    ) -> Result<(), StoreError> {
        if self.count::<R>(filter).await? >= limit as u64 {
            return Err(StoreError::TooMany { what, limit });
        }
        Ok(())
    }

    /// The largest value of a column, if there is any row.
    pub(crate) async fn largest<R: Record, F: Field>(&self, column: &'static str) -> Result<Option<F>, StoreError> {
        let mut statement = Query::select();
        statement.expr_as(Func::max(Expr::col(column)), "largest").from(R::TABLE.name).and_where(self.own());
        match self.executor.query_one(&statement).await? {
            Some(row) => F::read_optional(&row, "largest"),
            None => Ok(None),
        }
    }

    /// The sum of a number column of the rows that fit.
    pub(crate) async fn sum<R: Record>(&self, column: &'static str, filter: Condition) -> Result<u64, StoreError> {
        let mut statement = Query::select();
        // SUM of 64-bit numbers is a decimal on PostgreSQL.
        let sum = Expr::expr(Func::sum(Expr::col(column))).cast_as("bigint");
        statement.expr_as(sum, "n").from(R::TABLE.name).and_where(self.own()).cond_where(filter);
        match self.executor.query_one(&statement).await? {
            Some(row) => Ok(u64::read_optional(&row, "n")?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// For each value of the column `by`: how many rows fit, and how many values of the column `distinct` they have.
    pub(crate) async fn tally<R: Record, F: Field>(
        &self,
        by: &'static str,
        distinct: &'static str,
        filter: Condition,
    ) -> Result<Vec<(F, u64, u64)>, StoreError> {
        let mut statement = Query::select();
        statement
            .expr_as(Expr::col(by), "value")
            .expr_as(Func::count(Expr::col(Asterisk)), "n")
            .expr_as(Func::count_distinct(Expr::col(distinct)), "different")
            .from(R::TABLE.name)
            .and_where(self.own())
            .cond_where(filter)
            .group_by_col(by);
        let rows = self.executor.query_all(&statement).await?;
        rows.iter()
            .map(|row| Ok((F::read(row, "value")?, u64::read(row, "n")?, u64::read(row, "different")?)))
            .collect()
    }

    /// What [`Scope::tally`] counts, of all rows that fit and of those among them in which the column `mark` is set;
    /// both in one statement, so that they are of one moment.
    pub(crate) async fn tally_marked<R: Record, F: Field>(
        &self,
        by: &'static str,
        distinct: &'static str,
        mark: &'static str,
        filter: Condition,
    ) -> Result<Vec<Tally<F>>, StoreError> {
        let marked = |value: Expr| -> Expr { Expr::case(Expr::col(mark).eq(true), value).into() };
        let mut statement = Query::select();
        statement
            .expr_as(Expr::col(by), "value")
            .expr_as(Func::count(Expr::col(Asterisk)), "n")
            .expr_as(Func::count_distinct(Expr::col(distinct)), "different")
            .expr_as(Func::count(marked(Expr::val(1))), "marked_n")
            .expr_as(Func::count_distinct(marked(Expr::col(distinct))), "marked_different")
            .from(R::TABLE.name)
            .and_where(self.own())
            .cond_where(filter)
            .group_by_col(by);
        let rows = self.executor.query_all(&statement).await?;
        rows.iter()
            .map(|row| {
                Ok(Tally {
                    value: F::read(row, "value")?,
                    rows: u64::read(row, "n")?,
                    different: u64::read(row, "different")?,
                    marked_rows: u64::read(row, "marked_n")?,
                    marked_different: u64::read(row, "marked_different")?,
                })
            })
            .collect()
    }

    /// For each value of the column `by`, the smallest and the largest value of `column` in the rows that fit.
    pub(crate) async fn span_by<R: Record, F: Field, G: Field>(
        &self,
        by: &'static str,
        column: &'static str,
        filter: Condition,
    ) -> Result<Vec<(F, G, G)>, StoreError> {
        let mut statement = Query::select();
        statement
            .expr_as(Expr::col(by), "value")
            .expr_as(Func::min(Expr::col(column)), "smallest")
            .expr_as(Func::max(Expr::col(column)), "largest")
            .from(R::TABLE.name)
            .and_where(self.own())
            .cond_where(filter)
            .group_by_col(by);
        let rows = self.executor.query_all(&statement).await?;
        rows.iter()
            .map(|row| Ok((F::read(row, "value")?, G::read(row, "smallest")?, G::read(row, "largest")?)))
            .collect()
    }

    /// The column's values in the rows of `R` that fit, as a part of another query.
    fn values_of<R: Record>(&self, column: &'static str, filter: Condition) -> SelectStatement {
        Query::select().column(column).from(R::TABLE.name).and_where(self.own()).cond_where(filter).to_owned()
    }

    /// `column` is one of the values that `of` has in the rows of `R` that fit.
    pub(crate) fn is_among<R: Record>(&self, column: &'static str, of: &'static str, filter: Condition) -> Condition {
        Condition::all().add(Expr::col(column).in_subquery(self.values_of::<R>(of, filter)))
    }

    /// Some row of `R` that fits has in `column` what the row of `Outer` that is looked at has in `of`.
    ///
    /// Unlike [`Scope::is_among`] this looks only at rows of `R` that belong to one of `Outer`.
    pub(crate) fn has<R: Record, Outer: Record>(
        &self,
        column: &'static str,
        of: &'static str,
        filter: Condition,
    ) -> Condition {
        let (other, outer) = (Expr::col(("other", column)), Expr::col((Outer::TABLE.name, of)));
        let mut some = Query::select();
        some.expr(Expr::val(1))
            .from_as(R::TABLE.name, "other")
            .and_where(self.own())
            .and_where(other.eq(outer))
            .cond_where(filter);
        Condition::all().add(Expr::exists(some))
    }

    /// One page of rows in the order of `order`, with `page.search` looked for in the column `search`.
    pub(crate) async fn page<R: Record>(
        &self,
        filter: Condition,
        order: &'static str,
        page: &Page,
    ) -> Result<Paged<R>, StoreError> {
        let mut filter = filter;
        if let Some(words) = page.search_words() {
            for word in words {
                filter = filter.add(Expr::col("search").like(contains(&word)));
            }
        }
        let total = self.count::<R>(filter.clone()).await?;
        let items = self.find::<R>(filter).order(order).order(R::TABLE.key[0]).window(page.offset, page.limit()).all();
        Ok(Paged { items: items.await?, total })
    }

    pub(crate) async fn insert<R: Record>(&self, record: &R) -> Result<(), StoreError> {
        self.insert_all(std::slice::from_ref(record)).await
    }

    pub(crate) async fn insert_all<R: Record>(&self, records: &[R]) -> Result<(), StoreError> {
        self.insert_or::<R>(records, None).await.map(|_| ())
    }

    /// Inserts the row unless one with the same key is there. Tells whether it did.
    pub(crate) async fn insert_if_absent<R: Record>(&self, record: &R) -> Result<bool, StoreError> {
        let keep = conflict_on::<R>().do_nothing().to_owned();
        self.insert_or(std::slice::from_ref(record), Some(keep)).await.map(|count| count > 0)
    }

    /// Inserts the row unless that clashes with any other, be it another tenant's. Tells whether it did.
    pub(crate) async fn insert_if_free<R: Record>(&self, record: &R) -> Result<bool, StoreError> {
        let keep = OnConflict::new().do_nothing().to_owned();
        self.insert_or(std::slice::from_ref(record), Some(keep)).await.map(|count| count > 0)
    }

    /// Inserts the row, or replaces the one with the same key.
    pub(crate) async fn upsert<R: Record>(&self, record: &R) -> Result<(), StoreError> {
        let rest = R::TABLE.columns.iter().map(|column| column.name).filter(|name| !R::TABLE.key.contains(name));
        let replace = conflict_on::<R>().update_columns(rest).to_owned();
        self.insert_or(std::slice::from_ref(record), Some(replace)).await.map(|_| ())
    }

    async fn insert_or<R: Record>(&self, records: &[R], conflict: Option<OnConflict>) -> Result<u64, StoreError> {
        let mut count = 0;
        for chunk in records.chunks(MAX_ROWS_PER_STATEMENT) {
            let mut statement = Query::insert();
            statement.into_table(R::TABLE.name).columns(R::TABLE.all_columns().map(|column| column.name));
            for record in chunk {
                let values = std::iter::once(self.tenant.value()).chain(record.values());
                statement.values_panic(values.map(Expr::val));
            }
            if let Some(conflict) = &conflict {
                statement.on_conflict(conflict.clone());
            }
            count += self.executor.execute(&statement).await?.rows_affected();
        }
        Ok(count)
    }

    /// Writes all columns of the row with the record's key.
    pub(crate) async fn replace<R: Record>(&self, record: &R) -> Result<(), StoreError> {
        let (mut key, mut rest) = (Condition::all(), Vec::new());
        for (column, value) in R::TABLE.columns.iter().zip(record.values()) {
            if R::TABLE.key.contains(&column.name) {
                key = key.add(Expr::col(column.name).eq(value));
            } else {
                rest.push((column.name, value));
            }
        }
        self.set_one::<R>(key, rest).await
    }

    /// Sets columns of the rows that fit. Returns how many there were.
    pub(crate) async fn set<R: Record>(
        &self,
        filter: Condition,
        values: Vec<(&'static str, Value)>,
    ) -> Result<u64, StoreError> {
        let mut statement = Query::update();
        statement
            .table(R::TABLE.name)
            .values(values.into_iter().map(|(column, value)| (column, Expr::val(value))))
            .and_where(self.own())
            .cond_where(filter);
        Ok(self.executor.execute(&statement).await?.rows_affected())
    }

    /// Sets columns of the one row that fits.
    pub(crate) async fn set_one<R: Record>(
        &self,
        filter: Condition,
        values: Vec<(&'static str, Value)>,
    ) -> Result<(), StoreError> {
        match self.set::<R>(filter, values).await? {
            0 => Err(StoreError::NotFound(R::TABLE.name)),
            _ => Ok(()),
        }
    }

    /// Adds to a number column of the rows that fit.
    pub(crate) async fn add<R: Record>(
        &self,
        filter: Condition,
        column: &'static str,
        number: i64,
    ) -> Result<(), StoreError> {
        let mut statement = Query::update();
        statement
            .table(R::TABLE.name)
            .value(column, Expr::col(column).add(number))
            .and_where(self.own())
            .cond_where(filter);
        self.executor.execute(&statement).await?;
        Ok(())
    }

    /// Deletes the rows that fit, with their entries in the journal where the table has one. Returns how many.
    pub(crate) async fn delete<R: Record>(&self, filter: Condition) -> Result<u64, StoreError> {
        if R::TABLE.journaled {
            let rows = self.find::<R>(filter.clone()).all().await?;
            let now = self.now();
            let entries: Vec<_> = rows
                .iter()
                .map(|row| JournalRecord {
                    id: JournalId::new(self.clock, self.rng),
                    at: now,
                    action: JournalAction::Deleted,
                    table_name: R::TABLE.name.to_owned(),
                    row_key: key_text(row),
                    state: None,
                })
                .collect();
            self.insert_all(&entries).await?;
        }
        self.delete_without_journal(&R::TABLE, filter).await
    }

    /// Deletes rows whose entries in the journal are there already.
    pub(crate) async fn delete_without_journal(&self, table: &Table, filter: Condition) -> Result<u64, StoreError> {
        let mut statement = Query::delete();
        statement.from_table(table.name).and_where(self.own()).cond_where(filter);
        Ok(self.executor.execute(&statement).await?.rows_affected())
    }

    /// Deletes the one row that fits.
    pub(crate) async fn delete_one<R: Record>(&self, filter: Condition) -> Result<(), StoreError> {
        match self.delete::<R>(filter).await? {
            0 => Err(StoreError::NotFound(R::TABLE.name)),
            _ => Ok(()),
        }
    }

    /// Notes in the journal that a row got a new state, so that a restore repeats it.
    pub(crate) async fn journal_state<R: Record>(&self, id: &impl Field, state: &str) -> Result<(), StoreError> {
        self.insert(&JournalRecord {
            id: JournalId::new(self.clock, self.rng),
            at: self.now(),
            action: JournalAction::State,
            table_name: R::TABLE.name.to_owned(),
            row_key: serde_json::json!([value_text(&id.value())]),
            state: Some(state.to_owned()),
        })
        .await
    }

    /// The same for a row whose key has several parts.
    pub(crate) async fn journal_state_of<R: Record>(&self, row: &R, state: &str) -> Result<(), StoreError> {
        self.insert(&JournalRecord {
            id: JournalId::new(self.clock, self.rng),
            at: self.now(),
            action: JournalAction::State,
            table_name: R::TABLE.name.to_owned(),
            row_key: key_text(row),
            state: Some(state.to_owned()),
        })
        .await
    }

    /// Whether the database locks rows one by one; the other one has a single writer.
    pub(crate) fn locks_rows(&self) -> bool {
        self.executor.get_database_backend() == DbBackend::Postgres
    }

    /// Tells other processes, once the transaction is committed. Only PostgreSQL can.
    pub(crate) async fn notify(&self, channel: &str, payload: String) -> Result<(), StoreError> {
        if self.locks_rows() {
            let sql = "SELECT pg_notify($1, $2)";
            let values = [Value::from(channel.to_owned()), Value::from(payload)];
            let statement = sea_orm::Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            self.executor.query_one_raw(statement).await?;
        }
        Ok(())
    }
}

/// A query for rows of one tenant, not yet run.
pub(crate) struct Find<'s, 'a, R> {
    scope: &'s Scope<'a>,
    statement: SelectStatement,
    columns: Option<[&'static str; 2]>,
    record: PhantomData<R>,
}

impl<R: Record> Find<'_, '_, R> {
    pub(crate) fn order(mut self, column: &'static str) -> Self {
        self.statement.order_by(column, Order::Asc);
        self
    }

    pub(crate) fn newest_first(mut self, column: &'static str) -> Self {
        self.statement.order_by(column, Order::Desc);
        self
    }

    /// Orders by a column that may be empty: rows where it is come last, either way.
    pub(crate) fn empty_last(mut self, column: &'static str, order: Order) -> Self {
        self.statement.order_by_with_nulls(column, order, NullOrdering::Last);
        self
    }

    pub(crate) fn window(mut self, offset: u64, limit: u64) -> Self {
        self.statement.offset(offset).limit(limit);
        self
    }

    pub(crate) fn limit(mut self, limit: u64) -> Self {
        self.statement.limit(limit);
        self
    }

    /// Locks the rows until the unit of work ends, where the database does that row by row.
    pub(crate) fn locked(mut self) -> Self {
        if self.scope.locks_rows() {
            self.statement.lock_exclusive();
        }
        self
    }

    pub(crate) async fn all(self) -> Result<Vec<R>, StoreError> {
        let rows = self.scope.executor.query_all(&self.statement).await?;
        rows.iter().map(R::read).collect()
    }

    /// The two columns that [`Scope::find_only`] asked for.
    pub(crate) async fn pairs<F: Field, G: Field>(self) -> Result<Vec<(F, G)>, StoreError> {
        let [first, second] = self.columns.unwrap_or_default();
        let rows = self.scope.executor.query_all(&self.statement).await?;
        rows.iter().map(|row| Ok((F::read(row, first)?, G::read(row, second)?))).collect()
    }

    pub(crate) async fn one(mut self) -> Result<Option<R>, StoreError> {
        self.statement.limit(1);
        let row: Option<QueryResult> = self.scope.executor.query_one(&self.statement).await?;
        row.as_ref().map(R::read).transpose()
    }

    pub(crate) async fn get(self) -> Result<R, StoreError> {
        self.one().await?.ok_or(StoreError::NotFound(R::TABLE.name))
    }
}

/// A row's key as it stands in the journal: a JSON list of its parts.
pub(crate) fn key_text<R: Record>(row: &R) -> serde_json::Value {
    let values = R::TABLE.columns.iter().zip(row.values());
    values.filter(|(column, _)| R::TABLE.key.contains(&column.name)).map(|(_, value)| value_text(&value)).collect()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Uuid(Some(id)) => id.to_string(),
        Value::String(Some(text)) => text.clone(),
        Value::BigInt(Some(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn conflict_on<R: Record>() -> OnConflict {
    OnConflict::columns(std::iter::once("tenant_id").chain(R::TABLE.key.iter().copied()))
}

/// A LIKE pattern for "contains", with the pattern characters of the searched word escaped.
pub(crate) fn contains(word: &str) -> sea_orm::sea_query::LikeExpr {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    sea_orm::sea_query::LikeExpr::new(pattern).escape('\\')
}
