//! Hands on events that other processes committed, or that were committed and never told because of a crash.
//!
//! A process tells its own subscribers right after the commit. Everything else comes through here: [`Wake`] is the
//! seam behind which SQLite is polled and PostgreSQL is listened to.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fernamt_domain::{OutboxId, TenantId, event::TenantEvent};
use sqlx::{ConnectOptions, Row, SqliteConnection, postgres::PgListener, sqlite::SqliteConnectOptions};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Store, StoreError,
    bus::Notice,
    database::DatabaseUrl,
    repo::outbox::OutboxRecord,
    scope::{Scope, is_in, is_null, to},
};

/// How often SQLite is asked whether anything changed.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often PostgreSQL is looked into without having called.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How long to wait after the database could not be reached.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The PostgreSQL channel on which processes tell each other of outbox rows.
const CHANNEL: &str = "fernamt_outbox";
/// More rows than this are not named one by one; a payload has at most 8000 bytes.
const MAX_NAMED_ROWS: usize = 100;
/// Outbox rows handled in one go.
const BATCH_ROWS: u64 = 500;
/// How many told rows are remembered. A forgotten one is told again, which consumers expect.
const MAX_REMEMBERED: usize = 8192;

/// The outbox rows that this process has told its subscribers, newest last.
#[derive(Debug, Default)]
pub(crate) struct Delivered(Mutex<(HashSet<OutboxId>, VecDeque<OutboxId>)>);

impl Delivered {
    /// Remembers a row. `false` if it was remembered already.
    pub(crate) fn add(&self, id: OutboxId) -> bool {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, queue) = &mut *guard;
        if !set.insert(id) {
            return false;
        }
        queue.push_back(id);
        if queue.len() > MAX_REMEMBERED
            && let Some(oldest) = queue.pop_front()
        {
            set.remove(&oldest);
        }
        true
    }
}

/// Tells other processes which rows come with this transaction.
pub(crate) async fn announce(scope: &Scope<'_>, rows: &[OutboxRecord]) -> Result<(), StoreError> {
    let payload = if rows.len() > MAX_NAMED_ROWS {
        EVERYTHING.to_owned()
    } else {
        let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
        format!("{}:{}", scope.tenant(), ids.join(","))
    };
    scope.notify(CHANNEL, payload).await
}

const EVERYTHING: &str = "*";

/// What a [`Wake`] heard.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Something may have changed: look into the outbox.
    Look,
    /// These rows of a tenant are new, and may be marked as done by another process before anybody looks.
    Rows(TenantId, Vec<OutboxId>),
    /// Calls may have been lost.
    Everything,
}

/// Waits until there may be something new in the outbox.
#[async_trait::async_trait]
trait Wake: Send {
    async fn wait(&mut self) -> Result<Heard, StoreError>;
}

impl Store {
    /// Hands on events of other processes until told to stop, and first of all those that were committed but never
    /// told. The server runs this; a command that is over soon does not, and leaves its events to the server.
    pub async fn run_relay(&self, stop: CancellationToken) {
        let mut wake: Option<Box<dyn Wake>> = None;
        let run = async {
            loop {
                if let Err(error) = self.relay_once(&mut wake).await {
                    tracing::warn!(%error, "Events of other processes cannot be read; trying again");
                    wake = None;
                    tokio::time::sleep(RETRY_INTERVAL).await;
                    self.inner.bus.tell(Notice::Everything);
                }
            }
        };
        stop.run_until_cancelled(run).await;
    }

    async fn relay_once(&self, wake: &mut Option<Box<dyn Wake>>) -> Result<(), StoreError> {
        let heard = match wake {
            Some(wake) => wake.wait().await?,
            None => {
                // wait for calls first, then look: nothing is lost between the two
                *wake = Some(self.wake().await?);
                Heard::Look
            }
        };
        match heard {
            Heard::Look => self.tell_undone().await,
            Heard::Rows(tenant, ids) => self.tell_rows(tenant, &ids).await,
            Heard::Everything => {
                self.inner.bus.tell(Notice::Everything);
                self.tell_undone().await
            }
        }
    }

    async fn wake(&self) -> Result<Box<dyn Wake>, StoreError> {
        Ok(match &self.inner.database.url {
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).disable_statement_logging();
                let mut ticks = interval(POLL_INTERVAL);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                Box::new(Poll { connection: options.connect().await?, version: -1, ticks })
            }
            DatabaseUrl::Postgres(address) => {
                let mut listener = PgListener::connect(address.expose()).await?;
                listener.listen(CHANNEL).await?;
                Box::new(Listen(listener))
            }
        })
    }

    async fn tell_undone(&self) -> Result<(), StoreError> {
        for tenant in self.tenants().all().await? {
            loop {
                let tenant = self.tenant(tenant.id);
                let scope = tenant.scope();
                let rows = scope.find::<OutboxRecord>(is_null("done_at")).order("id").limit(BATCH_ROWS).all().await?;
                let full = rows.len() as u64 == BATCH_ROWS;
                self.tell(tenant.id(), rows).await?;
                if !full {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn tell_rows(&self, tenant: TenantId, ids: &[OutboxId]) -> Result<(), StoreError> {
        let rows = self.tenant(tenant).scope().find::<OutboxRecord>(is_in("id", ids)).order("id").all().await?;
        self.tell(tenant, rows).await
    }

    async fn tell(&self, tenant: TenantId, rows: Vec<OutboxRecord>) -> Result<(), StoreError> {
        let undone: Vec<_> = rows.iter().filter(|row| row.done_at.is_none()).map(|row| row.id).collect();
        for row in rows {
            if self.inner.delivered.add(row.id) {
                self.inner.bus.tell(Notice::Event(TenantEvent { tenant, event: row.event }));
            }
        }
        if undone.is_empty() {
            return Ok(());
        }
        let inner = &self.inner;
        let scope = Scope::new(&inner.database.writer, tenant, &inner.clock, &inner.rng);
        scope.set::<OutboxRecord>(is_in("id", &undone), vec![to("done_at", &Some(scope.now()))]).await?;
        Ok(())
    }
}

/// Asks SQLite whether any other connection, of any process, has committed.
struct Poll {
    connection: SqliteConnection,
    version: i64,
    ticks: Interval,
}

#[async_trait::async_trait]
impl Wake for Poll {
    async fn wait(&mut self) -> Result<Heard, StoreError> {
        loop {
            self.ticks.tick().await;
            let row = sqlx::query("PRAGMA data_version").fetch_one(&mut self.connection).await?;
            let version = row.try_get(0)?;
            if std::mem::replace(&mut self.version, version) != version {
                return Ok(Heard::Look);
            }
        }
    }
}

/// Listens to PostgreSQL's notifications, and looks now and then all the same.
struct Listen(PgListener);

#[async_trait::async_trait]
impl Wake for Listen {
    async fn wait(&mut self) -> Result<Heard, StoreError> {
        Ok(match timeout(LOOK_INTERVAL, self.0.try_recv()).await {
            Err(_elapsed) => Heard::Look,
            // the connection was lost and made again
            Ok(Ok(None)) => Heard::Everything,
            Ok(Ok(Some(call))) => rows_called(call.payload()).unwrap_or(Heard::Everything),
            Ok(Err(error)) => return Err(error.into()),
        })
    }
}

fn rows_called(payload: &str) -> Option<Heard> {
    let (tenant, ids) = payload.split_once(':')?;
    let ids = ids.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Heard::Rows(tenant.parse().ok()?, ids))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_call_names_tenant_and_rows() {
        let (tenant, row) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let heard = rows_called(&format!("{tenant}:{row},{row}"));
        assert_eq!(heard, Some(Heard::Rows(TenantId(tenant), vec![OutboxId(row), OutboxId(row)])));
        assert_eq!(rows_called(EVERYTHING), None);
        assert_eq!(rows_called("x:y"), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let delivered = Delivered::default();
        for number in 0..=MAX_REMEMBERED {
            assert!(delivered.add(OutboxId(Uuid::from_u128(number as u128))));
        }
        assert!(!delivered.add(OutboxId(Uuid::from_u128(MAX_REMEMBERED as u128))));
        assert!(delivered.add(OutboxId(Uuid::from_u128(0))), "the oldest was forgotten");
    }
}
