//! Notices of new mail beside a push service that answers nothing.

use std::{sync::Arc, time::Duration as StdDuration};

use fernamt_domain::DeviceState;
use fernamt_http::egress::EgressGuard;
use serde_json::json;
use tokio::{net::TcpListener, sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::push_service::{PushService, house_with, notices, subscribe};

/// How long a test waits for what has to come.
const PATIENCE: StdDuration = StdDuration::from_secs(20);
/// How many browsers lie at the push service that is silent.
const SILENT: usize = 10;

/// A push service that takes lines and says nothing on them. Tells how many there are.
async fn silent() -> (u16, watch::Receiver<usize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        let mut lines = Vec::new();
        loop {
            lines.push(listener.accept().await.unwrap());
            count.send_replace(lines.len());
        }
    });
    (port, counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_says_nothing_keeps_nobody_else_waiting() {
    let service = PushService::start().await;
    let (port, mut lines) = silent().await;
    let quick = service.origin().rsplit_once(':').unwrap().1.parse().unwrap();
    let guard = EgressGuard::default().public_only().allow_loopback([port, quick]);
    let house = house_with(notices(guard, service.authorities()).patience(PATIENCE * 3)).await;
    let (ada, ben, eva) = (house.person("ada").await, house.person("ben").await, house.person("eva").await);
    assert_eq!(subscribe(&ben, &service.wanted()).await.status, 200);
    for number in 0..SILENT {
        let device = house.on_device(&ada, DeviceState::Approved).await;
        let mut wanted = service.wanted();
        wanted["endpoint"] = json!(format!("https://127.0.0.1:{port}/{number}"));
        assert_eq!(subscribe(&device, &wanted).await.status, 200);
    }
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&house.mail).run_notices(stop.clone()));
    eva.send("ada@amt.example", "Haushalt 2027", "x").await;
    house.deliver().await;
    timeout(PATIENCE, lines.wait_for(|count| *count == 4)).await.expect("four are told at once").unwrap();
    eva.send("ben@amt.example", "Haushalt 2027", "x").await;
    house.deliver().await;
    timeout(PATIENCE, service.has_taken(1)).await.expect("the other push service is told meanwhile");
    assert_eq!(*lines.borrow(), 4, "the others wait for these");
    stop.cancel();
    running.await.unwrap();
}
