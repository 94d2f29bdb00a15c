//! Mail accounts: whose they are, who may open which, and how one begins.

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Mutex, PoisonError},
};

use fernamt_api::admin::settings::PictureSettings;
use fernamt_domain::{
    MailAccountId, PersonId, PersonState, SessionId,
    feature::{Feature, Features},
};
use fernamt_store::{MailAccountRecord, StoreError, TenantStore};
use serde_json::json;

use crate::{
    Mail,
    delegation::{Access, Actor, Kind, Need, about_owner},
    jmap::error::MethodError,
};

/// How many openings of other people's accounts are remembered, so that each is written down once for each session.
const MAX_REMEMBERED: usize = 50_000;

/// An account that is open to somebody. What it holds is got by asking for a right.
#[derive(Debug, Clone)]
pub(crate) struct OpenAccount {
    record: MailAccountRecord,
    access: Access,
    leaves_house: bool,
    features: Features,
}

impl OpenAccount {
    /// The account, to read in it: whoever has any right may.
    pub(crate) fn to_read(&self) -> &MailAccountRecord {
        &self.record
    }

    /// The account, for a method that needs more than reading.
    pub(crate) fn to(&self, need: Need) -> Result<&MailAccountRecord, MethodError> {
        self.access.demand(need)?;
        Ok(&self.record)
    }

    /// What may be done in it.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// Whether who opened it has a feature.
    pub(crate) fn offers(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    /// Refuses whoever may not open what is attached to messages.
    pub(crate) fn opens_attachments(&self) -> Result<(), MethodError> {
        if self.offers(Feature::Attachments) {
            return Ok(());
        }
        Err(MethodError::forbidden("the administration does not let you open attachments"))
    }

    /// Whether what is sent from it may leave the house.
    pub(crate) fn leaves_house(&self) -> bool {
        self.leaves_house
    }
}

/// The accounts that are open to somebody, their own first, and what the house grants to all of them.
#[derive(Debug)]
pub(crate) struct OpenAccounts {
    accounts: Vec<OpenAccount>,
    pictures: PictureSettings,
    features: Features,
}

impl OpenAccounts {
    /// What of mail the person has.
    pub(crate) fn features(&self) -> Features {
        self.features
    }

    /// Whether pictures that lie elsewhere are fetched for readers, and which.
    pub(crate) fn pictures(&self) -> PictureSettings {
        self.pictures
    }
}

impl Deref for OpenAccounts {
    type Target = [OpenAccount];

    fn deref(&self) -> &[OpenAccount] {
        &self.accounts
    }
}

/// The accounts of others that were opened in each session.
#[derive(Debug, Default)]
pub(crate) struct Openings(Mutex<HashSet<(SessionId, MailAccountId)>>);

impl Openings {
    /// Remembers an opening; `false` if it was remembered before.
    fn note(&self, session: SessionId, account: MailAccountId) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            // An opening that is written down twice is better than memory without end.
            known.clear();
        }
        known.insert((session, account))
    }

    fn forget(&self, session: SessionId, account: MailAccountId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(session, account));
    }
}

impl Mail {
    /// The accounts that are open to a person, their own first; that is made when it is needed first.
    pub(crate) async fn accounts_of(&self, tenant: &TenantStore, person: PersonId) -> Result<OpenAccounts, StoreError> {
        let features = self.features_of(tenant, person).await?;
        let pictures =
            if features.has(Feature::Pictures) { self.picture_flow(tenant).await? } else { PictureSettings::default() };
        let mut own = tenant.mail_accounts().of_owner(person).await?;
        if own.is_empty() {
            let known = tenant.people().get(person).await?;
            own.extend(self.begin(tenant, person, &known.name, &known.display_name).await?);
        }
        let leaves_house = self.way_out.is_open();
        let mut accounts = Vec::with_capacity(own.len());
        for record in own {
            let access = Access::find(&tenant.mail_grants(), &record, person).await?;
            accounts.extend(access.map(|access| OpenAccount { record, access, leaves_house, features }));
        }
        // Those of others only once they are opened: somebody may be let into hundreds.
        for account in &accounts {
            self.uses(tenant.id(), account.record.id);
        }
        let mut grants = tenant.mail_grants().of_person(person).await?;
        if !features.has(Feature::Delegation) {
            grants.clear();
        }
        if grants.is_empty() {
            return Ok(OpenAccounts { accounts, pictures, features });
        }
        let ids: Vec<_> = grants.iter().map(|grant| grant.account).collect();
        for record in tenant.mail_accounts().these(&ids).await? {
            let grant = grants.iter().find(|grant| grant.account == record.id && record.owner != Some(person));
            let access = grant.and_then(|grant| Access::granted(&record, grant.rights));
            accounts.extend(access.map(|access| OpenAccount { record, access, leaves_house, features }));
        }
        Ok(OpenAccounts { accounts, pictures, features })
    }

    /// What of mail a person has, as the administration switched it.
    pub(crate) async fn features_of(&self, tenant: &TenantStore, person: PersonId) -> Result<Features, StoreError> {
        self.parts.authoriser.features(tenant, person).await
    }

    /// The account of this id, if it is open to who asks. That somebody else's is opened is written down.
    pub(crate) async fn open(&self, tenant: &TenantStore, actor: &Actor, id: &str) -> Result<OpenAccount, MethodError> {
        let id: MailAccountId = id.parse().map_err(|_| MethodError::account_not_found())?;
        let record = tenant.mail_accounts().these(&[id]).await?.pop().ok_or_else(MethodError::account_not_found)?;
        let access = Access::find(&tenant.mail_grants(), &record, actor.person).await?;
        let access = access.ok_or_else(MethodError::account_not_found)?;
        let features = self.features_of(tenant, actor.person).await?;
        if access.kind != Kind::Own && !features.has(Feature::Delegation) {
            return Err(MethodError::account_not_found());
        }
        self.uses(tenant.id(), id);
        if access.kind != Kind::Own && self.openings.note(actor.session, id) {
            let details = json!({ "account": id, "rights": access.rights });
            let opened = about_owner(actor.did("mail_account_opened"), &record).details(details);
            if let Err(error) = tenant.record(opened).await {
                self.openings.forget(actor.session, id);
                return Err(error.into());
            }
        }
        Ok(OpenAccount { record, access, leaves_house: self.way_out.is_open(), features })
    }

    /// The account that mail to an address of this house goes to, be it one with a detail (`name+detail@`). That of a person
    /// begins with their first letter.
    pub(crate) async fn receiver(
        &self,
        tenant: &TenantStore,
        address: &str,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let address = address.to_lowercase();
        let known = self.exact_receiver(tenant, &address).await?;
        match (known, without_detail(&address)) {
            (None, Some(shorter)) => self.exact_receiver(tenant, &shorter).await,
            (known, _) => Ok(known),
        }
    }

    async fn exact_receiver(
        &self,
        tenant: &TenantStore,
        address: &str,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        if let Some(account) = tenant.mail_accounts().by_address(address).await? {
            return Ok(Some(account));
        }
        let Some(name) = address.strip_suffix(&format!("@{}", self.domain(tenant).await?)) else { return Ok(None) };
        match tenant.people().by_name(name).await? {
            Some(person) if person.state == PersonState::Active => {
                self.begin(tenant, person.id, &person.name, &person.display_name).await
            }
            _ => Ok(None),
        }
    }

    /// Makes a person's account with its folders and its sender, unless it is there. There is none if the address belongs
    /// to another account.
    async fn begin(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        name: &str,
        display_name: &str,
    ) -> Result<Option<MailAccountRecord>, StoreError> {
        let address = format!("{name}@{}", self.domain(tenant).await?);
        let work = tenant.begin().await?;
        if let Some(there) = work.mail_accounts().of_owner(person).await?.into_iter().next() {
            return Ok(Some(there));
        }
        let account = match work.mail_accounts().begin(Some(person), display_name, &address).await {
            Ok(account) => account,
            // Two requests may need it at the same moment; the other one made it.
            Err(StoreError::Conflict { .. }) => {
                drop(work);
                return Ok(tenant.mail_accounts().of_owner(person).await?.into_iter().next());
            }
            Err(error) => return Err(error),
        };
        work.commit().await?;
        Ok(Some(account))
    }
}

/// Whether an address is of the house of another one: of its domain, or of one below it. The page calls the same inside when it
/// warns of mail that leaves the house. Not everybody inside has an account here.
pub(crate) fn is_of_house(address: &str, own: &str) -> bool {
    let (domain, house) = (domain_of(address).to_lowercase(), domain_of(own).to_lowercase());
    let above = domain.strip_suffix(house.as_str());
    !house.is_empty() && above.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// What stands behind the `@` of an address.
pub(crate) fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// An address without the detail that its owner added to it (RFC 5233); nothing if there is none.
fn without_detail(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let (name, _) = local.split_once('+').filter(|(name, _)| !name.is_empty())?;
    Some(format!("{name}@{domain}"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_detail_is_what_stands_behind_the_first_plus() {
        for (address, without) in [
            ("ben+plan@amt.example", Some("ben@amt.example")),
            ("ben+a+b@amt.example", Some("ben@amt.example")),
            ("ben+@amt.example", Some("ben@amt.example")),
            ("ben@amt.example", None),
            ("+plan@amt.example", None),
            ("ben@amt+plan.example", None),
            ("ben", None),
        ] {
            assert_eq!(without_detail(address).as_deref(), without, "{address}");
        }
    }

    #[test]
    fn who_has_an_address_of_the_domain_or_below_it_is_of_the_house() {
        for (address, inside) in [
            ("ben@amt.example", true),
            ("BEN@Amt.Example", true),
            ("ben@schule.amt.example", true),
            ("ben@xamt.example", false),
            ("ben@amt.example.test", false),
            ("ben@example", false),
            ("amt.example", false),
            ("ben@", false),
            ("", false),
        ] {
            assert_eq!(is_of_house(address, "Ada@AMT.example"), inside, "{address}");
        }
        assert!(!is_of_house("ben@", "ada") && !is_of_house("ben@amt.example", "ada@"));
    }

    #[test]
    fn openings_are_remembered_up_to_a_limit() {
        let (openings, account) = (Openings::default(), MailAccountId(Uuid::nil()));
        let session = |number: usize| SessionId(Uuid::from_u128(number as u128));
        for number in 0..MAX_REMEMBERED {
            assert!(openings.note(session(number), account));
            assert!(number + 1 == MAX_REMEMBERED || !openings.note(session(number), account));
        }
        assert!(openings.note(session(MAX_REMEMBERED), account));
        openings.forget(session(MAX_REMEMBERED), account);
        assert!(openings.note(session(MAX_REMEMBERED), account));
        assert_eq!(openings.0.lock().unwrap().len(), 1);
    }
}
