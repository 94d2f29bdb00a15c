//! Working for others: what each right opens, and what it never does.

use fernamt_domain::mail::MailRight::{self, Manage, Read, SendAs, SendOnBehalf, Write};
use serde_json::{Value, json};

use crate::house::House;

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
    let expected = json!({ "kind": "functional", "address": "buergerbuero@amt.example", "rights": ["read"] });
    assert_eq!(delegation(shared), expected);
    assert_eq!(
        delegation(&now["accounts"][&ada.account]),
        json!({
            "kind": "own",
            "address": "ada@amt.example",
            "rights": ["read", "write", "send_on_behalf", "send_as", "manage"],
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
    let of = |client: &crate::house::Client| format!("{path}/{}", client.person);
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
