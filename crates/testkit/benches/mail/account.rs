//! A person's own mail account at Fernamt, asked by JMAP.

use std::{io::Read as _, net::TcpStream};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::person::Person;
use serde_json::{Value, json};

use crate::letters::Letters;

/// Messages that one call makes or changes.
const PER_CALL: usize = 400;

/// An account and who asks.
pub(crate) struct Account {
    person: Person,
    id: String,
}

impl Account {
    pub(crate) fn open(person: &Person) -> Result<Self> {
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
    pub(crate) fn fill(&self, mut letters: Letters, messages: usize) -> Result<usize> {
        let path = format!("/jmap/upload/{}", self.id);
        let file = self.person.upload(&path, "application/octet-stream", &letters.file)?.json()?["blobId"].clone();
        let folders = [self.folder("inbox")?, self.folder("archive")?];
        let mut letters = letters.by_ref().take(messages).peekable();
        let mut bytes = 0;
        while letters.peek().is_some() {
            let mut create = serde_json::Map::new();
            for letter in letters.by_ref().take(PER_CALL) {
                let email = letter.email(&folders[usize::from(letter.is_archived())], &file)?;
                create.insert(letter.number.to_string(), email);
            }
            let expected = create.len();
            let done = self.call("Email/set", json!({ "create": create }))?;
            let created = done["created"].as_object().with_context(|| format!("nothing was made: {done}"))?;
            ensure!(created.len() == expected, "not all was made: {done}");
            let sizes = created.values().filter_map(|email| email["size"].as_u64());
            bytes += usize::try_from(sizes.sum::<u64>())?;
        }
        Ok(bytes)
    }

    /// What a page needs before it shows anything.
    pub(crate) fn first_screen(&self, role: &str) -> Result<()> {
        self.person.get("/jmap/session")?;
        self.call("Mailbox/get", json!({}))?;
        ensure!(self.screen(role)? > 0, "the folder is empty");
        Ok(())
    }

    /// The newest threads of a folder with what a list shows of them; tells how many.
    pub(crate) fn screen(&self, role: &str) -> Result<usize> {
        let folder = self.folder(role)?;
        self.list(&json!({ "inMailbox": folder }), false)
    }

    pub(crate) fn search(&self, text: &str) -> Result<usize> {
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

    pub(crate) fn state(&self) -> Result<String> {
        let got = self.call("Email/get", json!({ "ids": [] }))?;
        Ok(got["state"].as_str().context("there is a state")?.to_owned())
    }

    /// Marks so many messages, as another program of the same person does.
    pub(crate) fn touch(&self, count: usize) -> Result<()> {
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
    pub(crate) fn learn(&self, since: &str, expected: usize) -> Result<()> {
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

    /// A line that has begun.
    pub(crate) fn line(&self) -> Result<TcpStream> {
        let mut line = self.person.listen("/jmap/eventsource?types=*&closeafter=no&ping=0")?;
        let mut begun = [0; 15];
        line.read_exact(&mut begun).context("the line begins")?;
        ensure!(begun.ends_with(b" 200 OK"), "no line: {}", String::from_utf8_lossy(&begun));
        Ok(line)
    }
}
