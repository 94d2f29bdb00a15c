//! What the gateway and a stick say to each other beside the tunnels.

use std::{sync::atomic::Ordering, time::Duration};

use fernamt_access::ssh::Limits;
use fernamt_api::stick::{FromGateway, FromStick, LineQuality, StickRefusal, Transport, VERSION, activation_login};
use fernamt_domain::{DeviceId, SystemClock, SystemRng};
use russh::Disconnect;
use tokio::time::timeout;

use super::{
    house::{ACTIVATION_CODE, CODE, House, Running, Target},
    peers::{Echo, PATIENCE},
    road::Road,
    stick::{Stick, key},
};

async fn office() -> (Running, Road, Echo) {
    office_of(|_| {}).await
}

async fn office_of(change: impl FnOnce(&mut House)) -> (Running, Road, Echo) {
    let echo = Echo::start().await;
    let mut house = House::new(vec![Target::new("Ziel", "ziel.test", echo.address)]);
    change(&mut house);
    let running = Running::start_with(house, Limits::default()).await;
    let road = Road::to(running.address).await;
    (running, road, echo)
}

#[tokio::test]
async fn a_stick_opens_nothing_before_it_is_welcome() {
    let (running, road, mut echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let target = &running.house.targets[0];
    assert!(stick.tunnel(target.id, target.address.port()).await.is_err());
    assert_eq!(echo.seen.borrow_and_update().0, 0, "the target was touched");
    let (welcome, _) = stick.welcome(0).await;
    assert_eq!((welcome.generation, welcome.person.as_str(), welcome.targets.len()), (1, "Anna Amt", 1));
    stick.tunnel(target.id, target.address.port()).await.unwrap();
    assert!(stick.tunnel(target.id, 1).await.is_err(), "another port is another target");
}

#[tokio::test]
async fn a_copied_stick_hears_why_it_is_sent_away() {
    let (running, road, _echo) = office_of(|house| house.suspend_copies = true).await;
    running.house.generation.store(5, Ordering::SeqCst);
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    stick.say(&Stick::greeting(3)).await;
    let refused = stick.hear().await;
    assert_eq!(refused, Some(FromGateway::Refused { reason: StickRefusal::Copied }));
    timeout(PATIENCE, stick.stream.ended()).await.expect("the stick stays");
    let mut signed_out = running.house.signed_out.subscribe();
    timeout(PATIENCE, signed_out.wait_for(|count| *count == 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn other_versions_are_refused() {
    let (running, road, _echo) = office().await;
    for (seed, version, reason) in
        [(1, VERSION - 1, StickRefusal::Outdated), (2, VERSION + 1, StickRefusal::Unavailable)]
    {
        let mut stick = Stick::sign_in(&running.house, &road, "stick", seed).await;
        stick.say(&fernamt_api::stick::Hello { version, ..Stick::greeting(0) }).await;
        assert_eq!(stick.hear().await, Some(FromGateway::Refused { reason }));
        timeout(PATIENCE, stick.stream.ended()).await.expect("the stick stays");
    }
    assert_eq!(running.house.generation.load(Ordering::SeqCst), 0, "nobody was given a generation");
}

#[tokio::test]
async fn what_no_stick_says_ends_the_connection() {
    let (running, road, _echo) = office().await;
    let line_without_end = vec![b'x'; fernamt_api::stick::MAX_FROM_STICK_BYTES + 1];
    for (seed, words) in [(1, b"{}\n".to_vec()), (2, line_without_end), (3, vec![b'\n'; 100])] {
        let mut stick = Stick::sign_in(&running.house, &road, "stick", seed).await;
        stick.say_bytes(words).await;
        while let Some(said) = stick.hear().await {
            assert!(!matches!(said, FromGateway::Welcome(_)));
        }
        timeout(PATIENCE, stick.stream.ended()).await.expect("the stick stays");
    }
}

#[tokio::test]
async fn a_stick_learns_what_it_may_reach_when_that_changes() {
    let (running, road, _echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let (welcome, _) = stick.welcome(0).await;
    let change = |closed| {
        *running.house.closed.lock().unwrap() = closed;
        running.house.changes.send_modify(|count| *count += 1);
    };
    let heard = async |stick: &mut Stick| loop {
        let Some(FromGateway::Targets { targets }) = stick.hear().await else { panic!("the conversation ended") };
        if targets != welcome.targets || !*running.house.closed.lock().unwrap() {
            return targets;
        }
    };
    change(true);
    assert!(heard(&mut stick).await.is_empty());
    change(false);
    assert_eq!(heard(&mut stick).await, welcome.targets);
}

#[tokio::test]
async fn a_stick_says_once_that_its_own_number_is_written_down() {
    let (running, road, _echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let (welcome, _) = stick.welcome(0).await;
    let generation = welcome.generation;
    for said in [generation + 1, generation - 1, generation, generation] {
        stick.say(&FromStick::Kept { generation: said }).await;
    }
    let quality = LineQuality { round_trip_ms: 48, loss_permille: 3, outages: 1, transport: Transport::Ssh };
    let mut notes = running.house.line_notes.subscribe();
    stick.say_line(&quality).await;
    timeout(PATIENCE, notes.wait_for(|notes| notes.len() == 1)).await.expect("not noted").unwrap();
    assert_eq!(*running.house.kept.borrow(), [generation]);
}

/// A stick that said this, and has hung up while the house was busy with the first of it; then the house goes on.
async fn hung_up_meanwhile(words: impl FnOnce(u64) -> Vec<FromStick>) -> (Running, u64) {
    let (running, road, _echo) = office().await;
    let (mut begun, mut signed_out) = (running.house.begun.subscribe(), running.house.signed_out.subscribe());
    running.house.busy.send_replace(true);
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let generation = stick.welcome(0).await.0.generation;
    for said in words(generation) {
        stick.say(&said).await;
    }
    timeout(PATIENCE, begun.wait_for(|begun| *begun == 1)).await.expect("not heard").unwrap();
    stick.session.disconnect(Disconnect::ByApplication, "", "").await.unwrap();
    timeout(PATIENCE, signed_out.wait_for(|count| *count == 1)).await.expect("the stick stays").unwrap();
    running.house.busy.send_replace(false);
    (running, generation)
}

#[tokio::test]
async fn a_number_that_is_being_written_down_is_kept_though_the_stick_hangs_up() {
    let (running, generation) = hung_up_meanwhile(|generation| vec![FromStick::Kept { generation }]).await;
    let mut kept = running.house.kept.subscribe();
    timeout(PATIENCE, kept.wait_for(|kept| *kept == [generation])).await.expect("broken off").unwrap();
}

#[tokio::test]
async fn what_a_stick_said_before_it_hung_up_is_heard_to_the_end() {
    let quality = LineQuality { round_trip_ms: 48, loss_permille: 3, outages: 1, transport: Transport::Ssh };
    let words = |generation| vec![FromStick::Line(quality), FromStick::Companion, FromStick::Kept { generation }];
    let (running, generation) = hung_up_meanwhile(words).await;
    let mut kept = running.house.kept.subscribe();
    timeout(PATIENCE, kept.wait_for(|kept| *kept == [generation])).await.expect("not heard").unwrap();
}

#[tokio::test]
async fn a_stick_that_has_said_all_is_answered_once_it_is_worked_off() {
    let (running, road, _echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    let generation = stick.welcome(0).await.0.generation;
    stick.say(&FromStick::Kept { generation }).await;
    stick.says_no_more().await;
    assert_eq!(*running.house.kept.borrow(), [generation]);
}

#[tokio::test]
async fn a_stick_is_shown_no_targets_before_it_is_welcome() {
    let (running, road, _echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    assert!(!stick.asks_for_a_shell().await);
    assert!(!stick.asks_for_a_command().await);
    stick.welcome(0).await;
    assert!(stick.asks_for_a_shell().await);
    assert!(stick.asks_for_a_command().await);
}

#[tokio::test]
async fn how_the_line_does_is_noted_once_in_a_while() {
    let (running, road, _echo) = office().await;
    let mut stick = Stick::sign_in(&running.house, &road, "stick", 1).await;
    stick.welcome(0).await;
    let quality = LineQuality { round_trip_ms: 48, loss_permille: 3, outages: 1, transport: Transport::Ssh };
    let mut notes = running.house.line_notes.subscribe();
    stick.say_line(&quality).await;
    timeout(PATIENCE, notes.wait_for(|notes| notes.len() == 1)).await.expect("not noted").unwrap();
    stick.say_line(&LineQuality { outages: 2, ..quality.clone() }).await;
    let again = timeout(Duration::from_millis(300), notes.wait_for(|notes| notes.len() > 1)).await;
    assert!(again.is_err(), "a stick writes as often as it likes");
    assert_eq!(*running.house.line_notes.borrow(), [quality]);
}

#[tokio::test]
async fn only_a_stick_has_the_conversation() {
    let (running, road, _echo) = office().await;
    running.house.keys.lock().unwrap().push(key(1).public_key().clone());
    let mut anna = Stick::arrive(&road).await;
    assert!(anna.proves("anna", 1, CODE).await);
    let mut channel = anna.session.channel_open_session().await.unwrap();
    channel.request_subsystem(true, fernamt_api::stick::SUBSYSTEM).await.unwrap();
    assert!(matches!(channel.wait().await, Some(russh::ChannelMsg::Failure)));
}

#[tokio::test]
async fn a_stick_activates_itself_and_can_do_nothing_else_then() {
    let (running, road, _echo) = office().await;
    let device = DeviceId::new(&SystemClock, &SystemRng);
    let login = activation_login(device, Some("shire"));
    let mut stick = Stick::arrive(&road).await;
    assert!(!stick.proves(&login, 1, "FALSCH").await);
    let mut stick = Stick::arrive(&road).await;
    assert!(stick.proves(&login, 1, ACTIVATION_CODE).await);
    assert_eq!(*running.house.activated.lock().unwrap(), [(device, key(1).public_key().clone())]);
    assert!(stick.session.channel_open_session().await.is_err());
    let target = &running.house.targets[0];
    assert!(stick.tunnel(target.id, target.address.port()).await.is_err());
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_code_activates_without_a_key() {
    let (running, road, _echo) = office().await;
    let login = activation_login(DeviceId::new(&SystemClock, &SystemRng), None);
    let mut stick = Stick::arrive(&road).await;
    let asked = stick.session.authenticate_keyboard_interactive_start(login, None).await.unwrap();
    assert!(matches!(asked, russh::client::KeyboardInteractiveAuthResponse::Failure { .. }), "{asked:?}");
    assert!(running.house.activated.lock().unwrap().is_empty());
}
