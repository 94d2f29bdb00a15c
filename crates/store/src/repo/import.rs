//! Imports of many targets at once, kept so that they can be undone.

use fernamt_domain::{ImportId, PersonId};
use time::OffsetDateTime;

use super::repository;
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is, is_null, to},
};

record! {
    /// An import of many targets.
    pub struct ImportBatchRecord in "import_batch", key(id) {
        /// The id.
        id: ImportId => Operation,
        /// When it was done.
        at: OffsetDateTime => Operation,
        /// Who did it.
        person: Option<PersonId> => Operation,
        /// What it changed, and what was there before.
        changes: serde_json::Value => Operation,
        /// When it was undone.
        undone_at: Option<OffsetDateTime> => Operation,
    }
}

repository! {
    /// Imports of many targets at once.
    Imports
}

impl<A> Imports<'_, A> {
    /// The import with this id.
    pub async fn get(&self, id: ImportId) -> Result<ImportBatchRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The last imports, newest first.
    pub async fn latest(&self, limit: u64) -> Result<Vec<ImportBatchRecord>, StoreError> {
        self.scope.find(any()).newest_first("at").limit(limit.min(crate::MAX_PAGE_ROWS)).all().await
    }
}

impl Imports<'_, Writing> {
    /// Adds an import.
    pub async fn insert(&self, import: &ImportBatchRecord) -> Result<(), StoreError> {
        self.scope.insert(import).await
    }

    /// Notes that an import was undone. `false` if it was already.
    pub async fn undone(&self, id: ImportId) -> Result<bool, StoreError> {
        let values = vec![to("undone_at", &Some(self.scope.now()))];
        Ok(self.scope.set::<ImportBatchRecord>(is("id", &id).add(is_null("undone_at")), values).await? > 0)
    }
}
