//! Many edits on both sides at the same time, and ends in the middle.

use std::{fmt::Write as _, future::poll_fn, pin::pin, task::Poll};

use serde_json::{Value, json};

use super::house::Mirrored;

/// How many edits each side makes.
fn edits() -> usize {
    if fernamt_testkit::full() { 1_000 } else { 60 }
}

/// A generator that repeats its run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

const FOLDERS: [&str; 4] = ["INBOX", "Archive", "Trash", "Akten"];

/// What an IMAP client does next, as a line of Python. What is not there any more is left alone.
fn line(dice: &mut Dice, number: usize) -> String {
    let (from, to) = (FOLDERS[dice.below(4)], FOLDERS[dice.below(4)]);
    let which = dice.below(40);
    let flag = ["\\\\Seen", "\\\\Flagged", "$Todo"][dice.below(3)];
    match dice.below(6) {
        0 | 1 => format!("put('{from}', 'i{number}', '({flag})')"),
        2 => format!("edit('{from}', {which}, lambda u: m.uid('STORE', u, '+FLAGS', '({flag})'))"),
        3 => format!("edit('{from}', {which}, lambda u: m.uid('STORE', u, '-FLAGS', '({flag})'))"),
        4 => format!(
            "edit('{from}', {which}, lambda u: m._simple_command('UID', 'MOVE', u, '{}'))",
            if from == to { "Junk" } else { to }
        ),
        _ => format!(
            "edit('{from}', {which}, lambda u: (m.uid('STORE', u, '+FLAGS', '(\\\\Deleted)'), \
             m._simple_command('UID', 'EXPUNGE', u)))"
        ),
    }
}

/// What a JMAP client does next.
async fn act(one: &Mirrored, dice: &mut Dice, number: usize) {
    let found = one.ada.call("Email/query", json!({ "limit": 100 })).await;
    let ids = found["ids"].as_array().unwrap();
    let folders: Vec<_> = one.ada.call("Mailbox/get", json!({ "ids": null })).await["list"].as_array().unwrap().clone();
    let folder = |dice: &mut Dice| folders[dice.below(folders.len())]["id"].as_str().unwrap().to_owned();
    let flag = ["$seen", "$flagged", "vorgang"][dice.below(3)];
    if ids.is_empty() || dice.below(5) == 0 {
        let raw = format!("From: ada@amt.test\r\nSubject: j{number}\r\nMessage-ID: <j{number}@amt.test>\r\n\r\nx\r\n");
        one.ada.import(&folder(dice), &raw).await;
        return;
    }
    let id = ids[dice.below(ids.len())].as_str().unwrap();
    let patch: Value = match dice.below(5) {
        0 => json!({ format!("keywords/{flag}"): true }),
        1 => json!({ format!("keywords/{flag}"): null }),
        2 => json!({ "mailboxIds": { folder(dice): true } }),
        3 => json!({ format!("mailboxIds/{}", folder(dice)): true }),
        _ => {
            one.ada.call("Email/set", json!({ "destroy": [id] })).await;
            return;
        }
    };
    one.ada.call("Email/set", json!({ "update": { id: patch } })).await;
}

/// Runs `future` until it was asked for its end so many times, and then drops it.
async fn up_to<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), times);
    poll_fn(|context| match left.checked_sub(1) {
        None => Poll::Ready(None),
        Some(rest) => {
            left = rest;
            future.as_mut().poll(context).map(Some)
        }
    })
    .await
}

const EDIT: &str = "\
def edit(folder, which, do):
    q(m.select(folder))
    found = q(m.uid('SEARCH', 'ALL'))[0].decode().split()
    if found: do(found[which % len(found)])
q(m.create('Akten')) if not q(m.list('\"\"', 'Akten'))[0] else None
";

fn script(dice: &mut Dice, numbers: std::ops::Range<usize>) -> String {
    let mut script = EDIT.to_owned();
    for number in numbers {
        writeln!(script, "{}", line(dice, number)).unwrap();
    }
    script
}

/// Rounds until nothing is left to do.
async fn settle(one: &Mirrored) {
    for _ in 0..3 {
        one.house.clock.advance(time::Duration::minutes(2));
        one.round().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_many_edits_on_both_sides_both_are_the_same() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (mut theirs, mut ours) = (Dice(20_261_123), Dice(7));
    one.round().await;
    for start in (0..edits()).step_by(20) {
        let script = script(&mut theirs, start..start + 20);
        // The other program goes on while rounds are made.
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let program = scope.spawn(|| one.program(&script));
                tokio::runtime::Handle::current().block_on(async {
                    for number in start..start + 20 {
                        act(&one, &mut ours, number).await;
                        if number % 4 == 0 {
                            one.round().await;
                        }
                    }
                });
                program.join().unwrap();
            });
        });
    }
    settle(&one).await;
    let same = one.same().await;
    assert!(same.values().map(Vec::len).sum::<usize>() > 5, "{same:?}");
}

#[tokio::test]
async fn a_round_that_ends_in_the_middle_loses_and_doubles_nothing() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let mut dice = Dice(4_711);
    one.program("q(m.create('Akten'))\nfor n in range(8): put('INBOX', f'a{n}')");
    one.round().await;
    let folders = [one.ada.mailbox("inbox").await, one.ada.mailbox("archive").await, one.folder("Akten").await];
    let ends = if fernamt_testkit::full() { 200 } else { 40 };
    let mut made = 0;
    for end in 0..ends {
        let raw = format!("From: ada@amt.test\r\nSubject: b{end}\r\nMessage-ID: <b{end}@amt.test>\r\n\r\nx\r\n");
        one.ada.import(&folders[dice.below(3)], &raw).await;
        made += 1;
        let moved = one.email(&format!("a{}", dice.below(8))).await;
        let to = &folders[dice.below(3)];
        one.set("Email", json!({ "update": { moved: { "mailboxIds": { to: true } } } })).await;
        // What was said to the server before this breaks off, it may have done or not.
        let _ = up_to(dice.below(150) + 1, one.house.mail.mirror_once(&one.house.tenant, one.account)).await;
    }
    settle(&one).await;
    let same = one.same().await;
    let mut ids: Vec<_> = same.values().flatten().map(|(id, _)| id.clone()).collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!((all, ids.len()), (made + 8, made + 8), "each message is there once");
}

#[tokio::test]
async fn a_line_that_breaks_in_the_middle_loses_and_doubles_nothing() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let mut dice = Dice(815);
    one.round().await;
    let folders = [one.ada.mailbox("inbox").await, one.ada.mailbox("archive").await];
    let lines = if fernamt_testkit::full() { 100 } else { 15 };
    let mut broken = 0;
    for number in 0..lines {
        for name in [format!("c{number}"), format!("d{number}")] {
            let raw = format!("From: ada@amt.test\r\nSubject: {name}\r\nMessage-ID: <{name}@amt.test>\r\n\r\nx\r\n");
            one.ada.import(&folders[dice.below(2)], &raw).await;
        }
        one.program(&format!("put('INBOX', 'i{number}')"));
        // Signing in is about half of it.
        let until = one.cyrus.imap.bytes_from_server() + dice.below(10_000) as u64;
        let breaks = async {
            while one.cyrus.imap.bytes_from_server() < until {
                tokio::task::yield_now().await;
            }
            one.cyrus.imap.shut();
        };
        let mut round = pin!(one.house.mail.mirror_once(&one.house.tenant, one.account));
        let done = tokio::select! {
            done = &mut round => done,
            () = breaks => round.await,
        };
        broken += usize::from(done.is_err());
        one.cyrus.imap.open();
    }
    assert!(broken > lines / 4, "{broken} of {lines} broke");
    settle(&one).await;
    let same = one.same().await;
    let mut ids: Vec<_> = same.values().flatten().map(|(id, _)| id.clone()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((all, ids.len()), (lines * 3, lines * 3), "each message is there once");
}
