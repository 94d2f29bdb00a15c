//! A device's share of its container's key.

use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{DeviceId, Purpose, Rng, Sealer, Secret, TenantId, seal::SealError};
use fernamt_store::ContainerRecord;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// The bytes of a share.
pub(super) const SHARE_BYTES: usize = 32;
/// How many releases in a row need not be followed by an opened container.
pub(super) const FREE_RELEASES: u32 = 5;
/// The first wait after those. Each further release doubles it.
const FIRST_WAIT: Duration = Duration::seconds(1);
/// The longest wait.
pub(super) const LONGEST_WAIT: Duration = Duration::minutes(15);
/// No more releases are counted: the wait is the longest by then.
const MAX_COUNTED: u32 = FREE_RELEASES + 16;

/// A device's share: kept sealed, given to that device only, never shown.
#[derive(Debug)]
pub(super) struct DeviceShare(Secret<[u8; SHARE_BYTES]>);

impl DeviceShare {
    pub(super) fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = Zeroizing::new([0; SHARE_BYTES]);
        rng.fill(bytes.as_mut_slice());
        Self(Secret::new(*bytes))
    }

    /// The share as it is kept. It opens for this device of this tenant only.
    pub(super) fn sealed(&self, sealer: &Sealer, tenant: TenantId, device: DeviceId) -> Secret<Vec<u8>> {
        Secret::new(sealer.seal(Purpose { tenant, word: &word(device) }, self.0.expose()))
    }

    pub(super) fn open(
        sealer: &Sealer,
        tenant: TenantId,
        device: DeviceId,
        sealed: &Secret<Vec<u8>>,
    ) -> Result<Self, SealError> {
        let plain = sealer.open(Purpose { tenant, word: &word(device) }, sealed.expose())?;
        plain.as_slice().try_into().map(|bytes| Self(Secret::new(bytes))).map_err(|_| SealError)
    }

    /// The share on its way to its device.
    pub(super) fn encoded(&self) -> Secret<String> {
        Secret::new(BASE64URL_NOPAD.encode(self.0.expose()))
    }
}

fn word(device: DeviceId) -> String {
    format!("container-share {device}")
}

/// How long the next release has to wait, if it has to.
pub(super) fn wait(container: &ContainerRecord, now: OffsetDateTime) -> Option<Duration> {
    let doublings = container.unopened.checked_sub(FREE_RELEASES)?.min(MAX_COUNTED - FREE_RELEASES);
    let pause = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    // A clock that was set back makes nobody wait longer than that.
    let left = (container.released_at? + pause - now).min(pause);
    left.is_positive().then_some(left)
}

/// The container after one more release.
pub(super) fn released(container: ContainerRecord, now: OffsetDateTime) -> ContainerRecord {
    ContainerRecord { unopened: (container.unopened + 1).min(MAX_COUNTED), released_at: Some(now), ..container }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};
    use uuid::Uuid;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const TENANT: TenantId = TenantId(Uuid::nil());

    fn device() -> DeviceId {
        DeviceId::new(&SystemClock, &SystemRng)
    }

    #[test]
    fn a_share_opens_for_its_device_and_tenant_only_and_is_not_shown() {
        let (sealer, own, other) = (Sealer::new(&[1; 32]), device(), device());
        let share = DeviceShare::generate(&SystemRng);
        let sealed = share.sealed(&sealer, TENANT, own);
        let open = |tenant, device| DeviceShare::open(&sealer, tenant, device, &sealed);
        assert_eq!(open(TENANT, own).unwrap().encoded(), share.encoded());
        assert!(open(TENANT, other).is_err() && open(TenantId(Uuid::max()), own).is_err());
        assert_eq!(format!("{share:?} {:?}", share.encoded()), "DeviceShare(Secret(…)) Secret(…)");
        assert!(!sealed.expose().windows(8).any(|window| share.0.expose().starts_with(window)), "it lies sealed");
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let (mut container, mut waits) = (ContainerRecord::none(device()), Vec::new());
        for _ in 0..40 {
            let pause = wait(&container, T0).map_or(0, Duration::whole_seconds);
            waits.push(pause);
            container = released(container, T0);
        }
        assert_eq!(waits[..16], [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert!(waits[16..].iter().all(|wait| *wait == 900) && container.unopened == MAX_COUNTED);
        assert_eq!(wait(&container, T0 + Duration::minutes(15)), None);
        assert_eq!(wait(&container, T0 - Duration::days(9)), Some(LONGEST_WAIT), "the clock went back");
        // Whatever stands in the row, no number runs over.
        let full = ContainerRecord { unopened: u32::MAX, ..container };
        assert_eq!(wait(&full, T0), Some(LONGEST_WAIT));
    }
}
