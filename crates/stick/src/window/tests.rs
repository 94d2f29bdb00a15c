//! Every page in memory: what a keyboard reaches there, what a screen reader finds, and what of a secret stays.

use std::collections::{BTreeMap, BTreeSet};

use egui::{
    Event, Key, Modifiers,
    accesskit::{Live, Node, NodeId, Role, TreeUpdate},
};

use super::{
    pictures::{SIZES, Stage},
    states::{self, Prepared},
    words::Language,
};
use crate::engine;

fn page(name: &str, language: Language) -> Prepared {
    states::all(language).into_iter().find(|page| page.name == name).expect("there is such a page")
}

fn stage(name: &str) -> Stage {
    Stage::new(&page(name, Language::De), Language::De, false, SIZES[1])
}

fn press(key: Key) -> Vec<Event> {
    [true, false]
        .map(|pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE })
        .into()
}

fn typed(text: &str) -> Vec<Event> {
    vec![Event::Text(text.to_owned())]
}

fn nodes(tree: &TreeUpdate) -> BTreeMap<NodeId, &Node> {
    tree.nodes.iter().map(|(id, node)| (*id, node)).collect()
}

/// The name by which a screen reader calls a node: its own, or its label's.
fn name_of(node: &Node, all: &BTreeMap<NodeId, &Node>) -> String {
    if let Some(label) = node.label() {
        return label.to_owned();
    }
    let labels = node.labelled_by().iter().filter_map(|id| all.get(id));
    labels.filter_map(|label| label.label().or(label.value())).collect::<Vec<_>>().join(" ")
}

fn focused(tree: &TreeUpdate) -> String {
    let all = nodes(tree);
    all.get(&tree.focus).map(|node| name_of(node, &all)).unwrap_or_default()
}

fn is_control(role: Role) -> bool {
    egui::accessibility::is_input(role)
}

#[test]
fn every_control_of_every_page_has_a_name_and_a_role() {
    for language in [Language::De, Language::En] {
        for page in states::all(language) {
            let tree = Stage::new(&page, language, false, SIZES[1]).input(Vec::new());
            let all = nodes(&tree);
            let mut controls = 0;
            let mut headings = 0;
            for node in all.values() {
                headings += usize::from(node.role() == Role::Heading);
                if is_control(node.role()) {
                    controls += 1;
                    assert!(!name_of(node, &all).trim().is_empty(), "{}: {node:?}", page.name);
                }
                let acts = node.supports_action(egui::accesskit::Action::Click);
                let acts = acts && node.role() != Role::ScrollBar;
                assert!(!acts || is_control(node.role()), "{}: it can be clicked but is nothing: {node:?}", page.name);
            }
            assert!(controls >= 2 && headings >= 1, "{}: {controls} controls, {headings} headings", page.name);
            let announced: Vec<_> = all.values().filter(|node| node.live() == Some(Live::Polite)).collect();
            assert_eq!(announced.len(), 1, "{}", page.name);
            assert!(announced[0].label().is_some_and(|label| !label.is_empty()), "{}", page.name);
        }
    }
}

#[test]
fn tab_reaches_every_control_of_every_page() {
    for page in states::all(Language::De) {
        let mut stage = Stage::new(&page, Language::De, false, SIZES[1]);
        let tree = stage.input(Vec::new());
        let all = nodes(&tree);
        let wanted: BTreeSet<NodeId> =
            all.iter().filter(|(_, node)| is_control(node.role()) && !node.is_disabled()).map(|(id, _)| *id).collect();
        let mut reached = BTreeSet::from([tree.focus]);
        for _ in 0..wanted.len() + 2 {
            stage.input(press(Key::Tab));
            reached.insert(stage.input(Vec::new()).focus);
        }
        let missed: Vec<_> = wanted.difference(&reached).map(|id| all[id].label()).collect();
        assert!(missed.is_empty(), "{}: {missed:?}", page.name);
        assert!(stage.done().is_empty(), "{}: Tab does nothing but move", page.name);
    }
}

#[test]
fn each_page_begins_where_one_goes_on() {
    for (name, wanted) in [
        ("first-start", "Aktivierungscode"),
        ("passphrase", "Passphrase"),
        ("code", "Einmalcode aus Ihrer App"),
        ("proxy", "Name am Proxy"),
        ("desk", "Mein PC im Rathaus öffnen. Desktop · Zimmer 214"),
        ("desk-many", "Suchen"),
        ("leave", "Weiterarbeiten"),
        ("ended-line-lost", "Neu anmelden"),
        ("ended-pulled", "Fenster schließen"),
    ] {
        assert_eq!(focused(&stage(name).input(Vec::new())), wanted, "{name}");
    }
}

#[test]
fn a_passphrase_and_enter_unlock_and_nothing_of_it_is_shown_or_stays() {
    let mut stage = stage("passphrase");
    let tree = stage.input(typed("Größe übt früh"));
    assert!(!format!("{tree:?}").contains("Größe"));
    let tree = stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["Unlock(Secret(…))"]);
    assert!(!format!("{tree:?}").contains("Größe"));
    let tree = stage.input(Vec::new());
    let all = nodes(&tree);
    let field = all.values().find(|node| node.role() == Role::PasswordInput).expect("the field is still there");
    assert_eq!(field.value().unwrap_or_default(), "");
}

#[test]
fn an_empty_passphrase_is_not_sent() {
    let mut stage = stage("passphrase");
    stage.input(press(Key::Enter));
    assert!(stage.done().is_empty());
    assert_eq!(focused(&stage.input(Vec::new())), "Passphrase", "one can go on typing");
}

#[test]
fn the_first_start_wants_a_code_and_twice_the_same_good_passphrase() {
    let mut stage = stage("first-start");
    stage.input(typed("ABCD-EFGH-JKMN-PQRS"));
    stage.input(press(Key::Tab));
    stage.input(typed("Kastanie Regen Montag"));
    stage.input(press(Key::Tab));
    assert_eq!(focused(&stage.input(Vec::new())), "Passphrase anzeigen");
    stage.input(press(Key::Tab));
    stage.input(typed("Kastanie Regen"));
    stage.input(press(Key::Enter));
    assert!(stage.done().is_empty(), "the two differ");
    stage.input(Vec::new());
    stage.input(typed(" Montag"));
    stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["Activate { code: Secret(…), passphrase: Secret(…) }"]);
}

#[test]
fn a_refused_activation_code_leaves_everything_typed_until_one_is_taken() {
    let came = |stage, problem| engine::State { stage, problem };
    let working = || came(engine::Stage::Working(engine::Step::Activating), None);
    let refused = || came(engine::Stage::Fresh, Some(engine::Problem::WrongActivationCode));
    let mut stage = stage("first-start");
    stage.input(typed("ABCD-EFGH-JKMN-PQRS"));
    let tab = |stage: &mut Stage| drop((stage.input(press(Key::Tab)), stage.input(Vec::new())));
    tab(&mut stage);
    stage.input(typed("Kastanie Regen Montag"));
    tab(&mut stage);
    tab(&mut stage);
    stage.input(typed("Kastanie Regen Montag"));
    stage.input(press(Key::Enter));
    assert_eq!(stage.done().len(), 1);
    stage.comes(working());
    stage.comes(refused());
    assert_eq!(focused(&stage.input(Vec::new())), "Aktivierungscode");
    (0..3).for_each(|_| tab(&mut stage));
    let tree = stage.input(press(Key::Enter));
    assert!(format!("{tree:?}").contains("ABCD-EFGH") && !format!("{tree:?}").contains("Kastanie"));
    assert_eq!(stage.done(), ["Activate { code: Secret(…), passphrase: Secret(…) }"]);
    stage.comes(working());
    stage.comes(came(engine::Stage::AskCode, None));
    stage.comes(refused());
    assert!(!format!("{:?}", stage.input(Vec::new())).contains("ABCD-EFGH"));
    (0..3).for_each(|_| tab(&mut stage));
    stage.input(press(Key::Enter));
    assert!(stage.done().is_empty(), "nothing is left of it");
}

#[test]
fn the_button_that_sets_up_is_in_sight_where_a_code_was_refused() {
    for language in [Language::De, Language::En] {
        for name in ["first-start", "first-start-refused"] {
            let tree = Stage::new(&page(name, language), language, false, SIZES[1]).input(Vec::new());
            let wanted = super::words::Word::Activate.text(language);
            let (_, button) = tree.nodes.iter().find(|(_, node)| node.label() == Some(wanted)).expect("it is there");
            assert!(button.bounds().expect("it has a place").y1 < f64::from(SIZES[1].1), "{name}");
            let hint = super::words::Word::MoreBelow.text(language);
            assert!(!tree.nodes.iter().any(|(_, node)| node.label().or(node.value()) == Some(hint)), "{name}");
        }
    }
}

#[test]
fn a_switch_shows_the_passphrase_until_the_page_goes() {
    let mut stage = stage("passphrase");
    stage.input(typed("Größe übt früh"));
    stage.input(press(Key::Tab));
    let tree = stage.input(Vec::new());
    assert_eq!(focused(&tree), "Passphrase anzeigen");
    assert_eq!(nodes(&tree)[&tree.focus].toggled(), Some(egui::accesskit::Toggled::False));
    stage.input(press(Key::Space));
    let tree = stage.input(Vec::new());
    assert_eq!(nodes(&tree)[&tree.focus].toggled(), Some(egui::accesskit::Toggled::True));
    assert!(format!("{tree:?}").contains("Größe übt früh"));
    stage.comes(engine::State { stage: engine::Stage::AskCode, problem: None });
    stage.comes(engine::State { stage: engine::Stage::Locked, problem: None });
    assert!(!format!("{:?}", stage.input(Vec::new())).contains("Größe"));
}

#[test]
fn whoever_forgot_the_passphrase_gives_a_new_code() {
    let mut stage = stage("passphrase");
    while focused(&stage.input(Vec::new())) != "Ich habe einen neuen Aktivierungscode" {
        stage.input(press(Key::Tab));
    }
    stage.input(press(Key::Enter));
    (0..2).for_each(|_| drop(stage.input(Vec::new())));
    assert_eq!(focused(&stage.input(Vec::new())), "Aktivierungscode");
    stage.input(press(Key::Escape));
    stage.input(Vec::new());
    assert_eq!(focused(&stage.input(Vec::new())), "Passphrase");
}

#[test]
fn what_is_open_in_the_browser_is_opened_again_and_nobody_is_asked_about_it() {
    let mut stage = stage("desk-open");
    while !focused(&stage.input(Vec::new())).starts_with("Elektronische Akte noch einmal öffnen") {
        stage.input(press(Key::Tab));
    }
    stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["Open(TargetId(0191c2a0-0000-7000-8000-000000000004))"]);
    let mut state = page("desk-open", Language::De).state;
    let mut pages = super::page::Pages::new(states::face(Language::De));
    assert!(!pages.wants_to_leave(&state), "desktops are open, too");
    if let engine::Stage::Ready(desk) = &mut state.stage {
        desk.tiles.iter_mut().for_each(|tile| drop(tile.open.take_if(|open| open.address.is_some())));
    }
    let mut pages_of_the_browser = super::page::Pages::new(states::face(Language::De));
    assert!(pages_of_the_browser.wants_to_leave(&state));
}

#[test]
fn what_takes_a_moment_can_be_cancelled() {
    let mut stage = stage("working-connecting");
    stage.input(press(Key::Enter));
    assert!(stage.done().is_empty(), "a key held too long cancels nothing");
    stage.input(press(Key::Escape));
    assert_eq!(stage.done(), ["Leave"]);
    while focused(&stage.input(Vec::new())) != "Abbrechen und beenden" {
        stage.input(press(Key::Tab));
    }
    stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["Leave"]);
}

#[test]
fn keys_scroll_what_is_longer_than_the_window_and_back_stays_in_sight() {
    let top = |tree: &TreeUpdate, name: &str| {
        let found = tree.nodes.iter().find(|(_, node)| node.label() == Some(name)).expect("it is there");
        found.1.bounds().expect("it has a place").y0
    };
    let mut stage = stage("help");
    let hint = "Weiter unten geht es weiter";
    let first = stage.input(Vec::new());
    assert!(format!("{first:?}").contains(hint));
    let mut at = |key: Key| {
        stage.input(press(key));
        (0..2).for_each(|_| drop(stage.input(Vec::new())));
        stage.input(Vec::new())
    };
    let heading = |tree: &TreeUpdate| top(tree, "Woher kommen Passphrase und Codes?");
    let down = at(Key::PageDown);
    assert!(heading(&down) < heading(&first));
    let end = at(Key::End);
    assert!(heading(&end) < heading(&down) && !format!("{end:?}").contains(hint));
    assert!((top(&end, "Zurück") - top(&first, "Zurück")).abs() < 0.5);
    let up = at(Key::PageUp);
    assert!(heading(&up) > heading(&end));
    assert!((heading(&at(Key::Home)) - heading(&first)).abs() < 0.5);
}

#[test]
fn space_and_enter_open_the_tile_with_the_focus_and_close_it() {
    for key in [Key::Space, Key::Enter] {
        let mut stage = stage("desk");
        stage.input(press(Key::Tab));
        stage.input(press(key));
        assert_eq!(stage.done(), ["Open(TargetId(0191c2a0-0000-7000-8000-000000000002))"]);
    }
    let mut stage = stage("desk-open");
    assert_eq!(focused(&stage.input(Vec::new())), "Finanzbuchhaltung öffnen. Dienst · Haushalt und Kasse");
    while !focused(&stage.input(Vec::new())).starts_with("Mein PC im Rathaus trennen") {
        stage.input(press(Key::Tab));
    }
    stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["Close(TargetId(0191c2a0-0000-7000-8000-000000000001))"]);
}

#[test]
fn escape_leaves_the_help_and_the_question() {
    for name in ["help", "leave"] {
        let mut stage = stage(name);
        stage.input(press(Key::Escape));
        let tree = stage.input(Vec::new());
        let below = |(_, node): &(NodeId, Node)| {
            node.role() == Role::Heading
                && ["Anmelden", "Ihre Arbeitsplätze"].contains(&node.label().unwrap_or_default())
        };
        assert!(tree.nodes.iter().any(below), "{name}");
        assert!(stage.done().is_empty());
    }
}

#[test]
fn a_search_finds_while_one_types() {
    let mut stage = stage("desk-many");
    stage.input(typed("1993"));
    let tree = stage.input(Vec::new());
    let tiles: Vec<_> =
        tree.nodes.iter().filter_map(|(_, node)| node.label().filter(|label| label.contains(" öffnen. "))).collect();
    assert_eq!(tiles, ["Altakte 1993 öffnen. Web-Anwendung"]);
}

#[test]
fn the_language_changes_on_the_spot() {
    let mut stage = stage("passphrase");
    for _ in 0..10 {
        stage.input(press(Key::Tab));
        if focused(&stage.input(Vec::new())) == "English" {
            break;
        }
    }
    stage.input(press(Key::Enter));
    assert_eq!(stage.done(), ["language en"]);
    assert!(format!("{:?}", stage.input(Vec::new())).contains("Your passphrase opens the key"));
}

#[test]
fn every_page_draws_something_in_every_colour_and_size() {
    for name in ["desk-open", "help", "first-start"] {
        for dark in [false, true] {
            for size in SIZES {
                let picture = Stage::new(&page(name, Language::En), Language::En, dark, size).picture();
                let colours: BTreeSet<u32> = picture.pixels.iter().copied().collect();
                assert!(colours.len() > 20, "{name}: {} colours", colours.len());
                let middle = picture.pixels[picture.pixels.len() / 2];
                assert_eq!(middle & 0x80 == 0, dark, "{name} {dark}: {middle:06x}");
            }
        }
    }
}

#[test]
fn the_state_that_is_shown_is_the_newest() {
    let state = engine::State { stage: engine::Stage::Locked, problem: None };
    let prepared = Prepared { state, ..page("passphrase", Language::De) };
    let tree = Stage::new(&prepared, Language::De, false, SIZES[0]).input(Vec::new());
    assert!(format!("{tree:?}").contains("Ihre Passphrase öffnet"));
}
