//! The sealed container's side of the server: on the origin of mail, and wiped from the main site.

use serde_json::json;

use crate::support::{Server, granted};

#[test]
fn a_share_is_released_on_the_origin_of_mail_until_the_control_desk_wipes_the_device() {
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    assert_eq!(ada.get("/api/v1/container").unwrap().status, 404, "the main site knows nothing of containers");
    let post = ada.at_post().unwrap();
    let view = granted(&post.get("/api/v1/container").unwrap());
    assert_eq!(view["main_origin"], format!("http://{}", server.office.host()));
    assert_eq!(view["share"]["exists"], false);

    let made = granted(&post.post("/api/v1/container/share", &json!({ "replace": false })).unwrap());
    let released = granted(&post.post("/api/v1/container/share/release", &json!({})).unwrap());
    assert_eq!(released, made);
    assert_eq!(post.post("/api/v1/container/opened", &json!({ "generation": 1 })).unwrap().status, 204);

    let devices = granted(&ada.get("/api/v1/admin/devices").unwrap());
    assert_eq!((&devices["items"][0]["id"], &devices["items"][0]["container"]), (&view["device"], &json!(true)));
    let device = view["device"].as_str().unwrap();
    let wiped = granted(&ada.post(&format!("/api/v1/admin/devices/{device}/wipe"), &json!({})).unwrap());
    assert_eq!(wiped["container"], false);
    let refused = post.post("/api/v1/container/share/release", &json!({})).unwrap();
    assert_eq!((refused.status, refused.json().unwrap()["code"].clone()), (404, json!("container_share_missing")));

    let audited = server.audited();
    for action in ["container_made", "container_share_released", "container_wiped"] {
        assert!(audited.iter().any(|entry| entry["action"] == action), "{action} was not written down: {audited:?}");
    }
    let share = made["share"].as_str().unwrap();
    assert!(!server.office.log().unwrap().contains(share), "a share stands in no log");
}

#[test]
fn no_answer_with_mail_may_lie_in_a_browsers_cache() {
    let server = Server::start("[mail]\n");
    let post = server.ada().at_post().unwrap();
    let session = granted(&post.get("/jmap/session").unwrap());
    let account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap();
    let call = json!({
        "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
        "methodCalls": [["Mailbox/get", { "accountId": account, "ids": null }, "a"]],
    });
    let answers = [
        post.get("/jmap/session").unwrap(),
        post.post("/jmap/api", &call).unwrap(),
        post.upload(&format!("/jmap/upload/{account}"), "text/plain", b"Haushalt").unwrap(),
    ];
    for answer in answers {
        assert!(answer.status < 300, "{answer:?}");
        let cache = answer.headers.get("cache-control").map(String::as_str).unwrap_or_default();
        assert!(cache.contains("no-store"), "{answer:?}");
    }
}
