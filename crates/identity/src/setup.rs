//! The first administrator: a one-time link that the server prints at its first start.

use fernamt_api::{problem::FieldProblem, sign_in::SetupRequest};
use fernamt_domain::{
    PersonId, PersonSource, PersonState, Role, Secret, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    rng::random_token,
};
use fernamt_http::ApiError;
use fernamt_store::{PersonRecord, SetupLinkRecord, StoreError, TenantStore};
use time::Duration;

use crate::{Identity, failure::SignInError, password, sign_in::MAX_NAME_CHARS};

/// How long a link is good.
pub(crate) const LIFETIME: Duration = Duration::hours(24);

impl Identity {
    /// Makes a link's secret. Earlier links become void.
    pub async fn make_setup_link(&self, tenant: &TenantStore) -> Result<Secret<String>, StoreError> {
        let token = Secret::new(random_token::<32>(&*self.rng));
        let link = SetupLinkRecord {
            hash: self.setup_hash(tenant.id(), &token),
            expires_at: self.clock.now() + LIFETIME,
            used_at: None,
        };
        let work = tenant.begin().await?;
        work.setup_links().insert(&link).await?;
        work.commit().await?;
        Ok(token)
    }

    /// Whether a link's secret is good.
    pub(crate) async fn setup_link_is_good(
        &self,
        tenant: &TenantStore,
        token: &Secret<String>,
    ) -> Result<bool, StoreError> {
        tenant.setup_links().is_valid(&self.setup_hash(tenant.id(), token)).await
    }

    /// Uses the link up and makes the first administrator.
    pub(crate) async fn make_first_administrator(
        &self,
        tenant: &TenantStore,
        request: &SetupRequest,
    ) -> Result<PersonRecord, ApiError> {
        if !self.setup_link_is_good(tenant, &request.token).await? {
            return Err(link_is_bad());
        }
        let name = request.name.trim().to_lowercase();
        let display_name = request.display_name.trim().to_owned();
        let mut faults = ApiError::invalid();
        if !is_login(&name) {
            faults = faults.field(
                "name",
                "invalid",
                "a sign-in name has letters, digits, dot, hyphen and underscore, at most 64",
            );
        }
        if let Err(fault) = fernamt_domain::name::check(&display_name, MAX_NAME_CHARS) {
            faults = faults.with_field(FieldProblem::name("display_name", fault));
        }
        if let Err(fault) = password::check_new(&request.password, &name, &display_name) {
            faults = faults.field("password", fault.code(), fault.to_string());
        }
        faults.or_ok()?;
        let hash = self.passwords.hash(&request.password).await.map_err(SignInError::from)?;
        let person = PersonRecord {
            id: PersonId::new(&*self.clock, &*self.rng),
            name,
            display_name,
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: Some(Secret::new(hash)),
            state: PersonState::Active,
            language: String::new(),
            created_at: self.clock.now(),
            removed_at: None,
        };
        let used = self.store_first_administrator(tenant, &request.token, &person).await;
        match used {
            Ok(true) => Ok(person),
            Ok(false) => Err(link_is_bad()),
            Err(StoreError::Conflict { .. }) => {
                Err(ApiError::invalid().field("name", "taken", "this sign-in name is taken already"))
            }
            Err(error) => Err(SignInError::from(error).into()),
        }
    }

    async fn store_first_administrator(
        &self,
        tenant: &TenantStore,
        token: &Secret<String>,
        person: &PersonRecord,
    ) -> Result<bool, StoreError> {
        let mut work = tenant.begin().await?;
        if !work.setup_links().use_up(&self.setup_hash(tenant.id(), token)).await? {
            return Ok(false);
        }
        work.people().insert(person).await?;
        work.people().set_roles(person.id, &[Role::Administrator]).await?;
        work.record(AuditEvent::new(AuditKind::Person, "first_administrator_made", Outcome::Success).about(person.id));
        work.commit().await?;
        Ok(true)
    }

    fn setup_hash(&self, tenant: TenantId, token: &Secret<String>) -> Secret<Vec<u8>> {
        Secret::new(self.fingerprint(tenant, "setup-link", &[token.expose().as_bytes()]).to_vec())
    }
}

/// Whether a text may be a local sign-in name.
pub(crate) fn is_login(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

fn link_is_bad() -> ApiError {
    ApiError::forbidden("setup_link", "this set-up link was used or has expired; make another with `fernamt setup`")
}
