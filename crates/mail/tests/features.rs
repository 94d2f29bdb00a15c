//! Features that the administration switched off for somebody: what is refused, and that it holds at once.

use fernamt_domain::{
    Clock as _, DomainEvent, GroupId, PersonSource,
    feature::{Feature, FeatureSwitch},
    mail::MailRight,
};
use fernamt_identity::feature;
use fernamt_store::GroupRecord;
use serde_json::{Value, json};

use crate::{
    house::{Client, House, Reply},
    push::Listener,
};

const LETTER: &str = "From: ben@amt.example\r\nTo: ada@amt.example\r\nSubject: Plan\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\n\
    Content-Type: text/csv; name=liste.csv\r\nContent-Disposition: attachment; filename=liste.csv\r\n\r\n1;2\r\n--b--\r\n";

impl House {
    /// Switches a feature off for everybody.
    pub(crate) async fn without(&self, feature: Feature) {
        self.switch(FeatureSwitch { everybody: false, ..FeatureSwitch::untouched(feature) }).await;
    }

    async fn switch(&self, switch: FeatureSwitch) {
        let mut work = self.tenant.begin().await.unwrap();
        feature::save(&work, &[switch]).await.unwrap();
        work.publish(DomainEvent::SettingsChanged);
        work.commit().await.unwrap();
    }

    /// A group with nobody in it.
    async fn crew(&self) -> GroupId {
        let id = GroupId(uuid::Uuid::from_u128(7));
        let record = GroupRecord {
            id,
            name: "Bauamt".into(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            created_at: self.clock.now(),
        };
        let work = self.tenant.begin().await.unwrap();
        work.groups().insert(&record).await.unwrap();
        work.commit().await.unwrap();
        id
    }

    /// Tells that a group changed.
    async fn turn(&self, group: GroupId) {
        let mut work = self.tenant.begin().await.unwrap();
        work.publish(DomainEvent::GroupChanged { group });
        work.commit().await.unwrap();
    }

    async fn join(&self, group: GroupId, client: &Client) {
        let mut work = self.tenant.begin().await.unwrap();
        work.groups().add_member(group, client.person).await.unwrap();
        work.publish(DomainEvent::GroupChanged { group });
        work.commit().await.unwrap();
    }
}

fn refused(reply: &Reply) -> (u16, Option<&str>, Option<&str>) {
    (reply.status, reply.json["code"].as_str(), reply.json["params"]["feature"].as_str())
}

async fn session(client: &Client) -> Value {
    client.request("GET", "/jmap/session", "", Vec::new()).await.json
}

#[tokio::test]
async fn without_attachments_a_message_is_its_text_alone() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let id = ada.import(&ada.mailbox("inbox").await, LETTER).await;
    let ask = json!({ "ids": [id], "properties": ["blobId", "attachments", "bodyValues"], "fetchAllBodyValues": true });
    let email = ada.call("Email/get", ask.clone()).await["list"][0].clone();
    assert_eq!(email["bodyValues"].as_object().unwrap().len(), 2);
    let path = |blob: &Value| format!("/jmap/download/{}/{}/x", ada.account, blob.as_str().unwrap());
    let (whole, part) = (path(&email["blobId"]), path(&email["attachments"][0]["blobId"]));
    assert_eq!(ada.request("GET", &part, "", Vec::new()).await.bytes, b"1;2");

    house.without(Feature::Attachments).await;
    for path in [&whole, &part] {
        let reply = ada.request("GET", path, "", Vec::new()).await;
        assert_eq!(refused(&reply), (403, Some("feature_off"), Some("attachments")));
    }
    let parsed = ada.call("Email/parse", json!({ "blobIds": [email["blobId"]] })).await;
    assert_eq!(parsed["type"], "forbidden");
    let email = ada.call("Email/get", ask).await["list"][0].clone();
    let values = email["bodyValues"].as_object().unwrap();
    assert_eq!(values.values().map(|value| &value["value"]).collect::<Vec<_>>(), ["Hallo"]);
    assert_eq!(email["attachments"][0]["name"], "liste.csv", "that it is there is no secret");
}

#[tokio::test]
async fn without_attachments_none_becomes_a_message_or_the_text_of_one() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    house.grant(ben.account.parse().unwrap(), &ada, &[MailRight::Read, MailRight::Write]).await;
    let inbox = ada.mailbox("inbox").await;
    let id = ada.import(&inbox, LETTER).await;
    let email = ada.call("Email/get", json!({ "ids": [id], "properties": ["blobId", "attachments"] })).await;
    let (whole, part) = (&email["list"][0]["blobId"], &email["list"][0]["attachments"][0]["blobId"]);
    let place = json!({ inbox: true });
    let import = json!({ "emails": { "e": { "blobId": part, "mailboxIds": place } } });
    let copy = json!({ "fromAccountId": ada.account, "accountId": ben.account, "blobIds": [part] });
    let write = async |body: Value| {
        let mut draft = json!({ "mailboxIds": place, "subject": "x" });
        draft.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        ada.call("Email/set", json!({ "create": { "e": draft } })).await
    };
    let attached = json!({ "blobId": part, "type": "text/plain", "disposition": "attachment" });
    let texts = [
        json!({ "textBody": [{ "blobId": part, "type": "text/plain" }] }),
        json!({ "textBody": [{ "blobId": part }] }),
        json!({ "htmlBody": [{ "blobId": part, "type": "Text/HTML" }] }),
        json!({ "bodyStructure": { "blobId": part, "type": "text/csv", "disposition": "inline", "name": "x.csv" } }),
        json!({ "bodyStructure": { "blobId": whole, "type": "message/rfc822" } }),
        json!({ "textBody": [{ "blobId": part, "type": "text/plain", "disposition": "attachment" }] }),
        json!({ "bodyStructure": { "type": "Multipart/Alternative", "subParts": [attached] } }),
    ];
    for body in &texts {
        assert!(write(body.clone()).await["created"]["e"].is_object(), "{body}");
    }
    assert!(ada.call("Email/import", import.clone()).await["created"]["e"].is_object());
    assert!(ada.call("Blob/copy", copy.clone()).await["copied"].is_object());

    house.without(Feature::Attachments).await;
    for body in texts {
        assert_eq!(write(body.clone()).await["notCreated"]["e"]["type"], "forbidden", "{body}");
    }
    assert_eq!(ada.call("Email/import", import).await["type"], "forbidden");
    assert_eq!(ada.call("Blob/copy", copy).await["type"], "forbidden");
    let forwarded = json!({
        "textBody": [{ "partId": "t" }],
        "bodyValues": { "t": { "value": "Anbei" } },
        "attachments": [
            { "blobId": part, "type": "text/csv", "name": "liste.csv" },
            { "blobId": whole, "type": "message/rfc822", "disposition": "attachment" },
        ],
    });
    let inside = json!({
        "textBody": [{ "partId": "t" }],
        "bodyValues": { "t": { "value": "Anbei" } },
        "attachments": [
            { "blobId": part, "type": "Text/csv", "name": "liste.csv", "disposition": "inline", "cid": "a@amt" },
            { "blobId": whole, "type": "message/rfc822", "disposition": "inline", "cid": "b@amt" },
            { "blobId": part, "type": "text/plain" },
        ],
    });
    let alone = json!({ "bodyStructure": attached });
    let mixed = json!({ "bodyStructure": { "type": "multipart/mixed", "subParts": [attached, attached] } });
    let bodies = [(forwarded, 2, vec!["Anbei"]), (inside, 3, vec!["Anbei"]), (alone, 1, vec![]), (mixed, 2, vec![])];
    for (body, count, texts) in bodies {
        let sent = write(body.clone()).await["created"]["e"]["id"].clone();
        let ask = json!({ "ids": [sent], "properties": ["attachments", "bodyValues"], "fetchAllBodyValues": true });
        let email = ada.call("Email/get", ask).await["list"][0].clone();
        assert_eq!(email["attachments"].as_array().unwrap().len(), count, "forwarding stays: {body}");
        let values = email["bodyValues"].as_object().unwrap();
        let read: Vec<_> = values.values().map(|value| value["value"].as_str().unwrap().trim_end()).collect();
        assert_eq!(read, texts, "{body}");
    }
}

#[tokio::test]
async fn without_delegation_no_mailbox_of_others_is_open_and_without_sharing_nobody_is_let_in() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let bens = ben.account.parse().unwrap();
    house.grant(bens, &ada, &[MailRight::Read]).await;
    let ask = json!({ "accountId": ben.account, "ids": null });
    assert!(ada.call("Mailbox/get", ask.clone()).await["list"].is_array());

    house.without(Feature::Delegation).await;
    assert_eq!(ada.call("Mailbox/get", ask.clone()).await["type"], "accountNotFound");
    let copy = json!({ "fromAccountId": ben.account, "accountId": ada.account, "create": {} });
    assert_eq!(ada.call("Email/copy", copy).await["type"], "fromAccountNotFound");
    assert_eq!(session(&ada).await["accounts"].as_object().unwrap().len(), 1);
    assert!(ben.call("Mailbox/get", json!({ "ids": null })).await["list"].is_array(), "one's own stays open");

    house.without(Feature::Sharing).await;
    assert!(ada.call("Mailbox/get", ask).await["list"].is_array(), "what was granted holds again");
    let path = format!("/api/v1/mail/accounts/{}/delegates/{}", ben.account, ada.person);
    let wanted = json!({ "rights": ["read", "write"] }).to_string().into_bytes();
    let reply = ben.request("PUT", &path, "application/json", wanted).await;
    assert_eq!(refused(&reply), (403, Some("feature_off"), Some("sharing")));
    house.grant(bens, &ada, &[MailRight::Read, MailRight::Write]).await;
    for (rights, status) in [(json!(["read"]), 200), (json!(["read", "write"]), 403)] {
        let wanted = json!({ "rights": rights }).to_string().into_bytes();
        let reply = ben.request("PUT", &path, "application/json", wanted).await;
        assert_eq!(reply.status, status, "fewer rights are no new ones: {rights}");
    }
    let own = session(&ben).await["accounts"][&ben.account]["accountCapabilities"].clone();
    assert_eq!(own["urn:fernamt:params:jmap:delegation"]["mayShare"], false);
    assert_eq!(ben.request("DELETE", &path, "", Vec::new()).await.status, 204, "taking back is always possible");
}

#[tokio::test]
async fn without_absences_one_can_be_ended_and_none_begun() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let set = async |patch: Value| ada.call("VacationResponse/set", json!({ "update": { "singleton": patch } })).await;
    assert!(set(json!({ "isEnabled": true })).await["updated"].get("singleton").is_some());
    house.without(Feature::Absence).await;
    let told = session(&ada).await["accounts"][&ada.account]["accountCapabilities"].clone();
    assert_eq!(told["urn:fernamt:params:jmap:absence"], json!({ "mayEnable": false }));
    assert_eq!(set(json!({ "textBody": "x" })).await["notUpdated"]["singleton"]["type"], "forbidden");
    assert_eq!(ada.call("VacationResponse/get", json!({ "ids": null })).await["list"][0]["isEnabled"], true);
    assert!(set(json!({ "isEnabled": false })).await["updated"].get("singleton").is_some());
    assert_eq!(set(json!({ "isEnabled": true })).await["notUpdated"]["singleton"]["type"], "forbidden");
}

#[tokio::test]
async fn a_line_ends_when_a_feature_goes_and_when_a_group_takes_it() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let crew = house.crew().await;
    let open = async |client: &Client| {
        let mut line = Listener::open(client, "types=Email&closeafter=no&ping=0", "").await;
        assert!(line.next().await.is_some());
        line
    };
    let mut line = open(&ada).await;
    let before = session(&ada).await["state"].clone();
    let off = FeatureSwitch { off: [crew].into(), ..FeatureSwitch::untouched(Feature::Files) };
    house.switch(off).await;
    assert_eq!(session(&ada).await["state"], before, "it is off for a group that she is not in");
    // A directory changes many groups at once; the one that counts may come when the first were looked at.
    for _ in 0..300 {
        house.turn(crew).await;
    }
    house.join(crew, &ada).await;
    assert_eq!(line.next().await, None);
    assert_ne!(session(&ada).await["state"], before);

    let mut line = open(&ben).await;
    house.without(Feature::Notices).await;
    assert_eq!(line.next().await, None);
}
