//! A second connection of a stick's session, and tunnels that move to it.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr},
    sync::atomic::Ordering,
    time::Duration,
};

use fernamt_access::ssh::{Limits, TunnelNote};
use fernamt_api::stick::FromStick;
use fernamt_domain::{EndReason, SystemClock, SystemRng, TargetId};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::time::timeout;

use super::{
    house::{CODE, House, Running, Target},
    peers::{Echo, Listener, PATIENCE, door_elsewhere},
    road::Road,
    stick::Stick,
};

/// What the issue allows for the end of a session.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn office() -> (Running, Road, Echo) {
    office_with(Limits::default()).await
}

/// Sticks ask for companions as often as they like here.
async fn office_with(limits: Limits) -> (Running, Road, Echo) {
    let limits = Limits { companion_every: Duration::ZERO, ..limits };
    let echo = Echo::start().await;
    let running = Running::start_with(House::new(vec![Target::new("Ziel", "ziel.test", echo.address)]), limits).await;
    let road = Road::to(running.address).await;
    (running, road, echo)
}

/// A stick at work, and where it may go.
async fn at_work(running: &Running, road: &Road, login: &str, seed: u8) -> (Stick, TargetId, u16) {
    let mut stick = Stick::sign_in(&running.house, road, login, seed).await;
    let generation = running.house.generation.load(Ordering::SeqCst) as u64;
    let (welcome, _) = stick.welcome(generation).await;
    assert!(welcome.companions);
    let target = &running.house.targets[0];
    (stick, target.id, target.address.port())
}

async fn next(from: &mut ChannelReadHalf) -> ChannelMsg {
    timeout(PATIENCE, from.wait()).await.expect("nothing comes").unwrap_or(ChannelMsg::Close)
}

/// Reads data until so much has come, or the channel ends.
async fn read(from: &mut ChannelReadHalf, bytes: usize, into: &mut Vec<u8>) -> bool {
    let until = into.len() + bytes;
    while into.len() < until {
        match next(from).await {
            ChannelMsg::Data { data } => into.extend_from_slice(&data),
            ChannelMsg::Eof | ChannelMsg::Close => return false,
            _ => {}
        }
    }
    true
}

async fn says(to: &ChannelWriteHalf<Msg>, from: &mut ChannelReadHalf, word: &[u8]) {
    to.data_bytes(word.to_vec()).await.unwrap();
    let mut heard = Vec::new();
    assert!(read(from, word.len(), &mut heard).await, "it ended");
    assert_eq!(heard, word);
}

/// Moves a tunnel that is idle, and tells where it is now.
async fn moved(companion: &Stick, target: TargetId, port: u16, first: Channel<Msg>) -> Channel<Msg> {
    let second = companion.takes_over(target, port, 1).await.unwrap();
    let (mut from, to) = first.split();
    to.eof().await.unwrap();
    assert!(matches!(next(&mut from).await, ChannelMsg::Eof), "the gateway stays");
    second
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_moves_under_load_over_cut_lines_and_nothing_is_lost_or_repeated() {
    const BYTES: usize = 6_000_000;
    const CUT_EVERY: usize = 400_000;
    let (running, road, _echo) = office().await;
    let other_road = Road::to(running.address).await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&other_road, "stick", 1).await;
    let (mut from, to) = stick.open(target, port, 1).await.unwrap().split();

    let sent: Vec<u8> = (0..BYTES).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let copy = sent.clone();
    let (tell, told) = tokio::sync::oneshot::channel();
    let writing = tokio::spawn(async move {
        let (before, after) = copy.split_at(BYTES / 3);
        for part in before.chunks(50_000) {
            to.data_bytes(part.to_vec()).await.unwrap();
        }
        let (from, second) = companion.takes_over(target, port, 1).await.unwrap().split();
        assert!(tell.send(from).is_ok());
        to.eof().await.unwrap();
        for part in after.chunks(50_000) {
            second.data_bytes(part.to_vec()).await.unwrap();
        }
        second.eof().await.unwrap();
        (companion, second, to)
    });
    let mut seen = Vec::new();
    let mut cuts = [&road, &other_road].into_iter().cycle();
    while read(&mut from, CUT_EVERY, &mut seen).await {
        cuts.next().unwrap().cut();
    }
    assert!(seen.len() < BYTES && sent.starts_with(&seen), "{}", seen.len());
    let mut from = told.await.unwrap();
    while read(&mut from, CUT_EVERY, &mut seen).await {
        cuts.next().unwrap().cut();
    }
    assert!(seen == sent, "{} of {BYTES} came back as they went", seen.len());
    running.house.wait_for_note(TunnelNote::Finished).await;
    drop(writing.await.unwrap());
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 1, "a companion is no visit of its own");
    assert_eq!(*running.house.signed_out.borrow(), 0);
    assert_eq!(running.house.notes.borrow().len(), 2, "one tunnel began and finished");
}

#[tokio::test]
async fn a_secret_is_good_once_and_for_who_asked() {
    let (running, road, _echo) = office().await;
    let (mut stick, ..) = at_work(&running, &road, "stick", 1).await;
    let (_other, ..) = at_work(&running, &road, "stick2", 2).await;
    let used = stick.invites().await;
    assert!(Stick::arrive(&road).await.proves("stick", 1, &used).await);
    assert!(!Stick::arrive(&road).await.proves("stick", 1, &used).await, "good twice");
    for (login, seed) in [("stick", 2), ("stick2", 2), ("stick2", 1)] {
        let secret = stick.invites().await;
        assert!(!Stick::arrive(&road).await.proves(login, seed, &secret).await, "good for {login}");
    }
    let late = stick.invites().await;
    drop(stick);
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(PATIENCE, signed_out.wait_for(|count| *count == 1)).await.unwrap().unwrap();
    assert!(!Stick::arrive(&road).await.proves("stick", 1, &late).await, "the session is over");
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 2, "the gatekeeper was asked for a companion");
}

#[tokio::test]
async fn a_companion_opens_nothing_and_moves_what_is_its_own() {
    let (running, road, mut echo) = office().await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let (other, ..) = at_work(&running, &road, "stick2", 2).await;
    let companion = stick.companion(&road, "stick", 1).await;
    assert!(companion.open(target, port, 7).await.is_err());
    assert!(!companion.asks_for_a_shell().await);
    assert_eq!(echo.seen.borrow_and_update().0, 0, "the target was touched");

    let (mut from_other, to_other) = other.open(target, port, 5).await.unwrap().split();
    let first = stick.open(target, port, 1).await.unwrap();
    let stranger = TargetId::new(&SystemClock, &SystemRng);
    for (target, number) in [(target, 5), (target, 2), (target, 0), (stranger, 1)] {
        assert!(companion.takes_over(target, port, number).await.is_err(), "{number}");
    }
    says(&to_other, &mut from_other, b"undisturbed").await;
    let (mut from, to) = moved(&companion, target, port, first).await.split();
    says(&to, &mut from, b"on the companion").await;
    assert!(companion.takes_over(target, port, 1).await.is_err(), "it has moved");
    // Where both sides end, all of it ends.
    to.eof().await.unwrap();
    assert!(matches!(next(&mut from).await, ChannelMsg::Eof));
    running.house.wait_for_note(TunnelNote::Finished).await;
}

#[tokio::test]
async fn a_tunnel_that_has_ended_on_one_side_stays() {
    let (running, road, _echo) = office().await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&road, "stick", 1).await;
    let (mut from, to) = stick.open(target, port, 1).await.unwrap().split();
    says(&to, &mut from, b"all of it").await;
    to.eof().await.unwrap();
    assert!(matches!(next(&mut from).await, ChannelMsg::Eof));
    assert!(companion.takes_over(target, port, 1).await.is_err());
}

#[tokio::test]
async fn what_ends_a_permission_ends_what_has_moved() {
    let (running, road, mut echo) = office().await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&road, "stick", 1).await;
    let first = stick.open(target, port, 1).await.unwrap();
    let (mut from, to) = moved(&companion, target, port, first).await.split();
    says(&to, &mut from, b"x").await;
    assert_eq!(running.house.end_grants(EndReason::NotAllowed), 1);
    echo.ended(1, AT_ONCE).await;
    running.house.wait_for_note(TunnelNote::Ended(EndReason::NotAllowed)).await;
    assert!(matches!(next(&mut from).await, ChannelMsg::Eof | ChannelMsg::Close));

    let first = stick.open(target, port, 1).await.unwrap();
    let (mut from, to) = moved(&companion, target, port, first).await.split();
    says(&to, &mut from, b"x").await;
    for ended in running.house.sessions.lock().unwrap().values() {
        ended.cancel();
    }
    echo.ended(2, AT_ONCE).await;
    timeout(AT_ONCE, companion.stream.ended()).await.expect("the companion stays");
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(AT_ONCE, signed_out.wait_for(|count| *count == 1)).await.expect("still signed in").unwrap();
}

#[tokio::test]
async fn a_companion_ends_with_its_session_even_while_it_is_away() {
    let (running, road, _echo) = office().await;
    let other_road = Road::to(running.address).await;
    let (mut stick, ..) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&other_road, "stick", 1).await;
    other_road.open(false);
    other_road.cut();
    companion.until(|status| status.away_since.is_some()).await;
    stick.stream.abort();
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(AT_ONCE, signed_out.wait_for(|count| *count == 1)).await.expect("still signed in").unwrap();
    other_road.open(true);
    timeout(PATIENCE, companion.stream.ended()).await.expect("it came back to nobody");
    assert_eq!(*running.house.signed_out.borrow(), 1, "a companion signs nobody out");
}

#[tokio::test]
async fn the_end_of_a_companion_ends_what_has_moved_and_nothing_else() {
    let (running, road, mut echo) = office().await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&road, "stick", 1).await;
    let first = stick.open(target, port, 1).await.unwrap();
    let (mut from_stays, to_stays) = stick.open(target, port, 2).await.unwrap().split();
    let (mut from, to) = moved(&companion, target, port, first).await.split();
    says(&to, &mut from, b"x").await;
    companion.stream.abort();
    echo.ended(1, AT_ONCE).await;
    says(&to_stays, &mut from_stays, b"still here").await;
    assert_eq!(*running.house.signed_out.borrow(), 0);
    // Another takes its place, until the next comes.
    let second = stick.companion(&road, "stick", 1).await;
    let _third = stick.companion(&road, "stick", 1).await;
    timeout(AT_ONCE, second.stream.ended()).await.expect("two companions");
}

#[tokio::test]
async fn a_target_that_does_not_get_all_hears_of_it() {
    const RESET: Result<usize, ErrorKind> = Err(ErrorKind::ConnectionReset);
    let mut target = Listener::start().await;
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", target.address)]).await;
    let road = Road::to(running.address).await;
    let (mut stick, id, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&road, "stick", 1).await;

    let (mut from, to) = stick.open(id, port, 2).await.unwrap().split();
    says(&to, &mut from, b"x").await;
    to.eof().await.unwrap();
    to.close().await.unwrap();
    assert_eq!(target.end().await, Ok(1), "all of it");
    let (mut from, to) = stick.open(id, port, 3).await.unwrap().split();
    says(&to, &mut from, b"x").await;
    to.close().await.unwrap();
    assert_eq!(target.end().await, RESET, "broken off");
    let first = stick.open(id, port, 1).await.unwrap();
    let (mut from, to) = moved(&companion, id, port, first).await.split();
    says(&to, &mut from, b"x").await;
    companion.stream.abort();
    assert_eq!(target.end().await, RESET, "the companion is lost");
    let (mut from, to) = stick.open(id, port, 4).await.unwrap().split();
    says(&to, &mut from, b"x").await;
    assert_eq!(running.house.end_grants(EndReason::NotAllowed), 1);
    assert_eq!(target.end().await, RESET, "forbidden");
    let (mut from, to) = stick.open(id, port, 5).await.unwrap().split();
    says(&to, &mut from, b"x").await;
    stick.stream.abort();
    assert_eq!(target.end().await, RESET, "the session is lost");
}

#[tokio::test]
async fn a_companion_that_stays_elsewhere_is_sent_away_and_its_place_counts_for_nothing() {
    let limits = Limits { parted_grace: Duration::from_millis(50), ..Limits::default() };
    let (running, road, _echo) = office_with(limits).await;
    let other_road = Road::to(running.address).await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&other_road, "stick", 1).await;
    let (mut from, to) = stick.open(target, port, 2).await.unwrap().split();
    let elsewhere = Ipv4Addr::new(192, 0, 2, 7);
    other_road.websocket.send_replace(Some(door_elsewhere(&running, elsewhere).await));
    other_road.cut();
    let mut moves = running.house.moves.subscribe();
    let judged = moves.wait_for(|moves| moves.len() == 2);
    let judged = timeout(PATIENCE, judged).await.expect("not judged").unwrap().clone();
    let addresses: Vec<_> = judged.iter().map(|origin| origin.address).collect();
    assert_eq!(addresses, [IpAddr::from(elsewhere), Ipv4Addr::LOCALHOST.into()], "the session's place counts");
    timeout(PATIENCE, companion.stream.ended()).await.expect("it stays in two places");
    says(&to, &mut from, b"undisturbed").await;
    // Nor does one come in from elsewhere.
    let secret = stick.invites().await;
    assert!(!Stick::arrive(&other_road).await.proves("stick", 1, &secret).await, "in two places");
}

#[tokio::test]
async fn a_companion_may_move_with_its_session() {
    let limits = Limits { parted_grace: Duration::from_mins(10), ..Limits::default() };
    let (running, road, _echo) = office_with(limits).await;
    let other_road = Road::to(running.address).await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&other_road, "stick", 1).await;
    let first = stick.open(target, port, 1).await.unwrap();
    let url = door_elsewhere(&running, Ipv4Addr::new(192, 0, 2, 7)).await;
    let mut moves = running.house.moves.subscribe();
    for (road, judged) in [(&other_road, 2), (&road, 3)] {
        road.websocket.send_replace(Some(url.clone()));
        road.cut();
        timeout(PATIENCE, moves.wait_for(|moves| moves.len() == judged)).await.expect("not judged").unwrap();
        let together = judged == 3;
        assert!(together || companion.takes_over(target, port, 1).await.is_err(), "in two places");
    }
    let (mut from, to) = moved(&companion, target, port, first).await.split();
    says(&to, &mut from, b"together again").await;
}

#[tokio::test]
async fn companions_have_limits() {
    let limits = Limits { connections_per_person: 2, resumable_per_person: 2, ..Limits::default() };
    let (running, road, _echo) = office_with(limits).await;
    let (mut stick, ..) = at_work(&running, &road, "stick", 1).await;
    let _companion = stick.companion(&road, "stick", 1).await;
    let secret = stick.invites().await;
    assert!(!Stick::arrive(&road).await.proves("stick", 1, &secret).await, "a third connection");
    assert!(!Stick::arrive(&road).await.proves("stick", 1, CODE).await, "another sign-in");

    let limits = Limits { expected_companions: 0, ..Limits::default() };
    let (running, road, _echo) = office_with(limits).await;
    let (stick, target, port) = at_work(&running, &road, "stick", 1).await;
    stick.say(&FromStick::Companion).await;
    // Nothing is said to that, and all goes on.
    let (mut from, to) = stick.open(target, port, 1).await.unwrap().split();
    says(&to, &mut from, b"x").await;
}

#[tokio::test]
async fn a_companion_has_only_so_many_channels() {
    let limits = Limits { channels_per_connection: 3, ..Limits::default() };
    let (running, road, _echo) = office_with(limits).await;
    let (mut stick, target, port) = at_work(&running, &road, "stick", 1).await;
    let companion = stick.companion(&road, "stick", 1).await;
    let first = stick.open(target, port, 1).await.unwrap();
    let _moved = moved(&companion, target, port, first).await;
    let _further = companion.session.channel_open_session().await.unwrap();
    let _other = stick.open(target, port, 2).await.unwrap();
    assert!(companion.takes_over(target, port, 2).await.is_err(), "a fourth channel");
}
