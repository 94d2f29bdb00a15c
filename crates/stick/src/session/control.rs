//! The conversation with the gateway beside the tunnels: lines of JSON on a channel of its own.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use data_encoding::BASE64;
use fernamt_api::stick::{
    Base64Secret, FromGateway, FromStick, Hello, MAX_FROM_STICK_BYTES, MAX_LINE_BYTES, SUBSYSTEM, StickRefusal,
    VERSION, Welcome,
};
use fernamt_resume::Ticket;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::client::Client;
use crate::{engine::Problem, forward::Inlets};

/// How long the gateway may take for each answer before the welcome.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

/// What is wrong with what the gateway says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// A line beyond the limit.
    #[error("a line that is too long")]
    TooLong,
    /// Not what we know.
    #[error("a line that is not understood")]
    Unknown,
    /// The channel is closed.
    #[error("the channel is closed")]
    Closed,
    /// Nothing comes.
    #[error("no answer in time")]
    Late,
}

/// Cuts bytes into lines, none longer than [`MAX_LINE_BYTES`].
#[derive(Debug, Default)]
pub struct Lines {
    bytes: BytesMut,
    /// No line end is before this.
    searched: usize,
}

impl Lines {
    /// Takes more bytes. Ask for lines until there is none before pushing again.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next line, without its end.
    pub fn next_line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ControlError> {
        let rest = self.bytes.get(self.searched..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n').map(|at| at + self.searched) else {
            self.searched = self.bytes.len();
            return if self.searched > MAX_LINE_BYTES { Err(ControlError::TooLong) } else { Ok(None) };
        };
        if end > MAX_LINE_BYTES {
            return Err(ControlError::TooLong);
        }
        self.searched = 0;
        let mut line = self.bytes.split_to(end + 1);
        line.truncate(end);
        // A ticket may be in it.
        let copy = Zeroizing::new(line.to_vec());
        line.fill(0);
        Ok(Some(copy))
    }
}

/// Reads one line's JSON.
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(line).map_err(|_| ControlError::Unknown)
}

/// Opens the control channel.
pub(super) async fn open(
    ssh: &russh::client::Handle<Client>,
    inlets: &Inlets,
) -> Result<(Hearing, Speaking), ControlError> {
    let opening = async {
        let channel = ssh.channel_open_session().await.map_err(|_| ControlError::Closed)?;
        // What comes is ours to take, and for no program.
        inlets.ignore(channel.id());
        let (mut read, write) = channel.split();
        write.request_subsystem(true, SUBSYSTEM).await.map_err(|_| ControlError::Closed)?;
        loop {
            match read.wait().await {
                Some(ChannelMsg::Success) => {
                    return Ok((Hearing { read, lines: Lines::default() }, Speaking::new(write)));
                }
                Some(ChannelMsg::WindowAdjusted { .. }) => {}
                _ => return Err(ControlError::Closed),
            }
        }
    };
    timeout(ANSWER_PATIENCE, opening).await.map_err(|_| ControlError::Late)?
}

/// What the gateway says.
pub(super) struct Hearing {
    read: ChannelReadHalf,
    lines: Lines,
}

impl Hearing {
    /// Waits for the answer to our hello.
    pub(super) async fn welcome(&mut self) -> Result<Result<Welcome, StickRefusal>, ControlError> {
        loop {
            match timeout(ANSWER_PATIENCE, self.next()).await.map_err(|_| ControlError::Late)?? {
                FromGateway::Welcome(welcome) => return Ok(Ok(welcome)),
                FromGateway::Refused { reason } => return Ok(Err(reason)),
                FromGateway::Targets { .. } | FromGateway::Companion { .. } | FromGateway::Ticket { .. } => {}
            }
        }
    }

    /// Waits for what is said on a companion: its ticket.
    pub(super) async fn ticket(&mut self) -> Result<Option<Ticket>, ControlError> {
        loop {
            let said = timeout(ANSWER_PATIENCE, self.next()).await.map_err(|_| ControlError::Late)??;
            if let FromGateway::Ticket { ticket } = said {
                return read_ticket(ticket.as_ref());
            }
        }
    }

    /// The next thing that the gateway says. What we do not know is passed over: the gateway may be newer.
    pub(super) async fn next(&mut self) -> Result<FromGateway, ControlError> {
        loop {
            while let Some(line) = self.lines.next_line()? {
                if let Ok(said) = parse(&line) {
                    return Ok(said);
                }
            }
            match self.read.wait().await {
                Some(ChannelMsg::Data { data }) => self.lines.push(&data),
                Some(ChannelMsg::Close | ChannelMsg::Eof) | None => return Err(ControlError::Closed),
                Some(_) => {}
            }
        }
    }
}

/// What we say.
pub(super) struct Speaking(ChannelWriteHalf<Msg>);

impl Speaking {
    /// Speaks on this channel.
    pub(super) fn new(channel: ChannelWriteHalf<Msg>) -> Self {
        Self(channel)
    }

    /// Says hello.
    pub(super) async fn hello(&self, generation: u64) -> Result<(), ControlError> {
        let hello = Hello {
            version: VERSION,
            generation,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            system: std::env::consts::OS.to_owned(),
        };
        self.send(&hello).await
    }

    /// Says something later.
    pub(super) async fn say(&self, said: &FromStick) -> Result<(), ControlError> {
        self.send(said).await
    }

    /// Says no more, and waits until the gateway is silent, too: then it has worked off all that we said.
    pub(super) async fn end(&self, silenced: &CancellationToken, patience: Duration) {
        let heard = async {
            if self.0.eof().await.is_ok() {
                silenced.cancelled().await;
            }
        };
        // Also a gateway that is slower finishes what has arrived.
        let _ = timeout(patience, heard).await;
    }

    async fn send(&self, said: &impl Serialize) -> Result<(), ControlError> {
        let mut line = serde_json::to_vec(said).map_err(|_| ControlError::Unknown)?;
        line.push(b'\n');
        if line.len() > MAX_FROM_STICK_BYTES {
            return Err(ControlError::TooLong);
        }
        self.0.data_bytes(Bytes::from(line)).await.map_err(|_| ControlError::Closed)
    }
}

/// Reads the ticket in a welcome, if there is one.
pub(super) fn ticket(welcome: &Welcome) -> Result<Option<Ticket>, ControlError> {
    read_ticket(welcome.ticket.as_ref())
}

fn read_ticket(text: Option<&Base64Secret>) -> Result<Option<Ticket>, ControlError> {
    let Some(text) = text else { return Ok(None) };
    let bytes = BASE64.decode(text.0.expose().as_bytes()).map_err(|_| ControlError::Unknown)?;
    let bytes = Zeroizing::new(bytes);
    Ticket::parse(&bytes).map(Some).map_err(|_| ControlError::Unknown)
}

impl From<ControlError> for Problem {
    fn from(_: ControlError) -> Self {
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::Secret;
    use fernamt_testkit::SeededRng;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_come_out_whole_however_they_come_in() {
        let mut lines = Lines::default();
        lines.push(b"ab");
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"c\n\nd");
        assert_eq!(lines.next_line().unwrap().unwrap().as_slice(), b"abc");
        assert_eq!(lines.next_line().unwrap().unwrap().as_slice(), b"");
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"\n");
        assert_eq!(lines.next_line().unwrap().unwrap().as_slice(), b"d");
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; MAX_LINE_BYTES]);
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"x");
        assert_eq!(lines.next_line(), Err(ControlError::TooLong));
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; MAX_LINE_BYTES + 1]);
        lines.push(b"\n");
        assert_eq!(lines.next_line(), Err(ControlError::TooLong));
    }

    #[test]
    fn a_ticket_survives_the_way() {
        let ticket = Ticket::new(&SeededRng::new(1), Duration::from_mins(10));
        let text = BASE64.encode(&*ticket.to_bytes());
        let welcome =
            |ticket| Welcome { generation: 1, ticket, person: "Erika".into(), targets: Vec::new(), companions: false };
        let with = welcome(Some(Base64Secret(Secret::new(text))));
        assert_eq!(super::ticket(&with), Ok(Some(ticket)));
        assert_eq!(super::ticket(&welcome(None)), Ok(None));
        let spoilt = welcome(Some(Base64Secret("AAAA".into())));
        assert_eq!(super::ticket(&spoilt), Err(ControlError::Unknown));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20)) {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for part in &parts {
                lines.push(part);
                while let Ok(Some(line)) = lines.next_line() {
                    let _ = parse::<FromGateway>(&line);
                    seen.extend_from_slice(&line);
                    seen.push(b'\n');
                }
            }
            let all = parts.concat();
            prop_assert!(all.starts_with(&seen));
            prop_assert!(!all[seen.len()..].contains(&b'\n'));
        }
    }
}
