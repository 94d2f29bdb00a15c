//! Sending and receiving within the house.

use serde_json::{Value, json};
use time::Duration;

use crate::house::{Client, House};

async fn only(client: &Client, role: &str) -> Value {
    let inbox = client.mailbox(role).await;
    let found = client.call("Email/query", json!({ "filter": { "inMailbox": inbox } })).await;
    assert_eq!(found["ids"].as_array().unwrap().len(), 1, "{found}");
    let got = client.call("Email/get", json!({ "ids": found["ids"], "fetchAllBodyValues": true })).await;
    got["list"][0].clone()
}

#[tokio::test]
async fn a_message_arrives_once_and_the_answer_finds_its_thread() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let sent = ada.send("Ben@AMT.example", "Grüße", "Guten Tag, Ben").await;
    assert_eq!(sent["created"]["s"]["undoStatus"], "final", "{sent}");
    house.deliver().await;
    house.deliver().await;
    let arrived = only(&ben, "inbox").await;
    assert_eq!((&arrived["subject"], &arrived["keywords"]), (&json!("Grüße"), &json!({})));
    assert_eq!(arrived["from"], json!([{ "name": "ada Musteramt", "email": "ada@amt.example" }]));
    let copy = only(&ada, "sent").await;
    assert_eq!((&copy["keywords"], &copy["messageId"]), (&json!({ "$seen": true }), &arrived["messageId"]));
    let submission = ada.call("EmailSubmission/get", json!({})).await["list"][0].clone();
    assert_eq!(submission["deliveryStatus"]["ben@amt.example"]["delivered"], "yes");

    let (drafts, identity) =
        (ben.mailbox("drafts").await, ben.call("Identity/get", json!({})).await["list"][0].clone());
    let answer = json!({
        "mailboxIds": { &drafts: true }, "from": [{ "email": "ben@amt.example" }], "to": [{ "email": "ada@amt.example" }],
        "subject": "Re: Grüße", "inReplyTo": arrived["messageId"], "references": arrived["messageId"],
        "textBody": [{ "partId": "t" }], "bodyValues": { "t": { "value": "Guten Tag, Ada" } },
    });
    ben.calls(json!([
        ["Email/set", { "accountId": ben.account, "create": { "d": answer } }, "a"],
        ["EmailSubmission/set", { "accountId": ben.account, "create": { "s": { "identityId": identity["id"], "emailId": "#d" } },
            "onSuccessDestroyEmail": ["#s"] }, "b"],
    ]))
    .await;
    house.deliver().await;
    assert_eq!(only(&ada, "inbox").await["threadId"], copy["threadId"]);
    assert_eq!(ben.counts(&drafts).await, [0; 4]);
}

#[tokio::test]
async fn receivers_in_secret_see_nobody_and_are_seen_by_nobody() {
    let house = House::new().await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.person("eva").await);
    let (drafts, identity) =
        (ada.mailbox("drafts").await, ada.call("Identity/get", json!({})).await["list"][0].clone());
    let draft = json!({
        "mailboxIds": { &drafts: true }, "from": [{ "email": "ada@amt.example" }],
        "to": [{ "email": "ben@amt.example" }], "bcc": [{ "email": "eva@amt.example" }], "subject": "x",
    });
    ada.calls(json!([
        ["Email/set", { "accountId": ada.account, "create": { "d": draft } }, "a"],
        ["EmailSubmission/set", { "accountId": ada.account, "create": { "s": { "identityId": identity["id"], "emailId": "#d" } } }, "b"],
    ]))
    .await;
    house.deliver().await;
    for one in [&ben, &eva] {
        let arrived = only(one, "inbox").await;
        assert_eq!(arrived["bcc"], Value::Null);
        let path = format!("/jmap/download/{}/{}/m", one.account, arrived["blobId"].as_str().unwrap());
        let raw = String::from_utf8(one.request("GET", &path, "", Vec::new()).await.bytes).unwrap();
        let head = raw.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert_eq!(head.contains("eva@"), one.account == eva.account, "{head}");
    }
    assert_eq!(only(&ada, "drafts").await["bcc"][0]["email"], "eva@amt.example", "the sender still knows");
}

#[tokio::test]
async fn a_message_is_taken_back_while_it_is_held() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let (drafts, identity) =
        (ada.mailbox("drafts").await, ada.call("Identity/get", json!({})).await["list"][0].clone());
    let hand_in = async |hold: &str| {
        let draft =
            json!({ "mailboxIds": { &drafts: true }, "from": [{ "email": "ada@amt.example" }], "subject": "x" });
        let envelope = json!({
            "mailFrom": { "email": "ada@amt.example", "parameters": { "HOLDFOR": hold } },
            "rcptTo": [{ "email": "ben@amt.example" }],
        });
        let answers = ada
            .calls(json!([
                ["Email/set", { "accountId": ada.account, "create": { "d": draft } }, "a"],
                ["EmailSubmission/set", { "accountId": ada.account,
                    "create": { "s": { "identityId": identity["id"], "emailId": "#d", "envelope": envelope } } }, "b"],
            ]))
            .await;
        answers[1].1.clone()
    };
    assert_eq!(hand_in("301").await["notCreated"]["s"]["properties"], json!(["envelope"]));
    let held = hand_in("10").await["created"]["s"].clone();
    assert_eq!(held["undoStatus"], "pending");
    house.clock.advance(Duration::seconds(9));
    house.deliver().await;
    let inbox = ben.mailbox("inbox").await;
    assert_eq!(ben.counts(&inbox).await, [0; 4]);
    let id = held["id"].as_str().unwrap();
    let back = ada.call("EmailSubmission/set", json!({ "update": { id: { "undoStatus": "canceled" } } })).await;
    assert_eq!(back["updated"], json!({ id: null }), "{back}");
    house.clock.advance(Duration::seconds(60));
    house.deliver().await;
    assert_eq!(ben.counts(&inbox).await, [0; 4]);
    let late = hand_in("10").await["created"]["s"]["id"].as_str().unwrap().to_owned();
    house.clock.advance(Duration::seconds(11));
    house.deliver().await;
    assert_eq!(ben.counts(&inbox).await, [1, 1, 1, 1]);
    let refused = ada.call("EmailSubmission/set", json!({ "update": { &late: { "undoStatus": "canceled" } } })).await;
    assert_eq!(refused["notUpdated"][&late]["type"], "cannotUnsend");
}

#[tokio::test]
async fn nobody_writes_as_somebody_else() {
    let house = House::new().await;
    let (ada, _ben) = (house.person("ada").await, house.person("ben").await);
    let (drafts, identity) =
        (ada.mailbox("drafts").await, ada.call("Identity/get", json!({})).await["list"][0].clone());
    let attempt = async |draft: Value, envelope: Value| {
        let answers = ada
            .calls(json!([
                ["Email/set", { "accountId": ada.account, "create": { "d": draft } }, "a"],
                ["EmailSubmission/set", { "accountId": ada.account,
                    "create": { "s": { "identityId": identity["id"], "emailId": "#d", "envelope": envelope } } }, "b"],
            ]))
            .await;
        answers[1].1["notCreated"]["s"].clone()
    };
    let draft = |from: &str, to: &str| json!({ "mailboxIds": { &drafts: true }, "from": [{ "email": from }], "to": [{ "email": to }] });
    let own = "ada@amt.example";
    let as_ben = attempt(draft("ben@amt.example", "ben@amt.example"), Value::Null).await;
    assert_eq!(as_ben["type"], "forbiddenFrom");
    let mut with_sender = draft(own, own);
    with_sender["sender"] = json!([{ "email": "ben@amt.example" }]);
    assert_eq!(attempt(with_sender, Value::Null).await["type"], "forbiddenFrom");
    // The last of two fields is what we read, and the first is what others may show.
    for fields in [
        "From: ben@amt.example\r\nFrom: ada@amt.example",
        "From: ada@amt.example\r\nSender: ben@amt.example\r\nSender: ada@amt.example",
    ] {
        let id = ada.import(&drafts, &format!("{fields}\r\nTo: {own}\r\nSubject: x\r\n\r\nHallo\r\n")).await;
        let create = json!({ "s": { "identityId": identity["id"], "emailId": id } });
        let refused = ada.call("EmailSubmission/set", json!({ "create": create })).await;
        assert_eq!(refused["notCreated"]["s"]["type"], "forbiddenFrom", "{fields}");
    }
    let envelope = json!({ "mailFrom": { "email": "ben@amt.example" }, "rcptTo": [{ "email": own }] });
    assert_eq!(attempt(draft(own, own), envelope).await["type"], "forbiddenMailFrom");
    let unknown = attempt(draft(own, "nobody@amt.example"), Value::Null).await;
    assert_eq!(unknown["invalidRecipients"], json!(["nobody@amt.example"]));
    assert_eq!(attempt(draft(own, "out@elsewhere.example"), Value::Null).await["type"], "invalidRecipients");
    let none = json!({ "mailboxIds": { &drafts: true }, "from": [{ "email": own }] });
    assert_eq!(attempt(none, Value::Null).await["type"], "noRecipients");
    let many: Vec<_> = (0..=500).map(|number| json!({ "email": format!("p{number}@amt.example") })).collect();
    let envelope = json!({ "mailFrom": { "email": own }, "rcptTo": many });
    assert_eq!(attempt(draft(own, own), envelope).await["maxRecipients"], 500);
}

#[tokio::test]
async fn mail_waits_for_somebody_who_never_opened_it() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let work = house.tenant.begin().await.unwrap();
    let known = house.tenant.people().by_name("ada").await.unwrap().unwrap();
    let id = fernamt_domain::PersonId(uuid::Uuid::from_u128(7));
    let new = fernamt_store::PersonRecord { id, name: "neu".into(), display_name: "Neu Hier".into(), ..known };
    work.people().insert(&new).await.unwrap();
    work.commit().await.unwrap();
    let sent = ada.send("neu@amt.example", "Willkommen", "Hallo").await;
    assert!(sent["created"]["s"].is_object(), "{sent}");
    house.deliver().await;
    let account = house.tenant.mail_accounts().of_owner(id).await.unwrap().remove(0);
    assert_eq!((account.address.as_str(), account.name.as_str()), ("neu@amt.example", "Neu Hier"));
    let folders = house.tenant.mailboxes().of_account(account.id).await.unwrap();
    assert_eq!(house.tenant.emails().in_mailbox(folders[0].id, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_restore_stopped_is_shown_as_unknown() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let sent = ada.send("ben@amt.example", "x", "x").await["created"]["s"].clone();
    assert_eq!(sent["deliveryStatus"]["ben@amt.example"]["delivered"], "queued");
    let (account, id) = (ada.account.parse().unwrap(), sent["id"].as_str().unwrap().parse().unwrap());
    let work = house.tenant.begin().await.unwrap();
    let current = work.email_submissions().these(account, &[id]).await.unwrap().remove(0);
    let stopped = fernamt_store::EmailSubmissionRecord { next_at: None, ..current };
    work.email_submissions().replace(&stopped).await.unwrap();
    work.commit().await.unwrap();
    house.deliver().await;
    let shown = ada.call("EmailSubmission/get", json!({})).await["list"][0].clone();
    assert_eq!(shown["deliveryStatus"]["ben@amt.example"]["delivered"], "unknown");
    let inbox = ben.mailbox("inbox").await;
    assert_eq!(ben.counts(&inbox).await, [0; 4], "it is not sent by itself");
}

#[tokio::test]
async fn a_message_that_fails_holds_up_no_other() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let sent = ada.send("ben@amt.example", "erste", "x").await;
    let id: fernamt_domain::EmailSubmissionId = sent["created"]["s"]["id"].as_str().unwrap().parse().unwrap();
    let account = ada.account.parse().unwrap();
    let broken = house.tenant.email_submissions().these(account, &[id]).await.unwrap().remove(0);
    let whole = broken.recipients.clone();
    let write = async |recipients: Value| {
        let work = house.tenant.begin().await.unwrap();
        let current = work.email_submissions().these(account, &[id]).await.unwrap().remove(0);
        let changed = fernamt_store::EmailSubmissionRecord { recipients, ..current };
        work.email_submissions().replace(&changed).await.unwrap();
        work.commit().await.unwrap();
    };
    write(json!("nobody can read this")).await;
    ada.send("ben@amt.example", "zweite", "x").await;
    house.deliver().await;
    assert_eq!(only(&ben, "inbox").await["subject"], "zweite");
    let put_off = house.tenant.email_submissions().these(account, &[id]).await.unwrap().remove(0);
    assert_eq!((put_off.attempts, put_off.next_at), (1, broken.next_at.map(|at| at + Duration::MINUTE)));
    write(whole).await;
    house.clock.advance(Duration::minutes(2));
    house.deliver().await;
    let inbox = ben.mailbox("inbox").await;
    assert_eq!(ben.counts(&inbox).await[0], 2, "nothing is lost that can be mended");
}
