//! A desktop and a file copy share a slow line.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fernamt_access::ssh::Limits;
use fernamt_resume::{Attempt, BoxLine, Dialer};
use fernamt_testkit::{lab::Lab, line::Shape};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    time::{Instant, sleep},
};

use super::{
    house::{House, Running, STICK_PATIENCE, Target},
    peers::Echo,
    stick::Stick,
};

const BITS_PER_SECOND: u64 = 1_000_000;
const ROUND_TRIP: Duration = Duration::from_millis(100);

struct Direct(SocketAddr);

#[async_trait]
impl Dialer for Direct {
    async fn dial(&self, attempt: Attempt) -> std::io::Result<BoxLine> {
        let socket = TcpStream::connect(self.0).await?;
        socket.set_nodelay(true)?;
        attempt.answered();
        Ok(Box::new(socket))
    }
}

/// A target that sends as much as it can.
async fn flood() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move { while socket.write_all(&[7; 8 * 1024]).await.is_ok() {} });
        }
    });
    address
}

#[test]
fn a_key_press_passes_a_file_copy() {
    let lab = fernamt_testkit::peer!(Lab::start(11));
    lab.lines(|line| line.shape(&Shape::slow(ROUND_TRIP, BITS_PER_SECOND)));
    let runtime = || Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (home, office) = (lab.at_home(runtime), lab.at_office(runtime));
    // Only what is spawned runs on a thread inside the namespace.
    let started = office.spawn(async {
        let (echo, flood) = (Echo::start().await, flood().await);
        let targets = vec![Target::new("Rechner", "pc.test", echo.address), Target::new("Akten", "akten.test", flood)];
        let address = SocketAddr::from((Lab::OFFICE, 0));
        (Running::start_at(address, House::new(targets), Limits::default(), STICK_PATIENCE).await, echo)
    });
    let (running, _echo) = office.block_on(started).unwrap();
    let (house, address) = (Arc::clone(&running.house), running.address);
    let (copied, mut presses) = home
        .block_on(home.spawn(async move {
            let mut stick = Stick::sign_in_by(&house, Arc::new(Direct(address)), "stick", 1).await;
            stick.welcome(0).await;
            let [pc, files] = [0, 1].map(|n| (house.targets[n].id, house.targets[n].address.port()));
            let mut keys = stick.tunnel(pc.0, pc.1).await.unwrap();
            let mut copy = stick.tunnel(files.0, files.1).await.unwrap();
            let count = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&count);
            tokio::spawn(async move {
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(got @ 1..) = copy.read(&mut buffer).await {
                    counted.fetch_add(got, Ordering::SeqCst);
                }
            });
            sleep(Duration::from_secs(4)).await;
            let (began, before) = (Instant::now(), count.load(Ordering::SeqCst));
            let mut presses = Vec::new();
            for _ in 0..30 {
                let pressed = Instant::now();
                keys.write_all(&[1; 40]).await.unwrap();
                keys.read_exact(&mut [0; 40]).await.unwrap();
                presses.push(pressed.elapsed());
                sleep(Duration::from_millis(150)).await;
            }
            let copied = (count.load(Ordering::SeqCst) - before) as u128 * 1000 / began.elapsed().as_millis();
            (copied, presses)
        }))
        .unwrap();
    presses.sort();
    let (median, longest) = (presses[presses.len() / 2], presses[presses.len() - 1]);
    println!("{copied} bytes a second, a key press takes {median:?}, {longest:?} at the longest");
    // Behind all that the copy may have under way it takes seconds. How short it gets is `cargo xtask bench line`'s to say.
    assert!(median < ROUND_TRIP + Duration::from_secs(1), "{presses:?}");
    assert!(copied > u128::from(BITS_PER_SECOND) / 40, "{copied}");
}
