//! The engine between fakes, on a real folder.

mod fakes;

use std::{fs, path::Path, sync::Arc, time::Duration};

use fernamt_api::stick::{CONFIG_FILE, LineQuality, Transport};
use fernamt_domain::{SystemRng, TargetId, TargetKind};
use tempfile::TempDir;
use tokio::time::timeout;

use self::fakes::{ACTIVATION_CODE, CODE, FakeOffice, target};
use super::*;
use crate::{
    container::{CONTAINER_FILE, Sealed},
    seam::SessionEvent,
    state_file,
    turn::TURN_FILE,
};

const PASSPHRASE: &str = "Kastanie Regen";
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Stick {
    folder: TempDir,
    office: FakeOffice,
    engine: Engine,
}

impl Stick {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = serde_json::to_vec(&crate::config::tests::config()).unwrap();
        fs::write(folder.path().join(CONFIG_FILE), config).unwrap();
        let targets = vec![target(1, TargetKind::Rdp), target(2, TargetKind::Tcp), target(3, TargetKind::Web)];
        let office = FakeOffice::new(targets);
        let engine = engine(folder.path(), &office);
        Self { folder, office, engine }
    }

    async fn say(&self, command: Command) {
        self.engine.commands.send(command).await.unwrap();
    }

    async fn until(&mut self, wanted: impl FnMut(&State) -> bool) -> State {
        let last = self.engine.state.clone();
        let Ok(state) = timeout(PATIENCE, self.engine.state.wait_for(wanted)).await else {
            panic!("still {:?}", last.borrow());
        };
        state.expect("the engine shows its last state").clone()
    }

    async fn activate(&mut self) {
        self.until(|state| state.stage == Stage::Fresh).await;
        self.say(activation(ACTIVATION_CODE, PASSPHRASE)).await;
        self.until(|state| state.stage == Stage::AskCode).await;
    }

    async fn at_work(&mut self) {
        self.activate().await;
        self.say(Command::SignIn(CODE.into())).await;
        self.until(|state| matches!(state.stage, Stage::Ready(_))).await;
    }

    async fn until_tile(&mut self, number: u128, wanted: impl Fn(&Tile) -> bool) -> Tile {
        let id = TargetId(uuid::Uuid::from_u128(number));
        let state = self.until(|state| tile(state, id).is_some_and(&wanted)).await;
        tile(&state, id).unwrap().clone()
    }

    /// The same files under a new engine.
    async fn restart(self) -> Self {
        self.say(Command::Leave).await;
        self.engine.ended().await;
        let engine = engine(self.folder.path(), &self.office);
        Self { engine, ..self }
    }
}

fn engine(folder: &Path, office: &FakeOffice) -> Engine {
    Engine::start(Parts {
        folder: folder.to_owned(),
        gateway: Arc::new(office.clone()),
        launcher: Arc::new(office.clone()),
        rng: Arc::new(SystemRng),
        cost: Cost::TEST,
        family: Family::default(),
    })
}

fn tile(state: &State, id: TargetId) -> Option<&Tile> {
    let Stage::Ready(desk) = &state.stage else { return None };
    desk.tiles.iter().find(|tile| tile.target.id == id)
}

fn desk(state: &State) -> &Desk {
    let Stage::Ready(desk) = &state.stage else { panic!("not at work: {state:?}") };
    desk
}

fn activation(code: &str, passphrase: &str) -> Command {
    Command::Activate { code: code.into(), passphrase: passphrase.into() }
}

fn id(number: u128) -> TargetId {
    TargetId(uuid::Uuid::from_u128(number))
}

#[tokio::test]
async fn a_folder_without_configuration_is_no_stick() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path(), &FakeOffice::new(Vec::new()));
    let state = engine.state.wait_for(|state| state.problem.is_some()).await.unwrap().clone();
    assert_eq!(state, State { stage: Stage::Unusable, problem: Some(Problem::NoConfig) });
    engine.commands.send(Command::Leave).await.unwrap();
    engine.ended().await;
}

#[tokio::test]
async fn from_the_first_start_to_the_desk() {
    let mut stick = Stick::start();
    stick.at_work().await;
    let state = stick.engine.state.borrow().clone();
    assert_eq!((desk(&state).person.as_str(), desk(&state).tiles.len()), ("Erika Linde", 3));
    let sealed = Sealed::find(stick.folder.path()).unwrap().open(&PASSPHRASE.into()).unwrap();
    assert_eq!(sealed.contents().generation, 1);

    let mut stick = stick.restart().await;
    stick.until(|state| state.stage == Stage::Locked).await;
    stick.say(Command::Unlock("wrong".into())).await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state, State { stage: Stage::Locked, problem: Some(Problem::CannotUnlock) });
    stick.say(Command::Unlock(PASSPHRASE.into())).await;
    stick.until(|state| state.stage == Stage::AskCode && state.problem.is_none()).await;
    stick.say(Command::SignIn(CODE.into())).await;
    stick.until(|state| matches!(state.stage, Stage::Ready(_))).await;
    stick.office.look(|seen| {
        assert_eq!(seen.generations, [0, 1]);
        assert_eq!(seen.kept, [1, 2], "each was said to be on the disk");
        assert_eq!(seen.remembered, [None, Some(Transport::Websocket)]);
    });
}

#[tokio::test]
async fn a_refused_activation_leaves_nothing_and_can_be_repeated() {
    let mut stick = Stick::start();
    for (command, problem) in [
        (activation(ACTIVATION_CODE, "kurz"), Problem::WeakPassphrase),
        (activation("wrong", PASSPHRASE), Problem::WrongActivationCode),
    ] {
        stick.until(|state| state.stage == Stage::Fresh).await;
        stick.say(command).await;
        let state = stick.until(|state| state.problem.as_ref() == Some(&problem)).await;
        assert_eq!(state.stage, Stage::Fresh);
        let left = fs::read_dir(stick.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name != TURN_FILE).collect();
        assert_eq!(left, [CONFIG_FILE]);
    }
    stick.activate().await;
}

#[tokio::test]
async fn a_line_that_breaks_after_the_activation_code_does_not_cost_the_key() {
    let mut stick = Stick::start();
    stick.until(|state| state.stage == Stage::Fresh).await;
    *stick.office.refusal.lock().unwrap() = Some(Problem::LineLost);
    stick.say(activation(ACTIVATION_CODE, PASSPHRASE)).await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state.stage, Stage::Locked, "perhaps the gateway took the key");
    stick.say(activation(ACTIVATION_CODE, PASSPHRASE)).await;
    stick.until(|state| state.stage == Stage::AskCode).await;
}

#[tokio::test]
async fn a_stick_that_cannot_be_written_spends_no_code() {
    let mut stick = Stick::start();
    stick.until(|state| state.stage == Stage::Fresh).await;
    // A folder in the place of the file that is prepared.
    fs::create_dir(stick.folder.path().join("stick.key.new")).unwrap();
    stick.say(activation(ACTIVATION_CODE, PASSPHRASE)).await;
    stick.until(|state| state.problem == Some(Problem::CannotWrite)).await;
    assert!(stick.office.look(|seen| seen.activated.is_empty()));
}

#[tokio::test]
async fn a_generation_that_cannot_be_kept_ends_it_before_anything_is_opened() {
    let mut stick = Stick::start();
    stick.activate().await;
    fs::create_dir(stick.folder.path().join("stick.key.new")).unwrap();
    stick.say(Command::SignIn(CODE.into())).await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state, State { stage: Stage::Ended, problem: Some(Problem::CannotWrite) });
    assert!(stick.office.look(|seen| seen.session_dropped && seen.kept.is_empty()));
}

#[tokio::test]
async fn a_wrong_code_may_be_followed_by_another_and_a_copied_stick_not() {
    let mut stick = Stick::start();
    stick.activate().await;
    stick.say(Command::SignIn("000000".into())).await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state, State { stage: Stage::AskCode, problem: Some(Problem::SignInRefused) });
    *stick.office.refusal.lock().unwrap() = Some(Problem::Copied);
    stick.say(Command::SignIn(CODE.into())).await;
    let state = stick.until(|state| state.problem == Some(Problem::Copied)).await;
    assert_eq!(state.stage, Stage::Ended);
}

/// Another engine on the same folder, up to the question for the code.
async fn unlocked(folder: &Path, office: &FakeOffice) -> Engine {
    let mut beside = engine(folder, office);
    beside.state.wait_for(|state| state.stage == Stage::Locked).await.unwrap();
    beside.commands.send(Command::Unlock(PASSPHRASE.into())).await.unwrap();
    timeout(PATIENCE, beside.state.wait_for(|state| state.stage == Stage::AskCode)).await.unwrap().unwrap();
    beside
}

#[tokio::test]
async fn a_window_left_at_the_code_is_no_copy_of_what_signed_in_meanwhile() {
    let mut stick = Stick::start();
    stick.activate().await;
    for _ in 0..2 {
        let mut script = unlocked(stick.folder.path(), &stick.office).await;
        script.commands.send(Command::SignIn(CODE.into())).await.unwrap();
        timeout(PATIENCE, script.state.wait_for(|state| matches!(state.stage, Stage::Ready(_))))
            .await
            .unwrap()
            .unwrap();
        script.commands.send(Command::Leave).await.unwrap();
        script.ended().await;
    }
    stick.say(Command::SignIn(CODE.into())).await;
    stick.until(|state| matches!(state.stage, Stage::Ready(_))).await;
    assert_eq!(stick.office.look(|seen| seen.generations.clone()), [0, 1, 2]);
}

#[tokio::test]
async fn several_that_sign_in_at_once_take_turns() {
    let mut stick = Stick::start();
    stick.activate().await;
    let (folder, office) = (stick.folder.path(), &stick.office);
    let beside = [unlocked(folder, office).await, unlocked(folder, office).await, unlocked(folder, office).await];
    office.slow.send_replace(true);
    for engine in beside.iter().chain([&stick.engine]) {
        engine.commands.send(Command::SignIn(CODE.into())).await.unwrap();
    }
    office.slow.send_replace(false);
    let kept = || Sealed::find(folder).unwrap().open(&PASSPHRASE.into()).unwrap().contents().generation;
    wait_for(|| kept() == 4).await;
    assert_eq!(office.look(|seen| seen.generations.clone()), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_stick_that_was_activated_anew_beside_asks_for_its_passphrase() {
    let mut stick = Stick::start();
    stick.activate().await;
    let mut beside = unlocked(stick.folder.path(), &stick.office).await;
    beside.commands.send(activation(ACTIVATION_CODE, PASSPHRASE)).await.unwrap();
    wait_for(|| stick.office.look(|seen| seen.activated.len() == 2)).await;
    timeout(PATIENCE, beside.state.wait_for(|state| state.stage == Stage::AskCode)).await.unwrap().unwrap();
    stick.say(Command::SignIn(CODE.into())).await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state, State { stage: Stage::Locked, problem: Some(Problem::CannotUnlock) });
}

#[tokio::test]
async fn a_proxy_gets_its_password_and_then_the_code_is_tried_again() {
    let mut stick = Stick::start();
    stick.activate().await;
    *stick.office.refusal.lock().unwrap() = Some(Problem::ProxyWantsPassword);
    stick.say(Command::SignIn(CODE.into())).await;
    stick.until(|state| state.problem == Some(Problem::ProxyWantsPassword)).await;
    stick.say(Command::ProxyPassword { user: "amt".to_owned(), password: "geheim".into() }).await;
    stick.until(|state| *state == State { stage: Stage::AskCode, problem: None }).await;
    stick.say(Command::SignIn(CODE.into())).await;
    stick.until(|state| matches!(state.stage, Stage::Ready(_))).await;
    assert_eq!(stick.office.look(|seen| seen.proxy_user.clone()).as_deref(), Some("amt"));
}

#[tokio::test]
async fn targets_open_and_close() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    let open = stick.until_tile(1, |tile| tile.open.is_some()).await.open.unwrap();
    assert!(open.address.unwrap().ip().is_loopback());
    assert_eq!(open.program.as_deref(), Some("program of Target 1"));
    stick.say(Command::Open(id(2))).await;
    let open = stick.until_tile(2, |tile| tile.open.is_some()).await.open.unwrap();
    assert!(open.address.is_some() && open.program.is_none());
    stick.say(Command::Open(id(3))).await;
    let open = stick.until_tile(3, |tile| tile.open.is_some()).await.open.unwrap();
    assert!(open.address.is_none() && open.program.is_some(), "a web application has no tunnel");
    assert_eq!(stick.office.look(|seen| seen.tunnels.len()), 2);

    stick.say(Command::Close(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_none()).await;
    stick.office.look(|seen| assert_eq!(seen.tunnels.keys().collect::<Vec<_>>(), [&id(2)]));
    stick.say(Command::Open(id(9))).await;
    stick.until(|state| state.problem == Some(Problem::TargetForbidden)).await;
}

#[tokio::test]
async fn a_program_that_ends_takes_its_tunnel_along() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    stick.office.end_programs.notify_waiters();
    stick.until_tile(1, |tile| tile.open.is_none()).await;
    assert!(stick.office.look(|seen| seen.tunnels.is_empty()));
}

#[tokio::test]
async fn a_target_that_cannot_be_opened_says_why_and_leaves_no_tunnel() {
    let mut stick = Stick::start();
    stick.at_work().await;
    *stick.office.no_program.lock().unwrap() = Some(Problem::NoProgram);
    stick.say(Command::Open(id(1))).await;
    let tile = stick.until_tile(1, |tile| tile.problem.is_some()).await;
    assert_eq!((tile.problem, tile.open), (Some(Problem::NoProgram), None));
    assert!(stick.office.look(|seen| seen.tunnels.is_empty()));
    stick.say(Command::Open(id(1))).await;
    assert_eq!(stick.until_tile(1, |tile| tile.open.is_some()).await.problem, None);
}

#[tokio::test]
async fn a_target_that_is_taken_away_ends_with_its_tunnel() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    stick.office.tell(SessionEvent::Targets(vec![target(2, TargetKind::Tcp)])).await;
    stick.until(|state| desk(state).tiles.len() == 1).await;
    assert!(stick.office.look(|seen| seen.tunnels.is_empty()));
    wait_for(|| stick.office.look(|seen| seen.running.is_empty())).await;
}

#[tokio::test]
async fn an_outage_is_shown_and_its_end_remembered() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.office.tell(SessionEvent::Away { patience: Duration::from_mins(10) }).await;
    let state = stick.until(|state| desk(state).line.away.is_some()).await;
    assert_eq!(desk(&state).line.away.unwrap().patience, Duration::from_mins(10));
    stick.until(|state| desk(state).line.away.is_some_and(|away| away.lasted >= Duration::from_secs(1))).await;
    stick.office.tell(SessionEvent::Back { transport: Transport::Ssh }).await;
    stick.until(|state| desk(state).line.away.is_none()).await;
    wait_for(|| state_file::load(stick.folder.path()).transport == Some(Transport::Ssh)).await;
}

#[tokio::test]
async fn a_weak_line_asks_for_fewer_colours() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(2))).await;
    stick.until_tile(2, |tile| tile.open.is_some()).await;
    let quality = LineQuality { round_trip_ms: 300, loss_permille: 30, outages: 0, transport: Transport::Ssh };
    stick.office.tell(SessionEvent::Line(quality)).await;
    stick.until(|state| desk(state).line.reduced).await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    assert_eq!(stick.office.look(|seen| seen.reduced.clone()), [false, true]);
    stick.say(Command::TestLine).await;
    stick.until(|state| matches!(desk(state).line.test, Some(LineTest::Done { down_kbit: 900, .. }))).await;
}

#[tokio::test]
async fn every_end_says_why_and_ends_all() {
    for problem in [Problem::SessionEnded, Problem::LineLost] {
        let mut stick = Stick::start();
        stick.at_work().await;
        stick.say(Command::Open(id(1))).await;
        stick.until_tile(1, |tile| tile.open.is_some()).await;
        if problem == Problem::LineLost {
            stick.office.hang_up();
        } else {
            stick.office.tell(SessionEvent::Ended(problem.clone())).await;
        }
        let state = stick.until(|state| state.stage == Stage::Ended).await;
        assert_eq!(state.problem, Some(problem));
        stick.office.look(|seen| {
            assert!(seen.running.is_empty() && seen.tunnels.is_empty() && seen.session_dropped && !seen.said_goodbye);
        });
        stick.say(Command::Unlock(PASSPHRASE.into())).await;
        stick.until(|state| state.stage == Stage::AskCode).await;
    }
}

#[tokio::test]
async fn leaving_says_goodbye_and_ends_all() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    stick.say(Command::Leave).await;
    let Stick { office, engine, .. } = stick;
    let state = engine.state.clone();
    timeout(PATIENCE, engine.ended()).await.unwrap();
    assert_eq!(*state.borrow(), State { stage: Stage::Ended, problem: None });
    office.look(|seen| {
        assert!(seen.running.is_empty() && seen.tunnels.is_empty() && seen.session_dropped && seen.said_goodbye);
    });
}

#[tokio::test]
async fn a_window_that_vanishes_ends_all() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    let Stick { office, engine, folder: _folder } = stick;
    drop(engine);
    wait_for(|| office.look(|seen| seen.tunnels.is_empty() && seen.running.is_empty() && seen.session_dropped)).await;
}

#[tokio::test]
async fn leaving_does_not_wait_for_a_sign_in() {
    let mut stick = Stick::start();
    stick.activate().await;
    stick.office.slow.send_replace(true);
    stick.say(Command::SignIn(CODE.into())).await;
    stick.until(|state| state.stage == Stage::Working(Step::SigningIn)).await;
    stick.say(Command::SignIn(CODE.into())).await;
    stick.say(Command::Leave).await;
    timeout(PATIENCE, stick.engine.ended()).await.unwrap();
}

#[tokio::test]
async fn a_pulled_stick_ends_all_within_seconds() {
    let mut stick = Stick::start();
    stick.at_work().await;
    stick.say(Command::Open(id(1))).await;
    stick.until_tile(1, |tile| tile.open.is_some()).await;
    let pulled = tokio::time::Instant::now();
    fs::rename(stick.folder.path(), stick.folder.path().with_extension("pulled")).unwrap();
    let state = stick.until(|state| state.stage == Stage::Ended).await;
    assert!(pulled.elapsed() < Duration::from_secs(5), "{:?}", pulled.elapsed());
    assert_eq!(state.problem, Some(Problem::StickPulled));
    assert!(stick.office.look(|seen| seen.tunnels.is_empty() && seen.session_dropped && seen.running.is_empty()));
    fs::remove_dir_all(stick.folder.path().with_extension("pulled")).unwrap();
    timeout(PATIENCE, stick.engine.ended()).await.unwrap();
}

#[tokio::test]
async fn a_container_that_vanishes_counts_as_pulled() {
    let mut stick = Stick::start();
    stick.activate().await;
    fs::remove_file(stick.folder.path().join(CONTAINER_FILE)).unwrap();
    let _ = fs::remove_file(stick.folder.path().join("stick.key.old"));
    let state = stick.until(|state| state.stage == Stage::Ended).await;
    assert_eq!(state.problem, Some(Problem::StickPulled));
}

#[tokio::test]
async fn a_container_of_another_stick_does_not_open() {
    let mut stick = Stick::start();
    stick.activate().await;
    stick.say(Command::Leave).await;
    let mut config = crate::config::tests::config();
    config.device = fernamt_domain::DeviceId(uuid::Uuid::from_u128(8));
    fs::write(stick.folder.path().join(CONFIG_FILE), serde_json::to_vec(&config).unwrap()).unwrap();
    let Stick { folder, office, engine: before } = stick;
    before.ended().await;
    let mut stick = Stick { engine: engine(folder.path(), &office), folder, office };
    stick.until(|state| state.stage == Stage::Locked).await;
    stick.say(Command::Unlock(PASSPHRASE.into())).await;
    stick.until(|state| state.problem == Some(Problem::CannotUnlock)).await;
}

#[tokio::test]
async fn a_damaged_container_asks_for_a_new_activation() {
    let mut stick = Stick::start();
    stick.until(|state| state.stage == Stage::Fresh).await;
    fs::write(stick.folder.path().join(CONTAINER_FILE), "nothing").unwrap();
    let mut stick = stick.restart().await;
    let state = stick.until(|state| state.problem.is_some()).await;
    assert_eq!(state, State { stage: Stage::Fresh, problem: Some(Problem::ContainerDamaged) });
    stick.activate().await;
}

#[tokio::test]
async fn no_more_commands_wait_than_are_allowed() {
    let stick = Stick::start();
    assert_eq!(stick.engine.commands.max_capacity(), MAX_WAITING_COMMANDS);
}

/// For what nobody tells about.
async fn wait_for(mut holds: impl FnMut() -> bool) {
    let looks = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, looks).await.expect("it did not come to hold");
}
