use std::time::Duration;

use fernamt_mailhost::{
    Error,
    imap::{FolderName, Woken},
    sieve::{Absence, OnDuty, Script},
};
use time::macros::datetime;

use crate::house::House;

/// The subjects of what lies in a folder, once there are as many as wanted.
async fn subjects(house: &House, person: &str, folder: &str, wanted: u32) -> Vec<String> {
    let mut imap = house.imap(person).await.expect("signed in");
    let folder = FolderName::of(folder);
    // A command between the count and the wait would be told of what arrives, and the wait no more.
    while imap.select(&folder, false).await.expect("selected").messages < wanted {
        let woken = imap.wait(Duration::from_secs(60), std::future::pending()).await.expect("woken");
        assert_eq!(woken, Woken::Changed, "nothing arrives in {folder:?} of {person}");
    }
    let uids = imap.all_uids().await.expect("searched");
    let mut subjects = Vec::new();
    for uid in uids.iter() {
        let raw = imap.raw(uid).await.expect("fetched").expect("there");
        let text = String::from_utf8_lossy(&raw).into_owned();
        subjects.push(text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned());
    }
    subjects
}

fn letter(subject: &str) -> String {
    format!(
        "From: bob@amt.test\r\nTo: ada@amt.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@amt.test>\r\n\
         Date: Mon, 23 Nov 2026 06:00:00 +0000\r\n\r\nHallo\r\n"
    )
}

fn absence() -> Absence {
    Absence {
        from: Some(datetime!(2020-01-01 00:00 UTC)),
        until: Some(datetime!(2099-01-01 00:00 UTC)),
        subject: Some("Bin \"verreist\"".to_owned()),
        text: "Ab Montag wieder.\n.\nAda".to_owned(),
        addresses: vec!["ada@amt.test".to_owned()],
        outside: None,
    }
}

#[tokio::test]
async fn who_is_away_is_answered_for_and_the_own_script_files_on() {
    let house = fernamt_testkit::peer!(House::start());
    let mut sieve = house.sieve("ada").await.expect("signed in");
    let own = "require [\"fileinto\"];\r\nif header :contains \"Subject\" \"Plan\" { fileinto \"Archive\"; }\r\n";
    sieve.put("Mein Filter", own).await.expect("put");
    sieve.activate("Mein Filter").await.expect("active");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Yes);
    sieve.begin_absence(&absence()).await.expect("begun");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);

    house.deliver("bob", "ada", &letter("Plan")).await;
    assert_eq!(subjects(&house, "bob", "INBOX", 1).await, ["Bin \"verreist\""]);
    assert_eq!(subjects(&house, "ada", "Archive", 1).await, ["Plan"]);
    assert!(subjects(&house, "ada", "INBOX", 0).await.is_empty());

    sieve.end_absence().await.expect("ended");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Yes);
    let left = Script { name: "Mein Filter".to_owned(), active: true };
    assert_eq!(sieve.scripts().await.expect("scripts"), [left]);
    assert_eq!(sieve.script("Mein Filter").await.expect("as it was"), own);
    sieve.log_out().await.expect("in order");
}

#[tokio::test]
async fn an_absence_that_is_over_answers_nobody_and_another_script_overrules_it() {
    let house = fernamt_testkit::peer!(House::start());
    let mut sieve = house.sieve("ada").await.expect("signed in");
    let over = Absence { until: Some(datetime!(2021-01-01 00:00 UTC)), ..absence() };
    sieve.begin_absence(&over).await.expect("begun");
    house.deliver("bob", "ada", &letter("Erstes")).await;
    assert_eq!(subjects(&house, "ada", "INBOX", 1).await, ["Erstes"]);
    // It is changed in place, and answers what comes after that.
    sieve.begin_absence(&absence()).await.expect("changed");
    house.deliver("bob", "ada", &letter("Zweites")).await;
    assert_eq!(subjects(&house, "bob", "INBOX", 1).await, ["Bin \"verreist\""]);

    sieve.put("other", "keep;\r\n").await.expect("put");
    sieve.activate("other").await.expect("active");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Overruled);
    sieve.end_absence().await.expect("ended");
    assert_eq!(sieve.scripts().await.expect("scripts"), [Script { name: "other".to_owned(), active: true }]);
    // Somebody deletes the script that goes on beside the absence; then the absence alone counts.
    sieve.begin_absence(&absence()).await.expect("begun");
    sieve.delete("other").await.expect("deleted");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Broken);
    sieve.begin_absence(&absence()).await.expect("mended");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    let mended = Script { name: "fernamt-absence".to_owned(), active: true };
    assert_eq!(sieve.scripts().await.expect("scripts"), [mended]);
    sieve.end_absence().await.expect("ended");
    // A script whose name the server lists so that nobody can read it is in nobody's way, unless it counts.
    sieve.begin_absence(&absence()).await.expect("begun");
    sieve.put("\"own\"", "keep;\r\n").await.expect("put");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    sieve.end_absence().await.expect("ended");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Yes);
    sieve.activate("\"own\"").await.expect("active");
    assert!(matches!(sieve.begin_absence(&absence()).await, Err(Error::Unsayable(_))));
    let refused = sieve.put("bad", "no script").await;
    assert!(refused.is_err_and(|error| error.is_refusal()), "the server reads scripts before it takes them");
}

#[tokio::test]
async fn answers_go_on_where_the_own_script_is_gone_and_begin_beside_none_that_answers() {
    let house = fernamt_testkit::peer!(House::start());
    let mut sieve = house.sieve("ada").await.expect("signed in");
    sieve.put("mine", "require [\"fileinto\"];\r\nfileinto \"Archive\";\r\n").await.expect("put");
    sieve.activate("mine").await.expect("active");
    sieve.begin_absence(&absence()).await.expect("begun");
    sieve.rename("mine", "yours").await.expect("renamed");
    house.deliver("bob", "ada", &letter("Erstes")).await;
    assert_eq!(subjects(&house, "bob", "INBOX", 1).await, ["Bin \"verreist\""]);
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Broken);
    let aside = sieve.begin_absence(&absence()).await.expect("mended");
    assert_eq!(aside.gone.as_deref(), Some("mine"));
    sieve.end_absence().await.expect("ended");

    // With two that answer, Cyrus answers nobody and files nothing.
    let answers = "require [\"vacation\"];\r\nvacation \"Fort\";\r\n";
    sieve.put("answers", answers).await.expect("put");
    sieve.activate("answers").await.expect("active");
    assert!(matches!(sieve.begin_absence(&absence()).await, Err(Error::Unsayable(_))));
    let listed = sieve.scripts().await.expect("scripts");
    assert!(listed.iter().all(|script| !script.name.starts_with("fernamt")), "{listed:?}");
    assert!(listed.contains(&Script { name: "answers".to_owned(), active: true }), "{listed:?}");
}

#[tokio::test]
async fn an_absence_is_changed_where_no_script_more_is_taken_and_nothing_of_somebodys_is_overwritten() {
    let house = fernamt_testkit::peer!(House::start());
    let mut sieve = house.sieve("ada").await.expect("signed in");
    // A script of their own that has our name, and two more; with ours there are five, which is all that Cyrus takes.
    let own = "require [\"fileinto\"];\r\nfileinto \"Archive\";\r\n";
    for name in ["a", "b", "fernamt"] {
        sieve.put(name, own).await.expect("put");
    }
    sieve.activate("fernamt").await.expect("active");
    let aside = sieve.begin_absence(&absence()).await.expect("begun");
    assert_eq!(aside.kept, ["fernamt-kept"]);
    assert_eq!(sieve.script("fernamt-kept").await.expect("as it was"), own);
    let other = Absence { subject: Some("Fort".to_owned()), ..absence() };
    sieve.begin_absence(&other).await.expect("changed");
    assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::No);
    house.deliver("bob", "ada", &letter("Plan")).await;
    assert_eq!(subjects(&house, "bob", "INBOX", 1).await, ["Fort"]);
    assert_eq!(subjects(&house, "ada", "Archive", 1).await, ["Plan"]);
    sieve.end_absence().await.expect("ended");
    let mut left = sieve.scripts().await.expect("scripts");
    left.sort_by(|one, other| one.name.cmp(&other.name));
    let left: Vec<_> = left.iter().map(|script| (script.name.as_str(), script.active)).collect();
    assert_eq!(left, [("a", false), ("b", false), ("fernamt-kept", true)]);
    // Another absence answers whom the first one answered, though the text is the same.
    let later = Absence { until: Some(datetime!(2098-01-01 00:00 UTC)), ..other };
    sieve.begin_absence(&later).await.expect("begun");
    house.deliver("bob", "ada", &letter("Noch")).await;
    assert_eq!(subjects(&house, "bob", "INBOX", 2).await, ["Fort", "Fort"]);
    // What is too large is refused for that reason.
    let large = Absence { text: "x ".repeat(20_000), ..absence() };
    let refused = sieve.begin_absence(&large).await;
    assert!(matches!(refused, Err(Error::Refused { code: Some(code), .. }) if code == "QUOTA/MAXSIZE"));
}
