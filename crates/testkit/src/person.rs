//! A person at a browser, seen from outside: a password, a device key, an authenticator app.

use std::{
    net::{SocketAddr, TcpStream},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::{Value, json};

use crate::http::{self, Answer};

/// What stands before an uncompressed P-256 point in its SPKI form.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What a browser signs before the challenge when it signs in.
const SIGN_IN: &[u8] = b"fernamt-sign-in\0";
/// How long a one-time code is good, in seconds.
pub(crate) const CODE_PERIOD_S: u64 = 30;

/// A person with a browser. Plain HTTP only: for benches and stories on the loopback.
pub struct Person {
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The secret of the authenticator app, once it is enrolled.
    pub totp_secret: Option<Vec<u8>>,
    key: EcdsaKeyPair,
    server: SocketAddr,
    host: String,
    scheme: &'static str,
    cookie: Option<String>,
}

/// The path with its query that a redirect leads to, whichever host it names.
fn path_of(answer: &Answer) -> Result<String> {
    let location = answer.headers.get("location").with_context(|| format!("a redirect and not {}", answer.status))?;
    let path = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => location,
    };
    Ok(path.to_owned())
}

impl Person {
    /// A person at a fresh browser that shows the server under `host` (with its port).
    pub fn new(server: SocketAddr, host: &str, name: &str, password: &str) -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("make a device key")?;
        let [host, name, password] = [host, name, password].map(str::to_owned);
        Ok(Self { name, password, totp_secret: None, key, server, host, scheme: "http", cookie: None })
    }

    /// The same person where people reach the server by TLS, though this one does not.
    #[must_use]
    pub fn by_https(self) -> Self {
        Self { scheme: "https", ..self }
    }

    /// Signs in; the first time an authenticator app is enrolled on the way. Fails unless the person is in afterwards.
    /// Later requests carry the session's cookies.
    pub fn sign_in(&mut self) -> Result<Answer> {
        self.cookie = None;
        let answer = self.signed_in()?;
        self.keep(&answer);
        Ok(answer)
    }

    fn signed_in(&mut self) -> Result<Answer> {
        let second = self.totp_secret.as_deref().map(|secret| json!({ "kind": "totp", "code": code(secret, now_s()) }));
        let challenge = self.challenge()?;
        let body = json!({
            "name": self.name, "password": self.password, "second": second,
            "device": self.proof(&challenge)?, "challenge": challenge,
        });
        let answer = self.post("/api/v1/sign-in", &body)?;
        let said = answer.json()?;
        match said["state"].as_str() {
            Some("signed_in") => Ok(answer),
            Some("enrolment_required") => self.enrol(&said["enrolment"]),
            _ => anyhow::bail!("{} was not let in: {} {said}", self.name, answer.status),
        }
    }

    /// The same person on the origin of mail, reached as a browser reaches it: from there to the main site and back.
    pub fn at_post(&self) -> Result<Self> {
        let mut post = Self::new(self.server, &format!("post.{}", self.host), &self.name, &self.password)?;
        let begun = post.get("/.fernamt/begin")?;
        post.keep(&begun);
        let led = self.get(&path_of(&begun)?)?;
        let arrived = post.get(&path_of(&led)?)?;
        ensure!(arrived.status == 303, "{} did not arrive: {}", self.name, arrived.status);
        post.keep(&arrived);
        Ok(Self { scheme: self.scheme, ..post })
    }

    fn keep(&mut self, answer: &Answer) {
        let pairs = answer.cookies.iter().filter_map(|cookie| cookie.split(';').next());
        self.cookie = Some(pairs.collect::<Vec<_>>().join("; "));
    }

    /// What the authenticator app shows now.
    pub fn code(&self) -> Result<String> {
        let secret = self.totp_secret.as_deref().context("there is an authenticator app")?;
        Ok(code(secret, now_s()))
    }

    /// The cookies of the session, as a request carries them.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Sends JSON as a page of the server's own origin would.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, body)
    }

    /// Replaces what a path holds.
    pub fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("PUT", path, body)
    }

    /// Removes what a path holds.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.send("DELETE", path, &Value::Null)
    }

    /// Fetches a path.
    pub fn get(&self, path: &str) -> Result<Answer> {
        http::request(self.server, "GET", path, &self.headers(&[]), b"")
    }

    /// Sends bytes as a page of the server's own origin would.
    pub fn upload(&self, path: &str, media_type: &str, bytes: &[u8]) -> Result<Answer> {
        let origin = format!("{}://{}", self.scheme, self.host);
        let headers = self.headers(&[("Origin", &origin), ("Content-Type", media_type)]);
        http::request(self.server, "POST", path, &headers, bytes)
    }

    /// Listens to server-sent events on a path: a connection on which nothing was read yet.
    pub fn listen(&self, path: &str) -> Result<TcpStream> {
        http::open(self.server, "GET", path, &self.headers(&[("Accept", "text/event-stream")]), b"")
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let origin = format!("{}://{}", self.scheme, self.host);
        let headers = self.headers(&[("Origin", &origin), ("Content-Type", "application/json")]);
        http::request(self.server, method, path, &headers, body.to_string().as_bytes())
    }

    fn headers<'a>(&'a self, further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let cookie = self.cookie.as_deref().map(|cookie| ("Cookie", cookie));
        [("Host", self.host.as_str())].into_iter().chain(cookie).chain(further.iter().copied()).collect()
    }

    /// The device's proof for a challenge.
    pub fn proof(&self, challenge: &str) -> Result<Value> {
        let signed = [SIGN_IN, challenge.as_bytes()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).context("sign the challenge")?;
        let spki = [SPKI_PREFIX.as_slice(), self.key.public_key().as_ref()].concat();
        Ok(json!({
            "public_key": BASE64URL_NOPAD.encode(&spki), "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
            "name": "Test browser",
        }))
    }

    fn enrol(&mut self, enrolment: &Value) -> Result<Answer> {
        let secret = enrolment["secret"].as_str().context("an enrolment has a secret")?;
        let secret = BASE32_NOPAD.decode(secret.trim_end_matches('=').as_bytes()).context("the secret is Base32")?;
        let challenge = self.challenge()?;
        let body = json!({
            "token": enrolment["token"], "code": code(&secret, now_s()),
            "device": self.proof(&challenge)?, "challenge": challenge,
        });
        let answer = self.post("/api/v1/sign-in/enrolment", &body)?;
        ensure!(answer.json()?["state"] == "signed_in", "{} was not enrolled: {}", self.name, answer.json()?);
        self.totp_secret = Some(secret);
        Ok(answer)
    }

    fn challenge(&self) -> Result<String> {
        let answer = self.get("/api/v1/sign-in/challenge")?;
        ensure!(answer.status == 200, "no challenge: {}", String::from_utf8_lossy(&answer.body));
        Ok(answer.json()?["challenge"].as_str().context("there is a challenge")?.to_owned())
    }
}

/// The six digits that an authenticator app shows (RFC 6238, SHA-1).
pub fn code(secret: &[u8], unix_s: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(unix_s / CODE_PERIOD_S).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let number = u32::from_be_bytes([tag[offset], tag[offset + 1], tag[offset + 2], tag[offset + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// How long until the authenticator app shows another code.
pub fn until_next_code() -> Duration {
    Duration::from_secs(CODE_PERIOD_S - now_s() % CODE_PERIOD_S)
}

#[expect(clippy::disallowed_methods, reason = "the server outside runs on the real time")]
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        assert_eq!(code(secret, 59), "287082");
        assert_eq!(code(secret, 1_111_111_109), "081804");
    }
}
