//! Who works on which thread, and the people to choose from.

use fernamt_domain::mail::MailRight::{Read, Write};
use serde_json::{Value, json};

use crate::{house::Client, office::Office};

#[tokio::test]
async fn a_thread_says_who_works_on_it() {
    let office = Office::new(&[Write]).await;
    let (ada, ben, account, thread) = (&office.ada, &office.ben, &office.account, office.thread.as_str());
    let eva = office.house.person("eva").await;
    let get = async |client: &Client, ids: Value| {
        client.call("ThreadWork/get", json!({ "accountId": account, "ids": ids })).await
    };
    let set = async |patch: Value| {
        let done = ada.call("ThreadWork/set", json!({ "accountId": account, "update": { thread: patch } })).await;
        if done["updated"].get(thread).is_some() { Value::Null } else { done["notUpdated"][thread].clone() }
    };
    let nothing =
        json!({ "id": thread, "assignee": null, "assignedAt": null, "note": "", "noteBy": null, "noteAt": null });
    let first = get(ada, json!([thread, "odd"])).await;
    assert_eq!((&first["list"], &first["notFound"]), (&json!([nothing]), &json!(["odd"])));
    assert_eq!(get(ada, Value::Null).await["list"], json!([]));
    assert_eq!(set(json!({ "assignee": ben.person, "note": "Rückruf bis 12 Uhr" })).await, Value::Null);
    let found = get(ben, Value::Null).await;
    let work = &found["list"][0];
    assert_eq!((&work["assignee"], &work["note"]), (&json!(ben.person), &json!("Rückruf bis 12 Uhr")));
    assert_eq!(work["noteBy"], ada.person.to_string());
    assert!(work["assignedAt"].as_str().unwrap().ends_with('Z') && work["noteAt"] == work["assignedAt"]);
    assert_ne!(found["state"], first["state"]);
    let changed = ben.call("ThreadWork/changes", json!({ "accountId": account, "sinceState": first["state"] })).await;
    assert_eq!((&changed["created"], &changed["newState"]), (&json!([thread]), &found["state"]));
    for (patch, fault) in [
        (json!({ "assignee": eva.person }), "invalidProperties"),
        (json!({ "assignee": "odd" }), "invalidProperties"),
        (json!({ "note": "x".repeat(2_001) }), "invalidProperties"),
        (json!({ "note": 7 }), "invalidProperties"),
        (json!({ "noteBy": ben.person }), "invalidProperties"),
    ] {
        assert_eq!(set(patch.clone()).await["type"], fault, "{patch}");
    }
    assert_eq!(set(json!({ "note": "ü".repeat(2_000) })).await, Value::Null);
    let late = json!({ "accountId": account, "ifInState": first["state"], "update": { thread: { "note": "" } } });
    assert_eq!(ben.call("ThreadWork/set", late).await["type"], "stateMismatch");
    let odd = json!({ "accountId": account, "create": { "a": {} }, "destroy": [thread] });
    let odd = ben.call("ThreadWork/set", odd).await;
    assert_eq!(
        (&odd["notCreated"]["a"]["type"], &odd["notDestroyed"][thread]["type"]),
        (&json!("singleton"), &json!("singleton"))
    );
    let before = get(ada, Value::Null).await["state"].clone();
    assert_eq!(set(json!({ "assignee": null, "note": "" })).await, Value::Null);
    assert_eq!(get(ada, Value::Null).await["list"], json!([]), "nothing is left to say");
    let changed = ada.call("ThreadWork/changes", json!({ "accountId": account, "sinceState": before })).await;
    assert_eq!(changed["updated"], json!([thread]));
    let before = changed["newState"].clone();
    ben.call("Email/set", json!({ "accountId": account, "destroy": [office.letter] })).await;
    let changed = ada.call("ThreadWork/changes", json!({ "accountId": account, "sinceState": before })).await;
    assert_eq!(changed["destroyed"], json!([thread]), "it goes with the thread");
}

#[tokio::test]
async fn people_are_found_by_name_and_not_all_listed() {
    let office = Office::new(&[Read]).await;
    let (ada, ben, account) = (&office.ada, &office.ben, &office.account);
    let eva = office.house.person("eva.maria").await;
    let query = async |filter: Value| {
        let found = ada.call("Principal/query", json!({ "accountId": account, "filter": filter })).await;
        found.get("ids").cloned().unwrap_or(found)
    };
    assert_eq!(query(Value::Null).await, json!([ada.person, ben.person]), "to whom this mailbox is open");
    let own = ada.call("Principal/query", json!({})).await;
    assert_eq!(own["ids"], json!([ada.person]));
    for (text, expected) in [
        ("eva", vec![eva.person]),
        ("MARIA", vec![eva.person]),
        ("eva.maria@amt.example", vec![eva.person]),
        ("eva muster", vec![eva.person]),
        ("muster", vec![ada.person, ben.person, eva.person]),
        ("usteramt", vec![]),
        ("va", vec![]),
        ("%", vec![]),
        ("amt.example", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(query(json!({ "text": text })).await, json!(expected), "{text}");
    }
    assert_eq!(query(json!({ "text": "x".repeat(201) })).await["type"], "unsupportedFilter");
    assert_eq!(query(json!({ "text": "eva", "type": "group" })).await, json!([]));
    assert_eq!(query(json!({ "odd": 1 })).await["type"], "invalidArguments");
    let got = ada.call("Principal/get", json!({ "accountId": account, "ids": [eva.person, "odd"] })).await;
    assert_eq!(got["notFound"], json!(["odd"]));
    let found = &got["list"][0];
    assert_eq!((&found["name"], &found["email"]), (&json!("eva.maria Musteramt"), &json!("eva.maria@amt.example")));
    let works = |found: &Value| found["capabilities"]["urn:fernamt:params:jmap:threadwork"]["mayBeAssigned"].clone();
    assert_eq!(works(found), false, "no stranger to the mailbox is given a thread");
    for (person, expected) in [(ada.person, false), (ben.person, true)] {
        let one = ada.call("Principal/get", json!({ "accountId": account, "ids": [person] })).await;
        assert_eq!(works(&one["list"][0]), expected, "nor is who may only read");
    }
    let given = json!({ "accountId": account, "update": { &office.thread: { "assignee": ada.person } } });
    let given = ben.call("ThreadWork/set", given).await;
    assert_eq!(given["notUpdated"][&office.thread]["type"], "invalidProperties");
    assert_eq!((&found["type"], &found["id"]), (&json!("individual"), &json!(eva.person)));
    let stranger = office.house.stranger("eva").await;
    let other = ada.call("Principal/get", json!({ "ids": [stranger.person] })).await;
    assert_eq!(other["notFound"], json!([stranger.person]), "next door is another house");
    for number in 0..60 {
        office.house.person(&format!("nora{number}")).await;
    }
    assert_eq!(query(json!({ "text": "nora" })).await.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn nothing_of_somebody_who_is_removed_stays() {
    let office = Office::new(&[Write]).await;
    let (ada, ben, account) = (&office.ada, &office.ben, &office.account);
    office.house.grant(ben.account.parse().unwrap(), ada, &[Read]).await;
    let update = json!({ &office.thread: { "assignee": ben.person, "note": "x" } });
    let done = ben.call("ThreadWork/set", json!({ "accountId": account, "update": update })).await;
    let work = office.house.tenant.begin().await.unwrap();
    work.people().remove(ben.person).await.unwrap();
    work.commit().await.unwrap();
    let left = ada.call("ThreadWork/get", json!({ "accountId": account, "ids": [office.thread] })).await;
    assert_eq!((&left["list"][0]["assignee"], &left["list"][0]["noteBy"]), (&Value::Null, &Value::Null));
    assert_ne!(left["state"], done["newState"], "clients hear of it");
    let grants = office.house.tenant.mail_grants();
    assert!(grants.of_person(ben.person).await.unwrap().is_empty());
    let closed = ada.call("Mailbox/get", json!({ "accountId": ben.account })).await;
    assert_eq!(closed["type"], "accountNotFound", "their mailbox went with them");
    assert_eq!(
        ada.request("GET", "/jmap/session", "", Vec::new()).await.json["accounts"].as_object().unwrap().len(),
        2
    );
}
