//! `fernamt demo`: a whole office with demo people on embedded defaults, in one folder that can be deleted.

mod codes;
mod hold;
mod mail;
mod people;
mod ports;
mod seed;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use crate::{
    app::App,
    config::{
        Backup, Config, Database, Listener, LiveKit, Log, LogFormat, Mail, Media, Server, Ssh, Stick, Targets, Tls,
        TlsWord,
    },
    demo_app, log,
    office::Office,
};

/// The zone of the demo's listeners.
const ZONE: &str = "internet";

/// The demo's host name. Names under `.localhost` reach the loopback and count as a secure context.
const HOST: &str = "fernamt.localhost";

/// The file in the demo's folder that says where its application listened last.
const PORTS_FILE: &str = "demo-application.json";

/// What `fernamt demo` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The port of the web app; another free one is taken if it is in use.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The port of the SSH gateway; another free one is taken if it is in use.
    #[arg(long, default_value_t = 2222)]
    ssh_port: u16,
    /// The folder for everything; a temporary one, deleted at the end, unless said.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// An RDP server on the loopback to show as a desktop.
    #[arg(long)]
    rdp_address: Option<SocketAddr>,
    /// The user name at that RDP server; its password is the demo's.
    #[arg(long, default_value = "")]
    rdp_user: String,
    /// The password at that RDP server.
    #[arg(long, default_value = "")]
    rdp_password: String,
    /// A LiveKit that meetings live on, such as `ws://127.0.0.1:7880`.
    #[arg(long, requires_all = ["livekit_key", "livekit_secret_file"])]
    livekit_url: Option<String>,
    /// The name of its API key.
    #[arg(long, requires = "livekit_url")]
    livekit_key: Option<String>,
    /// A file with the secret of that key.
    #[arg(long, requires = "livekit_url")]
    livekit_secret_file: Option<PathBuf>,
    /// Print one line of JSON for programs instead of a table for people.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn livekit(&self) -> Option<LiveKit> {
        let (url, key) = (self.livekit_url.clone()?, self.livekit_key.clone()?);
        Some(LiveKit { url, api_url: None, key, secret_file: self.livekit_secret_file.clone()? })
    }
}

/// Runs until interrupted.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::tempdir().context("no temporary folder can be made")?;
    let data_dir = arguments.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    let _held = hold::hold(&data_dir)?;
    let port = free_port(arguments.port).await?;
    let ssh_port = free_port(arguments.ssh_port).await?;
    let demo_app = demo_app::start().await?;
    let loopback = [Some(demo_app.pages), Some(demo_app.service), arguments.rdp_address]
        .into_iter()
        .flatten()
        .map(|address| address.port());
    let mut config = config(data_dir, port, ssh_port, loopback.collect());
    config.media.livekit = arguments.livekit();
    log::start(&config.log)?;

    let office = Office::open(config).await?;
    let desktop = arguments.rdp_address.map(|address| seed::Desktop {
        address,
        user: arguments.rdp_user.clone(),
        password: arguments.rdp_password.clone(),
    });
    let ports = office.config.server.data_dir.join(PORTS_FILE);
    seed::follow(&office, ports::read(&ports), demo_app).await?;
    let people = seed::seed(&office, demo_app, desktop).await?;
    ports::write(&ports, demo_app)?;
    let app = App::build(office).await?;
    if let Some(mail) = app.mail() {
        mail::seed(app.office(), mail).await?;
    }
    let place = codes::Place { url: format!("http://{HOST}:{port}"), ssh_host: "localhost".into(), ssh_port };
    codes::announce(&place, &people, arguments.json)?;
    let show = (!arguments.json).then(|| tokio::spawn(codes::keep_showing(people)));
    app.run().await?;
    if let Some(show) = show {
        show.abort();
    }
    Ok(ExitCode::SUCCESS)
}

fn config(data_dir: PathBuf, port: u16, ssh_port: u16, allow_loopback_ports: Vec<u16>) -> Config {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Config {
        server: Server { data_dir, public_url: format!("http://{HOST}:{port}"), name: "Stadt Musterhausen".into() },
        listener: vec![Listener {
            zone: ZONE.into(),
            address: at(port),
            tls: Tls::Word(TlsWord::Off),
            administration: true,
        }],
        ssh: Some(Ssh { zone: ZONE.into(), address: at(ssh_port), resume_minutes: 10 }),
        // Names under .localhost are not known to every resolver.
        stick: Stick { programs: None, ssh_address: Some(at(ssh_port).to_string()) },
        media: Media { address: Some(at(0)), ..Media::default() },
        smtp: None,
        mail: Some(Mail::default()),
        database: Database::default(),
        backup: Backup::default(),
        log: Log { format: LogFormat::Text, filter: "warn".into() },
        targets: Targets { allow_loopback_ports },
        metrics: None,
        tenant: Vec::new(),
    }
}

/// The wished port if it is free, else another one.
async fn free_port(wished: u16) -> anyhow::Result<u16> {
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, wished)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port of the loopback is free")?,
    };
    Ok(listener.local_addr()?.port())
}
