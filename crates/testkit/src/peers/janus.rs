//! Debian's Janus with its video room: a rival of the bench.

use std::{
    fs::{self, File},
    net::SocketAddr,
};

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network, free_udp_port, quoted};

/// Its address in its own network. Janus offers no loopback address to anybody.
const ADDRESS: [u8; 4] = [10, 77, 0, 1];
const PORT: u16 = 8088;

/// How many ports its media may take: one a peer connection.
const MEDIA_PORTS: u16 = 2000;

/// A running Janus in a network of its own; clients walk into it (see [`Janus::network`]).
#[derive(Debug)]
pub struct Janus {
    /// The process id as the machine sees it, to count its CPU and memory.
    pub pid: u32,
    namespace: Namespace,
}

impl Janus {
    /// Starts Janus with the plug-in `videoroom` and the HTTP transport.
    pub fn start() -> Result<Self> {
        Self::start_on(None)
    }

    /// Starts Janus on one processor alone.
    pub fn start_on(processor: Option<usize>) -> Result<Self> {
        let namespace = Namespace::start("janus", Network::Private)?;
        // Janus wants a range of its own. It tries port after port, so that it does not matter if one is taken.
        let first = free_udp_port()?.clamp(20_000, u16::MAX - MEDIA_PORTS);
        let range = format!("{first}-{}", first + MEDIA_PORTS - 1);
        let pinned = processor.map(|processor| format!("taskset -c {processor}")).unwrap_or_default();
        namespace
            .run(&format!("port={PORT}\nrange={range}\npinned={}\nlog=/share/janus.log\n{SET_UP}", quoted(&pinned)))
            .with_context(|| namespace.read_shared("janus.log").unwrap_or_default())?;
        let pid = pid_outside(&range).context("find Janus's process")?;
        Ok(Self { pid, namespace })
    }

    /// Where its JSON interface answers in its network, below `/janus`.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((ADDRESS, PORT))
    }

    /// Its network: a thread that has walked into it reaches its media too.
    pub fn network(&self) -> Result<File> {
        self.namespace.network()
    }

    /// A way to its JSON interface from outside.
    pub fn door(&self) -> Result<Door> {
        self.namespace.door(PORT)
    }

    /// Janus's name and version.
    pub fn version(&self) -> Result<String> {
        Ok(format!("Janus {}", self.namespace.run("dpkg-query -Wf '${Version}' janus | cut -d- -f1")?.trim()))
    }

    /// What it has logged so far.
    pub fn log(&self) -> Result<String> {
        self.namespace.read_shared("janus.log")
    }
}

/// Inside, its id is another one; outside, its command line carries the range of ports, which no other process has.
fn pid_outside(range: &str) -> Option<u32> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let mut words = command.split(|byte| *byte == 0);
        let is_janus = words.next()?.ends_with(b"janus");
        (is_janus && words.any(|word| word == range.as_bytes())).then_some(pid)
    })
}

/// `$port`, `$range`, `$pinned` and `$log` are set. Nothing is loaded but what the bench uses, and no STUN server is named.
const SET_UP: &str = r#"
ip link add media type veth peer name nobody
ip addr add 10.77.0.1/24 dev media
ip link set media up
ip link set nobody up
mkdir /srv/janus
cat >/srv/janus/janus.jcfg <<'CONFIG'
general: {
  interface = "10.77.0.1"
  debug_level = 3
  session_timeout = 0
}
nat: { ice_lite = true  ice_enforce_list = "10.77.0.1"  full_trickle = false }
media: { ipv6 = false }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
events: { broadcast = false }
CONFIG
cat >/srv/janus/janus.transport.http.jcfg <<CONFIG
general: { json = "compact"  base_path = "/janus"  http = true  port = $port  https = false }
admin: { admin_http = false }
CONFIG
echo 'general: { }' >/srv/janus/janus.plugin.videoroom.jcfg
$pinned janus --configs-folder=/srv/janus --interface=10.77.0.1 --rtp-port-range "$range" >"$log" 2>&1 &
await_port "$port"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    #[test]
    fn it_has_the_video_room_and_nothing_else() {
        let server = crate::peer!(Janus::start());
        let door = server.door().expect("a door");
        let answer = http::request(door.address(), "GET", "/janus/info", &[("Host", "localhost")], b"");
        let info = answer.expect("an answer").json().expect("JSON");
        let plugins: Vec<_> = info["plugins"].as_object().expect("an object").keys().cloned().collect();
        assert_eq!(plugins, ["janus.plugin.videoroom"]);
        assert_eq!(info["local-ip"], "10.77.0.1");
        assert!(fs::exists(format!("/proc/{}", server.pid)).unwrap_or(false));
    }
}
