//! An account whose mailbox lies on a real mail server, where an IMAP client edits it while JMAP clients use it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use fernamt_testkit::{
    full, peer,
    peers::{Contents, Cyrus, JmapClient},
    person::Person,
};
use serde_json::{Value, json};

use super::{everything, following, jam, jmap_client, jmapc};
use crate::{
    delegation::Line,
    jmap::{account, call},
    programs::Program,
    support::{Server, mirroring},
};

/// What was being put onto the mail server when a conversation broke is looked for during two minutes before it is put
/// again.
const LIMIT: Duration = Duration::from_mins(5);

/// How many edits the IMAP client makes each time it signs in.
const PART: usize = 20;

/// A folder in which nothing is edited.
const KEPT: &str = "Fest";

/// What the IMAP client is: `edit(part, count)` makes so many edits at random, another series for each `part`. In the middle
/// of them it puts a message into the folder in which nothing is edited.
const IMAP_CLIENT: &str = r#"
import random

def put(folder, subject, text, flags=''):
    name = subject.replace(' ', '-')
    head = (f'From: ben@amt.test\r\nTo: ada@amt.test\r\nSubject: {subject}\r\nMessage-ID: <{name}@amt.test>\r\n'
            'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n')
    q(m.append(folder, flags, None, f'{head}\r\n{text}\r\n'.encode()))

def edited_folders():
    names = [line.decode().split(' "/" ')[1].strip('"') for line in q(m.list())]
    return [name for name in names if name not in ('Drafts', 'Sent', 'Fest')]

def edit(part, count):
    dice = random.Random(part)
    kinds = ['append'] * 4 + ['mark', 'unmark', 'move', 'copy', 'expunge', 'create', 'rename', 'delete']
    for number in range(count):
        if number == count // 2:
            put('Fest', f'Marke {part}', 'Hallo')
            # It is told of INBOX at once, and whoever looks then sees the other folders, too.
            put('INBOX', f'Wecker {part}', 'Hallo')
        names = edited_folders()
        own = [name for name in names if name.startswith('Akte-')]
        folder, other, free = dice.choice(names), dice.choice(names), f'Akte-{dice.randrange(6)}'
        flag = dice.choice(['\\Seen', '\\Flagged', '\\Answered', '$Todo'])
        kind = dice.choice(kinds)
        q(m.select(folder))
        found = q(m.uid('SEARCH', 'ALL'))[0].decode().split()
        uid = dice.choice(found) if found else None
        if kind in ('create', 'rename') and free in names or kind in ('rename', 'delete') and not own:
            kind = 'append'
        if kind in ('mark', 'unmark', 'move', 'copy', 'expunge') and not uid or kind == 'move' and folder == other:
            kind = 'append'
        if kind in ('create', 'rename', 'delete'):
            q(m.unselect())
        if kind == 'create': q(m.create(free))
        elif kind == 'rename': q(m.rename(dice.choice(own), free))
        # Cyrus refuses to delete two folders of one name within a second.
        elif kind == 'delete': m.delete(dice.choice(own))
        elif kind == 'mark': q(m.uid('STORE', uid, '+FLAGS', f'({flag})'))
        elif kind == 'unmark': q(m.uid('STORE', uid, '-FLAGS', f'({flag})'))
        elif kind == 'move': q(m._simple_command('UID', 'MOVE', uid, other))
        elif kind == 'copy': q(m.uid('COPY', uid, other))
        elif kind == 'expunge':
            q(m.uid('STORE', uid, '+FLAGS', '(\\Deleted)'))
            q(m._simple_command('UID', 'EXPUNGE', uid))
        else: put(folder, f'Nummer {part} {number}', 'Hallo', f'({flag})')
"#;

/// One person's account here, and the mailbox that it mirrors.
struct Account<'a> {
    person: Person,
    id: String,
    cyrus: &'a Cyrus,
}

impl Account<'_> {
    fn call(&self, name: &str, arguments: Value) -> Value {
        call(&self.person, &self.id, name, arguments)
    }

    fn folders(&self) -> Vec<Value> {
        self.call("Mailbox/get", json!({ "ids": null }))["list"].as_array().unwrap().clone()
    }

    /// How many messages lie in the folder in which nothing is edited.
    fn kept(&self) -> u64 {
        let folders = self.folders();
        let kept = folders.iter().find(|folder| folder["name"] == KEPT);
        kept.map_or(0, |folder| folder["totalEmails"].as_u64().unwrap())
    }

    /// What lies where, from what a client knows of each id.
    fn placed(&self, known: &Value) -> Contents {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = |folder: &Value| if folder["role"] == "inbox" { "INBOX".to_owned() } else { text(&folder["name"]) };
        let paths: BTreeMap<_, _> = self.folders().iter().map(|one| (text(&one["id"]), path(one))).collect();
        let ids: Vec<_> = known.as_object().unwrap().keys().collect();
        let mut names = BTreeMap::new();
        for part in ids.chunks(100) {
            let got = self.call("Email/get", json!({ "ids": part, "properties": ["messageId"] }));
            let list = got["list"].as_array().unwrap().iter();
            names.extend(list.map(|email| (text(&email["id"]), text(&email["messageId"][0]))));
        }
        let mut placed: Contents = paths.values().map(|path| (path.clone(), Vec::new())).collect();
        // What is not there any more has no name, so that it shows.
        let name_in = |all: &BTreeMap<String, String>, id: &str| all.get(id).cloned().unwrap_or_default();
        for (id, seen) in known.as_object().unwrap() {
            let marks: Vec<_> = seen[1].as_array().unwrap().iter().map(text).collect();
            for folder in seen[0].as_array().unwrap() {
                let inside = placed.entry(name_in(&paths, &text(folder))).or_default();
                inside.push((name_in(&names, id), marks.clone()));
            }
        }
        for inside in placed.values_mut() {
            inside.sort();
        }
        placed
    }

    fn imap_client(&self, does: &str) {
        self.cyrus.mail_program("ada", &format!("{IMAP_CLIENT}\n{does}")).unwrap();
    }

    /// Edits by IMAP. The mirror is at work on one part while the next one is done.
    fn edit_by_imap(&self, line: &mut Line, edits: usize) {
        for part in 0..edits.div_ceil(PART) {
            while self.kept() < 1 + part as u64 {
                line.next();
            }
            self.imap_client(&format!("edit({part}, {PART})"));
        }
    }

    /// What lies on the mail server, once the same lies here and so many messages were sent.
    fn settled(&self, sent: usize) -> Contents {
        let begin = Instant::now();
        loop {
            let here = self.placed(&json!(everything(&self.person, &self.id)));
            let there = self.cyrus.contents("ada").unwrap();
            if here == there && there["Sent"].len() == sent && there["Drafts"].is_empty() {
                return there;
            }
            assert!(begin.elapsed() < LIMIT, "here {here:?}, there {there:?}");
        }
    }
}

/// What every client does beside bringing what it knows up to date: it searches and reads, and once it sends.
fn use_mail(client: &mut JmapClient, round: u32) {
    if round == 0 {
        let mail = json!({ "do": "send", "to": "ben@amt.test", "subject": "Antrag", "text": "Der Antrag" });
        assert_eq!(client.ask(&mail).unwrap(), json!(["send"]));
    }
    assert_eq!(client.ask(&json!({ "do": "search", "text": "grüße" })).unwrap(), json!(["Fester Brief"]));
    let read = client.ask(&json!({ "do": "read", "subject": "Fester Brief" })).unwrap();
    assert_eq!(read.as_array().unwrap().len(), 1, "{read}");
    assert!(read[0].as_str().unwrap().starts_with("Grüße aus dem Amt"), "{read}");
}

#[test]
fn independent_programs_use_a_mailbox_that_an_imap_client_edits_meanwhile() {
    let edits = if full() { 1_000 } else { 60 };
    let cyrus = peer!(Cyrus::start(&[("ada", "Linde-Fluss-27"), ("ben", "Linde-Fluss-28")]));
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&mirroring(&cyrus, folder.path()));
    server.signed_in("ben", "Birke-Nebel-17", None);
    let ada = server.ada();
    let program = || Program::approved(&server, &ada, &ada);
    let clients = [peer!(jmapc(&program())), peer!(jam(&program())), peer!(jmap_client(&program()))];
    let person = ada.at_post().unwrap();
    let mut line = Line::open(&person);
    let ada = Account { id: account(&person), person, cyrus: &cyrus };
    ada.imap_client(&format!(
        "q(m.create('{KEPT}'))\nput('{KEPT}', 'Fester Brief', 'Gr\\u00fc\\u00dfe aus dem Amt')\nput('INBOX', 'Erste', 'Hallo')"
    ));
    while ada.kept() < 1 {
        line.next();
    }
    let sent = clients.len();
    let mut there = Contents::new();
    let edit = || {
        ada.edit_by_imap(&mut line, edits);
        there = ada.settled(sent);
    };
    let followed = following(clients, use_mail, edit);
    assert_eq!(cyrus.contents("ada").unwrap(), there, "nothing is carried there any more");
    assert!(there.values().map(Vec::len).sum::<usize>() > 10, "{there:?}");
    let counts = |path: &str| {
        let unread = |(_, marks): &&(String, Vec<String>)| !marks.iter().any(|mark| mark == "$seen");
        json!([there[path].len(), there[path].iter().filter(unread).count()])
    };
    for (mut client, known) in followed {
        assert_eq!(ada.placed(&known), there, "as the mail server has it");
        let folders = client.ask(&json!({ "do": "folders" })).unwrap();
        for (role, path) in [("inbox", "INBOX"), ("archive", "Archive"), ("trash", "Trash"), ("sent", "Sent")] {
            assert_eq!(folders[role], counts(path), "{role}: {folders}");
        }
    }
    let begin = Instant::now();
    while cyrus.contents("ben").unwrap()["INBOX"].len() < sent {
        assert!(begin.elapsed() < LIMIT, "what was sent arrives at the mail server");
    }
    assert_eq!(cyrus.contents("ben").unwrap()["INBOX"].len(), sent, "once");
}
