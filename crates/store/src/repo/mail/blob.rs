//! Raw bytes: messages as they came, and what was uploaded. Equal bytes are kept once.

use fernamt_domain::{EmailSubmissionId, MailAccountId};
use time::OffsetDateTime;

use super::{email::EmailRecord, submission::EmailSubmissionRecord};
use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Scope, Writing, any, before, is, is_null, to},
};

/// The most uploads of one account that belong to no message yet.
pub const MAX_UPLOADS: usize = 1_000;

/// The SHA-256 of raw bytes.
pub type BlobPrint = [u8; 32];

record! {
    /// Raw bytes.
    pub struct MailBlobRecord in "mail_blob", key(print) {
        /// Their SHA-256.
        print: BlobPrint => Mail,
        /// The bytes.
        content: Vec<u8> => Mail,
        /// How many.
        size: u64 => Mail,
        /// When they came, or something new began to belong to them.
        at: OffsetDateTime => Mail,
    }
}

record! {
    /// Bytes that somebody uploaded into an account and that belong to no message yet.
    pub struct MailUploadRecord in "mail_upload", key(account, print) {
        /// The account.
        account: MailAccountId => Mail,
        /// Their SHA-256.
        print: BlobPrint => Mail,
        /// Their media type, as the uploader says.
        kind: String => Mail,
        /// When.
        at: OffsetDateTime => Mail,
    }
}

repository! {
    /// Raw bytes of messages and uploads.
    MailBlobs
}

impl<A> MailBlobs<'_, A> {
    /// The bytes, if this account may read them: one of its messages is made of them, or somebody uploaded them into it.
    pub async fn get(&self, account: MailAccountId, print: &BlobPrint) -> Result<Option<Vec<u8>>, StoreError> {
        let here = is("account", &account).add(is("print", print));
        let known = self.scope.count::<EmailRecord>(here.clone()).await? > 0
            || self.scope.count::<MailUploadRecord>(here).await? > 0;
        if known { self.content(print).await } else { Ok(None) }
    }

    /// The bytes of a message on its way out; nothing once it is through.
    pub async fn of_submission(&self, id: EmailSubmissionId) -> Result<Option<Vec<u8>>, StoreError> {
        let submission: Option<EmailSubmissionRecord> = self.scope.find(is("id", &id)).one().await?;
        match submission {
            Some(submission) => self.content(&submission.print).await,
            None => Ok(None),
        }
    }

    async fn content(&self, print: &BlobPrint) -> Result<Option<Vec<u8>>, StoreError> {
        let blob: Option<MailBlobRecord> = self.scope.find(is("print", print)).one().await?;
        Ok(blob.map(|blob| blob.content))
    }

    /// How many bytes somebody uploaded into an account that belong to no message yet.
    pub async fn uploads(&self, account: MailAccountId) -> Result<u64, StoreError> {
        let uploaded = self.scope.is_among::<MailUploadRecord>("print", "print", is("account", &account));
        self.scope.sum::<MailBlobRecord>("size", uploaded).await
    }
}

impl MailBlobs<'_, Writing> {
    /// Keeps bytes, unless they are there.
    pub async fn put(&self, print: &BlobPrint, content: &[u8]) -> Result<(), StoreError> {
        if touch(&self.scope, print).await? {
            return Ok(());
        }
        let at = self.scope.now();
        let (content, size) = (content.to_vec(), content.len() as u64);
        self.scope.insert_if_absent(&MailBlobRecord { print: *print, content, size, at }).await.map(|_| ())
    }

    /// Keeps bytes that somebody uploaded into an account.
    pub async fn upload(
        &self,
        account: MailAccountId,
        print: &BlobPrint,
        kind: &str,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let others = is("account", &account).add(is("print", print).not());
        self.scope.room_for_one::<MailUploadRecord>(others, "uploads", MAX_UPLOADS).await?;
        self.put(print, content).await?;
        let (kind, at) = (kind.to_owned(), self.scope.now());
        self.scope.upsert(&MailUploadRecord { account, print: *print, kind, at }).await
    }

    /// Forgets uploads from before this moment, and then whatever bytes belong to nothing any more. Returns how many
    /// uploads and how many blobs that were.
    pub async fn forget(&self, uploaded_before: OffsetDateTime) -> Result<(u64, u64), StoreError> {
        let uploads = self.scope.delete::<MailUploadRecord>(before("at", &uploaded_before)).await?;
        // What is through needs its bytes no longer.
        let waiting = is_null("next_at").not();
        let unused = before("at", &uploaded_before)
            .add(self.scope.is_among::<EmailRecord>("print", "print", any()).not())
            .add(self.scope.is_among::<MailUploadRecord>("print", "print", any()).not())
            .add(self.scope.is_among::<EmailSubmissionRecord>("print", "print", waiting).not());
        let blobs = self.scope.delete::<MailBlobRecord>(unused).await?;
        Ok((uploads, blobs))
    }
}

/// Touches bytes, so that a clean-up that runs at the same time does not take them away. Tells whether they are there.
async fn touch(scope: &Scope<'_>, print: &BlobPrint) -> Result<bool, StoreError> {
    Ok(scope.set::<MailBlobRecord>(is("print", print), vec![to("at", &scope.now())]).await? > 0)
}

/// Makes sure that the bytes of something new are there and stay.
pub(super) async fn hold(scope: &Scope<'_>, print: &BlobPrint) -> Result<(), StoreError> {
    if touch(scope, print).await? { Ok(()) } else { Err(StoreError::Reference) }
}
