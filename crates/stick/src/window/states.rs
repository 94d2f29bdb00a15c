//! Prepared states: every page of the window, for pictures and tests.

use std::time::Duration;

use fernamt_api::stick::{LineQuality, StickTarget, Transport};
use fernamt_domain::{TargetId, TargetKind};

use super::{
    view::{Face, Over},
    words::Language,
};
use crate::engine::{Away, Desk, LineState, LineTest, Opened, Problem, Stage, State, Step, Tile};

/// A page of the window.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name, for a file.
    pub name: &'static str,
    /// The engine's state.
    pub state: State,
    /// What lies over it.
    pub over: Over,
    /// What stands in the search field.
    pub search: &'static str,
}

/// The stick that the pages belong to.
pub fn face(language: Language) -> Face {
    Face { agency: "Stadt Musterhausen".to_owned(), person: "Erika Größmann".to_owned(), accent: None, language }
}

/// Every page.
pub fn all(language: Language) -> Vec<Prepared> {
    let page =
        |name, stage, problem| Prepared { name, state: State { stage, problem }, over: Over::Nothing, search: "" };
    let ready = |desk: Desk| Stage::Ready(Box::new(desk));
    let open = || with_open(desk(language));
    let at_work = || ready(open());
    vec![
        page("unusable", Stage::Unusable, Some(Problem::NoConfig)),
        page("first-start", Stage::Fresh, None),
        page("first-start-refused", Stage::Fresh, Some(Problem::WrongActivationCode)),
        page("passphrase", Stage::Locked, None),
        page("passphrase-wrong", Stage::Locked, Some(Problem::CannotUnlock)),
        page("working-unlocking", Stage::Working(Step::Unlocking), None),
        page("working-connecting", Stage::Working(Step::Connecting), None),
        page("code", Stage::AskCode, None),
        page("code-refused", Stage::AskCode, Some(Problem::SignInRefused)),
        page("code-slow-down", Stage::AskCode, Some(Problem::SlowDown { seconds: 75 })),
        page("proxy", Stage::AskCode, Some(Problem::ProxyWantsPassword)),
        page("unreachable", Stage::AskCode, Some(Problem::Unreachable)),
        page("desk", ready(desk(language)), None),
        page("desk-open", at_work(), None),
        page("desk-problem", ready(with_problems(desk(language))), None),
        page("desk-many", ready(many(desk(language))), None),
        Prepared { search: "akte", ..page("desk-search", ready(many(desk(language))), None) },
        page("desk-empty", ready(Desk { tiles: Vec::new(), ..desk(language) }), None),
        page("line-weak", ready(weak(open())), None),
        page("line-away", ready(away(open())), None),
        page("line-testing", ready(tested(open(), LineTest::Running)), None),
        page("line-tested", ready(tested(open(), done())), None),
        Prepared { over: Over::Leave, ..page("leave", at_work(), None) },
        Prepared { over: Over::Help, ..page("help", Stage::Locked, None) },
        page("ended", Stage::Ended, None),
        page("ended-line-lost", Stage::Ended, Some(Problem::LineLost)),
        page("ended-pulled", Stage::Ended, Some(Problem::StickPulled)),
        page("ended-copied", Stage::Ended, Some(Problem::Copied)),
    ]
}

fn id(number: u32) -> TargetId {
    format!("0191c2a0-0000-7000-8000-{number:012x}").parse().expect("it is the text of an id")
}

fn tile(number: u32, name: &str, kind: TargetKind, folder: &str, description: &str) -> Tile {
    let target = StickTarget {
        id: id(number),
        name: name.to_owned(),
        kind,
        folder: folder.to_owned(),
        description: description.to_owned(),
        port: 3389,
        url: None,
        clipboard: false,
        drives: false,
        printers: false,
        domain: None,
        load_balance_info: None,
        start_command: None,
    };
    Tile { target, open: None, problem: None }
}

fn desk(language: Language) -> Desk {
    let tiles = match language {
        Language::De => vec![
            tile(1, "Mein PC im Rathaus", TargetKind::Rdp, "", "Zimmer 214"),
            tile(2, "Terminalserver Bürgeramt", TargetKind::Rdp, "Fachverfahren", "Meldewesen, Pass und Ausweis"),
            tile(3, "Finanzbuchhaltung", TargetKind::Tcp, "Fachverfahren", "Haushalt und Kasse"),
            tile(4, "Elektronische Akte", TargetKind::Web, "Fachverfahren", ""),
            tile(5, "Geoserver", TargetKind::Ssh, "Technik", "Nur für die Kartenstelle"),
        ],
        Language::En => vec![
            tile(1, "My PC at the town hall", TargetKind::Rdp, "", "Room 214"),
            tile(2, "Citizens’ office terminal server", TargetKind::Rdp, "Business", "Registration, passports"),
            tile(3, "Accounting", TargetKind::Tcp, "Business", "Budget and treasury"),
            tile(4, "Electronic files", TargetKind::Web, "Business", ""),
            tile(5, "Map server", TargetKind::Ssh, "Engineering", "For the survey office only"),
        ],
    };
    let quality = LineQuality { round_trip_ms: 34, loss_permille: 0, outages: 0, transport: Transport::Ssh };
    let line = LineState { away: None, quality: Some(quality), test: None, reduced: false };
    Desk { person: "Erika Größmann".to_owned(), tiles, line }
}

fn with_open(mut desk: Desk) -> Desk {
    for (tile, program) in desk.tiles.iter_mut().zip(["FreeRDP", "Remote Desktop"]) {
        let address = "127.83.20.7:50211".parse().ok();
        tile.open = Some(Opened { address, program: Some(program.to_owned()) });
    }
    if let Some(web) = desk.tiles.get_mut(3) {
        web.open = Some(Opened { address: None, program: Some("Browser".to_owned()) });
    }
    desk
}

fn with_problems(mut desk: Desk) -> Desk {
    let problems = [Problem::TargetUnreachable, Problem::NoProgram, Problem::TargetForbidden];
    for (tile, problem) in desk.tiles.iter_mut().zip(problems) {
        tile.problem = Some(problem);
    }
    desk
}

fn many(mut desk: Desk) -> Desk {
    for number in 1..=12 {
        let (name, folder) = (format!("Altakte {}", 1990 + number), "Archiv");
        desk.tiles.push(tile(100 + number, &name, TargetKind::Web, folder, ""));
    }
    desk
}

fn weak(mut desk: Desk) -> Desk {
    let transport = Transport::Websocket;
    desk.line.quality = Some(LineQuality { round_trip_ms: 300, loss_permille: 30, outages: 2, transport });
    desk.line.reduced = true;
    desk
}

fn away(desk: Desk) -> Desk {
    let mut desk = weak(desk);
    desk.line.away = Some(Away { lasted: Duration::from_secs(12), patience: Duration::from_secs(600) });
    desk
}

fn tested(mut desk: Desk, test: LineTest) -> Desk {
    desk.line.test = Some(test);
    desk
}

fn done() -> LineTest {
    LineTest::Done {
        round_trip: Duration::from_millis(41),
        jitter: Duration::from_millis(6),
        loss_permille: 4,
        down_kbit: 15_600,
        up_kbit: 870,
    }
}
