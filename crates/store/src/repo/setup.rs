//! One-time links that make a tenant's first administrator.

use fernamt_domain::Secret;
use time::OffsetDateTime;

use super::repository;
use crate::{
    StoreError,
    record::record,
    scope::{Writing, after, is, is_null, to},
};

record! {
    /// A one-time link that makes the first administrator.
    pub struct SetupLinkRecord in "setup_link", key(hash) {
        /// A hash of the link's secret.
        hash: Secret<Vec<u8>> => Credential,
        /// When it stops being valid.
        expires_at: OffsetDateTime => Credential,
        /// When it was used.
        used_at: Option<OffsetDateTime> => Credential,
    }
}

repository! {
    /// One-time links that make the first administrator.
    SetupLinks
}

impl<A> SetupLinks<'_, A> {
    /// Whether a link is neither used nor expired.
    pub async fn is_valid(&self, hash: &Secret<Vec<u8>>) -> Result<bool, StoreError> {
        Ok(self.scope.count::<SetupLinkRecord>(self.valid(hash)).await? > 0)
    }

    fn valid(&self, hash: &Secret<Vec<u8>>) -> sea_orm::sea_query::Condition {
        is("hash", hash).add(is_null("used_at")).add(after("expires_at", &self.scope.now()))
    }
}

impl SetupLinks<'_, Writing> {
    /// Adds a link. Earlier ones stop being valid.
    pub async fn insert(&self, link: &SetupLinkRecord) -> Result<(), StoreError> {
        self.scope.delete::<SetupLinkRecord>(crate::scope::any()).await?;
        self.scope.insert(link).await
    }

    /// Uses up a link. `false` if it is used or expired.
    pub async fn use_up(&self, hash: &Secret<Vec<u8>>) -> Result<bool, StoreError> {
        let values = vec![to("used_at", &Some(self.scope.now()))];
        let used = self.scope.set::<SetupLinkRecord>(self.valid(hash), values).await? > 0;
        Ok(used)
    }
}
