//! One connection of a mail server that hands over (RFC 2033).

use std::io;

use bytes::BufMut as _;
use fernamt_store::{StoreError, TenantStore};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use super::{Command, Content, Shared, Wire};
use crate::{Mail, delivery::Incoming};

/// The most bytes of a command, with its end.
const MAX_LINE_BYTES: usize = 2_048;
/// The most receivers of one message (RFC 5321, section 4.5.3.1.8: at least a hundred).
const MAX_RECEIVERS: usize = 500;
/// After how many commands that are refused in a row the connection ends.
const MAX_FAULTS: usize = 20;
/// What is read in one go.
const READ_BYTES: usize = 16 * 1024;

/// Serves a connection until it ends.
pub(super) async fn converse(shared: &Shared, wire: Box<dyn Wire>) -> io::Result<()> {
    let mut talk = Talk { shared, wire, read: Vec::new(), peer: None, message: None };
    talk.say("220 fernamt LMTP").await?;
    let mut faults = 0;
    while faults < MAX_FAULTS {
        let line = match talk.line().await? {
            Line::Whole(line) => line,
            Line::Ended => return Ok(()),
            Line::Last(words) => return talk.say(words).await,
        };
        let refused = match Command::read(&line) {
            Ok(Command::Quit) => return talk.say("221 2.0.0 Goodbye").await,
            Ok(Command::Data) => match talk.data().await? {
                Data::Over => return Ok(()),
                Data::Refused(words) => Some(words),
                Data::Answered => None,
            },
            Ok(command) => {
                let reply = talk.follow(command).await;
                talk.say(&reply).await?;
                if reply.starts_with('5') {
                    faults += 1;
                } else {
                    faults = 0;
                }
                continue;
            }
            Err(words) => Some(words),
        };
        match refused {
            Some(words) => {
                faults += 1;
                talk.say(words).await?;
            }
            None => faults = 0,
        }
    }
    talk.say("421 4.7.0 Too many commands were refused").await
}

/// What comes when a line is waited for.
enum Line {
    Whole(Vec<u8>),
    /// The other side has gone.
    Ended,
    /// The connection ends with these words.
    Last(&'static str),
}

/// What came of a message.
enum Data {
    Answered,
    Refused(&'static str),
    Over,
}

/// A message that is spoken of.
struct Message {
    from: String,
    to: Vec<(String, TenantStore)>,
}

struct Talk<'a> {
    shared: &'a Shared,
    wire: Box<dyn Wire>,
    /// What came and was not looked at yet.
    read: Vec<u8>,
    /// The name that the other side calls itself by.
    peer: Option<String>,
    message: Option<Message>,
}

impl Talk<'_> {
    async fn say(&mut self, words: &str) -> io::Result<()> {
        let sent = async {
            self.wire.write_all(format!("{words}\r\n").as_bytes()).await?;
            self.wire.flush().await
        };
        timeout(self.shared.settings.max_silence, sent).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    async fn line(&mut self) -> io::Result<Line> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<_> = self.read.drain(..=end).collect();
                line.truncate(if line.ends_with(b"\r\n") { end - 1 } else { end });
                if end >= MAX_LINE_BYTES {
                    return Ok(Line::Last("500 5.5.6 A command of that length is none"));
                }
                return Ok(Line::Whole(line));
            }
            if self.read.len() >= MAX_LINE_BYTES {
                return Ok(Line::Last("500 5.5.6 A command of that length is none"));
            }
            let (stop, max_silence) = (&self.shared.stop, self.shared.settings.max_silence);
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Line::Last("421 4.3.2 This server stops")),
                more = timeout(max_silence, more(&mut self.wire, &mut self.read)) => match more {
                    Ok(0) => return Ok(Line::Ended),
                    Ok(_) => {}
                    Err(_) => return Ok(Line::Last("421 4.4.2 Nothing was said for too long")),
                }
            }
        }
    }

    /// Does what is asked, and says what came of it.
    async fn follow(&mut self, command: Command) -> String {
        let most = self.shared.settings.max_message_bytes;
        match command {
            Command::Hello(name) => {
                (self.peer, self.message) = (Some(name), None);
                format!("250-fernamt\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SIZE {most}")
            }
            Command::Mail { .. } if self.peer.is_none() => "503 5.5.1 Say LHLO first".to_owned(),
            Command::Mail { .. } if self.message.is_some() => "503 5.5.1 A message has begun already".to_owned(),
            Command::Mail { size: Some(size), .. } if size > most as u64 => {
                format!("552 5.3.4 A message has {most} bytes at most")
            }
            Command::Mail { from, .. } => {
                self.message = Some(Message { from, to: Vec::new() });
                "250 2.1.0 Its receivers, please".to_owned()
            }
            Command::Receiver(address) => self.receiver(address).await.to_owned(),
            Command::Reset => {
                self.message = None;
                "250 2.0.0 Forgotten".to_owned()
            }
            Command::Verify => "252 2.1.5 Hand it over, and see".to_owned(),
            Command::Nothing | Command::Data | Command::Quit => "250 2.0.0 Fine".to_owned(),
        }
    }

    async fn receiver(&mut self, address: String) -> &'static str {
        let Some(message) = &mut self.message else { return "503 5.5.1 Say MAIL first" };
        if message.to.len() >= MAX_RECEIVERS {
            return "452 4.5.3 Too many receivers; hand the others over afterwards";
        }
        match tenant_of(&self.shared.mail, &address).await {
            Ok(Some(tenant)) => {
                message.to.push((address, tenant));
                "250 2.1.5 Known"
            }
            Ok(None) => "550 5.1.1 Nobody here has that address",
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "A receiver of mail cannot be looked up");
                "451 4.3.0 This server has a fault; try again later"
            }
        }
    }

    /// Takes a message, and answers for each of its receivers.
    async fn data(&mut self) -> io::Result<Data> {
        let shared = self.shared;
        let Some(message) = self.message.take_if(|message| !message.to.is_empty()) else {
            return Ok(Data::Refused("503 5.5.1 There is nobody to receive it"));
        };
        let turn = tokio::select! {
            () = shared.stop.cancelled() => None,
            turn = timeout(shared.settings.max_silence, shared.contents.acquire()) => turn.ok().and_then(Result::ok),
        };
        let Some(_turn) = turn else {
            self.say("421 4.3.2 This server is busy, or stops").await?;
            return Ok(Data::Over);
        };
        self.say("354 The message, and a dot at its end").await?;
        let Some(content) = self.content().await? else { return Ok(Data::Over) };
        let Some(raw) = content.whole() else {
            for _ in &message.to {
                let most = shared.settings.max_message_bytes;
                self.say(&format!("552 5.3.4 A message has {most} bytes at most")).await?;
            }
            return Ok(Data::Answered);
        };
        let peer = self.peer.clone().unwrap_or_default();
        for (to, tenant) in &message.to {
            let received_at = shared.mail.parts.clock.now();
            let incoming = Incoming { from: &message.from, to, raw: &raw, received_at, seen: false };
            let reply = match shared.mail.take_in(tenant, incoming, &peer).await {
                Ok(true) => "250 2.1.5 Delivered",
                Ok(false) => "550 5.1.1 Nobody here has that address any more",
                Err(StoreError::TooMany { .. }) => "452 4.2.2 The mailbox is full",
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "A message cannot be taken in for now");
                    "451 4.3.0 This server has a fault; try again later"
                }
            };
            self.say(reply).await?;
        }
        Ok(Data::Answered)
    }

    /// Reads a message up to its end; nothing if that does not come.
    async fn content(&mut self) -> io::Result<Option<Content>> {
        let settings = &self.shared.settings;
        let mut content = Content::new(settings.max_message_bytes);
        let end = Instant::now() + settings.max_transfer;
        loop {
            if let Some(taken) = content.take(&self.read) {
                self.read.drain(..taken);
                return Ok(Some(content));
            }
            self.read.clear();
            let came = tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return Ok(None),
                came = timeout_at(end, timeout(settings.max_silence, more(&mut self.wire, &mut self.read))) => came,
            };
            match came {
                Ok(Ok(0)) => return Ok(None),
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => {
                    self.say("421 4.4.2 The message took too long").await?;
                    return Ok(None);
                }
            }
        }
    }
}

/// Reads what comes next. A line that broke has ended.
async fn more(wire: &mut Box<dyn Wire>, read: &mut Vec<u8>) -> usize {
    read.reserve(READ_BYTES);
    wire.read_buf(&mut read.limit(READ_BYTES)).await.unwrap_or_default()
}

/// The administration that an address belongs to.
async fn tenant_of(mail: &Mail, address: &str) -> Result<Option<TenantStore>, StoreError> {
    for tenant in mail.parts.store.tenants().all().await? {
        let tenant = mail.parts.store.tenant(tenant.id);
        if mail.receiver(&tenant, address).await?.is_some() {
            return Ok(Some(tenant));
        }
    }
    Ok(None)
}
