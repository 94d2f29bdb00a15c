//! The whole feature by its routes: real store, real decisions, real re-evaluation.

use std::time::Duration;

use fernamt_access::tls::Fingerprint;
use fernamt_domain::{
    DomainEvent, TargetSettings,
    target::{RdpSettings, TcpSettings},
};
use fernamt_store::HealthState;
use fernamt_testkit::peers::Xrdp;
use ironrdp_pdu::{gcc::RedirectionFlags, rdp::server_redirection::ServerRedirectionPdu};
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{
    apps::{Browser, Careless, MAIN, location},
    broker::Broker,
    office::{Office, Person},
    rdp_client::{RdpClient, Refusal, Wishes},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// How long the end of access may take to reach the target.
const REVOCATION: Duration = Duration::from_secs(5);

fn rdp(settings: RdpSettings) -> TargetSettings {
    TargetSettings::Rdp(settings)
}

async fn get(office: &Office, browser: &Browser, person: &Person, path: &str) -> Value {
    let cookie = person.cookie();
    let response = browser.send("GET", &format!("{}{path}", office.origin()), &[("cookie", &cookie)]).await;
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn open(office: &Office, browser: &Browser, person: &Person, target: impl std::fmt::Display) -> Value {
    let (cookie, origin) = (person.cookie(), office.origin());
    let address = format!("{origin}/api/v1/me/targets/{target}/open");
    let response = browser.send("POST", &address, &[("cookie", &cookie), ("origin", &origin)]).await;
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn connect(office: &Office, person: &Person, ticket: &str, wishes: Wishes<'_>) -> Result<RdpClient, Refusal> {
    let address = format!("ws://{MAIN}:{}/api/v1/desktop?ticket={ticket}", office.address.port());
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("origin", office.origin().parse().unwrap());
    request.headers_mut().insert("cookie", person.cookie().parse().unwrap());
    timeout(PATIENCE, RdpClient::request(office.address, request, wishes)).await.unwrap()
}

fn anybody() -> Wishes<'static> {
    Wishes { user: "erika", password: "x", nla: false }
}

fn close_word(refused: Result<RdpClient, Refusal>) -> String {
    match refused {
        Err(Refusal::Relay(Some(close)) | Refusal::Later(Some(close))) => close.reason.to_string(),
        Err(other) => panic!("refused otherwise: {other:?}"),
        Ok(_) => panic!("connected"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_shows_what_the_person_may_use_last_used_first() {
    let office = Office::open(&[]).await;
    let browser = Browser::new(office.address);
    let (erika, max) = (office.person("erika").await, office.person("max").await);
    let akten = office.app("akten", 8080).await;
    let archive = office.target("Archiv", "archiv.amt.test", 445, TargetSettings::Tcp(TcpSettings::default())).await;
    let secret = office.app("geheim", 8081).await;
    office.allow(&erika, &[akten, archive]).await;

    let names = async |person| {
        let list = get(&office, &browser, person, "/api/v1/me/targets").await;
        list["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|target| target["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&erika).await, ["Archiv", "akten"]);
    assert!(names(&max).await.is_empty());

    let web = open(&office, &browser, &erika, akten).await;
    assert_eq!(web["url"], format!("{}/api/v1/apps/{akten}/enter", office.origin()));
    assert_eq!(names(&erika).await, ["akten", "Archiv"]);
    let tunnel = open(&office, &browser, &erika, archive).await;
    assert_eq!(tunnel["command"], format!("ssh -N -L 10445:archiv.amt.test:445 -p 2222 erika@{MAIN}"));

    assert_eq!(open(&office, &browser, &erika, secret).await["code"], "not_allowed");
    assert_eq!(open(&office, &browser, &erika, office.person("x").await.id).await["code"], "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_a_desktop_until_the_rule_goes() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let office = Office::open(&[xrdp.address().port()]).await;
    let browser = Browser::new(office.address);
    let (erika, max) = (office.person("erika").await, office.person("max").await);
    let desktop = office.target("Büro", "127.0.0.1", xrdp.address().port(), rdp(RdpSettings::default())).await;
    let rule = office.allow(&erika, &[desktop]).await;
    let wishes = || Wishes { user: &xrdp.user, password: &xrdp.password, nla: false };

    let opened = open(&office, &browser, &erika, desktop).await;
    let ticket = opened["ticket"].as_str().unwrap();
    assert_eq!((&opened["clipboard"], &opened["width_multiple"]), (&Value::Bool(false), &Value::from(4)));
    let mut client = connect(&office, &erika, ticket, wishes()).await.unwrap();
    let pinned = office.tenant.targets().get(desktop).await.unwrap().pinned_certificate.unwrap();
    assert_eq!(Fingerprint::of(&pinned).to_string(), xrdp.certificate_sha256, "learnt at the first connection");

    assert_eq!(close_word(connect(&office, &erika, ticket, wishes()).await), "ticket_invalid");
    let stolen = open(&office, &browser, &erika, desktop).await;
    assert_eq!(
        close_word(connect(&office, &max, stolen["ticket"].as_str().unwrap(), wishes()).await),
        "ticket_invalid"
    );
    let late = open(&office, &browser, &erika, desktop).await;

    office.forbid(rule).await;
    assert!(tokio::task::block_in_place(|| xrdp.door().wait_for_connections(0, REVOCATION)), "the desktop saw no end");
    timeout(REVOCATION, client.read_until(|_| false)).await.unwrap();
    assert_eq!(client.closed.lock().unwrap().clone().unwrap().reason.as_str(), "not_allowed");
    assert_eq!(close_word(connect(&office, &erika, late["ticket"].as_str().unwrap(), wishes()).await), "not_allowed");

    let audited = office.audited().await;
    for action in ["certificate_learnt", "desktop_opened", "not_allowed"] {
        assert!(audited.iter().any(|found| found == action), "{action} in {audited:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_ends_when_its_clipboard_is_taken_away() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let office = Office::open(&[xrdp.address().port()]).await;
    let browser = Browser::new(office.address);
    let erika = office.person("erika").await;
    let with = |clipboard| rdp(RdpSettings { clipboard, ..RdpSettings::default() });
    let desktop = office.target("Büro", "127.0.0.1", xrdp.address().port(), with(true)).await;
    office.allow(&erika, &[desktop]).await;
    let ticket = open(&office, &browser, &erika, desktop).await["ticket"].as_str().unwrap().to_owned();
    let wishes = Wishes { user: &xrdp.user, password: &xrdp.password, nla: false };
    let mut client = connect(&office, &erika, &ticket, wishes).await.unwrap();
    let change = async |change: fn(&mut fernamt_store::TargetRecord)| {
        let mut record = office.tenant.targets().get(desktop).await.unwrap();
        change(&mut record);
        let mut work = office.tenant.begin().await.unwrap();
        work.targets().update(&record).await.unwrap();
        work.publish(DomainEvent::TargetChanged { target: desktop });
        work.commit().await.unwrap();
    };

    // What people read about a target is no reason to cut them off. The clipboard, changed after it, is: had the first
    // change ended the desktop, the second would find none.
    change(|record| record.description = "Zweiter Stock".to_owned()).await;
    tokio::task::block_in_place(|| assert!(!xrdp.door().wait_for_connections(0, Duration::from_secs(2))));
    change(|record| record.settings = rdp(RdpSettings::default())).await;
    assert!(tokio::task::block_in_place(|| xrdp.door().wait_for_connections(0, REVOCATION)), "the desktop saw no end");
    timeout(REVOCATION, client.read_until(|_| false)).await.unwrap();
    assert_eq!(client.closed.lock().unwrap().clone().unwrap().reason.as_str(), "target_changed");
    assert_eq!(open(&office, &browser, &erika, desktop).await["clipboard"], Value::Bool(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_cannot_open_a_desktops_socket() {
    let office = Office::open(&[]).await;
    let erika = office.person("erika").await;
    for origin in [None, Some("http://evil.fernamt.test"), Some("null")] {
        let address = format!("ws://{MAIN}:{}/api/v1/desktop?ticket=x", office.address.port());
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("cookie", erika.cookie().parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let stream = tokio::net::TcpStream::connect(office.address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reaches_an_application_by_the_main_site_until_the_rule_goes() {
    let (app, door) = Careless::start().await;
    let office = Office::open(&[door.address().port()]).await;
    let browser = Browser::new(office.address);
    let erika = office.person("erika").await;
    let akten = office.app("akten", door.address().port()).await;
    let rule = office.allow(&erika, &[akten]).await;

    // Not signed in: the main site asks for that first, and knows the way back.
    let to_main = location(&browser.open(&format!("{}/?id=7", office.app_origin("akten"))).await);
    let sign_in = location(&browser.open(&to_main).await);
    assert!(sign_in.starts_with("/anmelden?zurueck=%2Fapi%2Fv1%2Fapps%2F"), "{sign_in}");
    // A link from another site: the browser keeps the strict cookie back, so the page hops on its own.
    let cross = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let hop = browser.send("GET", &to_main, &cross).await;
    assert!(hop.text().await.unwrap().contains("http-equiv=\"refresh\""));

    browser.plant(MAIN, "__Host-fernamt", &erika.session.to_string());
    let back = location(&browser.open(&to_main).await);
    assert!(back.starts_with(&format!("{}/.fernamt/enter?code=", office.app_origin("akten"))), "{back}");
    assert_eq!(location(&browser.open(&back).await), "/?id=7");
    assert_eq!(browser.open(&format!("{}/?id=7", office.app_origin("akten"))).await.text().await.unwrap(), "Akten");
    assert_eq!(app.last().1["x-fernamt-user"], "erika");

    // From a tile the browser has not begun at the application: it is sent there first.
    let begin = location(&browser.open(&format!("{}/api/v1/apps/{akten}/enter", office.origin())).await);
    assert!(begin.starts_with(&format!("{}/.fernamt/begin", office.app_origin("akten"))), "{begin}");

    let mut download = browser.open(&format!("{}/endless", office.app_origin("akten"))).await;
    download.chunk().await.unwrap();
    office.forbid(rule).await;
    assert!(tokio::task::block_in_place(|| door.wait_for_connections(0, REVOCATION)), "the application saw no end");
    let refused = browser.open(&format!("{}/api/v1/apps/{akten}/enter", office.origin())).await;
    assert_eq!(refused.status().as_u16(), 403);
    assert!(refused.text().await.unwrap().contains("nicht freigegeben"));
    assert!(office.grants.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_ends_the_application_too() {
    let (_, door) = Careless::start().await;
    let office = Office::open(&[door.address().port()]).await;
    let browser = Browser::new(office.address);
    let erika = office.person("erika").await;
    let akten = office.app("akten", door.address().port()).await;
    office.allow(&erika, &[akten]).await;
    browser.plant(MAIN, "__Host-fernamt", &erika.session.to_string());
    let to_main = location(&browser.open(&format!("{}/", office.app_origin("akten"))).await);
    browser.open(&location(&browser.open(&to_main).await)).await;
    let mut download = browser.open(&format!("{}/endless", office.app_origin("akten"))).await;
    download.chunk().await.unwrap();

    let mut work = office.tenant.begin().await.unwrap();
    work.sessions().end(erika.session).await.unwrap();
    work.publish(DomainEvent::SessionEnded { session: erika.session });
    work.commit().await.unwrap();
    assert!(tokio::task::block_in_place(|| door.wait_for_connections(0, REVOCATION)));
    let again = location(&browser.open(&format!("{}/", office.app_origin("akten"))).await);
    assert!(location(&browser.open(&again).await).starts_with("/anmelden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_sees_reachability_and_certificates() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let office = Office::open(&[xrdp.address().port()]).await;
    let desktop = office.target("Büro", "127.0.0.1", xrdp.address().port(), rdp(RdpSettings::default())).await;
    let mut record = office.tenant.targets().get(desktop).await.unwrap();

    let seen = office.access.look(&record).await;
    assert_eq!(seen.state, HealthState::Up);
    assert_eq!(Fingerprint::of(&seen.certificate.clone().unwrap()).to_string(), xrdp.certificate_sha256);
    record.pinned_certificate = Some(vec![1, 2, 3]);
    let seen = office.access.look(&record).await;
    assert_eq!((seen.state, seen.detail.as_deref()), (HealthState::WrongCertificate, Some("certificate_changed")));
    assert!(seen.certificate.is_some(), "the administrator sees what it showed");
    record.settings = rdp(RdpSettings { nla: true, ..RdpSettings::default() });
    assert_eq!(office.access.look(&record).await.detail.as_deref(), Some("nla_missing"));
    record.port = 1;
    assert_eq!(office.access.look(&record).await.detail.as_deref(), Some("address_refused"));
    record.host = "no-such-host.invalid".to_owned();
    assert_eq!(office.access.look(&record).await.detail.as_deref(), Some("name_unresolved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_sends_the_person_to_another_of_their_targets_only() {
    let host = Broker::start(ServerRedirectionPdu::default()).await;
    let redirection = ServerRedirectionPdu {
        session_id: 7,
        target_fqdn: Some("127.0.0.2".to_owned()),
        load_balance_info: Some(b"Cookie: msts=117440522.15629.0000\r\n".to_vec()),
        ..ServerRedirectionPdu::default()
    };
    let broker = Broker::start(redirection).await;
    let office = Office::open(&[broker.address.port(), host.address.port()]).await;
    let browser = Browser::new(office.address);
    let erika = office.person("erika").await;
    let info = Some("tsv://MS Terminal Services Plugin.1.Amt".to_owned());
    let settings = RdpSettings { load_balance_info: info, ..RdpSettings::default() };
    let farm = office.target("Farm", "127.0.0.1", broker.address.port(), rdp(settings)).await;
    office.allow(&erika, &[farm]).await;
    let visit = async || {
        let opened = open(&office, &browser, &erika, farm).await;
        connect(&office, &erika, opened["ticket"].as_str().unwrap(), anybody()).await
    };
    // The host is no target: nowhere to go.
    assert_eq!(close_word(visit().await), "redirection_refused");

    // It is a target, but not this person's.
    let other = office.target("Host 2", "127.0.0.2", host.address.port(), rdp(RdpSettings::default())).await;
    assert_eq!(close_word(visit().await), "redirected");
    assert_eq!(close_word(visit().await), "not_allowed");

    // It is theirs: the next opening goes there, with the token and into the session.
    office.allow(&erika, &[other]).await;
    assert_eq!(close_word(visit().await), "redirected");
    let _ = visit().await;
    let request = host.requests.lock().unwrap().last().cloned();
    let sent = broker.clients.lock().unwrap().first().cloned().unwrap().cluster.unwrap();
    assert_eq!(sent.flags, RedirectionFlags::REDIRECTION_SUPPORTED);
    let request = String::from_utf8_lossy(&request.unwrap()).into_owned();
    assert!(request.contains("Cookie: msts=117440522.15629.0000\r\n"), "{request:?}");
    let cluster = host.clients.lock().unwrap().last().cloned().unwrap().cluster.unwrap();
    assert_eq!(cluster.redirected_session_id, 7);
    assert!(cluster.flags.contains(RedirectionFlags::REDIRECTED_SESSION_FIELD_VALID));
}
