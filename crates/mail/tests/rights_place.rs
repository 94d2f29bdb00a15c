//! What the acts of the table of rights are done on.

use std::collections::BTreeMap;

use fernamt_domain::{MailAccountId, mail::MailRight};
use serde_json::{Value, json};

use crate::house::{Client, House};

/// A mailbox with something for each act.
pub(crate) struct Place {
    pub(crate) id: MailAccountId,
    pub(crate) account: String,
    pub(crate) own: String,
    pub(crate) own_email: String,
    pub(crate) own_blob: String,
    pub(crate) own_drafts: String,
    pub(crate) folders: BTreeMap<&'static str, String>,
    pub(crate) made_folders: Vec<String>,
    pub(crate) letters: Vec<String>,
    pub(crate) drafts: Vec<String>,
    pub(crate) sent: Vec<String>,
    /// Drafts ready to go: without the field Sender, with ours, with somebody else's, and from somebody else.
    pub(crate) plain: String,
    pub(crate) named: String,
    pub(crate) named_falsely: String,
    pub(crate) from_others: String,
    pub(crate) identity: String,
    pub(crate) waiting: String,
    pub(crate) thread: String,
    pub(crate) blob: String,
}

impl Place {
    pub(crate) async fn new(house: &House, keeper: &Client, ada: &Client, number: usize) -> Self {
        let address = format!("amt{number}@amt.example");
        let id = house.functional("Amt", &address).await;
        house.grant(id, keeper, MailRight::ALL).await;
        let account = id.to_string();
        let mut folders = BTreeMap::new();
        for role in ["inbox", "drafts", "sent", "archive", "trash"] {
            folders.insert(role, keeper.mailbox_in(&account, role).await);
        }
        let mut create = serde_json::Map::new();
        let letter = |folder: &str, from: &str, sender: Option<&str>| {
            let mut letter = json!({
                "mailboxIds": { &folders[folder]: true },
                "from": [{ "email": from }], "to": [{ "email": "keeper@amt.example" }], "subject": "Haushalt",
                "textBody": [{ "partId": "t" }], "bodyValues": { "t": { "value": "Guten Tag" } },
            });
            if let Some(sender) = sender {
                letter["sender"] = json!([{ "email": sender }]);
            }
            letter
        };
        for number in 0..16 {
            create.insert(format!("inbox{number:02}"), letter("inbox", "eva@amt.example", None));
            create.insert(format!("drafts{number:02}"), letter("drafts", &address, None));
            create.insert(format!("sent{number:02}"), letter("sent", &address, None));
        }
        create.insert("plain".into(), letter("drafts", &address, None));
        create.insert("named".into(), letter("drafts", &address, Some("ada@amt.example")));
        create.insert("falsely".into(), letter("drafts", &address, Some("keeper@amt.example")));
        create.insert("others".into(), letter("drafts", "keeper@amt.example", Some("ada@amt.example")));
        create.insert("waits".into(), letter("drafts", &address, None));
        let done = keeper.call("Email/set", json!({ "accountId": account, "create": create })).await;
        let made = |name: &str| done["created"][name]["id"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
        let some = |folder: &str| (0..16).map(|number| made(&format!("{folder}{number:02}"))).collect::<Vec<_>>();
        let thread = done["created"]["inbox00"]["threadId"].as_str().unwrap().to_owned();
        let blob = done["created"]["inbox00"]["blobId"].as_str().unwrap().to_owned();
        let identity = keeper.call("Identity/get", json!({ "accountId": account })).await["list"][0]["id"].clone();
        let identity = identity.as_str().unwrap().to_owned();
        let held = json!({
            "mailFrom": { "email": address, "parameters": { "HOLDFOR": "300" } },
            "rcptTo": [{ "email": "keeper@amt.example" }],
        });
        let waits = json!({ "s": { "identityId": identity, "emailId": made("waits"), "envelope": held } });
        let waits = keeper.call("EmailSubmission/set", json!({ "accountId": account, "create": waits })).await;
        let new_folders: serde_json::Map<_, _> =
            (0..4).map(|number| (format!("f{number}"), json!({ "name": format!("Ordner {number}") }))).collect();
        let folders_made =
            keeper.call("Mailbox/set", json!({ "accountId": account, "create": new_folders })).await["created"].clone();
        let own_inbox = ada.mailbox("inbox").await;
        let own_email = ada.import(&own_inbox, &format!("Subject: own {number}\r\n\r\n")).await;
        let own_blob = ada.upload(format!("own {number}").as_bytes()).await;
        Self {
            id,
            own: ada.account.clone(),
            own_email,
            own_blob,
            own_drafts: ada.mailbox("drafts").await,
            made_folders: (0..4).map(|n| folders_made[format!("f{n}")]["id"].as_str().unwrap().to_owned()).collect(),
            letters: some("inbox"),
            drafts: some("drafts"),
            sent: some("sent"),
            plain: made("plain"),
            named: made("named"),
            named_falsely: made("falsely"),
            from_others: made("others"),
            identity,
            waiting: waits["created"]["s"]["id"].as_str().unwrap_or_else(|| panic!("{waits}")).to_owned(),
            thread,
            blob,
            account,
            folders,
        }
    }

    pub(crate) fn patch(id: String, patch: &Value) -> Value {
        json!({ "update": { id: patch } })
    }

    /// A message that moves from one folder to another one.
    pub(crate) fn moved(&self, id: String, from: &str, to: &str) -> Value {
        let (from, to) = (&self.folders[from], &self.folders[to]);
        Self::patch(id, &json!({ format!("mailboxIds/{from}"): null, format!("mailboxIds/{to}"): true }))
    }

    pub(crate) fn new_in(&self, folder: &str) -> Value {
        json!({ "create": { "n": { "mailboxIds": { &self.folders[folder]: true }, "subject": "neu" } } })
    }

    pub(crate) fn sends(&self, email: &str) -> Value {
        json!({ "create": { "s": { "identityId": self.identity, "emailId": email } } })
    }
}
