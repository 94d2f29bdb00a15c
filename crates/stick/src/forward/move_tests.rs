//! Tunnels that move between two SSH connections, whose other end the tests play.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use fernamt_domain::{SystemClock, SystemRng, TargetId};
use fernamt_resume::{Backlog, Status};
use russh::{
    Channel, ChannelId, ChannelMsg, ChannelOpenFailure, Disconnect, client,
    keys::{PrivateKey, PublicKeyOrCertificate, ssh_key::private::Ed25519Keypair},
    server,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    gate::Gate,
    inlets::Inlets,
    moving::{ANSWER_PATIENCE, Course, Lane, Leg, Moved, Mover},
    tunnel,
};

const PATIENCE: Duration = Duration::from_secs(20);
const NUMBER: u32 = 7;

/// What the gateway was asked for.
struct Asked {
    host: String,
    number: u32,
    channel: Channel<server::Msg>,
    reply: server::ChannelOpenHandle,
}

struct Far(mpsc::Sender<Asked>);

impl server::Handler for Far {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<server::Auth, Self::Error> {
        Ok(server::Auth::Accept)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<server::Msg>,
        host: &str,
        _port: u32,
        _address: &str,
        number: u32,
        reply: server::ChannelOpenHandle,
        _session: &mut server::Session,
    ) -> Result<(), Self::Error> {
        let _ = self.0.send(Asked { host: host.to_owned(), number, channel, reply }).await;
        Ok(())
    }
}

/// The stick's side, and how many channels it has heard to be closed.
struct Near(Inlets, watch::Sender<usize>);

impl client::Handler for Near {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }

    async fn channel_open_confirmation(
        &mut self,
        id: ChannelId,
        _: u32,
        _: u32,
        _: &mut client::Session,
    ) -> Result<(), Self::Error> {
        self.0.opened(id);
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut client::Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.0.get(id)
            && !inlet.push(data)
        {
            inlet.room().await;
        }
        Ok(())
    }

    async fn window_adjusted(&mut self, id: ChannelId, _: u32, _: &mut client::Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.0.get(id) {
            inlet.window_grew();
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut client::Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.0.get(id) {
            inlet.end();
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut client::Session) -> Result<(), Self::Error> {
        self.0.close(id);
        self.1.send_modify(|closed| *closed += 1);
        Ok(())
    }
}

/// A connection as tunnels see it.
struct Connection {
    lane: Arc<Lane<Near>>,
    /// What the gateway is asked for on it.
    asked: mpsc::Receiver<Asked>,
    /// How many channels the gateway was heard to close.
    closed: watch::Receiver<usize>,
    /// The gateway ends it.
    end: CancellationToken,
}

async fn connection() -> Connection {
    // Enough for all that a test sends: neither side reads while it waits to write.
    let (near, far) = duplex(8 * 1024 * 1024);
    let (ask, asked) = mpsc::channel(4);
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[1; 32]));
    let config =
        Arc::new(server::Config { keys: vec![key], auth_rejection_time: Duration::ZERO, ..Default::default() });
    let end = CancellationToken::new();
    let ended = end.clone();
    tokio::spawn(async move {
        let Ok(mut session) = server::run_stream(config, far, Far(ask)).await else { return };
        if ended.run_until_cancelled(&mut session).await.is_none() {
            let _ = session.handle().disconnect(Disconnect::ByApplication, String::new(), String::new()).await;
            let _ = session.await;
        }
    });
    let inlets = Inlets::new(256 * 1024, CancellationToken::new());
    let (close, closed) = watch::channel(0);
    let mut ssh = client::connect_stream(Arc::default(), near, Near(inlets.clone(), close)).await.unwrap();
    assert!(ssh.authenticate_none("x").await.unwrap().success());
    // Nobody writes what waits for the line, so nobody waits for it either.
    let (_, backlog) = watch::channel(Backlog::default());
    let (_, status) = watch::channel(Status::default());
    let over = CancellationToken::new();
    let gate = Gate::new(backlog, over.clone());
    let lane = Arc::new(Lane { ssh: Arc::new(ssh), status, inlets, gate, over });
    Connection { lane, asked, closed, end }
}

/// A tunnel that runs on its first connection, and may move to the second.
struct Moving {
    program: TcpStream,
    first: Channel<server::Msg>,
    /// The connection to which it may move.
    companion: Connection,
    tunnel: Arc<Leg>,
    course: Arc<watch::Sender<Course>>,
    target: TargetId,
    running: JoinHandle<()>,
    /// The connection on which it began.
    begun_on: Connection,
}

/// Opens a channel on a connection, and accepts it at the gateway.
async fn channel(connection: &mut Connection) -> (Channel<client::Msg>, Channel<server::Msg>) {
    let opening = connection.lane.ssh.channel_open_direct_tcpip("first", 1, "127.0.0.1", NUMBER);
    let accepting = async {
        let Asked { channel, reply, .. } = connection.asked.recv().await.unwrap();
        reply.accept().await;
        channel
    };
    let (near, far) = tokio::join!(opening, accepting);
    (near.unwrap(), far)
}

async fn moving() -> Moving {
    let (mut one, companion) = tokio::join!(connection(), connection());
    let (near, first) = channel(&mut one).await;
    let tunnel = Arc::new(Leg::new(near.split().1, &one.lane.inlets, &one.lane.gate).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (program, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let (from_program, to_program) = accepted.unwrap().0.into_split();
    tunnel.inlet.connect(to_program);
    let course = Arc::new(watch::Sender::new(Course::First));
    let running = tokio::spawn({
        let (tunnel, course) = (Arc::clone(&tunnel), Arc::clone(&course));
        async move {
            let _ = tokio::try_join!(tunnel::to_gateway(&from_program, &tunnel, &course), tunnel.inlet.carry());
        }
    });
    let target = TargetId::new(&SystemClock, &SystemRng);
    Moving { program: program.unwrap(), first, companion, tunnel, course, target, running, begun_on: one }
}

impl Moving {
    /// The stick asks for the move.
    fn ask(&self) -> JoinHandle<Moved> {
        self.ask_within(ANSWER_PATIENCE)
    }

    fn ask_within(&self, patience: Duration) -> JoinHandle<Moved> {
        let (_, lanes) = watch::channel(None);
        let mover = Mover { lanes, target: self.target, port: 1, number: NUMBER, patience };
        let (lane, tunnel, course) =
            (Arc::clone(&self.companion.lane), Arc::clone(&self.tunnel), Arc::clone(&self.course));
        tokio::spawn(async move { mover.try_move(&lane, &tunnel.inlet, &course).await })
    }

    async fn asked(&mut self) -> Asked {
        let asked = timeout(PATIENCE, self.companion.asked.recv()).await.expect("nobody asks").unwrap();
        assert_eq!((asked.host, asked.number), (format!("{}.moved", self.target), NUMBER));
        Asked { host: String::new(), ..asked }
    }
}

async fn next(channel: &mut Channel<server::Msg>) -> ChannelMsg {
    timeout(PATIENCE, channel.wait()).await.expect("nothing comes").unwrap()
}

/// All that comes until the end.
async fn rest(channel: &mut Channel<server::Msg>) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match next(channel).await {
            ChannelMsg::Data { data } => all.extend_from_slice(&data),
            ChannelMsg::Eof => return all,
            ChannelMsg::Close => panic!("closed without an end"),
            _ => {}
        }
    }
}

fn bytes(count: u32) -> Vec<u8> {
    (0..count).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_moves_while_data_run_both_ways() {
    let mut moving = moving().await;
    let (up, down) = (bytes(2_000_000), bytes(1_500_000));
    let asking = moving.ask();
    let Asked { channel: mut second, reply, .. } = moving.asked().await;
    let (mut from, mut to) = moving.program.into_split();
    let (go_on, moved) = oneshot::channel();
    let writing = tokio::spawn({
        let up = up.clone();
        async move {
            // The windows have room for all of it, so what is to go the new way waits for the move.
            let (before, after) = up.split_at(400_000);
            to.write_all(before).await.unwrap();
            moved.await.unwrap();
            to.write_all(after).await.unwrap();
            to.shutdown().await.unwrap();
        }
    });
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        timeout(PATIENCE, from.read_to_end(&mut all)).await.expect("stuck").unwrap();
        all
    });
    // Some of it comes before the answer.
    let mut seen = Vec::new();
    while seen.len() < 100_000 {
        if let ChannelMsg::Data { data } = next(&mut moving.first).await {
            seen.extend_from_slice(&data);
        }
    }
    moving.first.data_bytes(down[..300_000].to_vec()).await.unwrap();
    reply.accept().await;
    assert_eq!(asking.await.unwrap(), Moved::There);
    go_on.send(()).unwrap();
    // What was sent later comes first.
    second.data_bytes(down[400_000..600_000].to_vec()).await.unwrap();
    moving.first.data_bytes(down[300_000..400_000].to_vec()).await.unwrap();
    moving.first.eof().await.unwrap();
    let sending = async {
        seen.extend(rest(&mut moving.first).await);
        assert!(seen.len() < up.len(), "it never moved");
        seen.extend(rest(&mut second).await);
    };
    sending.await;
    second.data_bytes(down[600_000..].to_vec()).await.unwrap();
    second.eof().await.unwrap();
    assert!(reading.await.unwrap() == down, "what came down differs");
    assert!(seen == up, "what went up differs");
    writing.await.unwrap();
    timeout(PATIENCE, moving.running).await.expect("it runs on").unwrap();
}

#[tokio::test]
async fn a_refused_move_changes_nothing() {
    let mut moving = moving().await;
    let asking = moving.ask();
    let Asked { reply, .. } = moving.asked().await;
    moving.first.data_bytes(&b"all"[..]).await.unwrap();
    moving.first.eof().await.unwrap();
    let mut heard = [0; 3];
    moving.program.read_exact(&mut heard).await.unwrap();
    assert!(timeout(Duration::from_millis(50), moving.program.read(&mut heard)).await.is_err(), "nobody knows yet");
    reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
    assert_eq!(asking.await.unwrap(), Moved::Stays);
    assert_eq!(timeout(PATIENCE, moving.program.read(&mut heard)).await.unwrap().unwrap(), 0, "it was a real end");
    moving.program.write_all(b"and up").await.unwrap();
    moving.program.shutdown().await.unwrap();
    assert_eq!(rest(&mut moving.first).await, b"and up");
    timeout(PATIENCE, moving.running).await.expect("it runs on").unwrap();
}

#[tokio::test]
async fn a_program_that_ends_while_the_gateway_is_asked_ends_where_it_belongs() {
    for accepts in [true, false] {
        let mut moving = moving().await;
        let asking = moving.ask();
        let Asked { channel: mut second, reply, .. } = moving.asked().await;
        moving.program.write_all(b"all").await.unwrap();
        moving.program.shutdown().await.unwrap();
        assert!(matches!(next(&mut moving.first).await, ChannelMsg::Data { data } if &data[..] == b"all"));
        assert!(timeout(Duration::from_millis(50), moving.first.wait()).await.is_err(), "nobody knows yet");
        if accepts {
            reply.accept().await;
        } else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
        }
        assert_eq!(asking.await.unwrap(), if accepts { Moved::There } else { Moved::Stays });
        assert!(rest(&mut moving.first).await.is_empty());
        if accepts {
            assert!(rest(&mut second).await.is_empty());
        }
        let last = if accepts {
            moving.first.eof().await.unwrap();
            &second
        } else {
            &moving.first
        };
        last.data_bytes(&b"bye"[..]).await.unwrap();
        last.eof().await.unwrap();
        let mut heard = Vec::new();
        timeout(PATIENCE, moving.program.read_to_end(&mut heard)).await.unwrap().unwrap();
        assert_eq!(heard, b"bye");
        timeout(PATIENCE, moving.running).await.expect("it runs on").unwrap();
    }
}

#[tokio::test]
async fn an_old_channel_that_closes_before_the_answer_takes_nothing_with_it() {
    for accepts in [true, false] {
        let mut moving = moving().await;
        let asking = moving.ask();
        let Asked { channel: second, reply, .. } = moving.asked().await;
        moving.first.data_bytes(&b"all"[..]).await.unwrap();
        moving.first.eof().await.unwrap();
        moving.first.close().await.unwrap();
        timeout(PATIENCE, moving.tunnel.inlet.shut()).await.expect("it is not closed");
        if accepts {
            reply.accept().await;
            second.data_bytes(&b" of it"[..]).await.unwrap();
            second.eof().await.unwrap();
            second.close().await.unwrap();
        } else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
        assert_eq!(asking.await.unwrap(), if accepts { Moved::There } else { Moved::Stays });
        let mut heard = Vec::new();
        timeout(PATIENCE, moving.program.read_to_end(&mut heard)).await.unwrap().unwrap();
        assert_eq!(heard, if accepts { &b"all of it"[..] } else { b"all" });
        timeout(PATIENCE, moving.running).await.expect("it runs on").unwrap();
    }
}

#[tokio::test]
async fn a_channel_that_closes_before_it_is_taken_is_not_taken_for_an_open_one() {
    let mut connection = connection().await;
    let (near, far) = channel(&mut connection).await;
    far.data_bytes(&b"all"[..]).await.unwrap();
    far.eof().await.unwrap();
    far.close().await.unwrap();
    timeout(PATIENCE, connection.closed.wait_for(|closed| *closed == 1)).await.expect("it stays open").unwrap();
    let leg = Leg::new(near.split().1, &connection.lane.inlets, &connection.lane.gate).unwrap();
    timeout(PATIENCE, leg.inlet.closed()).await.expect("it is said to be open");
    assert_eq!(connection.lane.inlets.count(), 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (program, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    leg.inlet.connect(accepted.unwrap().0.into_split().1);
    leg.inlet.carry().await.unwrap();
    let mut heard = Vec::new();
    timeout(PATIENCE, program.unwrap().read_to_end(&mut heard)).await.expect("it never ends").unwrap();
    assert_eq!(heard, b"all");
}

#[tokio::test]
async fn a_tunnel_that_has_moved_leaves_nothing_behind() {
    let mut moving = moving().await;
    let asking = moving.ask();
    let Asked { channel: second, reply, .. } = moving.asked().await;
    reply.accept().await;
    assert_eq!(asking.await.unwrap(), Moved::There);
    moving.first.eof().await.unwrap();
    second.eof().await.unwrap();
    moving.program.shutdown().await.unwrap();
    timeout(PATIENCE, moving.running).await.expect("it runs on").unwrap();
    assert_eq!((moving.begun_on.lane.inlets.count(), moving.companion.lane.inlets.count()), (1, 1));
    drop((moving.tunnel, moving.course));
    assert_eq!((moving.begun_on.lane.inlets.count(), moving.companion.lane.inlets.count()), (0, 0));
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_is_no_refusal() {
    let mut moving = moving().await;
    let asking = moving.ask();
    let asked = moving.asked().await;
    moving.first.data_bytes(&b"all"[..]).await.unwrap();
    moving.first.eof().await.unwrap();
    let mut heard = [0; 3];
    moving.program.read_exact(&mut heard).await.unwrap();
    moving.companion.end.cancel();
    assert_eq!(timeout(PATIENCE, asking).await.expect("it waits").unwrap(), Moved::Lost);
    drop(asked);
    // Whether more was to come on the other channel, nobody knows.
    assert!(moving.course.borrow().is_open());
    let mut heard = Vec::new();
    assert!(timeout(Duration::from_millis(50), moving.program.read_to_end(&mut heard)).await.is_err(), "it has ended");
    // Where nobody was asked, all goes on.
    let mut further = self::moving().await;
    further.companion.end.cancel();
    let session = Arc::clone(&further.companion.lane);
    timeout(PATIENCE, async {
        while !session.ssh.is_closed() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the companion stays");
    assert_eq!(further.ask().await.unwrap(), Moved::Stays);
    further.program.write_all(b"and on").await.unwrap();
    assert!(matches!(next(&mut further.first).await, ChannelMsg::Data { data } if &data[..] == b"and on"));
}

/// A program's tunnel as it is carried, the gateway's end of it, and what ends it.
async fn carried() -> (TcpStream, Channel<server::Msg>, JoinHandle<bool>, CancellationToken, Connection) {
    let mut one = connection().await;
    let (near, far) = channel(&mut one).await;
    let leg = Leg::new(near.split().1, &one.lane.inlets, &one.lane.gate).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (program, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let (_, lanes) = watch::channel::<Option<Arc<Lane<Near>>>>(None);
    let mover = Mover {
        lanes,
        target: TargetId::new(&SystemClock, &SystemRng),
        port: 1,
        number: NUMBER,
        patience: ANSWER_PATIENCE,
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { tunnel::carry(accepted.unwrap().0, &leg, mover, &stop).await.cut }
    });
    (program.unwrap(), far, running, stop, one)
}

#[tokio::test]
async fn a_program_that_does_not_get_all_hears_of_it() {
    for (ends, whole) in [("closed", true), ("closed", false), ("stopped", false)] {
        let (mut program, far, running, stop, _connection) = carried().await;
        far.data_bytes(&b"some"[..]).await.unwrap();
        let mut heard = [0; 4];
        timeout(PATIENCE, program.read_exact(&mut heard)).await.unwrap().unwrap();
        if whole {
            far.eof().await.unwrap();
        }
        match ends {
            "closed" => far.close().await.unwrap(),
            _ => stop.cancel(),
        }
        let end = timeout(PATIENCE, program.read(&mut heard)).await.expect("it never ends");
        match end {
            Ok(0) => assert!(whole, "{ends}: cut off, and taken for whole"),
            Ok(_) => panic!("more came"),
            Err(error) => assert!(!whole && error.kind() == ErrorKind::ConnectionReset, "{ends}: {error}"),
        }
        let cut = timeout(PATIENCE, running).await.expect("it runs on").unwrap();
        assert_eq!(cut, !whole, "{ends}");
    }
}

#[tokio::test]
async fn a_channel_that_nobody_wants_any_more_is_closed() {
    let mut connection = connection().await;
    let (ssh, inlets, gate) =
        (Arc::clone(&connection.lane.ssh), connection.lane.inlets.clone(), connection.lane.gate.clone());
    let (tell, told) = oneshot::channel();
    let opening = tokio::spawn(super::moving::open(ssh, inlets, gate, "late".to_owned(), 1, NUMBER, tell));
    let Asked { mut channel, reply, .. } = connection.asked.recv().await.unwrap();
    drop(told);
    reply.accept().await;
    while !matches!(next(&mut channel).await, ChannelMsg::Close) {}
    timeout(PATIENCE, opening).await.expect("it waits").unwrap();
    assert_eq!(connection.lane.inlets.count(), 0);
}

#[tokio::test]
async fn an_end_does_not_wait_for_a_silent_companion_for_ever() {
    for program_ends in [true, false] {
        let mut moving = moving().await;
        let asking = moving.ask_within(Duration::from_millis(1));
        let _asked = moving.asked().await;
        if program_ends {
            moving.program.shutdown().await.unwrap();
        } else {
            moving.first.eof().await.unwrap();
        }
        assert_eq!(timeout(PATIENCE, asking).await.expect("it waits").unwrap(), Moved::Lost);
    }
}
