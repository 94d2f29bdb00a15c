//! Recovery codes: ten random codes of 80 bits, each good for one sign-in when the second factor is lost.
//!
//! 80 random bits cannot be tried out, so a keyed fingerprint is stored instead of a slow hash: the database alone
//! does not even tell whether a guess fits.

use data_encoding::{Encoding, Specification};
use fernamt_domain::{PersonId, Purpose, Rng, Sealer, Secret, TenantId, rng::random_bytes};

/// How many codes a person gets at a time.
pub(crate) const CODES: usize = 10;
/// The random bytes of a code.
pub(crate) const CODE_LEN: usize = 10;
/// The most characters of input that is looked at.
const MAX_INPUT_CHARS: usize = 64;

/// A code in clear, shown once.
pub(crate) type RecoveryCode = Secret<String>;

/// Makes a set of codes, in the form `abcd-efgh-jkmn-pqrs`.
pub(crate) fn generate(rng: &dyn Rng) -> Vec<RecoveryCode> {
    (0..CODES).map(|_| one(rng)).collect()
}

/// Makes one code.
pub(crate) fn one(rng: &dyn Rng) -> RecoveryCode {
    Secret::new(grouped(&alphabet().encode(&random_bytes::<CODE_LEN>(rng))))
}

/// The fingerprint to store or look up for what was typed; `None` if that cannot be a code.
pub(crate) fn fingerprint(
    sealer: &Sealer,
    tenant: TenantId,
    person: PersonId,
    typed: &Secret<String>,
) -> Option<[u8; 32]> {
    fingerprint_for(sealer, Purpose { tenant, word: "recovery-code" }, person.0.as_bytes(), typed)
}

/// The fingerprint of a code of the same form that is good for another purpose and belongs to `owner`.
pub(crate) fn fingerprint_for(
    sealer: &Sealer,
    purpose: Purpose<'_>,
    owner: &[u8],
    typed: &Secret<String>,
) -> Option<[u8; 32]> {
    let text: String = typed
        .expose()
        .chars()
        .take(MAX_INPUT_CHARS)
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_lowercase)
        .collect();
    let code = alphabet().decode(text.as_bytes()).ok().filter(|code| code.len() == CODE_LEN)?;
    Some(sealer.fingerprint(purpose, &[owner, &code].concat()))
}

fn grouped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(4).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Base32 without the letters that are taken for others (i, l, o, u); what people write instead is read as meant.
fn alphabet() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.translate.from.push_str("ilo");
    specification.translate.to.push_str("110");
    specification.encoding().expect("the alphabet has 32 distinct symbols")
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back_however_they_are_typed() {
        let sealer = Sealer::new(&[1; 32]);
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        let (anna, bert) = (PersonId::new(&SystemClock, &SystemRng), PersonId::new(&SystemClock, &SystemRng));
        let codes = generate(&SystemRng);
        let prints: std::collections::HashSet<_> =
            codes.iter().map(|code| fingerprint(&sealer, tenant, anna, code).unwrap()).collect();
        assert_eq!(prints.len(), CODES);
        let code = codes[0].expose();
        assert_eq!(code.len(), 19, "{code}");
        let typed = Secret::new(format!(" {} ", code.to_uppercase().replace('-', " ").replace('0', "O")));
        assert_eq!(fingerprint(&sealer, tenant, anna, &typed), fingerprint(&sealer, tenant, anna, &codes[0]));
        assert_ne!(fingerprint(&sealer, tenant, anna, &codes[0]), fingerprint(&sealer, tenant, bert, &codes[0]));
        assert_eq!(fingerprint(&sealer, tenant, anna, &Secret::from("abcd")), None);
    }
}
