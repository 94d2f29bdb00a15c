//! The stick's session against a whole server: in by every way, out at every end, and over lines that break.

mod house;
mod lines;
mod loopback;
mod proxies;

use std::{net::SocketAddr, time::Duration};

use fernamt_api::stick::Transport;
use fernamt_stick::{
    dial::Surroundings,
    engine::{LineTest, Problem},
    seam::{Family, SessionEvent},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use self::house::{House, PATIENCE, event, network};

/// A target that sends back what it gets, and ends when the other side does.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = socket.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_gets_its_key_signs_in_and_carries_both_ways() {
    let Some(house) = House::start(echo().await.port()) else { return };
    assert_eq!(house.activate("0000-0000-0000-0000").await, Err(Problem::WrongActivationCode));
    house.activate(&house.activation_code).await.unwrap();
    assert_eq!(house.activate(&house.activation_code).await, Err(Problem::WrongActivationCode), "once");

    let network = network(Surroundings::none());
    let refused = house.sign_in_with(&network, &house.config, "000000").await.unwrap_err();
    assert_eq!(refused, Problem::SignInRefused);
    let mut arrival = house.sign_in(&network, &house.config).await.unwrap();
    assert_eq!((arrival.welcome.generation, arrival.transport), (1, Transport::Ssh));
    assert!(arrival.welcome.ticket.is_some());

    let target = house.target(&arrival);
    let address = arrival.session.open(&target, &Family::default()).await.unwrap();
    assert!(address.ip().is_loopback());
    assert_eq!(arrival.session.open(&target, &Family::default()).await, Ok(address), "it is open already");
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 31 / 7).to_le_bytes()[0]).collect();
    let copy = sent.clone();
    let writing = tokio::spawn(async move {
        to.write_all(&copy).await.unwrap();
        to.shutdown().await.unwrap();
    });
    let mut seen = Vec::new();
    timeout(PATIENCE, from.read_to_end(&mut seen)).await.unwrap().unwrap();
    writing.await.unwrap();
    assert!(seen == sent, "{} bytes of {} came back", seen.len(), sent.len());

    let tested = timeout(PATIENCE, arrival.session.test_line()).await.unwrap().unwrap();
    let LineTest::Done { round_trip, down_kbit, up_kbit, .. } = tested else { panic!("no result") };
    assert!(round_trip < Duration::from_secs(1) && down_kbit > 1000 && up_kbit > 1000, "{tested:?}");

    // What is closed ends at once, and what the administration ends is told.
    let mut open = TcpStream::connect(address).await.unwrap();
    open.write_all(b"x").await.unwrap();
    open.read_u8().await.unwrap();
    let begun = Instant::now();
    arrival.session.close(target.id).await;
    assert!(!matches!(open.read(&mut [0]).await, Ok(1..)));
    assert!(TcpStream::connect(address).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(2));
    let begun = Instant::now();
    house.click("lost");
    let ended = event(&mut arrival.events, |event| matches!(event, SessionEvent::Ended(_))).await;
    assert_eq!(ended, SessionEvent::Ended(Problem::SessionEnded));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_gateway_with_another_key() {
    let Some(house) = House::start(1) else { return };
    let mut config = house.config.clone();
    config.host_keys =
        vec!["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ".to_owned()];
    let network = network(Surroundings::none());
    let refused = house.sign_in_with(&network, &config, "123456").await.unwrap_err();
    assert_eq!(refused, Problem::WrongHostKey);
    // The activation code is as good as before.
    house.activate(&house.activation_code).await.unwrap();
}
