//! Asks Windows, by crates that do so without `unsafe` here.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddrV4},
};

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, get_sockets_info};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::{Process, Processes};

/// The processes of our user that hold the end `peer` of a connection to `listener`, and all processes of our user.
pub(super) fn holders(listener: SocketAddrV4, peer: SocketAddrV4, _heads: &BTreeSet<u32>) -> (Vec<u32>, Processes) {
    let mut system = System::new();
    let wanted = ProcessRefreshKind::nothing().with_user(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
    let ourselves = system.process(Pid::from_u32(std::process::id())).and_then(sysinfo::Process::user_id);
    let mut processes = Processes::default();
    for (id, process) in system.processes() {
        // Whose user we may not know is not ours.
        if ourselves.is_some() && process.user_id() == ourselves {
            let parent = process.parent().map_or(0, Pid::as_u32);
            let name = process.name().to_string_lossy().to_lowercase();
            processes.insert(id.as_u32(), Process { parent, name, started: process.start_time() });
        }
    }
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
    (holders, processes)
}
