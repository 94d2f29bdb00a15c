//! Programs with a token, at the whole server.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use fernamt_testkit::{
    http::{self, Answer},
    person::Person,
};
use serde_json::{Value, json};

use crate::support::{Server, granted};

/// Revocation reaches whatever is open within this time.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A program that holds a token.
pub(crate) struct Program {
    pub(crate) device: String,
    pub(crate) token: String,
    pub(crate) address: SocketAddr,
    /// The host of mail, with its port.
    pub(crate) host: String,
}

impl Program {
    /// Somebody makes a token for a program, and the administrator lets it in.
    pub(crate) fn approved(server: &Server, person: &Person, administrator: &Person) -> Self {
        allow(administrator, true);
        let program = Self::made(server, person);
        let approve = format!("/api/v1/admin/devices/{}/approve", program.device);
        granted(&administrator.post(&approve, &json!({})).unwrap());
        program
    }

    fn made(server: &Server, person: &Person) -> Self {
        let wanted = json!({ "name": "Mailprogramm", "days": 30 });
        let made = granted(&person.post("/api/v1/me/programs", &wanted).unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            device: text(&made["program"]["id"]),
            token: text(&made["token"]),
            address: server.office.address(),
            host: format!("post.{}", server.office.host()),
        }
    }

    fn send(&self, method: &str, path: &str, further: &[(&str, &str)], body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let usual = [("Host", self.host.as_str()), ("Authorization", &bearer), ("Content-Type", "application/json")];
        http::request(self.address, method, path, &[&usual, further].concat(), body.to_string().as_bytes()).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &Value::Null)
    }

    /// A line on which it hears what is new, once the first word was said there.
    fn listen(&self) -> TcpStream {
        let mut line = TcpStream::connect(self.address).unwrap();
        line.set_read_timeout(Some(END_LIMIT)).unwrap();
        let (host, token) = (&self.host, &self.token);
        let head = format!(
            "GET /jmap/eventsource?types=*&closeafter=no&ping=300 HTTP/1.1\r\nHost: {host}\r\n\
             Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        line.write_all(head.as_bytes()).unwrap();
        let mut heard = String::new();
        while !heard.contains("StateChange") {
            let mut part = [0; 4096];
            let length = line.read(&mut part).unwrap();
            assert!(length > 0, "the line ended: {heard}");
            heard.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        line
    }
}

/// Reads on until a line ends; fails if it does not in time.
fn ends(mut line: TcpStream) {
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).unwrap();
}

pub(crate) fn allow(administrator: &Person, allowed: bool) {
    let mut view = granted(&administrator.get("/api/v1/admin/settings").unwrap());
    view["settings"]["programs"]["enabled"] = allowed.into();
    let change = json!({ "version": view["version"], "settings": view["settings"] });
    granted(&administrator.put("/api/v1/admin/settings", &change).unwrap());
}

/// Switches programs in the table of features, whatever the settings say of them.
fn switch(administrator: &Person, everybody: bool) {
    let path = "/api/v1/admin/features";
    let table = granted(&administrator.get(path).unwrap());
    let switch = json!({ "feature": "programs", "everybody": everybody, "on": [], "off": [] });
    granted(&administrator.put(path, &json!({ "version": table["version"], "switches": [switch] })).unwrap());
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json().unwrap()["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_program_is_served_mail_once_it_is_approved_and_until_it_is_not() {
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    let wanted = json!({ "name": "Mailprogramm", "days": 30 });
    let off = ada.post("/api/v1/me/programs", &wanted).unwrap();
    assert_eq!(refusal(&off), (403, "programs_not_allowed".to_owned()));
    allow(&ada, true);
    let program = Program::made(&server, &ada);
    assert_eq!(refusal(&program.get("/jmap/session")), (403, "device_pending".to_owned()));
    let pending = granted(&ada.get("/api/v1/admin/devices?state=pending").unwrap());
    assert_eq!(
        (&pending["items"][0]["id"], &pending["items"][0]["kind"]),
        (&json!(program.device), &json!("api_client"))
    );
    let mine = granted(&ada.get("/api/v1/me/programs").unwrap());
    let own = &mine["programs"][0]["fingerprint"];
    assert_eq!(own, &pending["items"][0]["fingerprint"], "both compare the same");
    let decide = |word: &str| {
        granted(&ada.post(&format!("/api/v1/admin/devices/{}/{word}", program.device), &json!({})).unwrap());
    };
    decide("approve");
    let session = granted(&program.get("/.well-known/jmap"));
    assert_eq!(
        (&session["username"], &session["apiUrl"]),
        (&json!("ada"), &json!(format!("http://{}/jmap/api", program.host)))
    );
    let echo = json!({ "using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", { "a": 1 }, "c"]] });
    let called = || program.send("POST", "/jmap/api", &[], &echo);
    assert_eq!(granted(&called())["methodResponses"][0][1], json!({ "a": 1 }));

    let line = program.listen();
    decide("suspend");
    ends(line);
    assert_eq!(program.get("/jmap/session").status, 401);
    decide("approve");
    let line = program.listen();
    allow(&ada, false);
    ends(line);
    assert_eq!(refusal(&called()), (403, "programs_not_allowed".to_owned()));
    allow(&ada, true);
    let line = program.listen();
    switch(&ada, false);
    ends(line);
    assert_eq!(refusal(&called()), (403, "programs_not_allowed".to_owned()));
    switch(&ada, true);
    let line = program.listen();
    assert_eq!(ada.delete(&format!("/api/v1/me/devices/{}", program.device)).unwrap().status, 204);
    ends(line);
    let over = called();
    assert_eq!(
        (refusal(&over), over.headers["www-authenticate"].as_str()),
        ((401, "token_refused".to_owned()), "Bearer")
    );

    let audited = server.audited();
    assert!(audited.iter().any(|entry| entry["action"] == "token_made"), "it was not written down: {audited:?}");
    let log = server.office.log().unwrap();
    assert!(!log.contains(&program.token) && !audited.iter().any(|entry| entry.to_string().contains(&program.token)));
}

#[test]
fn a_token_opens_mail_alone_and_no_door_for_pages_of_others() {
    let server = Server::start("[mail]\n");
    let ada = server.ada();
    let program = Program::approved(&server, &ada, &ada);
    let main = Program { host: server.office.host(), token: program.token.clone(), device: String::new(), ..program };
    for path in ["/api/v1/session", "/api/v1/admin/people", "/api/v1/me/programs", "/api/v1/me/devices"] {
        assert_eq!(main.get(path).status, 401, "{path}");
    }
    assert_eq!(refusal(&main.send("POST", "/api/v1/me/programs", &[], &json!({}))).0, 403);
    let post = Program { host: format!("post.{}", main.host), ..main };
    let delegates = "/api/v1/mail/accounts/x/delegates";
    for path in ["/api/v1/session", "/api/v1/container", delegates] {
        assert_eq!(post.get(path).status, 401, "{path}");
    }
    for path in ["/api/v1/container/share", "/api/v1/container/share/release"] {
        assert_eq!(refusal(&post.send("POST", path, &[], &json!({ "replace": false }))).1, "foreign_origin", "{path}");
    }

    // What another page makes a browser send.
    let echo = json!({ "using": ["urn:ietf:params:jmap:core"], "methodCalls": [] });
    let call = |further: &[(&str, &str)]| post.send("POST", "/jmap/api", further, &echo);
    assert_eq!(call(&[]).status, 200);
    assert_eq!(call(&[("Sec-Fetch-Mode", "cors")]).status, 200, "as a program in JavaScript sends it");
    let (own, foreign) = (format!("http://{}", post.host), format!("http://evil.{}", server.office.host()));
    assert_eq!(call(&[("Origin", &foreign)]).status, 403);
    let cookie = ada.at_post().unwrap();
    let cookie = cookie.cookie().unwrap();
    assert_eq!(call(&[("Cookie", cookie)]).status, 403, "a cookie needs an origin");
    assert_eq!(call(&[("Cookie", cookie), ("Origin", &own)]).status, 200);
    let asked = [("Origin", foreign.as_str()), ("Access-Control-Request-Method", "POST")];
    let preflight = post.send("OPTIONS", "/jmap/api", &asked, &Value::Null);
    assert!(!preflight.headers.keys().any(|name| name.starts_with("access-control")), "{:?}", preflight.headers);

    // A token that is not good is not made up for by a cookie that is.
    let wrong = Program { token: format!("{}A", post.token), ..post };
    let both = wrong.send("POST", "/jmap/api", &[("Cookie", cookie), ("Origin", &own)], &echo);
    assert_eq!(refusal(&both), (401, "token_refused".to_owned()));
}
