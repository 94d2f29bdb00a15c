//! A forwarder in front of a LiveKit server that listens in: it passes bytes on as they are and decodes, beside that,
//! what both ends say on the WebSocket.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::Result;
use livekit_protocol::{SignalRequest, SignalResponse};
use prost::Message as _;
use serde_json::{Value, json};

use super::Line;

/// No head of a request or an answer is longer.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A forwarder on a free loopback port. Dropping it ends every connection.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ended: bool,
    connections: u32,
    open: Vec<TcpStream>,
    lines: Vec<Line>,
}

impl Tap {
    /// Listens in front of `upstream`. The newer path `/rtc/v1`, a single peer connection, is refused as a server
    /// refuses it that does not know it: every client then falls back to the pair.
    pub fn in_front_of(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { upstream, state: Mutex::default() });
        let accepting = Arc::clone(&shared);
        thread::Builder::new().name("tap".to_owned()).spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.lock().ended {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // What cannot be forwarded is a connection that the client sees broken.
                let _ = thread::Builder::new().name("tap connection".to_owned()).spawn(move || shared.forward(&client));
            }
        })?;
        Ok(Self { address, shared })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Cuts every connection; new ones are let in.
    pub fn cut(&self) {
        for connection in self.shared.lock().open.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// What was said so far.
    pub fn lines(&self) -> Vec<Line> {
        self.shared.lock().lines.clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.cut();
        // Wakes the accepting thread, which then sees that it has ended.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forward(self: &Arc<Self>, client: &TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let head = read_head(client)?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if path.starts_with("/rtc/v1") {
            let refusal = "HTTP/1.1 404 Not Found\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return (&mut &*client).write_all(refusal.as_bytes());
        }
        let connection = {
            let mut state = self.lock();
            state.connections += 1;
            state.open.push(client.try_clone()?);
            state.connections
        };
        let server = TcpStream::connect(self.upstream)?;
        server.set_nodelay(true)?;
        // Without compression, so that frames can be read.
        let plain: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.to_ascii_lowercase().starts_with("sec-websocket-extensions:"))
            .collect();
        (&mut &server).write_all(plain.join("\r\n").as_bytes())?;
        if path.starts_with("/rtc?") || path == "/rtc" {
            self.say(connection, "client", "connect", json!({ "path": path }));
        }
        let down = {
            let (shared, server, client) = (Arc::clone(self), server.try_clone()?, client.try_clone()?);
            thread::Builder::new().name("tap down".to_owned()).spawn(move || -> io::Result<()> {
                let answer = read_head(&server)?;
                (&mut &client).write_all(answer.as_bytes())?;
                if !answer.starts_with("HTTP/1.1 101") {
                    let status = answer.split(' ').nth(1).unwrap_or_default();
                    shared.say(connection, "server", "refused", json!({ "status": status }));
                }
                let mut frames = Frames::default();
                shared.copy(&server, &client, |bytes| {
                    frames.take(bytes, |message| shared.heard_server(connection, message));
                })
            })?
        };
        let mut frames = Frames::default();
        let copied = self.copy(client, &server, |bytes| {
            frames.take(bytes, |message| self.heard_client(connection, message));
        });
        let _ = server.shutdown(Shutdown::Both);
        let _ = down.join();
        copied
    }

    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream, mut listen: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from.read(&mut buffer).unwrap_or_default();
            if count == 0 || self.lock().ended {
                return to.shutdown(Shutdown::Both);
            }
            let bytes = buffer.get(..count).unwrap_or_default();
            // Heard before it is passed on, so that an answer is never written down before its question.
            listen(bytes);
            to.write_all(bytes)?;
        }
    }

    fn heard_client(&self, connection: u32, message: &[u8]) {
        let decoded = SignalRequest::decode(message).map(|message| serde_json::to_value(message).unwrap_or_default());
        self.heard(connection, "client", decoded.unwrap_or_default());
    }

    fn heard_server(&self, connection: u32, message: &[u8]) {
        let decoded = SignalResponse::decode(message).map(|message| serde_json::to_value(message).unwrap_or_default());
        self.heard(connection, "server", decoded.unwrap_or_default());
    }

    fn heard(&self, connection: u32, from: &'static str, message: Value) {
        if let Value::Object(fields) = message {
            for (kind, message) in fields {
                self.say(connection, from, &kind, message);
            }
        }
    }

    fn say(&self, connection: u32, from: &str, kind: &str, message: Value) {
        self.lock().lines.push(Line { connection, from: from.to_owned(), kind: kind.to_owned(), message });
    }
}

fn read_head(mut stream: &TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MAX_HEAD_BYTES || stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// One direction of a WebSocket, put together from what arrives.
#[derive(Debug, Default)]
pub struct Frames {
    waiting: Vec<u8>,
    message: Vec<u8>,
}

impl Frames {
    /// Takes in bytes and tells of every message that is whole now.
    pub fn take(&mut self, bytes: &[u8], mut heard: impl FnMut(&[u8])) {
        self.waiting.extend_from_slice(bytes);
        while let Some(frame) = Frame::first(&self.waiting) {
            let used = frame.end;
            // Continuations (0), text (1) and binary (2) carry messages; the others are the WebSocket's own.
            if frame.opcode <= 2 {
                self.message.extend(frame.payload(&self.waiting));
                if frame.last {
                    heard(&self.message);
                    self.message.clear();
                }
            }
            self.waiting.drain(..used);
        }
    }
}

struct Frame {
    last: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    start: usize,
    end: usize,
}

impl Frame {
    fn first(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (length, mut at) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            length => (u64::from(length), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            at += 4;
            Some(bytes.get(at - 4..at)?.try_into().ok()?)
        };
        let end = at.checked_add(usize::try_from(length).ok()?)?;
        (bytes.len() >= end).then_some(Self { last: first & 0x80 != 0, opcode: first & 0x0f, mask, start: at, end })
    }

    fn payload<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
        let mask = self.mask.unwrap_or_default();
        let payload = bytes.get(self.start..self.end).unwrap_or_default();
        payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_message_in_two_frames_is_put_together() {
        let bytes = [&[0x02, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2][..], &[0x89, 0], &[0x80, 1, b'c']].concat();
        let mut heard = Vec::new();
        let mut frames = Frames::default();
        for byte in bytes {
            frames.take(&[byte], |message| heard.push(message.to_vec()));
        }
        assert_eq!(heard, [b"abc".to_vec()]);
    }
}
