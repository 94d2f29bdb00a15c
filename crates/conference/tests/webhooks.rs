//! Webhooks: signed, in order, sent again.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use time::Duration;
use tokio::net::TcpListener;

use crate::house::{Client, HOOK_PORTS, House, MEETINGS, ROOMS, at, meeting, weekly};

const WEBHOOKS: &str = "/api/v1/admin/webhooks";

/// What a receiver heard: headers and body.
type Heard = Vec<(HeaderMap, String)>;

/// A receiver of webhooks that answers as it is told.
#[derive(Debug, Clone, Default)]
struct Receiver {
    heard: Arc<Mutex<Heard>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self { status: Arc::new(Mutex::new(204)), ..Self::default() };
        let take = async |State(receiver): State<Self>, headers: HeaderMap, body: String| {
            receiver.heard.lock().unwrap().push((headers, body));
            StatusCode::from_u16(*receiver.status.lock().unwrap()).unwrap()
        };
        let router = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        let listener = loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if HOOK_PORTS.contains(&listener.local_addr().unwrap().port()) {
                break listener;
            }
        };
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, url)
    }

    fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    fn take(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn events(&self) -> Vec<String> {
        let event = |(_, body): (HeaderMap, String)| {
            let body: Value = serde_json::from_str(&body).unwrap();
            body["event"].as_str().unwrap().to_owned()
        };
        self.take().into_iter().map(event).collect()
    }
}

async fn hook(chief: &Client, url: &str, events: Value) -> Value {
    let made = chief.post(WEBHOOKS, json!({ "name": "Kalender", "url": url, "events": events })).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body
}

#[tokio::test]
async fn what_happens_is_told_signed_and_in_order() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let (receiver, url) = Receiver::start().await;
    let events = json!(["meeting.booked", "meeting.changed", "meeting.cancelled", "meeting.opened", "meeting.ended"]);
    let made = hook(&chief, &url, events).await;
    let room = ada.room(meeting("Geheimer Name")).await;
    let path = at(MEETINGS, &room["meetings"][0]);
    let version = ada.get(&path).await.body["version"].clone();
    ada.put(&path, json!({ "version": version, "starts": "2026-12-02T10:00", "minutes": 30 })).await;
    ada.delete(&path).await;
    let personal = ada.room(json!({ "kind": "personal", "name": "Raum", "protection": "open" })).await;
    let opened = ada.post(&format!("{}/open", at(ROOMS, &personal)), json!({})).await.body;
    ada.post(&format!("{}/end", at(MEETINGS, &opened)), json!({})).await;
    house.conference.look_around().await.unwrap();
    let heard = receiver.take();
    let key = hmac::Key::new(hmac::HMAC_SHA256, made["secret"].as_str().unwrap().as_bytes());
    let mut told = Vec::new();
    for (headers, body) in &heard {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let signed = format!("{}.{body}", header("fernamt-webhook-timestamp"));
        let signature = header("fernamt-webhook-signature");
        let signature = HEXLOWER.decode(signature.strip_prefix("v1=").unwrap().as_bytes()).unwrap();
        hmac::verify(&key, signed.as_bytes(), &signature).expect("the signature holds");
        assert_eq!(header("fernamt-webhook-timestamp"), house.now().unix_timestamp().to_string());
        let read: Value = serde_json::from_str(body).unwrap();
        assert_eq!(read["id"].as_str().unwrap(), header("fernamt-webhook-id"));
        assert!(!body.contains("Geheimer Name") && !body.contains("ada"), "it names nobody: {body}");
        told.push(read["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(told, ["meeting.booked", "meeting.changed", "meeting.cancelled", "meeting.opened", "meeting.ended"]);
    house.conference.look_around().await.unwrap();
    assert!(receiver.take().is_empty(), "each is told once");
    let again = chief.get(&at(WEBHOOKS, &made["webhook"])).await.body;
    assert!(!again.to_string().contains(made["secret"].as_str().unwrap()), "the secret is shown once");
}

#[tokio::test]
async fn what_is_not_taken_holds_up_what_comes_behind_it() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let (receiver, url) = Receiver::start().await;
    let made = hook(&chief, &url, json!(["meeting.booked", "meeting.cancelled"])).await;
    receiver.answer(500);
    let room = ada.room(weekly("Jour fixe", 2)).await;
    ada.delete(&at(ROOMS, &room)).await;
    house.conference.look_around().await.unwrap();
    assert_eq!(receiver.events(), ["meeting.booked"], "the first is tried, the rest waits");
    let shown = chief.get(&at(WEBHOOKS, &made["webhook"])).await.body;
    assert_eq!((&shown["waiting"], shown["failing_since"].is_string()), (&json!(4), true));
    house.conference.look_around().await.unwrap();
    assert!(receiver.take().is_empty(), "not again at once");
    house.clock.advance(Duration::seconds(10));
    house.conference.look_around().await.unwrap();
    assert_eq!(receiver.events(), ["meeting.booked"]);
    receiver.answer(200);
    house.clock.advance(Duration::seconds(30));
    house.conference.look_around().await.unwrap();
    let told = ["meeting.booked", "meeting.booked", "meeting.cancelled", "meeting.cancelled"];
    assert_eq!(receiver.events(), told);
    let deliveries = chief.get(&format!("{}/deliveries", at(WEBHOOKS, &made["webhook"]))).await.body;
    assert_eq!((&deliveries[3]["state"], &deliveries[3]["attempts"]), (&json!("delivered"), &json!(3)));
    let shown = chief.get(&at(WEBHOOKS, &made["webhook"])).await.body;
    assert_eq!((&shown["waiting"], &shown["failing_since"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_after_a_day_and_visible() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    // A port that nobody listens on any more.
    let made = {
        let (_, url) = Receiver::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let free = url.rsplit_once(':').unwrap().0.to_owned() + &format!(":{}/", listener.local_addr().unwrap().port());
        hook(&chief, &free, json!(["meeting.booked"])).await
    };
    ada.room(meeting("Planung")).await;
    for _ in 0..40 {
        house.conference.look_around().await.unwrap();
        house.clock.advance(Duration::hours(1));
    }
    let chief = house.again(&chief).await;
    let deliveries = chief.get(&format!("{}/deliveries", at(WEBHOOKS, &made["webhook"]))).await.body;
    assert_eq!((&deliveries[0]["state"], &deliveries[0]["last_fault"]), (&json!("given_up"), &json!("unreachable")));
}

#[tokio::test]
async fn a_webhook_leads_nowhere_it_must_not() {
    let house = House::new().await;
    let chief = house.administrator().await;
    for (url, code) in [
        ("http://127.0.0.1:22/", "refused"),
        ("http://169.254.169.254/latest/meta-data", "refused"),
        ("file:///etc/passwd", "not_http"),
        ("http://hooks.amt.example/", "not_http"),
        ("https://user:pw@hooks.example/", "credentials"),
    ] {
        let reply = chief.post(WEBHOOKS, json!({ "name": "x", "url": url, "events": ["trial"] })).await;
        assert_eq!(reply.fields(), [("url", code)], "{url}");
    }
    let made = hook(&chief, "https://hooks.amt.example/", json!(["meeting.booked"])).await;
    let same = json!({ "name": "Kalender", "url": "https://hooks.amt.example/", "events": ["meeting.booked"] });
    assert_eq!(chief.post(WEBHOOKS, same).await.fields(), [("name", "taken")]);
    assert_eq!(chief.delete(&at(WEBHOOKS, &made["webhook"])).await.status, 204);
}

#[tokio::test]
async fn a_trial_and_another_secret() {
    let house = House::new().await;
    let chief = house.administrator().await;
    let (receiver, url) = Receiver::start().await;
    let made = hook(&chief, &url, json!(["meeting.booked"])).await;
    let path = at(WEBHOOKS, &made["webhook"]);
    assert_eq!(chief.post(&format!("{path}/trial"), json!({})).await.status, 202);
    house.conference.look_around().await.unwrap();
    assert_eq!(receiver.events(), ["trial"]);
    let renewed = chief.post(&format!("{path}/secret"), json!({})).await.body;
    assert_ne!(renewed["secret"], made["secret"]);
    let mut change = chief.get(&path).await.body;
    change["enabled"] = json!(false);
    assert_eq!(chief.put(&path, change.clone()).await.status, 200);
    assert_eq!(chief.put(&path, change).await.code(), "outdated");
    assert_eq!(chief.post(&format!("{path}/trial"), json!({})).await.code(), "switched_off");
}

#[tokio::test]
async fn what_was_given_up_is_told_when_somebody_asks_for_it() {
    let house = House::new().await;
    let (chief, ada) = (house.administrator().await, house.person("ada").await);
    let (receiver, url) = Receiver::start().await;
    let made = hook(&chief, &url, json!(["meeting.booked"])).await;
    let path = at(WEBHOOKS, &made["webhook"]);
    receiver.answer(500);
    ada.room(meeting("Planung")).await;
    for _ in 0..40 {
        house.conference.look_around().await.unwrap();
        house.clock.advance(Duration::hours(1));
    }
    receiver.take();
    let (chief, ada) = (house.again(&chief).await, house.again(&ada).await);
    let newest = async || chief.get(&format!("{path}/deliveries")).await.body[0].clone();
    let given_up = newest().await;
    assert_eq!(given_up["state"], "given_up");
    let retry = format!("/api/v1/admin/webhook-deliveries/{}/retry", given_up["id"].as_str().unwrap());
    assert_eq!(chief.post(&retry, json!({})).await.body["state"], "waiting");
    house.conference.look_around().await.unwrap();
    assert_eq!(
        (receiver.events().len(), &newest().await["state"]),
        (1, &json!("given_up")),
        "once more, not for a day"
    );
    receiver.answer(204);
    chief.post(&retry, json!({})).await;
    house.conference.look_around().await.unwrap();
    assert_eq!((receiver.events(), &newest().await["state"]), (vec!["meeting.booked".to_owned()], &json!("delivered")));
    assert_eq!(chief.post(&retry, json!({})).await.body["state"], "delivered", "what was taken stays so");

    // One that waits is tried at once, after those that wait before it.
    receiver.answer(500);
    ada.room(meeting("Planung")).await;
    ada.room(meeting("Rundgang")).await;
    house.conference.look_around().await.unwrap();
    receiver.take();
    receiver.answer(204);
    let second = newest().await;
    let retry = format!("/api/v1/admin/webhook-deliveries/{}/retry", second["id"].as_str().unwrap());
    assert_eq!(chief.post(&retry, json!({})).await.status, 200);
    house.conference.look_around().await.unwrap();
    assert_eq!((receiver.events().len(), &newest().await["state"]), (2, &json!("delivered")));

    assert_eq!(ada.post(&retry, json!({})).await.status, 403);
    let nothing = "/api/v1/admin/webhook-deliveries/00000000-0000-7000-8000-000000000001/retry";
    assert_eq!(chief.post(nothing, json!({})).await.status, 404);
    let mut change = chief.get(&path).await.body;
    change["enabled"] = json!(false);
    chief.put(&path, change).await;
    assert_eq!(chief.post(&retry, json!({})).await.code(), "switched_off");
}
