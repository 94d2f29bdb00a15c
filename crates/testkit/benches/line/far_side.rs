//! The program in the office that is reached over the line. It knows three conversations, so that a measurement measures
//! the line and what carries the bytes over it, and nothing else: no desktop draws, no disk reads.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use anyhow::Result;
use fernamt_testkit::office::pause;

/// What a key press changes on the screen: about a window of text, compressed.
pub(crate) const FRAME_BYTES: usize = 8 * 1024;
/// How often something is said in a conversation that only shows whether the line is there.
pub(crate) const TICK: Duration = Duration::from_millis(50);

const BLOCK: usize = 64 * 1024;

/// What is said on a connection; its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Talk {
    /// Each byte is answered by a frame-sized burst.
    Keys = b'k',
    /// Bytes without end.
    Copy = b'c',
    /// A byte every [`TICK`], both ways.
    Ticks = b't',
}

/// Starts listening in the network of the calling thread.
pub(crate) fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // A connection that breaks has ended.
            thread::spawn(move || drop(answer(socket)));
        }
    });
    Ok(address)
}

fn answer(mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut talk = [0];
    socket.read_exact(&mut talk)?;
    let block = vec![0x5a; BLOCK];
    match talk {
        [b'k'] => loop {
            socket.read_exact(&mut talk)?;
            socket.write_all(block.get(..FRAME_BYTES).unwrap_or(&block))?;
        },
        [b'c'] => loop {
            socket.write_all(&block)?;
        },
        _ => tick(socket),
    }
}

/// Says something every [`TICK`] and drops what it hears, until the connection ends.
pub(crate) fn tick(mut socket: TcpStream) -> io::Result<()> {
    let mut hears = socket.try_clone()?;
    thread::spawn(move || io::copy(&mut hears, &mut io::sink()));
    loop {
        socket.write_all(b".")?;
        pause(TICK);
    }
}
