//! Mail accounts, asked by a client that nobody here wrote.

use std::time::{Duration, Instant};

use fernamt_domain::Rng as _;
use fernamt_testkit::{SeededRng, full, peer, peers::JmapClient, person::Person};
use serde_json::{Value, json};

use crate::support::{Server, granted};

const LIMIT: Duration = Duration::from_mins(1);

/// One call on the person's own account.
pub(crate) fn call(person: &Person, account: &str, name: &str, mut arguments: Value) -> Value {
    arguments["accountId"] = account.into();
    let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
    let body = json!({ "using": using, "methodCalls": [[name, arguments, "c"]] });
    let answer = granted(&person.post("/jmap/api", &body).unwrap());
    answer["methodResponses"][0][1].clone()
}

pub(crate) fn account(person: &Person) -> String {
    let session = granted(&person.get("/jmap/session").unwrap());
    session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap().to_owned()
}

pub(crate) fn folder(person: &Person, account: &str, role: &str) -> String {
    let found = call(person, account, "Mailbox/query", json!({ "filter": { "role": role } }));
    found["ids"][0].as_str().unwrap().to_owned()
}

#[test]
fn jmapc_lists_reads_searches_and_sends() {
    let server = Server::start("[mail]\n");
    let ben = server.signed_in("ben", "Birke-Nebel-17", None);
    let (ada, ben) = (server.ada().at_post().unwrap(), ben.at_post().unwrap());
    let (address, host) = (server.office.address(), format!("post.{}", server.office.host()));
    let mut adas = peer!(JmapClient::open(address, &host, ada.cookie().unwrap()));
    let mut bens = peer!(JmapClient::open(address, &host, ben.cookie().unwrap()));
    let to = "ben@fernamt.localhost";
    let sent = adas.ask(&json!({ "do": "send", "to": to, "subject": "Haushalt 2027", "text": "Grüße aus dem Amt" }));
    assert_eq!(sent.unwrap(), json!(["send"]));
    let begin = Instant::now();
    let folders = loop {
        let folders = bens.ask(&json!({ "do": "folders" })).unwrap();
        if folders["inbox"] != json!([0, 0]) {
            break folders;
        }
        assert!(begin.elapsed() < LIMIT, "nothing arrives");
    };
    assert_eq!(folders["inbox"], json!([1, 1]));
    assert_eq!(bens.ask(&json!({ "do": "search", "text": "grüße" })).unwrap(), json!(["Haushalt 2027"]));
    assert_eq!(bens.ask(&json!({ "do": "search", "text": "urlaub" })).unwrap(), json!([]));
    assert_eq!(adas.ask(&json!({ "do": "folders" })).unwrap()["sent"], json!([1, 1]));
}

#[test]
fn jmapc_follows_random_edits_to_the_same_state() {
    let edits = if full() { 1_000 } else { 60 };
    let server = Server::start("[mail]\n");
    let ada = server.ada().at_post().unwrap();
    let (address, host) = (server.office.address(), format!("post.{}", server.office.host()));
    let mut client = peer!(JmapClient::open(address, &host, ada.cookie().unwrap()));
    let own = account(&ada);
    let folders = ["inbox", "archive", "trash"].map(|role| folder(&ada, &own, role));
    client.ask(&json!({ "do": "sync" })).unwrap();
    let mut random = Random::new(5);
    let mut alive: Vec<String> = Vec::new();
    for number in 0..edits {
        let place = &folders[random.below(folders.len())];
        let edit = if alive.is_empty() { 0 } else { random.below(5) };
        match edit {
            0 | 1 => {
                let email = json!({ "mailboxIds": { place: true }, "subject": format!("Nummer {number}") });
                let done = call(&ada, &own, "Email/set", json!({ "create": { "e": email } }));
                alive.push(done["created"]["e"]["id"].as_str().unwrap().to_owned());
            }
            2 => {
                let gone = alive.swap_remove(random.below(alive.len()));
                let done = call(&ada, &own, "Email/set", json!({ "destroy": [gone] }));
                assert_eq!(done["destroyed"], json!([gone]));
            }
            _ => {
                let id = &alive[random.below(alive.len())];
                let patch = if edit == 3 {
                    json!({ "mailboxIds": { place: true } })
                } else {
                    json!({ "keywords/$seen": true })
                };
                let done = call(&ada, &own, "Email/set", json!({ "update": { id: patch } }));
                assert!(done["updated"].get(id).is_some(), "{done}");
            }
        }
        if random.below(7) == 0 {
            client.ask(&json!({ "do": "sync" })).unwrap();
        }
    }
    let known = client.ask(&json!({ "do": "sync" })).unwrap();
    assert_eq!(known.as_object().unwrap().len(), alive.len());
    for part in alive.chunks(100) {
        let got = call(&ada, &own, "Email/get", json!({ "ids": part, "properties": ["mailboxIds", "keywords"] }));
        for email in got["list"].as_array().unwrap() {
            let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            let expected = json!([names(&email["mailboxIds"]), names(&email["keywords"])]);
            assert_eq!(known[email["id"].as_str().unwrap()], expected);
        }
    }
}

pub(crate) struct Random(SeededRng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}
