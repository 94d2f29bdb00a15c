//! Finding messages: each filter and each order.

use std::collections::BTreeSet;

use fernamt_domain::{EmailId, MailboxId};
use fernamt_store::{
    EmailField, EmailFilter, EmailOrder, NewEmail, StoreError,
    repo::mail::query::{MAX_CONDITIONS, MAX_WORD_BYTES},
};
use time::{Duration, OffsetDateTime};

use super::{Suite, suite};
use crate::support::mail::marks;

suite! {
    each_filter_finds_what_fits
    each_order_puts_them_in_place
    the_newest_of_a_folder_come_first
    a_filter_that_is_too_large_is_refused
}

/// Six messages `a` to `f` in an account of their own, beside the one of everybody.
struct Six {
    account: fernamt_domain::MailAccountId,
    folders: [MailboxId; 2],
    /// When the first one came.
    start: OffsetDateTime,
    all: Vec<EmailId>,
}

async fn six(s: &Suite) -> Six {
    let make = s.fixture.make();
    let account = make.mail_account(None, "post@rathaus.example");
    let work = s.tenant.begin().await.unwrap();
    work.mail_accounts().insert(&account).await.unwrap();
    let change = work.mail_accounts().change(account.id).await.unwrap();
    let (one, two) = (make.mailbox(change, "Eins", None), make.mailbox(change, "Zwei", None));
    work.mailboxes().insert(change, &one).await.unwrap();
    work.mailboxes().insert(change, &two).await.unwrap();
    let (one, two) = (one.id, two.id);
    let start = s.fixture.clock_now();
    let mut all: Vec<NewEmail> = Vec::new();
    for (index, (folders, words, subject)) in [
        (&[one][..], &["$seen"][..], "haushalt 100% sicher"),
        (&[one, two], &["$seen", "$flagged"], "haushalt_plan"),
        (&[two], &[], "straße und ämter"),
        (&[], &["urlaub"], "c:\\ordner"),
        (&[one], &["urlaubsantrag"], "haushaltsplan 1000"),
        (&[two], &["$seen"], "haushalt"),
    ]
    .into_iter()
    .enumerate()
    {
        // Ids of the same millisecond have no order.
        s.fixture.clock.advance(Duration::MILLISECOND);
        let mut new = make.email(account.id, folders);
        let step = i64::try_from(index).unwrap();
        new.email.received_at = start + Duration::minutes(step);
        new.email.sent_at = (index % 2 == 0).then(|| new.email.received_at - Duration::hours(step));
        new.email.size = 100 * (7 - index as u64);
        new.email.subject = subject.to_owned();
        ["ada", "bob"][index % 2].clone_into(&mut new.email.sender);
        new.email.has_attachment = index == 3;
        new.email.keywords = marks(words);
        new.text.subject = subject.to_owned();
        new.text.sender = format!("{}@amt.example", new.email.sender);
        new.text.body = format!("text {index}");
        if index == 5 {
            // It answers the first one.
            new.email.thread = all[0].email.thread;
            new.text.cc.push_str("kämmerei@amt.example");
            new.text.bcc.push_str("geheim@amt.example");
        }
        make.deliver(&work, change, &new).await;
        all.push(new);
    }
    work.commit().await.unwrap();
    Six { account: account.id, folders: [one, two], start, all: all.into_iter().map(|new| new.email.id).collect() }
}

impl Six {
    fn letters(&self, found: &[fernamt_store::Match]) -> String {
        let letter = |id| char::from(b'a' + u8::try_from(self.all.iter().position(|one| *one == id).unwrap()).unwrap());
        found.iter().map(|one| letter(one.email)).collect()
    }
}

async fn each_filter_finds_what_fits(s: &Suite) {
    use EmailFilter as F;
    let six = six(s).await;
    let [one, two] = six.folders;
    let (moment, text) = (six.start + Duration::minutes(2), |word: &str| word.to_owned());
    let words = |list: &[&str]| F::Words(list.iter().map(|word| text(word)).collect());
    let within = |field, list: &[&str]| F::WordsIn(field, list.iter().map(|word| text(word)).collect());
    for (filter, expected) in [
        (F::InMailbox(one), "abe"),
        (F::InMailbox(s.own.mail.inbox), ""),
        (F::InMailboxOtherThan(vec![one]), "bcf"),
        (F::InMailboxOtherThan(vec![one, two]), ""),
        (F::InMailboxOtherThan(vec![]), "abcef"),
        (F::Before(moment), "ab"),
        (F::After(moment), "cdef"),
        (F::MinSize(500), "abc"),
        (F::MaxSize(500), "def"),
        (F::MinSize(u64::MAX), ""),
        (F::HasKeyword(text("$seen")), "abf"),
        (F::HasKeyword(text("urlaub")), "d"),
        (F::HasKeyword(text("urlaubsantrag")), "e"),
        (F::HasKeyword(text("_urlaub")), ""),
        (F::HasKeyword(text("seen")), ""),
        (F::AllInThreadHaveKeyword(text("$seen")), "abf"),
        (F::AllInThreadHaveKeyword(text("$flagged")), "b"),
        (F::SomeInThreadHaveKeyword(text("$seen")), "abf"),
        (F::SomeInThreadHaveKeyword(text("urlaub")), "d"),
        (F::Not(vec![F::SomeInThreadHaveKeyword(text("$seen"))]), "cde"),
        (F::HasAttachment(true), "d"),
        (F::HasAttachment(false), "abcef"),
        (words(&["haushalt"]), "abef"),
        (words(&["haushalt", "bob"]), "bf"),
        (words(&["100%"]), "a"),
        (words(&["%"]), "a"),
        (words(&["haushalt_"]), "b"),
        (words(&["\\"]), "d"),
        (words(&["c:\\ordner"]), "d"),
        (words(&["straße", "ämter"]), "c"),
        (words(&["kämmerei"]), "f"),
        (words(&["geheim", "text 5"]), "f"),
        (words(&["nirgends"]), ""),
        (words(&[]), "abcdef"),
        (within(EmailField::Subject, &["plan"]), "be"),
        (within(EmailField::From, &["ada"]), "ace"),
        (within(EmailField::To, &["ada@rathaus.example"]), "abcdef"),
        (within(EmailField::Cc, &["amt"]), "f"),
        (within(EmailField::Bcc, &["geheim"]), "f"),
        (within(EmailField::Body, &["text", "3"]), "d"),
        (within(EmailField::Body, &["haushalt"]), ""),
        (F::Not(vec![words(&["haushalt"])]), "cd"),
        (F::And(vec![F::InMailbox(one), F::InMailbox(two)]), "b"),
        (F::And(vec![]), "abcdef"),
        (F::Or(vec![F::InMailbox(one), F::HasAttachment(true)]), "abde"),
        (F::Or(vec![]), ""),
        (F::Not(vec![F::InMailbox(one), F::InMailbox(two)]), "d"),
        (F::Not(vec![]), "abcdef"),
        (F::Not(vec![F::And(vec![])]), ""),
        (F::Not(vec![F::Or(vec![])]), "abcdef"),
        (F::Or(vec![F::And(vec![]), F::Or(vec![])]), "abcdef"),
        (
            F::And(vec![F::Not(vec![F::HasKeyword(text("$seen"))]), F::Or(vec![F::InMailbox(two), words(&["1000"])])]),
            "ce",
        ),
    ] {
        let found =
            s.see(s.tenant.emails().matching(six.account, Some(&filter), &[(EmailOrder::ReceivedAt, true)]).await);
        assert_eq!(six.letters(&found.unwrap()), expected, "{filter:?}");
    }
}

async fn each_order_puts_them_in_place(s: &Suite) {
    use EmailOrder::{From, ReceivedAt, SentAt, Size, Subject};
    let six = six(s).await;
    for (order, expected) in [
        (&[][..], "fedcba"),
        (&[(ReceivedAt, true)], "abcdef"),
        (&[(ReceivedAt, false)], "fedcba"),
        (&[(Size, true)], "fedcba"),
        (&[(Size, false)], "abcdef"),
        (&[(From, true)], "acebdf"),
        (&[(From, false), (ReceivedAt, true)], "bdface"),
        (&[(From, false)], "fdbeca"),
        // What does not say when it was sent comes last, either way.
        (&[(SentAt, true)], "ecabdf"),
        (&[(SentAt, false)], "acefdb"),
        (&[(Subject, true)], "dfabec"),
    ] {
        let found = s.see(s.tenant.emails().matching(six.account, None, order).await).unwrap();
        assert_eq!(six.letters(&found), expected, "{order:?}");
    }
    let found = s.tenant.emails().matching(six.account, None, &[]).await.unwrap();
    let threads: BTreeSet<_> = found.iter().map(|one| one.thread).collect();
    assert_eq!((threads.len(), found[0].thread), (5, found[5].thread));
}

async fn the_newest_of_a_folder_come_first(s: &Suite) {
    let six = six(s).await;
    let newest = async |offset, limit| {
        let found = s.see(s.tenant.emails().newest_in(six.folders[0], offset, limit).await).unwrap();
        six.letters(&found)
    };
    assert_eq!(newest(0, 50).await, "eba");
    assert_eq!((newest(0, 2).await, newest(2, 2).await, newest(3, 2).await), ("eb".into(), "a".into(), String::new()));
    let lying = s.see(s.tenant.emails().in_mailbox(six.folders[0], 2).await).unwrap();
    assert_eq!(lying, six.all[..2]);
}

async fn a_filter_that_is_too_large_is_refused(s: &Suite) {
    use EmailFilter as F;
    s.see(s.own.mail.account);
    let matching = async |filter: F| s.tenant.emails().matching(s.own.mail.account, Some(&filter), &[]).await;
    let many = |count| F::And(vec![F::HasAttachment(false); count]);
    let words = |count| F::Words(vec!["haus".to_owned(); count]);
    let long = |count| F::Words(vec!["\\".repeat(count)]);
    assert_eq!(matching(many(MAX_CONDITIONS - 1)).await.unwrap().len(), 1);
    assert_eq!(matching(words(MAX_CONDITIONS - 1)).await.unwrap().len(), 1);
    assert_eq!(matching(long(MAX_WORD_BYTES)).await.unwrap().len(), 0);
    let folders = F::InMailboxOtherThan(vec![s.own.mail.inbox; 2_001]);
    for filter in [many(MAX_CONDITIONS), words(MAX_CONDITIONS), long(MAX_WORD_BYTES + 1), folders] {
        let refused = matching(F::Not(vec![filter])).await;
        assert!(matches!(refused, Err(StoreError::TooMany { .. })), "{refused:?}");
    }
}
