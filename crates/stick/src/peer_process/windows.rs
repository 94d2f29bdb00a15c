//! Asks Windows, by crates that wrap its functions.
//!
//! Whose user a process is shows by whether we may look at it: Windows lets nobody but an administrator open another user's
//! process. What we may not open is not of the family.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddrV4},
};

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, get_sockets_info};
use winsafe::{HPROCESS, HPROCESSLIST, co};

use super::{Process, Processes};

/// The processes that hold the end `peer` of a connection to `listener`, and all processes of our user.
pub(super) fn holders(listener: SocketAddrV4, peer: SocketAddrV4, _heads: &BTreeSet<u32>) -> (Vec<u32>, Processes) {
    let sockets = get_sockets_info(AddressFamilyFlags::IPV4, ProtocolFlags::TCP).unwrap_or_default();
    let holders = sockets
        .into_iter()
        .filter(|socket| match &socket.protocol_socket_info {
            ProtocolSocketInfo::Tcp(tcp) => {
                (tcp.local_addr, tcp.local_port) == (IpAddr::V4(*peer.ip()), peer.port())
                    && (tcp.remote_addr, tcp.remote_port) == (IpAddr::V4(*listener.ip()), listener.port())
            }
            ProtocolSocketInfo::Udp(_) => false,
        })
        .flat_map(|socket| socket.associated_pids)
        .collect();
    (holders, processes())
}

fn processes() -> Processes {
    let mut processes = Processes::default();
    let Ok(mut list) = HPROCESSLIST::CreateToolhelp32Snapshot(co::TH32CS::SNAPPROCESS, None) else {
        return processes;
    };
    for entry in list.iter_processes() {
        let Ok(entry) = entry else { break };
        let id = entry.th32ProcessID;
        if let Some(started) = started(id) {
            let name = entry.szExeFile().to_lowercase();
            processes.insert(id, Process { parent: entry.th32ParentProcessID, name, started });
        }
    }
    processes
}

/// When a process was started, in steps of 100 ns; `None` if we may not look at it.
fn started(id: u32) -> Option<u64> {
    let process = HPROCESS::OpenProcess(co::PROCESS::QUERY_LIMITED_INFORMATION, false, id).ok()?;
    let (created, ..) = process.GetProcessTimes().ok()?;
    Some(u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime))
}
