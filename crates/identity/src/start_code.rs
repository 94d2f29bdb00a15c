//! The start code: what an administrator hands to somebody who has no second factor yet.
//!
//! Whoever has no second factor signs in by password alone once, to enrol one. Strangers can be in the way of that:
//! their wrong passwords use up what may reach the directory for this account ([`crate::bind_budget`]), and their
//! attempts hold up everybody who brings a password alone ([`crate::throttle`]). Letting more passwords through would
//! end in the directory's lock-out, or open the account to guessing. A start code tells the person from the strangers
//! instead: 80 random bits, handed over with the account, that stand in for the second factor. It passes the lanes that
//! strangers fill, it opens the part of the directory's budget that is kept for who proved something, and a wrong one
//! never reaches a password.
//!
//! It is kept and typed like a recovery code, is good for [`LIFETIME`], enrols and does nothing else: signed in is only
//! who brings the first code of the new authenticator app, and with that the start code is gone.

use fernamt_domain::{PersonId, Secret, TenantId};
use fernamt_store::{StoreError, Work};
use time::Duration;

use crate::{
    Identity,
    recovery::{self, RecoveryCode},
};

/// How long a start code is good.
pub const LIFETIME: Duration = Duration::days(14);

impl Identity {
    /// Makes a start code in place of an earlier one. Only for who has no second factor; `None` if they have one.
    pub async fn make_start_code(
        &self,
        work: &Work,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<RecoveryCode>, StoreError> {
        let tokens = work.otp_tokens().of_person(person).await?;
        if !tokens.is_empty() || !work.passkeys().of_person(person).await?.is_empty() {
            return Ok(None);
        }
        let code = recovery::one(&*self.rng);
        let print = recovery::fingerprint(&self.sealer, tenant, person, &code);
        work.recovery_codes()
            .replace(person, print.map(|print| Secret::new(print.to_vec())).into_iter().collect())
            .await?;
        Ok(Some(code))
    }
}
