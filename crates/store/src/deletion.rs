//! The deletion job: what is over is really deleted, by the one rule of its data category.
//!
//! On SQLite freed pages are overwritten (`secure_delete`) and the write-ahead log is truncated afterwards; on
//! PostgreSQL the tables are vacuumed. Copies made earlier (backups, archived logs of the database) are beyond its
//! reach and have periods of their own.

use std::collections::BTreeMap;

use fernamt_domain::{
    DataCategory, DeviceState, DomainEvent, Secret,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::MailType,
};
use sea_orm::{ConnectionTrait, DbBackend, Statement, sea_query::Condition};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{
    Store, StoreError, TenantStore, Work,
    record::Record,
    repo::{
        audit::{AuditEntryRecord, AuditPseudonymRecord, lock_chain},
        conference::{
            letter::LetterRecord,
            meeting::{MeetingRecord, no_way_in, way_in_over},
            room::{RoomNumberRecord, RoomRecord},
            saying::MessageRecord,
            webhook::DeliveryRecord,
        },
        credential::{OtpKind, OtpTokenRecord, RecoveryCodeRecord},
        device::DeviceRecord,
        import::ImportBatchRecord,
        journal::JournalRecord,
        mail::{
            arrival::MailArrivalRecord,
            blob::{MailBlobRecord, MailUploadRecord},
            destroyed::DestroyedRecord,
            submission::{EmailSubmissionRecord, MAX_FORGOTTEN_AT_ONCE},
            vacation::MailVacationAnswerRecord,
        },
        outbox::OutboxRecord,
        person::PersonRecord,
        push::PushRecord,
        session::SessionRecord,
        setup::SetupLinkRecord,
        stick::{StickLineRecord, StickRecord},
        target::TargetHealthRecord,
    },
    scope::{after, any, before, is, is_null, not_after, to},
};

/// Audit entries blanked in one transaction, so that sign-ins need not wait for long.
const AUDIT_ROWS_PER_STEP: u64 = 2000;

/// An enrolment of a one-time-code app that was begun and not finished ends after this.
const UNFINISHED_ENROLMENT: Duration = Duration::days(1);

/// Bytes that were uploaded and that no message came of go after this (RFC 8620, section 6.1: at least an hour).
const UNUSED_UPLOAD: Duration = Duration::days(1);

/// Who got an answer from somebody who is away may get one again after this (RFC 3834, section 2: not within a few days).
const ANSWERED_SENDER: Duration = Duration::days(30);

/// What another mail server handed over is known again for this long, should our answer have been lost.
const HANDED_OVER: Duration = Duration::days(1);

/// Tables without a step of their own: their rows go with what they belong to, or stay as long as the tenant.
pub const WITH_OWNER: &[(&str, &str)] = &[
    ("tenant", "is the owner of everything"),
    ("directory", "is removed by administrators"),
    ("container", "goes with the device, when the device is revoked, or at a wipe"),
    ("enrolment", "goes with the device"),
    ("licence", "goes with the device, its revocation and a wipe"),
    ("person_role", "goes when the person is removed"),
    ("group", "is removed by administrators or the directory"),
    ("group_member", "goes with the group, or when the person is removed"),
    ("group_nesting", "goes with its groups"),
    ("passkey", "goes when the person is removed"),
    ("target", "is removed by administrators, or with the person that it belongs to"),
    ("bundle", "is removed by administrators"),
    ("bundle_target", "goes with bundle or target"),
    ("target_use", "goes with the target, or when the person is removed; one row for each pair"),
    ("rule", "is removed by administrators"),
    ("setting", "is removed by administrators"),
    ("room_invitee", "goes with the room, or when the person is removed"),
    ("meeting_state", "goes when the meeting ends"),
    ("meeting_seat", "goes when the meeting ends"),
    ("webhook", "is removed by administrators"),
    ("mail_account", "goes when the person is removed, or by administrators"),
    ("mail_grant", "is revoked by those who manage the account, or goes with account or person"),
    ("thread_work", "goes with the thread's last message; a person's name in it goes when the person is removed"),
    ("mailbox", "is removed by those who work with it, or goes with the account"),
    ("email", "is destroyed by those who work with it, or goes with the account"),
    ("email_text", "goes with the message"),
    ("email_mailbox", "goes with the message or the folder"),
    ("thread_reference", "goes with the message"),
    ("mail_mirror_folder", "goes when both sides know that the folder is gone, or with the account"),
    ("mail_mirror_message", "goes when both sides know that the message is gone, or with the account"),
    ("mail_mirror_absence", "goes when the absence is over on both sides, or with the account"),
    ("mail_mirror_rights", "goes when the rights are over on both sides, or with the account"),
    ("mail_mirror_begun", "goes when the message lies in the folder, or with folder or account"),
    ("mail_identity", "is removed by those who write as it, or goes with the account"),
    ("mail_vacation", "goes with the account"),
    ("audit_head", "is one row that says nothing about a person"),
    ("audit_segment", "holds signed heads, which say nothing about a person"),
];

/// How long data are kept, by category: the defaults, with what the operator configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<DataCategory, u16>", into = "BTreeMap<DataCategory, u16>")]
pub struct RetentionConfig(BTreeMap<DataCategory, u16>);

/// A period beyond its category's cap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("data of category {category} may be kept for at most {max_days} days, not {days}")]
pub struct RetentionTooLong {
    /// The category.
    pub category: DataCategory,
    /// What was configured.
    pub days: u16,
    /// The cap.
    pub max_days: u16,
}

impl RetentionConfig {
    /// How long data of a category are kept after their rule's start, in days.
    pub fn days(&self, category: DataCategory) -> u16 {
        self.0.get(&category).copied().unwrap_or_else(|| category.default_retention().days)
    }
}

impl TryFrom<BTreeMap<DataCategory, u16>> for RetentionConfig {
    type Error = RetentionTooLong;

    fn try_from(days: BTreeMap<DataCategory, u16>) -> Result<Self, RetentionTooLong> {
        for (&category, &days) in &days {
            let max_days = category.default_retention().max_days;
            if days > max_days {
                return Err(RetentionTooLong { category, days, max_days });
            }
        }
        Ok(Self(days))
    }
}

impl From<RetentionConfig> for BTreeMap<DataCategory, u16> {
    fn from(config: RetentionConfig) -> Self {
        config.0
    }
}

/// What a run of the deletion job did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeletionReport {
    /// Rows deleted (of the audit log: blanked), for each table that has a rule of its own.
    pub rows: BTreeMap<&'static str, u64>,
}

impl DeletionReport {
    /// Rows deleted in all.
    pub fn total(&self) -> u64 {
        self.rows.values().sum()
    }
}

impl Store {
    /// Deletes what is over, in all tenants. Returns the sums.
    pub async fn delete_expired(&self, config: &RetentionConfig) -> Result<DeletionReport, StoreError> {
        let mut sum = DeletionReport::default();
        for tenant in self.tenants().all().await? {
            for (table, count) in delete_in(&self.tenant(tenant.id), config).await?.rows {
                *sum.rows.entry(table).or_default() += count;
            }
        }
        self.scrub(&sum).await?;
        Ok(sum)
    }

    /// Makes sure that deleted bytes are gone from the files too.
    async fn scrub(&self, report: &DeletionReport) -> Result<(), StoreError> {
        let writer = &self.inner.database.writer;
        match self.inner.database.backend() {
            DbBackend::Sqlite => {
                // fails softly while somebody reads an old state; the next run does it then
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                writer.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
            }
            _ => {
                for (table, _) in report.rows.iter().filter(|(_, count)| **count > 0) {
                    writer.execute_unprepared(&format!("VACUUM \"{table}\"")).await?;
                }
            }
        }
        Ok(())
    }
}

impl TenantStore {
    /// Deletes what is over in this tenant, by its own periods.
    pub async fn delete_expired(&self, config: &RetentionConfig) -> Result<DeletionReport, StoreError> {
        let report = delete_in(self, config).await?;
        self.store().scrub(&report).await?;
        Ok(report)
    }
}

async fn delete_in(tenant: &TenantStore, config: &RetentionConfig) -> Result<DeletionReport, StoreError> {
    let mut run = Run { tenant, config, now: tenant.store().inner.clock.now(), report: DeletionReport::default() };
    run.delete::<SessionRecord>(DataCategory::Session, &["ended_at", "expires_at"], any()).await?;
    run.delete::<RecoveryCodeRecord>(DataCategory::Credential, &["used_at"], any()).await?;
    run.delete::<SetupLinkRecord>(DataCategory::Credential, &["used_at", "expires_at"], any()).await?;
    run.unfinished_enrolments().await?;
    run.activation_codes().await?;
    run.lines().await?;
    run.delete_where::<PushRecord>(not_after("until", &run.now)).await?;
    run.delete::<DeviceRecord>(DataCategory::Device, &["decided_at"], is("state", &DeviceState::Revoked)).await?;
    run.delete::<PersonRecord>(DataCategory::Account, &["removed_at"], any()).await?;
    run.ways_in().await?;
    run.messages().await?;
    run.delete::<MeetingRecord>(DataCategory::Meeting, &["valid_until", "ended_at", "cancelled_at"], any()).await?;
    run.delete::<RoomRecord>(DataCategory::Meeting, &["over_at"], any()).await?;
    run.delete::<RoomNumberRecord>(DataCategory::Operation, &["free_at"], any()).await?;
    // Where mail or a webhook is switched off, what waits never ends: it is over when it is as old as what ended.
    run.delete::<LetterRecord>(DataCategory::Letter, &["sent_at", "failed_at", "at"], any()).await?;
    run.delete::<DeliveryRecord>(DataCategory::Operation, &["delivered_at", "given_up_at", "at"], any()).await?;
    run.mail().await?;
    run.blank_audit().await?;
    run.pseudonyms().await?;
    run.delete::<OutboxRecord>(DataCategory::Operation, &["done_at"], any()).await?;
    run.delete::<TargetHealthRecord>(DataCategory::Operation, &["checked_at"], any()).await?;
    run.delete::<ImportBatchRecord>(DataCategory::Operation, &["at"], any()).await?;
    run.delete::<JournalRecord>(DataCategory::DeletionJournal, &["at"], any()).await?;
    let report = run.report;
    let details = serde_json::json!({ "rows": report.rows });
    tenant.record(AuditEvent::new(AuditKind::Deletion, "expired", Outcome::Success).details(details)).await?;
    Ok(report)
}

struct Run<'a> {
    tenant: &'a TenantStore,
    config: &'a RetentionConfig,
    now: OffsetDateTime,
    report: DeletionReport,
}

impl Run<'_> {
    fn cutoff(&self, category: DataCategory) -> OffsetDateTime {
        self.now - Duration::days(self.config.days(category).into())
    }

    fn count<R: Record>(&mut self, rows: u64) {
        *self.report.rows.entry(R::TABLE.name).or_default() += rows;
    }

    /// Deletes rows of which one of the `ends` lies further back than the category's period.
    async fn delete<R: Record>(
        &mut self,
        category: DataCategory,
        ends: &[&'static str],
        filter: Condition,
    ) -> Result<(), StoreError> {
        let cutoff = self.cutoff(category);
        let ended = ends.iter().fold(Condition::any(), |any, end| any.add(before(end, &cutoff)));
        self.delete_where::<R>(filter.add(ended)).await
    }

    async fn delete_where<R: Record>(&mut self, filter: Condition) -> Result<(), StoreError> {
        let work = self.tenant.begin().await?;
        let rows = work.scope().delete::<R>(filter).await?;
        work.commit().await?;
        self.count::<R>(rows);
        Ok(())
    }

    /// Forgets what was destroyed or sent long ago, uploads that no message came of, and raw bytes that belong to nothing.
    async fn mail(&mut self) -> Result<(), StoreError> {
        self.submissions().await?;
        let work = self.tenant.begin().await?;
        let answers = work.mail_vacations().forget(self.now - ANSWERED_SENDER).await?;
        work.commit().await?;
        self.count::<MailVacationAnswerRecord>(answers);
        let work = self.tenant.begin().await?;
        let arrivals = work.mail_arrivals().forget(self.now - HANDED_OVER).await?;
        work.commit().await?;
        self.count::<MailArrivalRecord>(arrivals);
        let work = self.tenant.begin().await?;
        let gone = work.mail_accounts().forget(self.cutoff(DataCategory::Operation)).await?;
        work.commit().await?;
        self.count::<DestroyedRecord>(gone);
        let work = self.tenant.begin().await?;
        let (uploads, blobs) = work.mail_blobs().forget(self.now - UNUSED_UPLOAD).await?;
        work.commit().await?;
        self.count::<MailUploadRecord>(uploads);
        self.count::<MailBlobRecord>(blobs);
        Ok(())
    }

    /// Forgets what became of messages that are through. Clients hear of it as of any other change.
    async fn submissions(&mut self) -> Result<(), StoreError> {
        let cutoff = self.cutoff(DataCategory::Operation);
        self.count::<EmailSubmissionRecord>(0);
        for account in self.tenant.email_submissions().accounts_with_old(cutoff).await? {
            loop {
                let mut work = self.tenant.begin().await?;
                let change = work.mail_accounts().change(account).await?;
                let rows = work.email_submissions().forget(change, cutoff).await?;
                work.mail_accounts().touch(change, &[MailType::EmailSubmission]).await?;
                work.publish(DomainEvent::MailChanged { account });
                work.commit().await?;
                self.count::<EmailSubmissionRecord>(rows);
                if rows < MAX_FORGOTTEN_AT_ONCE {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn unfinished_enrolments(&mut self) -> Result<(), StoreError> {
        let begun = before("created_at", &(self.now - UNFINISHED_ENROLMENT));
        let unfinished = is("kind", &OtpKind::App).add(is_null("confirmed_at")).add(begun);
        self.delete_where::<OtpTokenRecord>(unfinished).await
    }

    /// Forgets the activation codes of sticks that nobody used in time. The sticks stay.
    async fn activation_codes(&mut self) -> Result<(), StoreError> {
        let over = before("activation_until", &self.cutoff(DataCategory::Credential));
        let none =
            vec![to("activation_print", &None::<Secret<Vec<u8>>>), to("activation_until", &None::<OffsetDateTime>)];
        let work = self.tenant.begin().await?;
        let rows = work.scope().set::<StickRecord>(over, none).await?;
        work.commit().await?;
        self.count::<StickRecord>(rows);
        Ok(())
    }

    /// Forgets numbers, PINs and links that open nothing any more.
    async fn ways_in(&mut self) -> Result<(), StoreError> {
        let over = way_in_over(&self.cutoff(DataCategory::Credential));
        let work = self.tenant.begin().await?;
        work.scope().set::<MeetingRecord>(over, no_way_in()).await?;
        work.commit().await
    }

    /// Deletes what was written in meetings: each meeting says when, and no message is older than the category allows.
    async fn messages(&mut self) -> Result<(), StoreError> {
        let due =
            Condition::any().add(not_after("delete_at", &self.now)).add(before("at", &self.cutoff(DataCategory::Chat)));
        self.delete_where::<MessageRecord>(due).await
    }

    /// Forgets how lines did, by whole days.
    async fn lines(&mut self) -> Result<(), StoreError> {
        let cutoff = self.cutoff(DataCategory::Line).date();
        self.delete_where::<StickLineRecord>(not_after("measured_on", &cutoff)).await
    }

    /// Deletes salt, payload and what repeats it. The links stay, so the chain still verifies.
    async fn blank_audit(&mut self) -> Result<(), StoreError> {
        let cutoff = self.cutoff(DataCategory::Audit);
        loop {
            let work = self.tenant.begin().await?;
            let rows = blank_some(&work, &cutoff).await?;
            work.commit().await?;
            self.count::<AuditEntryRecord>(rows);
            if rows < AUDIT_ROWS_PER_STEP {
                return Ok(());
            }
        }
    }

    /// Forgets who stands behind a pseudonym that no entry with content names any more.
    async fn pseudonyms(&mut self) -> Result<(), StoreError> {
        let old = before("created_at", &self.cutoff(DataCategory::AuditPseudonym));
        let candidates = self.tenant.scope().find::<AuditPseudonymRecord>(old).all().await?;
        self.count::<AuditPseudonymRecord>(0);
        for candidate in candidates {
            let work = self.tenant.begin().await?;
            lock_chain(&work.scope()).await?;
            let pseudonym = Some(candidate.pseudonym);
            let named = Condition::any().add(is("actor", &pseudonym)).add(is("subject", &pseudonym));
            if work.scope().count::<AuditEntryRecord>(named).await? == 0 {
                let rows = work.scope().delete::<AuditPseudonymRecord>(is("person", &candidate.person)).await?;
                work.commit().await?;
                self.count::<AuditPseudonymRecord>(rows);
            }
        }
        Ok(())
    }
}

/// Blanks the oldest entries that are over. Returns how many.
async fn blank_some(work: &Work, cutoff: &OffsetDateTime) -> Result<u64, StoreError> {
    let scope = work.scope();
    let over = before("at", cutoff);
    let rows = scope.find::<AuditEntryRecord>(over.clone()).order("sequence").limit(AUDIT_ROWS_PER_STEP).all().await?;
    let Some(last) = rows.last() else { return Ok(0) };
    let columns = AuditEntryRecord::TABLE.columns.iter().filter(|column| column.category == DataCategory::Audit);
    let blank = columns.map(|column| (column.name, column.kind.null())).collect();
    scope.set::<AuditEntryRecord>(over.add(after("sequence", &last.sequence).not()), blank).await
}
