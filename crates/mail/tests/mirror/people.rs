//! People whose mailboxes lie on the same server, and who write to each other and outside.

use std::time::{Duration, Instant};

use super::house::Mirrored;

/// Nothing that the server does by itself takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn two_people_write_to_each_other_and_see_nothing_of_each_others_folders() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    let other = bob.account.parse().unwrap();
    one.program("put('INBOX', 'Geheim')\nput('Archive', 'Beide')");
    one.program_of("bob", "put('Archive', 'Beide')");
    // What the server lets bob read of ada's is hers all the same.
    one.program("q(m.setacl('Archive', 'bob', 'lrswite'))");
    one.round().await;
    one.round_of(other).await;
    let sent = one.ada.send("bob@amt.test", "Plan", "Hallo").await;
    assert!(sent["created"]["s"]["id"].is_string(), "{sent}");
    one.house.deliver().await;
    one.round_of(other).await;
    one.round().await;
    let ada = one.same().await;
    assert_eq!((ada["INBOX"].len(), ada["Archive"].len(), ada["Sent"].len(), ada["Drafts"].len()), (1, 1, 1, 0));
    let mut there = one.there_of("bob");
    assert!(there.keys().any(|name| name.starts_with("Other Users/ada")), "bob's mail program shows it: {there:?}");
    there.retain(|name, _| !name.starts_with("Other Users/"));
    let here = one.here_of(other).await;
    assert_eq!(here, there);
    assert_eq!((here["INBOX"].len(), here["Archive"].len(), here["INBOX"][0].1.as_str()), (1, 1, ""));
}

#[tokio::test]
async fn what_goes_outside_leaves_by_the_servers_submission_once_and_lies_among_what_was_sent_there() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let sent = one.ada.send("cleo@elsewhere.test", "Antrag", "Hallo").await;
    assert!(sent["created"]["s"]["id"].is_string(), "{sent}");
    one.house.deliver().await;
    one.round().await;
    one.house.deliver().await;
    one.round().await;
    let same = one.same().await;
    assert_eq!((same["Sent"].len(), same["Sent"][0].1.as_str(), same["Drafts"].len()), (1, "$seen", 0));
    // The server hands it on beside its answer to us.
    let letters = awaited(|| one.cyrus.letters_outside().unwrap(), |letters| !letters.is_empty());
    assert!(letters.len() == 1 && letters[0].contains("Subject: Antrag"), "{letters:?}");
    assert!(letters[0].contains("From:") && letters[0].contains("ada@amt.test"), "{letters:?}");
}

#[tokio::test]
async fn colleagues_whom_the_server_alone_knows_are_reached_and_nobody_is_told_of_as_nobody() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    for to in ["bob@amt.test", "nobody@amt.test"] {
        let sent = one.ada.send(to, "Antrag", "Hallo").await;
        assert!(sent["created"]["s"]["id"].is_string(), "{sent}");
    }
    one.house.deliver().await;
    let there = awaited(|| one.there_of("bob"), |there| !there["INBOX"].is_empty());
    assert_eq!(there["INBOX"].len(), 1);
    one.round().await;
    let same = one.same().await;
    assert_eq!((same["INBOX"].len(), same["Sent"].len()), (1, 2), "a report about nobody: {same:?}");
}

/// What comes of looking again and again, once it is as wanted.
fn awaited<T>(look: impl Fn() -> T, is_wanted: impl Fn(&T) -> bool) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = look();
        if is_wanted(&found) {
            return found;
        }
        assert!(Instant::now() < end, "it does not come within {PATIENCE:?}");
    }
}
