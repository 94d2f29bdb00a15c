//! The unit of work: state, audit entries and events in one transaction.

use fernamt_domain::{DomainEvent, OutboxId, audit::AuditEvent, event::TenantEvent};
use sea_orm::DatabaseTransaction;

use crate::{
    StoreError,
    bus::Notice,
    relay,
    repo::{
        audit::{self, Audits},
        conference::{letter::Letters, meeting::Meetings, room::Rooms, saying::Messages, webhook::Webhooks},
        container::Containers,
        credential::{OtpTokens, Passkeys, RecoveryCodes},
        device::Devices,
        directory::Directories,
        enrolment::Enrolments,
        group::Groups,
        import::Imports,
        journal::Journal,
        licence::Licences,
        mail::{
            account::MailAccounts, arrival::MailArrivals, blob::MailBlobs, delegation::MailGrants, email::Emails,
            identity::MailIdentities, mailbox::Mailboxes, mirror::MailMirrors, submission::EmailSubmissions,
            thread_work::ThreadWorks, vacation::MailVacations,
        },
        outbox::OutboxRecord,
        person::People,
        push::Pushes,
        rule::Rules,
        session::Sessions,
        setting::Settings,
        setup::SetupLinks,
        stick::Sticks,
        target::{Bundles, Targets},
        tenant::TenantRecord,
    },
    scope::{Scope, Writing, any},
    store::TenantStore,
};

/// An open transaction. What is written through its repositories, recorded and published becomes real together with
/// [`Work::commit`]; dropping it undoes everything. After an error it can only be dropped.
#[must_use = "a unit of work that is not committed changes nothing"]
pub struct Work {
    tenant: TenantStore,
    transaction: DatabaseTransaction,
    audit: Vec<AuditEvent>,
    events: Vec<DomainEvent>,
}

impl Work {
    pub(crate) fn new(tenant: TenantStore, transaction: DatabaseTransaction) -> Self {
        Self { tenant, transaction, audit: Vec::new(), events: Vec::new() }
    }

    /// Writes an audit entry with the commit.
    pub fn record(&mut self, event: AuditEvent) {
        self.audit.push(event);
    }

    /// Tells subscribers after the commit. The same event twice is told once.
    pub fn publish(&mut self, event: DomainEvent) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// Makes everything real. When this returns, it lasts.
    pub async fn commit(self) -> Result<(), StoreError> {
        let scope = self.scope();
        let rows: Vec<_> = self
            .events
            .iter()
            .map(|event| OutboxRecord {
                id: OutboxId::new(scope.clock(), scope.rng()),
                at: scope.now(),
                event: event.clone(),
                done_at: None,
            })
            .collect();
        if !rows.is_empty() {
            scope.insert_all(&rows).await?;
            relay::announce(&scope, &rows).await?;
        }
        if self.events.iter().any(changes_decisions) {
            scope.add::<TenantRecord>(any(), "policy_epoch", 1).await?;
        }
        audit::append(&scope, &self.audit).await?;
        drop(scope);
        let (id, inner) = (self.tenant.id(), &self.tenant.store.inner);
        self.transaction.commit().await?;
        // No await from here on. If the caller went away during the commit, the relay tells instead.
        for (row, event) in rows.iter().zip(self.events) {
            inner.delivered.add(row.id);
            inner.bus.tell(Notice::Event(TenantEvent { tenant: id, event }));
        }
        Ok(())
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        let inner = &self.tenant.store.inner;
        Scope::new(&self.transaction, self.tenant.id(), &inner.clock, &inner.rng)
    }
}

/// Whether a decision taken before the event may differ from one taken after it.
fn changes_decisions(event: &DomainEvent) -> bool {
    !matches!(
        event,
        DomainEvent::SessionEnded { .. }
            | DomainEvent::MeetingChanged { .. }
            | DomainEvent::MailChanged { .. }
            | DomainEvent::MailRightsChanged { .. }
    )
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("tenant", &self.tenant.id()).finish_non_exhaustive()
    }
}

macro_rules! repositories {
    ($($(#[$meta:meta])* $method:ident: $repository:ident;)+) => {
        impl TenantStore {
            $( $(#[$meta])* pub fn $method(&self) -> $repository<'_> { $repository::over(self.scope()) } )+
        }

        impl Work {
            $( $(#[$meta])* pub fn $method(&self) -> $repository<'_, Writing> { $repository::over(self.scope()) } )+
        }
    };
}

repositories! {
    /// People and their roles.
    people: People;
    /// Groups, their members and their nesting.
    groups: Groups;
    /// Devices and their keys.
    devices: Devices;
    /// Containers and the shares of their keys.
    containers: Containers;
    /// Enrolment of devices for mail.
    enrolments: Enrolments;
    /// Licences of the security app that private phones need.
    licences: Licences;
    /// Sticks and how their lines do.
    sticks: Sticks;
    /// Tokens for one-time codes.
    otp_tokens: OtpTokens;
    /// Passkeys.
    passkeys: Passkeys;
    /// Recovery codes.
    recovery_codes: RecoveryCodes;
    /// Signed-in sessions.
    sessions: Sessions;
    /// Targets with their health and use.
    targets: Targets;
    /// Bundles of targets.
    bundles: Bundles;
    /// Policy rules.
    rules: Rules;
    /// Conference rooms and who is invited to them.
    rooms: Rooms;
    /// Meetings.
    meetings: Meetings;
    /// The chat of meetings.
    messages: Messages;
    /// Invitations on their way by mail.
    letters: Letters;
    /// Webhooks.
    webhooks: Webhooks;
    /// Mail accounts.
    mail_accounts: MailAccounts;
    /// Who may work in mail accounts that are not their own.
    mail_grants: MailGrants;
    /// Who works on threads.
    thread_works: ThreadWorks;
    /// Folders of mail accounts.
    mailboxes: Mailboxes;
    /// Messages of mail accounts.
    emails: Emails;
    /// Raw bytes of messages and uploads.
    mail_blobs: MailBlobs;
    /// Senders of mail accounts.
    mail_identities: MailIdentities;
    /// Messages on their way out.
    email_submissions: EmailSubmissions;
    /// What is answered while somebody is away.
    mail_vacations: MailVacations;
    /// What foreign mail servers and the index last agreed on.
    mail_mirrors: MailMirrors;
    /// What another mail server handed over lately.
    mail_arrivals: MailArrivals;
    /// Where devices are told that mail came.
    pushes: Pushes;
    /// Settings.
    settings: Settings;
    /// Directories that people and groups come from.
    directories: Directories;
    /// One-time links that make the first administrator.
    setup_links: SetupLinks;
    /// Imports of many targets at once.
    imports: Imports;
    /// The audit log.
    audit: Audits;
    /// The journal of deletions.
    journal: Journal;
}
