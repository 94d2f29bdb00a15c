//! Messages: writing, reading, finding, marking, moving, destroying.

use serde_json::{Value, json};

use crate::house::{Client, House};

async fn ids(client: &Client, arguments: Value) -> Vec<String> {
    let found = client.call("Email/query", arguments).await;
    let list = found["ids"].as_array().unwrap_or_else(|| panic!("{found}"));
    list.iter().map(|id| id.as_str().expect("an id is a text").to_owned()).collect()
}

#[tokio::test]
async fn a_draft_is_written_read_marked_moved_and_destroyed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (drafts, trash) = (ada.mailbox("drafts").await, ada.mailbox("trash").await);
    let draft = json!({
        "mailboxIds": { &drafts: true },
        "keywords": { "$Draft": true },
        "from": [{ "name": "Ada", "email": "ada@amt.example" }],
        "subject": "Grüße",
        "htmlBody": [{ "partId": "h" }],
        "bodyValues": { "h": { "value": "<p>Guten Tag</p>" } },
    });
    let done = ada.call("Email/set", json!({ "create": { "d": draft } })).await;
    let id = done["created"]["d"]["id"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
    let got = ada.call("Email/get", json!({ "ids": [id], "fetchHTMLBodyValues": true })).await;
    let email = &got["list"][0];
    assert_eq!((&email["subject"], &email["keywords"]), (&json!("Grüße"), &json!({ "$draft": true })));
    assert_eq!(email["preview"].as_str().unwrap().trim(), "Guten Tag");
    let part = email["htmlBody"][0]["partId"].as_str().unwrap();
    assert_eq!(email["bodyValues"][part]["value"], "<p>Guten Tag</p>");
    assert_eq!(ada.counts(&drafts).await, [1, 1, 1, 1]);

    let patch =
        json!({ "keywords/$seen": true, format!("mailboxIds/{drafts}"): null, format!("mailboxIds/{trash}"): true });
    let done = ada.call("Email/set", json!({ "update": { &id: patch } })).await;
    assert_eq!(done["updated"], json!({ &id: null }), "{done}");
    assert_eq!((ada.counts(&drafts).await, ada.counts(&trash).await), ([0; 4], [1, 0, 1, 0]));
    for (patch, kind) in [
        (json!({ "subject": "x" }), "invalidProperties"),
        (json!({ "mailboxIds": {} }), "invalidProperties"),
        (json!({ "mailboxIds/nowhere": true }), "invalidProperties"),
        (json!({ "keywords/a b": true }), "invalidProperties"),
        (json!({ "keywords": {}, "keywords/x": true }), "invalidPatch"),
    ] {
        let done = ada.call("Email/set", json!({ "update": { &id: patch } })).await;
        assert_eq!(done["notUpdated"][&id]["type"], kind, "{patch}");
    }
    let done = ada.call("Email/set", json!({ "destroy": [id, id, "nothing"] })).await;
    assert_eq!(done["destroyed"], json!([id]));
    assert_eq!(done["notDestroyed"]["nothing"]["type"], "notFound");
    assert_eq!(ada.counts(&trash).await, [0; 4]);
}

#[tokio::test]
async fn a_message_is_refused_with_what_is_wrong() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let drafts = ada.mailbox("drafts").await;
    let create = json!({
        "nowhere": { "subject": "x" },
        "unknown": { "mailboxIds": { &drafts: true }, "colour": "red" },
        "blob": { "mailboxIds": { &drafts: true }, "attachments": [{ "blobId": format!("B{}", "0".repeat(64)) }] },
        "when": { "mailboxIds": { &drafts: true }, "receivedAt": "gestern" },
        "fine": { "mailboxIds": { &drafts: true } },
    });
    let done = ada.call("Email/set", json!({ "create": create })).await;
    let refused = &done["notCreated"];
    assert_eq!(refused["nowhere"]["properties"], json!(["mailboxIds"]));
    assert_eq!(refused["unknown"]["properties"], json!(["colour"]));
    assert_eq!(refused["blob"]["type"], "blobNotFound");
    assert_eq!(refused["when"]["properties"], json!(["receivedAt"]));
    assert!(done["created"]["fine"]["id"].is_string(), "one that is wrong does not hold the others up");
    let stale = ada.call("Email/set", json!({ "ifInState": "0", "destroy": [] })).await;
    assert_eq!(stale["type"], "stateMismatch");
}

#[tokio::test]
async fn messages_are_found() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (inbox, archive) = (ada.mailbox("inbox").await, ada.mailbox("archive").await);
    let letter = |from: &str, subject: &str, text: &str| {
        format!(
            "From: {from}\r\nTo: ada@amt.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
    };
    let first = ada.import(&inbox, &letter("Ben <ben@amt.example>", "Haushalt 100%", "Die Straße ist frei")).await;
    house.clock.advance(time::Duration::minutes(1));
    let second = ada.import(&inbox, &letter("Carla <carla@amt.example>", "Urlaub", "Grüße vom Meer")).await;
    house.clock.advance(time::Duration::minutes(1));
    let third = ada.import(&archive, &letter("Ben <ben@amt.example>", "Akten", "haushalt im Text")).await;
    ada.call("Email/set", json!({ "update": { &second: { "keywords/$flagged": true } } })).await;

    let find = async |filter: Value, expected: &[&String]| {
        let found = ids(&ada, json!({ "filter": filter })).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
    };
    find(json!({ "inMailbox": inbox }), &[&second, &first]).await;
    find(json!({ "inMailboxOtherThan": [inbox] }), &[&third]).await;
    find(json!({ "text": "HAUSHALT" }), &[&third, &first]).await;
    find(json!({ "subject": "haushalt" }), &[&first]).await;
    find(json!({ "text": "straße frei" }), &[&first]).await;
    find(json!({ "text": "\"frei straße\"" }), &[]).await;
    find(json!({ "text": "100%" }), &[&first]).await;
    find(json!({ "text": "_____" }), &[]).await;
    find(json!({ "from": "carla" }), &[&second]).await;
    find(json!({ "hasKeyword": "$flagged" }), &[&second]).await;
    find(json!({ "notKeyword": "$flagged", "inMailbox": inbox }), &[&first]).await;
    find(json!({ "minSize": 100_000 }), &[]).await;
    let either = json!({ "operator": "OR", "conditions": [{ "from": "carla" }, { "subject": "akten" }] });
    find(either, &[&third, &second]).await;
    let neither = json!({ "operator": "NOT", "conditions": [{ "from": "carla" }, { "subject": "akten" }] });
    find(neither, &[&first]).await;
    find(json!({ "inMailbox": "nowhere" }), &[]).await;
    let by_subject = json!({ "sort": [{ "property": "subject" }], "limit": 2, "calculateTotal": true });
    let found = ada.call("Email/query", by_subject).await;
    assert_eq!((&found["ids"], &found["total"]), (&json!([third, first]), &json!(3)));
    let anchored = json!({ "sort": [{ "property": "subject" }], "anchor": first, "anchorOffset": 1 });
    assert_eq!(ids(&ada, anchored).await, [second]);
    assert_eq!(ada.call("Email/query", json!({ "filter": { "header": ["X"] } })).await["type"], "unsupportedFilter");
}

#[tokio::test]
async fn answers_make_a_thread() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let first = ada.import(&inbox, "Subject: Plan\r\nMessage-ID: <1@x>\r\n\r\n").await;
    house.clock.advance(time::Duration::minutes(1));
    let other = ada.import(&inbox, "Subject: Anderes\r\nMessage-ID: <9@x>\r\n\r\n").await;
    house.clock.advance(time::Duration::minutes(1));
    let answer = ada.import(&inbox, "Subject: AW: Plan\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\n").await;
    let got = ada
        .calls(json!([
            ["Email/query", { "accountId": ada.account, "filter": { "inMailbox": inbox }, "collapseThreads": true }, "q"],
            ["Email/get", { "accountId": ada.account, "properties": ["threadId"],
                "#ids": { "resultOf": "q", "name": "Email/query", "path": "/ids" } }, "e"],
            ["Thread/get", { "accountId": ada.account,
                "#ids": { "resultOf": "e", "name": "Email/get", "path": "/list/*/threadId" } }, "t"],
        ]))
        .await;
    assert_eq!(got[0].1["ids"], json!([answer, other]), "of each thread the newest");
    let threads: Vec<_> =
        got[2].1["list"].as_array().unwrap().iter().map(|thread| thread["emailIds"].clone()).collect();
    assert!(threads.contains(&json!([first, answer])) && threads.contains(&json!([other])), "{threads:?}");
    assert_eq!(ada.counts(&inbox).await, [3, 3, 2, 2]);
}

#[tokio::test]
async fn an_account_is_asked_for_so_much_at_once_and_no_more() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let many: Vec<_> = (0..=500).map(|number| number.to_string()).collect();
    let within = ada.call("Email/get", json!({ "ids": many[1..] })).await;
    assert_eq!(within["notFound"].as_array().unwrap().len(), 500);
    assert_eq!(ada.call("Email/get", json!({ "ids": many })).await["type"], "requestTooLarge");
    assert_eq!(ada.call("Email/set", json!({ "destroy": many })).await["type"], "requestTooLarge");
    assert_eq!(ada.call("Email/get", json!({})).await["type"], "requestTooLarge");
}
