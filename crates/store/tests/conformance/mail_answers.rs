//! What was sent, what lists may have lost or gained, and who was answered by somebody who is away.

use std::collections::BTreeSet;

use fernamt_domain::{MailIdentityId, mail::UndoStatus};
use fernamt_store::{
    EmailSubmissionRecord, EmailUpdate, MailIdentityRecord, MailVacationRecord, SubmissionFilter, SubmissionOrder,
    Touched, repo::mail::vacation::MAX_VACATION_ANSWERS,
};
use time::Duration;

use super::{
    Suite,
    mail::{change, own_email},
    suite,
};
use crate::support::mail::marks;

suite! {
    what_was_sent_is_found
    what_lists_may_have_lost_or_gained_is_told
    a_sender_is_answered_once_in_a_period
}

async fn what_was_sent_is_found(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let (now, email) = (s.fixture.clock_now(), own_email(s).await);
    let work = s.tenant.begin().await.unwrap();
    let step = change(s, &work).await;
    let other = make.deliver(&work, step, &make.email(mail.account, &[mail.inbox])).await;
    let second =
        MailIdentityRecord { id: MailIdentityId::new(&s.fixture.clock, &s.fixture.rng), ..make.mail_identity(step) };
    work.mail_identities().insert(&second).await.unwrap();
    let sent = EmailSubmissionRecord {
        send_at: now + Duration::HOUR,
        undo_status: UndoStatus::Canceled,
        ..make.submission(step, second.id, &other)
    };
    work.email_submissions().insert(&sent).await.unwrap();
    work.commit().await.unwrap();
    let first = mail.submission;
    let find = async |filter: SubmissionFilter, order: &[(SubmissionOrder, bool)]| {
        s.see(s.tenant.email_submissions().matching(mail.account, &filter, order).await).unwrap()
    };
    let all = SubmissionFilter::default;
    assert_eq!(find(all(), &[(SubmissionOrder::SendAt, true)]).await, [first, sent.id]);
    assert_eq!(find(all(), &[(SubmissionOrder::SendAt, false)]).await, [sent.id, first]);
    let by_email = if email.id < other.id { [first, sent.id] } else { [sent.id, first] };
    assert_eq!(find(all(), &[(SubmissionOrder::Email, true)]).await, by_email);
    let by_thread = if email.thread < other.thread { [first, sent.id] } else { [sent.id, first] };
    assert_eq!(find(all(), &[(SubmissionOrder::Thread, true)]).await, by_thread);
    assert_eq!(find(SubmissionFilter { identities: Some(vec![second.id]), ..all() }, &[]).await, [sent.id]);
    assert_eq!(find(SubmissionFilter { emails: Some(vec![email.id]), ..all() }, &[]).await, [first]);
    assert_eq!(find(SubmissionFilter { threads: Some(vec![other.thread]), ..all() }, &[]).await, [sent.id]);
    assert_eq!(find(SubmissionFilter { threads: Some(Vec::new()), ..all() }, &[]).await, []);
    assert_eq!(find(SubmissionFilter { undo_status: Some(UndoStatus::Pending), ..all() }, &[]).await, [first]);
    assert_eq!(find(SubmissionFilter { before: Some(sent.send_at), ..all() }, &[]).await, [first]);
    assert_eq!(find(SubmissionFilter { after: Some(sent.send_at), ..all() }, &[]).await, [sent.id]);
}

async fn what_lists_may_have_lost_or_gained_is_told(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let work = s.tenant.begin().await.unwrap();
    let before = change(s, &work).await;
    let mut mate = make.email(mail.account, &[mail.inbox]);
    mate.email.thread = mail.thread;
    let mate = make.deliver(&work, before, &mate).await;
    let going = make.deliver(&work, before, &make.email(mail.account, &[mail.inbox])).await;
    let now = change(s, &work).await;
    let new = make.deliver(&work, now, &make.email(mail.account, &[mail.inbox])).await;
    let update = EmailUpdate {
        email: mate.clone(),
        was_in: BTreeSet::from([mail.inbox]),
        keywords: marks(&["$seen"]),
        mailboxes: BTreeSet::from([mail.inbox]),
    };
    work.emails().update(now, &update).await.unwrap();
    work.emails().destroy(now, std::slice::from_ref(&going)).await.unwrap();
    work.commit().await.unwrap();
    let told = s.see(s.tenant.emails().touched(mail.account, before.number).await).unwrap().unwrap();
    assert_eq!(told.destroyed, BTreeSet::from([going.id]));
    assert_eq!(told.changed, BTreeSet::from([mate.id, new.id]));
    assert_eq!(told.in_threads, BTreeSet::from([mate.id, new.id, mail.email]));
    let nothing = s.see(s.tenant.emails().touched(mail.account, now.number).await).unwrap().unwrap();
    assert_eq!(nothing, Touched::default());
}

async fn a_sender_is_answered_once_in_a_period(s: &Suite) {
    let (make, mail) = (s.fixture.make(), s.own.mail);
    let kept = s.see(s.tenant.mail_vacations().get(mail.account).await).unwrap().unwrap();
    assert_eq!(kept, make.vacation(mail.account));
    let work = s.tenant.begin().await.unwrap();
    let other = make.print();
    assert!(!work.mail_vacations().note(mail.account, &mail.answered).await.unwrap());
    assert!(work.mail_vacations().note(mail.account, &other).await.unwrap());
    assert!(!work.mail_vacations().note(mail.account, &other).await.unwrap());
    let changed = MailVacationRecord { ends_at: kept.begins_at, subject: Some("Weg".to_owned()), ..kept };
    work.mail_vacations().put(&changed).await.unwrap();
    assert!(work.mail_vacations().note(mail.account, &mail.answered).await.unwrap(), "another period");
    work.commit().await.unwrap();
    assert_eq!(s.tenant.mail_vacations().get(mail.account).await.unwrap(), Some(changed));
    let limit = usize::try_from(MAX_VACATION_ANSWERS).unwrap();
    s.fixture.place.multiply("mail_vacation_answer", mail.account.0, "print", limit - 2).await;
    let work = s.tenant.begin().await.unwrap();
    assert!(work.mail_vacations().note(mail.account, &make.print()).await.unwrap());
    assert!(!work.mail_vacations().note(mail.account, &make.print()).await.unwrap(), "there is no room");
}
