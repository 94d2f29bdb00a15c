//! Hardware tokens and directories, as far as the administration keeps them.

use serde_json::json;

use crate::house::House;

const TOKENS: &str = "/api/v1/admin/tokens";

#[tokio::test]
async fn tokens_are_imported_handed_out_and_taken_back() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let file = "serial,secret,algorithm,digits,period\nA1,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP,SHA1,6,30\nA2,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ,SHA1,6,30\n";
    let imported = client.post(&format!("{TOKENS}/import"), json!({ "file": file })).await;
    assert_eq!((imported.status, &imported.body), (200, &json!({ "added": 2, "known": [] })), "{imported:?}");
    let again = client.post(&format!("{TOKENS}/import"), json!({ "file": file })).await;
    assert_eq!(again.body, json!({ "added": 0, "known": ["A1", "A2"] }));
    let token = client.get(&format!("{TOKENS}?q=A1")).await.body["items"][0].clone();
    let path = format!("{TOKENS}/{}", token["id"].as_str().unwrap());
    let handed = client.put(&format!("{path}/person"), json!({ "person_id": anna })).await;
    assert_eq!(handed.body["person_name"], "anna of the office");
    let person = client.get(&format!("/api/v1/admin/people/{anna}")).await.body;
    assert_eq!(person["second_factor"], true, "from now on a password alone is not enough");
    let nobody = client.put(&format!("{path}/person"), json!({ "person_id": uuid::Uuid::nil() })).await;
    assert_eq!(nobody.fields(), [("person_id", "unknown")]);
    assert_eq!(
        client.put(&format!("{path}/person"), json!({ "person_id": null })).await.body["person_id"],
        json!(null)
    );
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(TOKENS).await.body["total"], 1);
    let nonsense = client.post(&format!("{TOKENS}/import"), json!({ "file": "nonsense" })).await;
    assert_eq!(nonsense.fields(), [("file", "unknown_format")]);
    let file =
        "serial,secret,digits\nB1,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP,6\nB1,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP,6\nB3,12,6\n";
    let faulty = client.post(&format!("{TOKENS}/import"), json!({ "file": file })).await;
    assert_eq!(faulty.fields(), [("file", "doubled"), ("file", "secret")]);
    assert_eq!(faulty.body["fields"][1]["params"], json!({ "entry": "3" }));
}

#[tokio::test]
async fn a_directorys_password_never_goes_to_another_server_by_itself() {
    let (_house, client) = House::with_administrator().await;
    let fields = json!({
        "name": "AD", "url": "ldaps://127.0.0.1:1", "bind_dn": "CN=fernamt", "base_dn": "DC=amt", "max_failed_binds": 3,
    });
    let directories = "/api/v1/admin/directories";
    assert_eq!(client.post(directories, fields.clone()).await.fields(), [("bind_password", "required")]);
    let mut with_password = fields.clone();
    with_password["bind_password"] = json!("geheim");
    let made = client.post(directories, with_password).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(!made.text.contains("geheim"));
    let path = format!("{directories}/{}", made.body["id"].as_str().unwrap());
    let version = made.body["version"].clone();
    let mut unversioned = fields.clone();
    unversioned["bind_password"] = json!("geheim");
    assert_eq!(client.put(&path, unversioned).await.code(), "malformed");
    let mut moved = fields.clone();
    moved["version"] = version.clone();
    moved["url"] = json!("ldaps://evil.example");
    assert_eq!(client.put(&path, moved.clone()).await.fields(), [("bind_password", "required")]);
    assert_eq!(client.post(&format!("{directories}/test"), moved).await.fields(), [("bind_password", "required")]);
    let mut renamed = fields.clone();
    renamed["version"] = version.clone();
    renamed["name"] = json!("Verzeichnis");
    let now = client.put(&path, renamed.clone()).await.body;
    assert_eq!(now["name"], "Verzeichnis");
    assert_eq!(client.put(&path, renamed.clone()).await.code(), "outdated");
    renamed["version"] = now["version"].clone();
    renamed["bind_password"] = json!("neu");
    let with_password = client.put(&path, renamed).await.body;
    assert_ne!(with_password["version"], now["version"], "a new password is a change");
    let tested = client.post(&format!("{directories}/test"), fields).await;
    assert_eq!(
        (tested.status, &tested.body["ok"]),
        (200, &json!(false)),
        "nobody answers there, and that is an answer"
    );
    assert_eq!((&tested.body["code"], &tested.body["fault"]), (&json!("unreachable"), &json!("directory_unreachable")));
    assert_eq!(tested.body["params"]["host"], "127.0.0.1:1");
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(directories).await.body, json!([]));
}
