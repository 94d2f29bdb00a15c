//! The absence of whoever is mirrored: the mail server answers what arrives there (ADR 0035), by a script that is carried to
//! it like everything else. What was carried last is remembered; the server is asked whether it still counts.

use std::{collections::BTreeSet, time::Duration as Span};

use fernamt_domain::{DomainEvent, mail::MailType};
use fernamt_mailhost::{
    Error, Server,
    sieve::{Absence, Aside, OnDuty, Outside, Sieve},
};
use fernamt_store::{BlobPrint, MailAccountRecord, MailVacationRecord, MirrorAbsenceRecord, StoreError, TenantStore};
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

use super::{MirrorError, absence_aside, absence_refused::Why, letter::BY_LETTER, round::Mirror, task::back_off};
use crate::{Mail, account::domain_of, delivery, message::blob_id::print_of};

/// How often the server is asked whether an absence still counts there.
const LOOK_EVERY: Duration = Duration::MINUTE;
/// How long all that is said about an absence may take, since mail is not mirrored meanwhile.
const LIMIT: Span = Span::from_secs(30);

/// When the server was spoken to about the absence, and when it is again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    looked_at: Option<OffsetDateTime>,
    again_at: Option<OffsetDateTime>,
    faults: u32,
}

impl Pace {
    fn rest(&self, now: OffsetDateTime) -> Option<Span> {
        let next = self.again_at.or_else(|| Some(self.looked_at? + LOOK_EVERY))?;
        Some((next - now).try_into().unwrap_or_default())
    }
}

/// An absence that the server is to answer.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    absence: Absence,
    /// What its script is known by.
    print: BlobPrint,
}

/// What is to be done at the server.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    /// It is to answer, or to answer otherwise.
    Begin(Wanted),
    /// It was told, and is asked whether it still answers.
    Look(Wanted),
    /// It is to answer no more.
    End,
}

impl Wanted {
    /// What is wanted now; nothing where nobody is away, or not any more.
    fn of(account: &MailAccountRecord, vacation: Option<&MailVacationRecord>, now: OffsetDateTime) -> Option<Self> {
        let vacation = vacation.filter(|one| one.enabled && one.ends_at.is_none_or(|at| now < at))?;
        let absence = Absence {
            from: vacation.begins_at,
            until: vacation.ends_at,
            subject: vacation.subject.clone(),
            text: delivery::plain_text(vacation),
            addresses: vec![account.address.clone()],
            // Where all are answered alike, the server need not tell who is outside.
            outside: (!vacation.answers_outside || vacation.outside_text.is_some()).then(|| Outside {
                domain: domain_of(&account.address).to_owned(),
                text: delivery::told_outside(vacation.clone()).map(|told| delivery::plain_text(&told)),
            }),
        };
        // What cannot be written at all is refused when it is begun.
        let print = print_of(absence.script().unwrap_or_default().as_bytes());
        Some(Self { absence, print })
    }
}

impl Task {
    fn of(wanted: Option<Wanted>, base: Option<&MirrorAbsenceRecord>) -> Option<Self> {
        match (wanted, base) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::End),
            (Some(wanted), Some(base)) if base.print == Some(wanted.print) => Some(Self::Look(wanted)),
            (Some(wanted), _) => Some(Self::Begin(wanted)),
        }
    }

    /// Whether the server is still to be told.
    fn is_owed(&self) -> bool {
        matches!(self, Self::Begin(_) | Self::End)
    }
}

impl Mirror {
    /// Sees to it that the server answers as it is wanted here, and takes over that somebody ended that there. What does not
    /// work at the server is tried again later and holds up nothing else.
    pub(super) async fn settle_absence(&mut self) -> Result<(), StoreError> {
        let Some(server) = self.server.sieve.clone() else { return Ok(()) };
        let now = self.round_began;
        if self.absence.again_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let Some(task) = self.absence_task().await? else {
            self.absence = Pace::default();
            return Ok(());
        };
        let is_looked = self.absence.looked_at.is_some_and(|at| now < at + LOOK_EVERY);
        if is_looked && matches!(task, Task::Look(_)) {
            return Ok(());
        }
        let faults = self.absence.faults;
        match timeout(LIMIT, self.say(&server, task)).await.unwrap_or(Err(Error::Silent.into())) {
            Ok(()) => {
                if faults > 0 {
                    tracing::info!(account = %self.account, "An absence is as it should be on the mail server again");
                }
                self.absence = Pace { looked_at: Some(now), ..Pace::default() };
                Ok(())
            }
            Err(MirrorError::Store(error)) => Err(error),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                if faults == 0 {
                    tracing::warn!(account = %self.account, error, "The mail server cannot be told of an absence or its end; it is tried again");
                } else {
                    tracing::debug!(account = %self.account, error, "The mail server cannot be told of an absence");
                }
                self.absence.again_at = Some(self.mail.parts.clock.now() + back_off(faults));
                self.absence.faults = faults.saturating_add(1);
                Ok(())
            }
        }
    }

    /// Whether the server is still to be told of an absence or its end.
    pub(super) async fn owes_absence(&self) -> Result<bool, StoreError> {
        Ok(self.server.sieve.is_some() && self.absence_task().await?.is_some_and(|task| task.is_owed()))
    }

    /// How long it is until what did not work is tried again, or the server is asked again.
    pub(super) fn absence_rest(&self) -> Option<Span> {
        self.absence.rest(self.mail.parts.clock.now())
    }

    async fn absence_task(&self) -> Result<Option<Task>, StoreError> {
        let account = self.tenant.mail_accounts().get(self.account).await?;
        task_of(&self.tenant, &account, self.mail.parts.clock.now()).await
    }

    async fn say(&self, server: &Server, task: Task) -> Result<(), MirrorError> {
        let mut sieve = Sieve::connect(server, &self.server.login(&self.user)).await?;
        match task {
            Task::Begin(wanted) => self.begin_there(&mut sieve, &wanted).await?,
            Task::Look(wanted) => match sieve.on_duty().await? {
                OnDuty::No => {}
                OnDuty::Broken => self.begin_there(&mut sieve, &wanted).await?,
                OnDuty::Yes | OnDuty::Overruled => {
                    if self.end_here(&wanted, None).await? {
                        self.end_there(&mut sieve).await?;
                    }
                }
            },
            Task::End => self.end_there(&mut sieve).await?,
        }
        // All is done, whatever becomes of the farewell.
        let _ = sieve.log_out().await;
        Ok(())
    }

    async fn begin_there(&self, sieve: &mut Sieve, wanted: &Wanted) -> Result<(), MirrorError> {
        let lay_there = self.tenant.mail_mirrors().absence(self.account).await?.is_some();
        self.note_absence(None).await?;
        let error = match sieve.begin_absence(&wanted.absence).await {
            Ok(aside) => {
                self.note_absence(Some(wanted.print)).await?;
                return Ok(self.tell_aside(&aside).await?);
            }
            Err(error) => error,
        };
        let Some(why) = Why::of(&error) else { return Err(error.into()) };
        self.tell_refused("an absence");
        if !self.end_here(wanted, Some(why)).await? {
            return Ok(());
        }
        // Whatever the server did not refuse itself was refused before anything was put.
        if lay_there || matches!(error, Error::Refused { .. } | Error::Misunderstood(_)) {
            return self.end_there(sieve).await;
        }
        Ok(self.forget_absence().await?)
    }

    async fn end_there(&self, sieve: &mut Sieve) -> Result<(), MirrorError> {
        let aside = sieve.end_absence().await?;
        self.forget_absence().await?;
        Ok(self.tell_aside(&aside).await?)
    }

    /// Tells who has the mailbox what became of scripts of theirs.
    async fn tell_aside(&self, aside: &Aside) -> Result<(), StoreError> {
        let Some(letter) = absence_aside::letter(aside) else { return Ok(()) };
        let mut work = self.tenant.begin().await?;
        let change = work.mail_accounts().change(self.account).await?;
        let account = work.mail_accounts().get(self.account).await?;
        if letter.put(&self.mail, &work, change, &account).await? {
            work.mail_accounts().touch(change, &BY_LETTER).await?;
            work.publish(DomainEvent::MailChanged { account: self.account });
            work.commit().await?;
        }
        Ok(())
    }

    /// Switches the absence off here, unless it was changed meanwhile; who has the mailbox is told why. Tells whether it did.
    async fn end_here(&self, wanted: &Wanted, why: Option<Why>) -> Result<bool, StoreError> {
        let mut work = self.tenant.begin().await?;
        let change = work.mail_accounts().change(self.account).await?;
        let account = work.mail_accounts().get(self.account).await?;
        let Some(vacation) = work.mail_vacations().get(self.account).await? else { return Ok(false) };
        let now = self.mail.parts.clock.now();
        if Wanted::of(&account, Some(&vacation), now).as_ref() != Some(wanted) {
            return Ok(false);
        }
        work.mail_vacations().put(&MailVacationRecord { enabled: false, ..vacation }).await?;
        let mut kinds = vec![MailType::VacationResponse];
        if let Some(why) = why
            && why.letter().put(&self.mail, &work, change, &account).await?
        {
            kinds.extend(BY_LETTER);
        }
        work.mail_accounts().touch(change, &kinds).await?;
        work.publish(DomainEvent::MailChanged { account: self.account });
        work.commit().await?;
        Ok(true)
    }

    async fn note_absence(&self, print: Option<BlobPrint>) -> Result<(), StoreError> {
        let work = self.tenant.begin().await?;
        work.mail_mirrors().put_absence(&MirrorAbsenceRecord { account: self.account, print }).await?;
        work.commit().await
    }

    async fn forget_absence(&self) -> Result<(), StoreError> {
        let work = self.tenant.begin().await?;
        work.mail_mirrors().end_absence(self.account).await?;
        work.commit().await
    }
}

/// What is to be done at the server for an account now.
async fn task_of(
    tenant: &TenantStore,
    account: &MailAccountRecord,
    now: OffsetDateTime,
) -> Result<Option<Task>, StoreError> {
    let vacation = tenant.mail_vacations().get(account.id).await?;
    let base = tenant.mail_mirrors().absence(account.id).await?;
    Ok(Task::of(Wanted::of(account, vacation.as_ref(), now), base.as_ref()))
}

impl Mail {
    /// Sees to it that accounts are mirrored whose absence, or its end, the mail server was not told yet, used or not. Tells
    /// when the next of those that lie there is over.
    pub(super) async fn use_absent(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        let Some(server) = self.server.as_ref().filter(|server| server.sieve.is_some()) else { return Ok(None) };
        let Some(tenant) = self.parts.store.tenants().by_host(&server.tenant_host).await? else { return Ok(None) };
        let tenant = self.parts.store.tenant(tenant.id);
        let enabled = tenant.mail_vacations().enabled().await?;
        let absent: BTreeSet<_> = enabled.into_iter().chain(tenant.mail_mirrors().absent().await?).collect();
        let mut ends: Option<OffsetDateTime> = None;
        for account in absent {
            let Some(record) = tenant.mail_accounts().these(&[account]).await?.pop() else { continue };
            let task = task_of(&tenant, &record, self.parts.clock.now()).await?;
            match task.filter(|_| server.user_of(&record.address).is_some()) {
                Some(Task::Begin(_) | Task::End) => self.owes(tenant.id(), account),
                Some(Task::Look(wanted)) => ends = ends.into_iter().chain(wanted.absence.until).min(),
                None => {}
            }
        }
        Ok(ends)
    }

    /// Whether the mail server answers by itself for whoever has an account.
    pub(crate) async fn is_answered_there(
        &self,
        tenant: &TenantStore,
        account: &MailAccountRecord,
    ) -> Result<bool, StoreError> {
        let carries = self.server_of(tenant).await?.is_some_and(|server| server.sieve.is_some());
        Ok(carries && tenant.mail_mirrors().absence(account.id).await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 08:00 UTC);

    fn account() -> MailAccountRecord {
        MailAccountRecord {
            id: MailAccountId(Uuid::nil()),
            owner: None,
            name: "Ada".to_owned(),
            address: "ada@amt.test".to_owned(),
            created_at: NOW,
            counter: 0,
            mailbox_state: 0,
            email_state: 0,
            thread_state: 0,
            identity_state: 0,
            submission_state: 0,
            delivery_state: 0,
            vacation_state: 0,
            thread_work_state: 0,
            forgotten: 0,
        }
    }

    fn vacation(text: &str, ends_at: Option<OffsetDateTime>) -> MailVacationRecord {
        MailVacationRecord {
            account: MailAccountId(Uuid::nil()),
            enabled: true,
            begins_at: Some(NOW + Duration::DAY),
            ends_at,
            subject: None,
            text: Some(text.to_owned()),
            html: None,
            answers_outside: true,
            outside_text: None,
        }
    }

    fn wanted(vacation: &MailVacationRecord) -> Option<Wanted> {
        Wanted::of(&account(), Some(vacation), NOW)
    }

    #[test]
    fn an_absence_is_the_servers_from_before_it_begins_until_it_is_over() {
        let coming = wanted(&vacation("Weg", None)).expect("it is to come");
        assert_eq!((coming.absence.text.as_str(), coming.absence.from), ("Weg", Some(NOW + Duration::DAY)));
        assert_eq!((coming.absence.addresses, coming.absence.outside), (vec!["ada@amt.test".to_owned()], None));
        assert!(wanted(&vacation("Weg", Some(NOW + Duration::SECOND))).is_some());
        assert_eq!(wanted(&vacation("Weg", Some(NOW))), None);
        assert_eq!(wanted(&MailVacationRecord { enabled: false, ..vacation("Weg", None) }), None);
        assert_eq!(Wanted::of(&account(), None, NOW), None);
    }

    #[test]
    fn the_server_tells_who_is_outside_where_they_are_not_answered_alike() {
        let outside = |answers_outside, text: Option<&str>| {
            let outside_text = text.map(str::to_owned);
            let wanted = wanted(&MailVacationRecord { answers_outside, outside_text, ..vacation("Weg", None) });
            let absence = wanted.expect("it is to come").absence;
            assert_eq!(absence.text, "Weg");
            absence.outside.map(|outside| (outside.domain, outside.text))
        };
        let of_house = |text: Option<&str>| Some(("amt.test".to_owned(), text.map(str::to_owned)));
        assert_eq!(outside(true, None), None);
        assert_eq!(outside(true, Some("Fort")), of_house(Some("Fort")));
        assert_eq!(outside(false, Some("Fort")), of_house(None));
        assert_eq!(outside(false, None), of_house(None));
    }

    #[test]
    fn what_differs_from_what_was_carried_was_changed_here() {
        let print = |vacation: &MailVacationRecord| wanted(vacation).map(|wanted| wanted.print);
        let (first, second) = (vacation("Weg", None), vacation("Ganz weg", None));
        let base = |print| MirrorAbsenceRecord { account: MailAccountId(Uuid::nil()), print };
        let task = |vacation: Option<&MailVacationRecord>, base: Option<&MirrorAbsenceRecord>| {
            Task::of(vacation.and_then(wanted), base)
        };
        assert_eq!(task(None, None), None);
        assert!(matches!(task(Some(&first), None), Some(Task::Begin(_))));
        assert!(matches!(task(Some(&first), Some(&base(print(&first)))), Some(Task::Look(_))));
        assert!(matches!(task(Some(&second), Some(&base(print(&first)))), Some(Task::Begin(_))));
        assert!(matches!(task(Some(&first), Some(&base(None))), Some(Task::Begin(_))), "begun, and broken off");
        assert_eq!(task(None, Some(&base(None))), Some(Task::End));
        let owed = |task: Option<Task>| task.is_some_and(|task| task.is_owed());
        assert!(owed(task(Some(&first), None)) && owed(task(None, Some(&base(None)))));
        assert!(!owed(task(Some(&first), Some(&base(print(&first))))), "it was told");
    }

    #[test]
    fn the_rest_ends_when_the_server_is_to_be_asked_again() {
        let rest =
            |looked_at, again_at, now| Pace { looked_at, again_at, faults: 0 }.rest(now).map(|rest| rest.as_secs());
        assert_eq!(rest(None, None, NOW), None);
        assert_eq!(rest(Some(NOW), None, NOW + Duration::seconds(59)), Some(1));
        assert_eq!(rest(Some(NOW), None, NOW + Duration::HOUR), Some(0));
        assert_eq!(rest(Some(NOW), Some(NOW + Duration::minutes(5)), NOW), Some(300), "a fault is rested from");
    }
}
