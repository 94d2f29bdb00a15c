//! Handing the typed password on to a desktop or a mail server, without the server keeping it.
//!
//! The password travels in a cookie of its own, sealed by AES-256-GCM under a key derived from the installation's
//! master key and bound to tenant and session. So the server's disk, memory dumps between requests and backups hold no
//! password, not even sealed; the browser holds one that it cannot open; and it is opened only for a request whose
//! session is good. It survives a restart of the server, and goes when the person signs out or the session ends.

use axum::http::{HeaderMap, HeaderValue};
use fernamt_domain::{Purpose, Sealer, Secret, SessionId, TenantId};
use fernamt_http::cookie;
use serde::{Deserialize, Serialize};
use time::Duration;

/// The longest password that is handed on, in bytes: so that the cookie stays small enough to be read back.
pub const MAX_BYTES: usize = 200;

const WORD: &str = "handover";

#[derive(Serialize, Deserialize)]
struct Sealed {
    session: SessionId,
    password: String,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.password);
    }
}

/// The cookie that carries the password for a session; `None` if it is too long.
pub fn seal(
    sealer: &Sealer,
    tenant: TenantId,
    session: SessionId,
    password: &Secret<String>,
    life: Duration,
) -> Option<HeaderValue> {
    if password.expose().len() > MAX_BYTES {
        return None;
    }
    let sealed = Sealed { session, password: password.expose().clone() };
    let value = sealer.seal_token(Purpose { tenant, word: WORD }, &sealed);
    Some(cookie::set(cookie::HANDOVER, &value, life, cookie::SameSite::Strict))
}

/// The password that was typed when this session began, if the request brings it.
pub fn open(sealer: &Sealer, tenant: TenantId, session: SessionId, headers: &HeaderMap) -> Option<Secret<String>> {
    let value = cookie::get(headers, cookie::HANDOVER)?;
    let sealed: Sealed = sealer.open_token(Purpose { tenant, word: WORD }, value.expose()).ok()?;
    (sealed.session == session).then(|| Secret::new(sealed.password.clone()))
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    fn sent_back(set: &HeaderValue) -> HeaderMap {
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn opens_for_its_session_only_and_fits_the_cookie() {
        let sealer = Sealer::new(&[1; 32]);
        let (tenant, a, b) = (
            TenantId::new(&SystemClock, &SystemRng),
            SessionId::new(&SystemClock, &SystemRng),
            SessionId::new(&SystemClock, &SystemRng),
        );
        let longest = Secret::new("ü".repeat(MAX_BYTES / 2));
        let headers = sent_back(&seal(&sealer, tenant, a, &longest, Duration::HOUR).unwrap());
        assert_eq!(open(&sealer, tenant, a, &headers), Some(longest));
        assert_eq!(open(&sealer, tenant, b, &headers), None);
        assert_eq!(open(&Sealer::new(&[2; 32]), tenant, a, &headers), None);
        assert_eq!(seal(&sealer, tenant, a, &Secret::new("x".repeat(MAX_BYTES + 1)), Duration::HOUR), None);
    }
}
