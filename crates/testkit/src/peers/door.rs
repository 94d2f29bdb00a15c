//! A TCP address in front of a peer that can be watched and shut: the target's view of a connection, and a line that
//! drops on demand.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

/// A forwarder on a free loopback port. It counts connections, waits for their end, and can be shut and opened.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    ended: bool,
    accepted: u64,
    from_server_bytes: u64,
    open: HashMap<u64, TcpStream>,
}

#[derive(Debug)]
enum Upstream {
    Socket(PathBuf),
    Address(SocketAddr),
}

impl Door {
    /// A door to a Unix socket, such as the one a namespace shares.
    pub fn to_socket(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(Upstream::Socket(path.as_ref().to_owned()))
    }

    /// A door to another TCP address, such as a server that the test itself runs.
    pub fn to_address(address: SocketAddr) -> Result<Self> {
        Self::new(Upstream::Address(address))
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections are open now, as the peer sees it: until the client's direction ends.
    pub fn open_connections(&self) -> usize {
        self.lock().open.len()
    }

    /// How many connections were ever let in.
    pub fn accepted_connections(&self) -> u64 {
        self.lock().accepted
    }

    /// How many bytes the peer ever sent through the door.
    pub fn bytes_from_server(&self) -> u64 {
        self.lock().from_server_bytes
    }

    /// Waits until `wanted` connections are open, at most `limit`, and tells whether they are.
    pub fn wait_for_connections(&self, wanted: usize, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        while state.open.len() != wanted {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Drops every connection and lets nobody in until [`Door::open`]: the cable is pulled.
    pub fn shut(&self) {
        let mut state = self.lock();
        state.closed = true;
        for connection in state.open.values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections in again.
    pub fn open(&self) {
        self.lock().closed = false;
    }

    fn new(upstream: Upstream) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { upstream, state: Mutex::default(), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::Builder::new().name("door".to_owned()).spawn(move || accepting.accept(&listener))?;
        Ok(Self { address, shared })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
        self.lock().ended = true;
        // Wakes the accepting thread, which then sees that it has ended.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let Ok(client) = client else { continue };
            let (number, client) = {
                let mut state = self.lock();
                if state.ended {
                    return;
                }
                let Ok(handle) = client.try_clone() else { continue };
                if state.closed {
                    continue;
                }
                state.accepted += 1;
                let number = state.accepted;
                state.open.insert(number, handle);
                (number, client)
            };
            self.changed.notify_all();
            let shared = Arc::clone(self);
            let forward = move || {
                let ended = || {
                    shared.lock().open.remove(&number);
                    shared.changed.notify_all();
                };
                let _ = shared.forward(&client, &ended);
                ended();
            };
            if thread::Builder::new().name("door connection".to_owned()).spawn(forward).is_err() {
                self.lock().open.remove(&number);
            }
        }
    }

    fn counted<R>(self: &Arc<Self>, inner: R) -> Counted<R> {
        Counted { inner, shared: Arc::clone(self) }
    }

    fn forward(self: &Arc<Self>, client: &TcpStream, ended: &dyn Fn()) -> io::Result<()> {
        client.set_nodelay(true)?;
        match &self.upstream {
            Upstream::Socket(path) => {
                let server = UnixStream::connect(path)?;
                both_ways(client, self.counted(server.try_clone()?), &server, |end| server.shutdown(end), ended)
            }
            Upstream::Address(address) => {
                let server = TcpStream::connect(address)?;
                server.set_nodelay(true)?;
                both_ways(client, self.counted(server.try_clone()?), &server, |end| server.shutdown(end), ended)
            }
        }
    }
}

/// What a server says, counted before anybody hears it.
struct Counted<R> {
    inner: R,
    shared: Arc<Shared>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.shared.lock().from_server_bytes += read as u64;
        Ok(read)
    }
}

/// Copies both ways, half-closed directions included; calls `ended` when the client's direction is over.
fn both_ways(
    client: &TcpStream,
    mut from_server: impl Read + Send + 'static,
    mut to_server: impl Write,
    shut_server: impl Fn(Shutdown) -> io::Result<()>,
    ended: &dyn Fn(),
) -> io::Result<()> {
    let (mut from_client, mut to_client) = (client.try_clone()?, client.try_clone()?);
    let down = thread::Builder::new().name("door down".to_owned()).spawn(move || {
        let end = match io::copy(&mut from_server, &mut to_client) {
            Ok(_) => Shutdown::Write,
            Err(_) => Shutdown::Both,
        };
        let _ = to_client.shutdown(end);
    })?;
    let end = match io::copy(&mut from_client, &mut to_server) {
        Ok(_) => Shutdown::Write,
        Err(_) => Shutdown::Both,
    };
    let _ = shut_server(end);
    ended();
    let _ = down.join();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_door_forwards_counts_and_shuts() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let door = Door::to_address(server.local_addr().expect("bound")).expect("a door");
        let mut client = TcpStream::connect(door.address()).expect("the door is open");
        let (mut inside, _) = server.accept().expect("the door forwards");
        client.write_all(b"hello").expect("written");
        let mut received = [0; 5];
        inside.read_exact(&mut received).expect("forwarded");
        assert_eq!(&received, b"hello");
        inside.write_all(b"hi").expect("answered");
        client.read_exact(&mut received[..2]).expect("heard");
        assert_eq!(door.bytes_from_server(), 2);
        assert!(door.wait_for_connections(1, LIMIT));

        door.shut();
        assert_eq!(inside.read(&mut received).expect("ended in order"), 0);
        assert!(door.wait_for_connections(0, LIMIT));
        let mut refused = TcpStream::connect(door.address()).expect("the listener itself stays");
        assert_eq!(refused.read(&mut received).unwrap_or(0), 0);

        door.open();
        let _again = TcpStream::connect(door.address()).expect("open again");
        server.accept().expect("the door forwards again");
        assert_eq!(door.accepted_connections(), 2);
    }
}
