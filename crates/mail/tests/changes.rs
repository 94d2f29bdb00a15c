//! What is new since a state.

use serde_json::{Value, json};

use crate::house::{Client, House};

async fn state(client: &Client, kind: &str) -> Value {
    client.call(&format!("{kind}/get"), json!({ "ids": [] })).await["state"].clone()
}

#[tokio::test]
async fn each_kind_tells_what_changed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let (inbox, trash) = (ada.mailbox("inbox").await, ada.mailbox("trash").await);
    let kept = ada.import(&inbox, "Subject: a\r\nMessage-ID: <a@x>\r\n\r\n").await;
    let before = [state(&ada, "Email").await, state(&ada, "Thread").await, state(&ada, "Mailbox").await];
    let new = ada.import(&inbox, "Subject: b\r\n\r\n").await;
    let short_lived = ada.import(&inbox, "Subject: c\r\n\r\n").await;
    ada.call("Email/set", json!({ "update": { &kept: { "keywords/$seen": true } }, "destroy": [short_lived] })).await;
    let email = ada.call("Email/changes", json!({ "sinceState": before[0] })).await;
    assert_eq!((&email["created"], &email["updated"]), (&json!([new]), &json!([kept])));
    assert_eq!(email["destroyed"], json!([]), "what nobody knew of is not told of");
    assert_eq!(email["newState"], state(&ada, "Email").await);
    let thread = ada.call("Thread/changes", json!({ "sinceState": before[1] })).await;
    assert_eq!((thread["created"].as_array().unwrap().len(), &thread["updated"]), (1, &json!([])));
    let folders = ada.call("Mailbox/changes", json!({ "sinceState": before[2] })).await;
    assert_eq!(folders["updated"], json!([inbox]));
    assert_eq!(folders["updatedProperties"][0], "totalEmails", "nothing but counts changed");

    let answer = ada.import(&trash, "Subject: Re: a\r\nMessage-ID: <b@x>\r\nReferences: <a@x>\r\n\r\n").await;
    let grown = ada.call("Thread/changes", json!({ "sinceState": thread["newState"] })).await;
    assert_eq!((grown["updated"].as_array().unwrap().len(), &grown["created"]), (1, &json!([])));
    ada.call("Email/set", json!({ "destroy": [kept, answer] })).await;
    let gone = ada.call("Thread/changes", json!({ "sinceState": grown["newState"] })).await;
    assert_eq!(gone["destroyed"], grown["updated"]);
    ada.call("Mailbox/set", json!({ "create": { "f": { "name": "Neu" } } })).await;
    let folders = ada.call("Mailbox/changes", json!({ "sinceState": folders["newState"] })).await;
    assert_eq!((folders["created"].as_array().unwrap().len(), &folders["updatedProperties"]), (1, &Value::Null));
}

#[tokio::test]
async fn changes_come_in_portions() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let mut since = state(&ada, "Email").await;
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.push(ada.import(&inbox, &format!("Subject: {number}\r\n\r\n")).await);
    }
    let mut told = Vec::new();
    loop {
        let part = ada.call("Email/changes", json!({ "sinceState": since, "maxChanges": 3 })).await;
        let created = part["created"].as_array().unwrap();
        assert!(created.len() <= 3);
        told.extend(created.iter().map(|id| id.as_str().unwrap().to_owned()));
        since = part["newState"].clone();
        if part["hasMoreChanges"] == false {
            break;
        }
    }
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_state_that_is_none_cannot_be_told_from() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    for kind in ["Mailbox", "Thread", "Email", "Identity", "EmailSubmission"] {
        for since in ["", "x", "-1", "999999"] {
            let refused = ada.call(&format!("{kind}/changes"), json!({ "sinceState": since })).await;
            assert_eq!(refused["type"], "cannotCalculateChanges", "{kind} since {since}");
        }
    }
    let none = ada.call("Email/changes", json!({ "sinceState": "0", "maxChanges": 0 })).await;
    assert_eq!(none["type"], "invalidArguments");
}

#[tokio::test]
async fn what_was_destroyed_long_ago_is_forgotten_honestly() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let email = ada.import(&inbox, "Subject: a\r\n\r\n").await;
    let since = state(&ada, "Email").await;
    ada.call("Email/set", json!({ "destroy": [email] })).await;
    let fresh = state(&ada, "Email").await;
    house.tenant.delete_expired(&fernamt_store::RetentionConfig::default()).await.unwrap();
    let told = ada.call("Email/changes", json!({ "sinceState": since })).await;
    assert_eq!(told["destroyed"], json!([email]));
    house.clock.advance(time::Duration::days(20));
    house.tenant.delete_expired(&fernamt_store::RetentionConfig::default()).await.unwrap();
    let ada = house.again(&ada).await;
    let refused = ada.call("Email/changes", json!({ "sinceState": since })).await;
    assert_eq!(refused["type"], "cannotCalculateChanges");
    let told = ada.call("Email/changes", json!({ "sinceState": fresh })).await;
    assert_eq!((&told["destroyed"], &told["newState"]), (&json!([]), &fresh));
    // Senders have not changed since long before that, and who knows their newest state misses nothing.
    let senders = state(&ada, "Identity").await;
    let told = ada.call("Identity/changes", json!({ "sinceState": senders })).await;
    assert_eq!((&told["updated"], &told["newState"]), (&json!([]), &senders), "{told}");
}
