//! Reads a vendor's file of hardware tokens: PSKC (RFC 6030) with plain keys, or a simple table.
//!
//! The table has a heading line with `serial` and `secret` and, where they differ from the usual, `type` (`totp` or
//! `hotp`), `algorithm`, `digits`, `period` and `counter`; separated by comma or semicolon. Secrets are hexadecimal or
//! base32. The file comes from outside: everything in it is bounded, and no fault in it stops the others from being
//! named.

mod pskc;

use data_encoding::{BASE32_NOPAD, HEXUPPER_PERMISSIVE};
use fernamt_domain::Secret;

use crate::otp::{Algorithm, MAX_SECRET_LEN, Moving, Scheme};

/// The most bytes of a file.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// The most tokens of a file.
pub const MAX_TOKENS: usize = 10_000;
/// The least bytes of a secret: RFC 4226 demands 128 bits.
pub const MIN_SECRET_LEN: usize = 16;
/// The most characters of a serial number.
pub const MAX_SERIAL_CHARS: usize = 64;

/// A token as the vendor describes it.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// The number printed on it.
    pub serial: String,
    /// Its secret.
    pub secret: Secret<Vec<u8>>,
    /// How it makes its codes.
    pub scheme: Scheme,
    /// The counter it starts from.
    pub counter: i64,
}

/// What is wrong with a file or one of its entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileError {
    /// Above [`MAX_FILE_BYTES`] or [`MAX_TOKENS`].
    #[error("the file is too large: at most {MAX_TOKENS} tokens and 4 MiB")]
    TooLarge,
    /// Neither PSKC nor a table.
    #[error("the file is neither PSKC (XML) nor a table whose first line names serial and secret")]
    UnknownFormat,
    /// Keys are encrypted.
    #[error("the keys in this PSKC file are encrypted: ask the vendor for a file with plain keys over a safe way")]
    Encrypted,
    /// One entry is faulty.
    #[error("entry {entry}: {what}")]
    Entry {
        /// Which, from 1.
        entry: usize,
        /// What is wrong.
        what: EntryFault,
    },
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// The serial number is missing, too long or not readable.
    #[error("the serial number is missing or longer than 64 characters")]
    Serial,
    /// The serial number stands in the file twice.
    #[error("this serial number stands in the file twice")]
    Doubled,
    /// The secret is missing or has another length than it may have.
    #[error("the secret is missing or is not 16 to 128 bytes long")]
    Secret,
    /// The hash function is unknown.
    #[error("the hash function is none of SHA1, SHA256, SHA512")]
    Algorithm,
    /// The code has another number of digits than it may have.
    #[error("a code has 6 to 8 digits")]
    Digits,
    /// The period is unusual.
    #[error("the period is neither 30 nor 60 seconds")]
    Period,
    /// The token is of an unknown type.
    #[error("the type is neither totp nor hotp")]
    Type,
    /// The counter is not a number.
    #[error("the counter is not a number")]
    Counter,
    /// The line cannot be read.
    #[error("the line is damaged")]
    Damaged,
}

impl TokenFileError {
    /// The stable word of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::UnknownFormat => "unknown_format",
            Self::Encrypted => "encrypted",
            Self::Entry { what, .. } => match what {
                EntryFault::Serial => "serial",
                EntryFault::Doubled => "doubled",
                EntryFault::Secret => "secret",
                EntryFault::Algorithm => "algorithm",
                EntryFault::Digits => "digits",
                EntryFault::Period => "period",
                EntryFault::Type => "type",
                EntryFault::Counter => "counter",
                EntryFault::Damaged => "damaged",
            },
        }
    }

    /// Which entry is meant, from 1; `None` for the file as a whole.
    pub fn entry(&self) -> Option<usize> {
        match self {
            Self::Entry { entry, .. } => Some(*entry),
            _ => None,
        }
    }
}

/// Reads a file. Either all entries are good, or every fault is named.
pub fn parse(bytes: &[u8]) -> Result<Vec<TokenRecord>, Vec<TokenFileError>> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(vec![TokenFileError::TooLarge]);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| vec![TokenFileError::UnknownFormat])?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let entries = if text.starts_with('<') { pskc::read(text) } else { table(text) }.map_err(|fault| vec![fault])?;
    let mut serials = std::collections::HashSet::new();
    let (mut tokens, mut faults) = (Vec::new(), Vec::new());
    for (entry, record) in (1..).zip(entries) {
        match record {
            Ok(token) if !serials.insert(token.serial.clone()) => {
                faults.push(TokenFileError::Entry { entry, what: EntryFault::Doubled });
            }
            Ok(token) => tokens.push(token),
            Err(what) => faults.push(TokenFileError::Entry { entry, what }),
        }
    }
    if faults.is_empty() { Ok(tokens) } else { Err(faults) }
}

type Entries = Vec<Result<TokenRecord, EntryFault>>;

/// The raw words of an entry, before they mean anything.
#[derive(Default)]
struct Raw {
    serial: String,
    secret: Vec<u8>,
    kind: String,
    algorithm: String,
    digits: String,
    period: String,
    counter: String,
}

impl Raw {
    fn read(self) -> Result<TokenRecord, EntryFault> {
        let serial = self.serial.trim().to_owned();
        fernamt_domain::name::check(&serial, MAX_SERIAL_CHARS).map_err(|_| EntryFault::Serial)?;
        if !(MIN_SECRET_LEN..=MAX_SECRET_LEN).contains(&self.secret.len()) {
            return Err(EntryFault::Secret);
        }
        let algorithm = match self.algorithm.to_lowercase().replace(['-', '_'], "").trim_start_matches("hmac") {
            "" | "sha1" => Algorithm::Sha1,
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(EntryFault::Algorithm),
        };
        let digits = match self.digits.as_str() {
            "" | "6" => 6,
            "7" => 7,
            "8" => 8,
            _ => return Err(EntryFault::Digits),
        };
        let moving = match self.kind.to_lowercase().as_str() {
            "hotp" | "event" => Moving::Event,
            "" | "totp" | "time" => match self.period.as_str() {
                "" | "30" => Moving::Time { period_s: 30 },
                "60" => Moving::Time { period_s: 60 },
                _ => return Err(EntryFault::Period),
            },
            _ => return Err(EntryFault::Type),
        };
        let counter = match self.counter.as_str() {
            "" => 0,
            text => text.parse::<u32>().map_err(|_| EntryFault::Counter)?.into(),
        };
        let scheme = Scheme { algorithm, digits, moving, follow_drift: true };
        Ok(TokenRecord { serial, secret: Secret::new(self.secret), scheme, counter })
    }
}

fn table(text: &str) -> Result<Entries, TokenFileError> {
    let heading = text.lines().next().unwrap_or_default();
    let separator = if heading.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .comment(Some(b'#'))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|_| TokenFileError::UnknownFormat)?.clone();
    let column = |name: &str| heading.iter().position(|word| word.eq_ignore_ascii_case(name));
    let (Some(serial), Some(secret)) = (column("serial"), column("secret")) else {
        return Err(TokenFileError::UnknownFormat);
    };
    let mut entries = Vec::new();
    for record in reader.records() {
        if entries.len() >= MAX_TOKENS {
            return Err(TokenFileError::TooLarge);
        }
        let Ok(record) = record else {
            entries.push(Err(EntryFault::Damaged));
            continue;
        };
        let optional = |name| column(name).and_then(|at| record.get(at)).unwrap_or_default().to_owned();
        entries.push(
            Raw {
                serial: record.get(serial).unwrap_or_default().to_owned(),
                secret: decode_secret(record.get(secret).unwrap_or_default()),
                kind: optional("type"),
                algorithm: optional("algorithm"),
                digits: optional("digits"),
                period: optional("period"),
                counter: optional("counter"),
            }
            .read(),
        );
    }
    Ok(entries)
}

fn decode_secret(text: &str) -> Vec<u8> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let base32 = text.trim_end_matches('=').to_ascii_uppercase();
    HEXUPPER_PERMISSIVE.decode(text.as_bytes()).or_else(|_| BASE32_NOPAD.decode(base32.as_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otp::code_at;

    /// Figure 2 of RFC 6030, with a second package by time.
    const PSKC: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" Id="exampleID1" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
  <KeyPackage>
    <DeviceInfo><Manufacturer>Manufacturer</Manufacturer><SerialNo>987654321</SerialNo></DeviceInfo>
    <Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
      <Issuer>Issuer</Issuer>
      <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
        <Counter><PlainValue>0</PlainValue></Counter>
      </Data>
    </Key>
  </KeyPackage>
  <KeyPackage>
    <Key Id="T-2" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
      <AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
        <TimeInterval><PlainValue>60</PlainValue></TimeInterval>
      </Data>
    </Key>
  </KeyPackage>
</KeyContainer>"#;

    #[test]
    fn pskc_tokens_make_the_codes_of_the_rfc() {
        let tokens = parse(PSKC.as_bytes()).unwrap();
        assert_eq!(tokens.len(), 2);
        assert_eq!((tokens[0].serial.as_str(), tokens[0].scheme.moving), ("987654321", Moving::Event));
        assert_eq!(code_at(&tokens[0].scheme, &tokens[0].secret, 0), "84755224");
        assert_eq!((tokens[1].serial.as_str(), tokens[1].scheme.moving), ("T-2", Moving::Time { period_s: 60 }));
        assert_eq!(tokens[1].scheme.algorithm, Algorithm::Sha256);
    }

    #[test]
    fn a_table_takes_hexadecimal_and_base32() {
        let text = "\u{feff}Serial;Secret;type;digits\n# a remark\nA1;3132333435363738393031323334353637383930;totp;6\n\
                    A2;GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ;hotp;8\n";
        let tokens = parse(text.as_bytes()).unwrap();
        assert_eq!(tokens[0].secret, tokens[1].secret);
        assert_eq!(code_at(&tokens[1].scheme, &tokens[1].secret, 0), "84755224");
    }

    #[test]
    fn every_fault_is_named_with_its_entry() {
        let good = "3132333435363738393031323334353637383930";
        let text = format!("serial,secret,digits\nA,{good},6\nB,12,6\nA,{good},6\nC,{good},12\n,{good},6\n");
        let faults = parse(text.as_bytes()).unwrap_err();
        let entries: Vec<_> =
            faults.iter().map(|fault| matches!(fault, TokenFileError::Entry { entry: 2..=5, .. })).collect();
        assert_eq!(entries, [true; 4], "{faults:?}");
        assert_eq!(parse(b"name,key\n1,2\n").unwrap_err(), [TokenFileError::UnknownFormat]);
        let sealed = PSKC.replace("PlainValue>MTIz", "EncryptedValue/><PlainValue>MTIz");
        assert_eq!(parse(sealed.as_bytes()).unwrap_err(), [TokenFileError::Encrypted]);
    }

    #[test]
    fn sizes_and_entities_are_bounded() {
        assert_eq!(parse(&vec![b'a'; MAX_FILE_BYTES + 1]).unwrap_err(), [TokenFileError::TooLarge]);
        let many = format!("serial,secret\n{}", "x,y\n".repeat(MAX_TOKENS + 1));
        assert_eq!(parse(many.as_bytes()).unwrap_err(), [TokenFileError::TooLarge]);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><KeyContainer>&b;</KeyContainer>";
        assert_eq!(parse(bomb.as_bytes()).unwrap_err(), [TokenFileError::UnknownFormat]);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_table_makes_it_panic(rows in "[a-z0-9;,\"\n#=]{0,200}") {
            let _ = parse(format!("serial,secret,digits,period\n{rows}").as_bytes());
        }
    }
}
