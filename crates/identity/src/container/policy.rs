//! What is demanded of a container, signed, so that whoever changes a browser's disk cannot loosen it.

use aws_lc_rs::{
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    signature::{EcdsaKeyPair, KeyPair as _},
};
use data_encoding::BASE64URL_NOPAD;
use fernamt_api::{
    admin::settings::{CONTAINER_IDLE_MINUTES, CONTAINER_OFFLINE_DAYS, CONTAINER_PASSPHRASE_CHARS, ContainerGuards},
    container::ContainerPolicy,
};
use fernamt_domain::{
    DeviceId, Purpose, Sealer, TenantId,
    feature::{Feature, Features},
    seal::CONTAINER_KEY,
};
use fernamt_store::ContainerRecord;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::{Browser, phone::may_go_offline};
use crate::{device_key::SPKI_PREFIX, settings::Settings};

/// What a signature is made over, before the policy's own bytes.
const SIGNED_FOR: &[u8] = b"fernamt-container-policy\0";

/// What a device's container has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    idle_minutes: u16,
    offline_until: Option<OffsetDateTime>,
    guards: u16,
}

impl Terms {
    /// What the settings demand of a device with this browser whose person signed in at this moment and has these features.
    pub(super) fn of(settings: &Settings, features: Features, browser: &Browser, signed_in_at: OffsetDateTime) -> Self {
        let (idle, offline) = (CONTAINER_IDLE_MINUTES, CONTAINER_OFFLINE_DAYS);
        let wanted = settings.container;
        let granted = features.has(Feature::Offline) && may_go_offline(&settings.enrolment, browser);
        let days = if granted { wanted.offline_days } else { 0 };
        let days = days.clamp(offline.least, offline.most);
        Self {
            idle_minutes: wanted.idle_minutes.clamp(idle.least, idle.most),
            offline_until: (days > 0).then(|| signed_in_at + Duration::days(days.into())),
            guards: bits(Rules::of(wanted.guards, features)),
        }
    }

    /// Whether a policy with these terms was the last one.
    pub(super) fn stand_in(self, container: &ContainerRecord) -> bool {
        let last = Self {
            idle_minutes: container.idle_minutes,
            offline_until: container.offline_until,
            guards: container.guards,
        };
        container.policy_serial > 0 && self == last
    }

    /// The container with these terms, under a number above all before: also above those of a row that was deleted,
    /// since no clock stands at them again.
    pub(super) fn put_into(self, container: ContainerRecord, now: OffsetDateTime) -> ContainerRecord {
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        ContainerRecord {
            policy_serial: seconds.max(container.policy_serial + 1),
            idle_minutes: self.idle_minutes,
            offline_until: self.offline_until,
            guards: self.guards,
            ..container
        }
    }
}

/// The fewest characters of a passphrase.
pub(super) fn min_characters(settings: &Settings) -> u16 {
    let range = CONTAINER_PASSPHRASE_CHARS;
    settings.container.passphrase_chars.clamp(range.least, range.most)
}

/// What may leave a container and what lies over it, and which of its own features it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Rules {
    #[serde(flatten)]
    guards: ContainerGuards,
    files: bool,
    attachments: bool,
    notices: bool,
}

impl Rules {
    /// What the settings allow to anybody, and the features to this person.
    fn of(guards: ContainerGuards, features: Features) -> Self {
        Self {
            guards: ContainerGuards { download: guards.download && features.has(Feature::Download), ..guards },
            files: features.has(Feature::Files),
            attachments: features.has(Feature::Attachments),
            notices: features.has(Feature::Notices),
        }
    }
}

/// The rules as one number. A bit never changes its meaning: containers were told by it.
fn bits(rules: Rules) -> u16 {
    let Rules { guards, files, attachments, notices } = rules;
    let ContainerGuards { copy_out, print, download, watermark, blur } = guards;
    [copy_out, print, download, watermark, blur, files, attachments, notices]
        .into_iter()
        .enumerate()
        .fold(0, |all, (place, on)| all | u16::from(on) << place)
}

fn rules(bits: u16) -> Rules {
    let [copy_out, print, download, watermark, blur, files, attachments, notices] =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|place| bits >> place & 1 == 1);
    let guards = ContainerGuards { copy_out, print, download, watermark, blur };
    Rules { guards, files, attachments, notices }
}

#[derive(Serialize)]
struct Policy {
    version: u8,
    device: DeviceId,
    serial: u64,
    idle_min: u16,
    offline_until_ms: Option<i64>,
    #[serde(flatten)]
    rules: Rules,
}

/// The key that a tenant's policies are signed with. Containers are bound to it for good, so it follows from the
/// master key: whoever restores that has it again.
pub(super) struct PolicyKey(EcdsaKeyPair);

impl PolicyKey {
    pub(super) fn of(sealer: &Sealer, tenant: TenantId) -> Result<Self, KeyRejected> {
        sealer.signing_key(Purpose { tenant, word: CONTAINER_KEY }).map(Self)
    }

    /// The public key as browsers import it: SPKI, base64url.
    pub(super) fn public(&self) -> String {
        BASE64URL_NOPAD.encode(&[SPKI_PREFIX.as_slice(), self.0.public_key().as_ref()].concat())
    }

    /// The policy that a container keeps to, signed.
    pub(super) fn sign(&self, container: &ContainerRecord) -> Result<ContainerPolicy, Unspecified> {
        let policy = Policy {
            version: 1,
            device: container.device,
            serial: container.policy_serial,
            idle_min: container.idle_minutes,
            offline_until_ms: container.offline_until.map(milliseconds),
            rules: rules(container.guards),
        };
        let bytes = serde_json::to_vec(&policy).expect("plain data always serialise");
        let signature = self.0.sign(&SystemRandom::new(), &[SIGNED_FOR, &bytes].concat())?;
        Ok(ContainerPolicy {
            bytes: BASE64URL_NOPAD.encode(&bytes),
            signature: BASE64URL_NOPAD.encode(signature.as_ref()),
        })
    }
}

fn milliseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use fernamt_api::admin::settings::Unattested;
    use fernamt_domain::{SystemClock, SystemRng};
    use uuid::Uuid;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    /// The features of a container itself.
    const OWN: u16 = 1 << 5 | 1 << 6 | 1 << 7;

    #[test]
    fn a_tenants_key_stays_and_is_its_own() {
        let key = |master: u8, tenant| PolicyKey::of(&Sealer::new(&[master; 32]), TenantId(tenant)).unwrap().public();
        let own = key(1, Uuid::nil());
        assert_eq!(own, key(1, Uuid::nil()));
        assert_ne!(own, key(1, Uuid::max()));
        assert_ne!(own, key(2, Uuid::nil()));
    }

    #[test]
    fn a_number_is_used_once_even_within_a_second_or_with_a_clock_that_went_back() {
        let terms = Terms { idle_minutes: 10, offline_until: None, guards: 0 };
        let device = DeviceId::new(&SystemClock, &SystemRng);
        let first = terms.put_into(ContainerRecord::none(device), T0 + Duration::days(20_000));
        let second = terms.put_into(first.clone(), T0 + Duration::days(20_000));
        let third = terms.put_into(second.clone(), T0);
        assert_eq!(first.policy_serial, 20_000 * 86_400);
        assert_eq!((second.policy_serial, third.policy_serial), (first.policy_serial + 1, first.policy_serial + 2));
    }

    #[test]
    fn settings_beyond_the_limits_do_not_loosen_a_policy() {
        let (mut settings, all, desk) = (Settings::default(), Features::all(), Browser::on("Linux".into()));
        assert_eq!(Terms::of(&settings, all, &desk, T0), Terms { idle_minutes: 10, offline_until: None, guards: OWN });
        settings.container.idle_minutes = 0;
        settings.container.offline_days = u16::MAX;
        settings.container.passphrase_chars = 0;
        let most = Terms { idle_minutes: 1, offline_until: Some(T0 + Duration::days(30)), guards: OWN };
        assert_eq!((Terms::of(&settings, all, &desk, T0), min_characters(&settings)), (most, 8));
    }

    #[test]
    fn guards_come_back_from_their_number_and_nothing_is_allowed_by_none() {
        for number in 0..1 << 8 {
            assert_eq!(bits(rules(number)), number);
        }
        let none = Features::from_iter([]);
        assert_eq!(rules(0), Rules::of(ContainerGuards::default(), none));
        assert_eq!(bits(rules(4)), 4);
        assert!(rules(4).guards.download);
    }

    #[test]
    fn a_feature_that_somebody_has_not_is_in_no_policy_of_theirs_and_opens_nothing_that_the_settings_shut() {
        let (mut settings, desk) = (Settings::default(), Browser::on("Linux".into()));
        let none = Features::from_iter([]);
        settings.container.offline_days = 3;
        settings.container.guards.download = true;
        let terms = Terms::of(&settings, none, &desk, T0);
        assert_eq!((terms.offline_until, terms.guards), (None, 0));
        let terms = Terms::of(&settings, Features::all(), &desk, T0);
        assert_eq!((terms.offline_until, terms.guards), (Some(T0 + Duration::days(3)), OWN | 4));
        settings.container.guards.download = false;
        assert_eq!(Terms::of(&settings, Features::all(), &desk, T0).guards, OWN);
    }

    #[test]
    fn a_phone_goes_offline_where_nobody_minds_that_it_is_not_attested() {
        let mut settings = Settings::default();
        settings.container.offline_days = 3;
        for (unattested, phones) in
            [(Unattested::Allow, true), (Unattested::OnlineOnly, false), (Unattested::Refuse, false)]
        {
            settings.enrolment.unattested = unattested;
            for (system, goes) in [("Windows", true), ("Android", phones), ("iPadOS", phones), ("", phones)] {
                let terms = Terms::of(&settings, Features::all(), &Browser::on(system.into()), T0);
                assert_eq!(terms.offline_until.is_some(), goes, "{unattested} {system}");
            }
        }
    }
}
