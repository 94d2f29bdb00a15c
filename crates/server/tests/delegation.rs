//! Working for others on the real server: what each right opens, and how soon it ends.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    time::{Duration, Instant},
};

use fernamt_testkit::person::Person;
use serde_json::{Value, json};

use crate::support::{Server, granted};

/// A right that was revoked is worth nothing after this.
const SOON: Duration = Duration::from_secs(5);

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

const MAILBOXES: &str = "/api/v1/admin/mailboxes";

fn call(person: &Person, account: &str, name: &str, mut arguments: Value) -> (String, Value) {
    arguments["accountId"] = account.into();
    let using = ["core", "mail", "submission", "vacationresponse"].map(|word| format!("urn:ietf:params:jmap:{word}"));
    let body = json!({ "using": using, "methodCalls": [[name, arguments, "c"]] });
    let answer = granted(&person.post("/jmap/api", &body).unwrap());
    let [name, arguments] = [0, 1].map(|part| answer["methodResponses"][0][part].clone());
    (name.as_str().unwrap().to_owned(), arguments)
}

fn folder(person: &Person, account: &str, role: &str) -> String {
    let found = call(person, account, "Mailbox/query", json!({ "filter": { "role": role } })).1;
    found["ids"][0].as_str().unwrap_or_else(|| panic!("{role}: {found}")).to_owned()
}

fn accounts(person: &Person) -> Vec<String> {
    let session = granted(&person.get("/jmap/session").unwrap());
    session["accounts"].as_object().unwrap().keys().cloned().collect()
}

fn person_of(person: &Person) -> String {
    granted(&person.get("/api/v1/session").unwrap())["person"]["id"].as_str().unwrap().to_owned()
}

/// An open line of events.
pub(crate) struct Line {
    stream: TcpStream,
    heard: String,
}

impl Line {
    pub(crate) fn open(person: &Person) -> Self {
        let stream = person.listen("/jmap/eventsource?types=*&closeafter=no&ping=0").unwrap();
        let mut line = Self { stream, heard: String::new() };
        assert!(line.hears("event: state"), "where it is: {}", line.heard);
        line
    }

    /// Waits until a change is told after all that was heard so far.
    pub(crate) fn next(&mut self) {
        self.heard.clear();
        assert!(self.hears("event: state"), "the line ends: {}", self.heard);
    }

    /// Reads until a word is heard. Tells whether it was before the line ended.
    fn hears(&mut self, word: &str) -> bool {
        self.until(|heard| heard.contains(word))
    }

    /// Reads until the line ends, and tells how long that took.
    fn ends(&mut self) -> Duration {
        let begin = Instant::now();
        self.until(|_| false);
        begin.elapsed()
    }

    fn until(&mut self, enough: impl Fn(&str) -> bool) -> bool {
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut part = [0; 4096];
        loop {
            if enough(&self.heard) {
                return true;
            }
            // The last chunk of a body that is over (RFC 9112, section 7.1).
            if self.heard.ends_with("\r\n0\r\n\r\n") {
                return false;
            }
            match self.stream.read(&mut part) {
                Ok(0) => return false,
                Ok(count) => self.heard.push_str(&String::from_utf8_lossy(&part[..count])),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("neither events nor an end: {error}; heard {}", self.heard),
            }
        }
    }
}

#[test]
fn a_right_that_is_revoked_ends_within_five_seconds() {
    let server = Server::start("[mail]\n");
    let ben = server.signed_in("ben", "Birke-Nebel-17", None);
    let ada = server.ada();
    let person = person_of(&ben);
    let (adas, bens) = (ada.at_post().unwrap(), ben.at_post().unwrap());
    let new = json!({ "name": "Bürgerbüro", "local_part": "buergerbuero" });
    let office = granted(&ada.post(MAILBOXES, &new).unwrap())["id"].as_str().unwrap().to_owned();
    let grant = format!("{MAILBOXES}/{office}/delegates/{person}");
    let rights = json!({ "rights": ["write", "send_as", "manage"] });

    let mut before = Line::open(&bens);
    granted(&ada.put(&grant, &rights).unwrap());
    assert!(before.ends() < SOON, "whoever listens hears that a mailbox is open now");
    assert_eq!(accounts(&bens).len(), 2);
    assert_eq!(accounts(&adas).len(), 1, "who administers reads nothing");
    assert_eq!(call(&adas, &office, "Mailbox/get", json!({})).1["type"], "accountNotFound");
    let container = granted(&bens.get("/api/v1/container").unwrap());
    assert_eq!((&container["person"]["id"], &container["share"]["exists"]), (&json!(person), &json!(false)));

    let mut line = Line::open(&bens);
    let inbox = folder(&bens, &office, "inbox");
    let new = json!({ "create": { "n": { "mailboxIds": { inbox: true }, "subject": "x" } } });
    assert!(call(&bens, &office, "Email/set", new.clone()).1["created"]["n"].is_object());
    assert!(line.hears(&office), "changes in it are told: {}", line.heard);
    granted(&ada.delete(&grant).unwrap());
    assert!(line.ends() < SOON, "the line ends with the right");
    assert_eq!(call(&bens, &office, "Email/set", new).1["type"], "accountNotFound", "at once, in the same session");
    assert_eq!(accounts(&bens).len(), 1);
    let path = format!("/api/v1/mail/accounts/{office}/delegates");
    assert_eq!(bens.get(&path).unwrap().status, 404);
    let actions: Vec<_> = server.audited().into_iter().filter(|entry| entry["kind"] == "mail").collect();
    let words: Vec<_> = actions.iter().map(|entry| entry["action"].as_str().unwrap_or_default()).collect();
    let expected = ["mailbox_created", "mail_granted", "mail_account_opened", "mail_acted_on_behalf", "mail_revoked"];
    assert_eq!(words, expected, "{actions:?}");
}

/// What each right alone allows: mark a message, write a draft, send as the mailbox, send and say who, grant.
const TABLE: [(&str, &str); 5] =
    [("read", "-----"), ("write", "++---"), ("send_on_behalf", "-+-+-"), ("send_as", "-+++-"), ("manage", "----+")];

#[test]
fn each_right_opens_what_it_says() {
    let server = Server::start("[mail]\n");
    let (ben, eva) = (server.signed_in("ben", "Birke-Nebel-17", None), server.signed_in("eva", "Buche-Wolke-33", None));
    let (bens, evas) = (ben.at_post().unwrap(), eva.at_post().unwrap());
    let (bens_id, own) = (person_of(&ben), accounts(&evas).remove(0));
    let delegate = format!("/api/v1/mail/accounts/{own}/delegates/{bens_id}");
    let [inbox, drafts] = ["inbox", "drafts"].map(|role| folder(&evas, &own, role));
    let identity = call(&evas, &own, "Identity/get", json!({})).1["list"][0]["id"].clone();
    let write = |person: &Person, folder: &str, sender: Option<&str>| {
        let mut letter = json!({
            "mailboxIds": { folder: true }, "subject": "Haushalt",
            "from": [{ "email": "eva@fernamt.localhost" }], "to": [{ "email": "eva@fernamt.localhost" }],
        });
        if let Some(sender) = sender {
            letter["sender"] = json!([{ "email": sender }]);
        }
        call(person, &own, "Email/set", json!({ "create": { "l": letter } })).1
    };
    for (right, expected) in TABLE {
        granted(&evas.put(&delegate, &json!({ "rights": [right] })).unwrap());
        assert_eq!(accounts(&bens).len(), 2, "{right}");
        let made = |answer: &Value| answer["created"]["l"]["id"].as_str().map(str::to_owned);
        let letter = made(&write(&evas, &inbox, None)).unwrap();
        let mark = json!({ "update": { &letter: { "keywords/$seen": true } } });
        let mark = call(&bens, &own, "Email/set", mark).1;
        let draft = write(&bens, &drafts, None);
        let send = |sender: Option<&str>| {
            let email = made(&write(&evas, &drafts, sender)).unwrap();
            let create = json!({ "create": { "s": { "identityId": identity, "emailId": email } } });
            call(&bens, &own, "EmailSubmission/set", create).1["created"]["s"].is_object()
        };
        let share = bens.put(&delegate, &json!({ "rights": [right] })).unwrap().status;
        let done = [
            mark["updated"].get(&letter).is_some(),
            made(&draft).is_some(),
            send(None),
            send(Some("ben@fernamt.localhost")),
            share == 200,
        ];
        let found: String = done.iter().map(|done| if *done { '+' } else { '-' }).collect();
        assert_eq!(found, expected, "{right}: {mark} {draft} {share}");
    }
    granted(&evas.delete(&delegate).unwrap());
    assert_eq!(accounts(&bens).len(), 1);
    assert_eq!(call(&bens, &own, "Email/get", json!({ "ids": [] })).1["type"], "accountNotFound");
}
