//! Folders.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn folders_are_made_within_each_other_renamed_and_destroyed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let create = json!({
        "inner": { "name": "2026", "parentId": "#outer" },
        "outer": { "name": "Haushalt" },
        "again": { "name": "Inbox" },
        "role": { "name": "x", "role": "inbox" },
        "nameless": {},
        "lost": { "name": "y", "parentId": "#nowhere" },
    });
    let done = ada.call("Mailbox/set", json!({ "create": create })).await;
    let id = |name: &str| done["created"][name]["id"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
    let (inner, outer) = (id("inner"), id("outer"));
    assert_eq!(done["created"]["inner"]["parentId"], json!(outer));
    for (name, property) in [("again", "name"), ("role", "role"), ("nameless", "name"), ("lost", "parentId")] {
        assert_eq!(done["notCreated"][name]["properties"], json!([property]), "{done}");
    }
    let into_itself = json!({ "update": { &outer: { "parentId": inner } } });
    let done = ada.call("Mailbox/set", into_itself).await;
    assert_eq!(done["notUpdated"][&outer]["properties"], json!(["parentId"]));
    let done = ada.call("Mailbox/set", json!({ "update": { &inner: { "name": "2027", "parentId": null } } })).await;
    assert_eq!(done["updated"], json!({ &inner: null }));
    let inbox = ada.mailbox("inbox").await;
    let done = ada.call("Mailbox/set", json!({ "destroy": [inbox, outer, "nothing"] })).await;
    assert_eq!(done["destroyed"], json!([outer]));
    assert_eq!(
        (&done["notDestroyed"][&inbox]["type"], &done["notDestroyed"]["nothing"]["type"]),
        (&json!("forbidden"), &json!("notFound"))
    );
}

#[tokio::test]
async fn a_full_folder_goes_only_with_its_messages() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let made = ada.call("Mailbox/set", json!({ "create": { "f": { "name": "Ablage" } } })).await;
    let folder = made["created"]["f"]["id"].as_str().unwrap().to_owned();
    let alone = ada.import(&folder, "Subject: alone\r\n\r\n").await;
    let both = ada.import(&folder, "Subject: both\r\n\r\n").await;
    ada.call("Email/set", json!({ "update": { &both: { format!("mailboxIds/{inbox}"): true } } })).await;
    let refused = ada.call("Mailbox/set", json!({ "destroy": [folder] })).await;
    assert_eq!(refused["notDestroyed"][&folder]["type"], "mailboxHasEmail");
    assert_eq!(refused["oldState"], refused["newState"]);
    let done = ada.call("Mailbox/set", json!({ "destroy": [folder], "onDestroyRemoveEmails": true })).await;
    assert_eq!(done["destroyed"], json!([folder]));
    let found = ada.call("Email/get", json!({ "ids": [alone, both], "properties": ["mailboxIds"] })).await;
    assert_eq!(found["notFound"], json!([alone]));
    assert_eq!(found["list"], json!([{ "id": both, "mailboxIds": { &inbox: true } }]));
    assert_eq!(ada.counts(&inbox).await, [1, 1, 1, 1]);
}

#[tokio::test]
async fn folders_lie_so_deep_and_no_deeper() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let create: serde_json::Map<_, _> = (0..11)
        .map(|level: usize| {
            let parent = level.checked_sub(1).map(|parent| format!("#l{parent:02}"));
            (format!("l{level:02}"), json!({ "name": format!("{level}"), "parentId": parent }))
        })
        .collect();
    let done = ada.call("Mailbox/set", json!({ "create": create })).await;
    assert_eq!(done["created"].as_object().unwrap().len(), 10);
    assert_eq!(done["notCreated"]["l10"]["properties"], json!(["parentId"]));
}

#[tokio::test]
async fn folders_are_found_and_listed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    ada.call("Mailbox/set", json!({ "create": { "a": { "name": "Anfragen", "sortOrder": 3 } } })).await;
    let names = async |arguments| {
        let found = ada.call("Mailbox/query", arguments).await;
        let got = ada.call("Mailbox/get", json!({ "ids": found["ids"], "properties": ["name"] })).await;
        let all = got["list"].as_array().unwrap().clone();
        let place = |id: &serde_json::Value| all.iter().find(|one| one["id"] == *id).unwrap()["name"].clone();
        found["ids"].as_array().unwrap().iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({ "filter": { "role": null } })).await, ["Anfragen"]);
    assert_eq!(names(json!({ "filter": { "name": "ANFRAGEN" } })).await, ["Anfragen"]);
    assert_eq!(names(json!({ "filter": { "hasAnyRole": true, "parentId": null }, "limit": 1 })).await, ["Inbox"]);
    let by_name = json!({ "sort": [{ "property": "name", "isAscending": false }], "limit": 2 });
    assert_eq!(names(by_name).await, ["Trash", "Sent"]);
    let unknown = ada.call("Mailbox/query", json!({ "filter": { "colour": "red" } })).await;
    assert_eq!(unknown["type"], "invalidArguments");
}
