//! A session with the gateway: signing in, the conversation beside the tunnels, and its end.

mod algorithms;
mod authenticate;
mod client;
mod companion;
mod connect;
pub mod control;
#[cfg(test)]
mod leave_tests;
mod line_test;
mod lines;
mod moved;
pub mod quality;
mod running;
mod twin;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use fernamt_api::stick::{Config, StickRefusal, Transport, activation_login};
use fernamt_domain::{Rng, Secret};

use self::{
    authenticate::{Attempt, authenticate},
    companion::Again,
    connect::connect,
    running::{Running, Start},
};
use crate::{
    dial::{Dialer, ProxyCredentials, Surroundings},
    engine::{Problem, Step},
    seam::{Arrival, Credentials, Gateway, Progress},
};

/// The product's gateway: the one in `stick.json`, over the network.
#[derive(Debug)]
pub struct Network {
    rng: Arc<dyn Rng>,
    surroundings: Surroundings,
    proxy: Mutex<Option<ProxyCredentials>>,
}

impl Network {
    /// Reaches the gateway by itself or by the proxy that this computer names.
    pub fn new(rng: Arc<dyn Rng>, surroundings: Surroundings) -> Self {
        Self { rng, surroundings, proxy: Mutex::default() }
    }

    fn dialer(&self, config: &Config, remembered: Option<Transport>) -> Result<Arc<Dialer>, Problem> {
        let dialer = Dialer::new(config, self.surroundings.clone(), remembered).map_err(|_| Problem::NoConfig)?;
        if let Some(credentials) = self.proxy().clone() {
            dialer.set_proxy_credentials(credentials);
        }
        Ok(Arc::new(dialer))
    }

    fn proxy(&self) -> MutexGuard<'_, Option<ProxyCredentials>> {
        self.proxy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Gateway for Network {
    async fn activate(&self, config: &Config, seed: &Secret<[u8; 32]>, code: &Secret<String>) -> Result<(), Problem> {
        let mut connection = connect(self.dialer(config, None)?, &config.host_keys).await?;
        // The tenant stands in the sign-in name.
        let tenant = config.login.rsplit_once('@').map(|(_, tenant)| tenant);
        let login = activation_login(config.device, tenant);
        let attempt =
            Attempt { login: &login, seed, code, refused: Problem::WrongActivationCode, broken: Problem::LineLost };
        let done = authenticate(&mut connection, attempt).await;
        connection.leave().await;
        done
    }

    async fn sign_in(
        &self,
        config: &Config,
        credentials: &Credentials,
        code: &Secret<String>,
        remembered: Option<Transport>,
        progress: &Progress,
    ) -> Result<Arrival, Problem> {
        progress.step(Step::Connecting);
        let dialer = self.dialer(config, remembered)?;
        let mut connection = connect(Arc::clone(&dialer), &credentials.host_keys).await?;
        progress.step(Step::SigningIn);
        let attempt = Attempt {
            login: &credentials.login,
            seed: &credentials.seed,
            code,
            refused: Problem::SignInRefused,
            broken: Problem::Unreachable,
        };
        let arriving = async {
            authenticate(&mut connection, attempt).await?;
            let (mut hearing, speaking) = control::open(&connection.ssh, &connection.inlets).await?;
            speaking.hello(credentials.generation).await?;
            let welcome = hearing.welcome().await?.map_err(|refusal| match refusal {
                StickRefusal::Copied => Problem::Copied,
                StickRefusal::Outdated => Problem::Outdated,
                StickRefusal::Unavailable => Problem::Unavailable,
            })?;
            let ticket = control::ticket(&welcome)?;
            if let Some(ticket) = &ticket {
                // At once: from here on the gateway keeps what is not acknowledged.
                connection.stream.arm(ticket.clone());
            }
            Ok((hearing, speaking, welcome, ticket))
        };
        match arriving.await {
            Ok((hearing, speaking, welcome, ticket)) => {
                let patience = ticket.map(|ticket| ticket.patience()).unwrap_or_default();
                let transport = connection.transport();
                let again = Again { dialer, credentials: credentials.clone() };
                let start = Start { hearing, speaking, patience, again: welcome.companions.then_some(again) };
                let (session, events) = Running::start(connection, start, Arc::clone(&self.rng));
                Ok(Arrival { welcome, transport, session: Box::new(session), events })
            }
            Err(problem) => {
                connection.leave().await;
                Err(problem)
            }
        }
    }

    fn set_proxy_password(&self, user: String, password: Secret<String>) {
        *self.proxy() = Some(ProxyCredentials { user, password });
    }
}
