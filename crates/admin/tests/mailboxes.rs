//! Functional mailboxes, and who may work in whose mailbox.

use fernamt_domain::Role;
use serde_json::json;

use crate::house::House;

const MAILBOXES: &str = "/api/v1/admin/mailboxes";

#[tokio::test]
async fn a_functional_mailbox_is_made_renamed_shared_and_removed() {
    let (house, client) = House::with_administrator().await;
    let (ada, ben) = (house.person("ada", &[]).await, house.person("ben", &[]).await);
    let made = client.post(MAILBOXES, json!({ "name": "Bürgerbüro", "local_part": "buergerbuero" })).await;
    assert_eq!((made.status, &made.body["address"]), (201, &json!("buergerbuero@fernamt.example.org")));
    assert_eq!(made.body["delegates"], json!([]));
    let path = format!("{MAILBOXES}/{}", made.body["id"].as_str().unwrap());
    let of = |person| format!("{path}/delegates/{person}");
    let granted = client.put(&of(ben), json!({ "rights": ["send_as"] })).await;
    assert_eq!((granted.status, &granted.body["rights"]), (200, &json!(["read", "send_as"])));
    assert_eq!(granted.body["person"]["name"], "ben");
    client.put(&of(ada), json!({ "rights": ["read"] })).await;
    client.put(&of(ada), json!({ "rights": ["manage", "write"] })).await;
    let renamed = client.patch(&path, json!({ "name": "Amt für Bürger" })).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("Amt für Bürger")));
    let listed = client.get(&format!("{MAILBOXES}?q=amt")).await.body;
    assert_eq!((&listed["total"], &listed["items"][0]), (&json!(1), &renamed.body));
    let rights: Vec<_> = listed["items"][0]["delegates"].as_array().unwrap().iter().map(|one| &one["rights"]).collect();
    assert_eq!(
        rights,
        [&json!(["read", "write", "manage"]), &json!(["read", "send_as"])],
        "by name, newest rights alone"
    );
    assert_eq!(client.delete(&of(ben)).await.status, 204);
    assert_eq!(client.delete(&of(ben)).await.status, 404, "there is nothing to revoke");
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(MAILBOXES).await.body, json!({ "items": [], "total": 0 }));
    assert!(house.tenant.mail_grants().of_person(ada).await.unwrap().is_empty());
    let actions = house.actions().await;
    assert_eq!(
        actions[actions.len() - 7..],
        [
            "mailbox_created",
            "mail_granted",
            "mail_granted",
            "mail_granted",
            "mailbox_renamed",
            "mail_revoked",
            "mailbox_removed"
        ]
    );
}

#[tokio::test]
async fn an_address_belongs_to_one_mailbox_or_person() {
    let (house, client) = House::with_administrator().await;
    house.person("ada", &[]).await;
    let make = async |name: &str, local_part: &str| {
        let reply = client.post(MAILBOXES, json!({ "name": name, "local_part": local_part })).await;
        (reply.status, reply.fields().into_iter().map(|(field, code)| format!("{field} {code}")).collect::<Vec<_>>())
    };
    assert_eq!(make("Post", "post").await, (201, vec![]));
    for (name, local_part, fault) in [
        ("Noch eine", "post", "local_part taken"),
        ("Ada", "ada", "local_part taken"),
        ("Amt", "Amt", "local_part invalid"),
        ("Amt", "", "local_part invalid"),
        ("Amt", "a@b", "local_part invalid"),
        ("Amt", &"x".repeat(65), "local_part invalid"),
        ("", "amt", "name required"),
        (&"x".repeat(101), "amt", "name too_long"),
    ] {
        assert_eq!(make(name, local_part).await, (422, vec![fault.to_owned()]));
    }
    let person = client.post("/api/v1/admin/people", json!({ "name": "post", "display_name": "Post" })).await;
    assert_eq!((person.status, person.fields()), (422, vec![("name", "taken")]), "nobody takes a mailbox's address");
}

#[tokio::test]
async fn a_persons_mailbox_is_shared_before_their_first_letter() {
    let (house, client) = House::with_administrator().await;
    let (ada, ben) = (house.person("ada", &[]).await, house.person("ben", &[]).await);
    let path = format!("/api/v1/admin/people/{ada}/mailbox/delegates");
    assert_eq!(client.get(&path).await.body, json!({ "items": [] }));
    let granted = client.put(&format!("{path}/{ben}"), json!({ "rights": ["send_on_behalf"] })).await;
    assert_eq!((granted.status, &granted.body["rights"]), (200, &json!(["read", "send_on_behalf"])));
    assert_eq!(client.get(&path).await.body["items"], json!([granted.body]));
    let account = house.tenant.mail_accounts().of_owner(ada).await.unwrap().remove(0);
    assert_eq!(account.address, "ada@fernamt.example.org");
    let functional =
        client.put(&format!("{MAILBOXES}/{}/delegates/{ben}", account.id), json!({ "rights": ["read"] })).await;
    assert_eq!(functional.status, 404, "it is a person's own, and is shared there");
    assert_eq!(client.delete(&format!("{MAILBOXES}/{}", account.id)).await.status, 404);
    let own = client.put(&format!("{path}/{ada}"), json!({ "rights": ["read"] })).await;
    assert_eq!((own.status, own.code()), (409, "mailbox_owner"));
    let none = client.put(&format!("{path}/{ben}"), json!({ "rights": [] })).await;
    assert_eq!((none.status, none.fields()), (422, vec![("rights", "required")]));
    let odd = client.put(&format!("{path}/{ben}"), json!({ "rights": ["own"] })).await;
    assert_eq!(odd.status, 400);
    let nobody = client.put(&format!("{path}/{}", uuid::Uuid::nil()), json!({ "rights": ["read"] })).await;
    assert_eq!(nobody.status, 404);
    assert_eq!(client.delete(&format!("{path}/{ben}")).await.status, 204);
    assert_eq!(client.get(&path).await.body, json!({ "items": [] }));
}

#[tokio::test]
async fn only_administrators_share_here() {
    let (house, chief) = House::with_administrator().await;
    let made = chief.post(MAILBOXES, json!({ "name": "Post", "local_part": "post" })).await.body;
    let path = format!("{MAILBOXES}/{}", made["id"].as_str().unwrap());
    let desk = house.person("desk", &[Role::ControlDesk]).await;
    let desk = house.sign_in(desk).await;
    let delegate = format!("{path}/delegates/{}", uuid::Uuid::nil());
    let rights = || json!({ "rights": ["read"] });
    for reply in [
        desk.get(MAILBOXES).await,
        desk.post(MAILBOXES, json!({ "name": "X", "local_part": "x" })).await,
        desk.patch(&path, json!({ "name": "X" })).await,
        desk.delete(&path).await,
        desk.put(&delegate, rights()).await,
        desk.delete(&delegate).await,
    ] {
        assert_eq!(reply.status, 403, "{}", reply.body);
    }
    assert_eq!(chief.get(MAILBOXES).await.body["items"], json!([made]));
}
