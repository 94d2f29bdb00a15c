//! A whole server, somebody with a stick, and roads to it that can be cut.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use fernamt_api::stick::{Config, StickTarget, Transport, VERSION};
use fernamt_domain::{Secret, SystemRng, rng::random_bytes};
use fernamt_stick::{
    dial::Surroundings,
    engine::{Problem, Step},
    seam::{Arrival, Credentials, Gateway, Progress, SessionEvent},
    session::Network,
};
use fernamt_testkit::{
    office::Office,
    peers::free_port,
    person::{Person, code},
};
use russh::keys::PrivateKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};

const PASSWORD: &str = "Kastanie-Regen-41";
/// What takes longer than this never happens.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A server, its administrator, and a stick for them.
pub(super) struct House {
    pub(super) office: Office,
    pub(super) ada: Person,
    pub(super) ssh: SocketAddr,
    pub(super) config: Config,
    pub(super) activation_code: String,
    pub(super) target: String,
    seed: Secret<[u8; 32]>,
    _programs: TempDir,
}

impl House {
    /// Starts the server with one TCP target; `None` where no server was built.
    pub(super) fn start(target_port: u16) -> Option<Self> {
        if env::var_os("FERNAMT_BIN").is_none() {
            fernamt_testkit::skip!("FERNAMT_BIN names no server");
            return None;
        }
        let programs = tempfile::tempdir().unwrap();
        fs::write(programs.path().join("fernamt-stick"), "a program").unwrap();
        let ssh = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
        let sections = format!(
            "[ssh]\nzone = \"internet\"\naddress = \"{ssh}\"\n\n[stick]\nprograms = \"{}\"\n\n\
             [targets]\nallow_loopback_ports = [{target_port}]\n",
            programs.path().display()
        );
        let office = Office::start_with(&sections).unwrap();
        office.run(&["user", "add", "ada", "--role", "administrator"], &format!("{PASSWORD}\n")).unwrap();
        let mut ada = office.person("ada", PASSWORD).unwrap();
        ada.sign_in().unwrap();
        let settings = ada.get("/api/v1/admin/settings").unwrap().json().unwrap();
        let mut changed = json!({ "version": settings["version"], "settings": settings["settings"] });
        changed["settings"]["approval_needed"] = json!([]);
        assert!(ada.put("/api/v1/admin/settings", &changed).unwrap().status < 300);
        let wanted = json!({ "name": "Echo", "host": "127.0.0.1", "port": target_port, "settings": { "kind": "tcp" } });
        let target = text(&ada.post("/api/v1/admin/targets", &wanted).unwrap().json().unwrap()["id"]);
        let form = json!({ "effect": "allow", "everybody": true, "targets": [target], "device_states": [] });
        let rule = json!({ "name": "everybody", "body": { "kind": "form", "form": form } });
        assert!(ada.post("/api/v1/admin/rules", &rule).unwrap().status < 300);
        let people = ada.get("/api/v1/admin/people?limit=200").unwrap().json().unwrap();
        let made = ada.post("/api/v1/admin/sticks", &json!({ "people": [people["items"][0]["id"]] })).unwrap();
        let made = made.json().unwrap()["sticks"][0].clone();
        let host_key = fs::read(office.data("keys/ssh_host_ed25519_key")).unwrap();
        let host_key = PrivateKey::from_openssh(&host_key).unwrap().public_key().to_openssh().unwrap();
        let config = Config {
            version: VERSION,
            device: text(&made["stick"]["id"]).parse().unwrap(),
            login: "ada".into(),
            agency: "Amt".into(),
            person: "Ada".into(),
            language: "de".into(),
            accent: String::new(),
            ssh: Some(ssh.to_string()),
            websocket: Some(format!("ws://{}", office.host())),
            host_keys: vec![host_key],
            web: "http://fernamt.localhost".into(),
        };
        let activation_code = text(&made["activation_code"]);
        let seed = Secret::new(random_bytes(&SystemRng));
        Some(Self { office, ada, ssh, config, activation_code, target, seed, _programs: programs })
    }

    /// The stick gets its key.
    pub(super) async fn activate(&self, code: &str) -> Result<(), Problem> {
        network(Surroundings::none()).activate(&self.config, &self.seed, &code.into()).await
    }

    /// The stick signs in for the first time, with a code that is good.
    pub(super) async fn sign_in(&self, network: &Network, config: &Config) -> Result<Arrival, Problem> {
        // The code that signed in on the web is used up; the next one is good already.
        let unix_s = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let code = code(self.ada.totp_secret.as_deref().unwrap(), unix_s + 30);
        self.sign_in_with(network, config, &code).await
    }

    pub(super) async fn sign_in_with(
        &self,
        network: &Network,
        config: &Config,
        code: &str,
    ) -> Result<Arrival, Problem> {
        let credentials = Credentials {
            login: config.login.clone(),
            seed: self.seed.clone(),
            host_keys: config.host_keys.clone(),
            generation: 0,
        };
        let (progress, _steps) = Progress::new(Step::Connecting);
        let code = Secret::from(code);
        let signing_in = network.sign_in(config, &credentials, &code, None, &progress);
        timeout(PATIENCE, signing_in).await.unwrap()
    }

    /// Activated and signed in.
    pub(super) async fn arrive(&self, config: &Config) -> Arrival {
        self.activate(&self.activation_code).await.unwrap();
        self.sign_in(&network(Surroundings::none()), config).await.unwrap()
    }

    /// One click of the administration on the stick.
    pub(super) fn click(&self, what: &str) {
        let path = format!("/api/v1/admin/sticks/{}/{what}", self.config.device);
        assert!(self.ada.post(&path, &json!({})).unwrap().status < 300);
    }

    /// The target among those of a welcome.
    pub(super) fn target(&self, arrival: &Arrival) -> StickTarget {
        let targets = &arrival.welcome.targets;
        targets.iter().find(|target| target.id.to_string() == self.target).unwrap().clone()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(super) fn network(surroundings: Surroundings) -> Network {
    Network::new(Arc::new(SystemRng), surroundings)
}

/// Waits for an event.
pub(super) async fn event(
    events: &mut mpsc::Receiver<SessionEvent>,
    wanted: impl Fn(&SessionEvent) -> bool,
) -> SessionEvent {
    let waiting = async {
        loop {
            let event = events.recv().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, waiting).await.unwrap()
}

pub(super) async fn back_by(events: &mut mpsc::Receiver<SessionEvent>, transport: Transport) {
    event(events, |event| *event == SessionEvent::Back { transport }).await;
}

/// What a road does with those who come and those who are on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Fine,
    /// Takes everything and passes nothing on.
    Fog,
    /// Takes nobody.
    Closed,
}

/// A TCP relay that can be cut.
#[derive(Clone)]
pub(super) struct Road {
    pub(super) address: SocketAddr,
    cuts: watch::Sender<u64>,
    weather: watch::Sender<Weather>,
}

impl Road {
    pub(super) async fn to(far: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let road = Self { address, cuts: watch::Sender::new(0), weather: watch::Sender::new(Weather::Fine) };
        let here = road.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *here.weather.borrow() == Weather::Closed {
                    continue;
                }
                tokio::spawn(here.clone().carry(near, far));
            }
        });
        road
    }

    async fn carry(self, mut near: TcpStream, far: SocketAddr) {
        let (mut cuts, mut weather) = (self.cuts.subscribe(), self.weather.subscribe());
        let carrying = async {
            if *weather.borrow_and_update() == Weather::Fine
                && let Ok(mut far) = TcpStream::connect(far).await
            {
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => return,
                    _ = weather.wait_for(|weather| *weather != Weather::Fine) => {}
                }
            }
            // In the fog nobody hears that the others have gone.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = carrying => {}
            _ = cuts.changed() => {}
        }
    }

    /// Ends every connection that is on it.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(super) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}
