//! Working for others: what each right opens, and what it never does.

use std::time::Duration;

use fernamt_domain::{
    DeviceState,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::MailRight::{self, Manage, Read, SendAs, SendOnBehalf, Write},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    house::{Client, House},
    office::Office,
};

#[tokio::test]
async fn a_mailbox_is_open_to_those_who_were_granted_it() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let office = house.functional("Bürgerbüro", "buergerbuero@amt.example").await;
    let session = async || ada.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let before = session().await;
    assert_eq!(before["accounts"].as_object().unwrap().len(), 1);
    house.grant(office, &ada, &[Read]).await;
    let now = session().await;
    assert_ne!(now["state"], before["state"]);
    assert_eq!(now["primaryAccounts"], before["primaryAccounts"], "the own one stays the first");
    let shared = &now["accounts"][office.to_string()];
    assert_eq!(
        (&shared["name"], &shared["isPersonal"], &shared["isReadOnly"]),
        (&json!("Bürgerbüro"), &json!(false), &json!(true))
    );
    let delegation = |account: &Value| account["accountCapabilities"]["urn:fernamt:params:jmap:delegation"].clone();
    let expected =
        json!({ "kind": "functional", "address": "buergerbuero@amt.example", "rights": ["read"], "mayShare": false });
    assert_eq!(delegation(shared), expected);
    assert_eq!(
        delegation(&now["accounts"][&ada.account]),
        json!({
            "kind": "own",
            "address": "ada@amt.example",
            "rights": ["read", "write", "send_on_behalf", "send_as", "manage"],
            "mayShare": true,
        })
    );
    let owner = &now["accounts"][&ada.account]["accountCapabilities"]["urn:ietf:params:jmap:principals"];
    assert_eq!(owner["currentUserPrincipalId"], ada.person.to_string());
    for (rights, read_only, submission, vacation) in [
        (&[Read][..], true, false, false),
        (&[Write], false, false, false),
        (&[SendOnBehalf], false, true, false),
        (&[SendAs], false, true, false),
        (&[Manage], true, false, true),
    ] {
        house.grant(office, &ada, rights).await;
        let shared = session().await["accounts"][office.to_string()].clone();
        let has = |name: &str| shared["accountCapabilities"].get(format!("urn:ietf:params:jmap:{name}")).is_some();
        let found = (shared["isReadOnly"] == true, has("submission"), has("vacationresponse"));
        assert_eq!(found, (read_only, submission, vacation), "{rights:?}");
    }
    let others = ben.call("Mailbox/get", json!({ "accountId": office })).await;
    assert_eq!(others["type"], "accountNotFound", "nobody else");
    house.revoke(office, &ada).await;
    assert_eq!(session().await["state"], before["state"]);
    let gone = ada.call("Mailbox/get", json!({ "accountId": office })).await;
    assert_eq!(gone["type"], "accountNotFound");
}

#[tokio::test]
async fn mail_to_a_functional_mailbox_is_read_by_all_who_may() {
    let house = House::new().await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.person("eva").await);
    let office = house.functional("Bürgerbüro", "buergerbuero@amt.example").await;
    for client in [&ada, &ben] {
        house.grant(office, client, &[Read, Write]).await;
    }
    eva.send("buergerbuero@amt.example", "Eine Frage", "Wann ist offen?").await;
    house.deliver().await;
    let account = office.to_string();
    let inbox = ada.mailbox_in(&account, "inbox").await;
    let ask = json!({ "accountId": account, "filter": { "inMailbox": inbox } });
    let found = ada.call("Email/query", ask.clone()).await;
    assert_eq!(found["ids"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(ben.call("Email/query", ask.clone()).await["ids"], found["ids"]);
    let seen =
        json!({ "accountId": account, "update": { found["ids"][0].as_str().unwrap(): { "keywords/$seen": true } } });
    assert!(ada.call("Email/set", seen).await["updated"].as_object().unwrap().len() == 1);
    let read =
        ben.call("Email/get", json!({ "accountId": account, "ids": found["ids"], "properties": ["keywords"] })).await;
    assert_eq!(read["list"][0]["keywords"], json!({ "$seen": true }));
    // A folder of one account says nothing in another.
    for client in [&ada, &eva] {
        let other = client.call("Email/query", json!({ "filter": { "inMailbox": inbox } })).await;
        assert_eq!(other["ids"], json!([]), "{other}");
    }
}

#[tokio::test]
async fn who_may_work_in_a_mailbox_says_its_owner() {
    let house = House::new().await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.person("eva").await);
    let path = format!("/api/v1/mail/accounts/{}/delegates", ada.account);
    let of = |client: &Client| format!("{path}/{}", client.person);
    let rights = |rights: &[MailRight]| json!({ "rights": rights }).to_string().into_bytes();
    let json = "application/json";
    let granted = ada.request("PUT", &of(&ben), json, rights(&[SendAs, Write])).await;
    assert_eq!((granted.status, &granted.json["rights"]), (200, &json!(["read", "write", "send_as"])));
    assert_eq!(granted.json["person"]["display_name"], "ben Musteramt");
    assert_eq!(ada.request("GET", &path, json, Vec::new()).await.json, json!({ "items": [granted.json] }));

    let refused = ben.request("PUT", &of(&eva), json, rights(&[Read])).await;
    assert_eq!((refused.status, &refused.json["code"]), (403, &json!("mail_not_managed")));
    assert_eq!(ben.request("GET", &path, json, Vec::new()).await.status, 403);
    assert_eq!(eva.request("PUT", &of(&eva), json, rights(&[Read])).await.status, 404, "not even that it is there");
    ada.request("PUT", &of(&ben), json, rights(&[Manage])).await;
    assert_eq!(ben.request("PUT", &of(&eva), json, rights(&[Read])).await.status, 200, "who manages grants");
    let own = ben.request("PUT", &of(&ada), json, rights(&[Read])).await;
    assert_eq!((own.status, &own.json["code"]), (409, &json!("mailbox_owner")));
    let none = ada.request("PUT", &of(&eva), json, rights(&[])).await;
    assert_eq!((none.status, &none.json["code"]), (422, &json!("invalid")));
    assert_eq!(ada.request("DELETE", &of(&ben), json, Vec::new()).await.status, 204);
    assert_eq!(ada.request("DELETE", &of(&ben), json, Vec::new()).await.status, 404);
    assert_eq!(ben.request("DELETE", &of(&eva), json, Vec::new()).await.status, 404, "it is closed again");
    let told: Vec<_> = house.audited().await.into_iter().map(|entry| entry.facts.action).collect();
    assert_eq!(told.iter().filter(|action| *action == "mail_granted").count(), 3);
    assert_eq!(told.iter().filter(|action| *action == "mail_revoked").count(), 1);
}

#[tokio::test]
async fn what_was_revoked_writes_nothing_any_more() {
    let office = Office::new(&[Write]).await;
    assert!(office.ada.call("Email/set", office.marks("before")).await["updated"].is_object());
    // The right is there when she asks, and her change waits for a transaction that takes it away.
    let mut revoking = office.house.tenant.begin().await.unwrap();
    let entry = AuditEvent::new(AuditKind::Mail, "mail_revoked", Outcome::Success);
    revoking.unshare_mail(office.id, office.ada.person, entry).await.unwrap();
    let mut late = Box::pin(office.ada.call("Email/set", office.marks("late")));
    assert!(timeout(Duration::from_millis(500), &mut late).await.is_err(), "it waits");
    revoking.commit().await.unwrap();
    let late = late.await;
    assert_eq!(late["type"], "accountNotFound");
    assert_eq!(office.keywords().await.trim(), "before");
    let upload = format!("/jmap/upload/{}", office.account);
    assert_eq!(office.ada.request("POST", &upload, "text/plain", vec![1]).await.status, 404);
}

#[tokio::test]
async fn changes_in_flight_and_the_end_of_a_right_never_cross() {
    let office = Office::new(&[Write]).await;
    for round in 0..10 {
        office.house.grant(office.id, &office.ada, &[Write]).await;
        let change = async { office.ada.call("Email/set", office.marks(&format!("r{round}"))).await };
        let revoke = office.house.revoke(office.id, &office.ada);
        let (change, ()) = tokio::join!(change, revoke);
        let mut told = office.house.audited().await.into_iter().map(|entry| entry.facts.action);
        let last = told.find(|action| ["mail_acted_on_behalf", "mail_revoked"].contains(&action.as_str()));
        assert_eq!(last.as_deref(), Some("mail_revoked"), "round {round}: nothing of hers comes after it");
        let done = change["updated"].is_object();
        assert_eq!(office.keywords().await.contains(&format!("r{round} ")), done, "round {round}: {change}");
    }
}

#[tokio::test]
async fn who_sends_on_behalf_says_so_and_both_are_told() {
    let office = Office::new(&[SendOnBehalf]).await;
    let (ada, account) = (&office.ada, &office.account);
    let identity = ada.call("Identity/get", json!({ "accountId": account })).await["list"][0].clone();
    assert_eq!((&identity["sender"], &identity["mayDelete"]), (&json!("ada@amt.example"), &json!(false)));
    let own = ada.call("Identity/get", json!({})).await["list"][0].clone();
    assert_eq!((&own["sender"], &own["mayDelete"]), (&Value::Null, &json!(true)));
    let (drafts, sent) = (ada.mailbox_in(account, "drafts").await, ada.mailbox_in(account, "sent").await);
    let draft = json!({
        "mailboxIds": { &drafts: true }, "keywords": { "$draft": true },
        "from": [{ "name": identity["name"], "email": identity["email"] }],
        "sender": [{ "email": identity["sender"] }],
        "to": [{ "email": "ben@amt.example" }], "subject": "Ihre Frage",
    });
    let moved = json!({
        format!("mailboxIds/{drafts}"): null, format!("mailboxIds/{sent}"): true, "keywords/$draft": null,
    });
    let answers = ada
        .calls(json!([
            ["Email/set", { "accountId": account, "create": { "d": draft } }, "a"],
            ["EmailSubmission/set", {
                "accountId": account,
                "create": { "s": { "identityId": identity["id"], "emailId": "#d" } },
                "onSuccessUpdateEmail": { "#s": moved },
            }, "b"],
        ]))
        .await;
    let email = answers[0].1["created"]["d"]["id"].clone();
    assert!(answers[1].1["created"]["s"].is_object() && answers[2].1["updated"].is_object(), "{answers:?}");
    office.house.deliver().await;
    let inbox = office.ben.mailbox("inbox").await;
    let found = office.ben.call("Email/query", json!({ "filter": { "inMailbox": inbox } })).await["ids"].clone();
    let got = office.ben.call("Email/get", json!({ "ids": found, "properties": ["from", "sender"] })).await;
    assert_eq!(got["list"][0]["from"][0]["email"], "buergerbuero@amt.example");
    assert_eq!(got["list"][0]["sender"][0]["email"], "ada@amt.example");
    // What was sent is there for all, and not hers to change any more.
    let again = json!({ "accountId": account, "update": { email.as_str().unwrap(): { "keywords/$draft": true } } });
    assert_eq!(ada.call("Email/set", again).await["notUpdated"][email.as_str().unwrap()]["type"], "forbidden");
    let acts: Vec<_> = office
        .house
        .audited()
        .await
        .into_iter()
        .filter(|entry| entry.facts.action == "mail_acted_on_behalf" && entry.facts.details["ids"][0] == email)
        .map(|entry| entry.facts.details["method"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(acts, ["Email/set", "Email/set"], "written, and filed");
}

#[tokio::test]
async fn what_is_done_for_others_is_written_down() {
    let office = Office::new(&[Write]).await;
    let told = async |action: &str| -> Vec<Value> {
        let all = office.house.audited().await.into_iter();
        all.filter(|entry| entry.facts.action == action).map(|entry| entry.facts.details).collect()
    };
    let before = told("mail_acted_on_behalf").await.len();
    for _ in 0..3 {
        office.ada.call("Email/get", json!({ "accountId": office.account, "ids": [office.letter] })).await;
    }
    let opened = told("mail_account_opened").await;
    assert_eq!(opened.len(), 2, "by ada and by ben, each once: {opened:?}");
    let again = office.house.on_device(&office.ada, DeviceState::Approved).await;
    again.call("Mailbox/get", json!({ "accountId": office.account })).await;
    assert_eq!(told("mail_account_opened").await.len(), 3, "and once in each session");
    assert_eq!(told("mail_acted_on_behalf").await.len(), before, "reading is no act");

    let many: serde_json::Map<_, _> = (0..25)
        .map(|number| (format!("d{number}"), json!({ "mailboxIds": { &office.inbox: true }, "subject": "x" })))
        .collect();
    let done = office.ada.call("Email/set", json!({ "accountId": office.account, "create": many })).await;
    let act = told("mail_acted_on_behalf").await.remove(0);
    assert_eq!(
        (&act["account"], &act["method"], &act["created"], &act["updated"], &act["destroyed"]),
        (&json!(office.account), &json!("Email/set"), &json!(25), &json!(0), &json!(0))
    );
    let ids = act["ids"].as_array().unwrap();
    assert_eq!(ids.len(), 20, "so many are named and no more");
    assert!(done["created"].as_object().unwrap().values().any(|one| one["id"] == ids[0]));
    let text = serde_json::to_string(&act).unwrap();
    assert!(!text.contains("amt.example") && !text.contains("Quellwolke"), "ids alone: {text}");
    let own = office.ada.mailbox("inbox").await;
    office.ada.import(&own, "Subject: own\r\n\r\n").await;
    assert_eq!(told("mail_acted_on_behalf").await.len(), before + 1, "her own mailbox is her own affair");
}

#[tokio::test]
async fn a_right_in_one_mailbox_opens_no_other() {
    let office = Office::new(&[Write, SendAs, Manage]).await;
    let (ada, ben) = (&office.ada, &office.ben);
    let bens = ben.mailbox("inbox").await;
    let secret = ben.import(&bens, "Subject: Quellwolke privat\r\n\r\n").await;
    let known = ben.call("Email/get", json!({ "ids": [secret], "properties": ["blobId", "threadId"] })).await["list"]
        [0]
    .clone();
    let upload = ben.upload(b"only ben's").await;
    let account = office.account.clone();
    // Another account, that of the same people or the own one, does not lead there.
    for from in [&account, &ada.account] {
        let found = ada.call("Email/query", json!({ "accountId": from, "filter": { "text": "privat" } })).await;
        assert_eq!(found["ids"], json!([]));
        let found = ada.call("Email/query", json!({ "accountId": from, "filter": { "inMailbox": bens } })).await;
        assert_eq!(found["ids"], json!([]), "the folder of somebody else");
        let got = ada.call("Email/get", json!({ "accountId": from, "ids": [secret] })).await;
        assert_eq!(got["notFound"], json!([secret]));
        for (method, id) in [("Thread/get", &known["threadId"]), ("ThreadWork/get", &known["threadId"])] {
            assert_eq!(ada.call(method, json!({ "accountId": from, "ids": [id] })).await["notFound"], json!([id]));
        }
        let note = json!({ known["threadId"].as_str().unwrap(): { "note": "x" } });
        let set = ada.call("ThreadWork/set", json!({ "accountId": from, "update": note })).await;
        assert_eq!(set["notUpdated"][known["threadId"].as_str().unwrap()]["type"], "notFound");
        for blob in [known["blobId"].as_str().unwrap(), &upload] {
            let path = format!("/jmap/download/{from}/{blob}/x");
            assert_eq!(ada.request("GET", &path, "", Vec::new()).await.status, 404, "bytes by their print");
            let parsed = ada.call("Email/parse", json!({ "accountId": from, "blobIds": [blob] })).await;
            assert_eq!(parsed["notFound"], json!([blob]));
            let copied = json!({ "fromAccountId": from, "accountId": account, "blobIds": [blob] });
            assert_eq!(ada.call("Blob/copy", copied).await["notCopied"][blob]["type"], "blobNotFound");
        }
        let snippet = json!({ "accountId": from, "emailIds": [secret], "filter": { "text": "privat" } });
        assert_eq!(ada.call("SearchSnippet/get", snippet).await["notFound"], json!([secret]));
    }
    let session = ada.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let mut open: Vec<_> = session["accounts"].as_object().unwrap().keys().cloned().collect();
    open.sort();
    let mut expected = vec![ada.account.clone(), account.clone()];
    expected.sort();
    assert_eq!(open, expected);
    assert_eq!(ada.call("Mailbox/get", json!({ "accountId": ben.account })).await["type"], "accountNotFound");
    // And who owns a mailbox gets nothing of those who work in it.
    office.house.grant(ben.account.parse().unwrap(), ada, &[Write]).await;
    let back = ben.call("Mailbox/get", json!({ "accountId": ada.account })).await;
    assert_eq!(back["type"], "accountNotFound");
}

#[tokio::test]
async fn a_folder_says_what_may_be_done_in_it() {
    let office = Office::new(&[SendOnBehalf]).await;
    let rights = async |role: &str| {
        let id = office.ada.mailbox_in(&office.account, role).await;
        let ask = json!({ "accountId": office.account, "ids": [id], "properties": ["myRights"] });
        let mine = office.ada.call("Mailbox/get", ask).await["list"][0]["myRights"].clone();
        let order = [
            "ReadItems",
            "AddItems",
            "RemoveItems",
            "SetSeen",
            "SetKeywords",
            "CreateChild",
            "Rename",
            "Delete",
            "Submit",
        ];
        order
            .map(|name| if mine[format!("may{name}")].as_bool().unwrap() { '+' } else { '-' })
            .iter()
            .collect::<String>()
    };
    assert_eq!((rights("inbox").await, rights("drafts").await), ("+-------+".into(), "+++++---+".into()));
    assert_eq!(rights("sent").await, "++------+");
    office.house.grant(office.id, &office.ada, &[Read]).await;
    assert_eq!((rights("inbox").await, rights("drafts").await), ("+--------".into(), "+--------".into()));
    office.house.grant(office.id, &office.ada, &[Write]).await;
    assert_eq!((rights("inbox").await, rights("sent").await), ("+++++++--".into(), "+++++++--".into()));
}
