//! Why nobody was signed in: what the person learns, and what the audit log learns.
//!
//! All that was wrong with name, password or code is one answer, so that none of it can be tried out by itself. And
//! since a stranger may fail as often as they like, failures are counted in bounded memory and the counts written down
//! once in a while. They are never written before the answer is given: the time that takes would tell which names
//! exist.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use fernamt_api::problem::FieldProblem;
use fernamt_domain::{
    Method, NameFault, PersonId, TenantId, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_http::ApiError;
use fernamt_store::StoreError;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::{challenge::TokenError, password::HashError, throttle::SlowDown};

/// Failures of one kind are written down at most this often, after the first.
pub(crate) const WRITE_EVERY: Duration = Duration::minutes(10);
/// The most kinds of failure that are counted apart.
pub(crate) const MAX_COUNTS: usize = 4_096;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name, password or second factor is wrong. Which, is for the audit log only.
    #[error("the sign-in failed")]
    Failed(Wrong),
    /// The password was right, the second factor was left out. Said only to who brought the right password.
    #[error("the second factor is missing")]
    SecondFactorRequired(Vec<Method>),
    /// A name cannot stand as it is.
    #[error("{path}: {fault}")]
    Name {
        /// The field.
        path: &'static str,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// Too many failures.
    #[error(transparent)]
    SlowDown(#[from] SlowDown),
    /// Too much at once.
    #[error("too many sign-ins at the same moment")]
    Busy,
    /// The challenge is not good any more: fetch another.
    #[error("the challenge is not valid any more")]
    Challenge,
    /// The device's proof does not fit.
    #[error("the device's proof does not fit")]
    DeviceProof,
    /// The device was suspended or revoked by an administrator.
    #[error("this device is blocked")]
    DeviceBlocked,
    /// The device waits for an administrator.
    #[error("this device waits for approval")]
    DevicePending,
    /// The person has too many devices.
    #[error("too many devices")]
    TooManyDevices,
    /// The directory cannot be asked.
    #[error("the directory cannot be reached")]
    DirectoryDown,
    /// A second factor must be enrolled first, which cannot be done here.
    #[error("a second factor must be enrolled on the web first")]
    EnrolmentNeeded,
    /// The one-time code of an enrolment does not fit. Only ever said to who holds the enrolment.
    #[error("the code does not fit the new authenticator app")]
    EnrolmentCode,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What exactly was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// There is no such name.
    Name,
    /// The password.
    Password,
    /// The one-time code, or it was used before.
    Code,
    /// The recovery code, or it was used before.
    RecoveryCode,
    /// No second factor was given though there is one; the password was right, or was not looked at.
    SecondFactorMissing,
    /// The passkey.
    Passkey,
    /// The SSH key.
    SshKey,
    /// The activation code of a stick, or what it was brought with.
    ActivationCode,
    /// The token of a program, or it is over.
    Token,
    /// The person is disabled.
    Disabled,
    /// The directory bars the account.
    Barred,
    /// The limit of wrong passwords for the directory is used up.
    BindLimit,
}

impl Wrong {
    /// The word in the audit log.
    pub fn action(self) -> &'static str {
        match self {
            Self::Name => "unknown_name",
            Self::Password => "wrong_password",
            Self::Code => "wrong_code",
            Self::RecoveryCode => "wrong_recovery_code",
            Self::SecondFactorMissing => "second_factor_missing",
            Self::Passkey => "wrong_passkey",
            Self::SshKey => "wrong_ssh_key",
            Self::ActivationCode => "wrong_activation_code",
            Self::Token => "wrong_token",
            Self::Disabled => "person_disabled",
            Self::Barred => "barred_by_directory",
            Self::BindLimit => "bind_limit",
        }
    }
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Damaged => Self::Failed(Wrong::Password),
        }
    }
}

impl From<TokenError> for SignInError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Busy => Self::Busy,
            TokenError::Invalid | TokenError::Expired | TokenError::Used => Self::Challenge,
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Failed(_) => {
                Self::unauthenticated("sign_in_failed", "name, password or second factor is wrong")
            }
            SignInError::SecondFactorRequired(methods) => {
                let methods: Vec<_> = methods.into_iter().map(Method::as_str).collect();
                Self::unauthenticated("second_factor_required", "the password is right; the second factor is missing")
                    .param("methods", methods.join(","))
            }
            SignInError::Name { path, fault } => Self::invalid().with_field(FieldProblem::name(path, fault)),
            SignInError::SlowDown(wait) => Self::slow_down(whole_seconds(wait.retry_after)),
            SignInError::Busy => Self::slow_down(2),
            SignInError::Challenge => Self::bad_request(
                "challenge_expired",
                "the challenge is not valid any more; fetch another and try again",
            ),
            SignInError::DeviceProof => {
                Self::bad_request("device_proof", "the device's signature does not fit its key and the challenge")
            }
            SignInError::DeviceBlocked => {
                Self::forbidden("device_blocked", "this device was suspended or revoked; ask your control desk")
            }
            SignInError::DevicePending => {
                Self::forbidden("device_pending", "this device waits for approval by your control desk")
            }
            SignInError::TooManyDevices => {
                Self::forbidden("too_many_devices", "remove a device that you no longer use, from one that you do")
            }
            SignInError::DirectoryDown => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "directory_unreachable",
                "the directory that knows your password cannot be reached; try again in a few minutes",
            ),
            SignInError::EnrolmentNeeded => {
                Self::forbidden("enrolment_needed", "sign in on the web once to set up a second factor")
            }
            SignInError::EnrolmentCode => {
                Self::bad_request("wrong_code", "the code does not fit; wait for the next one and try again")
            }
            SignInError::Store(error) => Self::store(&error),
        }
    }
}

/// Seconds, rounded up, at least one.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    let up = wait + Duration::SECOND - Duration::NANOSECOND;
    u64::try_from(up.whole_seconds()).unwrap_or(0).max(1)
}

type Key = (TenantId, Option<PersonId>, Wrong);

#[derive(Debug, Clone)]
struct Count {
    written_at: Option<OffsetDateTime>,
    unwritten: u64,
    zone: Zone,
}

/// Counts failures until they are written.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    counts: Mutex<HashMap<Key, Count>>,
}

impl Failures {
    /// Counts a failure. With the table full, further kinds wait for room.
    pub(crate) fn note(&self, key: Key, zone: &Zone) {
        let mut counts = self.lock();
        if counts.len() >= MAX_COUNTS && !counts.contains_key(&key) {
            return;
        }
        let count = counts.entry(key).or_insert_with(|| Count { written_at: None, unwritten: 0, zone: zone.clone() });
        count.unwritten += 1;
    }

    /// What is to be written now, by tenant: the first of a kind soon, further ones together. Called regularly.
    pub(crate) fn due(&self, now: OffsetDateTime) -> HashMap<TenantId, Vec<AuditEvent>> {
        let mut due: HashMap<TenantId, Vec<AuditEvent>> = HashMap::new();
        self.lock().retain(|key, count| {
            if count.written_at.is_some_and(|written| now - written < WRITE_EVERY) {
                return true;
            }
            if count.unwritten == 0 {
                return false;
            }
            due.entry(key.0).or_default().push(entry(*key, &count.zone, count.unwritten));
            (count.written_at, count.unwritten) = (Some(now), 0);
            true
        });
        due
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry((_, person, wrong): Key, zone: &Zone, attempts: u64) -> AuditEvent {
    let event = AuditEvent::new(AuditKind::SignIn, wrong.action(), Outcome::Failure)
        .from_zone(zone)
        .details(json!({ "attempts": attempts }));
    match person {
        Some(person) => event.about(person),
        None => event,
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn ten_thousand_failures_are_a_handful_of_entries_and_none_is_lost() {
        let failures = Failures::default();
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        let zone = Zone("internet".into());
        let mut written = Vec::new();
        for n in 0..10_000 {
            failures.note((tenant, None, Wrong::Name), &zone);
            if n % 200 == 0 {
                written.extend(failures.due(T0 + Duration::milliseconds(n * 100)).into_values().flatten());
            }
        }
        written.extend(failures.due(T0 + Duration::hours(1)).into_values().flatten());
        assert_eq!(written.len(), 3);
        let attempts: u64 = written.iter().map(|event| event.details["attempts"].as_u64().unwrap()).sum();
        assert_eq!(attempts, 10_000);
        assert!(failures.due(T0 + Duration::hours(2)).is_empty());
        assert!(failures.lock().is_empty());
    }

    #[test]
    fn kinds_of_failure_are_bounded() {
        let failures = Failures::default();
        let zone = Zone("internet".into());
        for _ in 0..MAX_COUNTS + 10 {
            let tenant = TenantId::new(&SystemClock, &SystemRng);
            failures.note((tenant, None, Wrong::Name), &zone);
        }
        assert_eq!(failures.lock().len(), MAX_COUNTS);
    }

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::milliseconds(1)), 1);
        assert_eq!(whole_seconds(Duration::milliseconds(1_500)), 2);
        assert_eq!(whole_seconds(Duration::seconds(2)), 2);
    }
}
