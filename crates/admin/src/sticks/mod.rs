//! Sticks as the administration sees and hands them out.

mod delivery;
mod package;
mod words;

use std::collections::HashMap;

use fernamt_api::{
    Page,
    admin::sticks::{Stick, StickEnd, StickQuery, StickState},
    stick::LineQuality,
};
use fernamt_domain::{DeviceId, DeviceKind, DeviceState, Grant, PersonId};
use fernamt_store::{DeviceRecord, StickLineRecord, StickRecord, StoreError, TenantStore};
use time::OffsetDateTime;

pub use delivery::{Delivery, DeliveryFault, Place, Program, SshOutside};
pub use package::{Packed, write_package};

use crate::{
    act::{cut, matches},
    people,
};

/// A stick put together from what is known of it.
struct Known {
    device: DeviceRecord,
    stick: StickRecord,
    line: Option<StickLineRecord>,
}

/// What a list of sticks has in common.
pub(crate) struct Seen<'a> {
    pub(crate) now: OffsetDateTime,
    /// All live grants of the tenant.
    pub(crate) grants: &'a [Grant],
}

/// The sticks that a query asks for: those of which a copy was used first, then by person.
pub(crate) async fn list(tenant: &TenantStore, query: &StickQuery, seen: &Seen<'_>) -> Result<Page<Stick>, StoreError> {
    let devices = match query.person {
        Some(person) => tenant.devices().of_person(person).await?,
        None => people::devices(tenant, None).await?,
    };
    let mut sticks: HashMap<DeviceId, StickRecord> =
        tenant.sticks().all().await?.into_iter().map(|stick| (stick.device, stick)).collect();
    let mut lines: HashMap<DeviceId, StickLineRecord> =
        tenant.sticks().lines().await?.into_iter().map(|line| (line.device, line)).collect();
    let names = people::names(tenant).await?;
    let mut found: Vec<Stick> = devices
        .into_iter()
        .filter(|device| device.kind == DeviceKind::Stick)
        .filter_map(|device| {
            let (stick, line) = (sticks.remove(&device.id)?, lines.remove(&device.id));
            Some(shown(Known { device, stick, line }, &names, seen))
        })
        .filter(|stick| {
            query.state.is_none_or(|state| stick.state == state)
                && (!query.copied || stick.copied)
                && matches(query.q.as_deref(), &format!("{}\n{}", stick.name, stick.person_name))
        })
        .collect();
    found.sort_by_cached_key(|stick| {
        let alarming = stick.copied && stick.state == StickState::Suspended;
        (!alarming, stick.person_name.to_lowercase(), stick.created_at)
    });
    Ok(cut(found, query.offset, query.limit))
}

/// One stick.
pub(crate) async fn one(tenant: &TenantStore, id: DeviceId, seen: &Seen<'_>) -> Result<Stick, StoreError> {
    let device = tenant.devices().get(id).await?;
    let known = Known { stick: tenant.sticks().get(id).await?, line: tenant.sticks().line(id).await?, device };
    let owner = tenant.people().get_even_removed(known.device.person).await?;
    Ok(shown(known, &HashMap::from([(owner.id, owner.display_name)]), seen))
}

/// Sticks of which a copy was used, and that wait for somebody to do something about it; and how many there are in all.
pub(crate) async fn alarming(tenant: &TenantStore) -> Result<(usize, usize), StoreError> {
    let sticks = tenant.sticks().all().await?;
    let mut copied = 0;
    for stick in sticks.iter().filter(|stick| stick.copied_at.is_some()) {
        copied += usize::from(tenant.devices().get(stick.device).await?.state == DeviceState::Suspended);
    }
    Ok((copied, sticks.len()))
}

fn shown(known: Known, names: &HashMap<PersonId, String>, seen: &Seen<'_>) -> Stick {
    let Known { device, stick, line } = known;
    let state = state_of(&device);
    let waits = state == StickState::Ordered && stick.activation_print.is_some();
    let connections = seen.grants.iter().filter(|grant| grant.facts.device == Some(device.id)).count();
    let line_on = line.as_ref().map(|line| line.measured_on);
    Stick {
        id: device.id,
        person_id: device.person,
        person_name: names.get(&device.person).cloned().unwrap_or_default(),
        name: device.name,
        state,
        revoked_as: (state == StickState::Revoked).then_some(if stick.lost { StickEnd::Lost } else { StickEnd::Ended }),
        copied: stick.copied_at.is_some(),
        copied_at: stick.copied_at,
        activation_until: stick.activation_until.filter(|until| waits && *until > seen.now),
        program: stick.program,
        system: stick.system,
        fingerprint: (!device.public_key.is_empty()).then_some(device.thumbprint),
        created_at: device.created_at,
        last_seen_on: device.last_seen_on,
        line: line.as_ref().and_then(line_of),
        line_on,
        connections: u32::try_from(connections).unwrap_or(u32::MAX),
    }
}

fn state_of(device: &DeviceRecord) -> StickState {
    match device.state {
        DeviceState::Pending if device.public_key.is_empty() => StickState::Ordered,
        DeviceState::Pending => StickState::Pending,
        DeviceState::Approved => StickState::Approved,
        DeviceState::Suspended => StickState::Suspended,
        DeviceState::Revoked => StickState::Revoked,
    }
}

/// A line's quality as it was told; a way out that an older version named is nothing to show.
fn line_of(line: &StickLineRecord) -> Option<LineQuality> {
    Some(LineQuality {
        round_trip_ms: line.round_trip_ms,
        loss_permille: line.loss_permille,
        outages: line.outages,
        transport: line.transport.parse().ok()?,
    })
}
