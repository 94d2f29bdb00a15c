//! Lines that break, fall silent, and lead elsewhere.

use std::{net::SocketAddr, time::Duration};

use fernamt_api::stick::Transport;
use fernamt_domain::{Rng as _, SystemRng, rng::random_bytes};
use fernamt_stick::{
    engine::Problem,
    seam::{Family, SessionEvent},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    echo,
    house::{House, Road, Weather, back_by, event},
};

/// What a transfer over cut lines may take.
const TRANSFER_PATIENCE: Duration = Duration::from_mins(10);

/// Says something and hears it back.
async fn says(program: &mut TcpStream, word: &[u8]) {
    program.write_all(word).await.unwrap();
    let mut heard = vec![0; word.len()];
    timeout(super::PATIENCE, program.read_exact(&mut heard)).await.unwrap().unwrap();
    assert_eq!(heard, word);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_over_cut_lines_loses_nothing_and_repeats_nothing() {
    let Some(house) = House::start(echo().await.port()) else { return };
    let (bytes, cuts) = if fernamt_testkit::full() { (100_000_000, 50) } else { (10_000_000, 10) };
    let road = Road::to(house.ssh).await;
    let mut config = house.config.clone();
    (config.ssh, config.websocket) = (Some(road.address.to_string()), None);
    let arrival = house.arrive(&config).await;
    let address = arrival.session.open(&house.target(&arrival), &Family::default()).await.unwrap();
    let mut events = arrival.events;
    let (came_back, mut returns) = watch::channel(0);
    let watching = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            match event {
                SessionEvent::Back { .. } => came_back.send_modify(|returns| *returns += 1),
                SessionEvent::Ended(problem) => panic!("it ended: {problem:?}"),
                _ => {}
            }
        }
        *came_back.borrow()
    });

    let mut sent = vec![0; bytes];
    SystemRng.fill(&mut sent);
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let (copy, part) = (sent.clone(), bytes / cuts);
    let sending = tokio::spawn(async move {
        for (number, piece) in copy.chunks(part).enumerate() {
            // Somewhere in the piece, in whatever state both directions are.
            let at = usize::from(u16::from_be_bytes(random_bytes(&SystemRng))) * piece.len() / (1 << 16);
            to.write_all(&piece[..at]).await.unwrap();
            if number % 3 == 2 {
                road.set(Weather::Fog);
                tokio::time::sleep(Duration::from_millis(2_500)).await;
                road.set(Weather::Fine);
            }
            road.cut();
            to.write_all(&piece[at..]).await.unwrap();
            // Cuts of a line that is away already would not count.
            returns.wait_for(|returns| *returns > number).await.unwrap();
        }
        to.shutdown().await.unwrap();
    });
    let mut seen = Vec::new();
    timeout(TRANSFER_PATIENCE, from.read_to_end(&mut seen)).await.unwrap().unwrap();
    sending.await.unwrap();
    assert!(seen == sent, "{} bytes of {bytes} came back as they went", seen.len());
    arrival.session.leave().await;
    drop(arrival.session);
    assert!(watching.await.unwrap() >= cuts, "the line was cut less often");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_by_another_way_when_its_own_is_closed() {
    let Some(house) = House::start(echo().await.port()) else { return };
    let road = Road::to(house.ssh).await;
    let mut config = house.config.clone();
    config.ssh = Some(road.address.to_string());
    let mut arrival = house.arrive(&config).await;
    assert_eq!(arrival.transport, Transport::Ssh);
    let address = arrival.session.open(&house.target(&arrival), &Family::default()).await.unwrap();
    let mut program = TcpStream::connect(address).await.unwrap();
    says(&mut program, b"by the SSH port").await;

    // Everything is accepted and nothing answered: the worst that can stand on the way.
    road.set(Weather::Fog);
    let begun = Instant::now();
    event(&mut arrival.events, |event| matches!(event, SessionEvent::Away { .. })).await;
    back_by(&mut arrival.events, Transport::Websocket).await;
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    says(&mut program, b"by the WebSocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_returns_is_used_within_two_seconds() {
    let Some(house) = House::start(echo().await.port()) else { return };
    let road = Road::to(house.ssh).await;
    let mut config = house.config.clone();
    (config.ssh, config.websocket) = (Some(road.address.to_string()), None);
    let mut arrival = house.arrive(&config).await;
    let address = arrival.session.open(&house.target(&arrival), &Family::default()).await.unwrap();
    let mut program = TcpStream::connect(address).await.unwrap();
    says(&mut program, b"before").await;
    road.set(Weather::Closed);
    road.cut();
    event(&mut arrival.events, |event| matches!(event, SessionEvent::Away { .. })).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    program.write_all(b"during").await.unwrap();
    road.set(Weather::Fine);
    let begun = Instant::now();
    let mut heard = [0; 6];
    timeout(super::PATIENCE, program.read_exact(&mut heard)).await.unwrap().unwrap();
    assert_eq!(&heard, b"during");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    back_by(&mut arrival.events, Transport::Ssh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_is_taken_back_in_an_outage_hears_so_when_it_returns() {
    let Some(house) = House::start(echo().await.port()) else { return };
    let road = Road::to(house.ssh).await;
    let mut config = house.config.clone();
    (config.ssh, config.websocket) = (Some(road.address.to_string()), None);
    let mut arrival = house.arrive(&config).await;
    road.set(Weather::Closed);
    road.cut();
    event(&mut arrival.events, |event| matches!(event, SessionEvent::Away { .. })).await;
    house.click("suspend");
    road.set(Weather::Fine);
    let begun = Instant::now();
    let ended = event(&mut arrival.events, |event| matches!(event, SessionEvent::Ended(_))).await;
    assert_eq!(ended, SessionEvent::Ended(Problem::SessionEnded));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Somebody who accepts every connection and says nothing.
async fn black_hole() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_everything_and_says_nothing_does_not_win() {
    let Some(house) = House::start(echo().await.port()) else { return };
    house.activate(&house.activation_code).await.unwrap();
    let mut config = house.config.clone();
    config.ssh = Some(black_hole().await.to_string());
    let begun = Instant::now();
    let network = super::network(fernamt_stick::dial::Surroundings::none());
    let arrival = house.sign_in(&network, &config).await.unwrap();
    assert_eq!(arrival.transport, Transport::Websocket);
    assert!(begun.elapsed() < Duration::from_secs(10));
    config.websocket = None;
    assert_eq!(house.sign_in_with(&network, &config, "000000").await.unwrap_err(), Problem::Unreachable);
}
