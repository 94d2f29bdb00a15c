//! A small world for lines: a home and an office, each with a network of its own, and two lines between them (Wi-Fi and
//! phone) that can be made as bad as one likes. The home's address changes with the line it uses.
//!
//! ```no_run
//! use fernamt_testkit::{lab::Lab, line::Shape};
//! use std::time::Duration;
//!
//! # fn a_test() {
//! let lab = fernamt_testkit::peer!(Lab::start(7));
//! lab.wifi.shape(&Shape::far(Duration::from_millis(200), 20));
//! lab.at_office(|| {
//!     let listener = std::net::TcpListener::bind((Lab::OFFICE, 2222)).expect("a free port");
//!     let _client = lab.at_home(|| std::net::TcpStream::connect(listener.local_addr().expect("bound")));
//! });
//! # }
//! ```

use std::{
    fs::{self, File},
    net::Ipv4Addr,
    os::fd::AsFd as _,
    panic,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result, ensure};
use rustix::{
    process::geteuid,
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use crate::{
    line::{Line, names::Names},
    peers::{Namespace, Network, quoted},
};

/// Smaller than what the lines' sockets take, and what a tunnel over a home line usually has.
const MTU_BYTES: u16 = 1400;

/// Which line the home uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The first.
    Wifi,
    /// The other: another address.
    Phone,
}

impl Link {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Wifi => Self::Phone,
            Self::Phone => Self::Wifi,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Wifi => "wifi",
            Self::Phone => "phone",
        }
    }

    /// The home's address on this line.
    pub fn home(self) -> Ipv4Addr {
        match self {
            Self::Wifi => Ipv4Addr::new(198, 18, 1, 2),
            Self::Phone => Ipv4Addr::new(198, 18, 2, 2),
        }
    }

    /// The other end's address.
    fn office(self) -> Ipv4Addr {
        match self {
            Self::Wifi => Ipv4Addr::new(198, 18, 1, 1),
            Self::Phone => Ipv4Addr::new(198, 18, 2, 1),
        }
    }
}

/// Home, office, and the lines between. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Lab {
    /// The first line; the home begins with it.
    pub wifi: Line,
    /// The second line.
    pub phone: Line,
    link: Mutex<Link>,
    home: Place,
    office: Place,
    _names: Names,
}

/// A namespace and the way into its network.
#[derive(Debug)]
struct Place {
    namespace: Namespace,
    network: File,
}

impl Lab {
    /// The office's address, whatever line leads there.
    pub const OFFICE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

    /// A name that leads to the office from everywhere.
    pub const OFFICE_NAME: &str = "fernamt.test";

    /// Builds the world; both lines are perfect at first. Equal seeds give lines with equal luck.
    pub fn start(seed: u64) -> Result<Self> {
        ensure!(geteuid().is_root(), "only root may walk between networks");
        let (home, office) = (Place::new("home")?, Place::new("office")?);
        let line = |link: Link, seed| -> Result<Line> {
            let line = Line::start(&home.socket(link), &office.socket(link), seed)?;
            home.plug(link, link.home(), link.office())?;
            office.plug(link, link.office(), link.home())?;
            Ok(line)
        };
        let (wifi, phone) = (line(Link::Wifi, seed)?, line(Link::Phone, seed.rotate_left(32))?);
        office.namespace.run(&format!("ip address add {}/32 dev lo", Self::OFFICE))?;
        let resolver = resolver();
        home.namespace.run(&format!("ip address replace {resolver}/32 dev lo"))?;
        let names = home.enter(|| Names::start((resolver, 53).into(), Self::OFFICE)).context("answer for names")?;
        let lab = Self { wifi, phone, link: Mutex::new(Link::Phone), home, office, _names: names };
        lab.switch_to(Link::Wifi)?;
        Ok(lab)
    }

    /// The home moves to another line: its old address is gone, and nothing that it had open knows of it.
    pub fn switch_to(&self, link: Link) -> Result<()> {
        let mut now = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, new, address) = (link.other().name(), link.name(), link.home());
        // The old device stays up: one that goes down takes its TUN with it.
        self.home.namespace.run(&format!(
            "ip address flush dev {old}\nip address replace {address} peer {} dev {new}\n\
             ip route replace default dev {new} src {address}",
            link.office()
        ))?;
        *now = link;
        Ok(())
    }

    /// The home moves to the line that it does not use now.
    pub fn switch(&self) -> Result<Link> {
        let other = self.link().other();
        self.switch_to(other)?;
        Ok(other)
    }

    /// The line that the home uses.
    pub fn link(&self) -> Link {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes both lines.
    pub fn lines(&self, change: impl Fn(&Line)) {
        change(&self.wifi);
        change(&self.phone);
    }

    /// Does something in the home's network: what it starts or opens stays there.
    pub fn at_home<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        self.home.enter(what)
    }

    /// Does something in the office's network: what it starts or opens stays there.
    pub fn at_office<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        self.office.enter(what)
    }

    /// The home's own small machine, with users and programs of its own.
    pub fn home(&self) -> &Namespace {
        &self.home.namespace
    }

    /// The office's own small machine.
    pub fn office(&self) -> &Namespace {
        &self.office.namespace
    }

    /// What governs how fast TCP sends, alike at both ends, as the kernel names it.
    pub fn congestion_control(&self) -> Result<String> {
        let read = "cat /proc/sys/net/ipv4/tcp_congestion_control";
        let (home, office) = (self.home.namespace.run(read)?, self.office.namespace.run(read)?);
        ensure!(home == office, "home sends by {home}, the office by {office}");
        Ok(home)
    }

    /// Lets both ends send by this algorithm.
    pub fn set_congestion_control(&self, name: &str) -> Result<()> {
        for place in [&self.home, &self.office] {
            place.namespace.run(&format!("echo {name} >/proc/sys/net/ipv4/tcp_congestion_control"))?;
        }
        Ok(())
    }
}

/// Where programs on this machine ask for names; at home it is the home's own.
fn resolver() -> Ipv4Addr {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().find_map(|line| line.strip_prefix("nameserver")?.trim().parse().ok());
    named.unwrap_or(Ipv4Addr::LOCALHOST)
}

impl Place {
    fn new(name: &'static str) -> Result<Self> {
        let namespace = Namespace::start(name, Network::Private)?;
        let network = namespace.network()?;
        Ok(Self { namespace, network })
    }

    /// The line's end in this place.
    fn socket(&self, link: Link) -> PathBuf {
        self.namespace.share().join(link.name())
    }

    /// Makes a TUN device whose packets pass through the line's socket.
    fn plug(&self, link: Link, address: Ipv4Addr, peer: Ipv4Addr) -> Result<()> {
        let (name, share) = (link.name(), self.namespace.share());
        // socat listens only to a peer of the very name that it sends to, so the folder needs the same name inside.
        self.namespace
            .run(&format!(
                "share={}
                 [ -d \"$share\" ] || {{ mkdir -p \"$share\"; mount --bind /share \"$share\"; }}
                 socat TUN,tun-name={name},tun-type=tun,iff-no-pi,iff-up \
                   \"UNIX-SENDTO:$share/{name},bind=$share/{name}.peer\" >/share/{name}.log 2>&1 &
                 tries=0
                 until ip link show {name} >/dev/null 2>&1 && [ -S /share/{name}.peer ]; do
                   tries=$((tries + 1))
                   [ \"$tries\" -lt 400 ] || {{ cat /share/{name}.log; exit 1; }}
                   sleep 0.02
                 done
                 ip link set {name} mtu {MTU_BYTES} up
                 ip address replace {address} peer {peer} dev {name}",
                quoted(&share.to_string_lossy())
            ))
            .context("this machine has no TUN devices")?;
        Ok(())
    }

    fn enter<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                move_into_link_name_space(self.network.as_fd(), Some(LinkNameSpaceType::Network))
                    .context("walk into a network")
                    .expect("root may, and the network lives as long as the lab");
                what()
            });
            inside.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
        time::{Duration, Instant},
    };

    use super::*;
    use crate::{
        line::{Direction, Shape},
        office::pause,
    };

    const LIMIT: Duration = Duration::from_secs(20);

    /// A person at home who throws balls at a wall in the office.
    struct Wall {
        ball: UdpSocket,
    }

    impl Wall {
        fn build(lab: &Lab) -> Self {
            let wall = lab.at_office(|| UdpSocket::bind((Lab::OFFICE, 0)).expect("a free port"));
            let address = wall.local_addr().expect("bound");
            thread::spawn(move || {
                let mut buffer = [0; 1500];
                while let Ok((count, from)) = wall.recv_from(&mut buffer) {
                    if count == 0 || wall.send_to(&buffer[..count], from).is_err() {
                        return;
                    }
                }
            });
            let ball = lab.at_home(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port"));
            ball.connect(address).expect("the office is known");
            ball.set_read_timeout(Some(LIMIT)).expect("set");
            Self { ball }
        }

        fn throw(&self) -> Duration {
            let start = Instant::now();
            self.ball.send(&[1; 100]).expect("sent");
            self.ball.recv(&mut [0; 1500]).expect("it comes back");
            start.elapsed()
        }

        /// Throws in batches, and waits for what the line to the office lets through to come back.
        fn throw_all(&self, count: u64, lab: &Lab) {
            // Few enough under way for the smallest of the queues of sockets on it.
            const AT_ONCE: u64 = 50;
            let thrown = || {
                let tally = lab.wifi.tally(Direction::Up);
                (tally.delivered, tally.delivered + tally.lost)
            };
            let (mut back, began) = (lab.wifi.tally(Direction::Up).delivered, thrown().1);
            for batch in 1..=count / AT_ONCE {
                for _ in 0..AT_ONCE {
                    self.ball.send(&[1; 20]).expect("sent");
                }
                let (start, end) = (Instant::now(), began + batch * AT_ONCE);
                while thrown().1 < end {
                    assert!(start.elapsed() < LIMIT, "the line keeps packets back");
                    pause(Duration::from_millis(1));
                }
                while back < thrown().0 {
                    self.ball.recv(&mut [0; 1500]).expect("nothing but the line loses packets");
                    back += 1;
                }
            }
        }
    }

    impl Drop for Wall {
        fn drop(&mut self) {
            let _ = self.ball.send(&[]);
        }
    }

    #[test]
    fn a_packet_takes_as_long_as_the_line_is_far() {
        let lab = crate::peer!(Lab::start(1));
        let wall = Wall::build(&lab);
        let near = (0..20).map(|_| wall.throw()).min().expect("thrown");
        assert!(near < Duration::from_millis(20), "{near:?}");
        lab.wifi.shape(&Shape::far(Duration::from_millis(80), 0));
        let mut far: Vec<_> = (0..9).map(|_| wall.throw()).collect();
        far.sort();
        assert!((Duration::from_millis(80)..Duration::from_millis(110)).contains(&far[4]), "{far:?}");
        // Each way by itself.
        lab.wifi.reshape_one(Direction::Down, |shape| shape.delay = Duration::from_millis(10));
        let less = (0..5).map(|_| wall.throw()).min().expect("thrown");
        assert!((Duration::from_millis(50)..Duration::from_millis(75)).contains(&less), "{less:?}");
    }

    #[test]
    fn a_lossy_line_loses_its_share() {
        let lab = crate::peer!(Lab::start(2));
        let wall = Wall::build(&lab);
        wall.throw();
        let before = lab.wifi.tally(Direction::Up);
        lab.wifi.reshape_one(Direction::Up, |shape| shape.loss_permille = 100);
        wall.throw_all(1000, &lab);
        let after = lab.wifi.tally(Direction::Up);
        let lost = after.lost - before.lost;
        assert!((60..140).contains(&lost), "{after:?}");
        assert_eq!(after.delivered - before.delivered, 1000 - lost);
    }

    #[test]
    fn tcp_gets_what_the_line_lets_through() {
        let lab = crate::peer!(Lab::start(3));
        lab.wifi.shape(&Shape::slow(Duration::from_millis(20), 8_000_000));
        let (mut inside, mut outside) = connected(&lab);
        let sent = 2_000_000_usize;
        let feeding = thread::spawn(move || inside.write_all(&vec![7; sent]));
        let start = Instant::now();
        let mut got = 0;
        let mut buffer = vec![0; 65536];
        while got < sent {
            got += outside.read(&mut buffer).expect("it flows");
        }
        let rate = f64::from(u32::try_from(sent * 8).expect("small")) / start.elapsed().as_secs_f64();
        feeding.join().expect("it ran").expect("sent");
        // Headers take 4 %, the slow start some time.
        assert!((6_000_000.0..8_000_000.0).contains(&rate), "{rate}");
    }

    #[test]
    fn after_a_cut_tcp_goes_on_but_not_from_another_address() {
        let lab = crate::peer!(Lab::start(4));
        let (mut inside, mut outside) = connected(&lab);
        lab.wifi.cut();
        inside.write_all(b"a").expect("the kernel takes it");
        outside.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
        outside.read_exact(&mut [0]).expect_err("the line is cut");
        lab.wifi.mend();
        outside.set_read_timeout(Some(LIMIT)).expect("set");
        outside.read_exact(&mut [0]).expect("TCP tries again");

        assert_eq!(lab.switch().expect("switched"), Link::Phone);
        inside.write_all(b"b").expect("the kernel takes it");
        outside.set_read_timeout(Some(Duration::from_millis(700))).expect("set");
        outside.read_exact(&mut [0]).expect_err("the address is gone");
        let (inside, _outside) = connected(&lab);
        assert_eq!(inside.peer_addr().expect("connected").ip(), Link::Phone.home());
        // Back home the old connection's address is there again, and so is the connection.
        lab.switch_to(Link::Wifi).expect("switched");
        outside.set_read_timeout(Some(LIMIT)).expect("set");
        outside.read_exact(&mut [0]).expect("TCP tries again");
    }

    #[test]
    fn names_lead_to_the_office() {
        use std::net::ToSocketAddrs as _;
        let lab = crate::peer!(Lab::start(6));
        let found = lab.at_home(|| (Lab::OFFICE_NAME, 443).to_socket_addrs().map(Iterator::collect::<Vec<_>>));
        assert_eq!(found.expect("resolved"), [SocketAddr::from((Lab::OFFICE, 443))]);
    }

    #[test]
    fn a_closed_port_swallows_what_comes() {
        let lab = crate::peer!(Lab::start(5));
        let [closed, open] = [(); 2].map(|()| lab.at_office(|| TcpListener::bind((Lab::OFFICE, 0)).expect("free")));
        let [closed, open] = [closed, open].map(|listener| (listener.local_addr().expect("bound"), listener));
        lab.lines(|line| line.close_port(Some(closed.0.port())));
        let reach =
            |to: SocketAddr| lab.at_home(|| TcpStream::connect_timeout(&to, Duration::from_millis(500)).is_ok());
        assert_eq!([reach(closed.0), reach(open.0)], [false, true]);
    }

    /// A connection from home to the office: the office's end, and the home's.
    fn connected(lab: &Lab) -> (TcpStream, TcpStream) {
        let listener = lab.at_office(|| TcpListener::bind((Lab::OFFICE, 0)).expect("a free port"));
        let address = listener.local_addr().expect("bound");
        let outside = lab.at_home(|| TcpStream::connect(address).expect("the office answers"));
        (listener.accept().expect("somebody comes").0, outside)
    }
}
