//! Passkeys (`WebAuthn`), with user verification, so that one is a whole sign-in by itself.
//!
//! The ceremony's state travels sealed in the token (see `challenge`); the server keeps nothing until it succeeded.

use serde_json::Value;
use thiserror::Error;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

/// The most passkeys of a person.
pub const MAX_PASSKEYS: usize = 20;

/// What is wrong with a passkey.
#[derive(Debug, Error)]
pub enum PasskeyError {
    /// The site cannot use passkeys: its host is an IP address, or not a secure context.
    #[error("passkeys need a host name")]
    Unavailable,
    /// The browser's answer is not in the form of the standard.
    #[error("the passkey's answer cannot be read")]
    Malformed,
    /// The answer does not fit the challenge, the site or the key.
    #[error("the passkey's answer does not fit: {0}")]
    Refused(WebauthnError),
    /// The signature counter ran backwards: two copies of the key exist.
    #[error("the passkey's counter ran backwards: it may have been copied")]
    Cloned,
}

/// Passkeys for one site.
#[derive(Debug)]
pub struct Passkeys {
    webauthn: Webauthn,
}

impl Passkeys {
    /// For the site with this host and origin. Other hosts, proxied applications included, cannot use its passkeys.
    pub fn new(host: &str, origin: &str, name: &str) -> Result<Self, PasskeyError> {
        let origin = Url::parse(origin).map_err(|_| PasskeyError::Unavailable)?;
        let webauthn = WebauthnBuilder::new(host, &origin)
            .and_then(|builder| builder.rp_name(name).build())
            .map_err(|_| PasskeyError::Unavailable)?;
        Ok(Self { webauthn })
    }

    /// Options for a new passkey, and the state to seal. It is made discoverable, so that nobody need type a name.
    pub fn begin_registration(
        &self,
        person: Uuid,
        name: &str,
        display_name: &str,
        present: Vec<Vec<u8>>,
    ) -> Result<(Value, PasskeyRegistration), PasskeyError> {
        let present: Vec<CredentialID> = present;
        let (options, state) = self
            .webauthn
            .start_passkey_registration(person, name, display_name, Some(present))
            .map_err(PasskeyError::Refused)?;
        let mut options = serde_json::to_value(options.public_key).map_err(|_| PasskeyError::Malformed)?;
        if let Some(Value::Object(selection)) = options.get_mut("authenticatorSelection") {
            selection.insert("residentKey".into(), "required".into());
            selection.insert("requireResidentKey".into(), true.into());
        }
        Ok((options, state))
    }

    /// The new passkey: its credential id and what to store.
    pub fn finish_registration(
        &self,
        answer: Value,
        state: &PasskeyRegistration,
    ) -> Result<(Vec<u8>, Value), PasskeyError> {
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(answer).map_err(|_| PasskeyError::Malformed)?;
        let passkey = self.webauthn.finish_passkey_registration(&answer, state).map_err(PasskeyError::Refused)?;
        let stored = serde_json::to_value(&passkey).map_err(|_| PasskeyError::Malformed)?;
        Ok((passkey.cred_id().clone(), stored))
    }

    /// Options for a sign-in by any passkey of this site, and the state to seal.
    pub fn begin_sign_in(&self) -> Result<(Value, DiscoverableAuthentication), PasskeyError> {
        let (options, state) = self.webauthn.start_discoverable_authentication().map_err(PasskeyError::Refused)?;
        let options = serde_json::to_value(options.public_key).map_err(|_| PasskeyError::Malformed)?;
        Ok((options, state))
    }

    /// Reads a sign-in's answer: whose passkey, and which.
    pub fn identify(&self, answer: Value) -> Result<Answer, PasskeyError> {
        let answer: PublicKeyCredential = serde_json::from_value(answer).map_err(|_| PasskeyError::Malformed)?;
        let (person, credential) =
            self.webauthn.identify_discoverable_authentication(&answer).map_err(|_| PasskeyError::Malformed)?;
        let credential_id = credential.to_vec();
        Ok(Answer { person, credential_id, full: answer })
    }

    /// Verifies the answer against the stored passkey. Returns what to store now, if it changed.
    pub fn finish_sign_in(
        &self,
        answer: &Answer,
        state: DiscoverableAuthentication,
        stored: Value,
    ) -> Result<Option<Value>, PasskeyError> {
        let mut passkey: Passkey = serde_json::from_value(stored).map_err(|_| PasskeyError::Malformed)?;
        let result = self
            .webauthn
            .finish_discoverable_authentication_v2(&answer.full, state, DiscoverableKey::from(&passkey))
            .map_err(|error| match error {
                WebauthnError::CredentialPossibleCompromise => PasskeyError::Cloned,
                other => PasskeyError::Refused(other),
            })?;
        if !result.user_verified() {
            return Err(PasskeyError::Refused(WebauthnError::UserNotVerified));
        }
        updated(&mut passkey, &result)
    }
}

/// A passkey's answer that names its owner but is not verified yet.
#[derive(Debug)]
pub struct Answer {
    /// The person that the passkey says it belongs to.
    pub person: Uuid,
    /// The passkey's credential id.
    pub credential_id: Vec<u8>,
    full: PublicKeyCredential,
}

fn updated(passkey: &mut Passkey, result: &AuthenticationResult) -> Result<Option<Value>, PasskeyError> {
    match passkey.update_credential(result) {
        Some(true) => serde_json::to_value(&*passkey).map(Some).map_err(|_| PasskeyError::Malformed),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_origin_is_accepted_and_an_address_is_not() {
        let origin = "http://fernamt.localhost:8080";
        let passkeys = Passkeys::new("fernamt.localhost", origin, "Amt").unwrap();
        let (options, _) = passkeys.begin_registration(Uuid::nil(), "a.meier", "Anna", vec![]).unwrap();
        assert_eq!(options["rp"]["id"], "fernamt.localhost");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let (options, _) = passkeys.begin_sign_in().unwrap();
        assert_eq!(options["userVerification"], "required");
        assert!(Passkeys::new("127.0.0.1", "http://127.0.0.1:80", "Amt").is_err());
        assert!(Passkeys::new("fernamt.example.org", "https://evil.example", "Amt").is_err());
    }

    #[test]
    fn answers_in_no_form_are_malformed() {
        let passkeys = Passkeys::new("x.test", "https://x.test", "Amt").unwrap();
        assert!(matches!(passkeys.identify(serde_json::json!({"id": 1})), Err(PasskeyError::Malformed)));
    }
}
