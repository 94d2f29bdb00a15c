//! Mail accounts, used by programs that nobody here wrote: each holds a token of its own.

mod driver;
mod mirrored;

use std::{
    collections::BTreeMap,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use fernamt_testkit::{full, peer, peers::JmapClient, person::Person};
use serde_json::{Value, json};

use crate::{
    jmap::{Random, account, call, folder},
    programs::Program,
    support::Server,
};

const LIMIT: Duration = Duration::from_mins(1);

/// How a client is opened.
type Open = fn(&Program) -> Result<JmapClient>;

/// The crate `jmap-client` in a process of its own.
fn jmap_client(program: &Program) -> Result<JmapClient> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", "jmap_programs::driver::follows_commands", "--ignored", "--nocapture", "--quiet"]);
    command.env("http_proxy", format!("http://{}", program.address)).env_remove("no_proxy").env_remove("NO_PROXY");
    JmapClient::driven(command, &json!({ "host": program.host, "token": program.token }))
}

fn jam(program: &Program) -> Result<JmapClient> {
    JmapClient::jam_with(&program.host, &program.token)
}

fn jmapc(program: &Program) -> Result<JmapClient> {
    JmapClient::jmapc_with(program.address, &program.host, &program.token)
}

/// What a fresh look at all of an account shows: each message with its folders and marks.
fn everything(person: &Person, account: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let ids = call(person, account, "Email/query", json!({}))["ids"].clone();
    for part in ids.as_array().unwrap().chunks(100) {
        let got = call(person, account, "Email/get", json!({ "ids": part, "properties": ["mailboxIds", "keywords"] }));
        for email in got["list"].as_array().unwrap() {
            let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            let seen = json!([names(&email["mailboxIds"]), names(&email["keywords"])]);
            all.insert(email["id"].as_str().unwrap().to_owned(), seen);
        }
    }
    all
}

#[test]
fn independent_programs_list_read_search_and_send() {
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    let ben = server.signed_in("ben", "Birke-Nebel-17", None);
    let program = |person| Program::approved(&server, person, &ada);
    let mut reader = peer!(jam(&program(&ben)));
    let writers = [("jmapc", jmapc as Open), ("jmap-jam", jam), ("jmap-client", jmap_client)];
    for (number, (name, open)) in (1..).zip(writers) {
        let mut writer = peer!(open(&program(&ada)));
        let subject = format!("Haushalt von {name}");
        let mail =
            json!({ "do": "send", "to": "ben@fernamt.localhost", "subject": subject, "text": "Grüße aus dem Amt" });
        assert_eq!(writer.ask(&mail).unwrap(), json!(["send"]), "{name}");
        let begin = Instant::now();
        while reader.ask(&json!({ "do": "folders" })).unwrap()["inbox"] != json!([number, number]) {
            assert!(begin.elapsed() < LIMIT, "nothing arrives from {name}");
        }
        assert_eq!(writer.ask(&json!({ "do": "folders" })).unwrap()["sent"][0], number, "{name}");
        let mut own = peer!(open(&program(&ben)));
        assert_eq!(own.ask(&json!({ "do": "search", "text": "grüße" })).unwrap().as_array().unwrap().len(), number);
        assert_eq!(own.ask(&json!({ "do": "search", "text": "urlaub" })).unwrap(), json!([]), "{name}");
        let read = own.ask(&json!({ "do": "read", "subject": subject })).unwrap();
        assert_eq!(read.as_array().unwrap().len(), 1, "{name}: {read}");
        assert!(read[0].as_str().unwrap().starts_with("Grüße aus dem Amt"), "{name}: {read}");
    }
}

#[test]
fn independent_programs_follow_random_edits_made_meanwhile() {
    let edits = if full() { 1_000 } else { 60 };
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    let program = || Program::approved(&server, &ada, &ada);
    let clients = [peer!(jmapc(&program())), peer!(jam(&program())), peer!(jmap_client(&program()))];
    let ada = ada.at_post().unwrap();
    let own = account(&ada);
    let folders = ["inbox", "archive", "trash"].map(|role| folder(&ada, &own, role));
    let followed = following(clients, |_, _| {}, || edit(&ada, &own, &folders, edits));
    let expected = json!(everything(&ada, &own));
    assert!(expected.as_object().unwrap().len() > 1);
    for (_, known) in followed {
        assert_eq!(known, expected);
    }
}

/// Has clients follow an account while it is edited. In each round they do `more`, which is told the number of the round.
/// Returns each with what it knows in the end.
fn following(
    clients: [JmapClient; 3],
    more: impl Fn(&mut JmapClient, u32) + Sync,
    edit: impl FnOnce(),
) -> Vec<(JmapClient, Value)> {
    let edited = AtomicBool::new(false);
    thread::scope(|scope| {
        let (edited, more) = (&edited, &more);
        let follow = move |mut client: JmapClient| {
            let mut rounds = 0;
            // Once more after the last edit: that is what it ends with.
            while !edited.load(Ordering::Acquire) {
                client.ask(&json!({ "do": "sync" })).unwrap();
                more(&mut client, rounds);
                rounds += 1;
            }
            let known = client.ask(&json!({ "do": "sync" })).unwrap();
            (client, known, rounds)
        };
        let following = clients.map(|client| scope.spawn(move || follow(client)));
        {
            let _ended = Ended(edited);
            edit();
        }
        let ends = following.map(|client| client.join().unwrap());
        assert!(ends.iter().all(|(.., rounds)| *rounds > 1), "all of them listened while it was edited");
        ends.into_iter().map(|(client, known, _)| (client, known)).collect()
    })
}

/// Tells those who follow that nothing more comes, also when editing failed: else they would wait for ever.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A second client that writes, moves, marks and destroys at random.
fn edit(person: &Person, account: &str, folders: &[String; 3], edits: usize) {
    let mut random = Random::new(31);
    let mut alive: Vec<String> = Vec::new();
    for number in 0..edits {
        let place = &folders[random.below(folders.len())];
        let set = |arguments: Value| call(person, account, "Email/set", arguments);
        match if alive.is_empty() { 0 } else { random.below(6) } {
            0 | 1 => {
                let email = json!({ "mailboxIds": { place: true }, "subject": format!("Nummer {number}") });
                let done = set(json!({ "create": { "e": email } }));
                alive.push(done["created"]["e"]["id"].as_str().unwrap().to_owned());
            }
            2 => {
                let gone = alive.swap_remove(random.below(alive.len()));
                assert_eq!(set(json!({ "destroy": [gone] }))["destroyed"], json!([gone]));
            }
            kind => {
                let id = &alive[random.below(alive.len())];
                let patch = match kind {
                    3 => json!({ "mailboxIds": { place: true } }),
                    4 => json!({ "keywords/$seen": true, "keywords/$flagged": true }),
                    _ => json!({ "keywords/$flagged": null }),
                };
                let done = set(json!({ "update": { id: patch } }));
                assert!(done["updated"].get(id).is_some(), "{done}");
            }
        }
    }
}
