//! The plane as a whole, as far as that needs no client.

use std::net::Ipv4Addr;

use bytes::Bytes;
use fernamt_domain::{SystemClock, SystemRng};
use fernamt_sfu::{Input, SeatId as SeatNo};
use fernamt_testkit::TestClock;
use livekit_protocol as proto;
use proto::signal_request::Message as Ask;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    control::{Client, UNUSED_ROOM_MINUTES},
    shard::KEPT_FOR_ENDS,
    *,
};
use crate::SeatId;

const ROOM: RoomName = RoomName(Uuid::from_u128(7));
const SEAT: Seat = Seat { room: ROOM, id: SeatId(Uuid::from_u128(1)) };

/// A plane that nobody runs yet, with an open room.
async fn plane() -> Arc<Embedded> {
    plane_at(Arc::new(SystemClock)).await
}

async fn plane_at(clock: Arc<dyn Clock>) -> Arc<Embedded> {
    let settings = Settings {
        udp: (Ipv4Addr::LOCALHOST, 0).into(),
        advertised: vec![Ipv4Addr::LOCALHOST.into()],
        tcp: Vec::new(),
        threads: NonZeroU16::MIN,
    };
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let plane = Embedded::bind(&settings, clock, &rng).unwrap();
    plane.open_room(ROOM, RoomLimits::default()).await.unwrap();
    plane
}

fn now() -> OffsetDateTime {
    SystemClock.now()
}

async fn sit(plane: &Embedded) -> Result<(SeatNo, mpsc::Receiver<Bytes>), control::Refused> {
    let ticket = TicketFor { seat: SEAT, name: "erika".into(), permissions: Permissions::PARTICIPANT };
    let ticket = plane.ticket(ticket).await.unwrap();
    let claims = plane.key.verify(ticket.token.expose(), now()).unwrap();
    let wing = plane.wing_of(ROOM).unwrap();
    let pass = wing.with(|control| control.admit(&claims, now())).unwrap();
    wing.join(pass, Client::default(), &SystemClock)
}

/// Whether the forwarding unit is told that a seat is left.
fn left(plane: &Embedded, number: SeatNo) -> bool {
    let mut idle = plane.idle.lock().unwrap();
    let orders = &mut idle.as_mut().unwrap().workers[0].orders;
    std::iter::from_fn(|| orders.try_recv().ok())
        .any(|order| matches!(*order.input, Input::Leave { seat } if seat == number))
}

#[tokio::test]
async fn a_removal_is_not_lost_in_a_flood_of_datagrams() {
    let plane = plane().await;
    let (number, _messages) = sit(&plane).await.unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let bytes = Bytes::from_static(&[0x80; 100]);
    let one = || Carried::Datagram { proto: Proto::Tcp, from: address, to: address, bytes: bytes.clone() };
    while plane.shards[0].try_send(one()).is_ok() {}
    plane.remove(SEAT).await.unwrap();
    assert!(left(&plane, number));
}

#[tokio::test]
async fn who_asks_too_much_waits_and_the_host_is_told_before_anything_is_lost() {
    let plane = plane().await;
    let (number, mut messages) = sit(&plane).await.unwrap();
    let wing = plane.wing_of(ROOM).unwrap();
    let offer = || Ask::Offer(proto::SessionDescription::default());
    while wing.request(number, offer(), now()).is_none() {}
    assert_eq!(sit(&plane).await.err(), Some(control::Refused::Full), "nobody takes the place of others");

    let mut told = 0;
    let busy = loop {
        let permissions = if told % 2 == 0 { Permissions::LISTENER } else { Permissions::PARTICIPANT };
        if let Err(error) = plane.set_permissions(SEAT, permissions).await {
            break error;
        }
        while messages.try_recv().is_ok() {}
        told += 1;
        assert!(told <= MAX_WAITING_ORDERS);
    };
    assert!(matches!(busy, MediaError::Busy), "{busy}");
    assert!(told >= KEPT_FOR_ENDS, "{told}");
    plane.remove(SEAT).await.unwrap();

    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&plane).run(stop.clone()));
    wing.room().await;
    assert!(sit(&plane).await.is_ok());
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_room_that_was_closed_unused_is_opened_again_for_the_next_one() {
    let clock = TestClock::new();
    let plane = plane_at(Arc::new(clock.clone())).await;
    plane.tick();
    clock.advance(time::Duration::minutes(UNUSED_ROOM_MINUTES));
    plane.tick();
    let ticket = TicketFor { seat: SEAT, name: "erika".into(), permissions: Permissions::PARTICIPANT };
    assert!(matches!(plane.ticket(ticket.clone()).await, Err(MediaError::NoSuchRoom)));
    assert!(plane.places.read().unwrap().is_empty());
    plane.open_room(ROOM, RoomLimits::default()).await.unwrap();
    assert!(plane.ticket(ticket).await.is_ok());
}
