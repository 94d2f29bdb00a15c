//! What every command opens first: keys, store and tenants as the configuration says.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use fernamt_api::admin::settings::Settings;
use fernamt_domain::{Clock, LiveGrants, Rng, Sealer, SystemClock, SystemRng};
use fernamt_http::{PublicAddress, site::SETTINGS_KEY};
use fernamt_identity::{Identity, settings};
use fernamt_store::{DatabaseUrl, Store, Tenant};

use crate::{config::Config, keys::Keys};

/// The short name of the first tenant.
pub(crate) const FIRST_TENANT: &str = "main";

/// The opened installation.
#[derive(Debug)]
pub(crate) struct Office {
    /// The configuration.
    pub(crate) config: Config,
    /// Its keys.
    pub(crate) keys: Keys,
    /// Its store.
    pub(crate) store: Store,
    /// The operating system's clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The operating system's generator.
    pub(crate) rng: Arc<dyn Rng>,
    /// Seals under the master key.
    pub(crate) sealer: Arc<Sealer>,
}

impl Office {
    /// Opens the data folder and the database, making both at the first start, and brings the tenants up to what the
    /// configuration says.
    pub(crate) async fn open(config: Config) -> anyhow::Result<Self> {
        let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SystemRng));
        let data_dir = &config.server.data_dir;
        std::fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
        let keys = Keys::open(data_dir)?;
        let sealer = Arc::new(keys.sealer(&rng)?);
        let store = Store::open(database_url(&config)?, Arc::clone(&clock), Arc::clone(&rng))
            .await
            .context("the database cannot be opened")?;
        ensure_tenants(&store, &config).await?;
        Ok(Self { config, keys, store, clock, rng, sealer })
    }

    /// The identity feature over this office, with a registry of live grants of its own.
    pub(crate) fn identity(&self) -> Arc<Identity> {
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        Identity::new(self.store.clone(), clock, rng, Arc::clone(&self.sealer), LiveGrants::new())
    }

    /// How people reach us.
    pub(crate) fn public_address(&self) -> PublicAddress {
        let (_, port) = self.config.public_host();
        PublicAddress { scheme: self.config.public_scheme(), port }
    }

    /// The tenant of this short name; the first one unless a name is given.
    pub(crate) async fn tenant(&self, name: Option<&str>) -> anyhow::Result<Tenant> {
        let name = name.unwrap_or(FIRST_TENANT);
        let Some(tenant) = self.store.tenants().by_name(name).await? else {
            let names: Vec<_> = self.store.tenants().all().await?.into_iter().map(|tenant| tenant.name).collect();
            bail!("there is no tenant `{name}`; there are: {}", names.join(", "));
        };
        Ok(tenant)
    }
}

pub(crate) fn database_url(config: &Config) -> anyhow::Result<DatabaseUrl> {
    let Some(path) = &config.database.url_file else {
        return Ok(DatabaseUrl::Sqlite(config.server.data_dir.join("fernamt.sqlite")));
    };
    let text = read_secret_file(path)?;
    text.parse().with_context(|| format!("{} does not hold a database address", path.display()))
}

fn read_secret_file(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned())
}

async fn ensure_tenants(store: &Store, config: &Config) -> anyhow::Result<()> {
    let (first_host, _) = config.public_host();
    let first = std::iter::once((FIRST_TENANT, first_host.as_str()));
    let wanted = first.chain(config.tenant.iter().map(|tenant| (tenant.name.as_str(), tenant.host.as_str())));
    for (name, host) in wanted {
        match store.tenants().by_name(name).await? {
            None => {
                store.tenants().create(name, host).await.with_context(|| format!("tenant `{name}` cannot be made"))?;
            }
            Some(tenant) if tenant.host != host => {
                store.tenants().set_host(tenant.id, host).await.with_context(|| format!("`{host}` is in use"))?;
            }
            Some(_) => {}
        }
    }
    name_the_first(store, config).await
}

/// The first tenant is called as the configuration says until somebody saves its settings.
async fn name_the_first(store: &Store, config: &Config) -> anyhow::Result<()> {
    let Some(first) = store.tenants().by_name(FIRST_TENANT).await? else { return Ok(()) };
    let tenant = store.tenant(first.id);
    if tenant.settings().get::<Settings>(SETTINGS_KEY).await?.is_some() {
        return Ok(());
    }
    let work = tenant.begin().await?;
    settings::save(&work, &Settings { name: config.server.name.clone(), ..Settings::default() }).await?;
    Ok(work.commit().await?)
}
