//! SSH in a terminal: which one, and what `ssh` is told so that it leaves nothing behind on the computer.

use std::{net::SocketAddr, path::PathBuf};

use fernamt_api::stick::target_host;
use fernamt_domain::TargetId;

use super::find::{Search, System};

/// The file beside the program that remembers the host keys of SSH targets.
pub(crate) const KNOWN_HOSTS_FILE: &str = "stick.hosts";

/// Terminals that run what they are given as their own descendant, and how to give it to them.
///
/// GNOME's terminals hand everything to one process that serves all windows and that the stick did not start; what runs
/// in them may not use its tunnels, so they are not here.
const TERMINALS: [(&str, &[&str]); 12] = [
    ("konsole", &["--separate", "--nofork", "-e"]),
    ("xfce4-terminal", &["--disable-server", "-x"]),
    ("mate-terminal", &["--disable-factory", "-x"]),
    ("ptyxis", &["--standalone", "--"]),
    ("kitty", &["--single-instance=no"]),
    ("foot", &[]),
    ("alacritty", &["-e"]),
    ("wezterm", &["start", "--always-new-process", "--"]),
    ("urxvt", &["-e"]),
    ("xterm", &["-u8", "-e"]),
    ("uxterm", &["-e"]),
    ("st", &["-e"]),
];

/// How to run `ssh` where a person sees it: the program and what stands before the arguments of `ssh`.
pub(crate) fn find(search: &Search) -> Option<(PathBuf, Vec<String>)> {
    let ssh = search.find("ssh")?;
    if search.system == System::Windows {
        return Some((ssh, Vec::new()));
    }
    let ssh = ssh.to_str()?.to_owned();
    TERMINALS.iter().find_map(|(name, before)| {
        let terminal = search.find(name)?;
        let arguments = before.iter().map(|&argument| argument.to_owned()).chain([ssh.clone()]).collect();
        Some((terminal, arguments))
    })
}

/// What `ssh` is told. It runs in the stick's folder, so the name of [`KNOWN_HOSTS_FILE`] needs no path and no quotes.
///
/// The host key is kept under the target's own name, because the loopback address changes each time: the first one is
/// taken, as it comes through the pinned gateway, and another one later is refused.
pub(crate) fn ssh_arguments(target: TargetId, address: SocketAddr, person: &str) -> Vec<String> {
    let mut arguments = vec!["-F".to_owned(), "none".to_owned()];
    for option in [
        format!("UserKnownHostsFile={KNOWN_HOSTS_FILE}"),
        "GlobalKnownHostsFile=none".to_owned(),
        format!("HostKeyAlias={}", target_host(target)),
        "StrictHostKeyChecking=accept-new".to_owned(),
        "UpdateHostKeys=no".to_owned(),
        "ControlMaster=no".to_owned(),
        "ControlPath=none".to_owned(),
        "ForwardAgent=no".to_owned(),
        "ForwardX11=no".to_owned(),
    ] {
        arguments.extend(["-o".to_owned(), option]);
    }
    if is_login(person) {
        arguments.extend(["-l".to_owned(), person.to_owned()]);
    }
    arguments.extend(["-p".to_owned(), address.port().to_string(), "--".to_owned(), address.ip().to_string()]);
    arguments
}

fn is_login(person: &str) -> bool {
    !person.is_empty()
        && !person.starts_with('-')
        && person.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::target;

    fn arguments(person: &str) -> Vec<String> {
        ssh_arguments(target().id, "127.1.2.3:50022".parse().unwrap(), person)
    }

    #[test]
    fn ssh_reads_and_writes_only_on_the_stick() {
        let arguments = arguments("erika");
        assert_eq!(arguments[..2], ["-F", "none"]);
        assert_eq!(arguments[arguments.len() - 6..], ["-l", "erika", "-p", "50022", "--", "127.1.2.3"]);
        let files: Vec<_> = arguments.iter().filter(|argument| argument.contains("KnownHostsFile")).collect();
        assert_eq!(files, ["UserKnownHostsFile=stick.hosts", "GlobalKnownHostsFile=none"]);
        assert!(arguments.contains(&format!("HostKeyAlias={}.target", target().id)));
    }

    #[test]
    fn a_name_is_no_option() {
        for person in ["", "-oProxyCommand=x", "a b", "a;b", "a\nb", "$(id)"] {
            assert!(!arguments(person).contains(&"-l".to_owned()), "{person:?}");
        }
    }
}
