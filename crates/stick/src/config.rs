//! `stick.json`: whose stick it is and where its gateway is. The file is not sealed, so whoever finds a stick can change
//! it; nothing in it is believed about the gateway once the key container, which is sealed, says otherwise.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use fernamt_api::stick::{CONFIG_FILE, Config, MAX_CONFIG_BYTES, VERSION};
use fernamt_domain::{NameFault, name};
use russh::keys::PublicKey;
use url::Url;

use crate::gateway::Gateway;

/// The longest sign-in name, in bytes: what the gateway takes.
pub const MAX_LOGIN_BYTES: usize = 192;
/// The longest name of an agency or a person.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest address of any kind, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 1024;
/// The most host keys: two algorithms, each with its successor, and room.
pub const MAX_HOST_KEYS: usize = 8;
/// The longest host key, as a line: RSA with 16 384 bits.
pub const MAX_HOST_KEY_BYTES: usize = 4 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a `stick.json` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is none.
    #[error("there is no {CONFIG_FILE} in this folder")]
    Missing,
    /// It cannot be read.
    #[error("{CONFIG_FILE} cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is longer than [`MAX_CONFIG_BYTES`].
    #[error("{CONFIG_FILE} is larger than {MAX_CONFIG_BYTES} bytes")]
    TooLarge,
    /// It is no JSON, or a field is missing, unknown or of another type.
    #[error("{CONFIG_FILE}: {0}")]
    Form(serde_json::Error),
    /// A field holds what it may not.
    #[error("{CONFIG_FILE}: {field}: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why.
        why: String,
    },
}

/// Reads the file in this folder.
pub fn load(folder: &Path) -> Result<Config, ConfigError> {
    let file = File::open(folder.join(CONFIG_FILE)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing,
        _ => ConfigError::Unreadable(error),
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_CONFIG_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(ConfigError::Unreadable)?;
    parse(&bytes)
}

/// Reads the file's content.
pub fn parse(bytes: &[u8]) -> Result<Config, ConfigError> {
    if bytes.len() > MAX_CONFIG_BYTES {
        return Err(ConfigError::TooLarge);
    }
    // Windows' editors put this before what they save.
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let config: Config = serde_json::from_slice(text).map_err(ConfigError::Form)?;
    check(&config)?;
    Ok(config)
}

fn check(config: &Config) -> Result<(), ConfigError> {
    if config.version != VERSION {
        return wrong("version", format!("{} is not {VERSION}, which this program reads", config.version));
    }
    login(&config.login).or_else(|why| wrong("login", why))?;
    name::check(&config.agency, MAX_NAME_CHARS).or_else(|fault| named("agency", fault))?;
    name::check(&config.person, MAX_NAME_CHARS).or_else(|fault| named("person", fault))?;
    if !matches!(config.language.as_str(), "de" | "en") {
        return wrong("language", "it is de or en");
    }
    if !(config.accent.is_empty() || is_colour(&config.accent)) {
        return wrong("accent", "a colour is written as #rrggbb");
    }
    if config.ssh.is_none() && config.websocket.is_none() {
        return wrong("ssh", "without it and without websocket there is no way to the gateway");
    }
    if let Some(ssh) = &config.ssh {
        host_and_port(ssh).or_else(|why| wrong("ssh", why))?;
    }
    if let Some(websocket) = &config.websocket {
        short(websocket).or_else(|why| wrong("websocket", why))?;
        Gateway::parse(websocket).map(drop).or_else(|error| wrong("websocket", error.to_string()))?;
    }
    host_keys(&config.host_keys).or_else(|why| wrong("host_keys", why))?;
    web(&config.web).or_else(|why| wrong("web", why))
}

fn wrong(field: &'static str, why: impl Into<String>) -> Result<(), ConfigError> {
    Err(ConfigError::Field { field, why: why.into() })
}

fn named(field: &'static str, fault: NameFault) -> Result<(), ConfigError> {
    wrong(field, fault.to_string())
}

/// Whether this can be a sign-in name.
pub(crate) fn login(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > MAX_LOGIN_BYTES {
        return Err("it is too long");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("no name has blanks or control characters");
    }
    Ok(())
}

/// Whether these can be the gateway's keys.
pub(crate) fn host_keys(lines: &[String]) -> Result<(), &'static str> {
    if lines.is_empty() {
        return Err("without one, nobody could be trusted");
    }
    if lines.len() > MAX_HOST_KEYS {
        return Err("there are too many");
    }
    if lines.iter().any(|line| line.len() > MAX_HOST_KEY_BYTES) {
        return Err("one is too long");
    }
    if lines.iter().any(|line| PublicKey::from_openssh(line).is_err()) {
        return Err("one is not a public key as authorized_keys holds it");
    }
    Ok(())
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn short(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_ADDRESS_BYTES { Err("it is too long") } else { Ok(()) }
}

fn host_and_port(text: &str) -> Result<(), &'static str> {
    short(text)?;
    let (host, port) = text.rsplit_once(':').ok_or("it is written as host:port")?;
    if port.parse::<u16>().unwrap_or(0) == 0 || port.starts_with('+') {
        return Err("there is no such port");
    }
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => Ok(()),
        None if url::Host::parse(host).is_ok() => Ok(()),
        _ => Err("there is no such host"),
    }
}

fn web(text: &str) -> Result<(), &'static str> {
    short(text)?;
    let url = Url::parse(text).map_err(|_| "it is not a web address")?;
    let written = matches!(url.scheme(), "https" | "http") && url.has_host();
    if !written || !url.username().is_empty() || url.password().is_some() {
        return Err("it begins with https:// and names a host");
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use fernamt_domain::DeviceId;
    use serde_json::{Value, json};

    use super::*;

    /// Any Ed25519 key.
    pub(crate) const HOST_KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

    fn good() -> Value {
        json!({
            "version": 1,
            "device": DeviceId(uuid::Uuid::from_u128(7)),
            "login": "erika@linden",
            "agency": "Stadt Linden",
            "person": "Erika Linde",
            "language": "de",
            "accent": "#1a5f7a",
            "ssh": "fernamt.example.org:2222",
            "websocket": "wss://fernamt.example.org",
            "host_keys": [HOST_KEY],
            "web": "https://fernamt.example.org",
        })
    }

    pub(crate) fn config() -> Config {
        parse(good().to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_good_file_is_read() {
        assert_eq!(config().agency, "Stadt Linden");
        for (field, value) in [
            ("accent", json!("")),
            ("ssh", Value::Null),
            ("websocket", Value::Null),
            ("ssh", json!("[2001:db8::1]:22")),
            ("ssh", json!("192.0.2.7:2222")),
            ("websocket", json!("ws://fernamt.localhost:8080")),
            ("web", json!("http://fernamt.localhost:8080")),
        ] {
            let mut file = good();
            file[field] = value.clone();
            assert!(parse(file.to_string().as_bytes()).is_ok(), "{field} {value}");
        }
    }

    #[test]
    fn a_fault_names_its_field() {
        for (field, value) in [
            ("version", json!(2)),
            ("login", json!("")),
            ("login", json!("erika linde")),
            ("login", json!("e".repeat(MAX_LOGIN_BYTES + 1))),
            ("agency", json!("")),
            ("agency", json!("Stadt\u{202E}Linden")),
            ("person", json!("x".repeat(MAX_NAME_CHARS + 1))),
            ("language", json!("fr")),
            ("accent", json!("red")),
            ("ssh", json!("fernamt.example.org")),
            ("ssh", json!("fernamt.example.org:0")),
            ("ssh", json!(":22")),
            ("ssh", json!("2001:db8::1:22x")),
            ("ssh", json!("h".repeat(MAX_ADDRESS_BYTES) + ":22")),
            ("websocket", json!("https://fernamt.example.org")),
            ("websocket", json!("ws://fernamt.example.org")),
            ("host_keys", json!([])),
            ("host_keys", json!(["ssh-ed25519 AAAA"])),
            ("host_keys", json!(vec![HOST_KEY; MAX_HOST_KEYS + 1])),
            ("host_keys", json!([format!("{HOST_KEY} {}", "x".repeat(MAX_HOST_KEY_BYTES))])),
            ("web", json!("ftp://fernamt.example.org")),
            ("web", json!("https://erika@fernamt.example.org")),
        ] {
            let mut file = good();
            file[field] = value.clone();
            let error = parse(file.to_string().as_bytes()).unwrap_err();
            let ConfigError::Field { field: named, .. } = &error else { panic!("{value}: {error}") };
            assert_eq!(*named, field, "{error}");
        }
        let mut nowhere = good();
        (nowhere["ssh"], nowhere["websocket"]) = (Value::Null, Value::Null);
        assert!(matches!(parse(nowhere.to_string().as_bytes()), Err(ConfigError::Field { field: "ssh", .. })));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let mut file = good();
        file.as_object_mut().unwrap().remove("login");
        assert!(parse(file.to_string().as_bytes()).unwrap_err().to_string().contains("login"));
        file = good();
        file["colour"] = json!("#000000");
        assert!(parse(file.to_string().as_bytes()).unwrap_err().to_string().contains("colour"));
        let error = parse(b"{").unwrap_err();
        assert!(matches!(error, ConfigError::Form(_)));
        assert!(std::error::Error::source(&error).is_none(), "it is said once, with the file's name before it");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let marked = [BYTE_ORDER_MARK, good().to_string().as_bytes()].concat();
        assert_eq!(parse(&marked).unwrap(), config());
    }

    #[test]
    fn no_more_is_read_than_a_file_may_have() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path()), Err(ConfigError::Missing)));
        let mut text = good().to_string();
        text.push_str(&" ".repeat(MAX_CONFIG_BYTES - text.len()));
        std::fs::write(folder.path().join(CONFIG_FILE), &text).unwrap();
        assert_eq!(load(folder.path()).unwrap(), config());
        std::fs::write(folder.path().join(CONFIG_FILE), text + " ").unwrap();
        assert!(matches!(load(folder.path()), Err(ConfigError::TooLarge)));
    }
}
