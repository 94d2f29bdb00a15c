//! Messages of a mail account, and in which folders they lie.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fernamt_domain::{
    EmailId, MailAccountId, MailboxId, ThreadId,
    mail::{Keyword, Keywords, MailType},
};
use time::OffsetDateTime;

use super::{
    account::{Change, Changes},
    blob::{self, BlobPrint, MailUploadRecord},
    destroyed::{self, DestroyedRecord, Gone, Living, MAX_CHANGES},
    query::MAX_IDS_PER_QUERY,
    thread_work,
};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, after, is, is_in, to},
};

/// The most messages of one account.
pub const MAX_EMAILS: usize = 1_000_000;

/// The most messages of one thread: what comes later begins a new one.
pub const MAX_THREAD_EMAILS: usize = 1_000;

/// The most threads among which a message's own is looked for.
const MAX_THREADS_TRIED: usize = 100;

/// The most Message-IDs that a message may refer to.
pub const MAX_REFERENCES: usize = 100;

record! {
    /// A message: what lists show of it. Its raw bytes are a blob. Its deletion is not journaled: a restore brings
    /// messages back that were destroyed since the backup, which is what people restore mail for.
    pub struct EmailRecord in "email", key(id) {
        /// The id.
        id: EmailId => Mail,
        /// The account.
        account: MailAccountId => Mail,
        /// The messages that it belongs together with.
        thread: ThreadId => Mail,
        /// The SHA-256 of its raw bytes.
        print: BlobPrint => Mail,
        /// How many bytes it has.
        size: u64 => Mail,
        /// When it came.
        received_at: OffsetDateTime => Mail,
        /// When it was sent, as it says itself.
        sent_at: Option<OffsetDateTime> => Mail,
        /// The subject, to sort by: in lower case, without "Re:" and the like.
        subject: String => Mail,
        /// The first sender's name or address, to sort by: in lower case.
        sender: String => Mail,
        /// Its header fields that lists show, as the mail feature has them.
        envelope: serde_json::Value => Mail,
        /// How its text begins.
        preview: String => Mail,
        /// Whether something is attached.
        has_attachment: bool => Mail,
        /// Its marks.
        keywords: Keywords => Mail,
        /// The change that made it.
        created_in: u64 => Mail,
        /// The last change of its marks or folders.
        changed_in: u64 => Mail,
    }
}

record! {
    /// Of a message, what its changes are told by.
    pub(super) struct MarkRecord in "email", key(id) {
        id: EmailId => Mail,
        thread: ThreadId => Mail,
        created_in: u64 => Mail,
        changed_in: u64 => Mail,
    }
}

record! {
    /// The text that a search looks in.
    pub struct EmailTextRecord in "email_text", key(email) {
        /// The message.
        email: EmailId => Mail,
        /// The subject, like all others in lower case.
        subject: String => Mail,
        /// From whom.
        sender: String => Mail,
        /// To whom.
        recipient: String => Mail,
        /// To whom too.
        cc: String => Mail,
        /// To whom in secret.
        bcc: String => Mail,
        /// The text, up to a limit.
        body: String => Mail,
    }
}

record! {
    /// That a message lies in a folder.
    pub struct LyingRecord in "email_mailbox", key(mailbox, email) {
        /// The message.
        email: EmailId => Mail,
        /// The folder.
        mailbox: MailboxId => Mail,
        /// The message's thread.
        thread: ThreadId => Mail,
        /// When the message came.
        received_at: OffsetDateTime => Mail,
        /// Whether it was not read.
        unseen: bool => Mail,
    }
}

record! {
    /// That a message names a Message-ID: its own, or one that it answers (RFC 5322, section 3.6.4).
    pub struct ThreadReferenceRecord in "thread_reference", key(account, print, thread, email) {
        /// The account.
        account: MailAccountId => Mail,
        /// The SHA-256 of Message-ID and subject.
        print: BlobPrint => Mail,
        /// The message.
        email: EmailId => Mail,
        /// Its thread.
        thread: ThreadId => Mail,
    }
}

/// A message that comes into an account.
#[derive(Debug, Clone)]
pub struct NewEmail {
    /// What lists show. The numbers of its changes are set when it is written.
    pub email: EmailRecord,
    /// The text that a search looks in.
    pub text: EmailTextRecord,
    /// Prints of the Message-IDs that it names.
    pub references: Vec<BlobPrint>,
    /// The folders that it lies in.
    pub mailboxes: BTreeSet<MailboxId>,
}

/// New marks and folders of a message.
#[derive(Debug, Clone)]
pub struct EmailUpdate {
    /// The message as it was.
    pub email: EmailRecord,
    /// The folders that it lay in.
    pub was_in: BTreeSet<MailboxId>,
    /// Its marks now.
    pub keywords: Keywords,
    /// The folders that it lies in now.
    pub mailboxes: BTreeSet<MailboxId>,
}

repository! {
    /// Messages of mail accounts.
    Emails
}

impl<A> Emails<'_, A> {
    /// These messages of an account; one that is not there is left out.
    pub async fn these(&self, account: MailAccountId, ids: &[EmailId]) -> Result<Vec<EmailRecord>, StoreError> {
        self.scope.find(is("account", &account).add(is_in("id", ids))).order("id").all().await
    }

    /// The folders of each of these messages.
    pub async fn mailboxes(&self, emails: &[EmailId]) -> Result<HashMap<EmailId, BTreeSet<MailboxId>>, StoreError> {
        let rows: Vec<LyingRecord> = self.scope.find(is_in("email", emails)).order("email").all().await?;
        let mut found: HashMap<_, BTreeSet<_>> = HashMap::new();
        for row in rows {
            found.entry(row.email).or_default().insert(row.mailbox);
        }
        Ok(found)
    }

    /// The messages of each of these threads of an account, the oldest first.
    pub async fn of_threads(
        &self,
        account: MailAccountId,
        threads: &[ThreadId],
    ) -> Result<BTreeMap<ThreadId, Vec<EmailRecord>>, StoreError> {
        let filter = is("account", &account).add(is_in("thread", threads));
        let rows: Vec<EmailRecord> = self.scope.find(filter).order("received_at").order("id").all().await?;
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            found.entry(row.thread).or_default().push(row);
        }
        Ok(found)
    }

    /// The messages that lie in a folder, at most `limit`.
    pub async fn in_mailbox(&self, mailbox: MailboxId, limit: u64) -> Result<Vec<EmailId>, StoreError> {
        let rows: Vec<LyingRecord> = self.scope.find(is("mailbox", &mailbox)).order("email").limit(limit).all().await?;
        Ok(rows.into_iter().map(|row| row.email).collect())
    }

    /// The oldest thread that names one of these Message-IDs and is not full.
    pub async fn thread_of(
        &self,
        account: MailAccountId,
        references: &[BlobPrint],
    ) -> Result<Option<ThreadId>, StoreError> {
        let filter = is("account", &account).add(is_in("print", references.iter().take(MAX_REFERENCES)));
        let found = self.scope.tally::<ThreadReferenceRecord, ThreadId>("thread", "email", filter).await?;
        let threads: BTreeSet<_> = found.into_iter().map(|(thread, ..)| thread).collect();
        for thread in threads.into_iter().take(MAX_THREADS_TRIED) {
            if self.scope.count::<EmailRecord>(is("thread", &thread)).await? < MAX_THREAD_EMAILS as u64 {
                return Ok(Some(thread));
            }
        }
        Ok(None)
    }

    /// Which messages changed since a state; nothing if that cannot be told.
    pub async fn changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<Changes<EmailId>>, StoreError> {
        let Some((found, gone)) = self.changed(account, since).await? else { return Ok(None) };
        let living = found
            .iter()
            .map(|one| Living { id: one.id, created_in: one.created_in, changed_in: one.changed_in })
            .collect();
        Ok(destroyed::together(living, &gone, since, newest, max))
    }

    /// Which threads got or lost messages since a state; nothing if that cannot be told.
    pub async fn thread_changes(
        &self,
        account: MailAccountId,
        since: u64,
        newest: u64,
        max: u64,
    ) -> Result<Option<Changes<ThreadId>>, StoreError> {
        let Some((found, gone)) = self.changed(account, since).await? else { return Ok(None) };
        if (found.len() as u64).max(gone.len() as u64) > MAX_CHANGES {
            return Ok(None);
        }
        let came = found.iter().filter(|one| one.created_in > since).map(|one| one.thread);
        let mut touched: BTreeMap<ThreadId, Vec<&DestroyedRecord>> = came.map(|thread| (thread, Vec::new())).collect();
        for one in &gone {
            if let Some(thread) = one.thread {
                touched.entry(thread).or_default().push(one);
            }
        }
        let threads: Vec<_> = touched.keys().copied().collect();
        let mut alive = HashMap::new();
        for part in threads.chunks(MAX_IDS_PER_QUERY) {
            let spans = self.scope.span_by::<MarkRecord, ThreadId, u64>("thread", "created_in", is_in("thread", part));
            alive.extend(spans.await?.into_iter().map(|(thread, first, last)| (thread, (first, last))));
        }
        let (mut living, mut dead) = (Vec::new(), Vec::new());
        for (thread, lost) in touched {
            let born = lost.iter().map(|one| one.created_in).min();
            let ended = lost.iter().map(|one| one.destroyed_in).max();
            match (alive.get(&thread), lost.last()) {
                (Some(&(first, last)), _) => living.push(Living {
                    id: thread,
                    created_in: born.map_or(first, |born| born.min(first)),
                    changed_in: ended.map_or(last, |ended| ended.max(last)),
                }),
                (None, Some(&last)) => dead.push(DestroyedRecord {
                    id: thread.0,
                    created_in: born.unwrap_or(last.created_in),
                    ..last.clone()
                }),
                // It went while this was read.
                (None, None) => {}
            }
        }
        Ok(destroyed::together(living, &dead, since, newest, max))
    }

    /// What changed and what was destroyed after a state; nothing if some of it is forgotten.
    pub(super) async fn changed(
        &self,
        account: MailAccountId,
        since: u64,
    ) -> Result<Option<(Vec<MarkRecord>, Vec<DestroyedRecord>)>, StoreError> {
        let Some(gone) = destroyed::since(&self.scope, account, MailType::Email, since).await? else {
            return Ok(None);
        };
        let filter = is("account", &account).add(after("changed_in", &since));
        let found = self.scope.find(filter).order("changed_in").limit(MAX_CHANGES + 1).all().await?;
        Ok(Some((found, gone)))
    }
}

impl Emails<'_, Writing> {
    /// Adds a message. Its raw bytes are there already.
    pub async fn insert(&self, change: Change, new: &NewEmail) -> Result<EmailRecord, StoreError> {
        self.scope.room_for_one::<EmailRecord>(is("account", &change.account), "messages", MAX_EMAILS).await?;
        blob::hold(&self.scope, &new.email.print).await?;
        let email = EmailRecord { created_in: change.number, changed_in: change.number, ..new.email.clone() };
        self.scope.insert(&email).await?;
        self.scope.insert(&EmailTextRecord { email: email.id, ..new.text.clone() }).await?;
        self.lie(&email, &new.mailboxes).await?;
        let references: BTreeSet<_> = new.references.iter().take(MAX_REFERENCES).collect();
        let rows: Vec<_> = references
            .into_iter()
            .map(|print| ThreadReferenceRecord {
                account: email.account,
                print: *print,
                email: email.id,
                thread: email.thread,
            })
            .collect();
        self.scope.insert_all(&rows).await?;
        let upload = is("account", &change.account).add(is("print", &email.print));
        self.scope.delete::<MailUploadRecord>(upload).await?;
        Ok(email)
    }

    /// Writes new marks and folders.
    pub async fn update(&self, change: Change, update: &EmailUpdate) -> Result<(), StoreError> {
        let email = EmailRecord { keywords: update.keywords.clone(), ..update.email.clone() };
        let own = is("account", &change.account).add(is("id", &email.id));
        let values = vec![to("keywords", &email.keywords), to("changed_in", &change.number)];
        self.scope.set_one::<EmailRecord>(own, values).await?;
        let seen = |keywords: &Keywords| keywords.has(Keyword::SEEN);
        if update.was_in == update.mailboxes && seen(&update.email.keywords) == seen(&email.keywords) {
            return Ok(());
        }
        self.scope.delete::<LyingRecord>(is("email", &email.id)).await?;
        self.lie(&email, &update.mailboxes).await
    }

    /// Destroys messages; one that is gone already is left out.
    pub async fn destroy(&self, change: Change, emails: &[EmailRecord]) -> Result<(), StoreError> {
        let ids: Vec<_> = emails.iter().map(|email| email.id).collect();
        for part in ids.chunks(MAX_IDS_PER_QUERY) {
            let own = is("account", &change.account).add(is_in("id", part));
            let there: Vec<MarkRecord> = self.scope.find(own.clone()).all().await?;
            self.scope.delete::<EmailRecord>(own).await?;
            let gone: Vec<_> = there
                .iter()
                .map(|email| Gone {
                    kind: MailType::Email,
                    id: email.id.0,
                    thread: Some(email.thread),
                    created_in: email.created_in,
                })
                .collect();
            destroyed::note(&self.scope, change, &gone).await?;
            let touched: BTreeSet<_> = there.iter().map(|email| email.thread).collect();
            let left = is("account", &change.account).add(is_in("thread", &touched));
            let left = self.scope.tally::<EmailRecord, ThreadId>("thread", "thread", left).await?;
            let left: BTreeSet<_> = left.into_iter().map(|(thread, ..)| thread).collect();
            let ended: Vec<_> = touched.difference(&left).copied().collect();
            thread_work::leave(&self.scope, change, &ended).await?;
        }
        Ok(())
    }

    async fn lie(&self, email: &EmailRecord, mailboxes: &BTreeSet<MailboxId>) -> Result<(), StoreError> {
        let rows: Vec<_> = mailboxes
            .iter()
            .map(|mailbox| LyingRecord {
                email: email.id,
                mailbox: *mailbox,
                thread: email.thread,
                received_at: email.received_at,
                unseen: !email.keywords.has(Keyword::SEEN),
            })
            .collect();
        self.scope.insert_all(&rows).await
    }
}
