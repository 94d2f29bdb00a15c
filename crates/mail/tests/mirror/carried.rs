//! What is done here is seen on the server.

use serde_json::json;

use super::{house::Mirrored, log::Log};

fn message(subject: &str) -> String {
    format!("From: ada@amt.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@amt.test>\r\n\r\nHallo\r\n")
}

#[tokio::test]
async fn what_a_jmap_client_does_with_messages_arrives_at_the_server() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("for s in ['Eins', 'Zwei', 'Drei', 'Vier']: put('INBOX', s, '(\\\\Seen)')");
    one.round().await;
    let (inbox, archive, drafts) =
        (one.ada.mailbox("inbox").await, one.ada.mailbox("archive").await, one.ada.mailbox("drafts").await);
    let [first, second, third, fourth] =
        [one.email("Eins").await, one.email("Zwei").await, one.email("Drei").await, one.email("Vier").await];
    let draft = json!({
        "mailboxIds": { &drafts: true },
        "keywords": { "$draft": true, "$seen": true },
        "subject": "Grüße",
        "to": [{ "name": "Bob", "email": "bob@amt.test" }],
        "textBody": [{ "partId": "t" }],
        "bodyValues": { "t": { "value": "Liebe Grüße" } },
    });
    let update = json!({
        &first: { "keywords/$flagged": true, "keywords/vorgang-7": true, "keywords/$seen": null },
        &second: { "mailboxIds": { &archive: true }, "keywords/$answered": true },
        &third: { "mailboxIds": { &inbox: true, &archive: true } },
    });
    one.set("Email", json!({ "create": { "d": draft }, "update": update, "destroy": [fourth] })).await;
    let imported = one.ada.import(&archive, &message("Alt").replace("\r\n", "\n")).await;
    one.round().await;
    let same = one.same().await;
    let named = |folder: &str, id: &str| {
        let found = same[folder].iter().find(|(found, _)| found == &format!("{id}@amt.test"));
        found.map(|(_, marks)| marks.clone())
    };
    assert_eq!(named("INBOX", "Eins").as_deref(), Some("$flagged vorgang-7"));
    assert_eq!((named("INBOX", "Zwei"), named("Archive", "Zwei").as_deref()), (None, Some("$answered $seen")));
    assert_eq!(
        (named("INBOX", "Drei").as_deref(), named("Archive", "Drei").as_deref()),
        (Some("$seen"), Some("$seen"))
    );
    assert_eq!((named("INBOX", "Vier"), named("Archive", "Alt").as_deref()), (None, Some("")));
    assert_eq!((same["Drafts"].len(), same["Drafts"][0].1.as_str()), (1, "$draft $seen"));
    // Nothing of that comes back as something new.
    one.round().await;
    assert_eq!(one.same().await, same);
    assert_eq!(one.email("Alt").await, imported);
    // A draft that is written anew takes the place of the one before.
    let before = one.email("Grüße").await;
    one.set("Email", json!({ "create": { "d": draft }, "destroy": [before] })).await;
    one.round().await;
    assert_eq!(one.same().await["Drafts"].len(), 1);
}

#[tokio::test]
async fn what_a_jmap_client_does_with_folders_arrives_at_the_server() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    one.set(
        "Mailbox",
        json!({ "create": {
        "a": { "name": "Ämter & Akten" }, "b": { "name": "2026", "parentId": "#a" }, "c": { "name": "A/B" },
    } }),
    )
    .await;
    let inner = one.folder("2026").await;
    one.ada.import(&inner, &message("Eins")).await;
    one.round().await;
    let there = one.there();
    assert_eq!(there["Ämter & Akten/2026"].len(), 1);
    assert!(there.contains_key("A-B"), "a letter that parts folders cannot stand in a name: {there:?}");
    one.set("Mailbox", json!({ "destroy": [one.folder("A/B").await] })).await;
    one.set("Mailbox", json!({ "update": { one.folder("Ämter & Akten").await: { "name": "Vorgänge" } } })).await;
    one.round().await;
    let same = one.same().await;
    assert_eq!(same["Vorgänge/2026"].len(), 1);
    // One that moves takes what lies in it along; one that goes with its messages is gone there, too.
    one.set("Mailbox", json!({ "update": { &inner: { "parentId": null, "name": "Heuer" } } })).await;
    one.round().await;
    assert_eq!(one.same().await["Heuer"].len(), 1);
    one.set("Mailbox", json!({ "destroy": [inner, one.folder("Vorgänge").await], "onDestroyRemoveEmails": true }))
        .await;
    one.round().await;
    let same = one.same().await;
    assert!(!same.contains_key("Heuer") && !same.contains_key("Vorgänge"), "{same:?}");
    assert_eq!(same.len(), 6);
}

#[tokio::test]
async fn both_sides_changes_hold_and_where_both_moved_it_the_servers_does() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("for s in ['Eins', 'Zwei', 'Drei', 'Vier']: put('INBOX', s, '(\\\\Flagged)')");
    one.round().await;
    let (archive, trash) = (one.ada.mailbox("archive").await, one.ada.mailbox("trash").await);
    let [first, second, third, fourth] =
        [one.email("Eins").await, one.email("Zwei").await, one.email("Drei").await, one.email("Vier").await];
    let update = json!({
        &first: { "keywords/$seen": true },
        &second: { "mailboxIds": { &archive: true } },
        &third: { "mailboxIds": { &trash: true } },
    });
    one.set("Email", json!({ "update": update, "destroy": [fourth] })).await;
    one.program(
        "q(m.select('INBOX'))\nuid = lambda s: q(m.uid('SEARCH', 'SUBJECT', s))[0].decode()\n\
         q(m.uid('STORE', uid('Eins'), '-FLAGS', '(\\\\Flagged)'))\nq(m.uid('STORE', uid('Eins'), '+FLAGS', '($Todo)'))\n\
         m._simple_command('UID', 'MOVE', uid('Zwei'), 'Junk')\n\
         q(m.uid('STORE', uid('Drei'), '+FLAGS', '(\\\\Deleted)'))\nq(m.uid('STORE', uid('Vier'), '+FLAGS', '(\\\\Seen)'))\n\
         m._simple_command('UID', 'EXPUNGE', uid('Drei'))",
    );
    one.round().await;
    let same = one.same().await;
    assert_eq!(same["INBOX"], [("Eins@amt.test".to_owned(), "$seen $todo".to_owned())]);
    assert_eq!((same["Junk"].len(), same["Archive"].len(), same["Trash"].len()), (1, 0, 0));
    assert_eq!(one.email("Zwei").await, second);
}

#[tokio::test]
async fn what_the_server_refuses_is_undone_or_waits_here() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("put('INBOX', 'Eins')\nput('Archive', 'Zwei')");
    one.round().await;
    one.program("q(m.setacl('Archive', 'ada', 'lra'))");
    let (inbox, archive) = (one.ada.mailbox("inbox").await, one.ada.mailbox("archive").await);
    let (first, second) = (one.email("Eins").await, one.email("Zwei").await);
    let update = json!({
        &first: { "mailboxIds": { &archive: true } },
        &second: { "keywords": { "$seen": true, "wichtig": true }, "mailboxIds": { &inbox: true } },
    });
    one.set("Email", json!({ "update": update })).await;
    one.ada.import(&archive, &message("Drei")).await;
    let log = Log::default();
    let listening = tracing::subscriber::set_default(log.clone());
    one.round().await;
    drop(listening);
    for what in ["other marks", "a message", "a move"] {
        assert!(log.said().iter().any(|line| line.contains("refused") && line.contains(what)), "{:?}", log.said());
    }
    let (here, there) = (one.here().await, one.there());
    assert_eq!((&here["INBOX"], &there["INBOX"]), (&there["INBOX"], &here["INBOX"]));
    assert_eq!((here["INBOX"].len(), here["Archive"].len(), there["Archive"].len()), (1, 2, 1));
    // Once it may be done, it is.
    one.program("q(m.setacl('Archive', 'ada', 'lrswipkxtea'))");
    one.house.clock.advance(time::Duration::hours(2));
    one.round().await;
    assert_eq!(one.same().await["Archive"].len(), 2);
}
