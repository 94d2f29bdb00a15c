//! The journal of deletions and changes of state: ids and times only. A restore repeats it, so that nothing deleted
//! or revoked comes back.

use fernamt_domain::{JournalId, text_enum};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::repository;
use crate::{
    StoreError,
    record::{record, word_fields},
    scope::{after, any},
};

text_enum! {
    /// What a journal row tells.
    pub enum JournalAction {
        /// The row was deleted.
        Deleted = "deleted",
        /// The row got a new state.
        State = "state",
    }
}

word_fields! { JournalAction }

record! {
    /// One deletion or change of state.
    #[derive(Serialize, Deserialize)]
    pub struct JournalRecord in "deletion_journal", key(id) {
        /// Its id.
        id: JournalId => DeletionJournal,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime => DeletionJournal,
        /// What happened.
        action: JournalAction => DeletionJournal,
        /// The table.
        table_name: String => DeletionJournal,
        /// The row's key: a JSON list of its parts.
        row_key: serde_json::Value => DeletionJournal,
        /// The new state.
        state: Option<String> => DeletionJournal,
    }
}

repository! {
    /// The journal of deletions.
    Journal
}

impl<A> Journal<'_, A> {
    /// Everything in the journal, oldest first.
    pub async fn all(&self) -> Result<Vec<JournalRecord>, StoreError> {
        self.scope.find(any()).order("at").order("id").all().await
    }

    /// What was written after a moment, oldest first.
    pub async fn since(&self, moment: OffsetDateTime) -> Result<Vec<JournalRecord>, StoreError> {
        self.scope.find(after("at", &moment)).order("at").order("id").all().await
    }
}
