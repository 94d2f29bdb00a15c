//! Whose accounts are open to whom.

use fernamt_domain::DeviceState;
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn an_account_begins_with_folders_and_a_sender() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let folders = ada.call("Mailbox/get", json!({ "properties": ["role", "totalEmails"] })).await;
    let roles: Vec<_> = folders["list"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["inbox", "drafts", "sent", "archive", "junk", "trash"]);
    let identity = ada.call("Identity/get", json!({})).await["list"][0].clone();
    assert_eq!((&identity["email"], &identity["name"]), (&json!("ada@amt.example"), &json!("ada Musteramt")));
    let session = ada.request("GET", "/.well-known/jmap", "", Vec::new()).await.json;
    assert_eq!((&session["username"], &session["apiUrl"]), (&json!("ada"), &json!("https://amt.example/jmap/api")));
    assert_eq!(session["accounts"][&ada.account]["isPersonal"], true);
}

#[tokio::test]
async fn nobody_opens_an_account_that_is_not_theirs() {
    let house = House::new().await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.stranger("ada").await);
    let inbox = ada.mailbox("inbox").await;
    let blob = ada.upload(b"Subject: secret\r\n\r\n").await;
    let email = ada.import(&inbox, "Subject: secret\r\n\r\n").await;
    let all = fernamt_mail::METHODS.iter().copied().filter(|name| *name != "Core/echo");
    for other in [&ben, &eva] {
        for name in all.clone() {
            let more = match name {
                "Email/import" => json!({ "emails": {} }),
                "Blob/copy" => json!({ "fromAccountId": other.account, "blobIds": [blob] }),
                "Email/copy" => json!({ "fromAccountId": other.account, "create": {} }),
                "SearchSnippet/get" => json!({ "emailIds": [email] }),
                name if name.ends_with("/queryChanges") => json!({ "sinceQueryState": "0" }),
                name if name.ends_with("/changes") => json!({ "sinceState": "0" }),
                _ => json!({}),
            };
            let mut arguments = more;
            arguments["accountId"] = ada.account.clone().into();
            assert_eq!(other.call(name, arguments).await["type"], "accountNotFound", "{name}");
        }
        let found = other.call("Email/get", json!({ "ids": [email] })).await;
        assert_eq!((&found["list"], &found["notFound"]), (&json!([]), &json!([email])));
        for account in [&ada.account, &other.account] {
            let path = format!("/jmap/download/{account}/{blob}/x");
            assert_eq!(other.request("GET", &path, "", Vec::new()).await.status, 404);
        }
        let path = format!("/jmap/upload/{}", ada.account);
        assert_eq!(other.request("POST", &path, "text/plain", vec![1]).await.status, 404);
        let into = json!({ "m": { "blobId": blob, "mailboxIds": { &inbox: true } } });
        let done = other.call("Email/import", json!({ "emails": into })).await;
        assert_eq!(done["notCreated"]["m"]["type"], "invalidProperties");
    }
}

#[tokio::test]
async fn a_request_is_refused_as_the_standard_says() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let post = async |body: &str, kind: &str| ada.request("POST", "/jmap/api", kind, body.as_bytes().to_vec()).await;
    let refused = post("{", "application/json").await;
    assert_eq!((refused.status, &refused.json["type"]), (400, &json!("urn:ietf:params:jmap:error:notJSON")));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(post("{}", "text/plain").await.json["type"], "urn:ietf:params:jmap:error:notJSON");
    assert_eq!(post("{}", "application/json").await.json["type"], "urn:ietf:params:jmap:error:notRequest");
    let foreign = json!({ "using": ["urn:example:x"], "methodCalls": [] }).to_string();
    assert_eq!(post(&foreign, "application/json").await.json["type"], "urn:ietf:params:jmap:error:unknownCapability");
    let unused = json!({ "using": [], "methodCalls": [["Mailbox/get", { "accountId": ada.account }, "a"]] });
    let answered = post(&unused.to_string(), "application/json").await.json;
    assert_eq!(answered["methodResponses"][0][1]["type"], "unknownMethod", "what is not used is not there");
    assert_eq!(ada.call("Email/frob", json!({})).await["type"], "unknownMethod");
    assert_eq!(ada.call("Email/get", json!({ "idz": [] })).await["type"], "invalidArguments");
    let listed = ada.request("GET", "/jmap/nothing", "", Vec::new()).await;
    assert_eq!((listed.status, &listed.json["code"]), (404, &json!("not_found")), "not the web app's page");
    let large = vec![b' '; 10_000_001];
    let refused = ada.request("POST", "/jmap/api", "application/json", large).await;
    assert_eq!((refused.status, &refused.json["limit"]), (413, &json!("maxSizeRequest")));
}

#[tokio::test]
async fn senders_are_changed_and_one_stays() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let before = ada.call("Identity/get", json!({})).await;
    let id = before["list"][0]["id"].as_str().unwrap().to_owned();
    let create = json!({
        "own": { "name": "Poststelle", "email": "ada@amt.example", "textSignature": "Gruß" },
        "foreign": { "name": "x", "email": "ben@amt.example" },
        "odd": { "email": "ada@amt.example", "name": "a\r\nBcc: x" },
    });
    let done = ada.call("Identity/set", json!({ "create": create })).await;
    assert_eq!(done["notCreated"]["foreign"]["type"], "forbiddenFrom");
    assert_eq!(done["notCreated"]["odd"]["properties"], json!(["name"]));
    let second = done["created"]["own"]["id"].as_str().unwrap().to_owned();
    let done = ada.call("Identity/set", json!({ "destroy": [id, second] })).await;
    assert_eq!((&done["destroyed"], &done["notDestroyed"][&second]["type"]), (&json!([id]), &json!("forbidden")));
    let changed = ada.call("Identity/changes", json!({ "sinceState": before["state"] })).await;
    assert_eq!((&changed["created"], &changed["destroyed"]), (&json!([second]), &json!([id])));
}

#[tokio::test]
async fn a_device_that_nobody_approved_gets_no_mail() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let blob = ada.upload(b"Subject: secret\r\n\r\n").await;
    let pending = house.on_device(&ada, DeviceState::Pending).await;
    let body = json!({ "using": [], "methodCalls": [] }).to_string().into_bytes();
    let paths = [
        ("GET", "/jmap/session".to_owned()),
        ("GET", "/.well-known/jmap".to_owned()),
        ("GET", "/jmap/eventsource".to_owned()),
        ("POST", "/jmap/api".to_owned()),
        ("POST", format!("/jmap/upload/{}", ada.account)),
        ("GET", format!("/jmap/download/{}/{blob}/x", ada.account)),
    ];
    for (method, path) in paths {
        let refused = pending.request(method, &path, "application/json", body.clone()).await;
        assert_eq!((refused.status, &refused.json["code"]), (403, &json!("device_pending")), "{path}");
    }
}

#[tokio::test]
async fn a_reference_does_not_blow_a_request_up() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let echo = |from: usize, to: usize| {
        let reference = json!({ "resultOf": from.to_string(), "name": "Core/echo", "path": "/big" });
        json!(["Core/echo", { "#big": reference }, to.to_string()])
    };
    let big = "x".repeat(3_000_000);
    let calls: Vec<_> =
        std::iter::once(json!(["Core/echo", { "big": big }, "0"])).chain((1..6).map(|to| echo(0, to))).collect();
    let answers = ada.calls(json!(calls)).await;
    let kinds: Vec<_> = answers.iter().map(|(name, answer)| (name.as_str(), answer["type"].as_str())).collect();
    let refused = ("error", Some("requestTooLarge"));
    let fine = ("Core/echo", None);
    assert_eq!(kinds, [fine, fine, fine, refused, refused, refused]);
}
