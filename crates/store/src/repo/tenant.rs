//! Tenants: administrations that share this installation.

use fernamt_domain::TenantId;
use sea_orm::{
    ConnectionTrait, QueryResult, TransactionTrait,
    sea_query::{Condition, Order, Query, SelectStatement},
};
use time::OffsetDateTime;

use super::audit::start_chain;
use crate::{
    Store, StoreError,
    database::writing,
    record::{Field, Record, record},
    scope::{Scope, any, is, to},
};

record! {
    /// A tenant.
    pub(crate) struct TenantRecord in "tenant", key() {
        /// The short name, lower case, used in `name@tenant` where no host name is on the wire.
        name: String => Configuration,
        /// The host name under which it is reached, lower case.
        host: String => Configuration,
        /// Counts the changes that decisions depend on.
        policy_epoch: u64 => Configuration,
        /// When it was made.
        created_at: OffsetDateTime => Configuration,
    }
}

/// A tenant with its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The short name, lower case, used in `name@tenant` where no host name is on the wire.
    pub name: String,
    /// The host name under which it is reached, lower case.
    pub host: String,
    /// Counts the changes that decisions depend on.
    pub policy_epoch: u64,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl Tenant {
    pub(crate) fn of(id: TenantId, row: TenantRecord) -> Self {
        let TenantRecord { name, host, policy_epoch, created_at } = row;
        Self { id, name, host, policy_epoch, created_at }
    }
}

/// The tenants of an installation: the only queries that see more than one.
pub struct Tenants<'a> {
    store: &'a Store,
}

impl<'a> Tenants<'a> {
    pub(crate) fn of(store: &'a Store) -> Self {
        Self { store }
    }

    /// Makes a tenant. Name and host are stored in lower case and must both be new.
    pub async fn create(&self, name: &str, host: &str) -> Result<Tenant, StoreError> {
        let inner = &self.store.inner;
        let id = TenantId::new(&inner.clock, &inner.rng);
        let row = TenantRecord {
            name: name.to_lowercase(),
            host: host.to_lowercase(),
            policy_epoch: 0,
            created_at: inner.clock.now(),
        };
        let transaction = inner.database.writer.begin_with_options(writing()).await?;
        let scope = Scope::new(&transaction, id, &inner.clock, &inner.rng);
        scope.insert(&row).await?;
        start_chain(&scope).await?;
        transaction.commit().await?;
        self.get(id).await
    }

    /// The tenant with this id.
    pub async fn get(&self, id: TenantId) -> Result<Tenant, StoreError> {
        self.one(is("tenant_id", &id)).await?.ok_or(StoreError::NotFound("tenant"))
    }

    /// The tenant with this short name, in any case.
    pub async fn by_name(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        self.one(is("name", &name.to_lowercase())).await
    }

    /// The tenant that is reached under this host name (without port), in any case.
    pub async fn by_host(&self, host: &str) -> Result<Option<Tenant>, StoreError> {
        self.one(is("host", &host.to_lowercase())).await
    }

    /// All tenants by name.
    pub async fn all(&self) -> Result<Vec<Tenant>, StoreError> {
        all(&self.store.inner.database.reader).await
    }

    /// Gives a tenant another host name.
    pub async fn set_host(&self, id: TenantId, host: &str) -> Result<(), StoreError> {
        let inner = &self.store.inner;
        let scope = Scope::new(&inner.database.writer, id, &inner.clock, &inner.rng);
        scope.set_one::<TenantRecord>(any(), vec![to("host", &host.to_lowercase())]).await
    }

    async fn one(&self, filter: Condition) -> Result<Option<Tenant>, StoreError> {
        let row = self.store.inner.database.reader.query_one(&select(filter)).await?;
        row.as_ref().map(read).transpose()
    }
}

/// All tenants by name, by way of a connection or an open transaction.
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<Tenant>, StoreError> {
    let rows = connection.query_all(&select(Condition::all())).await?;
    rows.iter().map(read).collect()
}

fn select(filter: Condition) -> SelectStatement {
    let mut statement = Query::select();
    statement
        .columns(TenantRecord::TABLE.all_columns().map(|column| column.name))
        .from(TenantRecord::TABLE.name)
        .cond_where(filter)
        .order_by("name", Order::Asc);
    statement
}

fn read(row: &QueryResult) -> Result<Tenant, StoreError> {
    Ok(Tenant::of(TenantId::read(row, "tenant_id")?, TenantRecord::read(row)?))
}
