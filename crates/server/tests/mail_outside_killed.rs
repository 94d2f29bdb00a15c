//! A server that is killed while it hands mail over to its smarthost.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use fernamt_domain::Rng as _;
use fernamt_testkit::{SeededRng, full, office::pause, peer, peers::Exim, person::Person};
use serde_json::{Value, json};

use crate::support::{Server, granted};

const LIMIT: Duration = Duration::from_mins(3);

/// One person's account over JMAP.
struct Account {
    person: Person,
    id: String,
    drafts: Value,
    identity: Value,
}

impl Account {
    fn open(person: Person) -> Self {
        let session = granted(&person.get("/jmap/session").unwrap());
        let id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap().to_owned();
        let mut account = Self { person, id, drafts: Value::Null, identity: Value::Null };
        let found = account.calls(json!([
            ["Mailbox/query", { "filter": { "role": "drafts" } }, "a"],
            ["Identity/get", {}, "b"],
        ]));
        (account.drafts, account.identity) = (found[0]["ids"][0].clone(), found[1]["list"][0].clone());
        account
    }

    fn calls(&self, mut calls: Value) -> Vec<Value> {
        for call in calls.as_array_mut().unwrap() {
            call[1]["accountId"] = json!(self.id);
        }
        let using = ["core", "mail", "submission"].map(|name| format!("urn:ietf:params:jmap:{name}"));
        let answer = self.person.post("/jmap/api", &json!({ "using": using, "methodCalls": calls })).unwrap();
        let answers = granted(&answer)["methodResponses"].as_array().unwrap().clone();
        answers.into_iter().map(|mut answer| answer[1].take()).collect()
    }

    /// Hands messages in, each under its own number. Returns their submissions.
    fn send(&self, numbers: impl Iterator<Item = usize>) -> Vec<(String, usize)> {
        let (mut drafts, mut submissions) = (json!({}), json!({}));
        let numbers: Vec<_> = numbers.collect();
        for number in &numbers {
            drafts[format!("d{number}")] = json!({
                "mailboxIds": { self.drafts.as_str().unwrap(): true }, "from": [{ "email": self.identity["email"] }],
                "to": [{ "email": format!("p{number}@elsewhere.test") }], "subject": format!("Nummer {number}"),
            });
            submissions[format!("s{number}")] =
                json!({ "identityId": self.identity["id"], "emailId": format!("#d{number}") });
        }
        let answers = self.calls(json!([
            ["Email/set", { "create": drafts }, "a"],
            ["EmailSubmission/set", { "create": submissions }, "b"],
        ]));
        let id = |number: &usize| {
            let made = &answers[1]["created"][format!("s{number}")]["id"];
            (made.as_str().unwrap_or_else(|| panic!("{answers:?}")).to_owned(), *number)
        };
        numbers.iter().map(id).collect()
    }

    /// What became of each message: the word, and the reply.
    fn fates(&self) -> HashMap<String, (String, String)> {
        let got = self.calls(json!([["EmailSubmission/get", { "ids": null }, "a"]])).remove(0);
        let fate = |one: &Value| {
            let status = one["deliveryStatus"].as_object().unwrap().values().next().unwrap();
            let text = |name: &str| status[name].as_str().unwrap().to_owned();
            (one["id"].as_str().unwrap().to_owned(), (text("delivered"), text("smtpReply")))
        };
        got["list"].as_array().unwrap().iter().map(fate).collect()
    }
}

#[test]
fn a_server_that_is_killed_while_it_hands_over_sends_nothing_twice_by_itself() {
    let kills = if full() { 200 } else { 5 };
    let exim = peer!(Exim::start());
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, format!("{}\n", exim.password)).unwrap();
    let mut server = Server::start(&format!(
        "[mail.smarthost]\nhost = \"localhost\"\nport = {}\nuser = \"{}\"\npassword_file = {password_file:?}\n\
         authority_file = {:?}\n",
        exim.door.address().port(),
        exim.user,
        exim.authority_file(),
    ));
    let ada = Account::open(server.ada().at_post().unwrap());
    let mut random = Random(SeededRng::new(13));
    let mut sent: HashMap<String, usize> = HashMap::new();
    for kill in 0..kills {
        // One message at a time is taken to its end by each of a few hand-overs; two are enough to meet every moment.
        sent.extend(ada.send((kill * 2)..(kill * 2 + 2)));
        pause(Duration::from_micros(random.below(120_000).try_into().unwrap()));
        server.office.kill().unwrap();
        server.office.revive().unwrap();
    }
    let begin = Instant::now();
    let fates = loop {
        let fates = ada.fates();
        if sent.keys().all(|id| fates.get(id).is_some_and(|(word, _)| word != "queued")) {
            break fates;
        }
        assert!(begin.elapsed() < LIMIT, "{fates:?}");
        pause(Duration::from_millis(100));
    };
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for letter in exim.letters().unwrap() {
        let subject = letter.lines().find_map(|line| line.strip_prefix("Subject: Nummer ")).expect("a number");
        *counts.entry(subject.parse().unwrap()).or_default() += 1;
    }
    let mut told = 0;
    for (id, number) in &sent {
        let (word, reply) = &fates[id];
        let count = counts.get(number).copied().unwrap_or_default();
        if reply.starts_with("250 ") {
            told += 1;
            assert_eq!(count, 1, "{number}: {word} {reply}");
        } else {
            assert!(count <= 1 && reply.starts_with("451 4.4.2 "), "{number}: {count} times, {word} {reply}");
        }
    }
    assert!(told > 0, "something went through: {fates:?}");
}

struct Random(SeededRng);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}
