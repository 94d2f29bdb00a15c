//! Taking messages and bytes from one account into another one.

use fernamt_domain::{MailAccountId, MailboxId, mail::MailboxRole};
use fernamt_store::{MailAccountRecord, MailboxRecord};
use serde_json::{Value, json};

use crate::house::{Client, House};

/// One more account of a person, and its inbox.
async fn second_account(house: &House, client: &Client) -> (String, String) {
    let first = house.tenant.mail_accounts().get(client.account.parse().unwrap()).await.unwrap();
    let id = MailAccountId(uuid::Uuid::from_u128(u128::MAX));
    let account = MailAccountRecord { id, address: "post@amt.example".into(), ..first };
    let inbox = MailboxId(uuid::Uuid::from_u128(u128::MAX));
    let work = house.tenant.begin().await.unwrap();
    work.mail_accounts().insert(&account).await.unwrap();
    let change = work.mail_accounts().change(id).await.unwrap();
    let mailbox = MailboxRecord {
        id: inbox,
        account: id,
        parent: None,
        name: "Inbox".into(),
        role: Some(MailboxRole::Inbox),
        sort_order: 1,
        subscribed: true,
        created_in: change.number,
        changed_in: change.number,
        counted_in: change.number,
    };
    work.mailboxes().insert(change, &mailbox).await.unwrap();
    work.commit().await.unwrap();
    (id.to_string(), inbox.to_string())
}

async fn get(client: &Client, account: &str, ids: Value) -> Value {
    let properties = json!(["subject", "keywords", "receivedAt", "mailboxIds"]);
    client.call("Email/get", json!({ "accountId": account, "ids": ids, "properties": properties })).await
}

#[tokio::test]
async fn messages_go_from_one_account_into_another() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (second, its_inbox) = second_account(&house, &ada).await;
    let inbox = ada.mailbox("inbox").await;
    let (one, two) =
        (ada.import(&inbox, "Subject: eins\r\n\r\n").await, ada.import(&inbox, "Subject: zwei\r\n\r\n").await);
    ada.call("Email/set", json!({ "update": { &one: { "keywords/$flagged": true } } })).await;
    house.clock.advance(time::Duration::minutes(1));
    let create = json!({
        "a": { "id": one, "mailboxIds": { &its_inbox: true } },
        "b": { "id": two, "mailboxIds": { &its_inbox: true }, "keywords": { "$seen": true } },
        "c": { "id": "nothing", "mailboxIds": { &its_inbox: true } },
        "d": { "id": two, "mailboxIds": { &inbox: true } },
        "e": { "id": two, "mailboxIds": { &its_inbox: true }, "subject": "drei" },
    });
    let copy = json!({ "fromAccountId": ada.account, "accountId": second, "create": create,
        "onSuccessDestroyOriginal": true });
    let answers = ada.calls(json!([["Email/copy", copy, "c"]])).await;
    let done = &answers[0].1;
    for (name, kind) in [("c", "notFound"), ("d", "invalidProperties"), ("e", "invalidProperties")] {
        assert_eq!(done["notCreated"][name]["type"], kind, "{done}");
    }
    let ids = json!([done["created"]["a"]["id"], done["created"]["b"]["id"]]);
    let copied = get(&ada, &second, ids).await;
    let find = |subject: &str| copied["list"].as_array().unwrap().iter().find(|one| one["subject"] == subject).unwrap();
    assert_eq!(find("eins")["keywords"], json!({ "$flagged": true }));
    assert_eq!(find("zwei")["keywords"], json!({ "$seen": true }));
    assert_eq!(find("eins")["mailboxIds"], json!({ &its_inbox: true }));
    assert_eq!(done["newState"], copied["state"]);
    assert_eq!((answers[1].0.as_str(), answers[1].1["destroyed"].as_array().unwrap().len()), ("Email/set", 2));
    let gone = get(&ada, &ada.account, json!([one, two])).await;
    assert_eq!(gone["notFound"], json!([one, two]));
}

#[tokio::test]
async fn a_note_in_the_place_of_a_message_is_not_taken_for_the_message() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (second, its_inbox) = second_account(&house, &ada).await;
    let inbox = ada.mailbox("inbox").await;
    let note = "X-Fernamt-Note: the message itself is on the mail server\r\nSubject: groß\r\n\r\n";
    let note = ada.import(&inbox, note).await;
    let create = json!({ "a": { "id": note, "mailboxIds": { &its_inbox: true } } });
    let copy = json!({ "fromAccountId": ada.account, "accountId": second, "create": create,
        "onSuccessDestroyOriginal": true });
    let answers = ada.calls(json!([["Email/copy", copy, "c"]])).await;
    assert_eq!((answers.len(), &answers[0].1["notCreated"]["a"]["type"]), (1, &json!("tooLarge")));
    let stays = get(&ada, &ada.account, json!([note])).await;
    assert_eq!(stays["list"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_copied_stays() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let (second, its_inbox) = second_account(&house, &ada).await;
    let inbox = ada.mailbox("inbox").await;
    let email = ada.import(&inbox, "Subject: eins\r\n\r\n").await;
    let create = json!({ "a": { "id": email, "mailboxIds": { &its_inbox: true } } });
    let refused = async |client: &Client, from: &str, to: &str, more: Value| {
        let mut ask = json!({ "fromAccountId": from, "accountId": to, "create": create });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.call("Email/copy", ask).await["type"].clone()
    };
    assert_eq!(refused(&ada, &ada.account, &ada.account, json!({})).await, "invalidArguments");
    assert_eq!(refused(&ada, &ben.account, &second, json!({})).await, "fromAccountNotFound");
    assert_eq!(refused(&ada, "x", &second, json!({})).await, "fromAccountNotFound");
    assert_eq!(refused(&ada, &second, &ben.account, json!({})).await, "accountNotFound");
    assert_eq!(refused(&ben, &ada.account, &ben.account, json!({})).await, "fromAccountNotFound");
    assert_eq!(refused(&ada, &ada.account, &second, json!({ "ifInState": "x" })).await, "stateMismatch");
    assert_eq!(refused(&ada, &ada.account, &second, json!({ "ifFromInState": "x" })).await, "stateMismatch");
    let many: Value = (0..=500).map(|number| (number.to_string(), json!({}))).collect();
    assert_eq!(refused(&ada, &ada.account, &second, json!({ "create": many })).await, "requestTooLarge");
    assert_eq!(get(&ada, &ada.account, json!([email])).await["list"].as_array().unwrap().len(), 1);
    let copy = json!({ "fromAccountId": ada.account, "accountId": second, "create": create,
        "onSuccessDestroyOriginal": true, "destroyFromIfInState": "x" });
    let answers = ada.calls(json!([["Email/copy", copy, "c"]])).await;
    assert!(answers[0].1["created"]["a"].is_object());
    assert_eq!((answers[1].0.as_str(), &answers[1].1["type"]), ("error", &json!("stateMismatch")));
    assert_eq!(get(&ada, &ada.account, json!([email])).await["list"].as_array().unwrap().len(), 1, "it is there twice");
}

#[tokio::test]
async fn bytes_go_from_one_account_into_another() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let (second, _) = second_account(&house, &ada).await;
    let blob = ada.upload(b"Bytes").await;
    let copy = async |client: &Client, from: &str, ids: Value| {
        client.call("Blob/copy", json!({ "fromAccountId": from, "accountId": second, "blobIds": ids })).await
    };
    let done = copy(&ada, &ada.account, json!([blob, "nothing"])).await;
    assert_eq!(done["copied"], json!({ &blob: blob }), "{done}");
    assert_eq!(done["notCopied"]["nothing"]["type"], "blobNotFound");
    let path = format!("/jmap/download/{second}/{blob}/x");
    assert_eq!(ada.request("GET", &path, "", Vec::new()).await.bytes, b"Bytes");
    assert_eq!(copy(&ada, &ben.account, json!([blob])).await["type"], "fromAccountNotFound");
    assert_eq!(copy(&ben, &ben.account, json!([blob])).await["type"], "accountNotFound");
    let foreign = ben.upload(b"Secret").await;
    let refused = copy(&ada, &ada.account, json!([foreign])).await;
    assert_eq!((&refused["copied"], &refused["notCopied"][&foreign]["type"]), (&Value::Null, &json!("blobNotFound")));
    let many: Vec<_> = (0..=500).map(|number| number.to_string()).collect();
    assert_eq!(copy(&ada, &ada.account, json!(many)).await["type"], "requestTooLarge");
}
