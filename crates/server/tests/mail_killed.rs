//! A server that is killed while somebody writes, moves and files mail.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use fernamt_domain::Rng as _;
use fernamt_testkit::{SeededRng, full, office::pause, person::Person};
use serde_json::{Value, json};

use crate::support::{Server, granted};

const LIMIT: Duration = Duration::from_mins(2);

/// What a request asked for, as far as anybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known<T> {
    /// The server said yes to this.
    Acknowledged(T),
    /// The line broke before an answer: this, or what was before.
    Either,
}

/// One of the writer's own messages.
struct Filed {
    flagged: Known<bool>,
    archived: Known<bool>,
}

/// One person's account over JMAP.
struct Account {
    person: Person,
    id: String,
    folders: HashMap<&'static str, String>,
    identity: Value,
}

impl Account {
    fn open(person: Person) -> Self {
        let session = granted(&person.get("/jmap/session").unwrap());
        let id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap().to_owned();
        let mut account = Self { person, id, folders: HashMap::new(), identity: Value::Null };
        for role in ["inbox", "archive", "drafts", "sent"] {
            let found = account.call("Mailbox/query", &json!({ "filter": { "role": role } })).unwrap();
            account.folders.insert(role, found["ids"][0].as_str().unwrap().to_owned());
        }
        account.identity = account.call("Identity/get", &json!({})).unwrap()["list"][0].clone();
        account
    }

    /// The first answer of a request; `None` where the line broke.
    fn calls(&self, mut calls: Value) -> Option<Vec<Value>> {
        for call in calls.as_array_mut().unwrap() {
            call[1]["accountId"] = json!(self.id);
        }
        let using = ["core", "mail", "submission"].map(|name| format!("urn:ietf:params:jmap:{name}"));
        let answer = self.person.post("/jmap/api", &json!({ "using": using, "methodCalls": calls })).ok()?;
        let answers = granted(&answer)["methodResponses"].as_array().unwrap().clone();
        Some(answers.into_iter().map(|mut answer| answer[1].take()).collect())
    }

    fn call(&self, name: &str, arguments: &Value) -> Option<Value> {
        Some(self.calls(json!([[name, arguments, "c"]]))?.remove(0))
    }

    /// Whether the server said that it took the message for sending.
    fn send(&self, to: &str, subject: &str) -> bool {
        let draft = json!({
            "mailboxIds": { &self.folders["drafts"]: true }, "from": [{ "email": self.identity["email"] }],
            "to": [{ "email": to }], "subject": subject,
        });
        let moved = json!({ "mailboxIds": { &self.folders["sent"]: true } });
        let answers = self.calls(json!([
            ["Email/set", { "create": { "d": draft } }, "a"],
            ["EmailSubmission/set", { "create": { "s": { "identityId": self.identity["id"], "emailId": "#d" } },
                "onSuccessUpdateEmail": { "#s": moved } }, "b"],
        ]));
        answers.is_some_and(|answers| {
            assert!(answers[1]["created"]["s"].is_object(), "{answers:?}");
            true
        })
    }

    /// The subjects of all messages in a folder.
    fn subjects(&self, role: &str) -> Vec<String> {
        let filter = json!({ "inMailbox": self.folders[role] });
        let mut subjects = Vec::new();
        loop {
            let ask = json!({ "filter": filter, "position": subjects.len(), "limit": 200 });
            let found = self.call("Email/query", &ask).unwrap();
            let ids = found["ids"].as_array().unwrap();
            if ids.is_empty() {
                return subjects;
            }
            let got = self.call("Email/get", &json!({ "ids": ids, "properties": ["subject"] })).unwrap();
            let list = got["list"].as_array().unwrap().iter();
            subjects.extend(list.map(|email| email["subject"].as_str().unwrap().to_owned()));
        }
    }
}

/// What the writer did: the numbers that were sent, and the messages that were filed.
#[derive(Default)]
struct Done {
    sent: Vec<(usize, bool)>,
    filed: HashMap<String, Filed>,
}

/// Writes until told to stop, and says each time that an answer came.
fn write(account: &Account, answered: &Sender<()>, revived: &Receiver<bool>) -> Done {
    let (mut random, mut done) = (Random(SeededRng::new(7)), Done::default());
    loop {
        let number = done.sent.len() + done.filed.len();
        let ids: Vec<String> = done.filed.keys().cloned().collect();
        let acknowledged = match random.below(4) {
            0 | 1 => {
                let acknowledged = account.send("ben@fernamt.localhost", &format!("Nummer {number}"));
                done.sent.push((number, acknowledged));
                acknowledged
            }
            2 if !ids.is_empty() => {
                let id = &ids[random.below(ids.len())];
                let (flag, archive) = (random.below(2) == 0, random.below(2) == 0);
                let folder = &account.folders[if archive { "archive" } else { "inbox" }];
                let flag_value = if flag { json!(true) } else { Value::Null };
                let patch = json!({ "keywords/$flagged": flag_value, "mailboxIds": { folder: true } });
                let answer = account.call("Email/set", &json!({ "update": { id: patch } }));
                let known = done.filed.get_mut(id).unwrap();
                match answer {
                    Some(answer) => {
                        assert!(answer["updated"].get(id).is_some(), "{answer}");
                        *known = Filed { flagged: Known::Acknowledged(flag), archived: Known::Acknowledged(archive) };
                        true
                    }
                    None => {
                        *known = Filed { flagged: Known::Either, archived: Known::Either };
                        false
                    }
                }
            }
            _ => {
                let email = json!({ "mailboxIds": { &account.folders["inbox"]: true }, "subject": "Ablage" });
                let answer = account.call("Email/set", &json!({ "create": { "e": email } }));
                if let Some(answer) = &answer {
                    let id = answer["created"]["e"]["id"].as_str().unwrap().to_owned();
                    let (flagged, archived) = (Known::Acknowledged(false), Known::Acknowledged(false));
                    done.filed.insert(id, Filed { flagged, archived });
                }
                answer.is_some()
            }
        };
        if acknowledged {
            let _ = answered.send(());
        } else if !revived.recv().unwrap() {
            return done;
        }
    }
}

#[test]
fn a_server_that_is_killed_loses_nothing_it_said_yes_to_and_delivers_nothing_twice() {
    let kills = if full() { 200 } else { 5 };
    let mut server = Server::start("[mail]\n");
    let ben = server.signed_in("ben", "Birke-Nebel-17", None);
    let (ada, ben) = (Account::open(server.ada().at_post().unwrap()), Account::open(ben.at_post().unwrap()));
    let (answered, answers) = channel();
    let (revive, revived) = channel();
    let done = thread::scope(|scope| {
        let account = &ada;
        let writer = scope.spawn(move || write(account, &answered, &revived));
        let mut random = Random(SeededRng::new(11));
        for kill in 1..=kills {
            for _ in 0..=random.below(12) {
                answers.recv_timeout(LIMIT).expect("the writer goes on");
            }
            // Somewhere within the request that follows.
            pause(Duration::from_micros(random.below(8_000).try_into().unwrap()));
            server.office.kill().unwrap();
            if kill == kills {
                revive.send(false).unwrap();
            }
            server.office.revive().unwrap();
            while answers.try_recv().is_ok() {}
            if kill < kills {
                revive.send(true).unwrap();
            }
        }
        writer.join().unwrap()
    });

    let begin = Instant::now();
    let arrived = loop {
        let arrived = ben.subjects("inbox");
        let there = |number: &usize| arrived.contains(&format!("Nummer {number}"));
        if done.sent.iter().filter(|(_, acknowledged)| *acknowledged).all(|(number, _)| there(number)) {
            break arrived;
        }
        assert!(begin.elapsed() < LIMIT, "of {:?} there arrived {arrived:?}", done.sent);
    };
    let mut counts: HashMap<&String, usize> = HashMap::new();
    for subject in &arrived {
        *counts.entry(subject).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count == 1), "twice: {counts:?}");
    assert!(done.sent.iter().any(|(_, acknowledged)| *acknowledged));

    assert!(!done.filed.is_empty());
    for (id, filed) in &done.filed {
        let ask = json!({ "ids": [id], "properties": ["keywords", "mailboxIds"] });
        let got = ada.call("Email/get", &ask).unwrap();
        let email = &got["list"][0];
        assert!(email.is_object(), "{id} is gone");
        if let Known::Acknowledged(flagged) = filed.flagged {
            assert_eq!(email["keywords"].get("$flagged").is_some(), flagged, "{id}");
        }
        if let Known::Acknowledged(archived) = filed.archived {
            assert_eq!(email["mailboxIds"].get(&ada.folders["archive"]).is_some(), archived, "{id}");
        }
    }
}

struct Random(SeededRng);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}
