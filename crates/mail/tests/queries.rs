//! What of a list is not as it was, and why something was found.

use fernamt_domain::Rng as _;
use fernamt_testkit::SeededRng;
use serde_json::{Value, json};

use crate::house::{Client, House};

/// A list as a client keeps it.
struct List {
    kind: &'static str,
    query: Value,
    state: Value,
    ids: Vec<Value>,
}

impl List {
    async fn read(client: &Client, kind: &'static str, query: Value) -> Self {
        let found = client.call(&format!("{kind}/query"), query.clone()).await;
        assert_eq!(found["canCalculateChanges"], true, "{found}");
        let ids = found["ids"].as_array().unwrap().clone();
        Self { kind, query, state: found["queryState"].clone(), ids }
    }

    /// Takes in what changed. Returns how many objects that named.
    async fn follow(&mut self, client: &Client) -> usize {
        let mut ask = self.query.clone();
        ask["sinceQueryState"] = self.state.clone();
        ask["calculateTotal"] = true.into();
        let changed = client.call(&format!("{}/queryChanges", self.kind), ask).await;
        let removed = changed["removed"].as_array().unwrap_or_else(|| panic!("{changed}"));
        self.ids.retain(|id| !removed.contains(id));
        let added = changed["added"].as_array().unwrap();
        for one in added {
            self.ids.insert(usize::try_from(one["index"].as_u64().unwrap()).unwrap(), one["id"].clone());
        }
        assert_eq!(changed["total"], self.ids.len());
        self.state = changed["newQueryState"].clone();
        removed.len() + added.len()
    }

    /// Whether it is what the server would answer now.
    async fn check(&self, client: &Client) {
        let now = Self::read(client, self.kind, self.query.clone()).await;
        assert_eq!((&self.ids, &self.state), (&now.ids, &now.state), "{}", self.query);
    }
}

struct Dice(SeededRng);

impl Dice {
    fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}

#[tokio::test]
async fn who_follows_a_list_of_messages_has_what_is_there() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (inbox, archive) = (ada.mailbox("inbox").await, ada.mailbox("archive").await);
    let in_inbox = json!({ "inMailbox": inbox });
    let unread_threads = json!({ "operator": "AND", "conditions": [in_inbox, { "noneInThreadHaveKeyword": "$seen" }] });
    let mut lists = Vec::new();
    for query in [
        json!({}),
        json!({ "filter": in_inbox }),
        json!({ "filter": in_inbox, "collapseThreads": true }),
        json!({ "filter": { "notKeyword": "$seen" }, "sort": [{ "property": "subject" }, { "property": "size" }] }),
        json!({ "filter": unread_threads, "collapseThreads": true }),
        json!({ "filter": { "text": "gerade" } }),
    ] {
        lists.push(List::read(&ada, "Email", query).await);
    }
    let dice = Dice(SeededRng::new(3));
    let mut alive: Vec<String> = Vec::new();
    for number in 0..60 {
        house.clock.advance(time::Duration::seconds(1));
        let folder = if dice.below(3) == 0 { &archive } else { &inbox };
        match if alive.len() < 4 { 0 } else { dice.below(6) } {
            0 | 1 => {
                let parity = if number % 2 == 0 { "gerade" } else { "ohne" };
                let thread = dice.below(4);
                let raw = format!("Subject: Akte {thread}\r\nReferences: <{thread}@x>\r\n\r\n{parity}");
                alive.push(ada.import(folder, &raw).await);
            }
            2 => {
                let gone = alive.swap_remove(dice.below(alive.len()));
                ada.call("Email/set", json!({ "destroy": [gone] })).await;
            }
            3 => {
                let id = &alive[dice.below(alive.len())];
                ada.call("Email/set", json!({ "update": { id: { "mailboxIds": { folder: true } } } })).await;
            }
            _ => {
                let id = &alive[dice.below(alive.len())];
                let seen = if dice.below(2) == 0 { Value::Null } else { true.into() };
                ada.call("Email/set", json!({ "update": { id: { "keywords/$seen": seen } } })).await;
            }
        }
        for list in &mut lists {
            if dice.below(3) == 0 {
                list.follow(&ada).await;
                list.check(&ada).await;
            }
        }
    }
    for list in &mut lists {
        list.follow(&ada).await;
        list.check(&ada).await;
        assert_eq!(list.follow(&ada).await, 0, "nothing happened since");
    }
}

#[tokio::test]
async fn who_follows_a_list_of_folders_or_of_what_was_sent_has_what_is_there() {
    let house = House::new().await;
    let (ada, _ben) = (house.person("ada").await, house.person("ben").await);
    let by_name = json!({ "sort": [{ "property": "name" }], "filter": { "parentId": null } });
    let mut folders = List::read(&ada, "Mailbox", by_name).await;
    let mut sent = List::read(&ada, "EmailSubmission", json!({ "sort": [{ "property": "sentAt" }] })).await;
    let mut waiting = List::read(&ada, "EmailSubmission", json!({ "filter": { "undoStatus": "final" } })).await;
    let made = ada.call("Mailbox/set", json!({ "create": { "a": { "name": "Akten" } } })).await;
    let akten = &made["created"]["a"]["id"];
    folders.follow(&ada).await;
    folders.check(&ada).await;
    let renamed = json!({ "update": { akten.as_str().unwrap(): { "name": "Zettel" } } });
    ada.call("Mailbox/set", renamed).await;
    folders.follow(&ada).await;
    folders.check(&ada).await;
    ada.call("Mailbox/set", json!({ "destroy": [akten] })).await;
    for subject in ["eins", "zwei"] {
        house.clock.advance(time::Duration::seconds(1));
        ada.send("ben@amt.example", subject, "x").await;
    }
    house.deliver().await;
    for list in [&mut folders, &mut sent, &mut waiting] {
        list.follow(&ada).await;
        list.check(&ada).await;
    }
    assert_eq!((sent.ids.len(), waiting.ids.len()), (2, 2));
    house.clock.advance(time::Duration::days(15));
    house.tenant.delete_expired(&fernamt_store::RetentionConfig::default()).await.unwrap();
    let ada = house.again(&ada).await;
    sent.follow(&ada).await;
    assert_eq!(sent.ids, [] as [Value; 0], "what became of it is forgotten one day");
}

#[tokio::test]
async fn what_was_sent_is_found() {
    let house = House::new().await;
    let (ada, _ben) = (house.person("ada").await, house.person("ben").await);
    let first = ada.send("ben@amt.example", "eins", "x").await["created"]["s"].clone();
    house.clock.advance(time::Duration::minutes(1));
    let second = ada.send("ben@amt.example", "zwei", "x").await["created"]["s"].clone();
    let find = async |filter: Value| {
        let query = json!({ "filter": filter, "sort": [{ "property": "sendAt", "isAscending": false }] });
        ada.call("EmailSubmission/query", query).await
    };
    assert_eq!(find(Value::Null).await["ids"], json!([second["id"], first["id"]]));
    assert_eq!(find(json!({ "emailIds": [first["emailId"], "x"] })).await["ids"], json!([first["id"]]));
    assert_eq!(find(json!({ "threadIds": [second["threadId"]] })).await["ids"], json!([second["id"]]));
    assert_eq!(find(json!({ "identityIds": [] })).await["ids"], json!([]));
    assert_eq!(find(json!({ "undoStatus": "pending" })).await["ids"], json!([]));
    assert_eq!(find(json!({ "before": second["sendAt"] })).await["ids"], json!([first["id"]]));
    assert_eq!(find(json!({ "after": second["sendAt"] })).await["ids"], json!([second["id"]]));
    assert_eq!(find(json!({ "before": "gestern" })).await["type"], "invalidArguments");
    assert_eq!(find(json!({ "operator": "OR", "conditions": [] })).await["type"], "unsupportedFilter");
    let many: Vec<_> = (0..=500).map(|number| number.to_string()).collect();
    assert_eq!(find(json!({ "emailIds": many[1..] })).await["ids"], json!([]));
    assert_eq!(find(json!({ "emailIds": many })).await["type"], "unsupportedFilter");
    let comparators = |count| json!({ "sort": vec![json!({ "property": "emailId" }); count] });
    assert!(ada.call("EmailSubmission/query", comparators(5)).await["ids"].is_array());
    assert_eq!(ada.call("EmailSubmission/query", comparators(6)).await["type"], "unsupportedSort");
}

#[tokio::test]
async fn what_cannot_be_told_of_a_list_is_refused() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    for number in 0..3 {
        ada.import(&inbox, &format!("Subject: {number}\r\n\r\n")).await;
    }
    for kind in ["Mailbox", "Email", "EmailSubmission"] {
        for since in ["", "x", "999999"] {
            let ask = json!({ "sinceQueryState": since });
            let refused = ada.call(&format!("{kind}/queryChanges"), ask).await;
            assert_eq!(refused["type"], "cannotCalculateChanges", "{kind} since {since}");
        }
    }
    let few = json!({ "sinceQueryState": "0", "maxChanges": 2 });
    assert_eq!(ada.call("Email/queryChanges", few).await["type"], "tooManyChanges");
}

#[tokio::test]
async fn a_search_shows_where_it_found_something() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let plain =
        "Subject: Haushalt <2027>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDer HAUSHALT & die Straße\r\n";
    let first = ada.import(&inbox, plain).await;
    let html = "Subject: Anderes\r\nContent-Type: text/html\r\n\r\n<p>Ein <b>Haushalt</b>splan</p><script>x()</script>";
    let second = ada.import(&inbox, html).await;
    let third = ada.import(&inbox, "Subject: Urlaub\r\n\r\nSonne").await;
    let ask = async |filter: Value, ids: Value| {
        ada.call("SearchSnippet/get", json!({ "filter": filter, "emailIds": ids })).await
    };
    let found = ask(json!({ "text": "haushalt" }), json!([first, second, third, "nothing"])).await;
    assert_eq!(
        found["list"][0],
        json!({
            "emailId": first,
            "subject": "<mark>Haushalt</mark> &lt;2027&gt;",
            "preview": "Der <mark>HAUSHALT</mark> &amp; die Straße",
        })
    );
    let preview = found["list"][1]["preview"].as_str().unwrap();
    assert!(preview.contains("<mark>Haushalt</mark>splan") && !preview.contains("<b>"), "{preview}");
    assert_eq!(found["list"][1]["subject"], Value::Null);
    assert_eq!(found["list"][2], json!({ "emailId": third, "subject": null, "preview": null }));
    assert_eq!(found["notFound"], json!(["nothing"]));
    let only = json!({ "operator": "OR", "conditions": [{ "subject": "2027" }, { "body": "straße" },
        { "operator": "NOT", "conditions": [{ "text": "haushalt" }] }] });
    let found = ask(only, json!([first])).await;
    assert_eq!(found["list"][0]["subject"], "Haushalt &lt;<mark>2027</mark>&gt;");
    assert_eq!(found["list"][0]["preview"], "Der HAUSHALT &amp; die <mark>Straße</mark>");
    assert_eq!(found["notFound"], Value::Null);
    assert_eq!(ask(Value::Null, json!([first])).await["list"][0]["subject"], Value::Null);
    let many: Vec<_> = (0..=100).map(|number| number.to_string()).collect();
    assert_eq!(ask(json!({}), json!(many[1..])).await["notFound"].as_array().unwrap().len(), 100);
    assert_eq!(ask(json!({}), json!(many)).await["type"], "requestTooLarge");
}
