//! How a stick gets its key: it makes one, the gateway takes it for the activation code, and the container keeps it.

use std::{path::Path, sync::Arc};

use fernamt_api::stick::Config;
use fernamt_domain::{Rng, Secret, rng::random_bytes};
use tokio::task::spawn_blocking;

use crate::{
    container::{Container, ContainerError, Contents, Cost},
    engine::Problem,
    passphrase,
    seam::Gateway,
    turn,
};

/// A new passphrase and the code that the administration handed over.
#[derive(Debug)]
pub struct Activation {
    /// The code.
    pub code: Secret<String>,
    /// The passphrase.
    pub passphrase: Secret<String>,
}

/// Activates the stick in this folder. The container is on the disk before the gateway hears of the key: a code is good
/// once, so it must not be spent on a stick that cannot be written.
pub async fn activate(
    folder: &Path,
    config: &Config,
    activation: Activation,
    gateway: &dyn Gateway,
    cost: Cost,
    rng: &Arc<dyn Rng>,
) -> Result<Container, Problem> {
    let Activation { code, passphrase } = activation;
    passphrase::check(&passphrase).map_err(|_| Problem::WeakPassphrase)?;
    let seed = Secret::new(random_bytes(rng));
    let contents = Contents {
        device: config.device,
        login: config.login.clone(),
        seed: seed.clone(),
        generation: 0,
        host_keys: config.host_keys.clone(),
    };
    // Who signs in meanwhile would write the key of before over the new one.
    let turn = turn::take(folder).await?;
    let (place, source) = (folder.to_owned(), Arc::clone(rng));
    let mut container = blocking(move || {
        let mut container = Container::new(&place, contents, &passphrase, cost, &source)?;
        container.prepare(&source)?;
        Ok(container)
    })
    .await?;
    if let Err(problem) = gateway.activate(config, &seed, &code).await {
        // A key that may have been taken is kept beside the container in force: perhaps it is the stick's now.
        if problem != Problem::LineLost {
            container.discard();
        }
        return Err(problem);
    }
    let source = Arc::clone(rng);
    blocking(move || {
        container.adopt(&source)?;
        drop(turn);
        Ok(container)
    })
    .await
}

/// Does something with a container where it may take a while.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, ContainerError> + Send + 'static,
) -> Result<T, Problem> {
    match spawn_blocking(job).await {
        Ok(done) => done.map_err(|error| problem(&error)),
        // Only what panicked or was cancelled with the whole program comes here.
        Err(_) => Err(Problem::CannotUnlock),
    }
}

/// What people are told of it.
pub(crate) fn problem(error: &ContainerError) -> Problem {
    match error {
        ContainerError::Missing | ContainerError::NotOne | ContainerError::Unreadable(_) => Problem::ContainerDamaged,
        ContainerError::CannotOpen => Problem::CannotUnlock,
        ContainerError::NoMemory => Problem::NoMemory,
        ContainerError::Unwritable(_) => Problem::CannotWrite,
    }
}
