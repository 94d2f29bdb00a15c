//! How much a stranger or a colleague may take of the gateway.

use std::{net::Ipv4Addr, sync::atomic::Ordering, time::Duration};

use fernamt_access::ssh::Limits;
use russh::client::{self, KeyboardInteractiveAuthResponse};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    house::{CODE, House, Running, Target},
    peers::{Client, Desk, Echo, PATIENCE, free_port, greet, socks, write_script},
};

async fn house() -> (House, Echo) {
    let echo = Echo::start().await;
    (House::new(vec![Target::new("Ziel", "ziel.test", echo.address)]), echo)
}

#[tokio::test]
async fn who_does_not_sign_in_within_the_grace_time_is_sent_away() {
    let (house, _) = house().await;
    let grace = Duration::from_secs(2);
    let running = Running::start_with(house, Limits { login_grace: grace, ..Limits::default() }).await;

    let started = Instant::now();
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut said = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut said)).await.expect("still open").unwrap();
    assert!(started.elapsed() >= grace);
    assert_eq!(said, b"SSH-2.0-Fernamt\r\n");

    let desk = Desk::new(&running);
    // A person who went for a coffee at the prompt.
    write_script(&desk.path("askpass"), "#!/bin/sh\nexec tail -f /dev/null\n");
    let started = Instant::now();
    let mut command = desk.ssh("anna", &["-N"]);
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stderr.take().unwrap();
    let read = async {
        // The socket closes although the client itself still waits for its prompt program.
        let mut closed = running.house.signed_out.subscribe();
        let _ = timeout(Duration::from_millis(1), closed.changed()).await;
        let mut text = String::new();
        let _ = timeout(grace * 3, pipe.read_to_string(&mut text)).await;
        text
    };
    read.await;
    assert!(started.elapsed() >= grace);
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 0);
    child.kill().await.unwrap();
}

#[tokio::test]
async fn one_source_can_hold_only_so_many_places_at_the_door() {
    let (house, _) = house().await;
    let running = Running::start_with(
        house,
        Limits { unauthenticated_per_source: 2, arrivals_burst: 100_000, ..Limits::default() },
    )
    .await;
    let banner = async || {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        let mut first = [0; 1];
        let count = timeout(PATIENCE, socket.read(&mut first)).await.unwrap().unwrap_or(0);
        (socket, count)
    };
    let (first, count) = banner().await;
    assert_eq!(count, 1);
    let (_second, count) = banner().await;
    assert_eq!(count, 1);
    let (_third, count) = banner().await;
    assert_eq!(count, 0, "the third connection was served");
    drop(first);
    let freed = async {
        while banner().await.1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the place was not freed");
}

#[tokio::test]
async fn who_has_signed_in_leaves_the_door() {
    let (house, echo) = house().await;
    let limits = Limits { unauthenticated: 1, connections_per_person: 1, ..Limits::default() };
    let running = Running::start_with(house, limits).await;
    let desk = Desk::new(&running);
    let mut first = Client::start(desk.ssh("anna", &["-N"]));
    first.says("Entering interactive session").await;
    let to = format!("ziel.test:{}", echo.address.port());
    let (code, _, messages) = Client::start(desk.ssh("bert", &["-W", &to])).finish().await;
    assert_eq!(code, 0, "another person has a place of their own: {messages}");
    let (code, _, messages) = Client::start(desk.ssh("anna", &["-W", &to])).finish().await;
    assert_eq!(code, 255);
    assert!(messages.contains("Sie haben schon so viele Verbindungen offen"), "{messages}");
}

#[tokio::test]
async fn a_connection_has_only_so_many_channels() {
    let (house, echo) = house().await;
    let running = Running::start_with(house, Limits { channels_per_connection: 2, ..Limits::default() }).await;
    let desk = Desk::new(&running);
    let local = free_port().await;
    let mut client = Client::start(desk.ssh("anna", &["-N", "-D", &format!("127.0.0.1:{local}")]));
    client.says("Entering interactive session").await;
    let mut open = Vec::new();
    for expected in [0, 0, 1] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
        let reply = socks(&mut stream, "ziel.test", echo.address.port()).await;
        assert_eq!(reply.min(1), expected);
        if reply == 0 {
            greet(&mut stream).await;
        }
        open.push(stream);
    }
    drop(open);
    let freed = async {
        loop {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
            if socks(&mut stream, "ziel.test", echo.address.port()).await == 0 {
                return;
            }
        }
    };
    timeout(PATIENCE, freed).await.expect("closed channels still count");
}

#[tokio::test]
async fn wrong_answers_are_counted_and_the_connection_ends() {
    let (house, _) = house().await;
    let running = Running::start_with(house, Limits { sign_in_attempts: 3, ..Limits::default() }).await;
    let desk = Desk::new(&running);
    desk.answers("falsch", CODE);
    // The first of two equal options holds for ssh, so this one must stand before the desk's own.
    let mut command = tokio::process::Command::new("ssh");
    command.args(["-F", "none", "-v", "-o", "NumberOfPasswordPrompts=9", "-o", "PubkeyAuthentication=no", "-o"]);
    command.arg(format!("UserKnownHostsFile={}", desk.path("known_hosts").display()));
    command.args(["-p", &running.port(), "-N", "anna@127.0.0.1"]);
    desk.with_askpass(&mut command);
    let (code, _, messages) = Client::start(command).finish().await;
    assert_eq!(code, 255);
    assert!(messages.contains("Too many authentication"), "{messages}");
    let attempts = running.house.sign_ins.load(Ordering::SeqCst);
    assert_eq!(attempts, 2, "asking for the methods counts as one of three");
}

struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

#[tokio::test]
async fn a_key_proved_for_one_name_counts_for_no_other() {
    let (house, _) = house().await;
    let running = Running::start_with(house, Limits::default()).await;
    let desk = Desk::new(&running);
    let key = desk.make_key().await;
    running.house.keys.lock().unwrap().push(key);
    let key = russh::keys::load_secret_key(desk.path("id"), None).unwrap();
    let key = || russh::keys::PrivateKeyWithHashAlg::new(std::sync::Arc::new(key.clone()), None);
    let mut session = client::connect(client::Config::default().into(), running.address, Trusting).await.unwrap();
    let prompts = |response| match response {
        KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts.len(),
        other => panic!("{other:?}"),
    };
    let proved = session.authenticate_publickey("anna", key()).await.unwrap();
    assert!(matches!(proved, client::AuthResult::Failure { partial_success: true, .. }), "{proved:?}");
    let asked = session.authenticate_keyboard_interactive_start("bert", None).await.unwrap();
    assert_eq!(prompts(asked), 2, "bert has proved nothing");
    let answer = session.authenticate_keyboard_interactive_respond(vec![CODE.into()]).await.unwrap();
    assert!(matches!(answer, KeyboardInteractiveAuthResponse::Failure { .. }), "{answer:?}");
    let asked = session.authenticate_keyboard_interactive_start("anna", None).await.unwrap();
    assert_eq!(prompts(asked), 2, "and anna must begin anew");
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 0);
}
