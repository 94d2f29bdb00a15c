//! The driver over real connections on loopback, which are cut and silenced at will.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fernamt_resume::{
    Attach, Attempt, BoxLine, Decoder, Dialer, End, First, Frame, Greeting, Handle, Pipe, Refusal, Settings, Status,
    Ticket, accept, initiate, refuse,
};
use fernamt_testkit::SeededRng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
};

const CUTS: usize = 40;
const PART_BYTES: usize = 100_000;
/// More than both buffers hold, so that no cut comes after all is sent.
const BYTES: usize = CUTS * PART_BYTES + 8_000_000;

/// What the way between the two sides does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// Takes everything and passes nothing on.
    Silent,
    /// Takes no connection.
    Closed,
}

/// A place with a gateway behind a way that can be cut.
pub(crate) struct Road {
    address: std::net::SocketAddr,
    /// Where it leads.
    pub(crate) gateway: std::net::SocketAddr,
    cut: watch::Sender<u64>,
    way: watch::Sender<Way>,
    lines: Arc<AtomicUsize>,
}

impl Road {
    /// A road to `gateway`.
    async fn to(gateway: std::net::SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, way, lines) = (watch::Sender::new(0), watch::Sender::new(Way::Open), Arc::new(AtomicUsize::new(0)));
        let (cuts, ways, count) = (cut.subscribe(), way.subscribe(), Arc::clone(&lines));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *ways.borrow() == Way::Closed {
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(carry(near, gateway, cuts.clone(), ways.clone()));
            }
        });
        Self { address, gateway, cut, way, lines }
    }

    pub(crate) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn carry(
    near: TcpStream,
    gateway: std::net::SocketAddr,
    mut cut: watch::Receiver<u64>,
    way: watch::Receiver<Way>,
) {
    cut.mark_unchanged();
    let Ok(far) = TcpStream::connect(gateway).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let both = async {
        tokio::join!(one_way(near_in, far_out, way.clone()), one_way(far_in, near_out, way.clone()));
    };
    tokio::select! {
        () = both => {}
        _ = cut.changed() => {}
    }
}

async fn one_way(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    way: watch::Receiver<Way>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if *way.borrow() == Way::Open && to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}

pub(crate) struct Dial(pub(crate) std::net::SocketAddr);

#[async_trait]
impl Dialer for Dial {
    async fn dial(&self, attempt: Attempt) -> io::Result<BoxLine> {
        let socket = TcpStream::connect(self.0).await?;
        attempt.answered();
        Ok(Box::new(socket))
    }
}

/// A gateway for one stream: hands out what was opened, attaches what comes back.
pub(crate) struct Gateway {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) opened: mpsc::Receiver<(Pipe, Handle)>,
    _serving: JoinHandle<()>,
}

impl Gateway {
    async fn start(settings: Settings) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), settings).await
    }

    pub(crate) async fn start_at(address: std::net::SocketAddr, settings: Settings) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, opened) = mpsc::channel(4);
        let known: Arc<Mutex<Option<Handle>>> = Arc::default();
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (tell, known, settings) = (tell.clone(), Arc::clone(&known), settings.clone());
                tokio::spawn(async move {
                    match greet(socket).await {
                        Some((First::Open(rest), line)) => {
                            let (pipe, handle) = accept(settings, line, rest);
                            *known.lock().unwrap() = Some(handle.clone());
                            tell.send((pipe, handle)).await.unwrap();
                        }
                        Some((First::Attach(attach, rest), line)) => come_back(&known, line, attach, rest),
                        Some((First::Twin(twin, rest), line)) => {
                            let handle = known.lock().unwrap().clone().unwrap();
                            handle.take_twin(line, &twin, rest);
                        }
                        None => {}
                    }
                });
            }
        });
        Self { address, opened, _serving: serving }
    }
}

fn come_back(known: &Mutex<Option<Handle>>, line: BoxLine, attach: Attach, rest: Decoder) {
    let handle = known.lock().unwrap().clone().unwrap();
    handle.attach(line, attach, rest);
}

async fn greet(mut socket: TcpStream) -> Option<(First, BoxLine)> {
    let mut greeting = Greeting::default();
    let mut buffer = [0; 1024];
    loop {
        let count = socket.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        if let Some(first) = greeting.push(&buffer[..count]).unwrap() {
            return Some((first, Box::new(socket)));
        }
    }
}

pub(crate) fn ticket() -> Ticket {
    Ticket::new(&SeededRng::new(7), Duration::from_mins(1))
}

/// Both ends of an armed stream, and the road between them.
pub(crate) async fn pair(settings: Settings) -> (Road, (Pipe, Handle), (Pipe, Handle)) {
    let mut gateway = Gateway::start(settings.clone()).await;
    let road = Road::to(gateway.address).await;
    let stick = initiate(settings, Arc::new(Dial(road.address)));
    let office = gateway.opened.recv().await.unwrap();
    office.1.arm(ticket());
    stick.1.arm(ticket());
    (road, stick, office)
}

fn noise(bytes: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

pub(crate) async fn until(handle: &Handle, mut what: impl FnMut(&Status) -> bool) {
    let mut status = handle.watch();
    status.wait_for(|status| what(status)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_survive_many_cuts_both_ways() {
    let (road, (stick, stick_handle), (office, office_handle)) = pair(Settings::default()).await;
    let (up, down) = (noise(BYTES, 1), noise(BYTES, 2));
    let (mut stick_in, mut stick_out) = tokio::io::split(stick);
    let (mut office_in, mut office_out) = tokio::io::split(office);
    let (sent_up, sent_down) = (up.clone(), down.clone());
    let writing_up = tokio::spawn(async move {
        stick_out.write_all(&sent_up).await.unwrap();
        stick_out.shutdown().await.unwrap();
    });
    let writing_down = tokio::spawn(async move {
        office_out.write_all(&sent_down).await.unwrap();
        office_out.shutdown().await.unwrap();
    });
    let reading_up = tokio::spawn(async move {
        let mut all = Vec::new();
        office_in.read_to_end(&mut all).await.unwrap();
        all
    });
    let mut arrived = vec![0; down.len()];
    let (parts, rest) = arrived.split_at_mut(CUTS * PART_BYTES);
    for (cut, part) in (1..).zip(parts.chunks_mut(PART_BYTES)) {
        stick_in.read_exact(part).await.unwrap();
        until(&stick_handle, |status| status.away_since.is_none()).await;
        road.cut();
        until(&stick_handle, |status| status.outages == cut).await;
    }
    stick_in.read_exact(rest).await.unwrap();
    assert_eq!(stick_in.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(reading_up.await.unwrap() == up, "upwards");
    assert!(arrived == down, "downwards");
    writing_up.await.unwrap();
    writing_down.await.unwrap();
    assert_eq!(stick_handle.ended().await, End::Finished);
    assert_eq!(office_handle.ended().await, End::Finished);
    let status = stick_handle.status();
    assert!(road.lines.load(Ordering::SeqCst) > CUTS);
    assert_eq!((status.faults, office_handle.status().faults), (0, 0), "{status:?}");
}

#[tokio::test]
async fn a_line_that_says_nothing_more_is_noticed_and_replaced() {
    let (road, (mut stick, handle), (mut office, _)) = pair(Settings::default()).await;
    office.write_all(b"before").await.unwrap();
    let mut buffer = [0; 6];
    stick.read_exact(&mut buffer).await.unwrap();
    road.set(Way::Silent);
    office.write_all(b"within").await.unwrap();
    until(&handle, |status| status.away_since.is_some()).await;
    road.set(Way::Open);
    // The lines dialled meanwhile are half dead too; the next one works.
    stick.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"within");
    until(&handle, |status| status.away_since.is_none()).await;
    let outage = handle.status().last_outage.unwrap();
    assert!(outage >= Duration::from_secs(1), "{outage:?}");
}

#[tokio::test]
async fn what_is_held_during_an_outage_is_bounded() {
    let settings = Settings { replay_bytes: 256 * 1024, window_bytes: 256 * 1024, ..Settings::default() };
    let (road, (_stick, _), (mut office, handle)) = pair(settings).await;
    road.set(Way::Closed);
    road.cut();
    until(&handle, |status| status.away_since.is_some()).await;
    let (part, mut taken) = (vec![0; 64 * 1024], 0);
    while let Ok(count) = tokio::time::timeout(Duration::from_millis(200), office.write(&part)).await {
        taken += count.unwrap();
    }
    assert_eq!(taken, 256 * 1024);
}

#[tokio::test]
async fn an_abort_ends_a_stream_that_is_away_and_refuses_its_return() {
    let (road, (mut stick, stick_handle), (mut office, handle)) = pair(Settings::default()).await;
    road.set(Way::Closed);
    road.cut();
    until(&handle, |status| status.away_since.is_some()).await;
    handle.abort();
    assert_eq!(handle.ended().await, End::Aborted);
    assert!(office.read(&mut [0; 1]).await.is_err());
    road.set(Way::Open);
    assert_eq!(stick_handle.ended().await, End::Refused(Refusal::Gone));
    assert_eq!(stick.read(&mut [0; 1]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_abort_over_a_standing_line_is_told() {
    let (_road, (mut stick, stick_handle), (_office, handle)) = pair(Settings::default()).await;
    handle.abort();
    assert_eq!(stick.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(stick_handle.ended().await, End::Dismissed);
}

#[tokio::test]
async fn who_drops_the_pipe_lets_the_other_side_read_to_the_end() {
    let (_road, (mut stick, stick_handle), (mut office, handle)) = pair(Settings::default()).await;
    office.write_all(&vec![7; 100_000]).await.unwrap();
    drop(office);
    let mut all = Vec::new();
    stick.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, vec![7; 100_000]);
    assert!(stick.write_all(b"nobody reads this").await.is_ok());
    drop(stick);
    assert_eq!(handle.ended().await, End::Finished);
    assert_eq!(stick_handle.ended().await, End::Finished);
}

#[tokio::test]
async fn who_moves_gets_another_line_without_losing_the_old_one_first() {
    let (road, (mut stick, handle), (mut office, office_handle)) = pair(Settings::default()).await;
    let before = office_handle.status().line;
    handle.moved();
    until(&office_handle, |status| status.line != before).await;
    office.write_all(b"here").await.unwrap();
    let mut buffer = [0; 4];
    stick.read_exact(&mut buffer).await.unwrap();
    assert_eq!((&buffer, road.lines.load(Ordering::SeqCst)), (b"here", 2));
}

#[tokio::test]
async fn a_forged_or_old_proof_disturbs_nothing() {
    let (_road, (mut stick, _), (mut office, handle)) = pair(Settings::default()).await;
    let line = handle.status().line;
    let strange = Ticket::new(&SeededRng::new(8), Duration::from_mins(1));
    for attach in [Attach { id: ticket().id(), ..strange.attach(5, 0) }, ticket().attach(0, 0)] {
        let (near, mut far) = tokio::io::duplex(1_000);
        assert_eq!(handle.attach(Box::new(near), attach, Decoder::default()), None);
        let mut answer = vec![0; 4];
        far.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, Frame::Refused(Refusal::Gone).to_bytes());
    }
    assert_eq!(handle.status().line, line);
    office.write_all(b"ok").await.unwrap();
    stick.read_exact(&mut [0; 2]).await.unwrap();
}

#[tokio::test]
async fn a_refused_line_hears_so() {
    let (near, mut far) = tokio::io::duplex(1_000);
    far.write_all(&ticket().attach(1, 0).code).await.unwrap();
    tokio::spawn(refuse(Box::new(near), Refusal::Busy));
    let mut answer = vec![0; 4];
    far.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, Frame::Refused(Refusal::Busy).to_bytes());
}

/// A dialler whose line has brought something before it is handed over.
struct ReadAhead(Mutex<Option<BoxLine>>);

#[async_trait]
impl Dialer for ReadAhead {
    async fn dial(&self, _: Attempt) -> io::Result<BoxLine> {
        self.0.lock().unwrap().take().ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_line_has_brought_before_it_stands_is_not_lost() {
    for _ in 0..1_000 {
        let (near, mut far) = tokio::io::duplex(1_000);
        let first = Frame::Data { position: 0, bytes: "SSH-2.0".into() };
        far.write_all(&first.to_bytes()).await.unwrap();
        let (mut stick, _) = initiate(Settings::default(), Arc::new(ReadAhead(Mutex::new(Some(Box::new(near))))));
        let mut banner = [0; 7];
        stick.read_exact(&mut banner).await.unwrap();
        assert_eq!(&banner, b"SSH-2.0");
    }
}
