//! What the demo prints: where to go, whom to sign in as, and the one-time codes of the moment.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use data_encoding::BASE32_NOPAD;
use fernamt_domain::{Clock as _, Secret, SystemClock};
use fernamt_identity::otp::{self, Scheme};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::people::{DemoPerson, PASSWORD};

/// Where the demo is.
#[derive(Debug)]
pub(super) struct Place {
    /// The address of the web app.
    pub(super) url: String,
    /// The SSH gateway's host.
    pub(super) ssh_host: String,
    /// The SSH gateway's port.
    pub(super) ssh_port: u16,
}

/// Prints where to go and whom to sign in as.
pub(super) fn announce(place: &Place, people: &[DemoPerson], json: bool) -> anyhow::Result<()> {
    let text = if json { as_json(place, people) } else { as_text(place, people)? };
    crate::commands::print(&text)?;
    Ok(())
}

/// Prints the codes anew while they change, as long as somebody looks at a terminal.
pub(super) async fn keep_showing(people: Vec<DemoPerson>) {
    if !std::io::stdout().is_terminal() {
        return;
    }
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let codes: Vec<String> = people.iter().map(|person| format!("{} {}", person.name, code(person))).collect();
        let left = 30 - SystemClock.now().unix_timestamp().rem_euclid(30);
        let mut out = std::io::stdout().lock();
        let line = write!(out, "\r\x1b[KCodes: {}  (another {left:2} s)", codes.join("  ")).and_then(|()| out.flush());
        if line.is_err() {
            return;
        }
    }
}

fn code(person: &DemoPerson) -> String {
    let step = otp::step_at(&Scheme::APP, SystemClock.now()).unwrap_or_default();
    otp::code_at(&Scheme::APP, &Secret::new(person.secret.to_vec()), step)
}

fn as_text(place: &Place, people: &[DemoPerson]) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "\nThe office is open:  {}\n", place.url)?;
    writeln!(text, "Password of everybody:  {PASSWORD}")?;
    writeln!(text, "{:<8} {:<18} {:<8} {:<20} secret for an authenticator app", "name", "", "code now", "duty")?;
    for person in people {
        let duty = person.roles.first().map_or("", |role| role.as_str());
        let secret = BASE32_NOPAD.encode(person.secret);
        writeln!(text, "{:<8} {:<18} {:<8} {duty:<20} {secret}", person.name, person.display_name, code(person))?;
    }
    writeln!(
        text,
        "\nSSH gateway:  ssh -p {} ada@{}   (her tile \"Tierregister, Schnittstelle\" shows a tunnel)",
        place.ssh_port, place.ssh_host
    )?;
    writeln!(
        text,
        "A code works once and for half a minute; the next one follows. Ctrl+C ends the demo and deletes it.\n"
    )?;
    Ok(text)
}

fn as_json(place: &Place, people: &[DemoPerson]) -> String {
    let people: Vec<_> = people
        .iter()
        .map(|person| {
            json!({
                "name": person.name,
                "display_name": person.display_name,
                "password": PASSWORD,
                "totp_secret": BASE32_NOPAD.encode(person.secret),
                "roles": person.roles,
            })
        })
        .collect();
    let place =
        json!({ "url": place.url, "ssh": { "host": place.ssh_host, "port": place.ssh_port }, "people": people });
    format!("{place}\n")
}
