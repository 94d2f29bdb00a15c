//! The gateway behind a WebSocket: the same door, the same time to sign in, no pages.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Extension;
use fernamt_access::ssh::{Limits, TUNNEL_PATH, router};
use fernamt_domain::Zone;
use fernamt_http::Connection;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use super::{
    house::{House, Running, Target},
    peers::PATIENCE,
};

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A gateway with these limits, and where its WebSocket is.
async fn start(limits: Limits) -> (Running, String) {
    let house = House::new(vec![Target::new("Ziel", "ziel.test", ([127, 0, 0, 1], 9).into())]);
    let running = Running::start_with(house, limits).await;
    let connection = Connection {
        zone: Zone("internet".into()),
        administration: false,
        peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)),
    };
    let app = router(Some(running.entrance.clone())).layer(Extension(connection));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("ws://{}{TUNNEL_PATH}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    (running, url)
}

/// The next bytes of SSH; empty at the end.
async fn hears(line: &mut Line) -> Vec<u8> {
    loop {
        match timeout(PATIENCE, line.next()).await.expect("nothing came") {
            Some(Ok(Message::Binary(bytes))) => return bytes.to_vec(),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Vec::new(),
            Some(Ok(_)) => {}
        }
    }
}

fn status(refused: Result<(Line, tokio_tungstenite::tungstenite::handshake::client::Response), Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn ssh_speaks_in_binary_messages_and_stops_at_text() {
    let (_running, url) = start(Limits::default()).await;
    let (mut line, _) = connect_async(&url).await.unwrap();
    assert!(hears(&mut line).await.starts_with(b"SSH-2.0-"));
    line.send(Message::text("SSH-2.0-page\r\n")).await.unwrap();
    while !hears(&mut line).await.is_empty() {}
}

#[tokio::test]
async fn a_page_is_refused_whatever_its_origin() {
    let (_running, url) = start(Limits::default()).await;
    for origin in ["http://127.0.0.1", "null", "https://evil.example"] {
        let mut request = url.as_str().into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(status(connect_async(request).await), 403, "{origin}");
    }
}

#[tokio::test]
async fn both_ways_in_share_one_door() {
    let (running, url) = start(Limits { unauthenticated_per_source: 2, ..Limits::default() }).await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 1]).await.unwrap(), 1);
    let (mut line, _) = connect_async(&url).await.unwrap();
    assert!(!hears(&mut line).await.is_empty());
    assert_eq!(status(connect_async(&url).await), 429);
    drop(line);
    let freed = async {
        while connect_async(&url).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the place was not freed");
}

#[tokio::test]
async fn who_does_not_sign_in_in_time_is_hung_up_on() {
    let grace = std::time::Duration::from_secs(2);
    let (_running, url) = start(Limits { login_grace: grace, ..Limits::default() }).await;
    let (mut line, _) = connect_async(&url).await.unwrap();
    assert!(!hears(&mut line).await.is_empty());
    while !hears(&mut line).await.is_empty() {}
}

#[tokio::test]
async fn the_end_of_the_service_ends_them_too() {
    let (running, url) = start(Limits::default()).await;
    let (mut line, _) = connect_async(&url).await.unwrap();
    assert!(!hears(&mut line).await.is_empty());
    running.stop.cancel();
    while !hears(&mut line).await.is_empty() {}
    timeout(PATIENCE, running.serving).await.expect("the gateway does not stop").unwrap();
}
