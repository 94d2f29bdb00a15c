//! The mail server that the configuration names.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use fernamt_testkit::{
    peer,
    peers::{Exim, read_letter},
};
use serde_json::json;

use crate::support::{Server, granted};

const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn the_configured_mail_server_gets_invitations() {
    let post = peer!(Exim::start());
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, format!("{}\n", post.password)).unwrap();
    let server = Server::start(&format!(
        "[smtp]\nhost = \"localhost\"\nport = {}\nuser = \"{}\"\npassword_file = {password_file:?}\n\
         authority_file = {:?}\nfrom = \"fernamt@amt.example\"\n",
        post.door.address().port(),
        post.user,
        post.authority_file(),
    ));
    let ada = server.ada();
    let new = json!({
        "kind": "meeting", "name": "Planung", "protection": "internal",
        "booking": { "starts": format!("{}T09:00", a_day_ahead()), "minutes": 60, "time_zone": "Europe/Berlin" },
        "invitees": [{ "address": "gisela@gast.example", "name": "Gisela Gast", "role": "guest", "language": "de" }],
    });
    granted(&ada.post("/api/v1/conference/rooms", &new).unwrap());
    let begin = Instant::now();
    let letter = loop {
        if let Some(letter) = post.letters().unwrap().pop() {
            break read_letter(&letter).unwrap();
        }
        assert!(begin.elapsed() < LIMIT, "no letter comes");
    };
    assert_eq!(letter["to"], json!([["Gisela Gast", "gisela@gast.example"]]));
    assert_eq!(letter["from"][0][1], "fernamt@amt.example");
    assert!(letter["id"].as_str().unwrap().ends_with("@fernamt.localhost>"), "{letter}");
}

#[test]
fn the_configured_way_in_takes_mail_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lmtp");
    let server = Server::start(&format!("[mail.lmtp]\nsocket = {socket:?}\n"));
    let ada = server.ada().at_post().unwrap();
    let mut line = UnixStream::connect(&socket).unwrap();
    line.set_read_timeout(Some(LIMIT)).unwrap();
    line.write_all(
        b"LHLO mail.amt.test\r\nMAIL FROM:<eva@elsewhere.test>\r\nRCPT TO:<ada+plan@fernamt.localhost>\r\nDATA\r\n\
          Subject: Von draussen\r\n\r\nHallo\r\n.\r\nQUIT\r\n",
    )
    .unwrap();
    let mut heard = String::new();
    line.read_to_string(&mut heard).unwrap();
    assert!(heard.contains("250 2.1.5 Delivered"), "{heard}");
    let session = granted(&ada.get("/jmap/session").unwrap());
    let account = &session["primaryAccounts"]["urn:ietf:params:jmap:mail"];
    let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
    let call = json!(["Email/query", { "accountId": account, "filter": { "subject": "draussen" } }, "a"]);
    let answer = granted(&ada.post("/jmap/api", &json!({ "using": using, "methodCalls": [call] })).unwrap());
    assert_eq!(answer["methodResponses"][0][1]["ids"].as_array().map(Vec::len), Some(1), "{answer}");
}

/// A day well ahead, whenever this runs.
#[expect(clippy::disallowed_methods, reason = "the server outside runs on the real time")]
fn a_day_ahead() -> String {
    (time::OffsetDateTime::now_utc() + time::Duration::days(90)).date().to_string()
}
