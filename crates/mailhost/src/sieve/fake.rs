//! A server that keeps scripts as Cyrus does, and what an absence does to them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use proptest::prelude::*;

use super::{
    Absence, Aside, OnDuty, Sieve,
    connection::tests::signed_in,
    own,
    script::{ANSWERS, BOTH, both, included, is_as_written},
};
use crate::{
    Error,
    line::Line,
    words::{Word, Words, read_answer},
};

/// What lies at the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shelf {
    scripts: BTreeMap<String, String>,
    active: String,
    /// How many scripts it takes.
    most: usize,
}

impl Shelf {
    fn of(scripts: &[(&str, &str)], active: &str) -> Self {
        let scripts = scripts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self { scripts, active: active.to_owned(), most: 5 }
    }

    fn names(&self) -> Vec<&str> {
        self.scripts.keys().map(String::as_str).collect()
    }

    fn answer(&mut self, words: &[Word]) -> String {
        let text = |place: usize| words.get(place).and_then(Word::text).unwrap_or_default();
        let (name, other) = (text(1), text(2));
        let is_there = self.scripts.contains_key(&name);
        let no = |code: &str| format!("NO ({code}) \"no\"\r\n");
        match text(0).as_str() {
            "LISTSCRIPTS" => {
                let line =
                    |name: &String| format!("\"{name}\"{}\r\n", if *name == self.active { " ACTIVE" } else { "" });
                return self.scripts.keys().map(line).collect::<String>() + "OK\r\n";
            }
            "GETSCRIPT" if is_there => {
                let script = &self.scripts[&name];
                return format!("{{{}}}\r\n{script}\r\nOK\r\n", script.len());
            }
            "PUTSCRIPT" if self.scripts.len() == self.most => return no("QUOTA/MAXSCRIPTS"),
            "PUTSCRIPT" => drop(self.scripts.insert(name, other)),
            "SETACTIVE" if is_there || name.is_empty() => self.active = name,
            "DELETESCRIPT" if self.active == name => return no("ACTIVE"),
            "DELETESCRIPT" if is_there => drop(self.scripts.remove(&name)),
            "RENAMESCRIPT" if self.scripts.contains_key(&other) => return no("ALREADYEXISTS"),
            "RENAMESCRIPT" if is_there => {
                let script = self.scripts.remove(&name).unwrap_or_default();
                self.scripts.insert(other.clone(), script);
                if self.active == name {
                    self.active = other;
                }
            }
            _ => return no("NONEXISTENT"),
        }
        "OK\r\n".to_owned()
    }

    /// How often what counts answers; nothing where a server takes it for a fault.
    fn answers(&self, name: &str) -> Option<usize> {
        self.answers_within(name, 9)
    }

    fn answers_within(&self, name: &str, depth: usize) -> Option<usize> {
        let Some(script) = self.scripts.get(name).filter(|_| depth > 0) else { return Some(0) };
        let own = own::read(script);
        let led = own.leads_to.iter().map(|name| self.answers_within(name, depth - 1)).sum::<Option<usize>>()?;
        let all = led + usize::from(own.answers);
        (all < 2).then_some(all)
    }
}

/// Somebody signed in to a server with these scripts.
fn at(shelf: Shelf) -> (Sieve, Arc<Mutex<Shelf>>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (shelf, mut line) = (Arc::new(Mutex::new(shelf)), Line::over(theirs));
    let served = Arc::clone(&shelf);
    tokio::spawn(async move {
        while let Ok(command) = read_answer(&mut line, 1 << 20).await {
            let words = Words::new(command).rest().expect("a command");
            let answer = look(&served).answer(&words);
            line.send(answer.as_bytes()).await.expect("somebody listens");
        }
    });
    (signed_in(ours, "vacation include date relational"), shelf)
}

fn look(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().expect("nobody panics with it")
}

/// What lies at the server now.
fn now(shelf: &Mutex<Shelf>) -> Shelf {
    look(shelf).clone()
}

fn absence(text: &str) -> Absence {
    Absence { text: text.to_owned(), ..Absence::default() }
}

const FILES: &str = "require \"fileinto\";\r\nfileinto \"Archive\";\r\n";
const ANSWERS_ITSELF: &str = "require \"vacation\";\r\nvacation \"Weg\";\r\n";

#[tokio::test]
async fn somebodys_own_script_goes_on_beside_the_absence() {
    let before = Shelf::of(&[("mine", FILES)], "mine");
    let (mut sieve, shelf) = at(before.clone());
    assert_eq!(sieve.begin_absence(&absence("Weg")).await.expect("begun"), Aside::default());
    assert_eq!(now(&shelf).names(), [BOTH, ANSWERS, "mine"]);
    assert_eq!(included(&now(&shelf).scripts[BOTH]), [ANSWERS, "mine"]);
    assert_eq!((now(&shelf).active.as_str(), now(&shelf).answers(BOTH)), (BOTH, Some(1)));
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    assert_eq!(sieve.end_absence().await.expect("ended"), Aside::default());
    assert_eq!(now(&shelf), before);
}

#[tokio::test]
async fn a_script_that_answers_or_refuses_itself_is_left_as_it_is() {
    for (scripts, active) in [
        (vec![("mine", ANSWERS_ITSELF)], "mine"),
        (vec![("mine", "require \"include\"; include :personal \"b\";"), ("b", "reject \"no\";")], "mine"),
        (vec![("mine", "include :personal \"fernamt-absence\";")], "mine"),
        (vec![(BOTH, ANSWERS_ITSELF)], BOTH),
    ] {
        let before = Shelf::of(&scripts, active);
        let (mut sieve, shelf) = at(before.clone());
        let refused = sieve.begin_absence(&absence("Weg")).await;
        assert!(matches!(refused, Err(Error::Unsayable(why)) if why.contains("answers or refuses")), "{scripts:?}");
        assert_eq!(now(&shelf), before);
    }
    // It may come to answer later, too.
    let (mut sieve, shelf) = at(Shelf::of(&[("mine", FILES)], "mine"));
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    look(&shelf).scripts.insert("mine".to_owned(), ANSWERS_ITSELF.to_owned());
    assert_eq!(now(&shelf).answers(BOTH), None);
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Broken);
    assert!(matches!(sieve.begin_absence(&absence("Weg")).await, Err(Error::Unsayable(_))));
    sieve.end_absence().await.expect("ended");
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec!["mine"], "mine".to_owned()));
}

#[tokio::test]
async fn an_absence_is_changed_where_the_server_takes_no_script_more() {
    for scripts in [vec![("a", FILES), ("b", FILES), ("c", FILES)], vec![("mine", FILES)]] {
        let active = scripts[0].0;
        let (mut sieve, shelf) = at(Shelf { most: scripts.len() + 2, ..Shelf::of(&scripts, active) });
        sieve.begin_absence(&absence("Weg")).await.expect("begun");
        sieve.begin_absence(&absence("Fort")).await.expect("changed");
        assert!(now(&shelf).scripts[ANSWERS].contains("Fort"));
        assert_eq!((now(&shelf).active.as_str(), now(&shelf).answers(BOTH)), (BOTH, Some(1)));
        sieve.end_absence().await.expect("ended");
        assert_eq!(now(&shelf).active, active);
    }
    // Nothing of ours makes room where nothing of ours lies.
    let (mut sieve, shelf) = at(Shelf { most: 2, ..Shelf::of(&[("a", FILES)], "a") });
    assert!(matches!(sieve.begin_absence(&absence("Weg")).await, Err(Error::Refused { .. })));
    sieve.end_absence().await.expect("taken back");
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec!["a"], "a".to_owned()));
}

#[tokio::test]
async fn a_name_that_nobody_can_read_keeps_no_absence_from_ending() {
    let (mut sieve, shelf) = at(Shelf::of(&[("mine", FILES)], "mine"));
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    for odd in ["\"x\"", "a\\b"] {
        look(&shelf).scripts.insert(odd.to_owned(), FILES.to_owned());
    }
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    look(&shelf).most = 9;
    sieve.begin_absence(&absence("Fort")).await.expect("changed");
    sieve.end_absence().await.expect("ended");
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec!["\"x\"", "a\\b", "mine"], "mine".to_owned()));
    // None begins beside one that counts.
    for odd in ["\"x\"", "a\\b"] {
        odd.clone_into(&mut look(&shelf).active);
        let refused = sieve.begin_absence(&absence("Weg")).await;
        assert!(matches!(refused, Err(Error::Unsayable(why)) if why.contains("plain letters")));
    }
    assert_eq!(now(&shelf).scripts.len(), 3);
}

#[tokio::test]
async fn an_own_script_that_is_gone_is_told_and_answers_go_on() {
    let (mut sieve, shelf) = at(Shelf::of(&[("mine", FILES), ("other", FILES)], "mine"));
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    look(&shelf).scripts.remove("mine");
    assert!(now(&shelf).scripts[BOTH].matches(":optional").count() == 2, "a server goes on until it is mended");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Broken);
    let gone = Aside { gone: Some("mine".to_owned()), kept: Vec::new() };
    assert_eq!(sieve.begin_absence(&absence("Weg")).await.expect("mended"), gone);
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec![ANSWERS, "other"], ANSWERS.to_owned()));
    assert_eq!(sieve.end_absence().await.expect("ended"), Aside::default());
    // It may be over before anybody looks.
    "other".clone_into(&mut look(&shelf).active);
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    let script = look(&shelf).scripts.remove("other").expect("there");
    look(&shelf).scripts.insert("renamed".to_owned(), script);
    let gone = Aside { gone: Some("other".to_owned()), kept: Vec::new() };
    assert_eq!(sieve.end_absence().await.expect("ended"), gone);
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec!["renamed"], String::new()));
}

#[tokio::test]
async fn rules_that_somebody_wrote_into_our_scripts_are_kept() {
    // Into the one that leads to both.
    let (mut sieve, shelf) = at(Shelf::of(&[("mine", FILES)], "mine"));
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    let changed = format!("{}fileinto \"Plan\";\r\n", both("mine"));
    look(&shelf).scripts.insert(BOTH.to_owned(), changed.clone());
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    assert_eq!(sieve.begin_absence(&absence("Fort")).await.expect("changed"), Aside::default());
    assert_eq!(now(&shelf).scripts[BOTH], changed, "it goes on as long as the absence");
    let kept = |name: &str| Aside { gone: None, kept: vec![name.to_owned()] };
    assert_eq!(sieve.end_absence().await.expect("ended"), kept("fernamt-kept"));
    assert_eq!((now(&shelf).names(), now(&shelf).active.clone()), (vec!["fernamt-kept", "mine"], "mine".to_owned()));
    assert_eq!(now(&shelf).scripts["fernamt-kept"], changed);
    // Into the one that answers.
    let (mut sieve, shelf) = at(Shelf { most: 9, ..Shelf::default() });
    sieve.begin_absence(&absence("Weg")).await.expect("begun");
    let changed = format!("{}fileinto \"Plan\";\r\n", now(&shelf).scripts[ANSWERS]);
    look(&shelf).scripts.insert(ANSWERS.to_owned(), changed.clone());
    assert_eq!(sieve.begin_absence(&absence("Fort")).await.expect("changed"), kept("fernamt-absence-kept"));
    assert_eq!((now(&shelf).active.as_str(), now(&shelf).answers(ANSWERS)), (ANSWERS, Some(1)));
    assert_eq!(now(&shelf).scripts["fernamt-absence-kept"], changed);
    look(&shelf).scripts.insert(ANSWERS.to_owned(), ANSWERS_ITSELF.to_owned());
    assert_eq!(sieve.end_absence().await.expect("ended"), kept("fernamt-absence-kept-2"));
    assert_eq!(now(&shelf).active, "");
}

#[tokio::test]
async fn own_scripts_that_are_called_like_ours_are_neither_overwritten_nor_deleted() {
    let (mut sieve, shelf) = at(Shelf::of(&[(BOTH, FILES), (ANSWERS, "keep;")], BOTH));
    let aside = sieve.begin_absence(&absence("Weg")).await.expect("begun");
    assert_eq!(aside.kept, ["fernamt-absence-kept", "fernamt-kept"]);
    assert_eq!(now(&shelf).scripts["fernamt-kept"], FILES);
    assert_eq!(included(&now(&shelf).scripts[BOTH]), [ANSWERS, "fernamt-kept"]);
    assert_eq!((now(&shelf).active.as_str(), now(&shelf).answers(BOTH)), (BOTH, Some(1)));
    // Somebody puts another one in its place, which leads to nothing of ours.
    look(&shelf).scripts.insert(BOTH.to_owned(), FILES.to_owned());
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Overruled);
    assert_eq!(sieve.end_absence().await.expect("ended"), Aside::default());
    assert_eq!((now(&shelf).scripts[BOTH].as_str(), now(&shelf).active.as_str()), (FILES, BOTH));
}

/// What a script may say, whoever wrote it.
fn script() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(FILES.to_owned()),
        Just(ANSWERS_ITSELF.to_owned()),
        Just(both("mine")),
        Just(both("gone")),
        Just(format!("{}keep;\r\n", both("mine"))),
        Just(format!("{}keep;\r\n", absence("Weg").script().expect("a script"))),
        Just(absence("Alt").script().expect("a script")),
        Just("include :personal \"b\";\r\n".to_owned()),
    ]
}

proptest! {
    #[test]
    fn whatever_lies_there_nothing_of_somebodys_is_lost_and_an_absence_answers_once(
        scripts in prop::collection::btree_map(
            prop::sample::select(vec![BOTH, ANSWERS, "mine", "b"]).prop_map(str::to_owned), script(), 0..4),
        active in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let active = active.filter(|_| !scripts.is_empty()).map(|at| at.get(&scripts.keys().cloned().collect::<Vec<_>>()).clone());
        let before = Shelf { scripts, active: active.unwrap_or_default(), most: 20 };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (mut sieve, shelf) = at(before.clone());
            let is_kept = |shelf: &Shelf| {
                before.scripts.values().all(|script| {
                    script == &both("mine") || script == &both("gone") || is_as_written(script)
                        || shelf.scripts.values().any(|kept| kept == script)
                })
            };
            let begun = sieve.begin_absence(&absence("Fort")).await;
            match &begun {
                Ok(_) => {
                    let now = now(&shelf);
                    prop_assert!([BOTH, ANSWERS].contains(&now.active.as_str()));
                    prop_assert_eq!(now.answers(&now.active), Some(1));
                    prop_assert!(now.scripts[ANSWERS].contains("Fort"));
                }
                Err(_) => prop_assert_eq!(&now(&shelf), &before),
            }
            prop_assert!(is_kept(&now(&shelf)));
            sieve.end_absence().await.expect("ended");
            let left = now(&shelf);
            prop_assert!(is_kept(&left));
            prop_assert!(!left.scripts.get(ANSWERS).is_some_and(|script| is_as_written(script)));
            prop_assert!(left.active.is_empty() || left.scripts.contains_key(&left.active));
            Ok(())
        })?;
    }
}
