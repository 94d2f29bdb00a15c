//! What a round costs.

use serde_json::json;

use super::house::Mirrored;

/// How many messages lie in the mailbox.
fn messages() -> usize {
    if fernamt_testkit::full() { 10_000 } else { 1_500 }
}

/// What an IMAP client does to 1,000 messages: marks, moves, removals and new ones.
const THOUSAND: &str = "\
q(m.select('INBOX'))
uids = q(m.uid('SEARCH', 'ALL'))[0].decode().split()
q(m.uid('STORE', ','.join(uids[:600]), '+FLAGS', '(\\\\Seen)'))
m._simple_command('UID', 'MOVE', ','.join(uids[600:800]), 'Archive')
q(m.uid('STORE', ','.join(uids[800:900]), '+FLAGS', '(\\\\Deleted)'))
m._simple_command('UID', 'EXPUNGE', ','.join(uids[800:900]))
for n in range(100): put('INBOX', f'neu{n}')
";

#[tokio::test]
async fn a_thousand_changes_cost_what_they_are_and_not_what_the_mailbox_holds() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let cost = async || {
        let before = one.cyrus.imap.bytes_from_server();
        one.round().await;
        one.cyrus.imap.bytes_from_server() - before
    };
    // Signing in and the list of folders, which every round here begins with.
    let nothing = cost().await;
    one.program(&format!("for n in range({}): put('INBOX', f'n{{n}}')", messages()));
    let first = cost().await;
    assert!(first > 100 * messages() as u64, "each is fetched once: {first}");
    let quiet = cost().await;
    assert!(quiet < nothing + 500, "a full mailbox in which nothing happened says no more: {quiet}, {nothing}");
    one.program("q(m.select('INBOX'))\nq(m.uid('STORE', '7', '+FLAGS', '(\\\\Flagged)'))");
    let single = cost().await;
    assert!(single < quiet + 1_000, "one change: {single}, {quiet}");
    // A megabyte is fetched once, wherever it goes then.
    one.program(
        "text = b'Subject: Lang\\r\\nMessage-ID: <Lang@amt.test>\\r\\n\\r\\n' + b'Hallo\\r\\n' * 150_000\n\
         q(m.append('Drafts', '', None, text))",
    );
    let large = cost().await;
    assert!(large > 1_000_000, "{large}");
    one.program("q(m.select('Drafts'))\nq(m.uid('COPY', '1', 'Junk'))\nm._simple_command('UID', 'MOVE', '1', 'Trash')");
    let moved = cost().await;
    assert!(moved < quiet + 3_000, "a move and a copy: {moved}, {quiet}");
    let state = one.ada.call("Email/get", json!({ "ids": [] })).await["state"].clone();
    one.program(THOUSAND);
    let thousand = cost().await;
    assert!(thousand < quiet + 400_000, "1,000 changes cost at most 400 bytes each: {thousand}");
    assert!(thousand > quiet + 10_000, "and are not free: {thousand}");
    let changes = one.ada.call("Email/changes", json!({ "sinceState": state })).await;
    let count = |kind: &str| changes[kind].as_array().unwrap().len();
    // What was marked before is among the 600.
    assert_eq!((count("created"), count("updated"), count("destroyed")), (100, 800, 100));
    let same = one.same().await;
    assert_eq!((same["INBOX"].len(), same["Archive"].len()), (messages() - 200, 200));
}
