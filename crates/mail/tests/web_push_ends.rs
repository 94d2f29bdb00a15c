//! Notices of new mail by push services: what these answer, and when a device is told no more.

use fernamt_api::admin::settings::Unattested;
use fernamt_domain::{Clock as _, DeviceState, DomainEvent, PersonState, feature::Feature};
use fernamt_http::egress::EgressGuard;
use fernamt_identity::settings;
use fernamt_store::EnrolmentRecord;
use serde_json::Value;
use time::Duration;

use crate::{
    house::{Client, House},
    push_service::{PushService, house_with, mail_comes, notices, standing, subscribe},
};

/// A house in which ada is told, and ben writes.
async fn told(service: &PushService) -> (House, Client, Client) {
    let house = service.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
    (house, ada, ben)
}

#[tokio::test]
async fn a_push_service_that_knows_the_browser_no_more_or_refuses_ends_it() {
    for answer in ["404 Not Found", "410 Gone", "403 Forbidden", "301 Moved\r\nlocation: https://elsewhere.example/"] {
        let service = PushService::start().await;
        let (house, ada, ben) = told(&service).await;
        service.answers(&[answer]);
        mail_comes(&house, &ben, "ada@amt.example").await;
        assert_eq!(service.taken().len(), 1);
        assert_eq!(house.tenant.pushes().all().await.unwrap(), [], "{answer}");
        assert_eq!(standing(&ada).await["until"], Value::Null);
        house.clock.advance(Duration::minutes(10));
        mail_comes(&house, &ben, "ada@amt.example").await;
        assert_eq!(service.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_push_service_that_says_later_is_asked_later_and_not_for_ever() {
    let service = PushService::start().await;
    let (house, _, ben) = told(&service).await;
    service.answers(&["503 Busy\r\nretry-after: 120", "500 Fault", "429 Slow", "500 Fault", "500 Fault"]);
    mail_comes(&house, &ben, "ada@amt.example").await;
    let mut asked = Vec::new();
    // Every half minute, for half an hour.
    for half in 0..60 {
        house.mail.look_for_news().await.unwrap();
        let count = service.taken().len();
        if asked.last().is_none_or(|(_, before)| *before < count) {
            asked.push((half, count));
        }
        house.clock.advance(Duration::seconds(30));
    }
    // After the two minutes that it named; then after one, two and four of our own. Then it is left alone with this one.
    assert_eq!(asked, [(0, 1), (4, 2), (6, 3), (10, 4), (18, 5)]);
    assert_eq!(house.tenant.pushes().all().await.unwrap().len(), 1, "it may have the next one");
    let ben = house.again(&ben).await;
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 6);
}

#[tokio::test]
async fn a_push_service_that_says_at_once_is_given_half_a_minute() {
    let service = PushService::start().await;
    let (house, _, ben) = told(&service).await;
    service.answers(&["503 Busy\r\nretry-after: 0"]);
    mail_comes(&house, &ben, "ada@amt.example").await;
    for (wait, count) in [(0, 1), (29, 1), (1, 2)] {
        house.clock.advance(Duration::seconds(wait));
        house.mail.look_for_news().await.unwrap();
        assert_eq!(service.taken().len(), count);
    }
}

#[tokio::test]
async fn a_new_place_does_not_wait_for_what_the_last_one_was_told() {
    let service = PushService::start().await;
    let (house, ada, ben) = told(&service).await;
    service.answers(&["503 Busy\r\nretry-after: 3600"]);
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 1);
    let mut wanted = service.wanted();
    wanted["endpoint"] = Value::from(format!("{}/another", service.origin()));
    assert_eq!(subscribe(&ada, &wanted).await.status, 200);
    house.clock.advance(Duration::minutes(5));
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 2);
}

#[tokio::test]
async fn who_could_not_be_told_for_want_of_a_line_is_told_when_there_is_one() {
    let service = PushService::start().await;
    let house = house_with(notices(EgressGuard::default().public_only(), service.authorities())).await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    assert_eq!(subscribe(&ada, &service.wanted()).await.status, 200);
    mail_comes(&house, &ben, "ada@amt.example").await;
    for _ in 0..60 {
        house.clock.advance(Duration::seconds(30));
        house.mail.look_for_news().await.unwrap();
    }
    let push = house.tenant.pushes().all().await.unwrap().remove(0);
    assert_eq!(push.told_at, None, "nobody was told, and nobody believes it");
}

#[tokio::test]
async fn nobody_is_told_who_was_barred_or_whose_time_is_over() {
    for way in ["suspended", "disabled", "signed out", "over", "off"] {
        let service = PushService::start().await;
        let (house, ada, ben) = told(&service).await;
        let work = house.tenant.begin().await.unwrap();
        match way {
            "suspended" => work.devices().set_state(ada.device, DeviceState::Suspended, None).await.unwrap(),
            "disabled" => work.people().set_state(ada.person, PersonState::Disabled).await.unwrap(),
            "signed out" => assert!(work.sessions().end(ada.session).await.unwrap()),
            _ => {}
        }
        work.commit().await.unwrap();
        match way {
            "over" => house.clock.advance(Duration::hours(12)),
            "off" => {
                let reply = ada.request("DELETE", "/api/v1/mail/push", "", Vec::new()).await;
                assert_eq!(reply.status, 204);
            }
            _ => {}
        }
        let ben = if way == "over" { house.again(&ben).await } else { ben };
        mail_comes(&house, &ben, "ada@amt.example").await;
        assert_eq!(service.taken().len(), 0, "{way}");
        assert_eq!(house.tenant.pushes().all().await.unwrap(), [], "{way}");
    }
}

#[tokio::test]
async fn nobody_is_told_for_whom_notices_are_switched_off() {
    let service = PushService::start().await;
    let (house, ada, ben) = told(&service).await;
    house.without(Feature::Notices).await;
    assert_eq!(standing(&ada).await["enabled"], false);
    let reply = subscribe(&ada, &service.wanted()).await;
    assert_eq!((reply.status, reply.json["code"].as_str()), (403, Some("push_off")));
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 0);
    assert_eq!(house.tenant.pushes().all().await.unwrap(), []);
}

/// Has a client's browser say what it runs on, and the administration take no phones after that.
async fn refuse_phones(house: &House, client: &Client, platform: &str) {
    let enrolment = EnrolmentRecord {
        device: client.device,
        person: client.person,
        browser: "Firefox 140".to_owned(),
        platform: platform.to_owned(),
        contact_at: house.clock.now(),
        terms: None,
        accepted_at: None,
    };
    let mut wanted = (*settings::load(&house.tenant).await.unwrap()).clone();
    wanted.enrolment.unattested = Unattested::Refuse;
    let mut work = house.tenant.begin().await.unwrap();
    work.enrolments().write(&enrolment).await.unwrap();
    settings::save(&work, &wanted).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_phone_that_is_refused_since_is_told_no_more_and_cannot_ask() {
    for (platform, count) in [("Android", 0), ("Windows", 1)] {
        let service = PushService::start().await;
        let (house, ada, ben) = told(&service).await;
        refuse_phones(&house, &ada, platform).await;
        house.mail.look_for_news().await.unwrap();
        assert_eq!(house.tenant.pushes().all().await.unwrap().len(), count, "{platform}");
        mail_comes(&house, &ben, "ada@amt.example").await;
        assert_eq!(service.taken().len(), count, "{platform}");
        let reply = subscribe(&ada, &service.wanted()).await;
        let refusal = (reply.status, reply.json["code"].as_str());
        assert_eq!(refusal, (403, Some("phones_refused")), "what asks says nothing of itself: it may be one");
    }
}

#[tokio::test]
async fn a_session_that_lapsed_is_told_for_its_hours() {
    let service = PushService::start().await;
    let (house, ada, ben) = told(&service).await;
    let work = house.tenant.begin().await.unwrap();
    assert!(work.sessions().lapse(ada.session).await.unwrap());
    work.commit().await.unwrap();
    mail_comes(&house, &ben, "ada@amt.example").await;
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn a_device_that_is_not_approved_cannot_ask() {
    let service = PushService::start().await;
    let (house, ada, _) = told(&service).await;
    let waiting = house.on_device(&ada, DeviceState::Pending).await;
    assert_eq!(subscribe(&waiting, &service.wanted()).await.status, 403);
    assert_eq!(house.tenant.pushes().all().await.unwrap().len(), 1);
}
