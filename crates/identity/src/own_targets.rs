//! Targets that people set up for themselves, as far as deciding depends on them: whether an administrator decided that
//! people may, and in which networks.
//!
//! The decision is asked each time such a target is used, not only when it is set up. Who takes it back ends them all.

use std::net::IpAddr;

use fernamt_domain::PersonId;
use fernamt_http::egress::EgressGuard;
use fernamt_store::{StoreError, TargetRecord, TenantStore, Work};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Under which name the decision stands among the settings.
const KEY: &str = "own_targets";

/// The decision on targets that people set up for themselves. Nobody has taken one: they may not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decided {
    /// Whether people may.
    pub enabled: bool,
    /// In which networks, as [`network`] reads them.
    pub networks: Vec<String>,
    /// Why it was decided so.
    pub reason: String,
    /// Who decided it.
    pub by: Option<PersonId>,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
}

/// Why a text names no network where targets may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFault {
    /// It is neither a range nor an address.
    #[error("a network is written like 10.20.0.0/16, an address like 10.20.0.7")]
    Invalid,
    /// It is everything.
    #[error("a network of all addresses limits nothing; name those of the house")]
    Everything,
}

impl NetworkFault {
    /// The stable word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Everything => "too_wide",
        }
    }
}

/// Reads a network: a range in CIDR form, or an address for a range of one.
pub fn network(text: &str) -> Result<IpNet, NetworkFault> {
    let net = match text.trim().parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.trim().parse::<IpNet>().map_err(|_| NetworkFault::Invalid)?,
    };
    // Addresses are compared in their canonical form, so a range of mapped ones would never match.
    if net.addr() != net.addr().to_canonical() {
        return Err(NetworkFault::Invalid);
    }
    if net.prefix_len() == 0 { Err(NetworkFault::Everything) } else { Ok(net.trunc()) }
}

/// Reads the decision in force.
pub async fn load(tenant: &TenantStore) -> Result<Decided, StoreError> {
    Ok(tenant.settings().get(KEY).await?.unwrap_or_default())
}

/// Reads the decision in force inside a unit of work.
pub async fn load_in(work: &Work) -> Result<Decided, StoreError> {
    Ok(work.settings().get(KEY).await?.unwrap_or_default())
}

/// Writes a decision in a unit of work.
pub async fn save(work: &Work, decided: &Decided) -> Result<(), StoreError> {
    work.settings().set(KEY, decided).await
}

impl Decided {
    /// The guard for targets under this decision: what the guard lets pass anyway, and only in the networks named.
    pub fn guard(&self, guard: &EgressGuard) -> EgressGuard {
        let named = self.networks.iter().filter(|_| self.enabled);
        guard.clone().within(named.filter_map(|text| network(text).ok()))
    }
}

/// The guard to connect to a target with: for somebody's own target, the decision limits it.
pub async fn guard_for(
    tenant: &TenantStore,
    target: &TargetRecord,
    guard: &EgressGuard,
) -> Result<EgressGuard, StoreError> {
    match target.owner {
        None => Ok(guard.clone()),
        Some(_) => Ok(load(tenant).await?.guard(guard)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_ranges_or_addresses_but_not_everything() {
        assert_eq!(network(" 10.20.3.4/16 ").unwrap().to_string(), "10.20.0.0/16");
        assert_eq!(network("2001:db8::7").unwrap().to_string(), "2001:db8::7/128");
        for (text, fault) in [
            ("", NetworkFault::Invalid),
            ("house", NetworkFault::Invalid),
            ("10.0.0.0/33", NetworkFault::Invalid),
            ("::ffff:10.0.0.0/104", NetworkFault::Invalid),
            ("0.0.0.0/0", NetworkFault::Everything),
            ("::/0", NetworkFault::Everything),
        ] {
            assert_eq!(network(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_guard_knows_the_networks_and_still_refuses_what_it_refused() {
        let decided = |enabled, networks: &[&str]| Decided {
            enabled,
            networks: networks.iter().map(|&network| network.to_owned()).collect(),
            ..Decided::default()
        };
        let passes = |decided: &Decided, address: &str| {
            decided.guard(&EgressGuard::default()).judge(address.parse().unwrap()).is_ok()
        };
        let house = decided(true, &["10.20.0.0/16", "127.0.0.0/8"]);
        assert!(passes(&house, "10.20.1.2:3389") && passes(&house, "[::ffff:10.20.1.2]:3389"));
        assert!(!passes(&house, "10.21.1.2:3389"));
        assert!(!passes(&house, "127.0.0.1:3389"), "the loopback stays closed");
        assert!(!passes(&decided(false, &["10.20.0.0/16"]), "10.20.1.2:3389"));
    }
}
