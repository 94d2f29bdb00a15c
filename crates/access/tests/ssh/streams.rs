//! Sessions of sticks that outlive their lines.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::Ordering,
    time::Duration,
};

use fernamt_access::ssh::{Limits, Origin, TunnelNote};
use fernamt_domain::{EndReason, SystemRng, Zone};
use fernamt_resume::{Attach, End, Frame, Refusal, Ticket};
use russh::client;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{
    house::{CODE, House, PASSWORD, Running, STICK_PATIENCE, Target},
    peers::{Echo, PATIENCE, door_elsewhere},
    road::{Road, through_websocket},
    stick::{Stick, Trusting},
};

/// What the issue allows for the end of a session.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn office() -> (Running, Road, Echo) {
    office_with(Limits::default(), STICK_PATIENCE).await
}

async fn office_with(limits: Limits, patience: Duration) -> (Running, Road, Echo) {
    let echo = Echo::start().await;
    let house = House::new(vec![Target::new("Ziel", "ziel.test", echo.address)]);
    let running = Running::start_patient(house, limits, patience).await;
    let road = Road::to(running.address).await;
    (running, road, echo)
}

/// An armed stick with a tunnel to the echo.
async fn at_work(
    running: &Running,
    road: &Road,
    login: &str,
    seed: u8,
) -> (Stick, Ticket, russh::ChannelStream<client::Msg>) {
    let mut stick = Stick::sign_in(&running.house, road, login, seed).await;
    let generation = running.house.generation.load(Ordering::SeqCst) as u64;
    let (_, ticket) = stick.welcome(generation).await;
    let target = &running.house.targets[0];
    let tunnel = stick.tunnel(target.id, target.address.port()).await.unwrap();
    (stick, ticket.unwrap(), tunnel)
}

async fn greet(tunnel: &mut russh::ChannelStream<client::Msg>) {
    tunnel.write_all(b"hallo").await.unwrap();
    let mut back = [0; 5];
    timeout(PATIENCE, tunnel.read_exact(&mut back)).await.expect("no echo").unwrap();
    assert_eq!(&back, b"hallo");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_survives_many_cuts() {
    const CUTS: u32 = 32;
    const PART: u32 = 150_000;
    let (running, road, _echo) = office().await;
    let (stick, _, tunnel) = at_work(&running, &road, "stick", 1).await;
    let (mut from, mut to) = tokio::io::split(tunnel);
    let sent: Vec<u8> =
        (0..PART * (CUTS + 1)).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let expected = sent.clone();
    let writing = tokio::spawn(async move {
        to.write_all(&sent).await.unwrap();
        to
    });
    let mut part = vec![0; PART.try_into().unwrap()];
    for (cut, expected) in (1..).zip(expected.chunks(part.len())) {
        timeout(PATIENCE, from.read_exact(&mut part)).await.expect("stuck").unwrap();
        assert!(part == expected, "the bytes differ after {cut} cuts");
        if cut <= CUTS {
            stick.until(|status| status.away_since.is_none()).await;
            road.cut();
            stick.until(|status| status.outages == cut).await;
        }
    }
    writing.await.unwrap();
    // After the last cut what was missing may have been there already.
    assert!(road.lines() >= CUTS as usize);
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 1);
    assert_eq!(*running.house.signed_out.borrow(), 0);
    assert!(running.house.moves.borrow().is_empty(), "it always came from the same place");
}

/// What a line that begins like this hears.
async fn answer(gateway: SocketAddr, attach: Attach) -> Vec<u8> {
    let mut line = TcpStream::connect(gateway).await.unwrap();
    line.write_all(&Frame::Attach(attach).to_bytes()).await.unwrap();
    let mut heard = vec![0; 4];
    timeout(PATIENCE, line.read_exact(&mut heard)).await.expect("no answer").unwrap();
    heard
}

#[tokio::test]
async fn proofs_that_are_forged_old_or_unknown_get_one_answer_and_disturb_nothing() {
    let (running, road, _echo) = office().await;
    let (stick, ticket, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    road.cut();
    stick.until(|status| status.last_outage.is_some() && status.away_since.is_none()).await;
    let lines = road.lines();
    let stranger = Ticket::new(&SystemRng, STICK_PATIENCE);
    let refused = Frame::Refused(Refusal::Gone).to_bytes();
    for attach in [
        Attach { id: ticket.id(), ..stranger.attach(1_000, 0) },
        ticket.attach(1, 0),
        stranger.attach(1, 0),
        Attach { epoch: 2_000, ..ticket.attach(1_000, 0) },
    ] {
        assert_eq!(answer(running.address, attach).await, refused);
    }
    greet(&mut tunnel).await;
    assert_eq!(road.lines(), lines, "the stick had to dial anew");
}

#[tokio::test]
async fn a_session_that_is_ended_while_its_stick_is_away_is_over_at_once() {
    let (running, road, mut echo) = office().await;
    let (stick, _, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    greet(&mut tunnel).await;
    road.open(false);
    road.cut();
    stick.until(|status| status.away_since.is_some()).await;
    for ended in running.house.sessions.lock().unwrap().values() {
        ended.cancel();
    }
    echo.ended(1, AT_ONCE).await;
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(AT_ONCE, signed_out.wait_for(|count| *count == 1)).await.expect("still signed in").unwrap();
    road.open(true);
    assert_eq!(timeout(PATIENCE, stick.stream.ended()).await.unwrap(), End::Refused(Refusal::Gone));
}

#[tokio::test]
async fn a_grant_that_ends_while_the_stick_is_away_ends_its_tunnel_at_once() {
    let (running, road, mut echo) = office().await;
    let (stick, _, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    greet(&mut tunnel).await;
    road.open(false);
    road.cut();
    stick.until(|status| status.away_since.is_some()).await;
    assert_eq!(running.house.end_grants(EndReason::NotAllowed), 1);
    echo.ended(1, AT_ONCE).await;
    running.house.wait_for_note(TunnelNote::Ended(EndReason::NotAllowed)).await;
    road.open(true);
    // The session itself goes on, and the stick learns what became of its tunnel.
    assert_eq!(timeout(PATIENCE, tunnel.read(&mut [0; 1])).await.unwrap().unwrap_or(0), 0);
    let target = &running.house.targets[0];
    let mut again = stick.tunnel(target.id, target.address.port()).await.unwrap();
    greet(&mut again).await;
}

#[tokio::test]
async fn a_gateway_that_stops_ends_the_streams_and_the_next_knows_none() {
    let (running, road, mut echo) = office().await;
    let (stick, ticket, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    greet(&mut tunnel).await;
    road.open(false);
    road.cut();
    stick.until(|status| status.away_since.is_some()).await;
    running.stop.cancel();
    echo.ended(1, AT_ONCE).await;
    timeout(AT_ONCE, running.serving).await.expect("an absent stick held the gateway up").unwrap();
    let next = Running::start(Vec::new()).await;
    let refused = Frame::Refused(Refusal::Gone).to_bytes();
    assert_eq!(answer(next.address, ticket.attach(1_000, 0)).await, refused);
}

#[tokio::test]
async fn a_person_has_only_so_many_streams_that_wait() {
    let limits = Limits { resumable_per_person: 1, ..Limits::default() };
    let (running, road, _echo) = office_with(limits, STICK_PATIENCE).await;
    let (first, ..) = at_work(&running, &road, "stick", 1).await;
    let mut second = Stick::sign_in(&running.house, &road, "stick", 2).await;
    let (_, ticket) = second.welcome(1).await;
    assert_eq!(ticket, None, "a second stick waits too");
    // Another person has a count of their own.
    let (_other, ..) = at_work(&running, &road, "stick2", 3).await;
    // Whose place is free again may wait.
    drop(first);
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(PATIENCE, signed_out.wait_for(|count| *count == 1)).await.unwrap().unwrap();
    let mut third = Stick::sign_in(&running.house, &road, "stick", 4).await;
    let (_, ticket) = third.welcome(3).await;
    assert!(ticket.is_some());
}

#[tokio::test]
async fn a_stick_that_signs_in_anew_gives_up_what_it_left_behind() {
    let (running, road, mut echo) = office().await;
    let (first, _, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    greet(&mut tunnel).await;
    let elsewhere = Road::to(running.address).await;
    road.open(false);
    road.cut();
    first.until(|status| status.away_since.is_some()).await;
    let (_second, _, mut tunnel) = at_work(&running, &elsewhere, "stick", 1).await;
    echo.ended(1, AT_ONCE).await;
    greet(&mut tunnel).await;
    road.open(true);
    assert_eq!(timeout(PATIENCE, first.stream.ended()).await.unwrap(), End::Refused(Refusal::Gone));
}

#[tokio::test]
async fn where_nothing_is_to_wait_a_line_that_breaks_ends_the_session() {
    let (running, road, mut echo) = office_with(Limits::default(), Duration::ZERO).await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let (_, ticket) = stick.welcome(0).await;
    assert_eq!(ticket, None);
    let target = &running.house.targets[0];
    let mut tunnel = stick.tunnel(target.id, target.address.port()).await.unwrap();
    greet(&mut tunnel).await;
    road.cut();
    echo.ended(1, AT_ONCE).await;
    assert_eq!(timeout(PATIENCE, stick.stream.ended()).await.unwrap(), End::Lost);
}

#[tokio::test]
async fn a_stick_that_comes_back_from_elsewhere_is_judged_anew() {
    let (running, road, _echo) = office().await;
    let (_stick, _, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    greet(&mut tunnel).await;
    let url = door_elsewhere(&running, Ipv4Addr::new(192, 0, 2, 7)).await;
    let mut moves = running.house.moves.subscribe();
    road.websocket.send_replace(Some(url));
    road.cut();
    let there = Origin { address: Ipv4Addr::new(192, 0, 2, 7).into(), zone: Zone("office".into()) };
    timeout(PATIENCE, moves.wait_for(|moves| moves.as_slice() == [there.clone()])).await.expect("not judged").unwrap();
    greet(&mut tunnel).await;
    let target = &running.house.targets[0];
    assert!(running.house.grants.snapshot().iter().all(|grant| grant.target == target.id));
}

#[tokio::test]
async fn a_twin_that_comes_from_elsewhere_is_not_taken() {
    let (running, road, _echo) = office().await;
    let (stick, _, mut tunnel) = at_work(&running, &road, "stick", 1).await;
    let url = door_elsewhere(&running, Ipv4Addr::new(192, 0, 2, 7)).await;
    assert!(stick.stream.add_twin(through_websocket(&url).await));
    stick.until(|status| !status.has_twin).await;
    greet(&mut tunnel).await;
    assert!(running.house.moves.borrow().is_empty(), "a twin is no place");
    let here = TcpStream::connect(running.address).await.unwrap();
    assert!(stick.stream.add_twin(Box::new(here)));
    greet(&mut tunnel).await;
}

#[tokio::test]
async fn a_client_that_waits_for_the_banner_gets_it() {
    let (running, ..) = office().await;
    let socket = TcpStream::connect(running.address).await.unwrap();
    timeout(PATIENCE, socket.readable()).await.expect("no banner").unwrap();
    let mut session = client::connect_stream(client::Config::default().into(), socket, Trusting).await.unwrap();
    session.authenticate_keyboard_interactive_start("anna", None).await.unwrap();
    let answers = vec![PASSWORD.to_owned(), CODE.to_owned()];
    let answer = session.authenticate_keyboard_interactive_respond(answers).await.unwrap();
    assert!(matches!(answer, client::KeyboardInteractiveAuthResponse::Success), "{answer:?}");
}

#[tokio::test]
async fn a_line_that_stops_in_the_middle_of_its_greeting_is_not_held_for_ever() {
    let limits = Limits { login_grace: Duration::from_secs(1), ..Limits::default() };
    let (running, ..) = office_with(limits, STICK_PATIENCE).await;
    let mut line = TcpStream::connect(running.address).await.unwrap();
    line.write_all(&[2, 0]).await.unwrap();
    let ended = timeout(PATIENCE, line.read(&mut [0; 1])).await.expect("still open");
    assert_eq!(ended.unwrap_or(0), 0);
}
