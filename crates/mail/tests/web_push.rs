//! Notices of new mail by push services: what they say, when they come, and to whom not.

use std::{sync::Arc, time::Duration as StdDuration};

use fernamt_api::admin::push::PushSettings;
use fernamt_domain::{Clock as _, mail::MailRight};
use fernamt_http::egress::EgressGuard;
use fernamt_testkit::peers::PushBrowser;
use rustls::RootCertStore;
use serde_json::{Value, json};
use time::{Duration, macros::datetime};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    house::Reply,
    push_service::{PushService, allow, house_with, mail_comes, notices, set, standing, subscribe},
};

/// How long a test waits for what has to come.
const PATIENCE: StdDuration = StdDuration::from_secs(20);

fn refusal(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["code"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_by_its_push_service_and_alone_can_read_it() {
    let mut browser = fernamt_testkit::peer!(PushBrowser::start());
    let service = PushService::start().await;
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let wanted = service.wanted_with(&browser.keys().unwrap());
    let subscribed = subscribe(&ada, &wanted).await;
    assert_eq!(subscribed.status, 200, "{}", subscribed.json);

    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&house.mail).run_notices(stop.clone()));
    ben.send("ada@amt.example", "Haushalt 2027", "streng vertraulich").await;
    house.deliver().await;
    timeout(PATIENCE, service.has_taken(1)).await.expect("the push service is told");
    stop.cancel();
    running.await.unwrap();

    let message = service.taken().remove(0);
    assert!(message.head.starts_with("POST /wpush/v2/geheim?x=1 HTTP/1.1\r\n"), "{}", message.head);
    let mut names: Vec<_> =
        message.head.trim_end().lines().skip(1).map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    let expected = [
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "topic",
        "ttl",
        "urgency",
        "user-agent",
    ];
    assert_eq!(names, expected);
    let fields = ["content-encoding", "topic", "ttl", "urgency"].map(|name| message.field(name));
    assert_eq!(fields, ["aes128gcm", "0", "14400", "normal"]);
    assert_eq!(browser.read(&message.body).unwrap(), json!({ "kind": "mail", "language": "de" }));
    let sender = browser.sender(message.field("authorization")).unwrap();
    assert_eq!((&sender["isSigned"], &sender["head"]["alg"]), (&Value::from(true), &Value::from("ES256")));
    assert_eq!(sender["key"], standing(&ada).await["server_key"], "the key that the browser was given");
    let now = house.clock.now().unix_timestamp();
    let claims = json!({ "aud": service.origin(), "sub": "https://amt.example", "exp": now + 12 * 3_600 });
    assert_eq!(sender["claims"], claims);
    for word in ["Haushalt", "vertraulich", "ben", "ada"] {
        assert!(!message.head.contains(word), "{word}");
    }
}

#[tokio::test]
async fn only_where_the_flow_is_on_and_to_services_that_are_named() {
    let service = PushService::start().await;
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    set(&house, PushSettings::default()).await;
    assert_eq!(refusal(&subscribe(&ada, &service.wanted()).await), (403, "push_off"));
    assert_eq!(standing(&ada).await["enabled"], false);
    allow(&house, &["fcm.googleapis.com"]).await;
    assert_eq!(refusal(&subscribe(&ada, &service.wanted()).await), (422, "push_service_not_named"));

    for change in [PushSettings::default(), PushSettings { enabled: true, hosts: vec!["fcm.googleapis.com".into()] }] {
        allow(&house, &["127.0.0.1"]).await;
        assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
        set(&house, change).await;
        house.mail.look_for_news().await.unwrap();
        assert_eq!(house.tenant.pushes().all().await.unwrap(), [], "what may not be told is not kept");
        mail_comes(&house, &ben, "ada@amt.example").await;
    }
    assert_eq!(service.taken().len(), 0);
}

#[tokio::test]
async fn only_public_addresses_are_connected_to_and_only_with_a_certificate_that_holds() {
    let service = PushService::start().await;
    let port = service.origin().rsplit_once(':').unwrap().1.parse().unwrap();
    let inside = EgressGuard::default().public_only();
    let outside = || EgressGuard::default().public_only().allow_loopback([port]);
    for (guard, authorities, comes) in [
        (inside, service.authorities(), 0),
        (outside(), RootCertStore::empty(), 0),
        (outside(), service.authorities(), 1),
    ] {
        let house = house_with(notices(guard, authorities)).await;
        let (ada, ben) = (house.person("ada").await, house.person("ben").await);
        assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
        mail_comes(&house, &ben, "ada@amt.example").await;
        assert_eq!(service.taken().len(), comes);
    }
}

#[tokio::test]
async fn what_a_browser_says_is_checked() {
    let service = PushService::start().await;
    let house = service.house().await;
    let ada = house.person("ada").await;
    for (field, value, code) in [
        ("endpoint", json!("http://127.0.0.1/x"), "invalid"),
        ("p256dh", json!("AAAA"), "invalid"),
        ("auth", json!("AAAA"), "invalid"),
        ("language", json!("fr"), "invalid"),
        ("from_minute", json!(1_440), "out_of_range"),
        ("to_minute", json!(1_440), "out_of_range"),
        ("time_zone", json!("Europe/Bonn"), "unknown"),
        ("without", json!(vec![uuid::Uuid::nil(); 2_001]), "too_many"),
    ] {
        let mut wanted = service.wanted();
        wanted[field] = value;
        let reply = subscribe(&ada, &wanted).await;
        let fault = &reply.json["fields"][0];
        assert_eq!(
            (reply.status, &fault["path"], &fault["code"]),
            (422, &json!(field), &json!(code)),
            "{}",
            reply.json
        );
    }
    let mut most = service.wanted();
    most["without"] = json!(vec![uuid::Uuid::nil(); 2_000]);
    assert_eq!(subscribe(&ada, &most).await.status, 200);
}

#[tokio::test]
async fn a_device_is_told_once_in_five_minutes_and_only_of_what_is_unread() {
    let service = PushService::start().await;
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 0, "nothing came yet");

    mail_comes(&house, &ben, "ada@amt.example").await;
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 1);
    house.clock.advance(Duration::minutes(5) - Duration::SECOND);
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 1);
    house.clock.advance(Duration::SECOND);
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 2, "the second message is told when the pause is over");
    house.clock.advance(Duration::minutes(5));
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 2, "nothing came since");

    ben.send("ada@amt.example", "Haushalt 2028", "x").await;
    house.deliver().await;
    let ids = ada.call("Email/query", json!({})).await["ids"].clone();
    let read: serde_json::Map<_, _> = ids
        .as_array()
        .unwrap()
        .iter()
        .map(|id| (id.as_str().unwrap().to_owned(), json!({ "keywords/$seen": true })))
        .collect();
    ada.call("Email/set", json!({ "update": read })).await;
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 2, "it was read elsewhere before");
}

#[tokio::test]
async fn folders_that_are_left_out_and_what_one_puts_aside_are_not_told() {
    let service = PushService::start().await;
    let house = service.house().await;
    let ada = house.person("ada").await;
    assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
    let letter = "From: x@elsewhere.example\r\nSubject: Angebot\r\n\r\nx\r\n";
    for role in ["drafts", "sent", "trash", "junk"] {
        ada.import(&ada.mailbox(role).await, letter).await;
        house.mail.look_for_news().await.unwrap();
        assert_eq!(service.taken().len(), 0, "{role}");
    }
    let (inbox, archive) = (ada.mailbox("inbox").await, ada.mailbox("archive").await);
    let mut wanted = service.wanted();
    wanted["without"] = json!([inbox]);
    assert_eq!(subscribe(&ada, &wanted).await.status, 200);
    ada.import(&inbox, letter).await;
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 0, "the inbox is left out");
    ada.import(&archive, letter).await;
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn what_comes_outside_the_hours_is_told_when_they_begin() {
    let service = PushService::start().await;
    let house = service.house().await;
    // A Monday, six in the morning in Berlin.
    house.clock.set(datetime!(2026-03-02 05:00 UTC));
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let mut wanted = service.wanted();
    (wanted["from_minute"], wanted["to_minute"]) = (json!(7 * 60), json!(18 * 60));
    assert_eq!(subscribe(&ada, &wanted).await.status, 200);
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 0);
    house.clock.advance(Duration::HOUR - Duration::SECOND);
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 0);
    house.clock.advance(Duration::SECOND);
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn hours_of_a_few_minutes_are_not_missed_and_no_notice_is_kept_beyond_them() {
    let service = PushService::start().await;
    let house = service.house().await;
    // A Monday, two minutes to twelve in Berlin.
    house.clock.set(datetime!(2026-03-02 10:58 UTC));
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let mut wanted = service.wanted();
    (wanted["from_minute"], wanted["to_minute"]) = (json!(12 * 60), json!(12 * 60 + 10));
    assert_eq!(subscribe(&ada, &wanted).await.status, 200);
    mail_comes(&house, &ben, "ada@amt.example").await;
    house.clock.advance(Duration::minutes(3));
    house.mail.look_for_news().await.unwrap();
    assert_eq!(service.taken().iter().map(|message| message.field("ttl").to_owned()).collect::<Vec<_>>(), ["540"]);
}

#[tokio::test]
async fn no_notice_is_kept_after_the_time_for_which_a_device_is_told() {
    let service = PushService::start().await;
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
    // Of twelve hours half an hour is left.
    house.clock.advance(Duration::minutes(12 * 60 - 30));
    let ben = house.again(&ben).await;
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken()[0].field("ttl"), "1800");
}

#[tokio::test]
async fn mail_of_others_is_not_told_and_each_device_by_itself() {
    let service = PushService::start().await;
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    house.grant(ada.account.parse().unwrap(), &ben, &[MailRight::Read]).await;
    assert_eq!(subscribe(&ben, &service.wanted()).await.status, 200);
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 0);

    let second = house.on_device(&ada, fernamt_domain::DeviceState::Approved).await;
    for (number, client) in [&ada, &second].into_iter().enumerate() {
        let mut wanted = service.wanted();
        wanted["endpoint"] = json!(format!("{}/{number}", service.origin()));
        assert_eq!(subscribe(client, &wanted).await.status, 200);
    }
    mail_comes(&house, &ben, "ada@amt.example").await;
    let mut paths: Vec<_> =
        service.taken().iter().map(|message| message.head.split(' ').nth(1).unwrap().to_owned()).collect();
    paths.sort();
    assert_eq!(paths, ["/0", "/1"]);
}
