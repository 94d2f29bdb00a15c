//! Hearing of what is new.

use std::time::Duration;

use axum::body::BodyDataStream;
use fernamt_domain::{DeviceState, DomainEvent, EndReason, mail::MailRight};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::house::{Client, House};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event, as a browser reads it.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

/// A line that is open.
struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    async fn open(client: &Client, query: &str, last: &str) -> Self {
        let path = format!("/jmap/eventsource?{query}");
        let response = client.response("GET", &path, ("last-event-id", last), Vec::new()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; none once the line has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("event", name)) => name.clone_into(&mut event.name),
                        Some(("id", id)) => event.id = Some(id.to_owned()),
                        Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                        _ => {}
                    }
                }
                return Some(event);
            }
            let part = timeout(PATIENCE, self.body.next()).await.expect("nothing comes, and no end either")?;
            self.text.push_str(std::str::from_utf8(&part.unwrap()).unwrap());
        }
    }

    /// What changed in an account, as the next event says.
    async fn changed(&mut self, client: &Client) -> Value {
        let event = self.next().await.unwrap();
        assert_eq!((event.name.as_str(), &event.data["@type"]), ("state", &json!("StateChange")), "{event:?}");
        let mut all = event.data["changed"].as_object().unwrap().clone();
        let changed = all.remove(&client.account).unwrap_or_default();
        assert_eq!(all.len(), 0, "nobody else's account");
        changed
    }
}

fn kinds(changed: &Value) -> Vec<&str> {
    let mut kinds: Vec<_> = changed.as_object().unwrap().keys().map(String::as_str).collect();
    kinds.sort_unstable();
    kinds
}

async fn state(client: &Client, kind: &str) -> Value {
    client.call(&format!("{kind}/get"), json!({ "ids": [] })).await["state"].clone()
}

#[tokio::test]
async fn what_is_new_is_told() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let inbox = ada.mailbox("inbox").await;
    let mut line = Listener::open(&ada, "types=*&closeafter=no&ping=0", "").await;
    let begin = line.changed(&ada).await;
    for kind in ["Mailbox", "Email", "Thread", "Identity", "EmailSubmission"] {
        assert_eq!(begin[kind], state(&ada, kind).await, "{kind}");
    }
    let email = ada.import(&inbox, "Subject: a\r\n\r\n").await;
    let came = line.changed(&ada).await;
    assert_eq!(kinds(&came), ["Email", "EmailDelivery", "Mailbox", "Thread"]);
    assert_eq!(came["Email"], state(&ada, "Email").await);
    ada.call("Email/set", json!({ "update": { &email: { "keywords/$seen": true } } })).await;
    assert!(!kinds(&line.changed(&ada).await).contains(&"EmailDelivery"), "nothing came");
    ben.send("ada@amt.example", "Hallo", "x").await;
    house.deliver().await;
    let arrived = line.changed(&ada).await;
    assert_eq!(kinds(&arrived), ["Email", "EmailDelivery", "Mailbox", "Thread"]);
    assert_eq!(arrived["Email"], state(&ada, "Email").await);
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let inbox = ada.mailbox("inbox").await;
    let mut line = Listener::open(&ada, "types=Identity,Calendar", "").await;
    assert_eq!(kinds(&line.changed(&ada).await), ["Identity"]);
    ada.import(&inbox, "Subject: a\r\n\r\n").await;
    let in_bens = ben.mailbox("inbox").await;
    ben.import(&in_bens, "Subject: b\r\n\r\n").await;
    ada.call("Identity/set", json!({ "create": { "i": { "email": "ada@amt.example" } } })).await;
    assert_eq!(line.changed(&ada).await, json!({ "Identity": state(&ada, "Identity").await }));
}

#[tokio::test]
async fn who_was_away_hears_what_was_missed() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let once = "types=Email&closeafter=state";
    let mut line = Listener::open(&ada, once, "").await;
    let begin = line.next().await.unwrap();
    assert_eq!((begin.name.as_str(), &begin.data), ("", &Value::Null), "where it is, and nothing else");
    ada.import(&inbox, "Subject: a\r\n\r\n").await;
    let told = line.next().await.unwrap();
    assert_eq!(told.name, "state");
    assert_eq!(line.next().await, None, "it closes after one");

    ada.import(&inbox, "Subject: b\r\n\r\n").await;
    let mut line = Listener::open(&ada, once, told.id.as_deref().unwrap()).await;
    let missed = line.next().await.unwrap();
    assert_eq!(missed.data["changed"][&ada.account]["Email"], state(&ada, "Email").await);
    assert_eq!(line.next().await, None);

    let mut line = Listener::open(&ada, "types=Email", missed.id.as_deref().unwrap()).await;
    ada.import(&inbox, "Subject: c\r\n\r\n").await;
    assert_eq!(line.changed(&ada).await["Email"], state(&ada, "Email").await, "who knows the state waits for the next");
}

#[tokio::test]
async fn a_burst_is_told_in_few_steps() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let mut line = Listener::open(&ada, "types=Email", "").await;
    line.changed(&ada).await;
    // More than the bus keeps, while nobody reads the line.
    let account = ada.account.parse().unwrap();
    for _ in 0..2_000 {
        let mut work = house.tenant.begin().await.unwrap();
        work.publish(DomainEvent::MailChanged { account });
        work.commit().await.unwrap();
    }
    ada.import(&inbox, "Subject: a\r\n\r\n").await;
    let newest = state(&ada, "Email").await;
    assert_eq!(line.changed(&ada).await["Email"], newest, "at once the newest");
    ada.import(&inbox, "Subject: b\r\n\r\n").await;
    assert_eq!(line.changed(&ada).await["Email"], state(&ada, "Email").await, "and then nothing but what is new");
}

#[tokio::test]
async fn silence_is_filled_with_pings() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let mut line = Listener::open(&ada, "types=Email&closeafter=no&ping=1", "").await;
    line.changed(&ada).await;
    let ping = line.next().await.unwrap();
    assert_eq!((ping.name.as_str(), &ping.data), ("ping", &json!({ "interval": 5 })));
}

#[tokio::test]
async fn a_line_ends_with_session_device_and_server() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let open = async |client: &Client| {
        let mut line = Listener::open(client, "types=Email", "").await;
        line.changed(client).await;
        line
    };
    let mut line = open(&ada).await;
    let mut work = house.tenant.begin().await.unwrap();
    work.sessions().end(ada.session).await.unwrap();
    work.publish(DomainEvent::SessionEnded { session: ada.session });
    work.commit().await.unwrap();
    assert_eq!(line.next().await, None, "the session ended");

    for state in [DeviceState::Suspended, DeviceState::Pending] {
        let ada = house.again(&ada).await;
        let mut line = open(&ada).await;
        let mut work = house.tenant.begin().await.unwrap();
        work.devices().set_state(ada.device, state, None).await.unwrap();
        work.publish(DomainEvent::DeviceChanged { device: ada.device });
        work.commit().await.unwrap();
        assert_eq!(line.next().await, None, "the device is {state}");
    }

    let ada = house.again(&ada).await;
    let mut line = open(&ada).await;
    let mut work = house.tenant.begin().await.unwrap();
    work.containers().wipe(ada.device).await.unwrap();
    work.publish(DomainEvent::DeviceChanged { device: ada.device });
    work.commit().await.unwrap();
    assert_eq!(line.next().await, None, "its container was wiped");
    open(&ada).await;

    let ada = house.again(&ada).await;
    let mut line = Listener::open(&ada, "types=Email", "").await;
    let work = house.tenant.begin().await.unwrap();
    work.devices().set_state(ada.device, DeviceState::Pending, None).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(line.next().await, None, "the device was not approved any more when the line began");

    // Not published: what is asked is the store, as for each request.
    let ada = house.again(&ada).await;
    let mut line = Listener::open(&ada, "types=Email", "").await;
    let work = house.tenant.begin().await.unwrap();
    work.sessions().end(ada.session).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(line.next().await, None, "the session was over when the line began");

    let ada = house.again(&ada).await;
    let mut line = open(&ada).await;
    house.grants.end_where(EndReason::Shutdown, |_| true);
    assert_eq!(line.next().await, None, "the server stops");
    drop(line);
    assert!(house.grants.is_empty(), "nothing is left of who listened");
}

#[tokio::test]
async fn a_grant_between_a_lines_answer_and_its_first_word_is_not_missed() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let office = house.functional("Bürgerbüro", "buergerbuero@amt.example").await;
    let line = async || Listener::open(&ben, "types=Email", "").await;
    let mut before = line().await;
    house.grant(office, &ben, &[MailRight::Write]).await;
    assert_eq!(before.next().await, None, "the session that this line began with is not the one that there is");
    let mut before = line().await;
    house.revoke(office, &ben).await;
    assert_eq!(before.next().await, None);
    let mut before = line().await;
    house.grant(office, &ada, &[MailRight::Write]).await;
    before.changed(&ben).await;
}

#[tokio::test]
async fn a_person_listens_by_so_many_lines_and_no_more() {
    let house = House::new().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let mut lines = Vec::new();
    for _ in 0..16 {
        lines.push(Listener::open(&ada, "", "").await);
    }
    let refused = ada.request("GET", "/jmap/eventsource", "", Vec::new()).await;
    assert_eq!((refused.status, &refused.json["limit"]), (429, &json!("maxEventSources")));
    let mut others = Listener::open(&ben, "", "").await;
    others.changed(&ben).await;
    lines.pop();
    Listener::open(&ada, "", "").await.changed(&ada).await;
    let odd = ada.request("GET", "/jmap/eventsource?closeafter=never", "", Vec::new()).await;
    assert_eq!(odd.status, 400);
}
