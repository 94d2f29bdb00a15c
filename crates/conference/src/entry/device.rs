//! The mark of a browser that was let in before: a sealed cookie with a bucket of its own at the guard, so that
//! colleagues behind one address do not pay for each other. It says nothing about who uses the browser.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{Purpose, Rng, Sealer, TenantId, rng::random_bytes};
use fernamt_http::cookie::{SameSite, get, set};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::guard::DeviceMark;

/// The cookie's name.
pub(super) const COOKIE: &str = "__Host-fernamt-entry";
/// How long a mark is good that was given for a proof of work.
pub(super) const AFTER_PROOF: Duration = Duration::minutes(30);
/// How long a mark is good that was given for getting in.
pub(super) const AFTER_SUCCESS: Duration = Duration::days(90);

#[derive(Serialize, Deserialize)]
struct Marked {
    mark: String,
    until: i64,
}

fn purpose(tenant: TenantId) -> Purpose<'static> {
    Purpose { tenant, word: "entry-device" }
}

/// A mark that no browser has yet.
pub(super) fn fresh(rng: &dyn Rng) -> DeviceMark {
    DeviceMark(random_bytes::<16>(rng))
}

/// A mark as a cookie, good from `now` on.
pub(super) fn cookie(
    sealer: &Sealer,
    tenant: TenantId,
    mark: DeviceMark,
    now: OffsetDateTime,
    lifetime: Duration,
) -> HeaderValue {
    let (mark, until) = (BASE64URL_NOPAD.encode(&mark.0), now + lifetime);
    let sealed = sealer.seal_token(purpose(tenant), &Marked { mark, until: until.unix_timestamp() });
    set(COOKIE, &sealed, lifetime, SameSite::Strict)
}

/// The mark that a browser shows, if it is ours and will still be good at `at`.
pub(super) fn read(sealer: &Sealer, tenant: TenantId, headers: &HeaderMap, at: OffsetDateTime) -> Option<DeviceMark> {
    let value = get(headers, COOKIE)?;
    let marked: Marked = sealer.open_token(purpose(tenant), value.expose()).ok()?;
    let mark = BASE64URL_NOPAD.decode(marked.mark.as_bytes()).ok()?.try_into().ok()?;
    (at.unix_timestamp() < marked.until).then_some(DeviceMark(mark))
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use fernamt_domain::SystemRng;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_mark_is_good_for_its_time_and_its_tenant_only() {
        let (sealer, tenant) = (Sealer::new(&[7; 32]), TenantId(Uuid::nil()));
        let (now, until) = (OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH + AFTER_PROOF);
        let mark = fresh(&SystemRng);
        let cookie = super::cookie(&sealer, tenant, mark, now, AFTER_PROOF);
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pair).unwrap())]);
        assert_eq!(read(&sealer, tenant, &headers, now), Some(mark));
        assert_eq!(read(&sealer, tenant, &headers, until), None);
        assert_eq!(read(&sealer, TenantId(Uuid::max()), &headers, OffsetDateTime::UNIX_EPOCH), None);
        assert_eq!(read(&Sealer::new(&[8; 32]), tenant, &headers, OffsetDateTime::UNIX_EPOCH), None);
    }
}
