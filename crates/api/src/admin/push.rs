//! The flow to the outside of this name: notices of new mail by way of push services.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most push services that may be named.
pub const MAX_PUSH_HOSTS: usize = 20;
/// The most characters of one of them.
const MAX_HOST_CHARS: usize = 253;

/// The flow to the outside of this name: a browser's push service is told that mail came, and wakes the page there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PushSettings {
    /// Whether any is told.
    pub enabled: bool,
    /// The push services that may be told, by host: `updates.push.services.mozilla.com`, or `*.notify.windows.com` for all
    /// hosts below that one.
    #[schema(max_items = 20)]
    pub hosts: Vec<String>,
}

impl Default for PushSettings {
    /// Nobody is told. The services of today's browsers are named, to be chosen from.
    fn default() -> Self {
        let known =
            ["updates.push.services.mozilla.com", "fcm.googleapis.com", "web.push.apple.com", "*.notify.windows.com"];
        Self { enabled: false, hosts: known.map(str::to_owned).into() }
    }
}

impl PushSettings {
    /// Whether this host may be told.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.enabled
            && self.hosts.iter().any(|known| match known.strip_prefix('*') {
                Some(below) => host.len() > below.len() && host.ends_with(below),
                None => host == *known,
            })
    }
}

/// Whether this names a push service: a host in lower case with a dot in it, or `*.` and such a host.
pub fn is_push_host(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        let letters = label.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        !label.is_empty() && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= MAX_HOST_CHARS && host.contains('.') && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_are_named_are_told_and_none_while_it_is_off() {
        let on = PushSettings { enabled: true, ..PushSettings::default() };
        for known in ["fcm.googleapis.com", "FCM.googleapis.com", "wns2-am3p.notify.windows.com"] {
            assert!(on.allows(known), "{known}");
            assert!(!PushSettings::default().allows(known), "{known}");
        }
        for other in [
            "notify.windows.com",
            ".notify.windows.com",
            "xnotify.windows.com",
            "fcm.googleapis.com.evil.example",
            "evil-fcm.googleapis.com",
            "",
        ] {
            assert!(!on.allows(other), "{other}");
        }
    }

    #[test]
    fn a_host_is_written_as_one() {
        for host in PushSettings::default().hosts {
            assert!(is_push_host(&host), "{host}");
        }
        let long = format!("{}.example", "a".repeat(MAX_HOST_CHARS));
        for wrong in ["", "*", "*.", "*.com", "push", "https://a.example", "a.example/x", "a.example:443", "A.example"]
        {
            assert!(!is_push_host(wrong), "{wrong}");
        }
        for wrong in ["a.*.example", "**.a.example", "a..example", "-a.example", "a.example.", "ä.example", &long] {
            assert!(!is_push_host(wrong), "{wrong}");
        }
    }
}
