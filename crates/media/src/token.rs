//! Tokens as LiveKit's clients and servers take them: JWTs signed with HMAC-SHA-256.

use std::fmt;

use fernamt_domain::Secret;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{MediaError, Permissions, Source, Sources};

/// The longest token that is looked at.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;

/// How far the clocks of two servers may be apart, in seconds.
const LEEWAY_S: i64 = 60;

/// A key with its name.
pub(crate) struct TokenKey {
    name: String,
    secret: Secret<Vec<u8>>,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TokenKey {
    /// A key under the name that tokens give as their issuer.
    pub(crate) fn new(name: impl Into<String>, secret: Secret<Vec<u8>>) -> Self {
        Self { name: name.into(), secret }
    }

    /// Signs claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<Secret<String>, MediaError> {
        self.encode(&Issued { iss: &self.name, claims }).map(Secret::new)
    }

    fn encode(&self, claims: &impl Serialize) -> Result<String, MediaError> {
        let key = EncodingKey::from_secret(self.secret.expose());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).map_err(MediaError::Signing)
    }

    /// Reads a token that we signed, if it is one and its time is not over.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Option<Claims> {
        let claims: Claims = self.decode(token)?;
        let now = now.unix_timestamp();
        (claims.nbf.is_none_or(|from| from <= now + LEEWAY_S) && now < claims.exp).then_some(claims)
    }

    /// Reads the token of a webhook: who sends it proves the hash of the body.
    pub(crate) fn verify_webhook(&self, token: &str, now: OffsetDateTime) -> Option<String> {
        #[derive(Clone, Deserialize)]
        struct Webhook {
            exp: i64,
            sha256: String,
        }
        let claims: Webhook = self.decode(token)?;
        (now.unix_timestamp() < claims.exp + LEEWAY_S).then_some(claims.sha256)
    }

    /// Signature and issuer are checked here, the times against the injected clock by the callers.
    fn decode<C: serde::de::DeserializeOwned + Clone>(&self, token: &str) -> Option<C> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&self.name]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        rules.validate_exp = false;
        rules.validate_aud = false;
        let key = DecodingKey::from_secret(self.secret.expose());
        jsonwebtoken::decode(token, &key, &rules).ok().map(|data| data.claims)
    }
}

#[derive(Serialize)]
struct Issued<'a> {
    iss: &'a str,
    #[serde(flatten)]
    claims: &'a Claims,
}

/// What a token says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    /// The identity.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) sub: String,
    /// The token's own name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    pub(crate) exp: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    pub(crate) video: VideoGrant,
    /// Ours: how often what this seat's tokens stand on was withdrawn. Absent from tickets for LiveKit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) generation: Option<u64>,
    /// Ours: whether it lets in again whoever was in already, as often as needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
}

/// LiveKit's grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VideoGrant {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) room_join: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) room: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) room_create: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) room_list: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) room_admin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) can_publish: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) can_subscribe: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) can_publish_data: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) can_publish_sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) can_update_own_metadata: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) hidden: bool,
}

impl VideoGrant {
    /// The grant to join a room.
    pub(crate) fn join(room: String, permissions: Permissions) -> Self {
        Self {
            room_join: true,
            room,
            can_publish: Some(permissions.publish.any()),
            can_subscribe: Some(permissions.subscribe),
            can_publish_data: Some(permissions.send_data),
            can_publish_sources: source_words(permissions.publish),
            can_update_own_metadata: Some(permissions.own_metadata),
            hidden: permissions.hidden,
            ..Self::default()
        }
    }
}

/// LiveKit's words for sources; none of them stands for all.
fn source_words(sources: Sources) -> Vec<String> {
    if sources == Sources::ALL {
        return Vec::new();
    }
    [
        (Source::Camera, "camera"),
        (Source::Microphone, "microphone"),
        (Source::ScreenShare, "screen_share"),
        (Source::ScreenShareAudio, "screen_share_audio"),
    ]
    .into_iter()
    .filter(|(source, _)| sources.allow(*source))
    .map(|(_, word)| word.to_owned())
    .collect()
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    fn key(secret: &str) -> TokenKey {
        TokenKey::new("fernamt", Secret::new(secret.as_bytes().to_vec()))
    }

    fn claims() -> Claims {
        let video = VideoGrant::join("room".into(), Permissions::PARTICIPANT);
        Claims { sub: "seat".into(), exp: (NOW + Duration::seconds(60)).unix_timestamp(), video, ..Claims::default() }
    }

    #[test]
    fn only_ours_and_only_in_time() {
        let token = key("one").sign(&claims()).unwrap();
        assert_eq!(key("one").verify(token.expose(), NOW), Some(claims()));
        assert_eq!(key("one").verify(token.expose(), NOW + Duration::seconds(60)), None);
        assert_eq!(key("two").verify(token.expose(), NOW), None);
        let other = TokenKey::new("somebody", Secret::new(b"one".to_vec()));
        assert_eq!(other.verify(token.expose(), NOW), None);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let token = key("one").sign(&claims()).unwrap();
        let (head, rest) = token.expose().split_once('.').unwrap();
        let unsigned = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
        let long = format!("{head}.{}", "A".repeat(MAX_TOKEN_BYTES));
        for bad in ["", ".", "a.b.c", head, &unsigned, &long] {
            assert_eq!(key("one").verify(bad, NOW), None, "{bad}");
        }
    }

    #[test]
    fn no_source_at_all_is_not_written_as_all_sources() {
        let grant = VideoGrant::join("room".into(), Permissions::LISTENER);
        assert_eq!((grant.can_publish, grant.can_publish_sources.len()), (Some(false), 0));
        let muted = Permissions { publish: Sources { microphone: true, ..Sources::NONE }, ..Permissions::PARTICIPANT };
        let grant = VideoGrant::join("room".into(), muted);
        assert_eq!((grant.can_publish, grant.can_publish_sources), (Some(true), vec!["microphone".to_owned()]));
    }
}
