//! JMAP over a WebSocket (RFC 8887), by a client that nobody here wrote.

use std::time::Duration;

use futures_util::{SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{ClientRequestBuilder, Error, Message, http::Uri},
};

use crate::{
    programs::{Program, allow},
    support::{Server, granted},
};

/// How long a test waits for what has to come; revocation has no longer to take effect.
const END_LIMIT: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);
const ECHO: &str = "urn:ietf:params:jmap:core";

/// A socket that is open.
struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one with these headers; the HTTP status if it is refused.
    async fn try_open(program: &Program, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(program.address).await.unwrap();
        Self::over(stream, program, protocol, headers).await
    }

    async fn over(
        stream: TcpStream,
        program: &Program,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let uri: Uri = format!("ws://{}/jmap/ws", program.host).parse().unwrap();
        let mut request = ClientRequestBuilder::new(uri);
        for (name, value) in headers {
            request = request.with_header(*name, *value);
        }
        if let Some(protocol) = protocol {
            request = request.with_sub_protocol(protocol);
        }
        match client_async(request, stream).await {
            Ok((socket, answer)) => {
                assert_eq!(answer.headers()["sec-websocket-protocol"], "jmap");
                Ok(Self(socket))
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn open(program: &Program) -> Self {
        let bearer = format!("Bearer {}", program.token);
        Self::try_open(program, Some("jmap"), &[("Authorization", &bearer)]).await.unwrap()
    }

    /// Opens one on which the system keeps little that was not read.
    async fn narrow(program: &Program) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16_384).unwrap();
        let stream = socket.connect(program.address).await.unwrap();
        let bearer = format!("Bearer {}", program.token);
        Self::over(stream, program, Some("jmap"), &[("Authorization", &bearer)]).await.unwrap()
    }

    /// Goes on calling beside whatever else happens, and tells when all was said.
    fn calls_beside(self, calls: usize, large: &str) -> (impl Stream<Item = Message>, JoinHandle<Result<(), Error>>) {
        let (mut write, read) = self.0.split();
        let call = json!(["Core/echo", { "large": large }, "c"]);
        let call = json!({ "@type": "Request", "id": "R", "using": [ECHO], "methodCalls": [call] }).to_string();
        let writing = tokio::spawn(async move {
            for _ in 0..calls {
                write.send(Message::text(call.clone())).await?;
            }
            Ok(())
        });
        (read.filter_map(async |frame| frame.ok()), writing)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; none once the socket is closed.
    async fn next_within(&mut self, limit: Duration) -> Option<Value> {
        loop {
            match timeout(limit, self.0.next()).await.expect("nothing comes, and no end either")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    async fn next(&mut self) -> Value {
        self.next_within(PATIENCE).await.expect("the socket is open")
    }

    async fn call(&mut self, id: &str, name: &str, arguments: Value) -> Value {
        let using = [ECHO, "urn:ietf:params:jmap:mail"];
        self.say(json!({ "@type": "Request", "id": id, "using": using, "methodCalls": [[name, arguments, "c"]] }))
            .await;
        let answer = self.next().await;
        assert_eq!((&answer["@type"], &answer["requestId"]), (&json!("Response"), &json!(id)), "{answer}");
        answer["methodResponses"][0][1].clone()
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// A server, its administrator, and an approved program of theirs.
fn set_out() -> (Server, fernamt_testkit::person::Person, Program) {
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    let program = Program::approved(&server, &ada, &ada);
    (server, ada, program)
}

#[test]
fn a_program_calls_methods_and_hears_what_is_new() {
    let (_server, _ada, program) = set_out();
    let session = granted(&program.get("/jmap/session"));
    let offered = &session["capabilities"]["urn:ietf:params:jmap:websocket"];
    assert_eq!(offered, &json!({ "url": format!("ws://{}/jmap/ws", program.host), "supportsPush": true }));
    let account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].as_str().unwrap();
    run(async {
        let (mut one, mut other) = (Socket::open(&program).await, Socket::open(&program).await);
        assert_eq!(one.call("R1", "Core/echo", json!({ "a": 1 })).await, json!({ "a": 1 }));
        let folders =
            one.call("R2", "Mailbox/query", json!({ "accountId": account, "filter": { "role": "inbox" } })).await;
        let inbox = folders["ids"][0].as_str().unwrap();
        let write = json!({ "accountId": account, "create": { "e": { "mailboxIds": { inbox: true } } } });

        one.say(json!({ "@type": "WebSocketPushEnable", "dataTypes": ["Email"] })).await;
        let begin = one.next().await;
        assert_eq!(begin["@type"], "StateChange", "{begin}");
        assert!(other.call("R3", "Email/set", write.clone()).await["created"]["e"]["id"].is_string());
        let told = one.next().await;
        let state = other.call("R4", "Email/get", json!({ "accountId": account, "ids": [] })).await["state"].clone();
        assert_eq!(told["changed"], json!({ account: { "Email": state } }), "and of nothing else");
        assert_ne!(told["pushState"], begin["pushState"]);

        // Who comes back with what it knew hears what was missed, and then what is new.
        other
            .say(json!({ "@type": "WebSocketPushEnable", "dataTypes": ["Email"], "pushState": begin["pushState"] }))
            .await;
        assert_eq!(other.next().await, told);
        one.say(json!({ "@type": "WebSocketPushDisable" })).await;
        one.call("R5", "Email/set", write.clone()).await;
        assert_eq!(other.next().await["@type"], "StateChange");
        assert_eq!(one.call("R6", "Core/echo", json!({})).await, json!({}), "nothing was told in between");
        one.say(json!({ "@type": "WebSocketPushEnable", "dataTypes": null, "pushState": null })).await;
        let all = one.next().await;
        assert!(all["changed"][account].as_object().unwrap().len() > 3, "{all}");
    });
}

#[test]
fn what_is_refused_is_said_by_name_and_the_socket_goes_on() {
    let (_server, _ada, program) = set_out();
    run(async {
        let mut socket = Socket::open(&program).await;
        for (message, id, kind) in [
            (
                json!({ "@type": "Request", "id": "R1", "using": ["urn:x"], "methodCalls": [] }),
                json!("R1"),
                "unknownCapability",
            ),
            (json!({ "@type": "Response", "id": "R2" }), json!("R2"), "notRequest"),
            (json!([]), Value::Null, "notRequest"),
        ] {
            socket.say(message).await;
            let said = socket.next().await;
            let expected = json!(["RequestError", id, format!("urn:ietf:params:jmap:error:{kind}"), 400]);
            assert_eq!(json!([said["@type"], said["requestId"], said["type"], said["status"]]), expected);
        }
        assert_eq!(socket.call("R3", "Core/echo", json!({ "b": 2 })).await, json!({ "b": 2 }));
        socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        assert_eq!(socket.next_within(PATIENCE).await, None, "bytes end it");

        let mut socket = Socket::open(&program).await;
        // A send may fail already, while the server closes.
        let _ = socket.0.send(Message::text(" ".repeat(10_000_001))).await;
        assert_eq!(socket.next_within(PATIENCE).await, None, "what is too large ends it");

        let mut calls = Socket::open(&program).await;
        for number in 0..40 {
            let id = format!("R{number}");
            calls
                .say(json!({ "@type": "Request", "id": id, "using": [ECHO], "methodCalls": [["Core/echo", {}, "c"]] }))
                .await;
        }
        let mut answered = Vec::new();
        for _ in 0..40 {
            let answer = calls.next().await;
            assert_eq!(answer["@type"], "Response", "what comes beyond the limit waits");
            answered.push(answer["requestId"].as_str().unwrap().to_owned());
        }
        answered.sort();
        answered.dedup();
        assert_eq!(answered.len(), 40);
    });
}

#[test]
fn who_does_not_read_holds_up_nobody_and_ends_with_its_approval() {
    /// More than the systems of both sides and the server would keep between them.
    const CALLS: usize = 96;
    let (_server, ada, program) = set_out();
    let decide = |word: &str| {
        granted(&ada.post(&format!("/api/v1/admin/devices/{}/{word}", program.device), &json!({})).unwrap());
    };
    let large = "x".repeat(1_000_000);
    run(async {
        let (deaf, writing) = Socket::narrow(&program).await.calls_beside(CALLS, &large);
        let mut other = Socket::open(&program).await;
        for number in 0..CALLS {
            let id = format!("R{number}");
            assert_eq!(other.call(&id, "Core/echo", json!({ "large": large })).await["large"], large);
        }
        assert!(!writing.is_finished(), "the server reads no more than it can answer");
        decide("suspend");
        let said = timeout(END_LIMIT, writing).await.expect("it ends while an answer waits to be read").unwrap();
        said.expect_err("nobody listens any more");
        drop(deaf);

        decide("approve");
        let (slow, writing) = Socket::narrow(&program).await.calls_beside(20, &large);
        let answered = timeout(PATIENCE, slow.take(20).collect::<Vec<_>>()).await.expect("every answer");
        for answer in &answered {
            assert!(answer.to_text().unwrap().contains(&large), "an answer, and the whole of it");
        }
        writing.await.unwrap().unwrap();
    });
}

#[test]
fn a_socket_ends_with_approval_token_session_and_the_administrations_word() {
    let (server, ada, program) = set_out();
    let decide = |word: &str| {
        granted(&ada.post(&format!("/api/v1/admin/devices/{}/{word}", program.device), &json!({})).unwrap());
    };
    let bens = server.signed_in("ben", "Birke-Nebel-17", None);
    let post = bens.at_post().unwrap();
    let own = format!("http://{}", program.host);
    run(async {
        let mut socket = Socket::open(&program).await;
        decide("suspend");
        assert_eq!(socket.next_within(END_LIMIT).await, None, "suspended");
        decide("approve");
        let mut socket = Socket::open(&program).await;
        allow(&ada, false);
        assert_eq!(socket.next_within(END_LIMIT).await, None, "programs are not allowed any more");
        allow(&ada, true);
        let mut socket = Socket::open(&program).await;
        decide("revoke");
        assert_eq!(socket.next_within(END_LIMIT).await, None, "revoked");

        let cookie = [("Cookie", post.cookie().unwrap()), ("Origin", own.as_str())];
        let mut page = Socket::try_open(&program, Some("jmap"), &cookie).await.unwrap();
        assert_eq!(page.call("R1", "Core/echo", json!({})).await, json!({}));
        assert_eq!(bens.delete("/api/v1/session").unwrap().status, 204);
        assert_eq!(page.next_within(END_LIMIT).await, None, "signed out");
    });
}

#[test]
fn no_page_of_others_opens_a_socket() {
    let (server, ada, program) = set_out();
    let post = ada.at_post().unwrap();
    let (cookie, own) = (post.cookie().unwrap(), format!("http://{}", program.host));
    let neighbour = format!("http://evil.{}", server.office.host());
    let main = format!("http://{}", server.office.host());
    let bearer = format!("Bearer {}", program.token);
    run(async {
        let refused = async |protocol, headers: &[(&str, &str)]| {
            Socket::try_open(&program, protocol, headers).await.err().unwrap_or(101)
        };
        let jmap = Some("jmap");
        assert_eq!(refused(jmap, &[("Cookie", cookie), ("Origin", &own)]).await, 101);
        for foreign in [neighbour.as_str(), &main, "null"] {
            assert_eq!(refused(jmap, &[("Cookie", cookie), ("Origin", foreign)]).await, 403, "{foreign}");
            assert_eq!(refused(jmap, &[("Authorization", &bearer), ("Origin", foreign)]).await, 403, "{foreign}");
        }
        assert_eq!(refused(jmap, &[("Cookie", cookie)]).await, 403, "a cookie needs an origin");
        assert_eq!(refused(jmap, &[("Origin", &own)]).await, 401);
        assert_eq!(refused(jmap, &[("Authorization", "Bearer fernamt_x")]).await, 401);
        assert_eq!(refused(Some("chat"), &[("Authorization", &bearer)]).await, 400);
        assert_eq!(refused(None, &[("Authorization", &bearer)]).await, 400);
        let mut open = Vec::new();
        for _ in 0..16 {
            open.push(Socket::open(&program).await);
        }
        assert_eq!(refused(jmap, &[("Authorization", &bearer)]).await, 429, "one too many");
    });
    assert_eq!(program.get("/jmap/ws").status, 400, "it is no page");
}
