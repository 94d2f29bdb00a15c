//! The desktop relay against real desktops: xrdp, and an RDP server that demands network level authentication.

use std::time::Duration;

use fernamt_access::{
    desktop::{outcome::Outcome, relay::Desktop},
    tls::{Fingerprint, Trust},
};
use fernamt_domain::{EndReason, target::RdpSettings};
use fernamt_http::egress::EgressGuard;
use fernamt_testkit::peers::{NlaDesktop, Xrdp};
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    rdp_client::{RdpClient, Refusal, Wishes},
    relay::{Relay, desktop},
};

const CLIPBOARD: [u8; 8] = *b"cliprdr\0";
const DEVICES: [u8; 8] = *b"rdpdr\0\0\0";

/// What the client counts fast-path updates under.
const PICTURES: u16 = 0;

/// How long a forbidden channel is listened to; a permitted one greets within a fraction of a second.
const SILENCE: Duration = Duration::from_secs(5);

/// How long a desktop may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the end of access may take to reach the target.
const REVOCATION: Duration = Duration::from_secs(5);

fn wishes(xrdp: &Xrdp) -> Wishes<'_> {
    Wishes { user: &xrdp.user, password: &xrdp.password, nla: false }
}

fn with(desktop: Desktop, settings: RdpSettings) -> Desktop {
    Desktop { settings, ..desktop }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_opens_and_the_clipboard_only_where_it_is_permitted() {
    const CLIPBOARD_CAPABILITIES: &[u8] = &[7, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 12, 0, 2, 0, 0, 0, 2, 0, 0, 0];
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    // The second connection resumes the first one's session, whose channel server greets at once on each channel that
    // it knows.
    for permitted in [true, false] {
        let settings = RdpSettings { clipboard: permitted, ..RdpSettings::default() };
        let relay = Relay::start(with(desktop(xrdp.address(), &xrdp.certificate_sha256), settings)).await;
        let mut client = timeout(PATIENCE, RdpClient::connect(relay.address, wishes(&xrdp))).await.unwrap().unwrap();
        let (clipboard, devices) = (client.channel(CLIPBOARD), client.channel(DEVICES));
        assert_ne!(clipboard, devices, "each channel keeps its place");

        timeout(PATIENCE, client.read_until(|heard| heard.contains_key(&PICTURES))).await.expect("a picture comes");
        if permitted {
            timeout(PATIENCE, client.read_until(|heard| heard.contains_key(&clipboard)))
                .await
                .expect("the clipboard greets");
        } else {
            client.send(clipboard, CLIPBOARD_CAPABILITIES).await;
            let answered = timeout(SILENCE, client.read_until(|heard| heard.contains_key(&clipboard))).await;
            assert!(answered.is_err(), "somebody spoke on the clipboard's channel");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_grant_reaches_desktop_and_browser() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let mut relay = Relay::start(desktop(xrdp.address(), &xrdp.certificate_sha256)).await;
    let mut client = timeout(PATIENCE, RdpClient::connect(relay.address, wishes(&xrdp))).await.unwrap().unwrap();
    assert_eq!(xrdp.door().open_connections(), 1);

    assert_eq!(relay.grants.end_where(EndReason::SessionEnded, |_| true), 1);
    let door = xrdp.door();
    assert!(tokio::task::block_in_place(|| door.wait_for_connections(0, REVOCATION)), "the desktop saw no end");
    timeout(REVOCATION, client.read_until(|_| false)).await.expect("the browser's side ends too");
    let close = client.closed.lock().unwrap().clone().unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4410, "session_ended"));
    assert_eq!(relay.outcome().await, Outcome::GrantEnded(EndReason::SessionEnded));
    assert!(relay.grants.is_empty(), "the grant is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_goes_leaves_nothing_behind() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let mut relay = Relay::start(desktop(xrdp.address(), &xrdp.certificate_sha256)).await;
    let client = timeout(PATIENCE, RdpClient::connect(relay.address, wishes(&xrdp))).await.unwrap().unwrap();
    drop(client);
    assert!(matches!(relay.outcome().await, Outcome::BrowserEnded | Outcome::LineLost));
    assert!(tokio::task::block_in_place(|| xrdp.door().wait_for_connections(0, REVOCATION)));
    assert!(relay.grants.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pinned_certificate_opens_a_desktop_and_an_unknown_one_is_learnt() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let pinned: Fingerprint = xrdp.certificate_sha256.parse().unwrap();

    let learning = Desktop { trust: Trust::Learn, ..desktop(xrdp.address(), "") };
    let relay = Relay::start(learning).await;
    timeout(PATIENCE, RdpClient::connect(relay.address, wishes(&xrdp))).await.unwrap().unwrap();
    assert_eq!(*relay.learnt.lock().unwrap(), [pinned]);

    let mut relay = Relay::start(desktop(xrdp.address(), &"00".repeat(32))).await;
    let close = refusal(&relay, wishes(&xrdp)).await;
    assert_eq!(close, (4423, "certificate_changed".to_owned()));
    assert_eq!(relay.outcome().await, Outcome::CertificateChanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_named() {
    let closed_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Wishes { user: "anna", password: "x", nla: false };
    let relay = Relay::start(desktop(closed_port, "")).await;
    assert_eq!(refusal(&relay, nobody).await.1, "target_unreachable");

    let nobody = Wishes { user: "anna", password: "x", nla: false };
    let relay = Relay::start_with(desktop(closed_port, ""), EgressGuard::default()).await;
    assert_eq!(refusal(&relay, nobody).await.1, "address_refused");

    let nobody = Wishes { user: "anna", password: "x", nla: false };
    let unknown = Desktop { host: "no-such-desktop.invalid".to_owned(), ..desktop(closed_port, "") };
    let relay = Relay::start(unknown).await;
    assert_eq!(refusal(&relay, nobody).await.1, "name_unresolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_rdp_ends_the_connection() {
    let mut relay = Relay::start(desktop("127.0.0.1:9".parse().unwrap(), "")).await;
    for message in [
        Message::text("hello"),
        Message::binary(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        Message::binary(vec![0x30, 0x84, 9, 9, 9, 9]),
    ] {
        let (mut socket, _) =
            tokio_tungstenite::connect_async(format!("ws://{}/desktop", relay.address)).await.unwrap();
        socket.send(message).await.unwrap();
        let close = loop {
            let message = timeout(REVOCATION, socket.next()).await.unwrap().unwrap().unwrap();
            if let Message::Close(frame) = message {
                break frame.unwrap();
            }
        };
        assert_eq!(close.reason.as_str(), "protocol_violation");
        assert_eq!(relay.outcome().await, Outcome::ProtocolViolation);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn network_level_authentication_passes_through() {
    let server = fernamt_testkit::peer!(NlaDesktop::start());
    let nla = RdpSettings { nla: true, ..RdpSettings::default() };
    let wishes = |nla| Wishes { user: &server.user, password: &server.password, nla };

    let relay = Relay::start(with(desktop(server.address(), &server.certificate_sha256), nla.clone())).await;
    let mut client = timeout(PATIENCE, RdpClient::connect(relay.address, wishes(true))).await.unwrap().unwrap();
    let heard = timeout(PATIENCE, client.read_until(|heard| !heard.is_empty())).await.unwrap();
    assert!(!heard.is_empty(), "the desktop speaks");
    drop(client);

    let wrong = Wishes { user: &server.user, password: "wrong", nla: true };
    let refused = timeout(PATIENCE, RdpClient::connect(relay.address, wrong)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::Later(_))), "a wrong password does not pass CredSSP");

    assert_eq!(refusal(&relay, wishes(false)).await.1, "negotiation_failed", "the client offers no CredSSP");
    let relay = Relay::start(desktop(server.address(), &server.certificate_sha256)).await;
    assert_eq!(refusal(&relay, wishes(true)).await.1, "nla_demanded");
}

async fn refusal(relay: &Relay, wishes: Wishes<'_>) -> (u16, String) {
    match timeout(PATIENCE, RdpClient::connect(relay.address, wishes)).await.unwrap() {
        Err(Refusal::Relay(Some(close))) => (u16::from(close.code), close.reason.to_string()),
        Err(other) => panic!("refused otherwise: {other:?}"),
        Ok(_) => panic!("connected"),
    }
}
