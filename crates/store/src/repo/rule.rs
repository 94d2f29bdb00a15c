//! Policy rules.

use fernamt_domain::RuleId;
use time::OffsetDateTime;

use super::{repository, target::enabled_word};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is, to},
};

/// The most rules of a tenant.
pub const MAX_RULES: usize = 2_000;

record! {
    /// A policy rule: made with the form, or written by an expert.
    pub struct RuleRecord in "rule", key(id) journaled {
        /// The id.
        id: RuleId => Configuration,
        /// The name that administrators read.
        name: String => Configuration,
        /// What the form holds, if the rule was made with it.
        form: Option<serde_json::Value> => Configuration,
        /// The Cedar text, if an expert wrote it.
        expert: Option<String> => Configuration,
        /// Whether it counts.
        enabled: bool => Configuration,
        /// Its place in the list.
        position: i64 => Configuration,
        /// When it was made.
        created_at: OffsetDateTime => Configuration,
        /// When it was last changed.
        updated_at: OffsetDateTime => Configuration,
    }
}

repository! {
    /// Policy rules.
    Rules
}

impl<A> Rules<'_, A> {
    /// The rule with this id.
    pub async fn get(&self, id: RuleId) -> Result<RuleRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// All rules in their order; there are at most [`MAX_RULES`].
    pub async fn all(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.scope.find(any()).order("position").order("id").all().await
    }

    /// How many rules there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.scope.count::<RuleRecord>(any()).await
    }

    /// The position behind the last rule.
    pub async fn next_position(&self) -> Result<i64, StoreError> {
        Ok(self.scope.largest::<RuleRecord, i64>("position").await?.map_or(0, |last| last.saturating_add(1)))
    }
}

impl Rules<'_, Writing> {
    /// Adds a rule.
    pub async fn insert(&self, rule: &RuleRecord) -> Result<(), StoreError> {
        if self.count().await? >= MAX_RULES as u64 {
            return Err(StoreError::TooMany { what: "rules", limit: MAX_RULES });
        }
        self.scope.insert(rule).await
    }

    /// Writes all columns of a rule.
    pub async fn update(&self, rule: &RuleRecord) -> Result<(), StoreError> {
        let enabled = self.scope.find::<RuleRecord>(is("id", &rule.id)).locked().get().await?.enabled;
        self.scope.replace(rule).await?;
        if enabled != rule.enabled {
            self.scope.journal_state::<RuleRecord>(&rule.id, enabled_word(rule.enabled)).await?;
        }
        Ok(())
    }

    /// Puts the rules into this order; those not named keep their position.
    pub async fn reorder(&self, ids: &[RuleId]) -> Result<(), StoreError> {
        for (position, id) in (0_i64..).zip(ids) {
            self.scope.set_one::<RuleRecord>(is("id", id), vec![to("position", &position)]).await?;
        }
        Ok(())
    }

    /// Removes a rule.
    pub async fn remove(&self, id: RuleId) -> Result<(), StoreError> {
        self.scope.delete_one::<RuleRecord>(is("id", &id)).await
    }
}
