//! What `ssh-audit` finds.

use std::{env, process::Command};

use super::house::{Running, Target};

/// The one weakness that is left in on purpose: without it, Debian 12's own `ssh` (OpenSSH 9.2) could not connect. It
/// speaks no post-quantum exchange that we have; newer clients never choose these.
const KNOWN: &[&str] = &["curve25519-sha256", "curve25519-sha256@libssh.org"];

#[tokio::test]
async fn ssh_audit_finds_nothing_weak_but_what_old_clients_need() {
    // Set by `cargo xtask test`, which installs the tool.
    let Some(tool) = env::var_os("FERNAMT_SSH_AUDIT") else { return };
    let running = Running::start(vec![Target::new("Ziel", "ziel.test", ([127, 0, 0, 1], 9).into())]).await;
    let port = running.port();
    let audit = move || Command::new(tool).args(["-jj", "--skip-rate-test", "-p", &port, "127.0.0.1"]).output();
    let output = tokio::task::spawn_blocking(audit).await.unwrap().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut algorithms = 0;
    let mut weak = Vec::new();
    for list in ["kex", "key", "enc", "mac"] {
        for entry in found[list].as_array().unwrap() {
            algorithms += 1;
            let name = entry["algorithm"].as_str().unwrap();
            for level in ["fail", "warn"] {
                let notes = entry["notes"][level].as_array().cloned().unwrap_or_default();
                weak.extend(
                    notes.iter().filter(|_| !KNOWN.contains(&name)).map(|note| format!("{level} {name}: {note}")),
                );
            }
        }
    }
    assert!(algorithms >= 8, "nothing was looked at: {found}");
    assert!(weak.is_empty(), "{weak:#?}");
    assert!(found["cves"].as_array().is_none_or(Vec::is_empty), "{found}");
}
