//! What stands behind the tunnel: it sends or takes as many bytes as it is told.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::Result;

const BLOCK: usize = 256 * 1024;
const MEGABYTE: u64 = 1_000_000;

/// Which way the bytes go, as the person at the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
}

impl Direction {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// The listening target.
pub(crate) struct Target {
    address: SocketAddr,
}

impl Target {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                // A client that goes away ends its own run with an error.
                thread::spawn(move || drop(answer(socket)));
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Moves megabytes through a local port that leads here.
    pub(crate) fn run(port: u16, direction: Direction, megabytes: u64) -> Result<()> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let bytes = megabytes * MEGABYTE;
        let mut order = vec![u8::from(direction == Direction::Up)];
        order.extend_from_slice(&bytes.to_be_bytes());
        socket.write_all(&order)?;
        match direction {
            Direction::Down => take(&mut socket, bytes)?,
            Direction::Up => {
                give(&mut socket, bytes)?;
                socket.read_exact(&mut [0])?;
            }
        }
        Ok(())
    }
}

fn answer(mut socket: TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut order = [0; 9];
    socket.read_exact(&mut order)?;
    let [up, bytes @ ..] = order;
    let bytes = u64::from_be_bytes(bytes);
    if up == 0 {
        return give(&mut socket, bytes);
    }
    take(&mut socket, bytes)?;
    socket.write_all(&[1])
}

fn give(socket: &mut TcpStream, mut bytes: u64) -> std::io::Result<()> {
    let block = vec![0x5a; BLOCK];
    while bytes > 0 {
        let part = block.get(..usize::try_from(bytes).unwrap_or(BLOCK).min(BLOCK)).unwrap_or(&block);
        socket.write_all(part)?;
        bytes -= part.len() as u64;
    }
    Ok(())
}

fn take(socket: &mut TcpStream, mut bytes: u64) -> std::io::Result<()> {
    let mut block = vec![0; BLOCK];
    while bytes > 0 {
        let count = socket.read(&mut block)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes -= count as u64;
    }
    Ok(())
}
