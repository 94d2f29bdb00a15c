//! One-time codes: TOTP (RFC 6238) and HOTP (RFC 4226), computed with the one crypto provider.
//!
//! A code proves a step. The caller must advance the token's last step by one conditional update in the database, so
//! that a code is accepted once, wherever it is typed: web, SSH or stick.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use fernamt_domain::{Rng, Secret, rng::random_bytes, text_enum};
use qrcode::{EcLevel, QrCode, render::svg};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use time::OffsetDateTime;

/// How many steps before and after the present one are accepted.
pub const WINDOW_STEPS: i64 = 1;
/// How far ahead of the stored counter an event token may be.
pub const LOOK_AHEAD_EVENTS: i64 = 10;
/// How far a resynchronisation by two codes in a row searches, in steps either way or events ahead.
pub const RESYNC_STEPS: i64 = 120;
/// The bytes of a secret that we make: what RFC 4226 recommends, and what every app takes.
pub const SECRET_LEN: usize = 20;
/// The most bytes of an imported secret.
pub const MAX_SECRET_LEN: usize = 128;

text_enum! {
    /// The hash function below the code.
    pub enum Algorithm {
        /// What every app and most hardware tokens use.
        Sha1 = "sha1",
        /// Newer hardware tokens.
        Sha256 = "sha256",
        /// Newer hardware tokens.
        Sha512 = "sha512",
    }
}

/// What makes a token move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// Time: a step every so many seconds.
    Time {
        /// Seconds of one step.
        period_s: u16,
    },
    /// Use: a step each press of the button.
    Event,
}

/// How a token makes its codes.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// The hash function.
    pub algorithm: Algorithm,
    /// The digits of a code, 6 to 8.
    pub digits: u8,
    /// What makes it move on.
    pub moving: Moving,
    /// Follow the token's clock as it drifts (RFC 6238, section 6): hardware runs by its own quartz, apps by the
    /// phone's clock, which is set by the network.
    pub follow_drift: bool,
}

impl Scheme {
    /// What authenticator apps expect: SHA-1, six digits, 30 seconds.
    pub const APP: Self =
        Self { algorithm: Algorithm::Sha1, digits: 6, moving: Moving::Time { period_s: 30 }, follow_drift: false };
}

/// Where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The last step whose code was accepted; below it nothing is.
    pub last_step: i64,
    /// How many steps the token's clock runs ahead of ours.
    pub drift: i64,
}

/// A code that fits, and where the token stands once it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The step of the code: the new `last_step`.
    pub step: i64,
    /// The new drift.
    pub drift: i64,
}

/// A random secret for an app.
pub fn new_secret(rng: &dyn Rng) -> Secret<Vec<u8>> {
    Secret::new(random_bytes::<SECRET_LEN>(rng).to_vec())
}

/// The step that a moment lies in; for event tokens there is none.
pub fn step_at(scheme: &Scheme, at: OffsetDateTime) -> Option<i64> {
    match scheme.moving {
        Moving::Time { period_s } => Some(at.unix_timestamp().div_euclid(i64::from(period_s.max(1)))),
        Moving::Event => None,
    }
}

/// The code of a step (RFC 4226, section 5.3).
pub fn code_at(scheme: &Scheme, secret: &Secret<Vec<u8>>, step: i64) -> String {
    let digits = usize::from(scheme.digits.clamp(6, 8));
    format!("{:0digits$}", number_at(scheme, secret, step))
}

/// Looks for the step whose code was typed, within the window around the present and after the last accepted step.
/// Takes the same time whether or not one fits.
pub fn find(
    scheme: &Scheme,
    secret: &Secret<Vec<u8>>,
    position: Position,
    code: &str,
    now: OffsetDateTime,
) -> Option<Match> {
    let typed = parse(scheme, code)?;
    let (first, last) = match step_at(scheme, now) {
        Some(present) => {
            let centre = present + position.drift;
            (centre - WINDOW_STEPS, centre + WINDOW_STEPS)
        }
        None => (position.last_step + 1, position.last_step + LOOK_AHEAD_EVENTS),
    };
    let step = search(scheme, secret, typed, first, last, position.last_step)?;
    let drift = match step_at(scheme, now) {
        Some(present) if scheme.follow_drift => step - present,
        _ => position.drift,
    };
    Some(Match { step, drift })
}

/// Finds a token that lost step by two codes in a row.
pub fn resynchronise(
    scheme: &Scheme,
    secret: &Secret<Vec<u8>>,
    position: Position,
    codes: [&str; 2],
    now: OffsetDateTime,
) -> Option<Match> {
    let typed = [parse(scheme, codes[0])?, parse(scheme, codes[1])?];
    let present = step_at(scheme, now);
    let (first, last) = match present {
        Some(present) => (present - RESYNC_STEPS, present + RESYNC_STEPS),
        None => (position.last_step + 1, position.last_step + RESYNC_STEPS),
    };
    let step = (first.max(position.last_step + 1)..=last)
        .find(|&step| number_at(scheme, secret, step) == typed[0] && number_at(scheme, secret, step + 1) == typed[1])?;
    Some(Match { step: step + 1, drift: present.map_or(0, |present| step + 1 - present) })
}

/// The URI that authenticator apps read.
pub fn otpauth_uri(secret: &Secret<Vec<u8>>, issuer: &str, account: &str) -> Secret<String> {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    Secret::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        issuer = encode(issuer),
        account = encode(account),
        secret = BASE32_NOPAD.encode(secret.expose()),
    ))
}

/// The URI as a QR code in SVG; `None` if it is too long for one.
pub fn qr_svg(uri: &Secret<String>) -> Option<String> {
    let code = QrCode::with_error_correction_level(uri.expose(), EcLevel::M).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build())
}

fn parse(scheme: &Scheme, code: &str) -> Option<u32> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).take(9).collect();
    (digits.len() == usize::from(scheme.digits) && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

fn search(scheme: &Scheme, secret: &Secret<Vec<u8>>, typed: u32, first: i64, last: i64, after: i64) -> Option<i64> {
    let mut found = Choice::from(0);
    let mut at = 0_i64;
    for step in first..=last {
        let fits = number_at(scheme, secret, step).ct_eq(&typed) & Choice::from(u8::from(step > after)) & !found;
        at.conditional_assign(&step, fits);
        found |= fits;
    }
    bool::from(found).then_some(at)
}

fn number_at(scheme: &Scheme, secret: &Secret<Vec<u8>>, step: i64) -> u32 {
    let algorithm = match scheme.algorithm {
        Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha256 => hmac::HMAC_SHA256,
        Algorithm::Sha512 => hmac::HMAC_SHA512,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.expose()), &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
    let mut word = [0; 4];
    for (byte, from) in word.iter_mut().zip(tag.iter().skip(offset)) {
        *byte = *from;
    }
    (u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(u32::from(scheme.digits.clamp(6, 8)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> Secret<Vec<u8>> {
        Secret::new(text.as_bytes().to_vec())
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn eight(algorithm: Algorithm) -> Scheme {
        Scheme { algorithm, digits: 8, moving: Moving::Time { period_s: 30 }, follow_drift: false }
    }

    #[test]
    fn rfc_6238_appendix_b() {
        let sha1 = secret("12345678901234567890");
        let sha256 = secret("12345678901234567890123456789012");
        let sha512 = secret("1234567890123456789012345678901234567890123456789012345678901234");
        for (seconds, a, b, c) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            let code = |algorithm, secret| code_at(&eight(algorithm), secret, seconds / 30);
            assert_eq!(code(Algorithm::Sha1, &sha1), a);
            assert_eq!(code(Algorithm::Sha256, &sha256), b);
            assert_eq!(code(Algorithm::Sha512, &sha512), c);
        }
    }

    #[test]
    fn rfc_4226_appendix_d() {
        let scheme = Scheme { algorithm: Algorithm::Sha1, digits: 6, moving: Moving::Event, follow_drift: true };
        let codes: Vec<_> = (0..4).map(|step| code_at(&scheme, &secret("12345678901234567890"), step)).collect();
        assert_eq!(codes, ["755224", "287082", "359152", "969429"]);
        let start = Position { last_step: -1, drift: 0 };
        let found = find(&scheme, &secret("12345678901234567890"), start, "359152", at(0)).unwrap();
        assert_eq!(found, Match { step: 2, drift: 0 });
    }

    #[test]
    fn a_code_counts_one_step_around_the_present_and_only_after_the_last() {
        let key = secret("12345678901234567890");
        let now = at(3_000);
        let fresh = Position { last_step: 0, drift: 0 };
        for (step, accepted) in [(98, false), (99, true), (100, true), (101, true), (102, false)] {
            let code = code_at(&Scheme::APP, &key, step);
            assert_eq!(find(&Scheme::APP, &key, fresh, &code, now).map(|m| m.step), accepted.then_some(step));
        }
        let code = code_at(&Scheme::APP, &key, 100);
        let used = Position { last_step: 100, drift: 0 };
        assert_eq!(find(&Scheme::APP, &key, used, &code, now), None, "each code counts once");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert!(find(&Scheme::APP, &key, fresh, &spaced, now).is_some());
    }

    #[test]
    fn a_drifted_token_is_found_by_two_codes_in_a_row_and_followed_from_then_on() {
        let key = secret("12345678901234567890");
        let position = Position { last_step: 0, drift: 0 };
        let (a, b) = (code_at(&Scheme::APP, &key, 140), code_at(&Scheme::APP, &key, 141));
        let token = Scheme { follow_drift: true, ..Scheme::APP };
        let found = resynchronise(&token, &key, position, [&a, &b], at(3_000)).unwrap();
        assert_eq!(found, Match { step: 141, drift: 41 });
        assert_eq!(resynchronise(&token, &key, position, [&b, &a], at(3_000)), None);
        let next = code_at(&token, &key, 144);
        let position = Position { last_step: 141, drift: 41 };
        assert_eq!(find(&token, &key, position, &next, at(3_060)), Some(Match { step: 144, drift: 42 }));
    }

    #[test]
    fn the_uri_escapes_names_and_becomes_a_picture() {
        let uri = otpauth_uri(&secret("12345678901234567890"), "Amt Ünd & Co", "a.meier");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Amt%20%C3%9Cnd%20%26%20Co:a.meier?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Amt%20%C3%9Cnd%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
        assert!(qr_svg(&uri).unwrap().contains("<svg"));
    }

    proptest! {
        #[test]
        fn junk_is_never_a_code(code in "\\PC{0,20}") {
            prop_assume!(!code.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit()));
            let position = Position { last_step: 0, drift: 0 };
            prop_assert_eq!(find(&Scheme::APP, &secret("12345678901234567890"), position, &code, at(3_000)), None);
        }
    }
}
