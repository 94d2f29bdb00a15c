//! A passkey in software: as much of CTAP2 and `WebAuthn` as a browser would show a server.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// A discoverable passkey for one site.
pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    credential_id: Vec<u8>,
    user: String,
    rp: String,
    /// The signature counter.
    pub(crate) counter: u32,
    /// Whether it verifies its user (PIN, finger).
    pub(crate) verifies: bool,
}

impl Authenticator {
    /// Answers `navigator.credentials.create`.
    pub(crate) fn create(options: &Value, origin: &str) -> (Self, Value) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let credential_id = digest(&SHA256, pair.public_key().as_ref()).as_ref()[..16].to_vec();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let this = Self {
            pair,
            credential_id,
            user: text(&options["user"]["id"]),
            rp: text(&options["rp"]["id"]),
            counter: 1,
            verifies: true,
        };
        let client_data = client_data("webauthn.create", options, origin);
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData");
        let data = this.authenticator_data(true);
        object.extend([0x59]);
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let id = BASE64URL_NOPAD.encode(&this.credential_id);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
                "attestationObject": BASE64URL_NOPAD.encode(&object),
            },
            "clientExtensionResults": {},
        });
        (this, answer)
    }

    /// Answers `navigator.credentials.get`.
    pub(crate) fn sign(&mut self, options: &Value, origin: &str) -> Value {
        self.counter += 1;
        let client_data = client_data("webauthn.get", options, origin);
        let data = self.authenticator_data(false);
        let mut message = data.clone();
        message.extend(digest(&SHA256, &client_data).as_ref());
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        let id = BASE64URL_NOPAD.encode(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
                "authenticatorData": BASE64URL_NOPAD.encode(&data),
                "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
                "userHandle": self.user,
            },
            "clientExtensionResults": {},
        })
    }

    fn authenticator_data(&self, attested: bool) -> Vec<u8> {
        let mut data = digest(&SHA256, self.rp.as_bytes()).as_ref().to_vec();
        let verified = if self.verifies { USER_VERIFIED } else { 0 };
        data.push(USER_PRESENT | verified | if attested { ATTESTED } else { 0 });
        data.extend(self.counter.to_be_bytes());
        if attested {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
            data.extend(&self.credential_id);
            let point = self.pair.public_key().as_ref();
            data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
            data.extend(&point[1..33]);
            data.extend([0x22, 0x58, 0x20]);
            data.extend(&point[33..]);
        }
        data
    }
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    let data = json!({ "type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": false });
    serde_json::to_vec(&data).unwrap()
}
