//! A stick, as far as the gateway knows it.

use std::sync::Arc;

use data_encoding::BASE64;
use fernamt_api::stick::{
    COMPANION_PREFIX, FromGateway, FromStick, Hello, SUBSYSTEM, VERSION, Welcome, moved_host, target_host,
};
use fernamt_domain::TargetId;
use fernamt_resume::{Dialer, Handle, Settings, Status, Ticket, initiate};
use russh::{
    Channel, ChannelMsg, ChannelStream,
    client::{self, KeyboardInteractiveAuthResponse, Msg},
    keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, ssh_key::private::Ed25519Keypair},
};
use serde::Serialize;
use tokio::time::timeout;

use super::{
    house::{CODE, House},
    peers::PATIENCE,
    road::Road,
};

pub(crate) struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

pub(crate) fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn signing(seed: u8) -> PrivateKeyWithHashAlg {
    PrivateKeyWithHashAlg::new(Arc::new(key(seed)), None)
}

/// A stick whose SSH connection stands.
pub(crate) struct Stick {
    pub(crate) stream: Handle,
    pub(crate) session: client::Handle<Trusting>,
    control: Option<Channel<Msg>>,
    heard: Vec<u8>,
}

impl Stick {
    /// A stick before it signs in.
    pub(crate) async fn arrive(road: &Road) -> Self {
        Self::arrive_by(road.dialer()).await
    }

    async fn arrive_by(dialer: Arc<dyn Dialer>) -> Self {
        let (pipe, stream) = initiate(Settings::default(), dialer);
        let session = client::connect_stream(client::Config::default().into(), pipe, Trusting).await.unwrap();
        Self { stream, session, control: None, heard: Vec::new() }
    }

    /// Proves the key and gives one answer. Whether that was enough.
    pub(crate) async fn proves(&mut self, login: &str, seed: u8, answer: &str) -> bool {
        let proved = self.session.authenticate_publickey(login, signing(seed)).await.unwrap();
        if !matches!(proved, client::AuthResult::Failure { partial_success: true, .. }) {
            return false;
        }
        let asked = self.session.authenticate_keyboard_interactive_start(login, None).await.unwrap();
        let KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } = asked else { return false };
        assert_eq!(prompts.len(), 1);
        let answered = self.session.authenticate_keyboard_interactive_respond(vec![answer.into()]).await.unwrap();
        matches!(answered, KeyboardInteractiveAuthResponse::Success)
    }

    /// A stick of this name and key that has signed in and opened its conversation.
    pub(crate) async fn sign_in(house: &House, road: &Road, login: &str, seed: u8) -> Self {
        Self::sign_in_by(house, road.dialer(), login, seed).await
    }

    /// The same by another way.
    pub(crate) async fn sign_in_by(house: &House, dialer: Arc<dyn Dialer>, login: &str, seed: u8) -> Self {
        let public = key(seed).public_key().clone();
        house.keys.lock().unwrap().push(public);
        let mut stick = Self::arrive_by(dialer).await;
        assert!(stick.proves(login, seed, CODE).await, "not let in");
        stick.begin().await;
        stick
    }

    /// Opens the conversation of a stick that has signed in.
    pub(crate) async fn begin(&mut self) {
        let control = self.session.channel_open_session().await.unwrap();
        control.request_subsystem(true, SUBSYSTEM).await.unwrap();
        self.control = Some(control);
    }

    pub(crate) async fn say(&self, line: &impl Serialize) {
        let mut line = serde_json::to_vec(line).unwrap();
        line.push(b'\n');
        self.say_bytes(line).await;
    }

    pub(crate) async fn say_bytes(&self, bytes: Vec<u8>) {
        self.control.as_ref().unwrap().data_bytes(bytes).await.unwrap();
    }

    pub(crate) async fn say_line(&self, line: &fernamt_api::stick::LineQuality) {
        self.say(&FromStick::Line(line.clone())).await;
    }

    /// What the gateway says next; `None` at the end.
    pub(crate) async fn hear(&mut self) -> Option<FromGateway> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let message = timeout(PATIENCE, self.control.as_mut().unwrap().wait()).await.expect("nothing came");
            match message {
                Some(ChannelMsg::Data { data }) => self.heard.extend_from_slice(&data),
                Some(_) => {}
                None => return None,
            }
        }
    }

    /// Ends its side of the conversation, and waits until the gateway has ended its own.
    pub(crate) async fn says_no_more(&mut self) {
        let control = self.control.as_mut().unwrap();
        control.eof().await.unwrap();
        let answered = async { while !matches!(control.wait().await.unwrap(), ChannelMsg::Eof) {} };
        timeout(PATIENCE, answered).await.expect("no answer");
    }

    pub(crate) fn greeting(generation: u64) -> Hello {
        Hello { version: VERSION, generation, program: "0.0".into(), system: "linux".into() }
    }

    /// Says hello and is welcome. From then on the stream survives its line, if the gateway will have it.
    pub(crate) async fn welcome(&mut self, generation: u64) -> (Welcome, Option<Ticket>) {
        self.say(&Self::greeting(generation)).await;
        let Some(FromGateway::Welcome(welcome)) = self.hear().await else { panic!("not welcome") };
        let ticket = welcome.ticket.as_ref().map(|ticket| {
            let bytes = BASE64.decode(ticket.0.expose().as_bytes()).unwrap();
            Ticket::parse(&bytes).unwrap()
        });
        if let Some(ticket) = &ticket {
            self.stream.arm(ticket.clone());
        }
        (welcome, ticket)
    }

    /// Whether the gateway takes a request for a shell.
    pub(crate) async fn asks_for_a_shell(&self) -> bool {
        let mut channel = self.session.channel_open_session().await.unwrap();
        channel.request_shell(true).await.unwrap();
        Self::is_taken(&mut channel).await
    }

    /// Whether the gateway takes a request for a command.
    pub(crate) async fn asks_for_a_command(&self) -> bool {
        let mut channel = self.session.channel_open_session().await.unwrap();
        channel.exec(true, "ls").await.unwrap();
        Self::is_taken(&mut channel).await
    }

    async fn is_taken(channel: &mut Channel<Msg>) -> bool {
        loop {
            match timeout(PATIENCE, channel.wait()).await.expect("no answer") {
                Some(ChannelMsg::Success) => return true,
                Some(ChannelMsg::Failure) | None => return false,
                Some(_) => {}
            }
        }
    }

    pub(crate) async fn tunnel(&self, target: TargetId, port: u16) -> Result<ChannelStream<Msg>, russh::Error> {
        let opened = self.session.channel_open_direct_tcpip(target_host(target), port.into(), "127.0.0.1", 1).await?;
        Ok(opened.into_stream())
    }

    /// A channel for the tunnel with this number.
    pub(crate) async fn open(&self, target: TargetId, port: u16, number: u32) -> Result<Channel<Msg>, russh::Error> {
        self.session.channel_open_direct_tcpip(target_host(target), port.into(), "127.0.0.1", number).await
    }

    /// On a companion: the channel to which that tunnel moves.
    pub(crate) async fn takes_over(
        &self,
        target: TargetId,
        port: u16,
        number: u32,
    ) -> Result<Channel<Msg>, russh::Error> {
        self.session.channel_open_direct_tcpip(moved_host(target), port.into(), "127.0.0.1", number).await
    }

    /// Asks for a companion, and is given the answer by which it comes in.
    pub(crate) async fn invites(&mut self) -> String {
        self.say(&FromStick::Companion).await;
        loop {
            if let FromGateway::Companion { secret } = self.hear().await.expect("the conversation ended") {
                return format!("{COMPANION_PREFIX}{}", secret.0.expose());
            }
        }
    }

    /// A companion that has signed in, survives its line, and comes by this way.
    pub(crate) async fn companion(&mut self, road: &Road, login: &str, seed: u8) -> Self {
        let answer = self.invites().await;
        let mut companion = Self::arrive(road).await;
        assert!(companion.proves(login, seed, &answer).await, "not let in");
        companion.begin().await;
        let Some(FromGateway::Ticket { ticket: Some(ticket) }) = companion.hear().await else { panic!("no ticket") };
        let bytes = BASE64.decode(ticket.0.expose().as_bytes()).unwrap();
        companion.stream.arm(Ticket::parse(&bytes).unwrap());
        companion
    }

    pub(crate) async fn until(&self, what: impl FnMut(&Status) -> bool) {
        let mut status = self.stream.watch();
        timeout(PATIENCE, status.wait_for(what)).await.expect("it never came to that").unwrap();
    }
}
