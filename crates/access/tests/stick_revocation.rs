//! The stick's rows of the revocation matrix: whatever takes a stick away ends its tunnels at the target within five
//! seconds, also while its line is away, and it does not come back.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use fernamt_access::ssh::{Gateway, HostKeys, Limits, Porter, Settings};
use fernamt_api::stick::activation_login;
use fernamt_domain::{
    Clock as _, DeviceId, DeviceState, DomainEvent, OtpTokenId, PersonState, Secret, SystemClock, SystemRng, TargetId,
    TargetSettings, Zone,
    target::{SshSettings, TcpSettings},
};
use fernamt_http::PublicAddress;
use fernamt_identity::{
    otp::{self, Scheme},
    own_targets::{self, Decided},
    token_file::TokenRecord,
};
use fernamt_store::{OtpKind, TargetRecord};
use fernamt_testkit::peers::Door;
use russh::{ChannelStream, client::Msg};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    ssh::{peers::Echo, road::Road, stick::Stick},
    support::office::{Office, Person},
};

/// What the issue allows.
const AT_ONCE: Duration = Duration::from_secs(5);

/// More than anything needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The secret of the person's authenticator app.
const APP_SECRET: [u8; 20] = *b"revocation-stick----";

/// The stick's key.
const SEED: u8 = 7;

/// Why a stick loses what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Suspended,
    Lost,
    Ended,
    NewCode,
    PersonDisabled,
}

/// Where the stick is when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Stands,
    Away,
}

macro_rules! rows {
    ($($name:ident: $cause:ident $line:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            row(Cause::$cause, Line::$line).await;
        }
    )+};
}

rows! {
    a_suspended_stick_loses_everything: Suspended Stands;
    a_lost_stick_loses_everything: Lost Stands;
    an_ended_stick_loses_everything: Ended Stands;
    a_stick_that_gets_a_new_code_loses_everything: NewCode Stands;
    the_stick_of_a_disabled_person_loses_everything: PersonDisabled Stands;
    a_suspended_stick_loses_everything_while_its_line_is_away: Suspended Away;
    a_lost_stick_loses_everything_while_its_line_is_away: Lost Away;
    an_ended_stick_loses_everything_while_its_line_is_away: Ended Away;
    the_stick_of_a_disabled_person_loses_everything_while_its_line_is_away: PersonDisabled Away;
}

async fn row(cause: Cause, line: Line) {
    let mut desk = Desk::open().await;
    let _tunnels = desk.work().await;
    if line == Line::Away {
        desk.road.open(false);
        desk.road.cut();
        desk.stick.until(|status| status.away_since.is_some()).await;
        assert_eq!(desk.door.open_connections(), 2, "the session waits for its stick");
    }
    desk.take_away(cause).await;
    desk.wait(0, AT_ONCE);
    desk.grants_left(0).await;
    desk.road.open(true);
    desk.stick.until(|status| status.ended.is_some()).await;
    let mut again = Stick::arrive(&desk.road).await;
    assert!(!again.proves("erika", SEED, &code(&desk.office)).await, "a stick came back after {cause:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_taken_back_ends_own_targets_and_nothing_else() {
    let mut desk = Desk::open().await;
    let _tunnels = desk.work().await;
    let mut work = desk.office.tenant.begin().await.unwrap();
    own_targets::save(&work, &Decided::default()).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
    desk.wait(1, AT_ONCE);
    desk.grants_left(1).await;
    assert_eq!(desk.office.grants.snapshot().iter().map(|grant| grant.target).collect::<Vec<_>>(), [desk.service]);
    assert!(desk.stick.tunnel(desk.own, desk.door.address().port()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_target_is_for_its_owner_and_inside_the_networks() {
    let mut desk = Desk::open().await;
    let others = desk.office.person("max").await;
    let theirs = desk.add_own(&others, "127.0.0.1").await;
    let outside = desk.add_own(&desk.person, "127.0.0.2").await;
    let _tunnels = desk.work().await;
    let port = desk.door.address().port();
    assert!(desk.stick.tunnel(theirs, port).await.is_err(), "somebody else's");
    assert!(desk.stick.tunnel(outside, port).await.is_err(), "it lies outside the networks");
    desk.wait(2, PATIENCE);
}

struct Desk {
    office: Office,
    person: Person,
    device: DeviceId,
    service: TargetId,
    own: TargetId,
    door: Door,
    road: Road,
    stick: Stick,
    _echo: Echo,
}

impl Desk {
    /// A stick that was activated and has signed in.
    async fn open() -> Self {
        let echo = Echo::start().await;
        let door = Door::to_address(echo.address).unwrap();
        let port = door.address().port();
        let office = Office::open(&[port]).await;
        let person = office.person("erika").await;
        let service = office.target("Dienst", "127.0.0.1", port, TargetSettings::Tcp(TcpSettings::default())).await;
        office.allow(&person, &[service]).await;
        let (device, activation) = enrol(&office, &person).await;

        let keys = HostKeys::make(&SystemRng);
        let address = PublicAddress { scheme: "https", port: None };
        let porter = Porter::new(
            Arc::clone(&office.identity),
            office.tenant.store().clone(),
            office.guard.clone(),
            office.clock.clone(),
            address,
        );
        let settings = Settings {
            zone: Zone("internet".to_owned()),
            limits: Limits::default(),
            patience: Duration::from_mins(10),
            rng: Arc::new(SystemRng),
        };
        let gateway = Gateway::bind((Ipv4Addr::LOCALHOST, 0).into(), &keys, settings, porter.clone()).await.unwrap();
        let road = Road::to(gateway.address().unwrap()).await;
        tokio::spawn(porter.run(office.stop.clone()));
        tokio::spawn(gateway.run(office.stop.clone()));

        let mut fresh = Stick::arrive(&road).await;
        assert!(fresh.proves(&activation_login(device, None), SEED, activation.expose()).await, "not activated");
        let mut stick = Stick::arrive(&road).await;
        assert!(stick.proves("erika", SEED, &code(&office)).await, "not let in");
        stick.begin().await;
        let own = own_target(&office, &person, "127.0.0.1", port).await;
        Self { office, person, device, service, own, door, road, stick, _echo: echo }
    }

    /// Greets the gateway and opens a tunnel to the service and one to the person's own target.
    async fn work(&mut self) -> [ChannelStream<Msg>; 2] {
        let (welcome, ticket) = self.stick.welcome(0).await;
        assert!(ticket.is_some());
        let mut told: Vec<_> = welcome.targets.iter().map(|target| target.id).collect();
        told.retain(|id| [self.service, self.own].contains(id));
        assert_eq!(told.len(), 2, "the stick is told of both");
        let tunnels = [self.tunnel(self.service).await, self.tunnel(self.own).await];
        self.wait(2, PATIENCE);
        tunnels
    }

    async fn tunnel(&self, target: TargetId) -> ChannelStream<Msg> {
        let mut tunnel = self.stick.tunnel(target, self.door.address().port()).await.unwrap();
        tunnel.write_all(b"hallo").await.unwrap();
        let mut back = [0; 5];
        tunnel.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"hallo");
        tunnel
    }

    async fn add_own(&self, owner: &Person, host: &str) -> TargetId {
        own_target(&self.office, owner, host, self.door.address().port()).await
    }

    fn wait(&self, wanted: usize, limit: Duration) {
        tokio::task::block_in_place(|| {
            let found = self.door.wait_for_connections(wanted, limit);
            assert!(found, "the target has {} connections, not {wanted}", self.door.open_connections());
        });
    }

    /// Every other grant is given back: right after the target has seen the end.
    async fn grants_left(&self, wanted: usize) {
        let left = async {
            while self.office.grants.len() != wanted {
                tokio::task::yield_now().await;
            }
        };
        let done = tokio::time::timeout(AT_ONCE, left).await;
        assert!(done.is_ok(), "{} grants are held, not {wanted}", self.office.grants.len());
    }

    /// What the administration does, by the same words of the store.
    async fn take_away(&self, cause: Cause) {
        let device = self.device;
        let mut work = self.office.tenant.begin().await.unwrap();
        match cause {
            Cause::NewCode => {
                self.office.identity.reorder_stick(&mut work, self.office.tenant.id(), device, None).await.unwrap();
            }
            Cause::PersonDisabled => {
                work.people().set_state(self.person.id, PersonState::Disabled).await.unwrap();
                work.publish(DomainEvent::PersonChanged { person: self.person.id });
            }
            Cause::Suspended | Cause::Lost | Cause::Ended => {
                if cause == Cause::Lost {
                    work.sticks().lose(device).await.unwrap();
                }
                let state = if cause == Cause::Suspended { DeviceState::Suspended } else { DeviceState::Revoked };
                work.devices().set_state(device, state, None).await.unwrap();
                work.publish(DomainEvent::DeviceChanged { device });
            }
        }
        work.commit().await.unwrap();
    }
}

/// An authenticator app, a stick that waits for its key, and the decision that people may have targets of their own.
async fn enrol(office: &Office, person: &Person) -> (DeviceId, Secret<String>) {
    let now = office.clock.now();
    let secret = Secret::new(APP_SECRET.to_vec());
    let app = TokenRecord { serial: String::new(), secret, scheme: Scheme::APP, counter: 0 };
    let mut token = office.identity.hardware_token(&office.tenant, &app, now);
    token.id = OtpTokenId::new(&SystemClock, &SystemRng);
    (token.kind, token.serial, token.person, token.confirmed_at) = (OtpKind::App, None, Some(person.id), Some(now));
    let mut work = office.tenant.begin().await.unwrap();
    work.otp_tokens().insert(&token).await.unwrap();
    let decided = Decided { enabled: true, networks: vec!["127.0.0.1".to_owned()], ..Decided::default() };
    own_targets::save(&work, &decided).await.unwrap();
    let ordered = office.identity.order_stick(&mut work, office.tenant.id(), person.id, false, None).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
    (ordered.device, ordered.code)
}

async fn own_target(office: &Office, owner: &Person, host: &str, port: u16) -> TargetId {
    let record = TargetRecord {
        id: TargetId::new(&SystemClock, &SystemRng),
        name: format!("PC auf {host}"),
        folder: None,
        icon: None,
        description: String::new(),
        host: host.to_owned(),
        port,
        settings: TargetSettings::Ssh(SshSettings {}),
        pinned_certificate: None,
        enabled: true,
        created_at: SystemClock.now(),
        owner: Some(owner.id),
    };
    let mut work = office.tenant.begin().await.unwrap();
    work.targets().insert(&record).await.unwrap();
    work.publish(DomainEvent::TargetChanged { target: record.id });
    work.commit().await.unwrap();
    record.id
}

/// The person's one-time code of now.
fn code(office: &Office) -> String {
    let step = otp::step_at(&Scheme::APP, office.clock.now()).unwrap();
    otp::code_at(&Scheme::APP, &Secret::new(APP_SECRET.to_vec()), step)
}
