//! The drawing in ARCHITECTURE.md, as a table: which crate may need which.

use anyhow::Result;

use super::{Verdict, metadata::Metadata, verdict};

const ALL_BUT_SERVER: &[&str] =
    &["domain", "policy", "api", "store", "http", "identity", "access", "admin", "conference", "mail", "media"];

/// Each crate with the crates of ours it may name, outside its tests.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("policy", &["domain"]),
    ("api", &["domain"]),
    ("resume", &["domain"]),
    ("sfu", &[]),
    ("media", &["domain", "sfu"]),
    ("store", &["domain"]),
    ("http", &["domain", "policy", "api", "store"]),
    ("identity", &["domain", "policy", "api", "store", "http"]),
    ("access", &["domain", "resume", "policy", "api", "store", "http", "identity"]),
    ("admin", &["domain", "policy", "api", "store", "http", "identity"]),
    ("conference", &["domain", "policy", "api", "store", "http", "identity", "media"]),
    ("mail", &["domain", "policy", "api", "store", "http", "identity", "mailhost"]),
    ("mailhost", &["domain"]),
    ("server", ALL_BUT_SERVER),
    ("stick", &["domain", "api", "resume"]),
    ("testkit", &["domain"]),
    (
        "fuzz",
        &[
            "domain", "resume", "policy", "api", "store", "http", "identity", "access", "admin", "mail", "mailhost",
            "sfu", "media", "stick", "testkit",
        ],
    ),
];

/// Outside packages that only their owner among our crates may name: everybody else goes through that crate, so that the
/// engine can be replaced in one place. An engine has a second owner where the other end stands in another program: the
/// stick is an SSH client and seals its own key, and must not bring the gateway's crates along for that.
const ENGINES: &[(&str, &[&str])] = &[
    ("sea-orm", &["store"]),
    ("sea-orm-migration", &["store"]),
    ("cedar-policy", &["policy"]),
    ("ldap3", &["identity"]),
    ("webauthn-rs", &["identity"]),
    ("totp-rs", &["identity"]),
    ("argon2", &["identity", "stick"]),
    ("russh", &["access", "stick"]),
    ("ironrdp-pdu", &["access"]),
    ("ironrdp-rdcleanpath", &["access"]),
    ("rust-embed", &["http"]),
    // The test kit reads what stock clients say.
    ("livekit-protocol", &["media", "testkit"]),
    ("jsonwebtoken", &["media"]),
    ("mail-parser", &["mail"]),
    ("mail-builder", &["mail"]),
];

/// Outside packages that the core must not name: it does no input or output and runs on no runtime.
const NOT_IN_THE_CORE: &[&str] = &["tokio", "axum", "hyper", "sea-orm", "rustls", "tracing"];

/// Dependencies between our crates go one way only.
pub(crate) fn directions() -> Result<Verdict> {
    let mut findings = Vec::new();
    for package in Metadata::load()?.packages() {
        let Some(name) = ours(&package.name) else { continue };
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(known, _)| *known == name) else {
            findings.push(format!("{name}: not in the table; decide what it may need"));
            continue;
        };
        for dependency in &package.dependencies {
            let Some(needed) = ours(&dependency.name) else { continue };
            let in_tests = dependency.kind.as_deref() == Some("dev");
            let fine = allowed.contains(&needed) || (in_tests && (needed == "testkit" || needed == name));
            if !fine {
                findings.push(format!("{name} -> {needed}{}", if in_tests { " (in tests)" } else { "" }));
            }
        }
    }
    Ok(verdict(
        &findings,
        "These edges run against the drawing in ARCHITECTURE.md. Features meet in the types and events of `domain`; \
         what two of them need moves down. A new crate is added to the table in xtask/src/check/edges.rs.",
    ))
}

/// An engine is named by its owner alone, and the core names none.
pub(crate) fn engines() -> Result<Verdict> {
    let mut findings = Vec::new();
    for package in Metadata::load()?.packages() {
        // The fuzz targets feed parsers with an engine's own types, and are no part of the product.
        let Some(name) = ours(&package.name).filter(|name| *name != "fuzz") else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            let owners = ENGINES.iter().find(|(engine, _)| *engine == dependency.name).map(|(_, owners)| *owners);
            if let Some(owners) = owners.filter(|owners| !owners.contains(&name)) {
                findings.push(format!("{name} names {}, which belongs to {}", dependency.name, owners.join(" and ")));
            }
            if name == "domain" && NOT_IN_THE_CORE.contains(&dependency.name.as_str()) {
                findings.push(format!("domain names {}", dependency.name));
            }
        }
    }
    Ok(verdict(&findings, "Go through the crate that owns the engine (table in xtask/src/check/edges.rs)."))
}

fn ours(package: &str) -> Option<&str> {
    package.strip_prefix("fernamt-")
}
