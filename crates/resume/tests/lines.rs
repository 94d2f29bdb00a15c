//! The driver over real TCP on bad lines: packets are late or lost, lines are cut, the address changes.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use fernamt_resume::{Handle, Pipe, Settings, initiate};
use fernamt_testkit::{SeededRng, full, lab::Lab, line::Shape, office::pause};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime::{Builder, Runtime},
};

use crate::driver::{Dial, Gateway, ticket};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_mins(5);

/// A stream between home and office, each on threads in its own network.
struct Ends {
    home: Runtime,
    office: Runtime,
}

impl Ends {
    fn meet(lab: &Lab) -> (Self, (Pipe, Handle), (Pipe, Handle)) {
        let runtime = || Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (home, office) = (lab.at_home(runtime), lab.at_office(runtime));
        let mut gateway = office.block_on(async {
            tokio::spawn(Gateway::start_at(SocketAddr::from((Lab::OFFICE, 0)), Settings::default())).await.unwrap()
        });
        let stick = {
            let _inside = home.enter();
            initiate(Settings::default(), Arc::new(Dial(gateway.address)))
        };
        let inside = office.block_on(gateway.opened.recv()).unwrap();
        inside.1.arm(ticket());
        stick.1.arm(ticket());
        (Self { home, office }, stick, inside)
    }
}

/// What stands at this position of a direction.
fn byte(position: usize, salt: u8) -> u8 {
    (position.wrapping_mul(2_654_435_761) >> 13).to_be_bytes()[7] ^ salt
}

async fn send(pipe: &mut (impl tokio::io::AsyncWrite + Unpin), bytes: usize, salt: u8) {
    let mut sent = 0;
    while sent < bytes {
        let part: Vec<u8> = (sent..bytes.min(sent + 16_384)).map(|position| byte(position, salt)).collect();
        pipe.write_all(&part).await.unwrap();
        sent += part.len();
    }
    pipe.shutdown().await.unwrap();
}

async fn receive(pipe: &mut (impl tokio::io::AsyncRead + Unpin), salt: u8, count: &AtomicUsize) {
    let mut buffer = vec![0; 16_384];
    loop {
        let got = pipe.read(&mut buffer).await.unwrap();
        if got == 0 {
            return;
        }
        let position = count.fetch_add(got, Ordering::SeqCst);
        let right = buffer[..got].iter().zip(position..).all(|(have, position)| *have == byte(position, salt));
        assert!(right, "other bytes than were sent, between {position} and {}", position + got);
    }
}

#[test]
fn bytes_survive_cuts_and_changes_of_address_on_real_lines() {
    let lab = fernamt_testkit::peer!(Lab::start(2));
    let (bytes, cuts) = if full() { (100_000_000, 50) } else { (20_000_000, 6) };
    let (ends, (mut stick, stick_handle), (mut inside, _)) = Ends::meet(&lab);
    let shape = Shape {
        jitter: Duration::from_millis(10),
        late_permille: 5,
        late_by: Duration::from_millis(5),
        ..Shape::far(Duration::from_millis(30), 5)
    };
    lab.lines(|line| line.shape(&Shape { rate_bit_s: Some(40_000_000), queue_bytes: 256 * 1024, ..shape.clone() }));
    let counts = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let [down, up] = counts.clone();
    let at_home = ends.home.spawn(async move {
        let (mut from, mut to) = tokio::io::split(&mut stick);
        tokio::join!(receive(&mut from, 1, &down), send(&mut to, bytes, 2));
        stick
    });
    let at_office = ends.office.spawn(async move {
        let (mut from, mut to) = tokio::io::split(&mut inside);
        tokio::join!(receive(&mut from, 2, &up), send(&mut to, bytes, 1));
        inside
    });
    let luck = SeededRng::new(50);
    let begin = Instant::now();
    for cut in 1..=cuts {
        // Spread over the whole way, so that none comes after the end.
        while counts[0].load(Ordering::SeqCst) < bytes / (cuts + 1) * cut && !at_home.is_finished() {
            assert!(begin.elapsed() < PATIENCE, "cut {cut}: {counts:?}, {:?}", stick_handle.status());
            pause(Duration::from_millis(5));
        }
        assert!(!at_home.is_finished(), "cut {cut} comes too late");
        match luck.below(3) {
            0 => {
                lab.lines(fernamt_testkit::line::Line::cut);
                pause(Duration::from_millis(100 + luck.below(2500)));
                lab.lines(fernamt_testkit::line::Line::mend);
            }
            1 => drop(lab.switch().unwrap()),
            _ => {
                lab.lines(fernamt_testkit::line::Line::cut);
                pause(Duration::from_millis(luck.below(1500)));
                lab.switch().unwrap();
                lab.lines(fernamt_testkit::line::Line::mend);
            }
        }
    }
    // Who leaves waits two seconds for the line, and no longer: nobody leaves before both have heard everything.
    let both = (ends.home.block_on(at_home).unwrap(), ends.office.block_on(at_office).unwrap());
    drop(both);
    assert_eq!(counts.map(|count| count.load(Ordering::SeqCst)), [bytes; 2]);
}

/// How long after its return something comes over the line again: never more than this.
const BACK_WITHIN: Duration = Duration::from_secs(2);

#[test]
fn the_stream_is_back_soon_after_a_far_and_lossy_line_is() {
    let lab = fernamt_testkit::peer!(Lab::start(3));
    lab.lines(|line| line.shape(&Shape::far(Duration::from_millis(200), 20)));
    let (ends, (stick, handle), (inside, _)) = Ends::meet(&lab);
    let (mut home_in, home_out) = tokio::io::split(stick);
    let (office_in, office_out) = tokio::io::split(inside);
    let heard = Arc::new(Mutex::new(Instant::now()));
    let listening = Arc::clone(&heard);
    ends.home.spawn(tick(home_out));
    ends.office.spawn(tick(office_out));
    ends.office.spawn(async move { tokio::io::copy(&mut { office_in }, &mut tokio::io::sink()).await });
    ends.home.spawn(async move {
        let mut buffer = [0; 1024];
        while home_in.read(&mut buffer).await.is_ok_and(|count| count > 0) {
            *listening.lock().unwrap() = Instant::now();
        }
    });
    let next = |after: Instant| {
        let heard = |limit: Instant| {
            while *heard.lock().unwrap() <= after && Instant::now() < limit {
                pause(Duration::from_millis(2));
            }
            heard.lock().unwrap().checked_duration_since(after)
        };
        heard(after + Duration::from_secs(20))
            .unwrap_or_else(|| panic!("nothing comes any more: {:?}", handle.status()))
    };
    let luck = SeededRng::new(9);
    let mut took = Vec::new();
    for cut_ms in if full() { [5_000, 30_000, 45_000, 5_000, 5_000] } else { [2_000, 3_000, 5_000, 300, 1_000] } {
        lab.lines(fernamt_testkit::line::Line::cut);
        pause(Duration::from_millis(cut_ms + luck.below(700)));
        lab.lines(fernamt_testkit::line::Line::mend);
        let back = next(Instant::now());
        took.push((cut_ms, back));
        pause(Duration::from_secs(1));
    }
    lab.switch().unwrap();
    // A moved stick notices by silence.
    took.push((0, next(Instant::now() + Duration::from_millis(150))));
    println!("back after {took:?}");
    let slowest = took.iter().take(5).map(|(_, back)| *back).max().unwrap();
    assert!(slowest < BACK_WITHIN, "{took:?}, {:?}", handle.status());
    drop(ends);
}

async fn tick(mut to: impl tokio::io::AsyncWrite + Unpin) {
    while to.write_all(b".").await.is_ok() && to.flush().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
