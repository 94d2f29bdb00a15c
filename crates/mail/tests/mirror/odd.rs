//! A server that was restored, refuses what it did not before, or does not answer.

use std::pin::pin;

use fernamt_domain::{Clock as _, EmailId, mail::Keywords};
use fernamt_store::{MirrorBegunRecord, MirrorFolderRecord, MirrorMessageRecord};
use serde_json::json;

use super::house::Mirrored;

#[tokio::test]
async fn numbers_that_went_back_say_nothing_about_what_was_known() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("put('INBOX', 'Eins')\nput('INBOX', 'Zwei')");
    one.round().await;
    let (first, second) = (one.email("Eins").await, one.email("Zwei").await);
    // What is remembered when a server was put back to an old copy: numbers went further, and were other messages'.
    let work = one.house.tenant.begin().await.unwrap();
    let copies = work.mail_mirrors().messages(one.account).await.unwrap();
    let [a, b] = &copies[..] else { panic!("{copies:?}") };
    work.mail_mirrors().put_message(&MirrorMessageRecord { uid: b.uid, ..a.clone() }).await.unwrap();
    work.mail_mirrors().put_message(&MirrorMessageRecord { uid: a.uid, ..b.clone() }).await.unwrap();
    let folders = work.mail_mirrors().folders(one.account).await.unwrap();
    let inbox = folders.into_iter().find(|folder| folder.mailbox == a.mailbox).unwrap();
    let (uid_next, modseq) = (inbox.uid_next + 50, inbox.modseq.map(|modseq| modseq + 1_000));
    work.mail_mirrors().put_folder(&MirrorFolderRecord { uid_next, modseq, ..inbox }).await.unwrap();
    work.commit().await.unwrap();
    one.program("q(m.select('INBOX'))\nq(m.uid('STORE', '1', '+FLAGS', '(\\\\Flagged)'))");
    one.round().await;
    let same = one.same().await;
    assert_eq!(same["INBOX"][0], ("Eins@amt.test".to_owned(), "$flagged".to_owned()));
    assert_eq!((one.email("Eins").await, one.email("Zwei").await), (first, second), "they are the same messages");
    // What is done here meets the message that it was done to.
    let gone = one.email("Zwei").await;
    one.set("Email", json!({ "destroy": [gone] })).await;
    one.round().await;
    let same = one.same().await;
    assert_eq!((same["INBOX"].len(), same["INBOX"][0].0.as_str()), (1, "Eins@amt.test"));
}

async fn begun(one: &Mirrored) -> Vec<MirrorBegunRecord> {
    one.house.tenant.mail_mirrors().begun(one.account).await.unwrap()
}

#[tokio::test]
async fn a_server_that_never_answers_is_waited_for_from_when_the_line_broke() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let text = "Hallo\r\n".repeat(45_000);
    let raw = format!("From: ada@amt.test\r\nSubject: Eins\r\nMessage-ID: <Eins@amt.test>\r\n\r\n{text}");
    one.ada.import(&one.ada.mailbox("archive").await, &raw).await;
    let breaks = async {
        while begun(&one).await.is_empty() {
            tokio::task::yield_now().await;
        }
        one.house.clock.advance(time::Duration::minutes(9));
        one.cyrus.imap.shut();
    };
    let mut round = pin!(one.house.mail.mirror_once(&one.house.tenant, one.account));
    let done = tokio::select! {
        done = &mut round => done,
        () = breaks => round.await,
    };
    assert!(done.is_err(), "the line broke while the message was said");
    let waiting = begun(&one).await;
    assert_eq!((waiting.len(), waiting[0].at), (1, one.house.clock.now()));
    one.cyrus.imap.open();
    one.house.clock.advance(time::Duration::minutes(1));
    one.round().await;
    let came_about = one.there()["Archive"].len();
    assert_eq!(begun(&one).await.len(), 1 - came_about, "it is not said once more so soon");
    one.house.clock.advance(time::Duration::minutes(3));
    one.round().await;
    assert_eq!(one.same().await["Archive"].len(), 1);
    assert_eq!(begun(&one).await, []);
}

#[tokio::test]
async fn a_folder_that_the_server_says_nothing_about_is_not_deleted() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("q(m.create('Akten'))\nput('Akten', 'Eins')");
    one.round().await;
    // It may be deleted, and not looked into.
    one.program("q(m.setacl('Akten', 'ada', 'lxa'))");
    one.set("Mailbox", json!({ "destroy": [one.folder("Akten").await], "onDestroyRemoveEmails": true })).await;
    one.round().await;
    one.program("q(m.setacl('Akten', 'ada', 'lrswipkxtea'))");
    one.round().await;
    assert_eq!(one.same().await["Akten"].len(), 1);
}

#[tokio::test]
async fn what_the_server_does_not_remove_is_not_left_marked_for_removal() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.program("put('Archive', 'Eins')");
    one.round().await;
    // Messages may be marked as deleted, and not be expunged.
    one.program("q(m.setacl('Archive', 'ada', 'lrswta'))");
    one.set("Email", json!({ "destroy": [one.email("Eins").await] })).await;
    one.round().await;
    one.round().await;
    assert_eq!(one.same().await["Archive"], [("Eins@amt.test".to_owned(), String::new())]);
}

#[tokio::test]
async fn a_message_that_went_before_it_came_about_is_forgotten() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    one.program("q(m.setacl('Archive', 'ada', 'lra'))");
    let raw = "From: ada@amt.test\r\nSubject: Eins\r\nMessage-ID: <Eins@amt.test>\r\n\r\nHallo\r\n";
    let refused = one.ada.import(&one.ada.mailbox("archive").await, raw).await;
    one.round().await;
    assert_eq!(begun(&one).await.len(), 1, "it is offered again later");
    one.set("Email", json!({ "destroy": [refused] })).await;
    one.round().await;
    assert_eq!(begun(&one).await, []);
}

#[tokio::test]
async fn more_messages_may_be_on_their_way_than_one_question_names() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let mailbox = one.ada.mailbox("inbox").await.parse().unwrap();
    let work = one.house.tenant.begin().await.unwrap();
    for number in 0..33_000 {
        let email = EmailId(uuid::Uuid::from_u128(number));
        let (account, flags, at) = (one.account, Keywords::default(), one.house.clock.now());
        let begun = MirrorBegunRecord { mailbox, email, account, flags, at, refused: false };
        work.mail_mirrors().begin(&begun).await.unwrap();
    }
    work.commit().await.unwrap();
    one.program("put('INBOX', 'Eins')");
    one.round().await;
    assert_eq!(one.same().await["INBOX"].len(), 1);
}
