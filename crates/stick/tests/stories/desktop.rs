//! A day with a stick: made by the administration, unpacked, activated, a desktop; and a line that does not last.

use std::{
    process::Child,
    time::{Duration, Instant},
};

use fernamt_testkit::{
    branch::{HTTPS_PORT, SSH_PORT},
    full,
    lab::{Lab, Link},
    line::{Line, Shape},
    office::pause,
    peers::Xrdp,
    screen::{DESKTOP, Screen},
};
use serde_json::json;

use super::branch;

const PATIENCE: Duration = Duration::from_secs(90);
/// How often the office counts in a second.
const COUNTS_PER_S: u64 = 2;
/// How long after the line's return the desktop moves again, with what the terminal server and a busy machine need.
const BACK_WITHIN: Duration = Duration::from_secs(15);

/// Counts in the colour of the desktop's background, four bits for each of red, green and blue, in the middle of what
/// such bits can mean, so that few colours suffice.
const COUNTER: &str = r##"
cat >counter.sh <<'SCRIPT'
n=0
while :; do
  n=$((n + 1))
  xsetroot -solid "#$(printf '%x8%x8%x8' $((n / 256 % 16)) $((n / 16 % 16)) $((n % 16)))"
  sleep 0.5
done
SCRIPT
setsid sh counter.sh >counter.log 2>&1 &
"##;

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the counter on the screen shows.
fn count(screen: &Screen) -> u64 {
    // A corner where no window lies.
    let pixel = screen.part(960, 700, 1, 1).unwrap();
    pixel[..3].iter().rev().fold(0, |count, part| count * 16 + u64::from(part >> 4))
}

/// Waits until the counter shows more than `seen`, and returns what it shows.
fn more_than(screen: &Screen, seen: u64, limit: Duration) -> u64 {
    let begin = Instant::now();
    loop {
        let now = count(screen);
        // Before it starts, the background has a colour that would mean far more.
        if (seen + 1..seen + 500).contains(&now) {
            return now;
        }
        assert!(begin.elapsed() < limit, "the counter stays at {now} for {limit:?}");
        pause(Duration::from_millis(20));
    }
}

#[test]
fn a_desktop_goes_on_through_a_cut_another_address_and_another_port() {
    let lab = fernamt_testkit::peer!(Lab::start(1));
    lab.at_office(|| {
        let xrdp = fernamt_testkit::peer!(Xrdp::start());
        let port = xrdp.address().port();
        let Some((branch, _programs)) = branch(&lab, &[port]) else { return };
        branch.target("Büro", port, &json!({ "kind": "rdp" })).unwrap();
        let erika = branch.hire("erika").unwrap();
        let stick = branch.make_stick(&erika).unwrap();
        lab.at_home(|| stick.activate()).unwrap();
        lab.lines(|line| line.shape(&Shape::far(Duration::from_millis(60), 0)));

        let screen = fernamt_testkit::peer!(lab.at_home(Screen::start));
        let code = erika.fresh_code().unwrap();
        let (child, end) = lab.at_home(|| stick.connect("Büro", &code)).unwrap();
        let _plugged = Ends(child);
        let mut client = lab.at_home(|| screen.open(end, &xrdp.user, &xrdp.password, &[])).unwrap();
        screen.await_colour(DESKTOP, PATIENCE).unwrap_or_else(|error| panic!("{error:#}: {}", client.log()));
        xrdp.run_as_user(COUNTER).unwrap();
        let mut seen = more_than(&screen, 0, PATIENCE);
        let begun = (Instant::now(), seen);
        let sessions = xrdp.log().unwrap().matches("connection received").count();
        assert!(sessions > 0, "xrdp logs no connection: {}", xrdp.log().unwrap());

        let mut goes_on = |what: &str| {
            let back = Instant::now();
            seen = more_than(&screen, seen + 2, BACK_WITHIN);
            println!("{what}: the counter moves after {:?}", back.elapsed());
            // It counted all the while, so nothing began anew. What was under way when the line went comes first.
            let behind = |seen: u64| {
                let passed = begun.0.elapsed().as_millis() / u128::from(1000 / COUNTS_PER_S);
                (u128::from(seen - begun.1) * 10 <= passed * 3).then_some(passed)
            };
            while let Some(passed) = behind(seen) {
                assert!(back.elapsed() < BACK_WITHIN, "{what}: counted {} where {passed} were due", seen - begun.1);
                seen = more_than(&screen, seen, BACK_WITHIN);
            }
        };
        let cut = Duration::from_secs(if full() { 30 } else { 5 });
        lab.lines(Line::cut);
        pause(cut);
        lab.lines(Line::mend);
        goes_on("after the cut");
        lab.switch_to(Link::Phone).unwrap();
        goes_on("from another address");
        // By which port it came back was a race; now there is one after the other.
        for (closed, open) in [(HTTPS_PORT, SSH_PORT), (SSH_PORT, HTTPS_PORT)] {
            lab.lines(|line| line.close_port(Some(closed)));
            connected(&lab, open);
            goes_on(&format!("by port {open}"));
        }
        lab.lines(Line::cut);
        lab.switch_to(Link::Wifi).unwrap();
        pause(Duration::from_secs(1));
        lab.lines(Line::mend);
        goes_on("after all at once");

        assert!(client.runs(), "{}", client.log());
        assert_eq!(xrdp.door().accepted_connections(), 1, "the terminal server saw one connection");
        assert_eq!(xrdp.log().unwrap().matches("connection received").count(), sessions, "xrdp saw a reconnect");
    });
}

/// Waits until there is one connection to a port of the office. What the screen shows may be older than that.
fn connected(lab: &Lab, port: u16) {
    let begin = Instant::now();
    while connections(lab, port) != 1 {
        assert!(begin.elapsed() < PATIENCE, "{} connections to port {port}", connections(lab, port));
        pause(Duration::from_millis(50));
    }
}

/// Connections to a port of the office that stand at home, from its present address.
fn connections(lab: &Lab, port: u16) -> usize {
    let address = lab.link().home();
    let found = lab.home().run(&format!("ss -Htn state established src {address} dport = :{port}")).unwrap();
    found.lines().count()
}
