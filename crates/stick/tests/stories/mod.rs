//! What people go through with a stick, against a whole server over bad lines.

mod desktop;
mod loopback;
mod plugged;
mod stolen;
mod transfer;

use std::{
    env, fs,
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use fernamt_testkit::{branch::Branch, lab::Lab, office::pause};
use tempfile::TempDir;

/// A whole server whose sticks bring this very program; `None` where no server was built.
fn branch(lab: &Lab, target_ports: &[u16]) -> Option<(Branch, TempDir)> {
    if env::var_os("FERNAMT_BIN").is_none() {
        fernamt_testkit::skip!("FERNAMT_BIN names no server");
        return None;
    }
    let programs = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_fernamt-stick"));
    let there = programs.path().join("fernamt-stick");
    fs::hard_link(program, &there).or_else(|_| fs::copy(program, &there).map(drop)).unwrap();
    Some((Branch::start(lab, programs.path(), target_ports).unwrap(), programs))
}

/// The next connection that a target gets.
fn accepted(target: &TcpListener) -> TcpStream {
    const PATIENCE: Duration = Duration::from_secs(30);
    target.set_nonblocking(true).unwrap();
    let begin = Instant::now();
    loop {
        match target.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false).unwrap();
                return socket;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(begin.elapsed() < PATIENCE, "no connection came to the target");
                pause(Duration::from_millis(2));
            }
            Err(error) => panic!("{error}"),
        }
    }
}
