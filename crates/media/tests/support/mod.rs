//! A media plane on the loopback: the embedded one, or one on a real LiveKit.

pub(crate) mod client;
pub(crate) mod line;

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU16,
    sync::Arc,
};

use axum::Router;
use fernamt_domain::{SystemClock, SystemRng};
use fernamt_media::{
    MediaEvent, MediaPlane, Permissions, RoomLimits, RoomName, Seat, SeatId, TicketFor,
    embedded::{Embedded, Settings, begins_like_ice},
    livekit::{LiveKit, WEBHOOK_PATH},
};
use fernamt_testkit::peers;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The plane with its own threads, so that a test may block.
pub(crate) struct House {
    pub(crate) plane: Arc<dyn MediaPlane>,
    pub(crate) room: RoomName,
    pub(crate) address: SocketAddr,
    events: broadcast::Receiver<MediaEvent>,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
    runtime: Runtime,
    /// The other server, if the plane is on one.
    livekit: Option<OnLiveKit>,
}

struct OnLiveKit {
    server: peers::LiveKit,
    /// What takes its webhooks, until the next one does.
    webhooks: watch::Sender<Router>,
}

/// What a house may have otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) udp: bool,
    pub(crate) tcp: bool,
    pub(crate) threads: u16,
}

impl Default for Plan {
    fn default() -> Self {
        Self { udp: true, tcp: false, threads: 1 }
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(Plan::default())
    }

    pub(crate) fn with(plan: Plan) -> Self {
        let runtime = Runtime::new().unwrap();
        let (plane, address, events, stop, running) = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let settings = Settings {
                udp: (Ipv4Addr::LOCALHOST, 0).into(),
                advertised: plan.udp.then_some(Ipv4Addr::LOCALHOST.into()).into_iter().collect(),
                tcp: plan.tcp.then_some(address).into_iter().collect(),
                threads: NonZeroU16::new(plan.threads).unwrap(),
            };
            let rng: Arc<dyn fernamt_domain::Rng> = Arc::new(SystemRng);
            let plane = Embedded::bind(&settings, Arc::new(SystemClock), &rng).unwrap();
            let events = plane.events();
            let stop = CancellationToken::new();
            let (run, until) = (Arc::clone(&plane), stop.clone());
            let running = tokio::spawn(async move { run.run(until).await.unwrap() });
            tokio::spawn(listen(listener, Arc::clone(&plane)));
            (plane as Arc<dyn MediaPlane>, address, events, stop, running)
        });
        let room = RoomName(Uuid::from_u128(0x00c0_ffee));
        let house = Self { plane, room, address, events, stop, running: Some(running), runtime, livekit: None };
        house.open(RoomLimits::default());
        house
    }

    /// The plane on a real LiveKit, which tells us of what happens there.
    pub(crate) fn on_livekit() -> anyhow::Result<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let server = peers::LiveKit::start_with(&peers::LiveKitSettings {
            webhook: Some(format!("http://{address}{WEBHOOK_PATH}")),
            known_rooms_only: true,
            ..peers::LiveKitSettings::default()
        })?;
        let plane = plane_on(&server)?;
        let (webhooks, mut router) = watch::channel(plane.router());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = router.borrow_and_update().clone();
                let mut next = router.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve_http(stream, served) => {}
                        _ = next.changed() => {}
                    }
                });
            }
        });
        let (events, stop) = (plane.events(), CancellationToken::new());
        let room = RoomName(Uuid::from_u128(0x00c0_ffee));
        let livekit = Some(OnLiveKit { server, webhooks });
        let house = Self { plane, room, address, events, stop, running: None, runtime, livekit };
        house.open(RoomLimits::default());
        Ok(house)
    }

    /// Another life of the plane on the same LiveKit, as after a restart of the server.
    pub(crate) fn restart_on_livekit(&mut self) {
        let livekit = self.livekit.as_ref().unwrap();
        let plane = plane_on(&livekit.server).unwrap();
        drop(livekit.webhooks.send_replace(plane.router()));
        self.events = plane.events();
        self.runtime.block_on(plane.run(self.stop.clone()));
        self.plane = plane;
    }

    pub(crate) fn open(&self, limits: RoomLimits) {
        self.wait(self.plane.open_room(self.room, limits)).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        self.livekit.as_ref().map_or_else(|| format!("ws://{}", self.address), |livekit| livekit.server.ws_url())
    }

    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    pub(crate) fn seat(&self, number: u128) -> Seat {
        Seat { room: self.room, id: SeatId(Uuid::from_u128(number)) }
    }

    /// A ticket for a seat that may do everything.
    pub(crate) fn ticket(&self, number: u128) -> String {
        self.ticket_with(number, Permissions { own_metadata: true, ..Permissions::PARTICIPANT })
    }

    pub(crate) fn ticket_with(&self, number: u128, permissions: Permissions) -> String {
        let ticket = TicketFor { seat: self.seat(number), name: format!("seat {number}"), permissions };
        self.wait(self.plane.ticket(ticket)).unwrap().token.expose().clone()
    }

    /// Waits for an event, forgetting those before.
    pub(crate) fn event(&mut self, wanted: impl Fn(&MediaEvent) -> bool) -> MediaEvent {
        let (runtime, events) = (&self.runtime, &mut self.events);
        runtime.block_on(async {
            let search = async {
                loop {
                    let event = events.recv().await.unwrap();
                    if wanted(&event) {
                        return event;
                    }
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(30), search).await.expect("the event comes")
        })
    }

    pub(crate) fn shut_down(&mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running).unwrap();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shut_down();
    }
}

fn plane_on(server: &peers::LiveKit) -> anyhow::Result<Arc<LiveKit>> {
    let settings = fernamt_media::livekit::Settings {
        url: server.ws_url(),
        api_url: server.http_url(),
        key: server.key.to_owned(),
        secret: server.secret.into(),
    };
    Ok(LiveKit::new(settings, Arc::new(SystemClock), Arc::new(SystemRng))?)
}

async fn listen(listener: TcpListener, plane: Arc<Embedded>) {
    let router = plane.router();
    while let Ok((stream, peer)) = listener.accept().await {
        tokio::spawn(serve(stream, peer, Arc::clone(&plane), router.clone()));
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, plane: Arc<Embedded>, router: Router) {
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok_and(|count| count == 1 && begins_like_ice(first[0])) {
        let local = stream.local_addr().unwrap();
        return plane.accept(stream, peer, local).await;
    }
    serve_http(stream, router).await;
}

async fn serve_http(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}
