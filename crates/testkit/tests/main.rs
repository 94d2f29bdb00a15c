//! The `peer` program, as the browser stories and the demo use it.

use std::process::Command;

#[test]
fn the_peer_program_lists_every_peer() {
    let output = Command::new(env!("CARGO_BIN_EXE_peer")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for peer in ["prepare", "xrdp", "nla", "samba-ad", "postgres", "openssh", "livekit"] {
        assert!(help.contains(peer), "{peer} is missing in:\n{help}");
    }
}
