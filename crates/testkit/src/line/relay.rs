//! The threads between two sockets: one reads packets into a [`Way`], one sends what arrives, for each direction.

use std::{
    io,
    net::Shutdown,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::{Context as _, Result};

use super::{Direction, Shape, way::Way};
use crate::line::Tally;

/// The largest packet; the devices are set to less.
const MAX_PACKET_BYTES: usize = 2048;

#[derive(Debug)]
pub(super) struct Relay {
    up: Arc<Half>,
    down: Arc<Half>,
    sockets: [UnixDatagram; 2],
    threads: Vec<JoinHandle<()>>,
}

/// One direction.
#[derive(Debug)]
struct Half {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    way: Way,
    ended: bool,
}

impl Relay {
    pub(super) fn start(home: &Path, office: &Path, seed: u64) -> Result<Self> {
        let bind = |path: &Path| UnixDatagram::bind(path).with_context(|| format!("bind {}", path.display()));
        let (at_home, at_office) = (bind(home)?, bind(office)?);
        let (up, down) = (Half::new(seed), Half::new(!seed));
        let threads = vec![
            reader(&up, at_home.try_clone()?)?,
            sender(&up, at_office.try_clone()?, peer(office))?,
            reader(&down, at_office.try_clone()?)?,
            sender(&down, at_home.try_clone()?, peer(home))?,
        ];
        Ok(Self { up, down, sockets: [at_home, at_office], threads })
    }

    pub(super) fn reshape(&self, direction: Direction, change: impl FnOnce(&mut Shape)) {
        let half = self.half(direction);
        let mut state = half.lock();
        let mut shape = state.way.shape().clone();
        change(&mut shape);
        state.way.reshape(shape);
        half.changed.notify_all();
    }

    pub(super) fn tally(&self, direction: Direction) -> Tally {
        self.half(direction).lock().way.tally()
    }

    fn half(&self, direction: Direction) -> &Half {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        for half in [&self.up, &self.down] {
            half.lock().ended = true;
            half.changed.notify_all();
        }
        for socket in &self.sockets {
            // Wakes whoever reads from or writes to it.
            let _ = socket.shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Half {
    fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { way: Way::new(seed), ended: false }), changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next packet that arrives; `None` at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        while !state.ended {
            let now = Instant::now();
            if let Some(packet) = state.way.arrived(now) {
                return Some(packet);
            }
            state = match state.way.next_due() {
                Some(due) => self.changed.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        None
    }
}

/// Where the device's end sends from and listens.
pub(crate) fn peer(path: &Path) -> PathBuf {
    path.with_added_extension("peer")
}

fn reader(half: &Arc<Half>, socket: UnixDatagram) -> Result<JoinHandle<()>> {
    let half = Arc::clone(half);
    let read = move || {
        let mut buffer = [0; MAX_PACKET_BYTES];
        while let Ok(count) = socket.recv(&mut buffer) {
            let mut state = half.lock();
            if state.ended {
                return;
            }
            let before = state.way.next_due();
            state.way.take(Instant::now(), buffer.get(..count).unwrap_or_default().to_vec());
            if state.way.next_due() != before {
                half.changed.notify_all();
            }
        }
    };
    Ok(thread::Builder::new().name("line in".to_owned()).spawn(read)?)
}

fn sender(half: &Arc<Half>, socket: UnixDatagram, to: PathBuf) -> Result<JoinHandle<()>> {
    let half = Arc::clone(half);
    let send = move || {
        while let Some(packet) = half.next() {
            match socket.send_to(&packet, &to) {
                Ok(_) => {}
                // The device's end is not there yet, or not any more: its packets are nobody's.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {}
                Err(_) => return,
            }
        }
    };
    Ok(thread::Builder::new().name("line out".to_owned()).spawn(send)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn packets_pass_both_ways_as_late_as_they_should() {
        let folder = tempfile::tempdir().expect("a folder");
        let [home, office] = ["home", "office"].map(|name| folder.path().join(name));
        let relay = Relay::start(&home, &office, 1).expect("a relay");
        let [at_home, at_office] = [&home, &office].map(|path| {
            let socket = UnixDatagram::bind(peer(path)).expect("bound");
            socket.connect(path).expect("connected");
            socket
        });
        let delay = Duration::from_millis(30);
        relay.reshape(Direction::Down, |shape| shape.delay = delay);
        let mut buffer = [0; 16];
        at_home.send(b"up").expect("sent");
        assert_eq!(at_office.recv(&mut buffer).expect("received"), 2);
        let start = Instant::now();
        at_office.send(b"down").expect("sent");
        assert_eq!(at_home.recv(&mut buffer).expect("received"), 4);
        assert!(start.elapsed() >= delay);
        assert_eq!([Direction::Up, Direction::Down].map(|way| relay.tally(way).delivered), [1, 1]);
    }
}
