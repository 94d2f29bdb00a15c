//! Our embedded media plane in a process of its own: this very program, called with the word `serve`.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _, stdin},
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU16,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use fernamt_domain::{Rng, SystemClock, SystemRng};
use fernamt_media::{
    MediaPlane as _, Permissions, RoomLimits, RoomName, Seat, SeatId, TicketFor,
    embedded::{Embedded, Settings},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The word that makes this program the server.
pub(crate) const SERVE: &str = "serve";

/// Our server, on one processor alone. Dropping it ends it.
pub(crate) struct Ours {
    child: Child,
    address: SocketAddr,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Ours {
    pub(crate) fn start(processor: usize) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &processor.to_string()]).arg(env::current_exe()?).arg(SERVE);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("run taskset")?;
        let input = child.stdin.take().context("the server has an input")?;
        let mut output = BufReader::new(child.stdout.take().context("the server has an output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line.trim().parse().context("the server tells its address")?;
        Ok(Self { child, address, talk: Mutex::new((input, output)) })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A ticket for a new seat.
    pub(crate) fn ticket(&self) -> Result<String> {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = &mut *talk;
        writeln!(input, "ticket")?;
        let mut line = String::new();
        output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the server ended");
        Ok(line.trim().to_owned())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's side: prints its address, then a ticket for each line of its input, and ends with it.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let room = RoomName(Uuid::from_bytes([7; 16]));
    let plane = runtime.block_on(async {
        let settings = Settings {
            udp: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            advertised: vec![Ipv4Addr::LOCALHOST.into()],
            tcp: Vec::new(),
            threads: NonZeroU16::MIN,
        };
        let plane = Embedded::bind(&settings, Arc::new(SystemClock), &rng)?;
        tokio::spawn(Arc::clone(&plane).run(CancellationToken::new()));
        // One browser sends several cameras of the viewer's case.
        let limits = RoomLimits { max_tracks_per_seat: 12, ..RoomLimits::default() };
        plane.open_room(room, limits).await?;
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        tell(&listener.local_addr()?.to_string());
        let service = plane.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        anyhow::Ok(plane)
    })?;
    for (number, line) in (1_u128..).zip(stdin().lines()) {
        line?;
        let seat = Seat { room, id: SeatId(Uuid::from_u128(number)) };
        let asked = TicketFor { seat, name: format!("load {number}"), permissions: Permissions::PARTICIPANT };
        tell(runtime.block_on(plane.ticket(asked))?.token.expose());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this line is the answer")]
fn tell(line: &str) {
    println!("{line}");
}
