//! Runs one peer for whoever is not a Rust test: the browser stories, the demo, a developer who wants to look.
//! Prints what one needs to know as a line of JSON, and ends when its standard input ends.

use std::{collections::BTreeSet, io, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use fernamt_testkit::{
    conversation::{Client, Course, Venue, record},
    peers::{
        Cyrus, LiveKit, LiveKitSettings, NlaDesktop, OpenSsh, Postgres, SambaAd, Xrdp, chromium, must_start, root,
        sdk_python,
    },
};
use serde_json::{Value, json};

/// What a terminal server's standard input may say.
const RENEW_CERTIFICATE: &str = "renew-certificate";

#[derive(Parser)]
#[command(about = "Starts a real peer, prints how to reach it as JSON, and ends with its standard input")]
struct Arguments {
    #[command(subcommand)]
    peer: Peer,
}

#[derive(Subcommand)]
enum Peer {
    /// Makes the private root that the server peers run from, the LiveKit server and its SDK, and ends.
    Prepare,
    /// A terminal server with an X desktop, TLS security. The line `renew-certificate` on standard input gives it
    /// another certificate and is answered by the new fingerprint.
    Xrdp {
        /// Who may sign in; may be given several times.
        #[arg(long, default_value = "erika")]
        user: Vec<String>,
        /// Their password.
        #[arg(long, default_value = "Linde-Fluss-27")]
        password: String,
    },
    /// An RDP server that demands network-level authentication.
    Nla,
    /// An Active Directory domain controller with LDAPS.
    SambaAd {
        /// Somebody with an account, as `name:password`; may be given several times.
        #[arg(long, value_parser = pair)]
        user: Vec<(String, String)>,
        /// Who belongs to a group, as `group:member`; groups are made as they are named. Members may be groups.
        #[arg(long, value_parser = pair)]
        member: Vec<(String, String)>,
    },
    /// The mail server of a house. Each line on standard input, `{"person": "…", "script": "…"}`, is what somebody's mail
    /// program does, Python's `imaplib`; it is answered by what that printed, or by its fault.
    Cyrus {
        /// Somebody with a mailbox, as `name:password`; may be given several times.
        #[arg(long, value_parser = pair)]
        user: Vec<(String, String)>,
    },
    /// A PostgreSQL cluster.
    Postgres,
    /// An OpenSSH server.
    Openssh,
    /// Records the reference conversations with the real LiveKit server into a folder, and ends.
    Reference {
        /// Where the files go: crates/media/tests/reference.
        folder: PathBuf,
    },
    /// A LiveKit server. Each line `room identity` on standard input is answered by a token. Says `missing`, and why, where
    /// this machine cannot have one.
    Livekit {
        /// Where webhooks go.
        #[arg(long)]
        webhook: Option<String>,
        /// Rooms are made by the API alone.
        #[arg(long)]
        known_rooms_only: bool,
        /// Also takes media over TCP.
        #[arg(long)]
        ice_tcp: bool,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().peer {
        Peer::Prepare => {
            let root = root::prepare()?;
            // Neither is needed on every machine; the tests that want them say why they are skipped.
            let (livekit, sdk) = (LiveKit::prepare(), sdk_python());
            tell(&json!({
                "root": root, "chromium": chromium().ok(), "livekit": told(livekit), "livekit_sdk": told(sdk),
            }));
            Ok(())
        }
        Peer::Xrdp { user, password } => {
            let users: Vec<_> = user.iter().map(String::as_str).collect();
            let mut peer = Xrdp::start_for_all(&users, &password)?;
            tell(&json!({
                "address": peer.address(), "user": peer.user, "password": peer.password,
                "certificate_sha256": peer.certificate_sha256, "desk": peer.desk(),
            }));
            for line in io::stdin().lines() {
                ensure!(line? == RENEW_CERTIFICATE, "a terminal server understands `{RENEW_CERTIFICATE}` only");
                peer.renew_certificate()?;
                tell(&json!({ "certificate_sha256": peer.certificate_sha256 }));
            }
            Ok(())
        }
        Peer::Nla => {
            let peer = NlaDesktop::start()?;
            serve(&json!({
                "address": peer.address(), "user": peer.user, "password": peer.password,
                "certificate_sha256": peer.certificate_sha256,
            }))
        }
        Peer::SambaAd { user, member } => {
            let peer = SambaAd::start()?;
            furnish(&peer, &user, &member)?;
            serve(&json!({
                "url": peer.url(), "bind_dn": peer.bind_dn, "bind_password": peer.bind_password,
                "base_dn": peer.base_dn, "ca_pem": peer.ca_pem,
            }))
        }
        Peer::Cyrus { user } => serve_mail(&user),
        Peer::Postgres => {
            let peer = Postgres::start()?;
            serve(&json!({ "url": peer.url() }))
        }
        Peer::Openssh => {
            let peer = OpenSsh::start()?;
            serve(&json!({
                "address": peer.address(), "user": peer.user, "password": peer.password,
                "known_hosts": peer.known_hosts_line, "key_file": peer.key_file(), "pid": peer.pid,
            }))
        }
        Peer::Reference { folder } => {
            for (client, course) in
                Client::ALL.into_iter().flat_map(|client| Course::ALL.map(|course| (client, course)))
            {
                let peer = LiveKit::start()?;
                let token = |name: &str| peer.token("reference", name);
                let venue = Venue { address: ([127, 0, 0, 1], peer.port()).into(), token: &token };
                let conversation = record(client, course, &venue)?;
                let file = course.file(client);
                conversation.write(&folder.join(&file))?;
                tell(
                    &json!({ "written": file, "lines": conversation.lines.len(), "breaches": conversation.breaches() }),
                );
            }
            Ok(())
        }
        Peer::Livekit { webhook, known_rooms_only, ice_tcp } => {
            let settings = LiveKitSettings { webhook, known_rooms_only, ice_tcp, ..LiveKitSettings::default() };
            let peer = match LiveKit::start_with(&settings) {
                Err(why) if !must_start(&why) => {
                    tell(&told(Err(why)));
                    return Ok(());
                }
                started => started?,
            };
            tell(&json!({
                "url": peer.ws_url(), "http_url": peer.http_url(), "key": peer.key, "secret": peer.secret,
                "udp_port": peer.udp_port, "tcp_port": peer.tcp_port, "pid": peer.pid(),
            }));
            for line in io::stdin().lines() {
                let line = line?;
                let (room, identity) = line.split_once(' ').context("a line is `room identity`")?;
                tell(&json!({ "token": peer.token(room, identity) }));
            }
            Ok(())
        }
    }
}

fn told(made: Result<PathBuf>) -> Value {
    made.map_or_else(|why| json!({ "missing": format!("{why:#}") }), |path| json!(path))
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    text.split_once(':').map(|(left, right)| (left.to_owned(), right.to_owned())).ok_or("two words with `:` between")
}

fn furnish(directory: &SambaAd, users: &[(String, String)], members: &[(String, String)]) -> Result<()> {
    for (name, password) in users {
        directory.add_user(name, password)?;
    }
    for group in members.iter().map(|(group, _)| group).collect::<BTreeSet<_>>() {
        directory.add_group(group)?;
    }
    members.iter().try_for_each(|(group, member)| directory.add_member(group, member))
}

fn serve_mail(users: &[(String, String)]) -> Result<()> {
    let people: Vec<_> = users.iter().map(|(name, password)| (name.as_str(), password.as_str())).collect();
    let peer = Cyrus::start(&people)?;
    tell(&json!({
        "imap_port": peer.imap_tls.address().port(), "sieve_port": peer.sieve.address().port(),
        "operator": peer.operator, "operator_password": peer.operator_password,
        "authority_file": peer.authority_file(),
    }));
    for line in io::stdin().lines() {
        let asked: Value = serde_json::from_str(&line?).context("a line is JSON")?;
        let word = |key: &str| asked[key].as_str().with_context(|| format!("a line has a `{key}`"));
        tell(&match peer.mail_program(word("person")?, word("script")?) {
            Ok(printed) => json!({ "printed": printed }),
            Err(fault) => json!({ "fault": format!("{fault:#}") }),
        });
    }
    Ok(())
}

/// Tells about the peer and waits; the caller's `peer` is dropped, and so ended, only when this returns.
fn serve(facts: &Value) -> Result<()> {
    tell(facts);
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this line is the program's result")]
fn tell(facts: &Value) {
    println!("{facts}");
}
