//! What people hold to prove who they are: tokens for one-time codes, passkeys, recovery codes.

use fernamt_domain::{OtpTokenId, PasskeyId, PersonId, RecoveryCodeId, Secret, text_enum};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::repository;
use crate::{
    StoreError,
    page::{Page, Paged},
    record::{Field, record, search_text, word_fields},
    scope::{Scope, Writing, before, is, is_null, to},
};

text_enum! {
    /// Where a token for one-time codes lives.
    pub enum OtpKind {
        /// In an app on a phone.
        App = "app",
        /// In a piece of hardware.
        Hardware = "hardware",
    }
}

text_enum! {
    /// What a token counts.
    pub enum OtpMode {
        /// Time steps (RFC 6238).
        Totp = "totp",
        /// Presses of its button (RFC 4226).
        Hotp = "hotp",
    }
}

text_enum! {
    /// The hash function of a token.
    pub enum OtpAlgorithm {
        /// SHA-1, as nearly all tokens have.
        Sha1 = "sha1",
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
    }
}

word_fields! { OtpKind OtpMode OtpAlgorithm }

record! {
    /// A token for one-time codes: an app, or a piece of hardware that may have no owner yet.
    pub struct OtpTokenRecord in "otp_token", key(id) journaled {
        /// The id.
        id: OtpTokenId => Credential,
        /// Whose it is.
        person: Option<PersonId> => Credential,
        /// Where it lives.
        kind: OtpKind => Credential,
        /// What it counts.
        mode: OtpMode => Credential,
        /// A hardware token's serial number, unique within the tenant.
        serial: Option<String> => Credential,
        /// The secret, sealed.
        secret_sealed: Vec<u8> => Credential,
        /// Its hash function.
        algorithm: OtpAlgorithm => Credential,
        /// How many digits its codes have.
        digits: u8 => Credential,
        /// The length of a time step.
        period_s: u32 => Credential,
        /// The last step or counter whose code was used; no earlier one is taken again.
        last_step: i64 => Credential,
        /// By how many steps its clock is off.
        drift: i64 => Credential,
        /// When it was made or imported.
        created_at: OffsetDateTime => Credential,
        /// When its owner proved to hold it. Before that it counts for nothing.
        confirmed_at: Option<OffsetDateTime> => Credential,
    }
    derived |token| {
        search: String => Credential = search_text(&[token.serial.as_deref().unwrap_or_default()]);
    }
}

record! {
    /// A passkey.
    pub struct PasskeyRecord in "passkey", key(id) journaled {
        /// The id.
        id: PasskeyId => Credential,
        /// Whose it is.
        person: PersonId => Credential,
        /// The credential's own id, unique within the tenant.
        credential_id: Vec<u8> => Credential,
        /// The credential as the `WebAuthn` library keeps it.
        credential: serde_json::Value => Credential,
        /// The name that its owner reads.
        name: String => Credential,
        /// When it was made.
        created_at: OffsetDateTime => Credential,
        /// The day it was last used.
        last_used_on: Option<Date> => Credential,
    }
}

record! {
    /// A recovery code.
    pub struct RecoveryCodeRecord in "recovery_code", key(id) journaled {
        /// The id.
        id: RecoveryCodeId => Credential,
        /// Whose it is.
        person: PersonId => Credential,
        /// A hash of the code.
        hash: Secret<Vec<u8>> => Credential,
        /// When it was made.
        created_at: OffsetDateTime => Credential,
        /// When it was used.
        used_at: Option<OffsetDateTime> => Credential,
    }
}

repository! {
    /// Tokens for one-time codes.
    OtpTokens
}

impl<A> OtpTokens<'_, A> {
    /// The token with this id.
    pub async fn get(&self, id: OtpTokenId) -> Result<OtpTokenRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// A person's tokens, confirmed or not, oldest first.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<OtpTokenRecord>, StoreError> {
        self.scope.find(is("person", &Some(person))).order("created_at").order("id").all().await
    }

    /// The hardware token with this serial number.
    pub async fn by_serial(&self, serial: &str) -> Result<Option<OtpTokenRecord>, StoreError> {
        self.scope.find(is("serial", &serial.to_owned())).one().await
    }

    /// A page of hardware tokens by serial number.
    pub async fn list_hardware(&self, page: &Page) -> Result<Paged<OtpTokenRecord>, StoreError> {
        self.scope.page(is("kind", &OtpKind::Hardware), "serial", page).await
    }
}

impl OtpTokens<'_, Writing> {
    /// Adds a token.
    pub async fn insert(&self, token: &OtpTokenRecord) -> Result<(), StoreError> {
        self.scope.insert(token).await
    }

    /// Gives a token to a person, or takes it back. It has to be confirmed again.
    pub async fn assign(&self, id: OtpTokenId, person: Option<PersonId>) -> Result<(), StoreError> {
        let values = vec![to("person", &person), to("confirmed_at", &None::<OffsetDateTime>)];
        self.scope.set_one::<OtpTokenRecord>(is("id", &id), values).await
    }

    /// Notes that the owner proved to hold the token.
    pub async fn confirm(&self, id: OtpTokenId) -> Result<(), StoreError> {
        self.scope.set_one::<OtpTokenRecord>(is("id", &id), vec![to("confirmed_at", &Some(self.scope.now()))]).await
    }

    /// Uses up a step, so that its code and all earlier ones are taken no more. `false` if it was used up already:
    /// of two requests with the same code, whichever way they came, one gets `true`.
    pub async fn use_step(&self, id: OtpTokenId, step: i64, drift: i64) -> Result<bool, StoreError> {
        let unused = is("id", &id).add(before("last_step", &step));
        let values = vec![to("last_step", &step), to("drift", &drift)];
        Ok(self.scope.set::<OtpTokenRecord>(unused, values).await? > 0)
    }

    /// Removes a token.
    pub async fn remove(&self, id: OtpTokenId) -> Result<(), StoreError> {
        self.scope.delete_one::<OtpTokenRecord>(is("id", &id)).await
    }

    /// Takes all second factors by code from a person: apps are removed, hardware is free again.
    pub async fn remove_of_person(&self, person: PersonId) -> Result<(), StoreError> {
        release_tokens(&self.scope, person).await?;
        self.scope.delete::<OtpTokenRecord>(is("person", &Some(person))).await.map(|_| ())
    }
}

/// Frees a person's hardware tokens for somebody else.
pub(crate) async fn release_tokens(scope: &Scope<'_>, person: PersonId) -> Result<(), StoreError> {
    let own = is("person", &Some(person)).add(is("kind", &OtpKind::Hardware));
    let values = vec![to("person", &None::<PersonId>), to("confirmed_at", &None::<OffsetDateTime>)];
    scope.set::<OtpTokenRecord>(own, values).await.map(|_| ())
}

repository! {
    /// Passkeys.
    Passkeys
}

impl<A> Passkeys<'_, A> {
    /// The passkey with this id.
    pub async fn get(&self, id: PasskeyId) -> Result<PasskeyRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The passkey with this credential id.
    pub async fn by_credential_id(&self, credential_id: &[u8]) -> Result<Option<PasskeyRecord>, StoreError> {
        self.scope.find(is("credential_id", &credential_id.to_vec())).one().await
    }

    /// A person's passkeys, oldest first.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<PasskeyRecord>, StoreError> {
        self.scope.find(is("person", &person)).order("created_at").order("id").all().await
    }
}

impl Passkeys<'_, Writing> {
    /// Adds a passkey.
    pub async fn insert(&self, passkey: &PasskeyRecord) -> Result<(), StoreError> {
        self.scope.insert(passkey).await
    }

    /// Notes a use: the credential with its new counter, and the day.
    pub async fn used(&self, id: PasskeyId, credential: &serde_json::Value, day: Date) -> Result<(), StoreError> {
        let values = vec![to("credential", credential), to("last_used_on", &Some(day))];
        self.scope.set_one::<PasskeyRecord>(is("id", &id), values).await
    }

    /// Removes a passkey.
    pub async fn remove(&self, id: PasskeyId) -> Result<(), StoreError> {
        self.scope.delete_one::<PasskeyRecord>(is("id", &id)).await
    }

    /// Removes all passkeys of a person. Returns how many.
    pub async fn remove_of_person(&self, person: PersonId) -> Result<u64, StoreError> {
        self.scope.delete::<PasskeyRecord>(is("person", &person)).await
    }
}

repository! {
    /// Recovery codes.
    RecoveryCodes
}

impl<A> RecoveryCodes<'_, A> {
    /// A person's codes that are not used yet.
    pub async fn unused_of_person(&self, person: PersonId) -> Result<Vec<RecoveryCodeRecord>, StoreError> {
        self.scope.find(is("person", &person).add(is_null("used_at"))).order("id").all().await
    }
}

impl RecoveryCodes<'_, Writing> {
    /// Replaces all codes of a person by new ones, given as hashes. No hashes means no codes.
    pub async fn replace(&self, person: PersonId, hashes: Vec<Secret<Vec<u8>>>) -> Result<(), StoreError> {
        self.scope.delete::<RecoveryCodeRecord>(is("person", &person)).await?;
        let (clock, rng, created_at) = (self.scope.clock(), self.scope.rng(), self.scope.now());
        let make =
            |hash| RecoveryCodeRecord { id: RecoveryCodeId::new(clock, rng), person, hash, created_at, used_at: None };
        let codes: Vec<_> = hashes.into_iter().map(make).collect();
        self.scope.insert_all(&codes).await
    }

    /// Uses up a code. `false` if it was used already.
    pub async fn use_up(&self, id: RecoveryCodeId) -> Result<bool, StoreError> {
        let unused = is("id", &id).add(is_null("used_at"));
        let used = self.scope.set::<RecoveryCodeRecord>(unused, vec![to("used_at", &Some(self.scope.now()))]).await?;
        if used > 0 {
            self.scope.journal_state::<RecoveryCodeRecord>(&id, USED).await?;
        }
        Ok(used > 0)
    }

    /// Uses up the code of a person that has this hash. `false` if there is none that is unused.
    pub async fn use_up_hash(&self, person: PersonId, hash: &Secret<Vec<u8>>) -> Result<bool, StoreError> {
        let own = Condition::all().add(Expr::col("hash").eq(hash.value())).add(is("person", &person));
        match self.scope.find::<RecoveryCodeRecord>(own).one().await? {
            Some(code) => self.use_up(code.id).await,
            None => Ok(false),
        }
    }
}

/// The journal's word for a used recovery code.
pub(crate) const USED: &str = "used";
