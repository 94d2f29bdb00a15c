//! The meeting's socket: one client's line, from its hello to its end.
//!
//! A page cannot read why a WebSocket was refused before it stood, so it is accepted first and told by a message and a
//! close code. Only a foreign `Origin` is turned away outright.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
};
use bytes::Bytes;
use fernamt_api::conference::{
    entry::ENTRY_LIFETIME_S,
    socket::{
        HELLO_WITHIN_S, MAX_MESSAGE_BYTES, PresenceEnded, SocketAct, SocketHello, SocketMessage, SocketRequest, close,
    },
};
use fernamt_domain::{LiveGrant, MeetingId, TargetId};
use fernamt_http::{ApiError, Path, Session, Site};
use fernamt_identity::Refusal;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::mpsc,
    time::{interval, timeout},
};

use super::{
    actor::{Command, MAX_UNREAD, ToClient},
    hall::{Hall, NotStarted},
    seat::{Claim, LineId},
    token::TokenKind,
};

/// How often a client is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// How long a client may be silent, pongs included.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);
/// How long one message may take to be taken.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// How long a seat's token is good. No meeting is that long.
const RESUME_LIFETIME: time::Duration = time::Duration::hours(36);

pub(super) async fn connect(
    State(hall): State<Arc<Hall>>,
    site: Site,
    session: Result<Session, ApiError>,
    Path(id): Path<MeetingId>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    upgrade.on_upgrade(async move |mut socket| match Visit::greet(hall, site, session.ok(), id, &mut socket).await {
        Ok(visit) => visit.serve(socket).await,
        Err(turned) => turned.tell(socket).await,
    })
}

/// Why a socket does not get as far as the meeting.
struct Turned {
    why: Option<PresenceEnded>,
    code: u16,
}

const MALFORMED: Turned = Turned { why: None, code: close::MALFORMED };
const LATER: Turned = Turned { why: None, code: close::LATER };
const ENTER_AGAIN: Turned = Turned { why: Some(PresenceEnded::EnterAgain), code: close::ENTER_AGAIN };

impl Turned {
    async fn tell(self, mut socket: WebSocket) {
        let told = async {
            if let Some(why) = self.why {
                let json = serde_json::to_string(&SocketMessage::Ended { why }).unwrap_or_default();
                socket.send(Message::Text(json.into())).await?;
            }
            socket.send(closing(self.code)).await
        };
        let _ = timeout(SEND_LIMIT, told).await;
    }
}

fn closing(code: u16) -> Message {
    Message::Close(Some(CloseFrame { code, reason: "".into() }))
}

/// One client's line to a meeting.
struct Visit {
    line: LineId,
    commands: mpsc::Sender<Command>,
    messages: mpsc::Receiver<ToClient>,
}

impl Visit {
    async fn greet(
        hall: Arc<Hall>,
        site: Site,
        session: Option<Session>,
        id: MeetingId,
        socket: &mut WebSocket,
    ) -> Result<Self, Turned> {
        let ungreeted = hall.ungreeted().place(site.connection.peer.ip().into()).ok_or(LATER)?;
        let first = timeout(Duration::from_secs(HELLO_WITHIN_S.into()), first_text(socket)).await;
        let hello = first.ok().flatten().ok_or(MALFORMED)?;
        let (claim, resumes) = claim(&hall, &site, id, &hello).ok_or(ENTER_AGAIN)?;
        // Whoever has a token is no stranger: a whole office that comes back at once waits here for its meeting to start.
        drop(ungreeted);
        let grant = grant(&hall, &site, session.as_ref(), id, &claim).await?;
        let commands = hall.meeting(&site, id).await.map_err(|error| match error {
            NotStarted::Over(why) => Turned { why: Some(why), code: close::ENDED },
            NotStarted::TooMany | NotStarted::TooSlow => LATER,
            NotStarted::Store(error) => {
                tracing::warn!(%error, "A meeting could not be started");
                LATER
            }
        })?;
        let (messages_in, messages) = mpsc::channel(MAX_UNREAD);
        let line = hall.new_line();
        let hello = Command::Hello { line, claim, resumes, name: hello.name, socket: messages_in, grant };
        commands.send(hello).await.map_err(|_| LATER)?;
        Ok(Self { line, commands, messages })
    }

    async fn serve(mut self, socket: WebSocket) {
        let (mut sink, stream) = socket.split();
        let ended = tokio::select! {
            () = write(&mut sink, &mut self.messages) => Ok(()),
            ended = read(stream, self.line, &self.commands) => ended,
        };
        if let Err(Malformed) = ended {
            let _ = timeout(SEND_LIMIT, sink.send(closing(close::MALFORMED))).await;
        }
        let _ = self.commands.send(Command::Gone { line: self.line }).await;
    }
}

async fn first_text(socket: &mut WebSocket) -> Option<SocketHello> {
    loop {
        match socket.recv().await? {
            Ok(Message::Text(text)) => {
                return match serde_json::from_str::<SocketRequest>(&text).ok()?.act {
                    SocketAct::Hello(hello) => Some(hello),
                    _ => None,
                };
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            _ => return None,
        }
    }
}

/// What the token says, and whether it is the token of a seat.
fn claim(hall: &Hall, site: &Site, id: MeetingId, hello: &SocketHello) -> Option<(Claim, bool)> {
    let (sealer, tenant, now) = (&hall.parts.sealer, site.tenant.id(), hall.parts.clock.now());
    match (&hello.entry, &hello.resume) {
        (Some(token), None) => {
            let lifetime = time::Duration::seconds(ENTRY_LIFETIME_S.into());
            Some((TokenKind::Entry.open(sealer, tenant, id, token, (now, lifetime))?, false))
        }
        (None, Some(token)) => Some((TokenKind::Resume.open(sealer, tenant, id, token, (now, RESUME_LIFETIME))?, true)),
        _ => None,
    }
}

/// A person sits with a live grant of their session; a guest has none. A person's token in another session is nobody's.
async fn grant(
    hall: &Hall,
    site: &Site,
    session: Option<&Session>,
    id: MeetingId,
    claim: &Claim,
) -> Result<Option<LiveGrant>, Turned> {
    let Some(person) = claim.person else { return Ok(None) };
    let session = session.filter(|session| session.person() == person).ok_or(ENTER_AGAIN)?;
    match hall.parts.authoriser.attend(&site.tenant, &session.facts, TargetId(id.0), &session.situation).await {
        Ok(grant) => Ok(Some(grant)),
        Err(Refusal::Store(_) | Refusal::TooMany(_)) => Err(LATER),
        Err(_) => Err(Turned { why: Some(PresenceEnded::Revoked), code: close::ENDED }),
    }
}

async fn write(sink: &mut SplitSink<WebSocket, Message>, messages: &mut mpsc::Receiver<ToClient>) {
    let mut ping = interval(PING_INTERVAL);
    loop {
        let (message, last) = tokio::select! {
            next = messages.recv() => match next {
                Some(ToClient::Text(text)) => (Message::Text(text), false),
                Some(ToClient::Close(code)) => (closing(code), true),
                None => (closing(close::TOO_SLOW), true),
            },
            _ = ping.tick() => (Message::Ping(Bytes::new()), false),
        };
        let sent = timeout(SEND_LIMIT, sink.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

/// The client sent what no client sends.
struct Malformed;

async fn read(
    mut stream: SplitStream<WebSocket>,
    line: LineId,
    commands: &mpsc::Sender<Command>,
) -> Result<(), Malformed> {
    loop {
        let text = match timeout(SILENCE_LIMIT, stream.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => text,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            Ok(Some(Ok(Message::Binary(_)))) => return Err(Malformed),
            // Silence, or the end.
            _ => return Ok(()),
        };
        let SocketRequest { re, act } = serde_json::from_str(&text).map_err(|_| Malformed)?;
        if commands.send(Command::Act { line, re, act }).await.is_err() {
            return Ok(());
        }
    }
}
