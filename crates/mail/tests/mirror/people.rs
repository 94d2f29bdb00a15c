//! People whose mailboxes lie on the same server, and who write to each other and outside.

use super::house::Mirrored;

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
    while one.cyrus.letters_outside().unwrap().is_empty() {}
    let letters = one.cyrus.letters_outside().unwrap();
    assert!(letters.len() == 1 && letters[0].contains("Subject: Antrag"), "{letters:?}");
    assert!(letters[0].contains("From:") && letters[0].contains("ada@amt.test"), "{letters:?}");
}
