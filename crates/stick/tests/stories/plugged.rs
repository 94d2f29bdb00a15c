//! A stick in this process: its engine with the real network and disk below, in the network of a home. Its tunnels take
//! connections of this process, because it is the stick.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use fernamt_api::stick::StickTarget;
use fernamt_domain::{Secret, SystemRng, TargetKind};
use fernamt_stick::{
    container::Cost,
    dial::Surroundings,
    engine::{Command, Desk, Engine, Parts, Problem, Stage, State},
    seam::{Family, LaunchOrder, Launcher, Running},
    session::Network,
};
use fernamt_testkit::lab::Lab;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

/// Whatever a stick does takes less, even over a bad line on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSPHRASE: &str = "vier Wörter sind genug";

/// A stick at work.
pub(crate) struct Plugged<'a> {
    lab: &'a Lab,
    engine: Engine,
    runtime: Runtime,
}

impl<'a> Plugged<'a> {
    /// Plugs the stick in that lies in this folder.
    pub(crate) fn into(lab: &'a Lab, folder: PathBuf) -> Self {
        let runtime = lab.at_home(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
        let engine = {
            let _inside = runtime.enter();
            let rng = Arc::new(SystemRng);
            Engine::start(Parts {
                folder,
                gateway: Arc::new(Network::new(Arc::clone(&rng) as _, Surroundings::none())),
                launcher: Arc::new(NoPrograms),
                rng,
                cost: Cost::TEST,
                family: Family::default(),
            })
        };
        Self { lab, engine, runtime }
    }

    /// Gives the stick its key, and unlocks it.
    pub(crate) fn activate(&self, code: &str) {
        self.tell(Command::Activate { code: Secret::new(code.to_owned()), passphrase: passphrase() });
        self.until("it is activated", |state| state.stage == Stage::AskCode);
    }

    /// Opens the container of a stick that was activated before.
    pub(crate) fn unlock(&self) {
        self.until("it is locked", |state| state.stage == Stage::Locked);
        self.tell(Command::Unlock(passphrase()));
        self.until("it is unlocked", |state| state.stage == Stage::AskCode);
    }

    /// Signs in; fails the test if that fails.
    pub(crate) fn sign_in(&self, code: &str) {
        self.tell(Command::SignIn(Secret::new(code.to_owned())));
        self.until("it is signed in", |state| matches!(state.stage, Stage::Ready(_)));
    }

    /// Tries to sign in and returns what is wrong.
    pub(crate) fn cannot_sign_in(&self, code: &str) -> Problem {
        self.tell(Command::SignIn(Secret::new(code.to_owned())));
        self.until("it is refused", |state| state.problem.is_some()).problem.unwrap()
    }

    /// Opens the target of this name and returns the near end of its tunnel.
    pub(crate) fn open(&self, name: &str) -> SocketAddr {
        let desk = self.desk();
        let tile = desk.tiles.iter().find(|tile| tile.target.name == name);
        let id = tile.unwrap_or_else(|| panic!("there is no {name} in {desk:?}")).target.id;
        self.tell(Command::Open(id));
        let opened = |state: &State| {
            let Stage::Ready(desk) = &state.stage else { return None };
            desk.tiles.iter().find(|tile| tile.target.id == id)?.open.as_ref()?.address
        };
        let state = self.until("the target is open", |state| opened(state).is_some());
        opened(&state).unwrap()
    }

    /// What is on its desk now.
    pub(crate) fn desk(&self) -> Desk {
        match self.engine.state.borrow().stage.clone() {
            Stage::Ready(desk) => *desk,
            stage => panic!("it is not at work: {stage:?}"),
        }
    }

    /// Waits until it looks as wanted.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&State) -> bool + Send + Sync) -> State {
        let mut state = self.engine.state.clone();
        let found = self.lab.at_home(|| {
            let waits = async {
                timeout(PATIENCE, state.wait_for(|state| wanted(state)))
                    .await
                    .map(|found| found.map(|found| found.clone()))
            };
            self.runtime.block_on(waits)
        });
        match found {
            Ok(Ok(state)) => state,
            Ok(Err(_)) => panic!("{what}: the engine has ended"),
            Err(late) => panic!("{what}: {late}; it shows {:?}", *self.engine.state.borrow()),
        }
    }

    /// Takes the stick out in order.
    pub(crate) fn leave(self) {
        self.tell(Command::Leave);
        let Self { lab, engine, runtime } = self;
        lab.at_home(|| runtime.block_on(async { timeout(PATIENCE, engine.ended()).await.unwrap() }));
    }

    fn tell(&self, command: Command) {
        self.engine.commands.blocking_send(command).unwrap();
    }
}

fn passphrase() -> Secret<String> {
    Secret::new(PASSPHRASE.to_owned())
}

/// A computer without programs.
struct NoPrograms;

#[async_trait]
impl Launcher for NoPrograms {
    async fn launch(&self, _order: LaunchOrder<'_>) -> Result<Option<Box<dyn Running>>, Problem> {
        Ok(None)
    }

    fn needs_tunnel(&self, target: &StickTarget) -> bool {
        target.kind != TargetKind::Web
    }
}
