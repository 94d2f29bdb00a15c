//! Whatever ends a permission ends the connection at the target.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fernamt_access::ssh::TunnelNote;
use fernamt_domain::EndReason;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    time::timeout,
};

use super::{
    house::{Running, Target},
    peers::{Client, Desk, Echo, PATIENCE, free_port, greet, socks},
};

/// What the issue allows.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_ended_grant_closes_tunnels_of_every_kind_at_the_target() {
    let mut echo = Echo::start().await;
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", echo.address)]).await;
    let desk = Desk::new(&running);
    let (forward, proxy) = (free_port().await, free_port().await);
    let to = format!("127.0.0.1:{forward}:ziel.test:{}", echo.address.port());
    let proxy_option = format!("127.0.0.1:{proxy}");
    let mut client = Client::start(desk.ssh("anna", &["-N", "-L", &to, "-D", &proxy_option]));
    client.says("Entering interactive session").await;
    let mut forwarded = TcpStream::connect((Ipv4Addr::LOCALHOST, forward)).await.unwrap();
    greet(&mut forwarded).await;
    let mut proxied = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy)).await.unwrap();
    assert_eq!(socks(&mut proxied, "ziel.test", echo.address.port()).await, 0);
    greet(&mut proxied).await;

    assert_eq!(running.house.end_grants(EndReason::NotAllowed), 2);
    echo.ended(2, AT_ONCE).await;
    running.house.wait_for_note(TunnelNote::Ended(EndReason::NotAllowed)).await;
    // The person's programs see the end too, and the connection itself stays.
    assert_eq!(timeout(AT_ONCE, forwarded.read(&mut [0; 1])).await.unwrap().unwrap_or(0), 0);
    assert_eq!(timeout(AT_ONCE, proxied.read(&mut [0; 1])).await.unwrap().unwrap_or(0), 0);
    let mut again = TcpStream::connect((Ipv4Addr::LOCALHOST, forward)).await.unwrap();
    greet(&mut again).await;
}

#[tokio::test]
async fn an_ended_session_closes_the_whole_connection() {
    let mut echo = Echo::start().await;
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", echo.address)]).await;
    let desk = Desk::new(&running);
    let forward = free_port().await;
    let to = format!("127.0.0.1:{forward}:ziel.test:{}", echo.address.port());
    let mut client = Client::start(desk.ssh("anna", &["-N", "-L", &to]));
    client.says("Entering interactive session").await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, forward)).await.unwrap();
    greet(&mut stream).await;
    for ended in running.house.sessions.lock().unwrap().values() {
        ended.cancel();
    }
    echo.ended(1, AT_ONCE).await;
    let (code, _, messages) = timeout(AT_ONCE, client.finish()).await.expect("the client stays");
    assert_eq!(code, 255);
    assert!(messages.contains("Ihre Sitzung wurde beendet."), "{messages}");
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(AT_ONCE, signed_out.wait_for(|count| *count == 1)).await.expect("session not ended").unwrap();
}

#[tokio::test]
async fn a_client_that_takes_nothing_cannot_keep_a_revoked_tunnel_open() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = listener.local_addr().unwrap();
    let stuck = Arc::new(AtomicBool::new(false));
    let seen_stuck = Arc::clone(&stuck);
    // A target that sends for ever, and returns when its connection has ended.
    let flood = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let block = vec![7; 65_536];
        loop {
            match timeout(Duration::from_secs(1), socket.write_all(&block)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => seen_stuck.store(true, Ordering::SeqCst),
            }
        }
    });
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", target)]).await;
    let desk = Desk::new(&running);
    let to = format!("ziel.test:{}", target.port());
    let mut client = Client::start(desk.ssh("anna", &["-W", &to]));
    let mut stdout = client.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 1]).await.unwrap();
    let pid = client.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-STOP", &pid]).status().await.unwrap().success());
    let filled = async {
        while !stuck.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, filled).await.expect("the buffers never filled");

    assert_eq!(running.house.end_grants(EndReason::DeviceRevoked), 1);
    timeout(AT_ONCE, flood).await.expect("the target still has its connection").unwrap();
    for ended in running.house.sessions.lock().unwrap().values() {
        ended.cancel();
    }
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(AT_ONCE, signed_out.wait_for(|count| *count == 1)).await.expect("the session hangs").unwrap();
    assert!(Command::new("kill").args(["-CONT", &pid]).status().await.unwrap().success());
}

#[tokio::test]
async fn stopping_says_goodbye_and_ends_everything() {
    let mut echo = Echo::start().await;
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", echo.address)]).await;
    let desk = Desk::new(&running);
    let forward = free_port().await;
    let to = format!("127.0.0.1:{forward}:ziel.test:{}", echo.address.port());
    let mut client = Client::start(desk.ssh("anna", &["-N", "-L", &to]));
    client.says("Entering interactive session").await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, forward)).await.unwrap();
    greet(&mut stream).await;
    // Somebody who has not signed in yet must not hold the stop up either.
    let _silent = TcpStream::connect(running.address).await.unwrap();
    running.stop.cancel();
    timeout(Duration::from_secs(5), running.serving).await.expect("the gateway does not stop").unwrap();
    echo.ended(1, AT_ONCE).await;
    let (_, _, messages) = client.finish().await;
    assert!(messages.contains("Der Dienst wird neu gestartet."), "{messages}");
    assert!(running.house.grants.is_empty());
}
