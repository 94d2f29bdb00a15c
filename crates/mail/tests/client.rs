//! What somebody who is signed in asks the house, and what comes back.

use std::net::SocketAddr;

use axum::{Router, body::Body, http::Request};
use fernamt_domain::{DeviceId, PersonId, SessionId, Zone};
use fernamt_http::Connection;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A signed-in mail program.
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) cookie: String,
    pub(crate) host: &'static str,
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) device: DeviceId,
    pub(crate) account: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) json: Value,
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: axum::http::HeaderMap,
}

impl Client {
    pub(crate) async fn request(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Reply {
        let response = self.response(method, path, ("content-type", kind), body).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Reply { status: parts.status.as_u16(), json, bytes, headers: parts.headers }
    }

    /// An answer whose body is still to come.
    pub(crate) async fn response(
        &self,
        method: &str,
        path: &str,
        header: (&str, &str),
        body: Vec<u8>,
    ) -> axum::response::Response {
        let connection = Connection {
            zone: Zone("office".into()),
            administration: false,
            peer: SocketAddr::from(([192, 0, 2, 7], 50_000)),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.host)
            .header("origin", format!("https://{}", self.host))
            .header("cookie", &self.cookie)
            .header(header.0, header.1)
            .extension(connection)
            .body(Body::from(body))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Several calls in one request. Returns what each answered: its name and its arguments.
    pub(crate) async fn calls(&self, calls: Value) -> Vec<(String, Value)> {
        let using = [
            "urn:ietf:params:jmap:core",
            "urn:ietf:params:jmap:mail",
            "urn:ietf:params:jmap:submission",
            "urn:ietf:params:jmap:vacationresponse",
            "urn:ietf:params:jmap:principals",
            "urn:fernamt:params:jmap:delegation",
            "urn:fernamt:params:jmap:threadwork",
            "urn:fernamt:params:jmap:absence",
        ];
        let body = json!({ "using": using, "methodCalls": calls }).to_string();
        let reply = self.request("POST", "/jmap/api", "application/json", body.into_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let responses = reply.json["methodResponses"].as_array().unwrap();
        responses.iter().map(|one| (one[0].as_str().unwrap().to_owned(), one[1].clone())).collect()
    }

    /// One call on the client's own account.
    pub(crate) async fn call(&self, name: &str, mut arguments: Value) -> Value {
        let given = arguments.as_object_mut().unwrap();
        given.entry("accountId").or_insert_with(|| self.account.clone().into());
        self.calls(json!([[name, arguments, "c"]])).await.remove(0).1
    }

    /// The id of the folder with a role.
    pub(crate) async fn mailbox(&self, role: &str) -> String {
        self.mailbox_in(&self.account, role).await
    }

    /// The id of the folder with a role in an account.
    pub(crate) async fn mailbox_in(&self, account: &str, role: &str) -> String {
        let found = self.call("Mailbox/query", json!({ "accountId": account, "filter": { "role": role } })).await;
        found["ids"][0].as_str().unwrap_or_else(|| panic!("{role}: {found}")).to_owned()
    }

    /// A folder's counts: messages, unread ones, threads, unread ones.
    pub(crate) async fn counts(&self, mailbox: &str) -> [u64; 4] {
        let found = self.call("Mailbox/get", json!({ "ids": [mailbox] })).await;
        ["totalEmails", "unreadEmails", "totalThreads", "unreadThreads"]
            .map(|name| found["list"][0][name].as_u64().unwrap())
    }

    /// Uploads bytes and returns their name.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> String {
        let path = format!("/jmap/upload/{}", self.account);
        let reply = self.request("POST", &path, "message/rfc822", bytes.to_vec()).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        reply.json["blobId"].as_str().unwrap().to_owned()
    }

    /// Puts a message as it is into a folder and returns its id.
    pub(crate) async fn import(&self, mailbox: &str, raw: &str) -> String {
        let blob = self.upload(raw.as_bytes()).await;
        let emails = json!({ "m": { "blobId": blob, "mailboxIds": { mailbox: true } } });
        let done = self.call("Email/import", json!({ "emails": emails })).await;
        done["created"]["m"]["id"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned()
    }

    /// Writes a message into the drafts and sends it; then it lies among what was sent.
    pub(crate) async fn send(&self, to: &str, subject: &str, text: &str) -> Value {
        let (drafts, sent) = (self.mailbox("drafts").await, self.mailbox("sent").await);
        let identity = self.call("Identity/get", json!({})).await["list"][0].clone();
        let draft = json!({
            "mailboxIds": { &drafts: true },
            "keywords": { "$draft": true, "$seen": true },
            "from": [{ "name": identity["name"], "email": identity["email"] }],
            "to": [{ "name": null, "email": to }],
            "subject": subject,
            "textBody": [{ "partId": "t" }],
            "bodyValues": { "t": { "value": text } },
        });
        let moved = json!({
            format!("mailboxIds/{drafts}"): null, format!("mailboxIds/{sent}"): true, "keywords/$draft": null,
        });
        let answers = self
            .calls(json!([
                ["Email/set", { "accountId": self.account, "create": { "d": draft } }, "a"],
                ["EmailSubmission/set", {
                    "accountId": self.account,
                    "create": { "s": { "identityId": identity["id"], "emailId": "#d" } },
                    "onSuccessUpdateEmail": { "#s": moved },
                }, "b"],
            ]))
            .await;
        answers[1].1.clone()
    }
}
