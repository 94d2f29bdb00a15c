//! A gateway, a session and programs that do as the test says.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use fernamt_api::stick::{Config, StickTarget, Transport, Welcome};
use fernamt_domain::{Secret, TargetId, TargetKind};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use crate::{
    engine::{LineTest, Problem, Step},
    seam::{
        Arrival, Credentials, Family, Gateway, LaunchOrder, Launcher, MAX_WAITING_EVENTS, Progress, Running, Session,
        SessionEvent,
    },
};

pub(super) const ACTIVATION_CODE: &str = "aaaa-bbbb-cccc-dddd";
pub(super) const CODE: &str = "123456";

pub(super) fn target(number: u128, kind: TargetKind) -> StickTarget {
    StickTarget {
        id: TargetId(Uuid::from_u128(number)),
        name: format!("Target {number}"),
        kind,
        folder: String::new(),
        description: String::new(),
        port: 3389,
        url: (kind == TargetKind::Web).then(|| "https://intranet.example.org".to_owned()),
        clipboard: false,
        drives: false,
        printers: false,
        domain: None,
        load_balance_info: None,
        start_command: None,
    }
}

/// What the fakes saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) activated: Vec<[u8; 32]>,
    pub(super) generations: Vec<u64>,
    /// Those that were said to be written down.
    pub(super) kept: Vec<u64>,
    pub(super) remembered: Vec<Option<Transport>>,
    pub(super) proxy_user: Option<String>,
    pub(super) tunnels: BTreeMap<TargetId, SocketAddr>,
    pub(super) running: Vec<String>,
    pub(super) reduced: Vec<bool>,
    pub(super) said_goodbye: bool,
    pub(super) session_dropped: bool,
}

/// Everything around an engine.
#[derive(Clone)]
pub(super) struct FakeOffice {
    pub(super) seen: Arc<Mutex<Seen>>,
    /// What the next activation or sign-in is answered with; then it goes well again.
    pub(super) refusal: Arc<Mutex<Option<Problem>>>,
    /// A sign-in waits as long as this is set.
    pub(super) slow: Arc<watch::Sender<bool>>,
    /// Ends all programs.
    pub(super) end_programs: Arc<Notify>,
    /// What the launcher answers instead of starting something.
    pub(super) no_program: Arc<Mutex<Option<Problem>>>,
    events: Arc<Mutex<Option<mpsc::Sender<SessionEvent>>>>,
    targets: Vec<StickTarget>,
}

impl FakeOffice {
    pub(super) fn new(targets: Vec<StickTarget>) -> Self {
        Self {
            seen: Arc::default(),
            refusal: Arc::default(),
            slow: Arc::new(watch::channel(false).0),
            end_programs: Arc::default(),
            no_program: Arc::default(),
            events: Arc::default(),
            targets,
        }
    }

    pub(super) async fn tell(&self, event: SessionEvent) {
        let events = self.events.lock().unwrap().clone().expect("somebody is signed in");
        events.send(event).await.expect("the engine listens");
    }

    /// The line falls silent for good.
    pub(super) fn hang_up(&self) {
        self.events.lock().unwrap().take();
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }
}

#[async_trait]
impl Gateway for FakeOffice {
    async fn activate(&self, _: &Config, seed: &Secret<[u8; 32]>, code: &Secret<String>) -> Result<(), Problem> {
        if let Some(problem) = self.refusal.lock().unwrap().take() {
            return Err(problem);
        }
        if code.expose() != ACTIVATION_CODE {
            return Err(Problem::WrongActivationCode);
        }
        self.seen.lock().unwrap().activated.push(*seed.expose());
        Ok(())
    }

    async fn sign_in(
        &self,
        _: &Config,
        credentials: &Credentials,
        code: &Secret<String>,
        remembered: Option<Transport>,
        progress: &Progress,
    ) -> Result<Arrival, Problem> {
        progress.step(Step::SigningIn);
        self.slow.subscribe().wait_for(|slow| !slow).await.expect("the office lives as long as the test");
        if let Some(problem) = self.refusal.lock().unwrap().take() {
            return Err(problem);
        }
        if code.expose() != CODE {
            return Err(Problem::SignInRefused);
        }
        let mut seen = self.seen.lock().unwrap();
        assert_eq!(seen.activated.last(), Some(credentials.seed.expose()), "the key that was activated signs in");
        seen.generations.push(credentials.generation);
        seen.remembered.push(remembered);
        let (sender, events) = mpsc::channel(MAX_WAITING_EVENTS);
        *self.events.lock().unwrap() = Some(sender);
        let welcome = Welcome {
            generation: credentials.generation + 1,
            ticket: None,
            person: "Erika Linde".to_owned(),
            targets: self.targets.clone(),
            companions: false,
        };
        Ok(Arrival { welcome, transport: Transport::Websocket, session: Box::new(FakeSession(self.clone())), events })
    }

    fn set_proxy_password(&self, user: String, _: Secret<String>) {
        self.seen.lock().unwrap().proxy_user = Some(user);
    }
}

struct FakeSession(FakeOffice);

impl Drop for FakeSession {
    fn drop(&mut self) {
        let mut seen = self.0.seen.lock().unwrap();
        seen.session_dropped = true;
        seen.tunnels.clear();
    }
}

#[async_trait]
impl Session for FakeSession {
    async fn open(&self, target: &StickTarget, _: &Family) -> Result<SocketAddr, Problem> {
        let mut seen = self.0.seen.lock().unwrap();
        let next = SocketAddr::from(([127, 0, 0, 9], 40_000 + u16::try_from(seen.tunnels.len()).unwrap()));
        Ok(*seen.tunnels.entry(target.id).or_insert(next))
    }

    async fn close(&self, target: TargetId) {
        self.0.seen.lock().unwrap().tunnels.remove(&target);
    }

    async fn kept(&self, generation: u64) {
        self.0.seen.lock().unwrap().kept.push(generation);
    }

    async fn test_line(&self) -> Result<LineTest, Problem> {
        let (round_trip, jitter) = (std::time::Duration::from_millis(300), std::time::Duration::ZERO);
        Ok(LineTest::Done { round_trip, jitter, loss_permille: 30, down_kbit: 900, up_kbit: 200 })
    }

    async fn leave(&self) {
        self.0.seen.lock().unwrap().said_goodbye = true;
    }
}

#[async_trait]
impl Launcher for FakeOffice {
    async fn launch(&self, order: LaunchOrder<'_>) -> Result<Option<Box<dyn Running>>, Problem> {
        if let Some(problem) = self.no_program.lock().unwrap().take() {
            return Err(problem);
        }
        let mut seen = self.seen.lock().unwrap();
        seen.reduced.push(order.reduced);
        if order.target.kind == TargetKind::Tcp {
            return Ok(None);
        }
        seen.running.push(order.target.name.clone());
        Ok(Some(Box::new(FakeProgram { office: self.clone(), name: order.target.name.clone() })))
    }

    fn needs_tunnel(&self, target: &StickTarget) -> bool {
        target.kind != TargetKind::Web
    }
}

struct FakeProgram {
    office: FakeOffice,
    name: String,
}

impl Drop for FakeProgram {
    fn drop(&mut self) {
        self.office.seen.lock().unwrap().running.retain(|name| *name != self.name);
    }
}

#[async_trait]
impl Running for FakeProgram {
    fn name(&self) -> String {
        format!("program of {}", self.name)
    }

    async fn ended(&mut self) {
        self.office.end_programs.notified().await;
    }

    async fn end(&mut self) {}
}
