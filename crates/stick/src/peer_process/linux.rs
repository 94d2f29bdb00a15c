//! Asks `/proc`.

use std::{collections::BTreeSet, fs, net::SocketAddrV4, os::unix::fs::MetadataExt as _};

use super::{Process, Processes};

/// The processes of the family that hold the end `peer` of a connection to `listener`, and all processes.
pub(super) fn holders(listener: SocketAddrV4, peer: SocketAddrV4, heads: &BTreeSet<u32>) -> (Vec<u32>, Processes) {
    let processes = processes();
    // Of this thread: a thread may be in another network than the process began in.
    let socket = fs::read_to_string("/proc/thread-self/net/tcp").ok().and_then(|table| find(&table, peer, listener));
    let Some(socket) = socket.filter(|socket| socket.user == rustix::process::geteuid().as_raw()) else {
        return (Vec::new(), processes);
    };
    let link = format!("socket:[{}]", socket.inode);
    let holders = processes.members(std::process::id(), heads).filter(|id| holds(*id, &link)).collect();
    (holders, processes)
}

#[derive(Debug, PartialEq, Eq)]
struct Socket {
    user: u32,
    inode: u64,
}

/// Finds the socket between two addresses in `/proc/net/tcp`.
fn find(table: &str, local: SocketAddrV4, remote: SocketAddrV4) -> Option<Socket> {
    let (local, remote) = (in_table(local), in_table(remote));
    table.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let fits = words.next()? == local && words.next()? == remote;
        // State, queues, timer and retransmissions stand between.
        let user = words.nth(4)?.parse().ok().filter(|_| fits)?;
        let inode = words.nth(1)?.parse().ok().filter(|inode| *inode != 0)?;
        Some(Socket { user, inode })
    })
}

/// An address as the kernel prints it: as the number that it is in memory.
fn in_table(address: SocketAddrV4) -> String {
    format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
}

fn holds(process: u32, link: &str) -> bool {
    // Who we may not look at is not of our user.
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == link))
}

/// All processes of our user.
fn processes() -> Processes {
    let mut processes = Processes::default();
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let Some(id) = id.filter(|_| entry.metadata().is_ok_and(|metadata| metadata.uid() == user)) else { continue };
        if let Some(mut process) = fs::read_to_string(entry.path().join("stat")).ok().and_then(|stat| parse(&stat)) {
            // The name in `stat` is what the process calls itself.
            let program = fs::read_link(entry.path().join("exe")).ok();
            if let Some(name) = program.as_deref().and_then(|path| path.file_name()) {
                process.name = name.to_string_lossy().to_lowercase();
            }
            processes.insert(id, process);
        }
    }
    processes
}

/// The session that a process belongs to. It is 0 if its leader is outside of our namespace of processes, as in containers.
pub(crate) fn session(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after) = after_name(&stat)?;
    // The sixth of all; the state is the third.
    after.split_ascii_whitespace().nth(3)?.parse().ok()
}

/// Reads `/proc/…/stat`.
fn parse(stat: &str) -> Option<Process> {
    let (name, after) = after_name(stat)?;
    let mut words = after.split_ascii_whitespace();
    let parent = words.nth(1)?.parse().ok()?;
    // The 22nd of all; the parent is the fourth.
    let started = words.nth(17)?.parse().ok()?;
    Some(Process { parent, name: name.to_lowercase(), started })
}

/// Parts `/proc/…/stat` into the name, which may hold anything, closing brackets too, and what follows it.
fn after_name(stat: &str) -> Option<(&str, &str)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    Some((name, after))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn v4(address: std::net::SocketAddr) -> SocketAddrV4 {
        match address {
            std::net::SocketAddr::V4(address) => address,
            std::net::SocketAddr::V6(_) => unreachable!("it was bound to an IPv4 address"),
        }
    }

    #[test]
    fn we_hold_our_own_connection() {
        let listener = TcpListener::bind("127.7.8.9:0").unwrap();
        let address = v4(listener.local_addr().unwrap());
        let client = TcpStream::connect(address).unwrap();
        let peer = v4(client.local_addr().unwrap());
        let (found, _) = holders(address, peer, &BTreeSet::new());
        assert_eq!(found, [std::process::id()]);
        drop(client);
        let (found, _) = holders(address, SocketAddrV4::new(*peer.ip(), 1), &BTreeSet::new());
        assert!(found.is_empty());
    }

    #[test]
    fn a_child_is_of_our_session_and_a_leader_of_its_own() {
        let sleeper = |program: &str| {
            std::process::Command::new(program).args(["sleep", "60"]).spawn().expect("a Debian system has both")
        };
        let (mut child, mut leader) = (sleeper("env"), sleeper("setsid"));
        let ours = session(std::process::id());
        assert!(ours.is_some());
        assert_eq!(session(child.id()), ours);
        // It becomes one only when its program runs.
        while session(leader.id()) != Some(leader.id()) {
            std::thread::yield_now();
        }
        for process in [&mut child, &mut leader] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        assert_eq!(session(child.id()), None);
    }

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0908077F:D431 0100007F:8AE2 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 20 4 30 10 -1\n\
            1: 0100007F:8AE2 0908077F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1\n";
        let (near, far) = ("127.7.8.9:54321".parse().unwrap(), "127.0.0.1:35554".parse().unwrap());
        assert_eq!(find(table, near, far), Some(Socket { user: 1000, inode: 4711 }));
        assert_eq!(find(table, far, near), Some(Socket { user: 0, inode: 4712 }));
        assert_eq!(find(table, near, near), None);
    }

    #[test]
    fn a_name_with_brackets_confuses_nobody() {
        let stat =
            "77 (a) R 1 (b) S 42 77 77 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 10 18446744073709551615";
        let process = parse(stat).unwrap();
        assert_eq!(process, Process { parent: 42, name: "a) r 1 (b".into(), started: 987_654 });
        assert_eq!(parse("77 (a"), None);
    }
}
