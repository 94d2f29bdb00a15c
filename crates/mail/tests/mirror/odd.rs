//! A server that was restored, refuses what it did not before, or does not answer.

use fernamt_store::{MirrorFolderRecord, MirrorMessageRecord};

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
    one.set("Email", serde_json::json!({ "destroy": [gone] })).await;
    one.round().await;
    let same = one.same().await;
    assert_eq!((same["INBOX"].len(), same["INBOX"][0].0.as_str()), (1, "Eins@amt.test"));
}
