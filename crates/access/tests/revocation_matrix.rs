//! Whatever takes access away takes all of it away, at the target, within five seconds: each cause in a row of its own,
//! against a desktop, an application's download and WebSocket, and SSH tunnels of both kinds, all open at once.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use fernamt_access::ssh::{Gateway, HostKeys, Limits, Porter, Settings};
use fernamt_domain::{
    Clock as _, DeviceId, DeviceKind, DeviceState, DomainEvent, GroupId, OtpTokenId, PersonSource, PersonState, RuleId,
    Secret, SystemRng, TargetSettings, Zone,
    target::{RdpSettings, TcpSettings},
};
use fernamt_http::PublicAddress;
use fernamt_identity::{
    otp::{self, Scheme},
    session, settings, ssh_key,
    token_file::TokenRecord,
};
use fernamt_store::{DeviceRecord, GroupRecord, OtpKind, RuleRecord};
use fernamt_testkit::{
    TestClock,
    peers::{Door, Xrdp},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    ssh::peers::{Client, Desk, Echo, free_port, greet, socks},
    support::{
        apps::{Browser, Careless, MAIN, location},
        office::{Office, Person},
        rdp_client::{RdpClient, Wishes},
    },
};

/// What the issue allows.
const AT_ONCE: Duration = Duration::from_secs(5);

/// More than any peer needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The secret of the person's authenticator app.
const APP_SECRET: [u8; 20] = *b"revocation-matrix---";

/// Why access goes.
#[derive(Debug, Clone, Copy)]
enum Cause {
    Session,
    Device,
    Group,
    Rule,
    Person,
    EndOfTimeWindow,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_ends_everything_at_the_targets() {
    row(Cause::Session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_device_ends_everything_at_the_targets() {
    row(Cause::Device).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_group_ends_everything_at_the_targets() {
    row(Cause::Group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_rule_ends_everything_at_the_targets() {
    row(Cause::Rule).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_loses_everything_at_the_targets() {
    row(Cause::Person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_time_window_ends_everything_at_the_targets() {
    row(Cause::EndOfTimeWindow).await;
}

/// One row of the matrix.
async fn row(cause: Cause) {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let (_, app) = Careless::start().await;
    let echo = Echo::start().await;
    let service = Door::to_address(echo.address).unwrap();
    let clock = TestClock::new();
    let ports = [xrdp.address().port(), app.address().port(), service.address().port()];
    let office = Office::open_at(&ports, Arc::new(clock.clone())).await;
    let house = House::furnish(&office, &xrdp, &app, &service).await;

    let _open = house.open_everything(&office, &xrdp, &service).await;
    wait(&xrdp, &app, &service, [1, 2, 2], PATIENCE);
    assert!(house.may_open(&office).await, "all is allowed at first");

    house.take_away(&office, &clock, cause).await;
    wait(&xrdp, &app, &service, [0, 0, 0], AT_ONCE);
    assert!(!house.may_open(&office).await, "the main site still opens the desktop after {cause:?}");
    assert!(office.grants.is_empty(), "every grant is given back");
}

/// Waits until desktop, application and service have so many connections.
fn wait(xrdp: &Xrdp, app: &Door, service: &Door, wanted: [usize; 3], limit: Duration) {
    tokio::task::block_in_place(|| {
        for ((name, door), wanted) in
            [("desktop", xrdp.door()), ("application", app), ("service", service)].iter().zip(wanted)
        {
            let found = door.wait_for_connections(wanted, limit);
            assert!(found, "the {name} has {} connections, not {wanted}", door.open_connections());
        }
    });
}

/// What is set up before anybody connects.
struct House {
    person: Person,
    ssh_device: DeviceId,
    group: GroupId,
    rule: RuleId,
    desktop: fernamt_domain::TargetId,
    desk: Desk,
}

/// Everything that is open; dropping it closes it.
struct Open {
    _desktop: RdpClient,
    _download: reqwest::Response,
    _socket: WebSocketStream<TcpStream>,
    _tunnels: (Client, TcpStream, TcpStream),
}

impl House {
    async fn furnish(office: &Office, xrdp: &Xrdp, app: &Door, service: &Door) -> Self {
        let person = office.person("erika").await;
        let desktop = office
            .target("Büro", "127.0.0.1", xrdp.address().port(), TargetSettings::Rdp(RdpSettings::default()))
            .await;
        office.app("akten", app.address().port()).await;
        office
            .target("Dienst", "127.0.0.1", service.address().port(), TargetSettings::Tcp(TcpSettings::default()))
            .await;

        let keys = HostKeys::make(&SystemRng);
        let porter = Porter::new(
            Arc::clone(&office.identity),
            office.tenant.store().clone(),
            office.guard.clone(),
            office.clock.clone(),
            PublicAddress { scheme: "https", port: None },
        );
        let gate = Settings {
            zone: Zone("internet".to_owned()),
            limits: Limits::default(),
            patience: std::time::Duration::from_mins(10),
            rng: Arc::new(SystemRng),
        };
        let gateway = Gateway::bind((Ipv4Addr::LOCALHOST, 0).into(), &keys, gate, porter.clone()).await.unwrap();
        let desk = Desk::before(gateway.address().unwrap().port().to_string(), &keys);
        tokio::spawn(porter.run(office.stop.clone()));
        tokio::spawn(gateway.run(office.stop.clone()));

        let key = desk.make_key().await;
        let (ssh_device, group, rule) = Self::people_and_rule(office, &person, &key).await;
        Self { person, ssh_device, group, rule, desktop, desk }
    }

    async fn people_and_rule(
        office: &Office,
        person: &Person,
        key: &russh::keys::PublicKey,
    ) -> (DeviceId, GroupId, RuleId) {
        let now = office.clock.now();
        let blob = key.to_bytes().unwrap();
        let device = DeviceRecord {
            id: DeviceId::new(&*office.clock, &SystemRng),
            person: person.id,
            kind: DeviceKind::SshKey,
            state: DeviceState::Approved,
            name: "Schlüssel".to_owned(),
            thumbprint: ssh_key::fingerprint(&blob),
            public_key: blob,
            created_at: now,
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        };
        let group = GroupRecord {
            id: GroupId::new(&*office.clock, &SystemRng),
            name: "Bürgeramt".to_owned(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            created_at: now,
        };
        let window = json!({ "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "08:10" });
        let rule = RuleRecord {
            id: RuleId::new(&*office.clock, &SystemRng),
            name: "Bürgeramt bis 8:10 Uhr".to_owned(),
            form: Some(json!({ "effect": "allow", "groups": [group.id], "all_targets": true, "times": [window] })),
            expert: None,
            enabled: true,
            position: 1,
            created_at: now,
            updated_at: now,
        };
        let secret = Secret::new(APP_SECRET.to_vec());
        let app = TokenRecord { serial: String::new(), secret, scheme: Scheme::APP, counter: 0 };
        let mut token = office.identity.hardware_token(&office.tenant, &app, now);
        token.id = OtpTokenId::new(&*office.clock, &SystemRng);
        (token.kind, token.serial, token.person, token.confirmed_at) = (OtpKind::App, None, Some(person.id), Some(now));

        let mut work = office.tenant.begin().await.unwrap();
        let utc = settings::Settings { time_zone: "UTC".to_owned(), ..settings::Settings::default() };
        settings::save(&work, &utc).await.unwrap();
        work.devices().insert(&device).await.unwrap();
        work.groups().insert(&group).await.unwrap();
        work.groups().add_member(group.id, person.id).await.unwrap();
        work.otp_tokens().insert(&token).await.unwrap();
        work.rules().insert(&rule).await.unwrap();
        work.publish(DomainEvent::RulesChanged);
        work.commit().await.unwrap();
        (device.id, group.id, rule.id)
    }

    async fn open_everything(&self, office: &Office, xrdp: &Xrdp, service: &Door) -> Open {
        let browser = Browser::new(office.address);
        let desktop = self.open_desktop(office, &browser, xrdp).await;

        browser.plant(MAIN, "__Host-fernamt", &self.person.session.to_string());
        let app = office.app_origin("akten");
        let to_main = location(&browser.open(&format!("{app}/")).await);
        browser.open(&location(&browser.open(&to_main).await)).await;
        let mut download = browser.open(&format!("{app}/endless")).await;
        download.chunk().await.unwrap();
        let socket = self.open_socket(office, &browser, &app).await;

        Open {
            _desktop: desktop,
            _download: download,
            _socket: socket,
            _tunnels: self.open_tunnels(office, service).await,
        }
    }

    async fn open_desktop(&self, office: &Office, browser: &Browser, xrdp: &Xrdp) -> RdpClient {
        let opened = self.ask_to_open(office, browser).await;
        let ticket = opened["ticket"].as_str().unwrap_or_else(|| panic!("no ticket: {opened}"));
        let address = format!("ws://{MAIN}:{}/api/v1/desktop?ticket={ticket}", office.address.port());
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("origin", office.origin().parse().unwrap());
        request.headers_mut().insert("cookie", self.person.cookie().parse().unwrap());
        let wishes = Wishes { user: &xrdp.user, password: &xrdp.password, nla: false };
        timeout(PATIENCE, RdpClient::request(office.address, request, wishes)).await.unwrap().unwrap()
    }

    async fn open_socket(&self, office: &Office, browser: &Browser, app: &str) -> WebSocketStream<TcpStream> {
        let host = format!("akten.{MAIN}");
        let mut request = format!("ws://{host}:{}/socket", office.address.port()).into_client_request().unwrap();
        request.headers_mut().insert("origin", app.parse().unwrap());
        request.headers_mut().insert("cookie", browser.cookie_line(&host).parse().unwrap());
        let stream = TcpStream::connect(office.address).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        socket.send(Message::text("Grüße")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("Grüße"));
        socket
    }

    async fn open_tunnels(&self, office: &Office, service: &Door) -> (Client, TcpStream, TcpStream) {
        let step = otp::step_at(&Scheme::APP, office.clock.now()).unwrap();
        self.desk.answers("", &otp::code_at(&Scheme::APP, &Secret::new(APP_SECRET.to_vec()), step));
        let (forward, proxy, port) = (free_port().await, free_port().await, service.address().port());
        let to = format!("127.0.0.1:{forward}:127.0.0.1:{port}");
        let mut client = Client::start(self.desk.ssh("erika", &["-N", "-L", &to, "-D", &format!("127.0.0.1:{proxy}")]));
        client.says("Entering interactive session").await;
        let mut forwarded = TcpStream::connect((Ipv4Addr::LOCALHOST, forward)).await.unwrap();
        greet(&mut forwarded).await;
        let mut proxied = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy)).await.unwrap();
        assert_eq!(socks(&mut proxied, "127.0.0.1", port).await, 0);
        greet(&mut proxied).await;
        (client, forwarded, proxied)
    }

    /// Whether the main site would open the desktop now.
    async fn may_open(&self, office: &Office) -> bool {
        let fresh = Browser::new(office.address);
        self.ask_to_open(office, &fresh).await["kind"] == "desktop"
    }

    async fn ask_to_open(&self, office: &Office, browser: &Browser) -> Value {
        let (cookie, origin) = (self.person.cookie(), office.origin());
        let address = format!("{origin}/api/v1/me/targets/{}/open", self.desktop);
        let response = browser.send("POST", &address, &[("cookie", &cookie), ("origin", &origin)]).await;
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    async fn take_away(&self, office: &Office, clock: &TestClock, cause: Cause) {
        let mut work = office.tenant.begin().await.unwrap();
        match cause {
            Cause::Session => session::end_all(&mut work, self.person.id, None).await.unwrap(),
            Cause::Device => {
                for device in [self.person.device, self.ssh_device] {
                    work.devices().set_state(device, DeviceState::Suspended, None).await.unwrap();
                    work.publish(DomainEvent::DeviceChanged { device });
                }
            }
            Cause::Group => {
                work.groups().remove_member(self.group, self.person.id).await.unwrap();
                work.publish(DomainEvent::GroupChanged { group: self.group });
            }
            Cause::Rule => {
                work.rules().remove(self.rule).await.unwrap();
                work.publish(DomainEvent::RulesChanged);
            }
            Cause::Person => {
                work.people().set_state(self.person.id, PersonState::Disabled).await.unwrap();
                work.publish(DomainEvent::PersonChanged { person: self.person.id });
            }
            Cause::EndOfTimeWindow => clock.advance(time::Duration::minutes(11)),
        }
        work.commit().await.unwrap();
    }
}
