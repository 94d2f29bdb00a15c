use std::{collections::BTreeSet, future::pending, time::Duration};

use bytes::Bytes;
use fernamt_mailhost::{
    Error, Login, Security, Server, Trust,
    imap::{FolderName, Imap, Kind, Right, Role, UidSet, Vanished, Woken},
};
use time::macros::datetime;

use crate::house::House;

const LONG: Duration = Duration::from_secs(30);

fn flags(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn message(subject: &str) -> Bytes {
    format!("From: bob@amt.test\r\nTo: ada@amt.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@amt.test>\r\n\r\nHallo\r\n")
        .into()
}

async fn put(imap: &mut Imap, folder: &FolderName, subject: &str) -> u32 {
    let received = datetime!(2026-11-23 06:00 UTC);
    let appended = imap.append(folder, &[], received, message(subject)).await.expect("taken");
    appended.expect("its place is told").uid
}

#[tokio::test]
async fn a_mailbox_is_read_and_another_mail_program_sees_what_was_changed() {
    let house = fernamt_testkit::peer!(House::start());
    let mut imap = house.imap("ada").await.expect("signed in");
    let folders = imap.folders().await.expect("folders");
    let roles: BTreeSet<_> = folders.iter().filter_map(|(folder, _)| folder.role).collect();
    assert_eq!(roles, [Role::Inbox, Role::Archive, Role::Drafts, Role::Junk, Role::Sent, Role::Trash].into());
    assert!(folders.iter().all(|(folder, state)| folder.kind == Kind::Personal && state.is_some()));

    let inbox = FolderName::of("INBOX");
    let selected = imap.select(&inbox, true).await.expect("selected");
    assert!(selected.any_keyword && !selected.read_only && selected.highest_modseq.is_some());
    let uid = put(&mut imap, &inbox, "Plan").await;
    let described = imap.describe(&UidSet::one(uid)).await.expect("described");
    assert_eq!(described[0].received, Some(datetime!(2026-11-23 06:00 UTC)));
    assert_eq!(imap.raw(uid).await.expect("fetched"), Some(message("Plan")));
    assert_eq!(imap.with_message_id("Plan@amt.test").await.expect("searched"), UidSet::one(uid));

    // The other program marks it, and is seen to have done so.
    let before = imap.folder_state(&inbox).await.expect("a state").highest_modseq;
    let mark = format!("q(m.select())\nq(m.uid('STORE', '{uid}', '+FLAGS', '(\\\\Flagged $Todo)'))");
    house.cyrus.mail_program("ada", &mark).expect("marked");
    let changes = imap.changes(1..=u32::MAX, before).await.expect("changes");
    assert_eq!(changes.flags[&uid].iter().map(String::as_str).collect::<BTreeSet<_>>(), ["$Todo", "\\Flagged"].into());

    // We mark and copy it, and the other program sees that.
    imap.change_flags(&UidSet::one(uid), &flags(&["\\Seen"]), &flags(&["$Todo"])).await.expect("marked");
    let plans = FolderName::of("Pläne & Ämter/2026");
    imap.create_folder(&FolderName::of("Pläne & Ämter"), None).await.expect("made");
    imap.create_folder(&plans, None).await.expect("made");
    let copied = imap.copy(&UidSet::one(uid), &plans).await.expect("copied").expect("its place is told");
    assert_eq!(copied.uids[0].0, uid);
    let told = house.cyrus.mail_program(
        "ada",
        "q(m.select('INBOX'))\nprint(q(m.uid('FETCH', '1:*', '(FLAGS)')))\nprint(q(m.list()))\n\
         q(m.select('\"Pl&AOQ-ne &- &AMQ-mter/2026\"'))\nprint(q(m.search(None, 'ALL')))",
    );
    let told = told.expect("read");
    assert!(told.contains("\\\\Seen") && told.contains("\\\\Flagged") && !told.contains("$Todo"), "{told}");
    assert!(told.contains("[b'1']"), "{told}");

    // All copies have one id, and a moved message is gone where it was.
    imap.select(&plans, true).await.expect("selected");
    let copy = imap.describe(&UidSet::one(copied.uids[0].1)).await.expect("described");
    assert_eq!(copy[0].email_id, described[0].email_id);
    assert!(copy[0].email_id.is_some());
    imap.select(&inbox, true).await.expect("selected");
    let before = imap.folder_state(&inbox).await.expect("a state").highest_modseq;
    let trash = FolderName::of("Trash");
    assert_eq!(imap.relocate(&UidSet::one(uid), &trash).await.expect("moved").expect("told").uids[0].0, uid);
    let changes = imap.changes(1..=u32::MAX, before).await.expect("changes");
    assert_eq!(changes.vanished, Vanished::These(UidSet::one(uid)));
    assert!(imap.all_uids().await.expect("searched").is_empty());

    // A folder is renamed with what lies in it, and deleted.
    imap.rename_folder(&FolderName::of("Pläne & Ämter"), &FolderName::of("Akten")).await.expect("renamed");
    imap.delete_folder(&FolderName::of("Akten/2026")).await.expect("deleted");
    let left: Vec<_> =
        imap.folders().await.expect("folders").into_iter().map(|(folder, _)| folder.name.path()).collect();
    assert!(left.contains(&"Akten".to_owned()) && !left.iter().any(|path| path.contains("2026")), "{left:?}");
    let refused = imap.select(&FolderName::of("Akten/2026"), true).await;
    assert!(matches!(refused, Err(Error::Refused { .. })) && imap.is_usable(), "{refused:?}");
    imap.log_out().await.expect("in order");
}

#[tokio::test]
async fn who_waits_is_woken_by_what_arrives() {
    let house = fernamt_testkit::peer!(House::start());
    let mut imap = house.imap("ada").await.expect("signed in");
    imap.select(&FolderName::of("INBOX"), false).await.expect("selected");
    let text = "From: bob@amt.test\r\nTo: ada@amt.test\r\nSubject: Neu\r\n\r\nHallo\r\n";
    let (woken, ()) = tokio::join!(imap.wait(LONG, pending()), house.deliver("bob", "ada", text));
    assert_eq!(woken.expect("woken"), Woken::Changed);
    let uids = imap.all_uids().await.expect("searched");
    let raw = imap.raw(uids.iter().next().expect("one message")).await.expect("fetched").expect("there");
    assert!(String::from_utf8_lossy(&raw).contains("Subject: Neu"));
    assert_eq!(imap.wait(LONG, std::future::ready(())).await.expect("called"), Woken::Called);
    let state = imap.folder_state(&FolderName::of("INBOX")).await.expect("it goes on");
    assert_eq!(state.messages, 1);
}

#[tokio::test]
async fn rights_hold_for_others_as_the_server_says() {
    let house = fernamt_testkit::peer!(House::start());
    let mut ada = house.imap("ada").await.expect("signed in");
    let sent = FolderName::of("Sent");
    put(&mut ada, &sent, "Plan").await;
    assert!(ada.my_rights(&sent).await.expect("rights").contains(&Right::Administer));
    let reading: BTreeSet<_> = [Right::Lookup, Right::Read].into();
    ada.set_rights(&sent, "bob", &reading).await.expect("granted");
    assert!(ada.rights(&sent).await.expect("rights").contains(&("bob".to_owned(), reading.clone())));

    let mut bob = house.imap("bob").await.expect("signed in");
    let folders = bob.folders().await.expect("folders");
    let others: Vec<_> = folders.iter().filter(|(folder, _)| folder.kind == Kind::Other).collect();
    assert_eq!(others.len(), 1, "{folders:?}");
    let theirs = others[0].0.name.clone();
    assert_eq!(bob.my_rights(&theirs).await.expect("rights"), reading);
    bob.select(&theirs, true).await.expect("it may be read");
    let refused = bob.change_flags(&UidSet::range(1..=1), &flags(&["\\Flagged"]), &[]).await;
    assert!(refused.as_ref().is_err_and(Error::is_refusal), "{refused:?}");
    ada.set_rights(&sent, "bob", &BTreeSet::new()).await.expect("revoked");
    assert!(bob.folders().await.expect("folders").iter().all(|(folder, _)| folder.kind == Kind::Personal));
}

#[tokio::test]
async fn who_the_server_is_and_who_we_are_is_proved() {
    let house = fernamt_testkit::peer!(House::start());
    let server = house.server(&house.cyrus.imap_tls, Security::Tls);
    Imap::connect(&server, &house.login(Some("ada"))).await.expect("TLS from the first byte");

    let wrong = Login { password: "Wrong-Word-1".into(), ..house.login(Some("ada")) };
    assert!(matches!(Imap::connect(&server, &wrong).await, Err(Error::SignIn)));
    // A person's own password opens that person's mailbox and nobody else's.
    let own = Login { user: "ada".to_owned(), password: "Linde-Fluss-27".into(), on_behalf_of: None };
    Imap::connect(&server, &own).await.expect("signed in");
    let other = Login { on_behalf_of: Some("bob".to_owned()), ..own };
    assert!(matches!(Imap::connect(&server, &other).await, Err(Error::SignIn)));

    for security in [Security::Tls, Security::StartTls] {
        let door = if security == Security::Tls { &house.cyrus.imap_tls } else { &house.cyrus.imap };
        let unknown = Server { trust: Trust::of_this_machine().expect("some trust"), ..house.server(door, security) };
        assert!(matches!(Imap::connect(&unknown, &house.login(Some("ada"))).await, Err(Error::Untrusted(_))));
        let elsewhere = Server { host: "127.0.0.1".to_owned(), ..house.server(door, security) };
        assert!(matches!(Imap::connect(&elsewhere, &house.login(Some("ada"))).await, Err(Error::Untrusted(_))));
    }
    // Its own certificate is enough, by whatever name it is reached.
    let pem = std::fs::read(house.cyrus.authority_file().with_file_name("server.pem")).expect("its certificate");
    let pinned = Server { host: "127.0.0.1".to_owned(), trust: Trust::only(&pem).expect("a certificate"), ..server };
    Imap::connect(&pinned, &house.login(Some("ada"))).await.expect("pinned");
}

#[tokio::test]
async fn a_line_that_is_cut_ends_the_conversation_and_the_next_goes_on() {
    let house = fernamt_testkit::peer!(House::start());
    let mut imap = house.imap("ada").await.expect("signed in");
    let inbox = FolderName::of("INBOX");
    imap.select(&inbox, true).await.expect("selected");
    put(&mut imap, &inbox, "Plan").await;
    house.cyrus.imap.shut();
    assert!(matches!(imap.all_uids().await, Err(Error::Broken(_))));
    assert!(!imap.is_usable() && matches!(imap.all_uids().await, Err(Error::Ended)));
    let unreachable = house.imap("ada").await;
    assert!(matches!(unreachable, Err(Error::Unreachable(_) | Error::Broken(_))), "{unreachable:?}");
    house.cyrus.imap.open();
    let mut again = house.imap("ada").await.expect("signed in");
    assert_eq!(again.select(&inbox, true).await.expect("selected").messages, 1);
}
