//! Answers while somebody is away.

use fernamt_domain::mail::MailRight;
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};

use crate::house::{Client, House};

async fn away(client: &Client, patch: Value) -> Value {
    client.call("VacationResponse/set", json!({ "update": { "singleton": patch } })).await
}

/// The messages of an inbox, the oldest first.
async fn inbox(client: &Client) -> Vec<Value> {
    let inbox = client.mailbox("inbox").await;
    let order = json!([{ "property": "receivedAt" }]);
    let found = client.call("Email/query", json!({ "filter": { "inMailbox": inbox }, "sort": order })).await;
    let properties =
        json!(["subject", "from", "inReplyTo", "preview", "header:Auto-Submitted:asText", "header:Return-Path"]);
    let got = client.call("Email/get", json!({ "ids": found["ids"], "properties": properties })).await;
    let list = got["list"].as_array().unwrap();
    let one = |id: &Value| list.iter().find(|one| one["id"] == *id).unwrap().clone();
    found["ids"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn a_sender_is_answered_once_in_a_period() {
    let house = House::new().await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.person("eva").await);
    away(&ben, json!({ "isEnabled": true, "textBody": "Im Urlaub bis Montag" })).await;
    // Two who are away do not answer each other's answers.
    away(&ada, json!({ "isEnabled": true })).await;
    ada.send("ben@amt.example", "Plan", "x").await;
    house.deliver().await;
    ada.send("ben@amt.example", "Plan B", "x").await;
    eva.send("ben@amt.example", "Frage", "x").await;
    house.deliver().await;
    house.deliver().await;
    let answers = inbox(&ada).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    let sent = ada
        .call(
            "Email/query",
            json!({ "filter": { "subject": "\"plan\"", "inMailbox": ada.mailbox("sent").await },
        "sort": [{ "property": "receivedAt" }] }),
        )
        .await;
    let sent = ada.call("Email/get", json!({ "ids": [sent["ids"][0]], "properties": ["messageId"] })).await;
    let answer = &answers[0];
    assert_eq!(answer["inReplyTo"], sent["list"][0]["messageId"]);
    assert_eq!(answer["subject"], "Auto: Plan");
    assert_eq!(answer["from"], json!([{ "name": "ben Musteramt", "email": "ben@amt.example" }]));
    assert_eq!(answer["preview"].as_str().unwrap().trim(), "Im Urlaub bis Montag");
    assert_eq!(answer["header:Auto-Submitted:asText"], "auto-replied");
    assert_eq!(answer["header:Return-Path"].as_str().unwrap().trim(), "<>");
    assert_eq!((inbox(&ben).await.len(), inbox(&eva).await.len()), (3, 1), "what came is there all the same");

    house.clock.advance(Duration::minutes(1));
    away(&ben, json!({ "subject": "Weg", "htmlBody": "<p>Auf <b>Reisen</b></p>", "textBody": null })).await;
    ada.send("ben@amt.example", "Plan C", "x").await;
    house.deliver().await;
    let answers = inbox(&ada).await;
    assert_eq!((answers.len(), &answers[1]["subject"]), (2, &json!("Weg")), "another period");
    assert_eq!(answers[1]["preview"].as_str().unwrap().trim(), "Auf Reisen");

    away(&ben, json!({ "isEnabled": false })).await;
    eva.send("ben@amt.example", "Frage", "x").await;
    house.deliver().await;
    assert_eq!(inbox(&eva).await.len(), 1);
}

#[tokio::test]
async fn nobody_is_answered_outside_of_the_period() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let at =
        |minutes| (fernamt_domain::Clock::now(&house.clock) + Duration::minutes(minutes)).format(&Rfc3339).unwrap();
    away(&ben, json!({ "isEnabled": true, "fromDate": at(2), "toDate": at(5) })).await;
    for (answers, number) in [(0, 1), (1, 2), (1, 3)] {
        ada.send("ben@amt.example", &format!("Nummer {number}"), "x").await;
        house.deliver().await;
        assert_eq!(inbox(&ada).await.len(), answers, "after {number}");
        house.clock.advance(Duration::minutes(3));
    }
    let usual = &inbox(&ada).await[0];
    assert!(usual["preview"].as_str().unwrap().contains("nicht erreichbar"), "{usual}");
}

#[tokio::test]
async fn machines_lists_and_those_in_secret_get_no_answer() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    away(&ben, json!({ "isEnabled": true })).await;
    let (drafts, identity) =
        (ada.mailbox("drafts").await, ada.call("Identity/get", json!({})).await["list"][0]["id"].clone());
    let send = async |more: Value| {
        let mut draft =
            json!({ "mailboxIds": { &drafts: true }, "from": [{ "email": "ada@amt.example" }], "subject": "x" });
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answers = ada
            .calls(json!([
                ["Email/set", { "accountId": ada.account, "create": { "d": draft } }, "a"],
                ["EmailSubmission/set", { "accountId": ada.account,
                    "create": { "s": { "identityId": identity, "emailId": "#d" } } }, "b"],
            ]))
            .await;
        assert!(answers[1].1["created"]["s"].is_object(), "{answers:?}");
        house.deliver().await;
    };
    let to = json!([{ "email": "ben@amt.example" }]);
    send(json!({ "bcc": to })).await;
    send(json!({ "to": to, "header:Precedence:asText": "bulk" })).await;
    send(json!({ "to": to, "header:Auto-Submitted:asText": "auto-generated" })).await;
    send(json!({ "to": to, "header:List-Id:asText": "<alle.amt.example>" })).await;
    assert_eq!((inbox(&ben).await.len(), inbox(&ada).await.len()), (4, 0));
    away(&ada, json!({ "isEnabled": true })).await;
    send(json!({ "to": [{ "email": "ada@amt.example" }] })).await;
    assert_eq!(inbox(&ada).await.len(), 1, "to oneself, without an answer");
    send(json!({ "to": [{ "email": "ada@amt.example" }], "cc": to })).await;
    assert_eq!(inbox(&ada).await.len(), 3, "named in Cc: the message and an answer");
}

#[tokio::test]
async fn each_account_has_one_absence() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let none = ada.call("VacationResponse/get", json!({})).await;
    let expected = json!({ "id": "singleton", "isEnabled": false, "fromDate": null, "toDate": null, "subject": null,
        "textBody": null, "htmlBody": null, "isEnabledOutside": true, "textBodyOutside": null });
    assert_eq!((&none["list"], &none["notFound"]), (&json!([expected]), &json!([])));
    let done = ada
        .call(
            "VacationResponse/set",
            json!({
                "ifInState": none["state"], "create": { "a": {} }, "destroy": ["singleton"],
                "update": { "singleton": { "isEnabled": true, "fromDate": "2026-12-24T08:00:00+01:00" }, "x": {} },
            }),
        )
        .await;
    assert_eq!(done["notCreated"]["a"]["type"], "singleton");
    assert_eq!(done["notDestroyed"]["singleton"]["type"], "singleton");
    assert_eq!(
        (&done["updated"], &done["notUpdated"]["x"]["type"]),
        (&json!({ "singleton": null }), &json!("notFound"))
    );
    let now = ada.call("VacationResponse/get", json!({ "ids": ["singleton", "x"], "properties": ["fromDate"] })).await;
    assert_eq!(now["list"], json!([{ "id": "singleton", "fromDate": "2026-12-24T07:00:00Z" }]));
    assert_eq!((&now["notFound"], &now["state"]), (&json!(["x"]), &done["newState"]));
    assert_ne!(now["state"], none["state"]);
    for (name, value) in [
        ("isEnabled", json!("ja")),
        ("fromDate", json!("morgen")),
        ("toDate", json!("2026-12-24T06:00:00Z")),
        ("subject", json!("a\r\nBcc: x")),
        ("subject", json!("x".repeat(501))),
        ("textBody", json!("x".repeat(50_001))),
        ("htmlBody", json!("\u{0}")),
        ("isEnabledOutside", json!(null)),
        ("textBodyOutside", json!("x".repeat(50_001))),
        ("colour", json!("red")),
    ] {
        let refused = away(&ada, json!({ name: value })).await;
        assert_eq!(refused["notUpdated"]["singleton"]["properties"], json!([name]), "{refused}");
    }
    let long = json!({ "subject": "x".repeat(500), "textBody": "x".repeat(50_000) });
    assert_eq!(away(&ada, long).await["updated"], json!({ "singleton": null }));
}

#[tokio::test]
async fn what_is_for_those_outside_is_not_told_inside() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    away(&ben, json!({ "isEnabled": true, "textBody": "Durchwahl 4711", "textBodyOutside": "Bin verreist" })).await;
    ada.send("ben@amt.example", "Plan", "x").await;
    house.deliver().await;
    away(&ben, json!({ "isEnabledOutside": false })).await;
    ada.send("ben@amt.example", "Plan B", "x").await;
    house.deliver().await;
    // A mailbox of the house is inside, also with an address of another domain.
    let account = house.functional("Kreisbüro", "buero@kreis.example").await;
    house.grant(account, &ada, &[MailRight::Write, MailRight::SendAs]).await;
    let mut office = house.again(&ada).await;
    office.account = account.to_string();
    office.send("ben@amt.example", "Frage", "x").await;
    house.deliver().await;
    let told = [inbox(&ada).await, inbox(&office).await].concat();
    let told: Vec<_> = told.iter().map(|one| one["preview"].as_str().unwrap().trim()).collect();
    assert_eq!(told, ["Durchwahl 4711"; 3]);
}

#[tokio::test]
async fn what_differs_outside_is_there_for_who_uses_it() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let session = ada.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let ours = "urn:fernamt:params:jmap:absence";
    assert_eq!(session["capabilities"][ours], json!({}));
    let in_account = &session["accounts"][&ada.account]["accountCapabilities"][ours];
    assert_eq!(*in_account, json!({ "mayEnable": true }));
    let plainly = async |name: &str, mut arguments: Value| {
        arguments["accountId"] = ada.account.clone().into();
        let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:vacationresponse"];
        let body = json!({ "using": using, "methodCalls": [[name, arguments, "c"]] }).to_string();
        let reply = ada.request("POST", "/jmap/api", "application/json", body.into_bytes()).await;
        reply.json["methodResponses"][0][1].clone()
    };
    let both = json!({ "isEnabledOutside": false, "textBodyOutside": "Bin verreist" });
    assert_eq!(away(&ada, both).await["updated"], json!({ "singleton": null }));
    // Whoever does not know them changes the rest, and they stay.
    let patch = |patch: Value| json!({ "update": { "singleton": patch } });
    let done = plainly("VacationResponse/set", patch(json!({ "isEnabled": true, "textBody": "Weg" }))).await;
    assert_eq!(done["updated"], json!({ "singleton": null }));
    let told = plainly("VacationResponse/get", json!({})).await["list"][0].clone();
    assert_eq!((&told["textBody"], told.as_object().unwrap().len()), (&json!("Weg"), 7), "{told}");
    let asked = plainly("VacationResponse/get", json!({ "properties": ["textBodyOutside"] })).await;
    assert_eq!(asked["type"], "invalidArguments");
    for (name, value) in [("isEnabledOutside", json!(true)), ("textBodyOutside", json!("x"))] {
        let refused = plainly("VacationResponse/set", patch(json!({ name: value }))).await;
        assert_eq!(refused["notUpdated"]["singleton"]["properties"], json!([name]), "{refused}");
    }
    let told = ada.call("VacationResponse/get", json!({})).await["list"][0].clone();
    assert_eq!((&told["isEnabledOutside"], &told["textBodyOutside"]), (&json!(false), &json!("Bin verreist")));
}
