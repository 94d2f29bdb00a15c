use std::time::Duration;

use fernamt_mailhost::{
    Error,
    imap::{FolderName, Woken},
    sieve::{Absence, OnDuty, Script},
};
use time::macros::datetime;

use crate::house::House;

/// The subjects of what lies in a folder, once there are as many as wanted.
async fn subjects(house: &House, person: &str, folder: &str, wanted: usize) -> Vec<String> {
    let mut imap = house.imap(person).await.expect("signed in");
    let folder = FolderName::of(folder);
    imap.select(&folder, false).await.expect("selected");
    let mut uids = imap.all_uids().await.expect("searched");
    while uids.len() < wanted as u64 {
        let woken = imap.wait(Duration::from_secs(60), std::future::pending()).await.expect("woken");
        assert_eq!(woken, Woken::Changed, "nothing arrives in {folder:?} of {person}");
        uids = imap.all_uids().await.expect("searched");
    }
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
    // A script whose name the server lists so that nobody can read it is left alone.
    sieve.put("\"own\"", "keep;\r\n").await.expect("put");
    assert!(matches!(sieve.begin_absence(&absence()).await, Err(Error::Unreadable(_))));
    let refused = sieve.put("bad", "no script").await;
    assert!(refused.is_err_and(|error| error.is_refusal()), "the server reads scripts before it takes them");
}
