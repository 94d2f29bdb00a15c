//! The store, and a tenant's part of it.

use std::sync::Arc;

use fernamt_domain::{Clock, Rng, TenantId, audit::AuditEvent};
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::{
    StoreError,
    bus::{Bus, Subscription},
    database::{Database, DatabaseUrl, Durability, writing},
    relay::Delivered,
    repo::tenant::Tenants,
    scope::Scope,
    work::Work,
};

/// The database with everything in it. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) bus: Bus,
    pub(crate) delivered: Delivered,
}

impl Store {
    /// Opens the database, brings its schema up to date, and makes sure that acknowledged changes last.
    pub async fn open(url: DatabaseUrl, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, StoreError> {
        let database = Database::open(url).await?;
        let inner = Inner { database, clock, rng, bus: Bus::new(), delivered: Delivered::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The tenants of this installation.
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants::of(self)
    }

    /// One tenant's part of the store. Nothing read or written through it belongs to another. Whether the tenant
    /// exists shows with the first query.
    pub fn tenant(&self, id: TenantId) -> TenantStore {
        TenantStore { store: self.clone(), tenant: id }
    }

    /// Hears of all events from now on, of all tenants.
    pub fn subscribe(&self) -> Subscription {
        self.inner.bus.subscribe()
    }

    /// The settings that decide whether an acknowledged change lasts, as the database reports them.
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        self.inner.database.durability().await
    }

    /// Asks the database something trivial: for the health endpoint.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.database.reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections. Whoever still uses the store gets errors.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.database.close().await
    }
}

/// One tenant's part of the store: its repositories can read; to write, [`TenantStore::begin`] a unit of work.
/// Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct TenantStore {
    pub(crate) store: Store,
    tenant: TenantId,
}

impl TenantStore {
    /// The tenant's id.
    pub fn id(&self) -> TenantId {
        self.tenant
    }

    /// The whole store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The count of changes that decisions depend on. Whoever keeps a decision keeps it with this number.
    pub async fn policy_epoch(&self) -> Result<u64, StoreError> {
        self.store.tenants().get(self.tenant).await.map(|tenant| tenant.policy_epoch)
    }

    /// Begins a unit of work. On SQLite there is one at a time, so do nothing slow inside (no hashing, no network),
    /// and never begin a second one while holding one. Dropping it undoes everything.
    pub async fn begin(&self) -> Result<Work, StoreError> {
        let transaction = self.store.inner.database.writer.begin_with_options(writing()).await?;
        Ok(Work::new(self.clone(), transaction))
    }

    /// Writes one audit entry that goes with no change.
    pub async fn record(&self, event: AuditEvent) -> Result<(), StoreError> {
        let mut work = self.begin().await?;
        work.record(event);
        work.commit().await
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        let inner = &self.store.inner;
        Scope::new(&inner.database.reader, self.tenant, &inner.clock, &inner.rng)
    }
}
