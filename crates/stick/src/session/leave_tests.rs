//! How a stick leaves: not before the gateway has heard what it said.

use std::{borrow::Cow, net::Ipv4Addr, sync::Arc, time::Duration};

use bytes::BytesMut;
use fernamt_api::stick::{Config, FromGateway, FromStick, VERSION, Welcome};
use fernamt_domain::{DeviceId, Secret, SystemClock, SystemRng};
use fernamt_resume::{Decoder, First, Greeting, Settings};
use russh::{
    Channel, ChannelId, MethodKind, MethodSet, client,
    keys::{PrivateKey, PublicKeyOrCertificate, ssh_key::private::Ed25519Keypair},
    server::{self, Auth, ChannelOpenHandle, Handler, Msg, Response, Session, VerifiedPublicKey},
};
use tokio::{
    io::{AsyncReadExt as _, duplex},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Network, control::Speaking};
use crate::{
    dial::Surroundings,
    engine::Step,
    seam::{Credentials, Gateway, Progress},
};

/// What takes longer than this never happens.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a gateway saw.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Saw {
    Kept(u64),
    /// The stick says no more.
    End,
    /// The connection is over.
    HangUp,
}

/// A gateway that lets everybody in, and notes what it sees.
struct House {
    saw: watch::Sender<Vec<Saw>>,
    waiting: Vec<u8>,
}

impl House {
    fn new(saw: &watch::Sender<Vec<Saw>>) -> Self {
        Self { saw: saw.clone(), waiting: Vec::new() }
    }

    fn note(&self, what: Saw) {
        self.saw.send_modify(|saw| saw.push(what));
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.note(Saw::HangUp);
    }
}

impl Handler for House {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let methods = MethodSet::from(&[MethodKind::KeyboardInteractive][..]);
        Ok(Auth::Reject { proceed_with_methods: Some(methods), partial_success: true })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let prompts = Cow::Owned(vec![(Cow::Borrowed("Code: "), false)]);
        let question = Auth::Partial { name: Cow::Borrowed(""), instructions: Cow::Borrowed(""), prompts };
        Ok(if response.is_some() { Auth::Accept } else { question })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(&mut self, id: ChannelId, _: &str, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(id)
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        self.waiting.extend_from_slice(data);
        while let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.waiting.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(FromStick::Kept { generation }) => self.note(Saw::Kept(generation)),
                Ok(_) => {}
                // Its hello.
                Err(_) => {
                    let (person, targets) = ("Erika".to_owned(), Vec::new());
                    let welcome = Welcome { generation: 7, ticket: None, person, targets, companions: false };
                    let mut line = serde_json::to_vec(&FromGateway::Welcome(welcome)).unwrap();
                    line.push(b'\n');
                    session.data(id, line)?;
                }
            }
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.note(Saw::End);
        session.eof(id)
    }
}

fn key() -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[1; 32]))
}

fn settings() -> Arc<server::Config> {
    Arc::new(server::Config { keys: vec![key()], auth_rejection_time: Duration::ZERO, ..Default::default() })
}

/// Reads how a line to a gateway begins.
async fn greeted(socket: &mut TcpStream) -> Decoder {
    let mut greeting = Greeting::default();
    loop {
        let mut bytes = BytesMut::new();
        assert_ne!(socket.read_buf(&mut bytes).await.unwrap(), 0, "the line ended");
        match greeting.push(&bytes).unwrap() {
            Some(First::Open(rest)) => return rest,
            Some(_) => panic!("the stick came back to something"),
            None => {}
        }
    }
}

#[tokio::test]
async fn a_stick_that_leaves_at_once_lets_the_gateway_hear_that_its_number_is_written_down() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (saw, mut seen) = watch::channel(Vec::new());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let rest = greeted(&mut socket).await;
        let (pipe, _stream) = fernamt_resume::accept(Settings::default(), Box::new(socket), rest);
        let session = server::run_stream(settings(), pipe, House::new(&saw)).await.unwrap();
        let _ = session.await;
    });
    let host_keys = vec![key().public_key().to_openssh().unwrap()];
    let config = Config {
        version: VERSION,
        device: DeviceId::new(&SystemClock, &SystemRng),
        login: "erika".into(),
        agency: "Amt".into(),
        person: "Erika".into(),
        language: "de".into(),
        accent: String::new(),
        ssh: Some(address.to_string()),
        websocket: None,
        host_keys: host_keys.clone(),
        web: "http://fernamt.localhost".into(),
    };
    let credentials = Credentials { login: config.login.clone(), seed: Secret::new([2; 32]), host_keys, generation: 6 };
    let network = Network::new(Arc::new(SystemRng), Surroundings::none());
    let (progress, _steps) = Progress::new(Step::Connecting);
    let arrival = network.sign_in(&config, &credentials, &"424242".into(), None, &progress).await.unwrap();
    arrival.session.kept(arrival.welcome.generation).await;
    arrival.session.leave().await;
    timeout(PATIENCE, seen.wait_for(|seen| seen.contains(&Saw::HangUp))).await.expect("it stays").unwrap();
    assert_eq!(*seen.borrow(), [Saw::Kept(7), Saw::End, Saw::HangUp]);
}

struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

#[tokio::test]
async fn a_stick_that_leaves_waits_for_the_gateways_silence_but_not_for_long() {
    let (near, far) = duplex(64 * 1024);
    let (saw, mut seen) = watch::channel(Vec::new());
    tokio::spawn(async move {
        let session = server::run_stream(settings(), far, House::new(&saw)).await.unwrap();
        let _ = session.await;
    });
    let mut ssh = client::connect_stream(Arc::default(), near, Trusting).await.unwrap();
    assert!(ssh.authenticate_none("erika").await.unwrap().success());
    let mut speakings = Vec::new();
    for _ in 0..2 {
        let (_, write) = ssh.channel_open_session().await.unwrap().split();
        speakings.push(Speaking::new(write));
    }
    let [heard, unheard] = <[Speaking; 2]>::try_from(speakings).unwrap_or_else(|_| unreachable!());

    let silenced = CancellationToken::new();
    let ending = heard.end(&silenced, Duration::MAX);
    tokio::pin!(ending);
    tokio::select! {
        () = &mut ending => panic!("it does not wait"),
        seen = seen.wait_for(|seen| *seen == [Saw::End]) => drop(seen.unwrap()),
    }
    silenced.cancel();
    timeout(PATIENCE, ending).await.expect("it waits on");

    let silent = CancellationToken::new();
    timeout(PATIENCE, unheard.end(&silent, Duration::from_millis(1))).await.expect("it waits for ever");
}
