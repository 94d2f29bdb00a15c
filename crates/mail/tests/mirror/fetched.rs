//! What the server has is seen here.

use std::time::Duration;

use fernamt_store::Notice;
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::house::Mirrored;

#[tokio::test]
async fn a_mailbox_of_the_server_appears_with_its_folders_marks_and_drafts() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program(
        "for n in ['\"Pl&AOQ-ne\"', '\"Pl&AOQ-ne/2026\"', '\"A &- B\"']: q(m.create(n))\n\
         put('INBOX', 'Eins'); put('INBOX', 'Zwei', '(\\\\Seen $Todo)'); put('Drafts', 'Entwurf', '(\\\\Draft \\\\Seen)')\n\
         put('\"Pl&AOQ-ne/2026\"', 'Drei', '(\\\\Flagged \\\\Answered)')",
    );
    one.round().await;
    let same = one.same().await;
    assert_eq!(same["Pläne/2026"], [("Drei@amt.test".to_owned(), "$answered $flagged".to_owned())]);
    assert_eq!((same["INBOX"].len(), same["Drafts"].len(), same.contains_key("A & B")), (2, 1, true));
    // Folders keep the roles that the account began with, and no message counts twice.
    assert_eq!(one.ada.counts(&one.ada.mailbox("inbox").await).await, [2, 1, 2, 1]);
    assert_eq!(one.ada.counts(&one.ada.mailbox("drafts").await).await, [1, 0, 1, 0]);
    // Whoever looks again finds nothing to do.
    let before = one.ada.call("Email/get", json!({ "ids": [] })).await["state"].clone();
    one.round().await;
    assert_eq!(one.ada.call("Email/get", json!({ "ids": [] })).await["state"], before);
    let read = one.ada.call("Email/get", json!({ "ids": [one.email("Drei").await], "fetchAllBodyValues": true })).await;
    assert!(read["list"][0]["preview"].as_str().unwrap().contains("Hallo Drei"), "{read}");
}

#[tokio::test]
async fn what_an_imap_client_does_is_told_as_what_it_is() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program(
        "q(m.create('Akten'))\nput('Akten', 'Ruhe')\nfor s in ['Eins', 'Zwei', 'Drei', 'Vier']: put('INBOX', s)",
    );
    one.round().await;
    let [first, second, third, fourth] =
        [one.email("Eins").await, one.email("Zwei").await, one.email("Drei").await, one.email("Vier").await];
    let before = one.ada.call("Email/get", json!({ "ids": [] })).await["state"].clone();
    let files = one.folder("Akten").await;
    one.program(
        "q(m.select('INBOX'))\n\
         uid = lambda s: q(m.uid('SEARCH', 'SUBJECT', s))[0].decode()\n\
         q(m.uid('STORE', uid('Eins'), '+FLAGS', '(\\\\Flagged $Todo)'))\n\
         q(m.uid('STORE', uid('Zwei'), '+FLAGS', '(\\\\Seen)'))\n\
         m._simple_command('UID', 'MOVE', uid('Zwei'), 'Akten')\n\
         q(m.uid('COPY', uid('Drei'), 'Akten'))\n\
         q(m.uid('STORE', uid('Vier'), '+FLAGS', '(\\\\Deleted)'))\nq(m.expunge())\n\
         put('INBOX', 'Neu')\nq(m.rename('Akten', 'Vorgang'))\nq(m.create('Leer'))",
    );
    one.round().await;
    let same = one.same().await;
    assert_eq!((same["Vorgang"].len(), same["INBOX"].len()), (3, 3));
    assert_eq!(one.folder("Vorgang").await, files, "a folder with another name is the same folder");
    let changes = one.ada.call("Email/changes", json!({ "sinceState": before })).await;
    assert_eq!(changes["created"], json!([one.email("Neu").await]));
    assert_eq!(changes["destroyed"], json!([fourth]));
    let mut updated: Vec<_> = changes["updated"].as_array().unwrap().clone();
    updated.sort_by_key(ToString::to_string);
    let mut expected = vec![json!(first), json!(second), json!(third)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(updated, expected, "what was moved or copied is the same message, and what lay still is not told");
    // A folder that is gone takes what lay in it along.
    one.program("q(m.delete('Vorgang'))\nq(m.delete('Leer'))");
    one.round().await;
    let same = one.same().await;
    assert!(!same.contains_key("Vorgang") && same["INBOX"].len() == 3, "{same:?}");
}

#[tokio::test]
async fn a_folder_whose_numbers_begin_anew_is_read_without_a_double() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("q(m.create('Alt'))\nput('Alt', 'Eins', '(\\\\Seen)')\nput('Alt', 'Zwei')");
    one.round().await;
    let (first, second) = (one.email("Eins").await, one.email("Zwei").await);
    one.program("q(m.delete('Alt'))\nq(m.create('Alt'))\nput('Alt', 'Zwei', '(\\\\Flagged)')\nput('Alt', 'Eins')");
    one.round().await;
    let same = one.same().await;
    assert_eq!(same["Alt"].len(), 2);
    assert_eq!((one.email("Eins").await, one.email("Zwei").await), (first, second), "they are the same messages");
}

#[tokio::test]
async fn equal_messages_stay_two_and_odd_ones_are_shown() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program(
        "put('INBOX', 'Gleich')\nput('INBOX', 'Gleich')\n\
         q(m.append('INBOX', '', None, b'X-Odd: \\xff\\xfe\\r\\nContent-Type: multipart/mixed; boundary=\\r\\n\\r\\n--\\r\\n'))",
    );
    one.round().await;
    assert_eq!(one.ada.counts(&one.ada.mailbox("inbox").await).await[0], 3);
    one.program(
        "q(m.select('INBOX'))\nu = q(m.uid('SEARCH', 'SUBJECT', 'Gleich'))[0].split()\n\
         m._simple_command('UID', 'MOVE', u[0].decode(), 'Archive')",
    );
    one.round().await;
    assert_eq!(one.ada.counts(&one.ada.mailbox("inbox").await).await[0], 2);
    assert_eq!(one.ada.counts(&one.ada.mailbox("archive").await).await[0], 1);
}

#[tokio::test]
async fn new_mail_is_seen_as_soon_as_it_arrives_and_a_server_that_is_down_ends_nothing() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(std::sync::Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let inbox = one.ada.mailbox("inbox").await;
    let arrived = async |count: u64| {
        let mut bus = one.house.store.subscribe();
        while one.ada.counts(&inbox).await[0] < count {
            assert!(!matches!(bus.next().await, None | Some(Notice::Everything)));
        }
    };
    // The first round is over once the folder of the server is here.
    one.program("put('INBOX', 'Eins')");
    timeout(Duration::from_secs(30), arrived(1)).await.expect("it was there before, or came soon");
    let sent = "send('bob@amt.test', 'ada@amt.test', 'From: bob@amt.test\\nSubject: Zwei\\n\\nHallo\\n')";
    one.cyrus.mail_program("bob", sent).unwrap();
    timeout(Duration::from_secs(20), arrived(2)).await.expect("it was delivered and seen");
    one.cyrus.imap.shut();
    assert_eq!(one.ada.counts(&inbox).await[0], 2, "what is known is still read");
    one.ada.call("Email/set", json!({ "update": { one.email("Eins").await: { "keywords/$flagged": true } } })).await;
    one.cyrus.imap.open();
    one.program("put('INBOX', 'Drei')");
    timeout(Duration::from_secs(60), arrived(3)).await.expect("the mirror went on");
    stop.cancel();
    mirrors.await.unwrap();
    one.round().await;
    one.same().await;
}

#[tokio::test]
async fn nobody_is_who_administers_the_server() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    for name in ["cyrus", one.cyrus.operator] {
        let somebody = one.house.person(name).await;
        let account = somebody.account.parse().unwrap();
        assert!(!one.house.mail.mirror_once(&one.house.tenant, account).await.unwrap(), "{name}");
    }
}
