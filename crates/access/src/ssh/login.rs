//! What a client types before it is signed in: the name, the answers to our questions, and where it wants to go.
//! Plain functions over foreign bytes, so that a fuzzer can call them.

use std::fmt;

use fernamt_domain::{DeviceId, Secret};

/// The longest user name that SSH clients may send, in bytes.
pub const MAX_LOGIN_BYTES: usize = 192;
/// The longest name of a tenant, in bytes (one DNS label).
pub const MAX_TENANT_BYTES: usize = 63;
/// The longest answer to a prompt, in bytes.
pub const MAX_ANSWER_BYTES: usize = 1024;

/// A user name as SSH carries it: `name`, or `name@tenant`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Login {
    name: String,
    tenant: Option<String>,
}

/// Why a user name was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Nothing stands before the `@`, or nothing at all.
    #[error("the name is empty")]
    Empty,
    /// Longer than [`MAX_LOGIN_BYTES`], or the tenant longer than [`MAX_TENANT_BYTES`].
    #[error("the name is too long")]
    TooLong,
    /// A character that no name has.
    #[error("the name has a character that no name has")]
    Character,
}

impl Login {
    /// Reads `name` or `name@tenant`. The last `@` divides, so that names which contain one still work when the tenant
    /// is given. Case does not matter.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        if text.len() > MAX_LOGIN_BYTES {
            return Err(LoginError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(LoginError::Character);
        }
        let (name, tenant) = match text.rsplit_once('@') {
            Some((name, tenant)) => (name, Some(parse_tenant(tenant)?)),
            None => (text, None),
        };
        if name.is_empty() {
            return Err(LoginError::Empty);
        }
        Ok(Self { name: name.to_lowercase(), tenant })
    }

    /// A login that belongs to nobody. Whatever cannot be parsed is treated as this one, so that it takes the same way
    /// and the same time as an unknown name.
    pub fn nobody() -> Self {
        Self { name: String::new(), tenant: None }
    }

    /// The stick that signs in to be activated, if this is how sticks name themselves then.
    pub fn activation(&self) -> Option<DeviceId> {
        self.name.strip_prefix('+')?.parse().ok()
    }

    /// The name, in lower case. Empty for [`Login::nobody`], and no person has an empty name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tenant's name in lower case; `None` means the default tenant.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

impl fmt::Debug for Login {
    // A name is personal data, so it does not reach a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

fn parse_tenant(text: &str) -> Result<String, LoginError> {
    match text {
        "" => Err(LoginError::Empty),
        _ if text.len() > MAX_TENANT_BYTES => Err(LoginError::TooLong),
        _ if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) => {
            Ok(text.to_ascii_lowercase())
        }
        _ => Err(LoginError::Character),
    }
}

/// The answers to our keyboard-interactive prompts.
#[derive(Debug)]
pub struct Answers {
    /// The password, if it was asked for.
    pub password: Option<Secret<String>>,
    /// The one-time code, without the blanks that people type between its halves.
    pub code: Secret<String>,
}

impl Answers {
    /// Reads the answers. `with_password` tells whether password and code were asked for, or the code alone. `None`
    /// when their number is wrong, or one is too long or not UTF-8.
    pub fn parse<B: AsRef<[u8]>>(with_password: bool, answers: impl IntoIterator<Item = B>) -> Option<Self> {
        let mut texts = answers.into_iter().map(|answer| {
            let bytes = answer.as_ref();
            (bytes.len() <= MAX_ANSWER_BYTES).then(|| std::str::from_utf8(bytes).ok().map(Secret::from)).flatten()
        });
        let password = if with_password { Some(texts.next()??) } else { None };
        let typed = texts.next()??;
        if texts.next().is_some() {
            return None;
        }
        let code = Secret::new(typed.expose().chars().filter(|c| !c.is_whitespace()).collect());
        Some(Self { password, code })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_at_sign_divides_name_and_tenant() {
        let login = Login::parse("Anna.Amt").unwrap();
        assert_eq!((login.name(), login.tenant()), ("anna.amt", None));
        let login = Login::parse("anna@Musterstadt").unwrap();
        assert_eq!((login.name(), login.tenant()), ("anna", Some("musterstadt")));
        let login = Login::parse("anna@ad.example@musterstadt").unwrap();
        assert_eq!((login.name(), login.tenant()), ("anna@ad.example", Some("musterstadt")));
    }

    #[test]
    fn malformed_names_are_refused() {
        for (text, error) in [
            ("", LoginError::Empty),
            ("@stadt", LoginError::Empty),
            ("anna@", LoginError::Empty),
            ("an na", LoginError::Character),
            ("anna\0", LoginError::Character),
            ("anna@st/adt", LoginError::Character),
        ] {
            assert_eq!(Login::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Login::parse(&"a".repeat(MAX_LOGIN_BYTES + 1)), Err(LoginError::TooLong));
        assert_eq!(Login::parse(&format!("a@{}", "b".repeat(64))), Err(LoginError::TooLong));
    }

    #[test]
    fn the_number_of_answers_must_fit_the_questions() {
        let both = Answers::parse(true, ["secret", "123 456"]).unwrap();
        assert_eq!(both.password, Some(Secret::from("secret")));
        assert_eq!(both.code, Secret::from("123456"));
        assert!(Answers::parse(false, ["123456"]).unwrap().password.is_none());
        assert!(Answers::parse(true, ["secret"]).is_none());
        assert!(Answers::parse(false, ["secret", "123456"]).is_none());
        assert!(Answers::parse(false, [&b"\xff"[..]]).is_none());
        assert!(Answers::parse(false, ["1".repeat(MAX_ANSWER_BYTES + 1)]).is_none());
    }

    proptest! {
        #[test]
        fn no_name_panics_and_every_parsed_name_is_bounded(text in ".{0,300}") {
            if let Ok(login) = Login::parse(&text) {
                prop_assert!(!login.name().is_empty());
                prop_assert!(text.len() <= MAX_LOGIN_BYTES);
            }
        }
    }
}
