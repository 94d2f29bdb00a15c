//! A server that is killed while it carries changes to the administration's mail server.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use fernamt_domain::Rng as _;
use fernamt_testkit::{SeededRng, full, office::pause, peer, peers::Cyrus, person::Person};
use serde_json::{Value, json};

use crate::support::{Server, granted, mirroring};

/// What was being put onto the mail server when we were killed is looked for during two minutes before it is put again.
const LIMIT: Duration = Duration::from_mins(5);

const ROLES: [(&str, &str); 3] = [("inbox", "INBOX"), ("archive", "Archive"), ("trash", "Trash")];

/// The subjects in each folder.
type Contents = BTreeMap<&'static str, Vec<String>>;

/// One person's account over JMAP.
struct Account {
    person: Person,
    id: String,
    folders: BTreeMap<&'static str, String>,
}

impl Account {
    fn open(person: Person) -> Self {
        let session = granted(&person.get("/jmap/session").unwrap());
        let id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap().to_owned();
        let mut account = Self { person, id, folders: BTreeMap::new() };
        for (role, _) in ROLES {
            let found = account.call("Mailbox/query", json!({ "filter": { "role": role } }));
            account.folders.insert(role, found["ids"][0].as_str().unwrap().to_owned());
        }
        account
    }

    fn call(&self, name: &str, mut arguments: Value) -> Value {
        arguments["accountId"] = json!(self.id);
        let using = ["core", "mail"].map(|name| format!("urn:ietf:params:jmap:{name}"));
        let ask = json!({ "using": using, "methodCalls": [[name, arguments, "c"]] });
        granted(&self.person.post("/jmap/api", &ask).unwrap())["methodResponses"][0][1].take()
    }

    /// Writes a message into a folder, and returns its id.
    fn write(&self, role: &str, subject: &str) -> String {
        let email = json!({ "mailboxIds": { &self.folders[role]: true }, "subject": subject });
        let made = self.call("Email/set", json!({ "create": { "e": email } }));
        made["created"]["e"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    fn contents(&self) -> Contents {
        let subjects = |(role, _): (&'static str, &str)| {
            let ask = json!({ "filter": { "inMailbox": self.folders[role] }, "limit": 500 });
            let ids = self.call("Email/query", ask)["ids"].take();
            let got = self.call("Email/get", json!({ "ids": ids, "properties": ["subject"] }));
            let list = got["list"].as_array().unwrap().iter();
            let mut subjects: Vec<_> = list.map(|email| email["subject"].as_str().unwrap().to_owned()).collect();
            subjects.sort();
            (role, subjects)
        };
        ROLES.into_iter().map(subjects).collect()
    }
}

/// What the mail server has, as another program sees it.
fn there(cyrus: &Cyrus) -> Contents {
    let told = |(role, name): (&'static str, &str)| {
        let script = format!(
            "q(m.select('{name}', True))\n\
             for part in q(m.uid('FETCH', '1:*', '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])')):\n    \
             if isinstance(part, tuple): print(part[1].decode().strip()[len('Subject: '):])"
        );
        let mut subjects: Vec<_> = cyrus.mail_program("ada", &script).unwrap().lines().map(str::to_owned).collect();
        subjects.sort();
        (role, subjects)
    };
    ROLES.into_iter().map(told).collect()
}

#[test]
fn a_server_that_is_killed_while_it_mirrors_loses_and_doubles_nothing() {
    let kills = if full() { 200 } else { 5 };
    let cyrus = peer!(Cyrus::start(&[("ada", "Linde-Fluss-27")]));
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&mirroring(&cyrus, folder.path()));
    let ada = Account::open(server.ada().at_post().unwrap());
    let mut random = Random(SeededRng::new(17));
    let (mut ids, mut written) = (Vec::new(), BTreeSet::new());
    for kill in 0..kills {
        for number in 0..3 {
            let subject = format!("Nummer {}", kill * 3 + number);
            ids.push(ada.write(ROLES[random.below(3)].0, &subject));
            written.insert(subject);
        }
        let (id, to) = (&ids[random.below(ids.len())], &ada.folders[ROLES[random.below(3)].0]);
        let moved = ada.call("Email/set", json!({ "update": { id: { "mailboxIds": { to: true } } } }));
        assert!(moved["updated"].get(id).is_some(), "{moved}");
        pause(Duration::from_micros(random.below(400_000).try_into().unwrap()));
        server.office.kill().unwrap();
        server.office.revive().unwrap();
    }
    let begin = Instant::now();
    let same = loop {
        // Asking is use, so the account goes on being mirrored.
        let (here, there) = (ada.contents(), there(&cyrus));
        if here == there {
            break here;
        }
        assert!(begin.elapsed() < LIMIT, "here {here:?}, there {there:?}");
        pause(Duration::from_millis(300));
    };
    let all: Vec<_> = same.values().flatten().cloned().collect();
    assert_eq!(all.len(), written.len(), "each is there once: {same:?}");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), written);
}

struct Random(SeededRng);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}
