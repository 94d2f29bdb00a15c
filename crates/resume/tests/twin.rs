//! A line's twin: what a line holds back comes by it, and it can do no harm.

use std::time::Duration;

use bytes::Bytes;
use fernamt_resume::{Decoder, Frame, Settings, Ticket, Twin};
use fernamt_testkit::SeededRng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::driver::{Way, pair, ticket, until};

#[tokio::test]
async fn what_the_line_holds_back_comes_by_its_twin() {
    let (road, (mut stick, handle), (mut office, office_handle)) = pair(Settings::default()).await;
    until(&handle, |status| status.line.is_some()).await;
    let line = handle.status().line;
    assert!(handle.add_twin(Box::new(TcpStream::connect(road.gateway).await.unwrap())));
    until(&office_handle, |status| status.has_twin).await;
    road.set(Way::Silent);
    let mut heard = [0; 5];
    office.write_all(b"frame").await.unwrap();
    stick.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"frame");
    stick.write_all(b"press").await.unwrap();
    office.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"press");
    assert_eq!((handle.status().line, handle.status().outages), (line, 0), "all before anybody missed the line");
    // Another line has none, and what was said on both counts once.
    until(&handle, |status| status.away_since.is_some()).await;
    road.set(Way::Open);
    until(&handle, |status| status.line != line && status.away_since.is_none()).await;
    assert!(!handle.status().has_twin);
    until(&office_handle, |status| !status.has_twin).await;
    office.write_all(b"again").await.unwrap();
    stick.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"again");
}

#[tokio::test]
async fn a_twin_that_breaks_costs_nothing_and_may_be_replaced() {
    let (road, (mut stick, handle), (mut office, office_handle)) = pair(Settings::default()).await;
    until(&handle, |status| status.line.is_some()).await;
    let mut heard = [0; 5];
    for _ in 0..3 {
        let (near, far) = tokio::io::duplex(1_000);
        assert!(handle.add_twin(Box::new(near)));
        drop(far);
        until(&handle, |status| !status.has_twin).await;
        office.write_all(b"frame").await.unwrap();
        stick.read_exact(&mut heard).await.unwrap();
    }
    assert!(handle.add_twin(Box::new(TcpStream::connect(road.gateway).await.unwrap())));
    until(&office_handle, |status| status.has_twin).await;
    assert_eq!((handle.status().outages, handle.status().faults), (0, 0));
}

#[tokio::test]
async fn only_the_tickets_holder_adds_a_twin_and_each_proof_is_good_once() {
    let (_road, (_stick, handle), (_office, office_handle)) = pair(Settings::default()).await;
    until(&handle, |status| status.line.is_some()).await;
    let takes = |twin: &Twin| {
        let (near, _far) = tokio::io::duplex(1_000);
        office_handle.take_twin(Box::new(near), twin, Decoder::default())
    };
    let strange = Ticket::new(&SeededRng::new(8), Duration::from_mins(1));
    assert!(!takes(&Twin { id: ticket().id(), ..strange.twin(0, 1) }), "forged");
    assert!(!takes(&ticket().twin(1, 1)), "of another line");
    assert!(!takes(&ticket().twin(0, 0)), "not counted");
    assert!(takes(&ticket().twin(0, 1)));
    assert!(!takes(&ticket().twin(0, 1)), "once");
    assert!(takes(&ticket().twin(0, 5)));
    assert!(!takes(&ticket().twin(0, 4)), "upwards");
}

#[tokio::test]
async fn nobody_adds_a_twin_before_the_sign_in() {
    let gateway = crate::driver::Gateway::start_at(([127, 0, 0, 1], 0).into(), Settings::default()).await;
    let dial = std::sync::Arc::new(crate::driver::Dial(gateway.address));
    let (_pipe, handle) = fernamt_resume::initiate(Settings::default(), dial);
    until(&handle, |status| status.line.is_some()).await;
    let (near, _far) = tokio::io::duplex(1_000);
    assert!(!handle.add_twin(Box::new(near)));
}

#[tokio::test]
async fn what_makes_no_sense_on_a_twin_is_passed_over_and_what_is_no_frame_ends_it() {
    let (_road, (mut stick, handle), (mut office, _)) = pair(Settings::default()).await;
    until(&handle, |status| status.line.is_some()).await;
    let (near, mut far) = tokio::io::duplex(100_000);
    assert!(handle.add_twin(Box::new(near)));
    let far_ahead = Frame::Data { position: 1 << 40, bytes: Bytes::from_static(b"x") };
    let senseless =
        [far_ahead, Frame::Open, Frame::Bye, Frame::End { position: 3 }, Frame::Ack { taken: 1 << 50, limit: 0 }];
    for frame in senseless {
        far.write_all(&frame.to_bytes()).await.unwrap();
    }
    let mut heard = [0; 5];
    office.write_all(b"frame").await.unwrap();
    stick.read_exact(&mut heard).await.unwrap();
    assert!(handle.status().has_twin);
    far.write_all(b"\xff\xff\xff").await.unwrap();
    until(&handle, |status| !status.has_twin).await;
    assert_eq!((handle.status().outages, handle.status().faults, handle.status().ended), (0, 0, None));
}

#[tokio::test]
async fn a_twin_that_falls_silent_makes_room_for_another() {
    let settings = Settings { twin_silence: Duration::from_millis(50), ..Settings::default() };
    let (_road, (_stick, handle), _office) = pair(settings).await;
    until(&handle, |status| status.line.is_some()).await;
    let (near, _silent) = tokio::io::duplex(100_000);
    assert!(handle.add_twin(Box::new(near)));
    let gone = until(&handle, |status| !status.has_twin);
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is waited for");
    assert_eq!((handle.status().outages, handle.status().ended), (0, None));
}

#[tokio::test]
async fn a_proof_that_was_spent_is_good_for_no_twin() {
    let (_road, (_stick, handle), (_office, office_handle)) = pair(Settings::default()).await;
    until(&handle, |status| status.line.is_some()).await;
    let twin = ticket().twin(0, 1);
    assert!(office_handle.spend_twin(&twin) && !office_handle.spend_twin(&twin));
    let (near, _far) = tokio::io::duplex(1_000);
    assert!(!office_handle.take_twin(Box::new(near), &twin, Decoder::default()));
}
