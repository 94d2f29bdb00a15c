//! A house whose meetings run: the door and the sockets over real TCP, with a media plane that is a fake and says so.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, extract::Request, middleware};
use fernamt_api::conference::{
    entry::MediaPlace,
    socket::{SocketAct, SocketHello, SocketMessage, SocketRequest},
};
use fernamt_conference::meeting::{self, Hall, HallParts};
use fernamt_domain::{LiveGrants, Secret, Zone};
use fernamt_http::{Connection, PublicAddress, Web, origin, site};
use fernamt_identity::Identity;
use fernamt_media::{
    MediaError, MediaEvent, MediaPlane, Permissions, Presence, RoomLimits, RoomName, Seat, Ticket, TicketFor, Tracks,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{net::TcpStream, sync::broadcast, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use tokio_util::sync::CancellationToken;

use crate::house::{Client, HOST, House, MEETINGS, at};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// A media plane that forwards nothing and remembers what it was told.
#[derive(Debug)]
pub(crate) struct FakePlane {
    pub(crate) told: std::sync::Mutex<Vec<Told>>,
    /// So many orders it refuses, because it is busy.
    pub(crate) busy: AtomicU32,
    /// Whether its room is open.
    pub(crate) open: AtomicBool,
    events: broadcast::Sender<MediaEvent>,
    clock: fernamt_testkit::TestClock,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Open,
    Close,
    Ticket(Seat, Permissions),
    Permit(Seat, Permissions),
    Mute(Seat),
    Remove(Seat),
}

impl FakePlane {
    fn note(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }

    fn is_free(&self) -> Result<(), MediaError> {
        let busy = self.busy.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if busy { Err(MediaError::Busy) } else { Ok(()) }
    }

    /// Waits until the plane was told something like it.
    pub(crate) async fn hears(&self, wanted: impl Fn(&Told) -> bool) {
        let heard = async {
            while !self.told.lock().unwrap().iter().any(&wanted) {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, heard).await.unwrap_or_else(|_| panic!("only {:?}", self.told.lock().unwrap()));
    }
}

#[async_trait]
impl MediaPlane for FakePlane {
    async fn open_room(&self, _: RoomName, _: RoomLimits) -> Result<(), MediaError> {
        self.open.store(true, SeqCst);
        self.note(Told::Open);
        Ok(())
    }

    async fn close_room(&self, _: RoomName) -> Result<(), MediaError> {
        self.open.store(false, SeqCst);
        self.note(Told::Close);
        Ok(())
    }

    async fn ticket(&self, ticket: TicketFor) -> Result<Ticket, MediaError> {
        use fernamt_domain::Clock as _;
        if !self.open.load(SeqCst) {
            return Err(MediaError::NoSuchRoom);
        }
        self.note(Told::Ticket(ticket.seat, ticket.permissions));
        let token = Secret::new(format!("ticket of {}", ticket.seat.id));
        Ok(Ticket { url: None, token, expires_at: self.clock.now() + time::Duration::minutes(1) })
    }

    async fn set_permissions(&self, seat: Seat, permissions: Permissions) -> Result<(), MediaError> {
        self.is_free()?;
        self.note(Told::Permit(seat, permissions));
        Ok(())
    }

    async fn mute(&self, seat: Seat, _: Tracks) -> Result<(), MediaError> {
        self.is_free()?;
        self.note(Told::Mute(seat));
        Ok(())
    }

    async fn stop_video(&self, _: Seat) -> Result<(), MediaError> {
        Ok(())
    }

    async fn remove(&self, seat: Seat) -> Result<(), MediaError> {
        self.note(Told::Remove(seat));
        Ok(())
    }

    async fn list(&self, _: RoomName) -> Result<Vec<Presence>, MediaError> {
        Ok(Vec::new())
    }

    fn events(&self) -> broadcast::Receiver<MediaEvent> {
        self.events.subscribe()
    }
}

/// The house with its hall, at an address of its own.
pub(crate) struct Venue {
    pub(crate) house: House,
    pub(crate) plane: Arc<FakePlane>,
    pub(crate) grants: LiveGrants,
    pub(crate) hall: Arc<Hall>,
    address: SocketAddr,
    stop: CancellationToken,
}

/// A booked meeting, and how one gets in.
pub(crate) struct Booked {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) number: String,
    pub(crate) pin: String,
    pub(crate) secret: String,
}

impl Venue {
    pub(crate) async fn new() -> Self {
        let house = House::new().await;
        // The meeting that tests book begins in ten minutes and can be entered already.
        house.clock.set(time::macros::datetime!(2026-12-01 07:50 UTC));
        let plane = Arc::new(FakePlane {
            told: std::sync::Mutex::default(),
            busy: 0.into(),
            open: false.into(),
            events: broadcast::Sender::new(8),
            clock: house.clock.clone(),
        });
        let grants = LiveGrants::new();
        let (hall, address, stop) = open(&house, &plane, &grants).await;
        Self { house, plane, grants, hall, address, stop }
    }

    /// Stops the server hard and starts another one over the same store.
    pub(crate) async fn restart(&mut self) {
        self.stop.cancel();
        self.grants = LiveGrants::new();
        (self.hall, self.address, self.stop) = open(&self.house, &self.plane, &self.grants).await;
    }

    /// Books a meeting of this protection and kind.
    pub(crate) async fn book(&self, owner: &Client, kind: &str, protection: &str, invitees: Value) -> Booked {
        let room = json!({
            "kind": kind, "name": "Lagebesprechung", "protection": protection, "invitees": invitees,
            "booking": { "starts": "2026-12-01T09:00", "minutes": 60 },
        });
        let room = owner.room(room).await;
        let shown = owner.get(&at(MEETINGS, &room["meetings"][0])).await.body;
        assert!(shown["access"].is_object(), "{shown}");
        let access = &shown["access"];
        let text = |part: &str| access[part].as_str().unwrap().to_owned();
        Booked {
            id: shown["id"].as_str().unwrap().into(),
            room: room["id"].as_str().unwrap().into(),
            number: text("number"),
            pin: text("pin"),
            secret: text("link").split_once('#').unwrap().1.into(),
        }
    }

    /// Asks at the door, from an address, with cookies.
    pub(crate) async fn enter(&self, from: [u8; 4], cookie: &str, body: Value) -> Entered {
        let client = reqwest::Client::new();
        let response = client
            .post(format!("http://{}/api/v1/conference/entry", self.address))
            .header("host", HOST)
            .header("origin", format!("https://{HOST}"))
            .header("cookie", cookie)
            .header("x-test-peer", format!("{}.{}.{}.{}", from[0], from[1], from[2], from[3]))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let cookie = response
            .headers()
            .get("set-cookie")
            .map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned());
        let text = response.text().await.unwrap();
        Entered { status, cookie, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// Asks the hall for something that needs no socket.
    pub(crate) async fn ask(&self, method: &str, path: &str, cookie: &str, body: Option<Value>) -> Entered {
        let method = method.parse().unwrap();
        let mut request = reqwest::Client::new()
            .request(method, format!("http://{}{path}", self.address))
            .header("host", HOST)
            .header("origin", format!("https://{HOST}"))
            .header("cookie", cookie);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Entered { status, cookie: None, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// Enters by link and opens the socket.
    pub(crate) async fn join(&self, booked: &Booked, cookie: &str, name: &str) -> Line {
        let entered = self.enter([192, 0, 2, 1], cookie, json!({ "by": "link", "secret": booked.secret })).await;
        assert_eq!(entered.status, 200, "{}", entered.text);
        let mut line = self.line(&booked.id, cookie).await;
        line.hello(entered.body["entry"].as_str(), None, Some(name)).await;
        line
    }

    /// A socket that has said nothing yet.
    pub(crate) async fn line(&self, meeting: &str, cookie: &str) -> Line {
        self.line_from([192, 0, 2, 1], meeting, cookie).await
    }

    /// The same, from another address.
    pub(crate) async fn line_from(&self, from: [u8; 4], meeting: &str, cookie: &str) -> Line {
        let mut request =
            format!("ws://{}/api/v1/conference/meetings/{meeting}/socket", self.address).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("host", HOST.parse().unwrap());
        headers.insert("origin", format!("https://{HOST}").parse().unwrap());
        headers.insert("x-test-peer", std::net::IpAddr::from(from).to_string().parse().unwrap());
        if !cookie.is_empty() {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream)).await.unwrap();
        Line { socket, next: 1, clock: self.house.clock.clone() }
    }
}

async fn open(
    house: &House,
    plane: &Arc<FakePlane>,
    grants: &LiveGrants,
) -> (Arc<Hall>, SocketAddr, CancellationToken) {
    let clock = Arc::new(house.clock.clone());
    let rng = Arc::clone(&house.rng);
    let identity = Identity::new(
        house.store.clone(),
        Arc::clone(&clock) as _,
        Arc::clone(&rng) as _,
        Arc::clone(&house.sealer),
        grants.clone(),
    );
    let hall = Hall::new(HallParts {
        store: house.store.clone(),
        clock: Arc::clone(&clock) as _,
        rng: Arc::clone(&rng) as _,
        sealer: Arc::clone(&house.sealer),
        authoriser: identity.authoriser().clone(),
        media: Arc::clone(plane) as _,
        place: MediaPlace::ThisServer,
        media_host: None,
    });
    hall.belong_to(&house.conference);
    let web = Arc::new(Web {
        store: house.store.clone(),
        sessions: Arc::clone(&identity) as _,
        clock: clock as _,
        rng: rng as _,
        sealer: Arc::clone(&house.sealer),
        address: PublicAddress { scheme: "https", port: None },
        meetings: true,
        mail: false,
    });
    let router = meeting::router(Arc::clone(&hall))
        .layer(middleware::from_fn(origin::check))
        .layer(middleware::from_fn_with_state(web, site::resolve));
    // A listener of the server names the zone and the peer; here a header may name another peer.
    let router = Router::new().fallback_service(router).layer(middleware::from_fn(
        async |mut request: Request, next: middleware::Next| {
            let named = request.headers().get("x-test-peer").and_then(|peer| peer.to_str().ok()?.parse().ok());
            let peer = SocketAddr::new(named.unwrap_or([192, 0, 2, 1].into()), 50_000);
            request.extensions_mut().insert(Connection { zone: Zone("office".into()), administration: false, peer });
            next.run(request).await
        },
    ));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&hall).run(stop.clone()));
    tokio::spawn(identity.run(stop.clone()));
    let gone = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            served = axum::serve(listener, router) => served.unwrap(),
            () = gone.cancelled() => {}
        }
    });
    (hall, address, stop)
}

/// What the door said.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// A client's socket.
pub(crate) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    clock: fernamt_testkit::TestClock,
}

impl Line {
    pub(crate) async fn hello(&mut self, entry: Option<&str>, resume: Option<&str>, name: Option<&str>) {
        let hello = SocketHello {
            entry: entry.map(Secret::from),
            resume: resume.map(Secret::from),
            name: name.map(str::to_owned),
        };
        self.send(SocketRequest { re: None, act: SocketAct::Hello(hello) }).await;
    }

    pub(crate) async fn send(&mut self, request: SocketRequest) {
        self.raw(Message::text(serde_json::to_string(&request).unwrap())).await;
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Waits for the first message that fits.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(SocketMessage) -> Option<T>) -> T {
        let found = async {
            loop {
                match self.socket.next().await.expect("the socket ended").unwrap() {
                    Message::Text(text) => {
                        if let Some(found) = wanted(serde_json::from_str(&text).unwrap()) {
                            return found;
                        }
                    }
                    Message::Close(frame) => panic!("closed with {frame:?}"),
                    _ => {}
                }
            }
        };
        timeout(DEADLINE, found).await.expect("nothing came in time")
    }

    /// Waits for the end and tells the close code.
    pub(crate) async fn closed(&mut self) -> u16 {
        let end = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return 1006,
                }
            }
        };
        timeout(DEADLINE, end).await.expect("the socket did not end in time")
    }

    pub(crate) async fn welcome(&mut self) -> fernamt_api::conference::socket::MeetingWelcome {
        self.until(|message| match message {
            SocketMessage::Welcome(welcome) => Some(*welcome),
            _ => None,
        })
        .await
    }

    /// An act and its answer; time goes on a little before.
    pub(crate) async fn act(&mut self, act: SocketAct) -> Result<(), fernamt_api::conference::socket::SocketRefusal> {
        self.clock.advance(time::Duration::seconds(1));
        let re = self.next;
        self.next += 1;
        self.send(SocketRequest { re: Some(re), act }).await;
        self.until(move |message| match message {
            SocketMessage::Done { re: done } if done == re => Some(Ok(())),
            SocketMessage::Refused { re: Some(done), why } if done == re => Some(Err(why)),
            _ => None,
        })
        .await
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        use fernamt_domain::Clock as _;
        self.clock.now()
    }
}
