//! Drives the crate `jmap-client`: commands come in as JSON, one a line, and each is answered by one line. It runs in a
//! process of its own, since the crate asks the system for addresses and the names of the test are known to nobody;
//! the environment names the server as a proxy instead.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, stdin},
};

use anyhow::{Context as _, Result, bail};
use jmap_client::{
    URI,
    client::{Client, Credentials},
    core::{
        request::Request,
        response::{EmailSetResponse, EmailSubmissionSetResponse},
        set::SetObject as _,
    },
    email::{self, EmailBodyPart, Property},
    mailbox::{self, Role},
};
use serde_json::{Value, json};

/// More than any answer of a busy machine takes.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(1);

#[test]
#[ignore = "the tests of programs run it as a process of their own"]
fn follows_commands() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut program = None;
    let mut lines = 0;
    for line in stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let said = match runtime.block_on(follow(&mut program, &command)) {
            Ok(answer) => json!({ "answer": answer }),
            Err(error) => json!({ "fault": format!("{error:#}") }),
        };
        println!("\n{said}");
        lines += 1;
    }
    assert!(lines > 0, "nobody says what to do");
}

async fn follow(program: &mut Option<Program>, command: &Value) -> Result<Value> {
    let text = |name: &str| command[name].as_str().with_context(|| format!("{name} is a text"));
    if command["do"] == "open" {
        let client = Client::new().credentials(Credentials::bearer(text("token")?)).timeout(LIMIT);
        let client = client.connect(&format!("http://{}", text("host")?)).await?;
        let name = client.session().username().to_owned();
        *program = Some(Program { client, known: BTreeMap::new(), state: None });
        return Ok(name.into());
    }
    let program = program.as_mut().context("it was opened")?;
    match text("do")? {
        "folders" => program.folders().await,
        "search" => program.search(email::query::Filter::text(text("text")?)).await,
        "read" => program.read(text("subject")?).await,
        "send" => program.send(text("to")?, text("subject")?, text("text")?).await,
        "sync" => program.sync().await,
        other => bail!("what is {other}?"),
    }
}

struct Program {
    client: Client,
    known: BTreeMap<String, Value>,
    state: Option<String>,
}

impl Program {
    /// A request that names what is used. By itself the crate names whatever it knows, and a server has to refuse what it
    /// does not know (RFC 8620, section 3.6.1).
    fn request(&self) -> Request<'_> {
        let mut request = self.client.build();
        request.using = vec![URI::Core, URI::Mail, URI::Submission];
        request
    }

    async fn folders(&self) -> Result<Value> {
        let mut request = self.request();
        request.get_mailbox();
        let found = request.send_get_mailbox().await?;
        let counts = found
            .list()
            .iter()
            .map(|one| (name_of(&one.role()).to_owned(), json!([one.total_emails(), one.unread_emails()])));
        Ok(Value::Object(counts.collect()))
    }

    async fn folder(&self, role: Role) -> Result<String> {
        let mut request = self.request();
        request.query_mailbox().filter(mailbox::query::Filter::role(role));
        request.send_query_mailbox().await?.take_ids().pop().context("there is such a folder")
    }

    async fn found(&self, filter: email::query::Filter) -> Result<Vec<String>> {
        let mut request = self.request();
        request.query_email().filter(filter);
        Ok(request.send_query_email().await?.take_ids())
    }

    async fn search(&self, filter: email::query::Filter) -> Result<Value> {
        let ids = self.found(filter).await?;
        let mut request = self.request();
        request.get_email().ids(ids).properties([Property::Id, Property::Subject]);
        let emails = request.send_get_email().await?;
        Ok(emails.list().iter().map(|email| email.subject().unwrap_or_default()).collect())
    }

    async fn read(&self, subject: &str) -> Result<Value> {
        let ids = self.found(email::query::Filter::subject(subject)).await?;
        let mut request = self.request();
        let get = request.get_email().ids(ids).properties([Property::Id, Property::TextBody, Property::BodyValues]);
        get.arguments().fetch_text_body_values(true);
        let emails = request.send_get_email().await?;
        let text = |email: &email::Email| {
            let part = email.text_body()?.first()?.part_id()?;
            Some(email.body_value(part)?.value().to_owned())
        };
        Ok(emails.list().iter().map(|email| text(email).unwrap_or_default()).collect())
    }

    async fn send(&self, to: &str, subject: &str, text: &str) -> Result<Value> {
        let (drafts, sent) = (self.folder(Role::Drafts).await?, self.folder(Role::Sent).await?);
        let mut request = self.request();
        request.get_identity();
        let identity = request.send_get_identity().await?.take_list().pop().context("there is a sender")?;
        let mut request = self.request();
        let draft = request.set_email().create();
        draft.mailbox_ids([&drafts]).keywords(["$draft"]).subject(subject).to([to]);
        draft.from([identity.email().context("a sender has an address")?]);
        draft.text_body(EmailBodyPart::new().part_id("text").content_type("text/plain"));
        draft.body_value("text".to_owned(), text);
        let made = draft.create_id().context("a draft has a name")?;
        let id = request.send_single::<EmailSetResponse>().await?.created(&made)?.take_id();
        let mut request = self.request();
        let submission = request.set_email_submission().create();
        submission.email_id(&id).identity_id(identity.id().context("a sender has an id")?);
        let made = submission.create_id().context("a submission has a name")?;
        let submission = request.send_single::<EmailSubmissionSetResponse>().await?.created(&made)?;
        let mut request = self.request();
        request.set_email().update(&id).mailbox_ids([&sent]).keywords(["$seen"]);
        request.send_single::<EmailSetResponse>().await?.updated(&id)?;
        Ok(json!([if submission.id().is_some() { "send" } else { "" }]))
    }

    /// Brings what is known up to date, and tells all of it.
    async fn sync(&mut self) -> Result<Value> {
        let mut state = match self.state.take() {
            Some(state) => state,
            None => {
                let mut request = self.request();
                request.get_email().ids(Vec::<String>::new());
                let state = request.send_get_email().await?.take_state();
                let mut request = self.request();
                request.query_email();
                let all = request.send_query_email().await?.take_ids();
                self.take(&all).await?;
                state
            }
        };
        loop {
            let mut request = self.request();
            request.changes_email(&state).max_changes(50);
            let mut changes = request.send_changes_email().await?;
            self.take(&[changes.take_created(), changes.take_updated()].concat()).await?;
            for gone in changes.take_destroyed() {
                self.known.remove(&gone);
            }
            state = changes.take_new_state();
            if !changes.has_more_changes() {
                break;
            }
        }
        self.state = Some(state);
        Ok(json!(self.known))
    }

    async fn take(&mut self, ids: &[String]) -> Result<()> {
        for part in ids.chunks(100) {
            let mut request = self.request();
            let wanted = [Property::Id, Property::MailboxIds, Property::Keywords];
            request.get_email().ids(part).properties(wanted);
            for email in request.send_get_email().await?.take_list() {
                let sorted = |mut names: Vec<&str>| {
                    names.sort_unstable();
                    json!(names)
                };
                let seen = json!([sorted(email.mailbox_ids()), sorted(email.keywords())]);
                self.known.insert(email.id().context("an email has an id")?.to_owned(), seen);
            }
        }
        Ok(())
    }
}

fn name_of(role: &Role) -> &str {
    match role {
        Role::Archive => "archive",
        Role::Drafts => "drafts",
        Role::Important => "important",
        Role::Inbox => "inbox",
        Role::Junk => "junk",
        Role::Sent => "sent",
        Role::Trash => "trash",
        Role::Other(other) => other,
        Role::None => "",
    }
}
