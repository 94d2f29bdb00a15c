//! The signature over the build of mail's page. Containers are bound to the key and open in no other build.

use aws_lc_rs::rand::SystemRandom;
use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{Purpose, Sealer, TenantId, seal::CONTAINER_KEY};

/// What a signature is made over, before the build's hash in hexadecimal digits.
const SIGNED_FOR: &[u8] = b"fernamt-page-build\0";
/// What stands in the page before the hash of the list of its files.
const BUILD: &str = r#"name="build" content=""#;
/// Stands in the page where the signature goes.
const PLACEHOLDER: &str = "__BUILD_SIGNATURE__";

/// The page with the tenant's signature of its build: ECDSA P-256 with SHA-256, r and s, base64url. A page that names no
/// build stays as it is; containers do not open in it.
pub(crate) fn signed(html: String, sealer: &Sealer, tenant: TenantId) -> String {
    let Some(build) = build_of(&html) else { return html };
    let message = [SIGNED_FOR, build.as_bytes()].concat();
    let Ok(key) = sealer.signing_key(Purpose { tenant, word: CONTAINER_KEY }) else {
        tracing::error!(%tenant, "no key to sign the page of mail with follows from the master key");
        return html;
    };
    let Ok(signature) = key.sign(&SystemRandom::new(), &message) else {
        tracing::error!(%tenant, "the page of mail could not be signed");
        return html;
    };
    html.replace(PLACEHOLDER, &BASE64URL_NOPAD.encode(signature.as_ref()))
}

/// The hash that the build wrote into the page: SHA-256 over the list of its files.
fn build_of(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once(BUILD)?;
    let (build, _) = rest.split_once('"')?;
    (build.len() == 64 && build.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(build)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};

    use super::*;

    const PAGE: &str =
        r#"<meta name="build" content="__BUILD__" /><meta name="build-signature" content="__BUILD_SIGNATURE__" />"#;

    fn tenant() -> TenantId {
        "00000000-0000-0000-0000-000000000001".parse().unwrap()
    }

    #[test]
    fn a_tenants_key_signs_the_build_that_the_page_names_and_no_other() {
        let (sealer, tenant) = (Sealer::new(&[1; 32]), tenant());
        let build = "0a".repeat(32);
        let html = signed(PAGE.replace("__BUILD__", &build), &sealer, tenant);
        let (_, rest) = html.split_once(r#"name="build-signature" content=""#).unwrap();
        let signature = BASE64URL_NOPAD.decode(rest.split('"').next().unwrap().as_bytes()).unwrap();
        let key = sealer.signing_key(Purpose { tenant, word: CONTAINER_KEY }).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());
        public.verify(&[SIGNED_FOR, build.as_bytes()].concat(), &signature).unwrap();
        assert!(public.verify(&[SIGNED_FOR, "0b".repeat(32).as_bytes()].concat(), &signature).is_err());
    }

    #[test]
    fn a_page_that_names_no_build_is_not_signed() {
        let (sealer, tenant) = (Sealer::new(&[1; 32]), tenant());
        for page in [PAGE.to_owned(), PAGE.replace("__BUILD__", "0a"), String::new()] {
            assert_eq!(signed(page.clone(), &sealer, tenant), page);
        }
    }
}
