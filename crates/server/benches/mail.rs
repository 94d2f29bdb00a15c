//! A large mailbox: the first screen, other folders, searches, what changed, and five hundred people who wait for mail.
//!
//! `cargo xtask bench mail -- MESSAGES PEOPLE` for a quick look.

#![expect(clippy::print_stdout, reason = "a bench tells how far it is")]

use std::{
    io::Read as _,
    net::TcpStream,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{
    SeededRng,
    office::Office,
    person::Person,
    process,
    report::{Better, Report, Row},
};
use serde_json::{Value, json};

/// A mailbox of many years.
const MESSAGES: usize = 100_000;
/// An office whose mail pages are open.
const PEOPLE: usize = 500;
/// How often each case is asked.
const ROUNDS: usize = 50;
/// Messages that one call makes.
const PER_CALL: usize = 400;
/// Messages that one thread holds.
const PER_THREAD: usize = 4;
/// Every so many messages carry a file.
const PER_FILE: usize = 5;
/// The bytes of that file: with its text the mean is 20 kB.
const FILE_BYTES: usize = 58_000;
/// Changes of which a client learns.
const CHANGES: usize = 1_000;
/// Different words that messages are made of; the first are the most frequent.
const WORDS: u64 = 30_000;
/// Words of a message's text.
const TEXT_WORDS: usize = 450;
/// Threads that prepare people.
const PREPARING: usize = 8;
/// Printed, so that a run can be repeated.
const SEED: u64 = 20_261_123;
/// Goals of the product.
const FIRST_SCREEN_MS: f64 = 300.0;
const MEMORY_MB: f64 = 500.0;

fn main() -> Result<()> {
    let words: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (messages, people) = match words[..] {
        [messages, people] => (messages, people),
        _ => (MESSAGES, PEOPLE),
    };
    let office = Office::start_with("[mail]\n")?;
    office.run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n")?;
    let mut ada = office.person("ada", "Kastanie-Regen-41")?;
    ada.sign_in()?;
    let account = Account::open(&ada)?;
    println!("Writing {messages} messages (seed {SEED}) …");
    let begin = Instant::now();
    let bytes = account.fill(messages)?;
    let mut report = Report::new("mail");
    report.push(Row::figure("messages", "messages", figure(messages)?));
    report.push(Row::figure("their mean size", "kB", figure(bytes / messages.max(1))? / 1e3));
    report.push(Row::figure("written", "messages/s", figure(messages)? / begin.elapsed().as_secs_f64()));

    let first = times(ROUNDS, || account.first_screen("inbox"))?;
    report.push(Row::goal("first screen, median", "ms", Better::Lower, median(&first), FIRST_SCREEN_MS));
    report.push(Row::goal("first screen, slowest", "ms", Better::Lower, slowest(&first), FIRST_SCREEN_MS));
    let mut other = ["archive", "inbox"].into_iter().cycle();
    let folder = times(ROUNDS, || account.screen(other.next().unwrap_or("inbox")).map(drop))?;
    report.push(Row::figure("another folder, median", "ms", median(&folder)));
    for (case, text) in [
        ("a rare word", word(WORDS - 5)),
        ("a word of every hundredth message", word(2_500)),
        ("a frequent word", word(3)),
        ("two words", format!("{} {}", word(700), word(900))),
    ] {
        let found = times(ROUNDS / 5, || account.search(&text).map(drop))?;
        let count = figure(account.search(&text)?)?;
        report.push(Row::figure(&format!("search for {case}, median ({count} found)"), "ms", median(&found)));
    }

    for changes in [CHANGES / 10, CHANGES] {
        let since = account.state()?;
        account.touch(changes.min(messages))?;
        let learnt = times(ROUNDS / 5, || account.learn(&since, changes.min(messages)))?;
        report.push(Row::figure(&format!("learning of {changes} changes, median"), "ms", median(&learnt)));
    }

    println!("{people} people open their mail and wait …");
    let lines = waiting(&office, people)?;
    let megabytes = f64::from(u32::try_from(process::memory(office.pid())? / 1000)?) / 1e3;
    report.push(Row::figure("people who wait for mail", "people", figure(lines.len())?));
    report.push(Row::goal("memory with everybody waiting (PSS)", "MB", Better::Lower, megabytes, MEMORY_MB));
    let before = process::cpu(office.pid())?;
    fernamt_testkit::office::pause(Duration::from_secs(30));
    let idle = process::cpu(office.pid())?.saturating_sub(before);
    report.push(Row::figure("processor while they wait", "CPU-ms/s", idle.as_secs_f64() * 1e3 / 30.0));
    report.finish()?;
    Ok(())
}

/// A person's own mail account, asked by JMAP.
struct Account {
    person: Person,
    id: String,
}

impl Account {
    fn open(person: &Person) -> Result<Self> {
        let person = person.at_post()?;
        let session = person.get("/jmap/session")?.json()?;
        let id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().context("there is an account")?;
        Ok(Self { id: id.to_owned(), person })
    }

    fn calls(&self, calls: &[(&str, Value)]) -> Result<Vec<Value>> {
        let calls: Vec<_> = (0_usize..)
            .zip(calls)
            .map(|(number, (name, given))| {
                let mut given = given.clone();
                given["accountId"] = self.id.as_str().into();
                json!([name, given, number.to_string()])
            })
            .collect();
        let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
        let answer = self.person.post("/jmap/api", &json!({ "using": using, "methodCalls": calls }))?.json()?;
        let answers = answer["methodResponses"].as_array().with_context(|| format!("no answers: {answer}"))?;
        answers
            .iter()
            .map(|one| {
                ensure!(one[0] != "error", "a call failed: {one}");
                Ok(one[1].clone())
            })
            .collect()
    }

    fn call(&self, name: &str, given: Value) -> Result<Value> {
        self.calls(&[(name, given)])?.pop().context("a call has an answer")
    }

    fn folder(&self, role: &str) -> Result<String> {
        let found = self.call("Mailbox/query", json!({ "filter": { "role": role } }))?;
        Ok(found["ids"][0].as_str().context("there is such a folder")?.to_owned())
    }

    /// Writes so many messages; tells how many bytes they have together.
    fn fill(&self, messages: usize) -> Result<usize> {
        let random = SeededRng::new(SEED);
        let file: Vec<u8> = (0..FILE_BYTES).map(|_| u8::try_from(random.below(256)).unwrap_or_default()).collect();
        let path = format!("/jmap/upload/{}", self.id);
        let blob = self.person.upload(&path, "application/octet-stream", &file)?.json()?["blobId"].clone();
        let folders = [self.folder("inbox")?, self.folder("archive")?];
        let mut bytes = 0;
        let mut number = 0;
        while number < messages {
            let mut create = json!({});
            for at in number..messages.min(number + PER_CALL) {
                let thread = at / PER_THREAD;
                let text: Vec<_> = (0..TEXT_WORDS).map(|_| word(frequent(&random))).collect();
                let mut email = json!({
                    "mailboxIds": { folders[thread % 2].as_str(): true },
                    "keywords": { "$seen": true },
                    "from": [{ "name": word(frequent(&random)), "email": "absender@amt.example" }],
                    "to": [{ "email": "ada@fernamt.localhost" }],
                    "subject": format!("{} {thread}", word(u64::try_from(thread)? % WORDS)),
                    "messageId": [format!("{at}@bench")],
                    "bodyValues": { "t": { "value": text.join(" ") } },
                    "textBody": [{ "partId": "t", "type": "text/plain" }],
                });
                if at % PER_THREAD > 0 {
                    email["inReplyTo"] = json!([format!("{}@bench", at - 1)]);
                }
                if at % PER_FILE == 0 {
                    email["attachments"] = json!([{ "blobId": blob, "type": "application/pdf", "name": "Plan.pdf" }]);
                }
                create[at.to_string()] = email;
            }
            let done = self.call("Email/set", json!({ "create": create }))?;
            let created = done["created"].as_object().with_context(|| format!("nothing was made: {done}"))?;
            ensure!(created.len() == messages.min(number + PER_CALL) - number, "not all was made: {done}");
            let sizes = created.values().filter_map(|email| email["size"].as_u64());
            bytes += usize::try_from(sizes.sum::<u64>())?;
            number += PER_CALL;
        }
        Ok(bytes)
    }

    /// What a page needs before it shows anything.
    fn first_screen(&self, role: &str) -> Result<()> {
        self.person.get("/jmap/session")?;
        self.call("Mailbox/get", json!({}))?;
        ensure!(self.screen(role)? > 0, "the folder is empty");
        Ok(())
    }

    /// The newest threads of a folder with what a list shows of them; tells how many.
    fn screen(&self, role: &str) -> Result<usize> {
        let folder = self.folder(role)?;
        self.list(&json!({ "inMailbox": folder }), false)
    }

    fn search(&self, text: &str) -> Result<usize> {
        self.list(&json!({ "text": text }), true)
    }

    fn list(&self, filter: &Value, total: bool) -> Result<usize> {
        let ids = |from: &str, path: &str| json!({ "resultOf": from, "name": "Email/query", "path": path });
        let order = json!([{ "property": "receivedAt", "isAscending": false }]);
        let heads = ["threadId", "mailboxIds", "keywords", "from", "to", "subject", "preview", "receivedAt", "size"];
        let query =
            json!({ "filter": filter, "sort": order, "collapseThreads": true, "limit": 50, "calculateTotal": total });
        let answers = self.calls(&[
            ("Email/query", query),
            ("Email/get", json!({ "#ids": ids("0", "/ids"), "properties": heads })),
        ])?;
        let shown = answers[1]["list"].as_array().map_or(0, Vec::len);
        Ok(if total { usize::try_from(answers[0]["total"].as_u64().unwrap_or_default())? } else { shown })
    }

    fn state(&self) -> Result<String> {
        let got = self.call("Email/get", json!({ "ids": [] }))?;
        Ok(got["state"].as_str().context("there is a state")?.to_owned())
    }

    /// Marks so many messages, as another program of the same person does.
    fn touch(&self, count: usize) -> Result<()> {
        let found = self.call("Email/query", json!({ "limit": count }))?;
        let ids: Vec<_> =
            found["ids"].as_array().context("there are messages")?.iter().filter_map(Value::as_str).collect();
        ensure!(ids.len() == count, "there are {} messages and not {count}", ids.len());
        for part in ids.chunks(PER_CALL) {
            let mut update = json!({});
            for id in part {
                update[*id] = json!({ format!("keywords/of{count}"): true });
            }
            self.call("Email/set", json!({ "update": update }))?;
        }
        Ok(())
    }

    /// Learns of all changes since a state, with what lists show of them.
    fn learn(&self, since: &str, expected: usize) -> Result<()> {
        let (mut state, mut learnt) = (since.to_owned(), 0);
        loop {
            let changes = self.call("Email/changes", json!({ "sinceState": state, "maxChanges": 500 }))?;
            let ids = changes["updated"].clone();
            learnt += ids.as_array().map_or(0, Vec::len);
            self.call("Email/get", json!({ "ids": ids, "properties": ["mailboxIds", "keywords"] }))?;
            changes["newState"].as_str().context("there is a new state")?.clone_into(&mut state);
            if changes["hasMoreChanges"] != true {
                break;
            }
        }
        ensure!(learnt == expected, "{learnt} changes were told and not {expected}");
        Ok(())
    }
}

/// So many people at their mail pages, each with a line on which news come.
fn waiting(office: &Office, count: usize) -> Result<Vec<TcpStream>> {
    let lines = Mutex::new(Vec::with_capacity(count));
    let numbers = Mutex::new(0..count);
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..PREPARING)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(number) = { lock(&numbers).next() } {
                        let (name, password) = (format!("person{number}"), format!("Morgen-Kaffee-{number:04}"));
                        office.run(&["user", "add", &name], &format!("{password}\n"))?;
                        let mut person = office.person(&name, &password)?;
                        person.sign_in()?;
                        let account = Account::open(&person)?;
                        account.screen("inbox")?;
                        lock(&lines).push(account.line()?);
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().ok().context("a worker panicked")??;
        }
        Ok(())
    })?;
    Ok(lines.into_inner().unwrap_or_default())
}

impl Account {
    /// A line that has begun.
    fn line(&self) -> Result<TcpStream> {
        let mut line = self.person.listen("/jmap/eventsource?types=*&closeafter=no&ping=0")?;
        let mut begun = [0; 15];
        line.read_exact(&mut begun).context("the line begins")?;
        ensure!(begun.ends_with(b" 200 O"), "no line: {}", String::from_utf8_lossy(&begun));
        Ok(line)
    }
}

/// The word of this number: no word is a part of another.
fn word(number: u64) -> String {
    let mut letters = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        letters.insert(0, char::from(b'a' + u8::try_from(rest % 16).unwrap_or_default()));
        rest /= 16;
    }
    format!("q{letters}x")
}

/// A word's number, distributed as in texts: the first word ten times as often as the tenth.
fn frequent(random: &SeededRng) -> u64 {
    let share = f64::from(u32::try_from(random.below(1 << 20)).unwrap_or_default()) / f64::from(1 << 20);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a draw")]
    let number = ((WORDS as f64).powf(share) - 1.0) as u64;
    number.min(WORDS - 1)
}

fn times(rounds: usize, mut case: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        case()?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn slowest(sorted: &[f64]) -> f64 {
    sorted.last().copied().unwrap_or_default()
}

fn figure(number: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(number)?))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
