//! Two people whose mailboxes lie on the same server.

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
