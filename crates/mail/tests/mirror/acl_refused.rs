//! What the mail server refuses of rights, and what that comes to when it refuses no more.

use std::sync::Arc;

use fernamt_domain::mail::{
    MailRight::{Read, SendAs, Write},
    MailRights,
};
use fernamt_store::MirrorRightsRecord;
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    acl::{PATIENCE, READING, WRITING},
    house::Mirrored,
};

#[tokio::test]
async fn what_the_server_refuses_is_undone_and_what_ended_here_stays_ended() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.round().await;
    let administers = |may: bool| one.administers("/Archive", may);
    administers(false);
    one.house.grant(one.account, &bob, &[Write, SendAs]).await;
    one.round().await;
    assert_eq!(one.granted(&bob).await, []);
    assert_eq!((one.remembered().await, one.told_by_server(&bob).await.len()), (vec![], 1));
    let letters = one.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("bob Musteramt (bob)") && letters[0].contains("zurückgenommen"));
    administers(true);
    one.has_letters("bob", "");
    // One who is denied there is given nothing either.
    one.acl("q(m.setacl('Archive', '-bob', 'r'))");
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.letters().await.len()), (vec![], 2));
    one.has_letters("bob", "");
    one.acl("q(m.deleteacl('Archive', '-bob'))");
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    one.has_letters("bob", READING);
    // What cannot be taken there is taken here, and as far as it goes.
    administers(false);
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.is_open_to(&bob).await), (vec![], false));
    assert!(one.remembered().await[0].refused);
    one.round().await;
    assert_eq!(one.granted(&bob).await, [], "it does not come back from there");
    let letters = one.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.contains("nicht mehr")).count(), 1, "told once: {letters:?}");
    administers(true);
    let left: Vec<_> =
        one.lists().into_iter().filter(|(_, list)| list.contains_key("bob")).map(|(name, _)| name).collect();
    assert_eq!(left, ["Archive"]);
    one.house.clock.advance(time::Duration::hours(2));
    one.round().await;
    one.has_letters("bob", "");
    assert_eq!(one.remembered().await, []);
}

#[tokio::test]
async fn what_is_granted_after_a_refused_end_holds_on_both_sides() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    one.administers("/Archive", false);
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    assert!(one.remembered().await[0].refused);
    // What is granted again lies on that folder still, and on all others anew.
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read]);
    one.has_letters("bob", READING);
    let (account, login, rights) = (one.account, "bob".to_owned(), MailRights::from_iter([Read]));
    let known = MirrorRightsRecord { account, login, rights, least: rights, begun: false, refused: false };
    assert_eq!(one.remembered().await, [known]);
}

#[tokio::test]
async fn what_the_server_kept_stops_neither_new_folders_nor_what_is_taken_there() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.house.grant(one.account, &bob, &[Write]).await;
    one.round().await;
    // Writing ends, and is left on one folder.
    one.administers("/Archive", false);
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    one.set("Mailbox", json!({ "create": { "f": { "name": "Neu" } } })).await;
    one.round().await;
    let kept = one.remembered().await.remove(0);
    assert!(kept.refused && !kept.begun, "{kept:?}");
    assert_eq!(one.granted(&bob).await, [Read]);
    one.administers("/Archive", true);
    let lists = one.lists();
    assert_eq!((lists["Neu"]["bob"].as_str(), lists["Archive"]["bob"].as_str()), (READING, WRITING));
    one.acl("q(m.deleteacl('INBOX', 'bob'))");
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.remembered().await), (vec![], vec![]));
    one.has_letters("bob", "");
}

#[tokio::test]
async fn a_grant_that_broke_off_and_is_refused_then_is_left_on_no_folder() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.round().await;
    // Two folders had it when the line broke.
    let break_off = async || {
        one.house.grant(one.account, &bob, &[Read]).await;
        one.acl("for name in ['INBOX', 'Sent']: q(m.setacl(name, 'bob', 'lr'))");
        let (account, login, rights) = (one.account, "bob".to_owned(), MailRights::from_iter([Read]));
        let least = MailRights::NONE;
        one.remember(MirrorRightsRecord { account, login, rights, least, begun: true, refused: false }).await;
    };
    break_off().await;
    one.acl("q(m.setacl('Archive', '-bob', 'r'))");
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.remembered().await), (vec![], vec![]));
    one.has_letters("bob", "");
    let letters = one.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("die Rechte im Postfach zu geben"), "{letters:?}");
    one.acl("q(m.deleteacl('Archive', '-bob'))");
    // Where it cannot be taken back either, it is not forgotten.
    break_off().await;
    one.administers("/Archive", false);
    one.administers("/Sent", false);
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.is_open_to(&bob).await), (vec![], false));
    let kept = one.remembered().await.remove(0);
    assert!(kept.refused && !kept.begun && kept.least.is_empty(), "{kept:?}");
    let letters = one.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.contains("nimmt sie nicht zurück")).count(), 1, "{letters:?}");
    one.administers("/Archive", true);
    one.administers("/Sent", true);
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.remembered().await), (vec![], vec![]));
    one.has_letters("bob", "");
}

#[tokio::test]
async fn what_the_server_refused_to_end_is_tried_again_in_a_mailbox_that_nobody_uses() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    one.administers("/Archive", false);
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    assert!(one.remembered().await[0].refused);
    one.administers("/Archive", true);
    one.house.clock.advance(time::Duration::hours(1));
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let ended = async {
        while !one.remembered().await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("it is tried again");
    one.has_letters("bob", "");
    stop.cancel();
    mirrors.await.unwrap();
}
