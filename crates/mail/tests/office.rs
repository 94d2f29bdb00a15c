//! A mailbox that several people work on.

use fernamt_domain::{
    MailAccountId,
    mail::MailRight::{self, Manage, SendAs, Write},
};
use serde_json::{Value, json};

use crate::house::{Client, House};

/// A mailbox in which ada and ben work, with one letter; ada's rights are the given ones.
pub(crate) struct Office {
    pub(crate) house: House,
    pub(crate) ada: Client,
    pub(crate) ben: Client,
    pub(crate) id: MailAccountId,
    pub(crate) account: String,
    pub(crate) inbox: String,
    pub(crate) letter: String,
    pub(crate) thread: String,
}

impl Office {
    pub(crate) async fn new(rights: &[MailRight]) -> Self {
        let house = House::new().await;
        let (ada, ben) = (house.person("ada").await, house.person("ben").await);
        let id = house.functional("Bürgerbüro", "buergerbuero@amt.example").await;
        house.grant(id, &ben, &[Write, SendAs, Manage]).await;
        house.grant(id, &ada, rights).await;
        let account = id.to_string();
        let inbox = ben.mailbox_in(&account, "inbox").await;
        let create = json!({ "l": { "mailboxIds": { &inbox: true }, "subject": "Geheimsache Quellwolke" } });
        let made =
            ben.call("Email/set", json!({ "accountId": account, "create": create })).await["created"]["l"].clone();
        let [letter, thread] = ["id", "threadId"].map(|name| made[name].as_str().unwrap().to_owned());
        Self { house, ada, ben, id, account, inbox, letter, thread }
    }

    pub(crate) fn marks(&self, word: &str) -> Value {
        json!({ "accountId": self.account, "update": { &self.letter: { format!("keywords/{word}"): true } } })
    }

    /// The store's own word for what became of the letter's marks.
    pub(crate) async fn keywords(&self) -> String {
        let letter = self.letter.parse().unwrap();
        self.house.tenant.emails().these(self.id, &[letter]).await.unwrap().remove(0).keywords.to_line()
    }
}
