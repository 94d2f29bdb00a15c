//! Devices that wait for approval: what their page may ask meanwhile.
//!
//! Whoever proved who they are on a device that waits is handed a sealed token that names this device. Nothing is kept
//! for them: a stranger gets no token, and one that was made up fails before the store is asked. With a token one
//! learns how things stand with its own device and nothing else, and at most once in [`LEAST_BETWEEN`].
//!
//! The token does not sign anybody in. The proof it was given for may be an hour old by the time somebody at the
//! control desk agrees, and the page may stand open on a desk that its owner has left; the password may have been
//! changed since, the second factor reset. So the page says "approved, sign in now", and the person brings password and
//! code again: it is their first session on this device, and the password is needed anyway to hand it on to desktops.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use fernamt_api::sign_in::WaitingDevice;
use fernamt_domain::{DeviceId, DeviceState, PersonId, TenantId};
use fernamt_store::{DeviceRecord, StoreError, TenantStore};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{Identity, failure::SignInError, fingerprint, throttle::SlowDown};

/// How long a page may ask after a sign-in.
pub(crate) const LIFETIME: Duration = Duration::hours(1);
/// Seconds that a page waits between two questions.
pub(crate) const ASK_EVERY_S: u16 = 5;
/// Questions that come faster than this are refused.
pub(crate) const LEAST_BETWEEN: Duration = Duration::seconds(3);
/// The most devices whose last question is remembered; each was enrolled by somebody who proved who they are.
pub(crate) const MAX_ASKING: usize = 10_000;

/// The purpose of the token.
const WORD: &str = "waiting-device";

#[derive(Serialize, Deserialize)]
struct Waiting {
    person: PersonId,
    device: DeviceId,
}

/// Keeps the pace of questions, in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    last: Mutex<HashMap<(TenantId, DeviceId), OffsetDateTime>>,
}

impl Questions {
    fn ask(&self, who: (TenantId, DeviceId), now: OffsetDateTime) -> Result<(), SignInError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = last.get(&who).filter(|at| now - **at < LEAST_BETWEEN) {
            return Err(SlowDown { retry_after: *at + LEAST_BETWEEN - now }.into());
        }
        if last.len() >= MAX_ASKING && !last.contains_key(&who) {
            last.retain(|_, at| now - *at < LEAST_BETWEEN);
            if last.len() >= MAX_ASKING {
                return Err(SignInError::Busy);
            }
        }
        last.insert(who, now);
        Ok(())
    }
}

impl Identity {
    /// What the page of a device that waits needs.
    pub(crate) fn waiting(&self, tenant: TenantId, device: &DeviceRecord) -> WaitingDevice {
        let waiting = Waiting { person: device.person, device: device.id };
        let (token, expires_at) = self.challenges.issue_for(LIFETIME, tenant, WORD, waiting);
        WaitingDevice {
            token,
            expires_at,
            ask_every_s: ASK_EVERY_S,
            name: device.name.clone(),
            fingerprint: fingerprint(device),
        }
    }

    /// How things stand with the device that a token names.
    pub(crate) async fn state_of_waiting(
        &self,
        tenant: &TenantStore,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<DeviceState, SignInError> {
        let waiting = self.challenges.open::<Waiting>(tenant.id(), WORD, token)?.value;
        self.questions.ask((tenant.id(), waiting.device), now)?;
        match tenant.devices().get(waiting.device).await {
            Ok(device) if device.person == waiting.person => Ok(device.state),
            Ok(_) | Err(StoreError::NotFound(_)) => Err(SignInError::Challenge),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn questions_keep_their_pace_in_bounded_memory() {
        let questions = Questions::default();
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        let device = || (tenant, DeviceId::new(&SystemClock, &SystemRng));
        let first = device();
        assert!(questions.ask(first, T0).is_ok());
        let refused = questions.ask(first, T0 + Duration::SECOND);
        assert!(matches!(refused, Err(SignInError::SlowDown(wait)) if wait.retry_after == Duration::seconds(2)));
        for _ in 1..MAX_ASKING {
            assert!(questions.ask(device(), T0).is_ok());
        }
        assert!(matches!(questions.ask(device(), T0), Err(SignInError::Busy)));
        assert!(questions.ask(first, T0 + LEAST_BETWEEN).is_ok(), "who is known keeps asking");
        assert!(questions.ask(device(), T0 + LEAST_BETWEEN).is_ok());
        assert_eq!(questions.last.lock().unwrap().len(), 2, "what is over was forgotten");
    }
}
