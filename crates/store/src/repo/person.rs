//! People and their roles.

use fernamt_domain::{DirectoryId, PersonId, PersonSource, PersonState, Role, Secret};
use time::OffsetDateTime;

use super::{
    conference::{
        meeting::SeatRecord,
        room::{InviteeRecord, RoomRecord},
    },
    credential::{OtpTokenRecord, PasskeyRecord, RecoveryCodeRecord},
    device::DeviceRecord,
    group::GroupMemberRecord,
    mail::{account::MailAccountRecord, delegation::MailGrantRecord, thread_work},
    repository,
    session::SessionRecord,
    target::{TargetRecord, TargetUseRecord},
};
use crate::{
    StoreError,
    page::{Page, Paged},
    record::{record, search_text},
    scope::{Writing, any, is, is_null, to},
};

record! {
    /// A person who may sign in.
    pub struct PersonRecord in "person", key(id) journaled {
        /// The id.
        id: PersonId => Account,
        /// The login, lower case, unique within the tenant.
        name: String => Account,
        /// The name that people read.
        display_name: String => Account,
        /// Where the account is kept.
        source: PersonSource => Account,
        /// The directory that the account is kept in.
        directory: Option<DirectoryId> => Account,
        /// The distinguished name there.
        directory_dn: Option<String> => Account,
        /// What identifies the account there for good: `objectGUID` or `entryUUID`.
        directory_key: Option<String> => Account,
        /// The Argon2id hash of a local account's password (PHC string).
        password_hash: Option<Secret<String>> => Credential,
        /// Whether the person may sign in.
        state: PersonState => Account,
        /// The language of the web app: `de` or `en`.
        language: String => Account,
        /// When the account was made.
        created_at: OffsetDateTime => Account,
        /// When the account was removed. Its row is deleted when the category's period has passed.
        removed_at: Option<OffsetDateTime> => Account,
    }
    derived |person| {
        search: String => Account = search_text(&[&person.name, &person.display_name]);
    }
}

record! {
    /// A role that a person holds.
    pub struct PersonRoleRecord in "person_role", key(person, role) journaled {
        /// The person.
        person: PersonId => Account,
        /// The role.
        role: Role => Account,
    }
}

repository! {
    /// People and their roles.
    People
}

impl<A> People<'_, A> {
    /// The person with this id, unless removed.
    pub async fn get(&self, id: PersonId) -> Result<PersonRecord, StoreError> {
        self.scope.find(is("id", &id).add(is_null("removed_at"))).get().await
    }

    /// The person with this id, removed or not: for showing who was meant.
    pub async fn get_even_removed(&self, id: PersonId) -> Result<PersonRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The person with this login; it is compared in lower case.
    pub async fn by_name(&self, name: &str) -> Result<Option<PersonRecord>, StoreError> {
        self.scope.find(is("name", &name.to_lowercase()).add(is_null("removed_at"))).one().await
    }

    /// The person whose account in a directory has this key (`objectGUID`, `entryUUID`).
    pub async fn by_directory_key(
        &self,
        directory: DirectoryId,
        key: &str,
    ) -> Result<Option<PersonRecord>, StoreError> {
        let filter = is("directory", &directory).add(is("directory_key", &key.to_owned())).add(is_null("removed_at"));
        self.scope.find(filter).one().await
    }

    /// All people whose accounts are kept in a directory.
    pub async fn of_directory(&self, directory: DirectoryId) -> Result<Vec<PersonRecord>, StoreError> {
        self.scope.find(is("directory", &directory).add(is_null("removed_at"))).order("name").all().await
    }

    /// A page of people by login; the search looks in login and name.
    pub async fn list(&self, page: &Page) -> Result<Paged<PersonRecord>, StoreError> {
        self.scope.page(is_null("removed_at"), "name", page).await
    }

    /// How many people there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.scope.count::<PersonRecord>(is_null("removed_at")).await
    }

    /// A person's roles.
    pub async fn roles(&self, id: PersonId) -> Result<Vec<Role>, StoreError> {
        let rows = self.scope.find::<PersonRoleRecord>(is("person", &id)).order("role").all().await?;
        Ok(rows.into_iter().map(|row| row.role).collect())
    }

    /// Who holds a role.
    pub async fn with_role(&self, role: Role) -> Result<Vec<PersonId>, StoreError> {
        let rows = self.scope.find::<PersonRoleRecord>(is("role", &role)).order("person").all().await?;
        Ok(rows.into_iter().map(|row| row.person).collect())
    }

    /// All roles that are held, by person.
    pub async fn all_roles(&self) -> Result<Vec<(PersonId, Role)>, StoreError> {
        let rows = self.scope.find::<PersonRoleRecord>(any()).order("person").order("role").all().await?;
        Ok(rows.into_iter().map(|row| (row.person, row.role)).collect())
    }
}

impl People<'_, Writing> {
    /// Adds a person. The login is stored in lower case.
    pub async fn insert(&self, person: &PersonRecord) -> Result<(), StoreError> {
        self.scope.insert(&lower(person)).await
    }

    /// Writes all of a person's columns except state, password and removal, which have methods of their own.
    pub async fn update(&self, person: &PersonRecord) -> Result<(), StoreError> {
        let now = self.locked(person.id).await?;
        let kept = PersonRecord {
            state: now.state,
            password_hash: now.password_hash,
            removed_at: now.removed_at,
            ..lower(person)
        };
        self.scope.replace(&kept).await
    }

    /// Enables or disables a person.
    pub async fn set_state(&self, id: PersonId, state: PersonState) -> Result<(), StoreError> {
        self.scope.set_one::<PersonRecord>(is("id", &id).add(is_null("removed_at")), vec![to("state", &state)]).await?;
        self.scope.journal_state::<PersonRecord>(&id, state.as_str()).await
    }

    /// Sets or clears the hash of a person's password.
    pub async fn set_password_hash(&self, id: PersonId, hash: Option<Secret<String>>) -> Result<(), StoreError> {
        let filter = is("id", &id).add(is_null("removed_at"));
        self.scope.set_one::<PersonRecord>(filter, vec![to("password_hash", &hash)]).await
    }

    /// Sets a person's language.
    pub async fn set_language(&self, id: PersonId, language: &str) -> Result<(), StoreError> {
        let filter = is("id", &id).add(is_null("removed_at"));
        self.scope.set_one::<PersonRecord>(filter, vec![to("language", &language.to_owned())]).await
    }

    /// Gives a person exactly these roles.
    pub async fn set_roles(&self, id: PersonId, roles: &[Role]) -> Result<(), StoreError> {
        let held = self.roles(id).await?;
        for role in held.iter().filter(|role| !roles.contains(role)) {
            self.scope.delete::<PersonRoleRecord>(is("person", &id).add(is("role", role))).await?;
        }
        for &role in roles.iter().filter(|role| !held.contains(role)) {
            self.scope.insert_if_absent(&PersonRoleRecord { person: id, role }).await?;
        }
        Ok(())
    }

    /// Removes a person: nothing that proves or allows anything is left, sessions, devices, groups, roles,
    /// rooms, mail and rights in others' mail are gone, hardware tokens are free again. The bare account stays until the
    /// deletion job's period has passed, so that the audit log can be read; the login is free at once.
    pub async fn remove(&self, id: PersonId) -> Result<(), StoreError> {
        let person = self.locked(id).await?;
        let own = || is("person", &id);
        self.scope.delete::<PersonRoleRecord>(own()).await?;
        self.scope.delete::<GroupMemberRecord>(own()).await?;
        self.scope.delete::<PasskeyRecord>(own()).await?;
        self.scope.delete::<RecoveryCodeRecord>(own()).await?;
        self.scope.delete::<SessionRecord>(own()).await?;
        self.scope.delete::<DeviceRecord>(own()).await?;
        self.scope.delete::<TargetUseRecord>(own()).await?;
        self.scope.delete::<TargetRecord>(is("owner", &Some(id))).await?;
        self.scope.delete::<RoomRecord>(is("owner", &id)).await?;
        self.scope.delete::<MailAccountRecord>(is("owner", &Some(id))).await?;
        self.scope.delete::<MailGrantRecord>(own()).await?;
        thread_work::forget_person(&self.scope, id).await?;
        self.scope.delete::<InviteeRecord>(is("person", &Some(id))).await?;
        self.scope.delete::<SeatRecord>(is("person", &Some(id))).await?;
        crate::repo::credential::release_tokens(&self.scope, id).await?;
        self.scope.delete::<OtpTokenRecord>(own()).await?;
        let removed = PersonRecord {
            // no login holds a `#`, so the old one is free
            name: format!("{}#{}", person.name, id),
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: None,
            state: PersonState::Disabled,
            removed_at: Some(self.scope.now()),
            ..person
        };
        self.scope.replace(&removed).await?;
        self.scope.journal_state::<PersonRecord>(&id, REMOVED).await
    }

    /// Takes a person without a change of them: until the unit of work ends nobody changes them, nor grants them anything new.
    pub(crate) async fn take(&self, id: PersonId) -> Result<(), StoreError> {
        self.locked(id).await.map(|_| ())
    }

    /// The row, held until the unit of work ends: what is written back was not changed in the meantime.
    async fn locked(&self, id: PersonId) -> Result<PersonRecord, StoreError> {
        self.scope.find(is("id", &id).add(is_null("removed_at"))).locked().get().await
    }
}

/// The journal's word for a removed person.
pub(crate) const REMOVED: &str = "removed";

fn lower(person: &PersonRecord) -> PersonRecord {
    PersonRecord { name: person.name.to_lowercase(), ..person.clone() }
}
