//! Where one browser is told: its push service's address, which alone is enough to tell it something, and its keys.

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{Purpose, Sealer, Secret, TenantId};
use serde::{Deserialize, Serialize};
use url::Url;

use super::encrypt::{POINT_BYTES, Receiver, SECRET_BYTES};

/// The most bytes of an address.
const MAX_ADDRESS_BYTES: usize = 2_048;
/// Below it, ports are those of well-known services.
const FIRST_FREE_PORT: u16 = 1_024;
/// What a point begins with that is not compressed.
const NOT_COMPRESSED: u8 = 4;
/// What a place is sealed for.
const SEALED: &str = "push-place";
/// What its fingerprint is made for.
const PRINT: &str = "push-print";

/// Where one browser is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    endpoint: String,
    p256dh: String,
    auth: String,
}

/// What is wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlaceFault {
    /// The address.
    #[error("the address of a push service begins with https:// and a host, and has at most 2048 bytes")]
    Address,
    /// The browser's public key.
    #[error("the key is a point of P-256, not compressed, in base64url")]
    Key,
    /// The secret.
    #[error("the secret has 16 bytes, in base64url")]
    Secret,
}

impl Place {
    /// Reads what a browser says.
    pub(crate) fn read(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, PlaceFault> {
        address_in(endpoint).ok_or(PlaceFault::Address)?;
        let trimmed = |text: &str| text.trim_end_matches('=').to_owned();
        let place = Self { endpoint: endpoint.to_owned(), p256dh: trimmed(p256dh), auth: trimmed(auth) };
        let point = place.point().ok_or(PlaceFault::Key)?;
        ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, point)).map_err(|_| PlaceFault::Key)?;
        place.receiver().map(|_| place).ok_or(PlaceFault::Secret)
    }

    /// The address.
    pub(crate) fn address(&self) -> Option<Url> {
        address_in(&self.endpoint)
    }

    /// The host of the push service.
    pub(crate) fn host(&self) -> Option<String> {
        Some(self.address()?.host_str()?.to_owned())
    }

    /// The push service: what comes before its addresses' paths.
    pub(super) fn service(&self) -> Option<String> {
        Some(self.address()?.origin().ascii_serialization())
    }

    /// Who reads there.
    pub(super) fn receiver(&self) -> Option<Receiver> {
        let secret: [u8; SECRET_BYTES] = decoded(&self.auth)?;
        Some(Receiver { point: self.point()?, secret })
    }

    /// A fingerprint by which the place is known again.
    pub(crate) fn print(&self, sealer: &Sealer, tenant: TenantId) -> [u8; 32] {
        sealer.fingerprint(Purpose { tenant, word: PRINT }, self.endpoint.as_bytes())
    }

    /// The place as it is stored.
    pub(crate) fn sealed(&self, sealer: &Sealer, tenant: TenantId) -> Secret<Vec<u8>> {
        let text = serde_json::to_vec(self).expect("plain texts always serialise");
        Secret::new(sealer.seal(Purpose { tenant, word: SEALED }, &text))
    }

    /// The place that was stored.
    pub(super) fn open(sealer: &Sealer, tenant: TenantId, sealed: &Secret<Vec<u8>>) -> Option<Self> {
        let text = sealer.open(Purpose { tenant, word: SEALED }, sealed.expose()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn point(&self) -> Option<[u8; POINT_BYTES]> {
        decoded(&self.p256dh).filter(|point: &[u8; POINT_BYTES]| point[0] == NOT_COMPRESSED)
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn address_in(endpoint: &str) -> Option<Url> {
    let url = Url::parse(endpoint).ok().filter(|_| endpoint.len() <= MAX_ADDRESS_BYTES)?;
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let port = url.port_or_known_default()?;
    let is_free = port == 443 || port >= FIRST_FREE_PORT;
    (plain && is_free && url.host_str().is_some() && url.fragment().is_none()).then_some(url)
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const ADDRESS: &str = "https://push.example/x?y=1";

    #[test]
    fn only_addresses_that_can_be_push_services_are_taken() {
        let read = |address: &str| Place::read(address, POINT, AUTH).map(|place| place.host());
        for address in [ADDRESS, "https://push.example:8443/x", "https://127.0.0.1:4430/"] {
            assert!(read(address).is_ok(), "{address}");
        }
        let long = |bytes: usize| format!("{ADDRESS}{}", "x".repeat(bytes - ADDRESS.len()));
        assert!(read(&long(MAX_ADDRESS_BYTES)).is_ok());
        for wrong in [
            "",
            "push.example",
            "http://push.example/x",
            "ftp://push.example/x",
            "data:text/plain,x",
            "https://user@push.example/x",
            "https://:secret@push.example/x",
            "https://push.example:25/x",
            "https://push.example/x#y",
            &long(MAX_ADDRESS_BYTES + 1),
        ] {
            assert_eq!(read(wrong), Err(PlaceFault::Address), "{wrong}");
        }
    }

    #[test]
    fn keys_have_the_form_that_browsers_give() {
        assert!(Place::read(ADDRESS, POINT, AUTH).is_ok());
        assert!(Place::read(ADDRESS, &format!("{POINT}="), &format!("{AUTH}==")).is_ok(), "with padding, too");
        let off_curve = format!("{}A", &POINT[..POINT.len() - 1]);
        for wrong in ["", "!", AUTH, &POINT[..40], &off_curve] {
            assert_eq!(Place::read(ADDRESS, wrong, AUTH).unwrap_err(), PlaceFault::Key, "{wrong}");
        }
        for wrong in ["", "!", POINT, "BTBZMqHH6r4Tts7J_aSI"] {
            assert_eq!(Place::read(ADDRESS, POINT, wrong).unwrap_err(), PlaceFault::Secret, "{wrong}");
        }
    }

    #[test]
    fn a_place_is_stored_sealed_and_known_again() {
        let (sealer, tenant) = (Sealer::new(&[7; 32]), TenantId(Uuid::nil()));
        let place = Place::read(ADDRESS, POINT, AUTH).unwrap();
        let sealed = place.sealed(&sealer, tenant);
        assert_eq!(Place::open(&sealer, tenant, &sealed), Some(place.clone()));
        assert_eq!(Place::open(&sealer, TenantId(Uuid::max()), &sealed), None);
        assert!(!String::from_utf8_lossy(sealed.expose()).contains("push.example"));
        assert_eq!(format!("{place:?}"), "Place(…)");
        let other = Place::read(&format!("{ADDRESS}2"), POINT, AUTH).unwrap();
        assert_eq!(place.print(&sealer, tenant), place.clone().print(&sealer, tenant));
        assert_ne!(place.print(&sealer, tenant), other.print(&sealer, tenant));
    }
}
