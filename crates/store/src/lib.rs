//! The store: everything that Fernamt keeps, in SQLite or PostgreSQL, behind repositories.
//!
//! - [`Store::open`] opens and migrates the database. [`Store::tenants`] knows the tenants; [`Store::tenant`] gives a
//!   [`TenantStore`], to which every query is confined.
//! - A [`TenantStore`]'s repositories read: `tenant.people().by_name("ada")`.
//! - Writing takes a unit of work: `let mut work = tenant.begin().await?`, then `work.people().insert(&person)`,
//!   `work.record(audit event)`, `work.publish(domain event)` and `work.commit()`. State, audit entry and outbox row
//!   become real in one transaction.
//! - [`Store::subscribe`] hears of what was committed.
//!
//! Moments are kept in microseconds, on both databases alike.

pub mod backup;
mod bus;
mod database;
pub mod deletion;
mod error;
mod migration;
pub mod page;
mod record;
mod relay;
pub mod repo;
mod restore;
mod schema;
mod scope;
mod store;
mod work;

pub use backup::{BackupReport, JournalEntry};
pub use bus::{BUS_CAPACITY, Notice, Subscription};
pub use database::{DatabaseUrl, Durability};
pub use deletion::{DeletionReport, RetentionConfig, RetentionTooLong};
pub use error::StoreError;
pub use page::{MAX_PAGE_ROWS, Page, Paged};
pub use record::{Column, ColumnKind, Table};
pub use repo::{
    audit::{AuditEntry, AuditFacts, AuditFilter, ChainEnd},
    conference::{
        letter::LetterRecord,
        meeting::{MeetingRecord, MeetingStateRecord, SeatRecord},
        room::{InviteeRecord, RoomNumberRecord, RoomRecord},
        saying::MessageRecord,
        webhook::{DeliveryRecord, WebhookRecord},
    },
    container::ContainerRecord,
    credential::{OtpAlgorithm, OtpKind, OtpMode, OtpTokenRecord, PasskeyRecord, RecoveryCodeRecord},
    device::DeviceRecord,
    directory::DirectoryRecord,
    enrolment::EnrolmentRecord,
    group::GroupRecord,
    import::ImportBatchRecord,
    journal::{JournalAction, JournalRecord},
    licence::LicenceRecord,
    mail::{
        account::{Change, Changes, MailAccountRecord},
        blob::{BlobPrint, MailBlobRecord},
        delegation::MailGrantRecord,
        email::{EmailRecord, EmailTextRecord, EmailUpdate, NewEmail},
        identity::MailIdentityRecord,
        mailbox::{MailboxChanges, MailboxCounts, MailboxRecord},
        mirror::{MirrorAbsenceRecord, MirrorBegunRecord, MirrorFolderRecord, MirrorMessageRecord, MirrorRightsRecord},
        query::{EmailField, EmailFilter, EmailOrder, Match, Touched},
        submission::{EmailSubmissionRecord, SubmissionFilter, SubmissionOrder},
        thread_work::ThreadWorkRecord,
        vacation::MailVacationRecord,
    },
    person::PersonRecord,
    push::{MAX_PUSH_PER_PERSON, PushRecord},
    rule::RuleRecord,
    session::SessionRecord,
    setting::SettingRecord,
    setup::SetupLinkRecord,
    stick::{StickLineRecord, StickRecord, keyless_thumbprint},
    target::{BundleRecord, HealthState, TargetHealthRecord, TargetRecord, TargetUseRecord},
    tenant::Tenant,
};
pub use restore::RestoreReport;
pub use schema::TABLES;
pub use scope::{Reading, Writing};
pub use store::{Store, TenantStore};
pub use work::Work;
