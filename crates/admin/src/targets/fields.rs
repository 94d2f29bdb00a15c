//! What a target's fields may hold.

use fernamt_api::{
    admin::targets::{TargetFields, TargetSettings},
    problem::FieldProblem,
};
use fernamt_domain::{
    start_command,
    target::{MAX_HOST_CHARS, is_host, is_label},
};
use fernamt_http::egress::EgressGuard;

use crate::check::Checks;

/// The most characters of a name.
pub(crate) const MAX_NAME_CHARS: usize = 100;

/// The most characters of a description or a command.
const MAX_TEXT_CHARS: usize = 500;

/// The most characters of a broker's load-balance information.
const MAX_LOAD_BALANCE_CHARS: usize = 256;

/// First labels that the installation uses itself, or will.
const RESERVED_LABELS: [&str; 6] = ["www", "post", "admin", "api", "meet", "fernamt"];

/// Everything that is wrong with a target's fields; empty if it may be saved.
pub(crate) fn check(fields: &TargetFields) -> Vec<FieldProblem> {
    let mut checks = Checks::default();
    checks.name("name", &fields.name, MAX_NAME_CHARS);
    checks.text("folder", &fields.folder, MAX_NAME_CHARS);
    checks.text("description", &fields.description, MAX_TEXT_CHARS);
    let icon =
        fields.icon.len() <= 64 && fields.icon.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    checks.that(icon, "icon", "invalid", "an icon is one of those that the app knows");
    if fields.host.is_empty() {
        checks.that(false, "host", "required", "a target needs a host");
    } else {
        checks.that(is_host(&fields.host), "host", "invalid", "a host is a name such as ts1.amt.example or an address");
    }
    checks.that(fields.port > 0, "port", "invalid", "a port is a number from 1 to 65535");
    match &fields.settings {
        TargetSettings::Rdp { domain, load_balance_info, .. } => {
            checks.optional_text("settings.domain", domain.as_deref(), MAX_HOST_CHARS);
            let info = load_balance_info.as_deref().unwrap_or_default();
            // It is written into the X.224 request, where a line break would begin another field.
            let plain = info.len() <= MAX_LOAD_BALANCE_CHARS && info.bytes().all(|b| (0x20..0x7F).contains(&b));
            checks.that(plain, "settings.load_balance_info", "invalid", "the information is one line of ASCII text");
        }
        TargetSettings::Ssh {} => {}
        TargetSettings::Tcp { start_command } => {
            checks.optional_text("settings.start_command", start_command.as_deref(), MAX_TEXT_CHARS);
            if let Some(Err(fault)) = start_command.as_deref().map(start_command::check) {
                checks.that(false, "settings.start_command", fault.code(), &fault.to_string());
            }
        }
        TargetSettings::Web { label, start_path, .. } => check_web(&mut checks, label, start_path.as_deref()),
    }
    checks.found
}

/// What is wrong with where a target is: of this server itself, only what its configuration names may be a target. A
/// target that is switched off may stay where it was.
pub(crate) fn check_place(
    egress: &EgressGuard,
    wanted: &TargetFields,
    present: Option<&TargetFields>,
) -> Option<FieldProblem> {
    let stays = present.is_some_and(|present| present.host == wanted.host && present.port == wanted.port);
    if stays && !wanted.enabled {
        return None;
    }
    let detail = "this is the server itself or its link; name a machine of the house, or let the port pass by \
                  allow_loopback_ports in the configuration";
    egress.judge_written(&wanted.host, wanted.port).err().map(|_| FieldProblem::new("host", "this_server", detail))
}

fn check_web(checks: &mut Checks, label: &str, start_path: Option<&str>) {
    if label.is_empty() {
        checks.that(false, "settings.label", "required", "a web application needs the first label of its address");
    } else if RESERVED_LABELS.contains(&label) {
        checks.that(false, "settings.label", "reserved", "this label is used by the installation itself");
    } else {
        let detail = "a label has 1 to 63 lower-case letters, digits and hyphens";
        checks.that(is_label(label) && label == label.to_ascii_lowercase(), "settings.label", "invalid", detail);
    }
    let path = start_path.unwrap_or("/");
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 1_000
        && path.bytes().all(|b| (0x21..0x7F).contains(&b) && b != b'\\');
    checks.that(plain, "settings.start_path", "invalid", "a path begins with / and has no spaces");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(label: &str, path: Option<&str>) -> TargetFields {
        TargetFields {
            name: "GIS".into(),
            folder: String::new(),
            icon: String::new(),
            description: String::new(),
            host: "gis.amt.test".into(),
            port: 443,
            settings: TargetSettings::Web { label: label.into(), tls: true, start_path: path.map(Into::into) },
            enabled: true,
        }
    }

    fn faults(fields: &TargetFields) -> Vec<(String, String)> {
        check(fields).into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    #[test]
    fn a_web_application_has_a_label_and_a_path() {
        assert_eq!(faults(&web("gis", Some("/karte?x=1"))), []);
        for (label, path, field, code) in [
            ("", None, "settings.label", "required"),
            ("post", None, "settings.label", "reserved"),
            ("a.b", None, "settings.label", "invalid"),
            ("Gis", None, "settings.label", "invalid"),
            ("gis", Some("//evil.example"), "settings.start_path", "invalid"),
            ("gis", Some("karte"), "settings.start_path", "invalid"),
        ] {
            assert_eq!(faults(&web(label, path)), [(field.to_owned(), code.to_owned())]);
        }
    }

    #[test]
    fn a_command_fills_in_host_and_port_only() {
        let tcp = |command: Option<&str>| TargetFields {
            settings: TargetSettings::Tcp { start_command: command.map(Into::into) },
            ..web("", None)
        };
        for good in [None, Some("fibu --server {host}:{port}")] {
            assert_eq!(faults(&tcp(good)), []);
        }
        for (bad, code) in [("fibu {server}", "unknown_placeholder"), ("fibu \"x", "open_quote"), (" ", "required")] {
            assert_eq!(faults(&tcp(Some(bad))), [("settings.start_command".to_owned(), code.to_owned())], "{bad}");
        }
    }

    #[test]
    fn load_balance_information_is_one_line() {
        let rdp = |info: &str| TargetFields {
            settings: TargetSettings::Rdp {
                nla: false,
                clipboard: false,
                drives: false,
                printers: false,
                sign_on: false,
                domain: None,
                load_balance_info: Some(info.into()),
            },
            ..web("", None)
        };
        assert_eq!(faults(&rdp("tsv://MS Terminal Services Plugin.1.Farm")), []);
        assert_eq!(faults(&rdp("x\r\nCookie: y")).len(), 1);
    }
}
