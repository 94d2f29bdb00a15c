//! A house that keeps its mail server.

use std::{collections::BTreeMap, fs};

use fernamt_domain::{MailAccountId, MailboxId, mail::Keywords};
use fernamt_mail::{
    MailServer, Notices, Smarthost, SmarthostAddress,
    host::{Security, Server, Trust, imap::FolderName},
};
use fernamt_testkit::peers::{Cyrus, Door};
use serde_json::Value;

use crate::house::{Client, HOST, House, Ways};

/// What lies in each folder: of each message its Message-ID and its marks.
pub(super) type Contents = BTreeMap<String, Vec<(String, String)>>;

/// A house, its mail server, and somebody whose mailbox lies there.
pub(super) struct Mirrored {
    pub(super) cyrus: Cyrus,
    pub(super) house: House,
    pub(super) ada: Client,
    pub(super) account: MailAccountId,
}

impl Mirrored {
    pub(super) fn start() -> anyhow::Result<Cyrus> {
        Cyrus::start(&[("ada", "Linde-Fluss-27"), ("bob", "Linde-Fluss-28")])
    }

    /// A server that has no lists of rights.
    pub(super) fn start_without_rights() -> anyhow::Result<Cyrus> {
        Cyrus::start_without("ACL RIGHTS=kxten", &[("ada", "Linde-Fluss-27"), ("bob", "Linde-Fluss-28")])
    }

    pub(super) async fn new(cyrus: Cyrus) -> Self {
        Self::with(cyrus, None).await
    }

    /// One that tells push services.
    pub(super) async fn with(cyrus: Cyrus, notices: Option<Notices>) -> Self {
        let authority = fs::read(cyrus.authority_file()).unwrap();
        let trust = Trust::only(&authority).unwrap();
        let smarthost = SmarthostAddress {
            host: "localhost",
            port: cyrus.submission.address().port(),
            tls_at_once: false,
            login: Some((cyrus.operator.to_owned(), cyrus.operator_password.into())),
            authority_pem: Some(authority),
        };
        let at = |door: &Door| Server {
            host: "localhost".to_owned(),
            port: door.address().port(),
            security: Security::StartTls,
            trust: trust.clone(),
        };
        let server = MailServer {
            tenant_host: HOST.to_owned(),
            domain: "amt.test".to_owned(),
            imap: at(&cyrus.imap),
            sieve: Some(at(&cyrus.sieve)),
            operator: cyrus.operator.to_owned(),
            password: cyrus.operator_password.into(),
            reserved: vec!["cyrus".to_owned()],
        };
        let smarthost = Smarthost::new(smarthost).unwrap();
        let ways = Ways { server: Some(server), smarthost: Some(smarthost), notices, ..Ways::default() };
        let house = House::with(ways).await;
        let ada = house.person("ada").await;
        let account = ada.account.parse().unwrap();
        Self { cyrus, house, ada, account }
    }

    /// What somebody does with another mail program.
    pub(super) fn program(&self, script: &str) -> String {
        self.program_of("ada", script)
    }

    /// What this person does with another mail program.
    pub(super) fn program_of(&self, person: &str, script: &str) -> String {
        let put = "def put(folder, subject, flags=''):\n    text = f'From: bob@amt.test\\r\\nTo: ada@amt.test\\r\\nSubject: \
                   {subject}\\r\\nMessage-ID: <{subject}@amt.test>\\r\\n\\r\\nHallo {subject}\\r\\n'\n    \
                   return q(m.append(folder, flags, None, text.encode()))\n";
        self.cyrus.mail_program(person, &format!("{put}\n{script}")).unwrap()
    }

    pub(super) async fn round(&self) {
        self.round_of(self.account).await;
    }

    pub(super) async fn round_of(&self, account: MailAccountId) {
        assert!(self.house.mail.mirror_once(&self.house.tenant, account).await.unwrap());
    }

    /// What lies on the server.
    pub(super) fn there(&self) -> Contents {
        self.there_of("ada")
    }

    /// What this person has on the server.
    pub(super) fn there_of(&self, person: &str) -> Contents {
        let told = self.cyrus.contents(person).unwrap();
        told.into_iter()
            .map(|(name, found)| {
                let mut found: Vec<_> = found.into_iter().map(|(id, marks)| (id, marks.join(" "))).collect();
                found.sort();
                (FolderName::kept(name).path(), found)
            })
            .collect()
    }

    /// What lies in the index.
    pub(super) async fn here(&self) -> Contents {
        self.here_of(self.account).await
    }

    /// What lies in the index of an account.
    pub(super) async fn here_of(&self, account: MailAccountId) -> Contents {
        let tenant = &self.house.tenant;
        let mailboxes = tenant.mailboxes().of_account(account).await.unwrap();
        let path = |id: MailboxId| {
            let (mut path, mut at) = (Vec::new(), Some(id));
            while let Some(one) = mailboxes.iter().find(|mailbox| Some(mailbox.id) == at) {
                let is_inbox = one.role.is_some_and(|role| role.as_str() == "inbox");
                path.insert(0, if is_inbox { "INBOX" } else { &one.name });
                at = one.parent;
            }
            path.join("/")
        };
        let marks: BTreeMap<_, Keywords> = tenant.mail_mirrors().marks(account).await.unwrap().into_iter().collect();
        let ids: Vec<_> = marks.keys().copied().collect();
        let emails = tenant.emails().these(account, &ids).await.unwrap();
        let message_id = |email: &fernamt_store::EmailRecord| -> String {
            email.envelope["messageId"][0].as_str().unwrap_or_default().to_owned()
        };
        let names: BTreeMap<_, _> = emails.iter().map(|email| (email.id, message_id(email))).collect();
        let ids: Vec<_> = mailboxes.iter().map(|mailbox| mailbox.id).collect();
        let mut contents: Contents = ids.iter().map(|id| (path(*id), Vec::new())).collect();
        for (email, mailbox) in tenant.mail_mirrors().lying(&ids).await.unwrap() {
            let found = contents.get_mut(&path(mailbox)).unwrap();
            found.push((names[&email].clone(), marks[&email].to_line().trim().to_owned()));
        }
        for found in contents.values_mut() {
            found.sort();
        }
        contents
    }

    /// Both sides are exactly the same, which is returned.
    pub(super) async fn same(&self) -> Contents {
        let (here, there) = (self.here().await, self.there());
        assert_eq!(here, there, "here and there");
        here
    }

    /// The id of the folder at a path.
    pub(super) async fn folder(&self, name: &str) -> String {
        let all = self.ada.call("Mailbox/get", serde_json::json!({ "ids": null })).await;
        let found = all["list"].as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {all}"))["id"].as_str().unwrap().to_owned()
    }

    /// The id of the message with a subject.
    pub(super) async fn email(&self, subject: &str) -> String {
        let found = self.ada.call("Email/query", serde_json::json!({ "filter": { "subject": subject } })).await;
        found["ids"][0].as_str().unwrap_or_else(|| panic!("{subject}: {found}")).to_owned()
    }

    /// Does something with the folders and messages of the account, as a JMAP client does.
    pub(super) async fn set(&self, kind: &str, arguments: Value) -> Value {
        let done = self.ada.call(&format!("{kind}/set"), arguments).await;
        for refused in ["notCreated", "notUpdated", "notDestroyed"] {
            assert!(done[refused].as_object().is_some_and(serde_json::Map::is_empty), "{done}");
        }
        done
    }
}
