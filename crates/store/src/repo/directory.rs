//! Directories (LDAP, Active Directory) that people and groups come from.

use fernamt_domain::{DirectoryId, PersonState};
use time::OffsetDateTime;

use super::{group::GroupRecord, person::PersonRecord, repository};
use crate::{
    StoreError,
    record::record,
    scope::{Writing, any, is, to},
};

record! {
    /// A directory that people and groups come from.
    pub struct DirectoryRecord in "directory", key(id) journaled {
        /// The id.
        id: DirectoryId => Configuration,
        /// The name, unique within the tenant.
        name: String => Configuration,
        /// Where it is: `ldaps://…`.
        url: String => Configuration,
        /// The account that reads it.
        bind_dn: String => Configuration,
        /// That account's password, sealed.
        bind_password_sealed: Vec<u8> => Configuration,
        /// Where to look.
        base_dn: String => Configuration,
        /// Which entries are people.
        person_filter: String => Configuration,
        /// Which entries are groups.
        group_filter: String => Configuration,
        /// The certificates of the authority that signs its certificate.
        ca_pem: Option<String> => Configuration,
        /// Whether it is used.
        enabled: bool => Configuration,
        /// When it was last synchronised.
        last_sync_at: Option<OffsetDateTime> => Operation,
        /// How that went.
        last_sync_result: Option<serde_json::Value> => Operation,
    }
}

repository! {
    /// Directories that people and groups come from.
    Directories
}

impl<A> Directories<'_, A> {
    /// The directory with this id.
    pub async fn get(&self, id: DirectoryId) -> Result<DirectoryRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// All directories by name.
    pub async fn all(&self) -> Result<Vec<DirectoryRecord>, StoreError> {
        self.scope.find(any()).order("name").all().await
    }
}

impl Directories<'_, Writing> {
    /// Adds a directory.
    pub async fn insert(&self, directory: &DirectoryRecord) -> Result<(), StoreError> {
        self.scope.insert(directory).await
    }

    /// Writes all columns of a directory.
    pub async fn update(&self, directory: &DirectoryRecord) -> Result<(), StoreError> {
        self.scope.replace(directory).await
    }

    /// Notes how a synchronisation went.
    pub async fn synced(&self, id: DirectoryId, result: &serde_json::Value) -> Result<(), StoreError> {
        let values = vec![to("last_sync_at", &Some(self.scope.now())), to("last_sync_result", &Some(result.clone()))];
        self.scope.set_one::<DirectoryRecord>(is("id", &id), values).await
    }

    /// Removes a directory with its groups. Its people are disabled and stay, without a directory.
    pub async fn remove(&self, id: DirectoryId) -> Result<(), StoreError> {
        let own = || is("directory", &Some(id));
        self.scope.delete::<GroupRecord>(own()).await?;
        for person in self.scope.find::<PersonRecord>(own()).all().await? {
            self.scope.journal_state::<PersonRecord>(&person.id, PersonState::Disabled.as_str()).await?;
        }
        let values = vec![to("directory", &None::<DirectoryId>), to("state", &PersonState::Disabled)];
        self.scope.set::<PersonRecord>(own(), values).await?;
        self.scope.delete_one::<DirectoryRecord>(is("id", &id)).await
    }
}
