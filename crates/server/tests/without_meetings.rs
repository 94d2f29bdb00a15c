//! A server whose configuration switches meetings off.

use std::fs;

use serde_json::json;

use crate::support::{Server, granted};

#[test]
fn a_server_without_meetings_opens_no_port_and_says_that_there_are_none() {
    let server = Server::start("[media]\noff = true\n");
    let ada = server.ada();
    for path in [
        "conference/options",
        "conference/rooms",
        "conference/meetings/x/socket",
        "admin/conference/settings",
        "admin/conference/running",
        "admin/webhooks",
        "admin/webhooks/x/deliveries",
    ] {
        let answer = ada.get(&format!("/api/v1/{path}")).unwrap();
        assert_eq!((answer.status, &answer.json().unwrap()["code"]), (404, &json!("not_found")), "{path}");
    }
    assert_eq!(ada.post("/api/v1/conference/entry", &json!({})).unwrap().status, 404);
    assert_eq!(
        ada.get("/rtc/validate").unwrap().headers["content-type"],
        "text/html; charset=utf-8",
        "a page like others"
    );
    assert_eq!(granted(&ada.get("/api/v1/session").unwrap())["meetings"], false);
    assert_eq!(granted(&ada.get("/api/v1/sign-in/challenge").unwrap())["meetings"], false);
    assert_eq!(udp_ports(server.office.pid()), Vec::<String>::new());
}

/// The lines of the process's own sockets in the tables of UDP.
fn udp_ports(pid: u32) -> Vec<String> {
    let inodes: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    assert!(!inodes.is_empty(), "it listens at least for pages");
    let tables = ["udp", "udp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap());
    let lines = tables.iter().flat_map(|table| table.lines());
    lines
        .filter(|line| line.split(' ').any(|word| inodes.iter().any(|inode| inode == word)))
        .map(str::to_owned)
        .collect()
}
