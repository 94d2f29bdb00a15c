//! Targets as sticks are told of them.

use fernamt_api::stick::StickTarget;
use fernamt_domain::{TargetKind, TargetSettings};
use fernamt_http::PublicAddress;
use fernamt_store::TargetRecord;

/// Where a tenant's pages and applications are.
pub(super) struct Origins<'a> {
    pub(super) address: &'a PublicAddress,
    /// The tenant's own host name.
    pub(super) host: &'a str,
}

impl Origins<'_> {
    /// A target as its stick shows it.
    pub(super) fn stick_target(&self, target: TargetRecord) -> StickTarget {
        let kind = target.kind();
        let mut out = StickTarget {
            id: target.id,
            name: target.name,
            kind,
            folder: target.folder.unwrap_or_default(),
            description: target.description,
            port: target.port,
            url: None,
            clipboard: false,
            drives: false,
            printers: false,
            domain: None,
            load_balance_info: None,
            start_command: None,
        };
        match target.settings {
            TargetSettings::Rdp(rdp) => {
                // The page of the web application that shows a desktop.
                out.url = Some(format!("{}/arbeitsplatz/{}", self.address.origin(self.host), target.id));
                (out.clipboard, out.drives, out.printers) = (rdp.clipboard, rdp.drives, rdp.printers);
                (out.domain, out.load_balance_info) = (rdp.domain, rdp.load_balance_info);
            }
            TargetSettings::Web(web) => {
                let origin = self.address.origin(&format!("{}.{}", web.label, self.host));
                out.url = Some(origin + &path(web.start_path.as_deref().unwrap_or_default()));
            }
            TargetSettings::Tcp(tcp) => out.start_command = tcp.start_command,
            TargetSettings::Ssh(_) => {}
        }
        debug_assert!(out.url.is_some() || kind != TargetKind::Web, "an application that nobody can open");
        out
    }
}

/// A path that can only be one: what does not begin with a slash would be part of the host name.
fn path(text: &str) -> String {
    if text.starts_with('/') { text.to_owned() } else { format!("/{text}") }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{
        SystemClock, SystemRng, TargetId,
        target::{RdpSettings, SshSettings, WebSettings},
    };
    use time::OffsetDateTime;

    use super::*;

    fn told(settings: TargetSettings) -> StickTarget {
        let target = TargetRecord {
            id: TargetId::new(&SystemClock, &SystemRng),
            name: "Akten".into(),
            folder: None,
            icon: None,
            description: String::new(),
            host: "akten.amt.test".into(),
            port: 8080,
            settings,
            pinned_certificate: None,
            enabled: true,
            created_at: OffsetDateTime::UNIX_EPOCH,
            owner: None,
        };
        let address = PublicAddress { scheme: "https", port: Some(8443) };
        Origins { address: &address, host: "fernamt.test" }.stick_target(target)
    }

    #[test]
    fn an_application_is_opened_at_its_own_origin() {
        let web = |start_path: Option<&str>| {
            TargetSettings::Web(WebSettings {
                label: "akten".into(),
                tls: false,
                start_path: start_path.map(str::to_owned),
            })
        };
        assert_eq!(told(web(None)).url.unwrap(), "https://akten.fernamt.test:8443/");
        assert_eq!(told(web(Some("/start"))).url.unwrap(), "https://akten.fernamt.test:8443/start");
        assert_eq!(told(web(Some(".evil.test/"))).url.unwrap(), "https://akten.fernamt.test:8443/.evil.test/");
    }

    #[test]
    fn a_desktop_opens_in_the_browser_too_and_a_service_does_not() {
        let desktop = told(TargetSettings::Rdp(RdpSettings { drives: true, ..RdpSettings::default() }));
        assert_eq!(desktop.url.unwrap(), format!("https://fernamt.test:8443/arbeitsplatz/{}", desktop.id));
        assert!(desktop.drives && !desktop.printers);
        assert_eq!(told(TargetSettings::Ssh(SshSettings {})).url, None);
    }
}
