//! What the window shows, as plain values: made from the engine's state, without any toolkit.

use std::time::Duration;

use fernamt_api::stick::{Config, LineQuality, Transport};
use fernamt_domain::{Secret, TargetId, TargetKind};

use super::words::{self, Language, Word};
use crate::{
    engine::{Desk, LineState, LineTest, Opened, Problem, Stage, State, Step, Tile},
    passphrase::{self, PassphraseFault},
};

/// From this many targets on there is a field to search.
pub const SEARCH_FROM: usize = 13;
/// From this way there and back on a line is called weak.
pub const WEAK_ROUND_TRIP_MS: u32 = 250;
/// From this share lost on a line is called weak.
pub const WEAK_LOSS_PERMILLE: u16 = 20;
/// From this way there and back on a line is no longer called good.
pub const FAIR_ROUND_TRIP_MS: u32 = 120;
/// Below this way there and back nobody needs a figure.
pub const BEST_ROUND_TRIP_MS: u32 = 10;
/// From this share lost on a line is no longer called good.
pub const FAIR_LOSS_PERMILLE: u16 = 5;

/// Whose stick it is and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// The agency's name.
    pub agency: String,
    /// The person's name.
    pub person: String,
    /// The accent colour, if a readable one is set.
    pub accent: Option<[u8; 3]>,
    /// The language to begin with.
    pub language: Language,
}

impl Face {
    /// From the stick's configuration; a plain one where there is none.
    pub fn of(config: Option<&Config>, remembered: Option<&str>) -> Self {
        let code = remembered.or(config.map(|config| config.language.as_str())).unwrap_or("de");
        Self {
            agency: config.map_or_else(String::new, |config| config.agency.clone()),
            person: config.map_or_else(String::new, |config| config.person.clone()),
            accent: config.and_then(|config| colour(&config.accent)),
            language: Language::of(code),
        }
    }
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| {
        u8::from_str_radix(digits.get(at..at + 2).filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))?, 16)
            .ok()
    };
    Some([part(0)?, part(2)?, part(4)?])
}

/// Which page lies over the present stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Over {
    /// None.
    #[default]
    Nothing,
    /// The help.
    Help,
    /// The question whether to leave.
    Leave,
    /// The passphrase, after a session has ended.
    Again,
    /// A new activation code, for whoever has forgotten the passphrase.
    Renew,
}

/// All that the window shows.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The title of the window.
    pub title: String,
    /// The heading.
    pub heading: String,
    /// What went wrong.
    pub notice: Option<Notice>,
    /// The rest.
    pub screen: Screen,
    /// What a screen reader says by itself when it changes.
    pub announcement: String,
}

/// How much a notice weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something needs doing.
    Problem,
    /// Something to know.
    Warning,
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How much it weighs.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// Why, and what to do now.
    pub text: String,
}

/// What can be done on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// Nothing but to read.
    Message {
        /// The sentence.
        text: String,
        /// Whether one can sign in again.
        again: bool,
    },
    /// The first start, or a new start with a new code.
    Activate {
        /// What to do.
        text: String,
    },
    /// The passphrase.
    Passphrase {
        /// Whether a new activation code can be given instead.
        renew: bool,
    },
    /// The one-time code.
    Code,
    /// Name and password for the proxy.
    Proxy,
    /// Something takes a moment.
    Working {
        /// What.
        word: String,
        /// A sentence for whoever waits.
        more: String,
    },
    /// At work.
    Desk(Box<DeskView>),
    /// The question whether to leave.
    Leave {
        /// What would be lost.
        text: String,
    },
    /// The help.
    Help(Vec<Section>),
}

/// A part of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// The desk.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskView {
    /// Whose it is, where the bar does not say it.
    pub greeting: Option<String>,
    /// How the line does.
    pub line: String,
    /// Whether that is something to worry about.
    pub line_weak: bool,
    /// The outage, if there is one.
    pub away: Option<Notice>,
    /// The line test, if there was one.
    pub test: Option<String>,
    /// Whether a line test can begin.
    pub can_test: bool,
    /// Whether there is a field to search.
    pub search: bool,
    /// The tiles under their headings.
    pub groups: Vec<Group>,
    /// What to say where there are none.
    pub empty: Option<String>,
    /// What quitting does not end, if there is something.
    pub stays: Option<String>,
}

/// Tiles under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The heading; empty for none.
    pub heading: String,
    /// The tiles.
    pub tiles: Vec<TileView>,
}

/// A tile.
#[derive(Debug, Clone, PartialEq)]
pub struct TileView {
    /// The target.
    pub id: TargetId,
    /// Its kind.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
    /// Its kind in a word, and its description.
    pub about: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is open in the browser, where nothing can be ended, only opened again.
    pub browser: bool,
    /// How it is open.
    pub status: Option<String>,
    /// Why it did not open.
    pub problem: Option<String>,
    /// What a click does.
    pub action: String,
    /// The whole tile for a screen reader.
    pub spoken: String,
}

/// Makes the view.
pub fn view(state: &State, face: &Face, language: Language, over: Over, search: &str) -> View {
    let word = |word: Word| word.text(language).to_owned();
    // Whoever signs in again has read why the last session ended.
    let old = state.stage == Stage::Ended && over == Over::Again;
    let told = state.problem.as_ref().filter(|_| !old).map(|problem| notice(problem, language));
    let proxy = state.problem == Some(Problem::ProxyWantsPassword) && !matches!(state.stage, Stage::Working(_));
    let (heading, screen) = match (&state.stage, over) {
        (_, Over::Help) => (word(Word::HelpHeading), Screen::Help(help(language))),
        (Stage::Ready(desk), Over::Leave) => (word(Word::LeaveHeading), leave(desk, language)),
        _ if proxy => (word(Word::ProxyHeading), Screen::Proxy),
        (Stage::Unusable, _) => (word(Word::UnusableHeading), Screen::Message { text: String::new(), again: false }),
        (Stage::Fresh, _) => {
            // After a problem the room is for what to do about it, and for the button at the end.
            let text = if state.problem.is_none() { word(Word::FreshText) } else { String::new() };
            (word(Word::FreshHeading), Screen::Activate { text })
        }
        (Stage::Locked, Over::Renew) => (word(Word::RenewHeading), Screen::Activate { text: word(Word::RenewText) }),
        (Stage::Locked, _) => (word(Word::LockedHeading), Screen::Passphrase { renew: true }),
        (Stage::Ended, Over::Again) => (word(Word::LockedHeading), Screen::Passphrase { renew: false }),
        (Stage::Working(step), _) => {
            let (doing, more) = words::step(*step);
            let heading = if *step == Step::Activating { Word::FreshHeading } else { Word::LockedHeading };
            (word(heading), Screen::Working { word: word(doing), more: word(more) })
        }
        (Stage::AskCode, _) => (word(Word::CodeHeading), Screen::Code),
        (Stage::Ready(desk), _) => {
            (word(Word::DeskHeading), Screen::Desk(Box::new(desk_view(desk, face, language, search))))
        }
        (Stage::Ended, _) => {
            let text = if state.problem.is_none() { word(Word::EndedText) } else { String::new() };
            (word(Word::EndedHeading), Screen::Message { text, again: can_sign_in_again(state.problem.as_ref()) })
        }
    };
    let notice = told.filter(|_| !matches!(screen, Screen::Help(_) | Screen::Leave { .. }));
    let announcement = announcement(&heading, notice.as_ref(), &screen, language);
    let title = if face.agency.is_empty() {
        word(Word::Product)
    } else {
        format!("{} – {}", word(Word::Product), face.agency)
    };
    View { title, heading, notice, screen, announcement }
}

/// What ends with the window.
pub fn open_names(state: &State) -> Vec<String> {
    match &state.stage {
        Stage::Ready(desk) => ending(desk).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// What quitting cuts off: not what the browser shows.
fn ending(desk: &Desk) -> impl Iterator<Item = &str> {
    let ends = |tile: &&Tile| tile.open.as_ref().is_some_and(|open| !in_browser(open));
    desk.tiles.iter().filter(ends).map(|tile| tile.target.name.as_str())
}

fn in_browser(open: &Opened) -> bool {
    open.address.is_none()
}

fn stays(desk: &Desk, language: Language) -> Option<String> {
    let some = desk.tiles.iter().filter_map(|tile| tile.open.as_ref()).any(in_browser);
    some.then(|| Word::BrowserStays.text(language).to_owned())
}

/// The line below the field of a new passphrase, and whether it may be taken.
pub fn passphrase_hint(passphrase: &Secret<String>, language: Language) -> (String, bool) {
    let text = |word: Word| word.text(language).to_owned();
    if passphrase.expose().is_empty() {
        return (text(Word::PassphraseRule), false);
    }
    match passphrase::check(passphrase) {
        Ok(()) if passphrase.expose().chars().count() >= 2 * passphrase::MIN_CHARS => {
            (text(Word::PassphraseStrong), true)
        }
        Ok(()) => (text(Word::PassphraseGood), true),
        Err(PassphraseFault::TooShort { missing: 1 }) => (text(Word::PassphraseMissingOne), false),
        Err(PassphraseFault::TooShort { missing }) => {
            (Word::PassphraseMissing.fill(language, &[("count", &missing.to_string())]), false)
        }
        Err(PassphraseFault::Repeated) => (text(Word::PassphraseRepeated), false),
        Err(PassphraseFault::TooLong) => (text(Word::PassphraseTooLong), false),
    }
}

fn can_sign_in_again(problem: Option<&Problem>) -> bool {
    !matches!(
        problem,
        None | Some(
            Problem::StickPulled | Problem::Copied | Problem::NoConfig | Problem::ContainerDamaged | Problem::Outdated
        )
    )
}

fn notice(problem: &Problem, language: Language) -> Notice {
    let (title, text) = words::problem(problem);
    let text = match problem {
        Problem::SlowDown { seconds } => {
            text.fill(language, &[("wait", &duration(Duration::from_secs(u64::from(*seconds)), language))])
        }
        _ => text.text(language).to_owned(),
    };
    Notice { tone: Tone::Problem, title: title.text(language).to_owned(), text }
}

fn leave(desk: &Desk, language: Language) -> Screen {
    let open: Vec<&str> = ending(desk).collect();
    let word = if open.len() == 1 { Word::LeaveOne } else { Word::LeaveMany };
    let text = word.fill(language, &[("count", &open.len().to_string()), ("names", &open.join(", "))]);
    let text = stays(desk, language).into_iter().fold(text, |text, stays| format!("{text} {stays}"));
    Screen::Leave { text }
}

fn desk_view(desk: &Desk, face: &Face, language: Language, search: &str) -> DeskView {
    let has_search = desk.tiles.len() >= SEARCH_FROM;
    let wanted = if has_search { search.trim().to_lowercase() } else { String::new() };
    let mut groups: Vec<Group> = Vec::new();
    for tile in desk.tiles.iter().filter(|tile| matches_search(tile, &wanted)) {
        let shown = tile_view(tile, language);
        match groups.iter_mut().find(|group| group.heading == tile.target.folder) {
            Some(group) => group.tiles.push(shown),
            None => groups.push(Group { heading: tile.target.folder.clone(), tiles: vec![shown] }),
        }
    }
    let empty = match (desk.tiles.is_empty(), groups.is_empty()) {
        (true, _) => Some(Word::NoTargets),
        (false, true) => Some(Word::NothingFound),
        (false, false) => None,
    };
    let (line, line_weak) = line(&desk.line, language);
    DeskView {
        greeting: (desk.person != face.person).then(|| Word::Greeting.fill(language, &[("person", &desk.person)])),
        line,
        line_weak,
        away: away(&desk.line, language),
        // What was measured before an outage says nothing about the line after it.
        test: desk.line.test.filter(|_| desk.line.away.is_none()).map(|test| line_test(test, language)),
        can_test: desk.line.away.is_none() && desk.line.test != Some(LineTest::Running),
        search: has_search,
        groups,
        empty: empty.map(|word| word.text(language).to_owned()),
        stays: stays(desk, language),
    }
}

fn matches_search(tile: &Tile, wanted: &str) -> bool {
    let target = &tile.target;
    wanted.is_empty()
        || [&target.name, &target.description, &target.folder].iter().any(|text| text.to_lowercase().contains(wanted))
}

fn tile_view(tile: &Tile, language: Language) -> TileView {
    let target = &tile.target;
    let kind = match target.kind {
        TargetKind::Rdp => Word::KindRdp,
        TargetKind::Ssh => Word::KindSsh,
        TargetKind::Tcp => Word::KindTcp,
        TargetKind::Web => Word::KindWeb,
    };
    let kind = kind.text(language);
    let about =
        if target.description.is_empty() { kind.to_owned() } else { format!("{kind} · {}", target.description) };
    let status = tile.open.as_ref().map(|open| match (&open.program, open.address) {
        (_, None) => Word::OpenInBrowser.text(language).to_owned(),
        (Some(program), Some(_)) => Word::OpenWith.fill(language, &[("program", program)]),
        (None, Some(address)) => Word::OpenAt.fill(language, &[("address", &address.to_string())]),
    });
    let problem = tile.problem.as_ref().map(|problem| {
        let told = notice(problem, language);
        format!("{}. {}", told.title, told.text)
    });
    let browser = tile.open.as_ref().is_some_and(in_browser);
    let (action, named) = match tile.open {
        Some(_) if browser => (Word::OpenAgain, Word::OpenAgainNamed),
        Some(_) => (Word::Close, Word::CloseNamed),
        None => (Word::Open, Word::OpenNamed),
    };
    let mut spoken = vec![named.fill(language, &[("name", &target.name)]), about.clone()];
    spoken.extend(status.iter().chain(&problem).cloned());
    TileView {
        id: target.id,
        kind: target.kind,
        name: target.name.clone(),
        about,
        open: tile.open.is_some(),
        browser,
        status,
        problem,
        action: action.text(language).to_owned(),
        spoken: spoken.join(". "),
    }
}

fn line(line: &LineState, language: Language) -> (String, bool) {
    if line.away.is_some() {
        return (Word::AwayHeading.text(language).to_owned(), true);
    }
    let Some(LineQuality { round_trip_ms, loss_permille, transport, .. }) = line.quality else {
        return (Word::LineMeasuring.text(language).to_owned(), false);
    };
    let weak = round_trip_ms >= WEAK_ROUND_TRIP_MS || loss_permille >= WEAK_LOSS_PERMILLE || line.reduced;
    let fair = round_trip_ms >= FAIR_ROUND_TRIP_MS || loss_permille >= FAIR_LOSS_PERMILLE;
    let way = match transport {
        Transport::Ssh => Word::WayDirect,
        Transport::Websocket => Word::WayHttps,
        Transport::Proxy => Word::WayProxy,
    };
    let word = match (weak, fair) {
        (false, false) if round_trip_ms < BEST_ROUND_TRIP_MS => Word::LineBest,
        (true, _) => Word::LineWeak,
        (false, true) => Word::LineFair,
        (false, false) => Word::LineGood,
    };
    let (ms, loss) = (round_trip_ms.to_string(), percent(loss_permille, language));
    let said = word.fill(language, &[("ms", &ms), ("loss", &loss), ("way", way.text(language))]);
    let said = if line.reduced { Word::LineReduced.fill(language, &[("line", &said)]) } else { said };
    (said, weak)
}

fn away(line: &LineState, language: Language) -> Option<Notice> {
    let away = line.away?;
    let left = away.patience.saturating_sub(away.lasted);
    let text = Word::AwayText
        .fill(language, &[("lasted", &duration(away.lasted, language)), ("left", &duration(left, language))]);
    Some(Notice { tone: Tone::Warning, title: Word::AwayHeading.text(language).to_owned(), text })
}

fn line_test(test: LineTest, language: Language) -> String {
    match test {
        LineTest::Running => Word::TestRunning.text(language).to_owned(),
        LineTest::Done { round_trip, jitter, loss_permille, down_kbit, up_kbit } => Word::TestDone.fill(
            language,
            &[
                ("ms", &milliseconds(round_trip, language)),
                ("jitter", &milliseconds(jitter, language)),
                ("loss", &percent(loss_permille, language)),
                ("down", &speed(down_kbit, language)),
                ("up", &speed(up_kbit, language)),
            ],
        ),
    }
}

fn help(language: Language) -> Vec<Section> {
    let section = |heading: Word, paragraphs: &[Word]| Section {
        heading: heading.text(language).to_owned(),
        paragraphs: paragraphs.iter().map(|word| word.text(language).to_owned()).collect(),
    };
    let mut sections = vec![
        section(Word::HelpCodesHeading, &[Word::HelpCodesActivation, Word::HelpCodesPassphrase, Word::HelpCodesOnce]),
        section(Word::HelpForgottenHeading, &[Word::HelpForgotten]),
        section(Word::HelpLostHeading, &[Word::HelpLost]),
        section(Word::HelpTargetHeading, &[Word::HelpTarget]),
        section(Word::HelpAwayHeading, &[Word::HelpAway]),
        section(Word::HelpCallHeading, &[Word::HelpCall]),
        section(Word::HelpKeysHeading, &[Word::HelpKeys]),
        section(Word::HelpStaysHeading, &[]),
        section(Word::HelpOursHeading, &[Word::HelpOurs]),
        section(Word::HelpWindowsHeading, &[Word::HelpWindowsStarted, Word::HelpWindowsUsb, Word::HelpWindowsMstsc]),
        section(Word::HelpLinuxHeading, &[Word::HelpLinux]),
        section(Word::HelpBothHeading, &[Word::HelpBrowser, Word::HelpMemory, Word::HelpShared, Word::HelpAdvice]),
    ];
    let version = Word::HelpVersion.fill(language, &[("version", env!("CARGO_PKG_VERSION"))]);
    if let Some(last) = sections.last_mut() {
        last.paragraphs.push(version);
    }
    sections
}

/// A screen reader hears what happened, not each second of it: what counts up is left out.
fn announcement(heading: &str, notice: Option<&Notice>, screen: &Screen, language: Language) -> String {
    if let Some(notice) = notice {
        return format!("{}. {}", notice.title, notice.text);
    }
    match screen {
        Screen::Working { word, .. } => word.clone(),
        Screen::Desk(desk) if desk.away.is_some() => Word::AwayShort.text(language).to_owned(),
        Screen::Desk(desk) => {
            let tiles = desk.groups.iter().flat_map(|group| &group.tiles);
            let states = tiles.filter_map(|tile| {
                let said = tile.problem.as_ref().or(tile.status.as_ref())?;
                Some(format!("{}: {said}", tile.name))
            });
            std::iter::once(heading.to_owned()).chain(states).chain(desk.test.clone()).collect::<Vec<_>>().join(". ")
        }
        _ => heading.to_owned(),
    }
}

fn percent(permille: u16, language: Language) -> String {
    decimal(u32::from(permille), language)
}

/// Tenths as a number with at most one place behind the comma.
fn decimal(tenths: u32, language: Language) -> String {
    let comma = if language == Language::De { ',' } else { '.' };
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}{comma}{rest}", tenths / 10),
    }
}

fn milliseconds(length: Duration, language: Language) -> String {
    match length.as_millis() {
        few if few < u128::from(BEST_ROUND_TRIP_MS) => Word::BelowTenMs.text(language).to_owned(),
        many => Word::Milliseconds.fill(language, &[("value", &many.to_string())]),
    }
}

/// How fast that is, in a word and about.
fn speed(kbit: u32, language: Language) -> String {
    let word = match kbit {
        100_000.. => Word::VeryFast,
        20_000.. => Word::Fast,
        4_000.. => Word::FastEnough,
        _ => Word::Slow,
    };
    word.fill(language, &[("rate", &rate(kbit, language))])
}

/// A rate, rounded to what one can feel.
fn rate(kbit: u32, language: Language) -> String {
    let rounded = |to: u32| kbit.saturating_add(to / 2) / to;
    let (word, value) = match kbit {
        99_500.. => (Word::Megabits, (rounded(10_000).saturating_mul(10)).to_string()),
        9_950.. => (Word::Megabits, rounded(1000).to_string()),
        1000.. => (Word::Megabits, decimal(rounded(100), language)),
        100.. => (Word::Kilobits, (rounded(10) * 10).to_string()),
        _ => (Word::Kilobits, kbit.to_string()),
    };
    word.fill(language, &[("value", &value)])
}

/// A length of time in words, exact to the second below ten minutes.
fn duration(length: Duration, language: Language) -> String {
    let (minutes, seconds) = (length.as_secs() / 60, length.as_secs() % 60);
    let count = |number: u64, one: Word, many: Word| match number {
        1 => one.text(language).to_owned(),
        _ => many.fill(language, &[("count", &number.to_string())]),
    };
    let in_minutes = || count(minutes, Word::OneMinute, Word::Minutes);
    let in_seconds = || count(seconds, Word::OneSecond, Word::Seconds);
    match (minutes, seconds) {
        (0, _) => in_seconds(),
        (10.., _) | (_, 0) => in_minutes(),
        _ => Word::MinutesSeconds.fill(language, &[("minutes", &in_minutes()), ("seconds", &in_seconds())]),
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
