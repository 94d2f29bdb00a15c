//! People of a directory whose mailboxes lie on the administration's mail server.

use std::time::{Duration, Instant};

use fernamt_testkit::{
    peer,
    peers::{Cyrus, SambaAd},
    person::Person,
};
use serde_json::{Value, json};

use crate::{
    delegation::Line,
    jmap::{account, call},
    support::{Server, granted, mirroring},
};

const LIMIT: Duration = Duration::from_mins(1);
/// Their sign-in names as the directory writes them, and what they type there.
const PEOPLE: [(&str, &str); 2] = [("G.Kurz", "Linde-Fluss-27"), ("h-lang", "Birke-Berg-28")];

/// Connects the directory and brings its people.
fn connect(administrator: &Person, directory: &SambaAd) {
    let connection = json!({
        "name": "AD", "url": directory.url(), "bind_dn": directory.bind_dn, "bind_password": directory.bind_password,
        "base_dn": directory.base_dn, "ca_pem": directory.ca_pem,
    });
    let made = granted(&administrator.post("/api/v1/admin/directories", &connection).unwrap());
    let sync = format!("/api/v1/admin/directories/{}/sync", made["id"].as_str().unwrap());
    let report = granted(&administrator.post(&sync, &json!({})).unwrap());
    assert_eq!(report["last_sync"]["ok"], true, "{report}");
}

/// Every message that somebody's own account holds: its id and its subject.
fn messages(person: &Person, account: &str) -> Vec<(String, String)> {
    let ids = call(person, account, "Email/query", json!({}))["ids"].take();
    let got = call(person, account, "Email/get", json!({ "ids": ids, "properties": ["subject"] }));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    got["list"].as_array().unwrap().iter().map(|email| (text(&email["id"]), text(&email["subject"]))).collect()
}

#[test]
fn somebody_of_the_directory_has_the_mailbox_of_their_sign_in_name() {
    let directory = peer!(SambaAd::start());
    let cyrus = peer!(Cyrus::start(&[("g.kurz", "Post-Kutsche-1"), ("h-lang", "Post-Kutsche-2")]));
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&mirroring(&cyrus, folder.path()));
    for (name, password) in PEOPLE {
        directory.add_user(name, password).unwrap();
    }
    connect(&server.ada(), &directory);
    for (name, password) in PEOPLE {
        let name = name.to_lowercase();
        let letter = format!("Subject: Vertraulich: {name}\\r\\nMessage-ID: <{name}@amt.test>\\r\\n\\r\\nHallo\\r\\n");
        let put = format!("q(m.append('INBOX', '', None, b'{letter}'))");
        cyrus.mail_program(&name, &put).unwrap();

        let mut person = server.office.person(&name, password).unwrap();
        person.sign_in().unwrap();
        let person = person.at_post().unwrap();
        let own = account(&person);
        let mut line = Line::open(&person);
        let (id, subject) = loop {
            if let Some(found) = messages(&person, &own).pop() {
                break found;
            }
            line.next();
        };
        assert_eq!(subject, format!("Vertraulich: {name}"));
        assert_eq!(messages(&person, &own).len(), 1, "and no mail of others");
        let read = call(&person, &own, "Email/set", json!({ "update": { &id: { "keywords/$seen": true } } }));
        assert!(read["updated"].get(&id).is_some(), "{read}");
        let expected = vec![(format!("{name}@amt.test"), vec!["$seen".to_owned()])];
        let begin = Instant::now();
        while cyrus.contents(&name).unwrap()["INBOX"] != expected {
            assert!(begin.elapsed() < LIMIT, "what is read here is read on the mail server");
        }
    }
}
