use super::*;
use crate::{engine::Step, window::states};

const BOTH: [Language; 2] = [Language::De, Language::En];

fn view_of(name: &str, language: Language) -> View {
    let page = states::all(language).into_iter().find(|page| page.name == name).expect("there is such a page");
    view(&page.state, &states::face(language), language, page.over, page.search)
}

fn desk_of(name: &str, language: Language) -> DeskView {
    match view_of(name, language).screen {
        Screen::Desk(desk) => *desk,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_that_is_shown_has_a_place_left_to_fill() {
    for language in BOTH {
        for page in states::all(language) {
            let shown = format!("{:?}", view(&page.state, &states::face(language), language, page.over, page.search));
            let texts: Vec<&str> = shown.split('"').skip(1).step_by(2).collect();
            assert!(texts.len() > 2, "{}", page.name);
            for text in texts {
                assert!(!text.contains(['{', '}']), "{}: {text}", page.name);
            }
        }
    }
}

#[test]
fn every_problem_says_what_happened_and_what_to_do() {
    for problem in Problem::EVERY {
        let told = BOTH.map(|language| notice(&problem, language));
        assert_ne!(told[0].title, told[1].title, "{problem:?}");
        for told in told {
            assert!(told.text.ends_with('.') && !told.title.ends_with('.'), "{problem:?}");
            assert!(!told.text.contains('{') && told.text.len() > 30, "{problem:?}");
        }
    }
}

#[test]
fn every_step_has_a_word() {
    for step in [Step::Unlocking, Step::Connecting, Step::SigningIn, Step::Activating] {
        let state = State { stage: Stage::Working(step), problem: None };
        let [de, en] = BOTH.map(|language| view(&state, &states::face(language), language, Over::Nothing, ""));
        assert!(de.announcement.ends_with(" …") && en.announcement.ends_with(" …"), "{step:?}");
        assert_ne!(de.announcement, en.announcement);
    }
}

#[test]
fn the_line_is_told_in_words() {
    assert_eq!(desk_of("desk", Language::De).line, "Gute Leitung: 34 ms, direkt");
    let weak = desk_of("line-weak", Language::De);
    assert_eq!(weak.line, "Schwache Leitung: 300 ms, 3 % Verlust, über HTTPS; weniger Farben");
    assert!(weak.line_weak);
    assert_eq!(desk_of("line-weak", Language::En).line, "Weak line: 300 ms, 3 % loss, by HTTPS; reduced colours used");
}

#[test]
fn an_outage_says_how_long_it_may_last_but_is_announced_once() {
    let view = view_of("line-away", Language::De);
    let Screen::Desk(desk) = &view.screen else { panic!() };
    assert_eq!(
        desk.away.as_ref().unwrap().text,
        "Seit 12 Sekunden. Was offen ist, bleibt noch 9 Minuten und 48 Sekunden bestehen und geht dann von selbst weiter. \
         Sie müssen nichts tun."
    );
    assert!(!view.announcement.contains("12"));
    assert!(!desk.can_test);
}

#[test]
fn tiles_stand_under_their_headings_and_say_how_they_are() {
    let desk = desk_of("desk-open", Language::De);
    let headings: Vec<&str> = desk.groups.iter().map(|group| group.heading.as_str()).collect();
    assert_eq!(headings, ["", "Fachverfahren", "Technik"]);
    let tile = &desk.groups[0].tiles[0];
    assert_eq!((tile.about.as_str(), tile.status.as_deref()), ("Desktop · Zimmer 214", Some("Offen mit FreeRDP")));
    assert_eq!(tile.spoken, "Mein PC im Rathaus trennen. Desktop · Zimmer 214. Offen mit FreeRDP");
    assert!(!desk.search);
}

#[test]
fn many_tiles_can_be_searched() {
    assert!(desk_of("desk-many", Language::De).search);
    let found = desk_of("desk-search", Language::De);
    let names: Vec<&str> = found.groups.iter().flat_map(|group| &group.tiles).map(|tile| tile.name.as_str()).collect();
    assert!(names.len() == 13 && names.contains(&"Elektronische Akte"), "{names:?}");
    let page = states::all(Language::De).into_iter().find(|page| page.name == "desk-many").unwrap();
    let Screen::Desk(none) = view(&page.state, &states::face(Language::De), Language::De, Over::Nothing, "xyz").screen
    else {
        panic!()
    };
    assert_eq!(none.empty.as_deref(), Some("Nichts gefunden."));
}

#[test]
fn lengths_of_time_and_rates_read_well() {
    for (seconds, said) in [
        (0, "0 Sekunden"),
        (1, "1 Sekunde"),
        (60, "1 Minute"),
        (61, "1 Minute und 1 Sekunde"),
        (599, "9 Minuten und 59 Sekunden"),
        (605, "10 Minuten"),
    ] {
        assert_eq!(duration(Duration::from_secs(seconds), Language::De), said);
    }
    assert_eq!((rate(873, Language::De), rate(15_640, Language::De)), ("870 kbit/s".into(), "16 Mbit/s".into()));
    assert_eq!((rate(2_340, Language::De), rate(1_234_567, Language::En)), ("2,3 Mbit/s".into(), "1230 Mbit/s".into()));
    assert_eq!(speed(243_900, Language::De), "sehr schnell, rund 240 Mbit/s");
    assert_eq!(speed(900, Language::En), "slow, about 900 kbit/s");
    assert_eq!((percent(4, Language::En), percent(30, Language::De)), ("0.4".into(), "3".into()));
}

#[test]
fn whoever_may_sign_in_again_is_asked_for_the_passphrase() {
    let state = State { stage: Stage::Ended, problem: Some(Problem::LineLost) };
    let face = states::face(Language::De);
    let ended = view(&state, &face, Language::De, Over::Nothing, "");
    assert!(matches!(ended.screen, Screen::Message { again: true, .. }));
    let again = view(&state, &face, Language::De, Over::Again, "");
    assert_eq!((again.screen, again.notice), (Screen::Passphrase { renew: false }, None));
    for name in ["ended", "ended-pulled", "ended-copied"] {
        assert!(matches!(view_of(name, Language::De).screen, Screen::Message { again: false, .. }), "{name}");
    }
}

#[test]
fn what_needs_no_figure_has_none_and_what_is_old_is_gone() {
    let shown = |change: &dyn Fn(&mut Desk)| {
        let mut page = states::all(Language::En).into_iter().find(|page| page.name == "line-tested").unwrap();
        let Stage::Ready(desk) = &mut page.state.stage else { panic!() };
        change(desk);
        match view(&page.state, &states::face(Language::En), Language::En, Over::Nothing, "").screen {
            Screen::Desk(desk) => desk,
            other => panic!("{other:?}"),
        }
    };
    let best = shown(&|desk| desk.line.quality.as_mut().unwrap().round_trip_ms = 0);
    assert_eq!(best.line, "Good line");
    assert!(best.test.is_some() && best.greeting.is_none());
    let patience = Duration::from_secs(600);
    let away = shown(&|desk| desk.line.away = Some(crate::engine::Away { lasted: Duration::ZERO, patience }));
    assert_eq!(away.test, None);
    let other = shown(&|desk| desk.person = "Max".to_owned());
    assert_eq!(other.greeting.as_deref(), Some("Signed in: Max"));
}

#[test]
fn the_browser_is_told_apart_from_what_can_be_ended() {
    let desk = desk_of("desk-open", Language::En);
    let tile = desk.groups.iter().flat_map(|group| &group.tiles).find(|tile| tile.browser).unwrap();
    assert_eq!(tile.action, "Open again");
    assert!(tile.status.as_deref().unwrap().starts_with("Opened in the browser."));
    assert_eq!(desk.stays.as_deref(), Some(Word::BrowserStays.text(Language::En)));
    assert_eq!(desk_of("desk", Language::En).stays, None);
    let Screen::Leave { text } = view_of("leave", Language::En).screen else { panic!() };
    assert!(text.starts_with("2 connections") && !text.contains("Electronic files"), "{text}");
    assert!(text.ends_with(Word::BrowserStays.text(Language::En)));
}

#[test]
fn help_begins_with_what_to_do_and_ends_with_what_stays() {
    let Screen::Help(sections) = view_of("help", Language::En).screen else { panic!() };
    let at = |heading: &str| sections.iter().position(|section| section.heading == heading).expect("it is there");
    assert_eq!(at("Where do passphrase and codes come from?"), 0);
    assert!(at("Whom do you call?") < at("Keys") && at("Keys") < at("What stays on this PC"));
}

#[test]
fn an_accent_is_six_digits() {
    assert_eq!(colour("#2044aa"), Some([0x20, 0x44, 0xaa]));
    for bad in ["", "2044aa", "#2044a", "#2044aaa", "#20ßaa", "#gg44aa", "#+1+1+1"] {
        assert_eq!(colour(bad), None, "{bad}");
    }
}

#[test]
fn a_new_passphrase_is_judged_while_it_is_typed() {
    let hint = |text: &str| passphrase_hint(&text.into(), Language::De);
    assert!(!hint("").1 && hint("").0.starts_with("Mindestens 12 Zeichen"));
    assert_eq!(hint("elf zeichen"), ("Noch ein Zeichen.".to_owned(), false));
    assert!(!hint("aaaaaaaaaaaaaaaa").1);
    assert_eq!(hint("zwölf zeiche"), ("Lang genug.".to_owned(), true));
    assert_eq!(hint("Kastanie Regen Montag Ziegel").0, "Lang und gut.");
}
