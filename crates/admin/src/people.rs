//! Lists that have to be put together from all of something.

use std::collections::HashMap;

use fernamt_api::admin::people::PersonRef;
use fernamt_domain::{DeviceKind, DeviceState, PersonId};
use fernamt_store::{DeviceRecord, MAX_PAGE_ROWS, OtpKind, Page, StoreError, TenantStore};

/// The most rows that are put together: the devices of the largest administration, with room.
const MAX_ROWS: usize = 50_000;

/// The names that others see, of all people.
pub(crate) async fn names(tenant: &TenantStore) -> Result<HashMap<PersonId, String>, StoreError> {
    let mut names = HashMap::new();
    let mut rows = 0;
    loop {
        let found = tenant.people().list(&page_from(rows)?).await?;
        let total = found.total;
        rows += found.items.len();
        let last = found.items.is_empty() || rows as u64 >= total;
        names.extend(found.items.into_iter().map(|person| (person.id, person.display_name)));
        if last {
            return Ok(names);
        }
    }
}

/// All devices, or all in one state.
pub(crate) async fn devices(tenant: &TenantStore, state: Option<DeviceState>) -> Result<Vec<DeviceRecord>, StoreError> {
    let mut all = Vec::new();
    loop {
        let found = tenant.devices().list(state, &page_from(all.len())?).await?;
        let last = found.items.is_empty();
        all.extend(found.items);
        if last || all.len() as u64 >= found.total {
            return Ok(all);
        }
    }
}

/// Whether somebody has to decide about a device. A stick without a key waits for its person, not for the control desk.
pub(crate) fn awaits_decision(device: &DeviceRecord) -> bool {
    device.state == DeviceState::Pending && !(device.kind == DeviceKind::Stick && device.public_key.is_empty())
}

fn page_from(rows: usize) -> Result<Page, StoreError> {
    if rows > MAX_ROWS {
        return Err(StoreError::TooMany { what: "rows", limit: MAX_ROWS });
    }
    Ok(Page { search: None, offset: rows as u64, limit: MAX_PAGE_ROWS })
}

/// Whether a person has to show a second factor: a passkey, a confirmed app, or a hardware token, which counts from the
/// moment it is handed out.
pub(crate) async fn holds_second_factor(tenant: &TenantStore, person: PersonId) -> Result<bool, StoreError> {
    let tokens = tenant.otp_tokens().of_person(person).await?;
    let counts = tokens.iter().any(|token| token.confirmed_at.is_some() || token.kind == OtpKind::Hardware);
    Ok(counts || !tenant.passkeys().of_person(person).await?.is_empty())
}

/// A person by id and name, unless they are gone for good.
pub(crate) async fn reference(tenant: &TenantStore, id: PersonId) -> Result<Option<PersonRef>, StoreError> {
    match tenant.people().get_even_removed(id).await {
        Ok(person) => Ok(Some(PersonRef { id, display_name: person.display_name })),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether what was looked for is there.
pub(crate) fn exists<T>(found: Result<T, StoreError>) -> Result<bool, StoreError> {
    match found {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
