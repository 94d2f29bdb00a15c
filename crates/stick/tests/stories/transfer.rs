//! A long transfer through a TCP target, over lines that are cut again and again while the address changes.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use fernamt_testkit::{
    SeededRng, full,
    lab::Lab,
    line::{Line, Shape},
    office::pause,
};
use serde_json::json;

use super::{accepted, branch, plugged::Plugged};

const PATIENCE: Duration = Duration::from_mins(20);
const BLOCK: usize = 32 * 1024;

/// What stands at this position of a direction. No two positions near each other look alike.
fn byte(position: usize, salt: u8) -> u8 {
    (position.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0] ^ salt
}

fn send(mut to: TcpStream, bytes: usize, salt: u8) -> JoinHandle<io::Result<()>> {
    thread::spawn(move || {
        for start in (0..bytes).step_by(BLOCK) {
            let part: Vec<u8> = (start..bytes.min(start + BLOCK)).map(|position| byte(position, salt)).collect();
            to.write_all(&part)?;
        }
        to.shutdown(Shutdown::Write)
    })
}

fn receive(mut from: TcpStream, salt: u8, count: Arc<AtomicUsize>) -> JoinHandle<io::Result<()>> {
    thread::spawn(move || {
        let mut block = vec![0; BLOCK];
        loop {
            let got = from.read(&mut block)?;
            if got == 0 {
                return Ok(());
            }
            let position = count.fetch_add(got, Ordering::SeqCst);
            let right = block[..got].iter().zip(position..).all(|(have, position)| *have == byte(position, salt));
            assert!(right, "other bytes than were sent, between {position} and {}", position + got);
        }
    })
}

#[test]
fn a_transfer_survives_cuts_and_changes_of_address_byte_by_byte() {
    let lab = fernamt_testkit::peer!(Lab::start(100));
    let (bytes, cuts) = if full() { (100_000_000, 50) } else { (10_000_000, 10) };
    lab.at_office(|| {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = target.local_addr().unwrap().port();
        let Some((branch, _programs)) = branch(&lab, &[port]) else { return };
        branch.target("Fachverfahren", port, &json!({ "kind": "tcp" })).unwrap();
        let erika = branch.hire("erika").unwrap();
        let stick = branch.make_stick(&erika).unwrap();
        let plugged = Plugged::into(&lab, stick.folder());
        plugged.activate(&stick.activation_code);
        plugged.sign_in(&erika.fresh_code().unwrap());
        let end: SocketAddr = plugged.open("Fachverfahren");

        let rate_bit_s = Some(40_000_000);
        let shape = Shape { rate_bit_s, queue_bytes: 256 * 1024, ..Shape::far(Duration::from_millis(30), 5) };
        lab.lines(|line| line.shape(&shape));
        let near = lab.at_home(|| TcpStream::connect(end).unwrap());
        let far = accepted(&target);
        let [down, up] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let flows = [
            send(near.try_clone().unwrap(), bytes, 1),
            receive(far.try_clone().unwrap(), 1, Arc::clone(&up)),
            send(far, bytes, 2),
            receive(near, 2, Arc::clone(&down)),
        ];
        let (luck, begin) = (SeededRng::new(50), Instant::now());
        for cut in 1..=cuts {
            // Spread over the whole way, so that none comes after the end.
            while down.load(Ordering::SeqCst) < bytes / (cuts + 1) * cut && !flows[3].is_finished() {
                assert!(begin.elapsed() < PATIENCE, "cut {cut}: {down:?} down, {up:?} up, {:?}", plugged.desk().line);
                pause(Duration::from_millis(5));
            }
            assert!(!flows[3].is_finished(), "the transfer ended before cut {cut}: {down:?} down");
            disturb(&lab, &luck);
        }
        for (flow, name) in flows.into_iter().zip(["up out", "up in", "down out", "down in"]) {
            flow.join().unwrap().unwrap_or_else(|error| panic!("{name}: {error}; {down:?} down, {up:?} up"));
        }
        assert_eq!([down, up].map(|count| count.load(Ordering::SeqCst)), [bytes; 2]);
        assert!(plugged.desk().line.away.is_none());
        plugged.leave();
    });
}

/// A cut, another address, or both at once.
fn disturb(lab: &Lab, luck: &SeededRng) {
    let (moves, cut_ms) = (luck.below(3) > 0, luck.below(2500));
    let cuts = !moves || luck.below(2) == 0;
    if cuts {
        lab.lines(Line::cut);
        pause(Duration::from_millis(cut_ms));
    }
    if moves {
        lab.switch().unwrap();
    }
    lab.lines(Line::mend);
}
