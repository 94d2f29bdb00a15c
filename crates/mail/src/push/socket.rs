//! One client on a WebSocket (RFC 8887): it calls methods, and hears what is new if it wants to.
//!
//! A socket is a line on which a client may also speak. It ends with session, approval and server as every line does, and
//! at once, even while an answer is on its way to a client that reads slowly. Calls of one socket may run beside each
//! other, as many as those of a session may over HTTP; what comes beyond waits in the network. Each is a task of its own, so
//! that none holds a connection to the database while this waits for another, or for a client that reads slowly. Of one
//! that does not read at all nothing more is read, and after a while it is cut off.

use std::{future::Future, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use fernamt_store::TenantStore;
use futures_util::{Sink, SinkExt as _};
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};

use super::{
    line::{Line, Said},
    states::Kinds,
};
use crate::{
    Mail,
    delegation::Actor,
    jmap::{
        error::RequestError,
        limits::MAX_CONCURRENT_REQUESTS,
        request::Request,
        socket::{Incoming, failure, refusal, response, state_change},
    },
    methods::{Caller, process},
    routes::Kind,
};

/// How long a client may take to read what it is told.
const READING_LIMIT: Duration = Duration::from_secs(600);
/// How long a client may take to read why its socket closes.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// Who is at the other end.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) mail: Arc<Mail>,
    pub(crate) tenant: TenantStore,
    pub(crate) actor: Actor,
}

/// Calls whose answers are still to come.
type Calls = JoinSet<Value>;

/// Why a socket closes.
enum Close {
    /// The other side has gone, closed it, or does not read: there is nobody to tell why.
    Gone,
    /// Session, approval or server have ended, or other accounts are open than when it began.
    Over,
    /// It sent what is no text.
    Binary,
    /// The store failed.
    Failed,
}

/// Serves a socket until it closes.
pub(crate) async fn serve(mut socket: WebSocket, client: Client, mut line: Line) {
    let close = converse(&mut socket, &client, &mut line).await;
    let (code, reason) = match close {
        Close::Gone => return,
        Close::Over => (close_code::POLICY, "the session is over, or other accounts are open in it"),
        Close::Binary => (close_code::UNSUPPORTED, "messages are texts"),
        Close::Failed => (close_code::ERROR, "the server failed"),
    };
    drop(line);
    // Who does not read any more does not learn why.
    let farewell = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
    let _ = timeout(FAREWELL_LIMIT, farewell).await;
}

async fn converse(socket: &mut WebSocket, client: &Client, line: &mut Line) -> Close {
    let mut calls = Calls::new();
    while !line.is_over() {
        let told = tokio::select! {
            biased;
            stir = line.stirs() => match line.follow(stir).await {
                Ok(said) => said.map(message_of),
                Err(error) => return failed(&error),
            },
            Some(answer) = calls.join_next() => match answer {
                Ok(answer) => Some(text(&answer)),
                Err(error) => {
                    tracing::error!(%error, "A call broke off");
                    return Close::Failed;
                }
            },
            frame = socket.recv(), if calls.len() < MAX_CONCURRENT_REQUESTS => match frame {
                Some(Ok(Message::Text(said))) => match hear(&said, client, line, &mut calls).await {
                    Ok(refused) => refused,
                    Err(close) => return close,
                },
                Some(Ok(Message::Binary(_))) => return Close::Binary,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Close::Gone,
            },
        };
        if let Some(told) = told
            && let Err(close) = tell(socket, told, line.ended(), READING_LIMIT).await
        {
            return close;
        }
    }
    Close::Over
}

/// Tells a client something. What it has not read when the line ends, or after a while, it does not get any more; a word
/// about why would come behind it.
async fn tell<S: Sink<Message> + Unpin>(
    socket: &mut S,
    told: Message,
    ended: impl Future<Output = ()>,
    limit: Duration,
) -> Result<(), Close> {
    tokio::select! {
        biased;
        () = ended => Err(Close::Gone),
        sent = timeout(limit, socket.send(told)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Close::Gone),
        },
    }
}

/// Does what a client says. Returns what it has to be told at once.
async fn hear(said: &str, client: &Client, line: &mut Line, calls: &mut Calls) -> Result<Option<Message>, Close> {
    match Incoming::read(said) {
        Ok(Incoming::Call(id, request)) => {
            // Over HTTP each request is asked this; here session, person and device may have ended since the socket began.
            if !line.is_approved().await.map_err(|error| failed(&error))? {
                return Err(Close::Over);
            }
            calls.spawn(call(client.clone(), id, request));
        }
        Ok(Incoming::Enable { kinds, known }) => line.listen(Kinds::named(kinds.as_deref()), known),
        Ok(Incoming::Disable) => line.listen(Kinds::none(), None),
        Err((id, error)) => return Ok(Some(text(&refusal(id, &error)))),
    }
    Ok(None)
}

async fn call(client: Client, id: Option<String>, request: Request) -> Value {
    let Client { mail, tenant, actor } = client;
    let Some(_turn) = mail.busy.turn(actor.session, Kind::Request) else {
        return refusal(id, &RequestError::Limit("maxConcurrentRequests"));
    };
    let caller = Caller { mail: Arc::clone(&mail), tenant, actor, created: std::collections::HashMap::new() };
    match process(caller, request).await {
        Ok(answer) => response(id, &answer),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "A request failed");
            failure(id)
        }
    }
}

fn message_of(said: Said) -> Message {
    match said {
        Said::Changes { id, change } => text(&state_change(change, id)),
        Said::Place { .. } | Said::Beat(_) => Message::Ping(bytes::Bytes::new()),
    }
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn failed(error: &fernamt_store::StoreError) -> Close {
    tracing::warn!(error = error as &dyn std::error::Error, "A client's socket can not go on");
    Close::Failed
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::{pending, ready},
    };

    use futures_util::sink;

    use super::{super::pace::Beat, *};

    #[tokio::test]
    async fn who_does_not_read_is_waited_for_until_the_line_ends_or_the_time_is_over() {
        let told = || Message::Text("told".into());
        let deaf = || Box::pin(sink::unfold((), |(), _| pending::<Result<(), Infallible>>()));
        let long = Duration::from_secs(3_600);
        assert!(matches!(tell(&mut deaf(), told(), ready(()), long).await, Err(Close::Gone)));
        let short = Duration::from_millis(1);
        assert!(matches!(tell(&mut deaf(), told(), pending(), short).await, Err(Close::Gone)));
        let mut reads = Box::pin(sink::drain());
        assert!(tell(&mut reads, told(), pending(), long).await.is_ok());
        assert!(matches!(tell(&mut reads, told(), ready(()), long).await, Err(Close::Gone)), "the end comes first");
    }

    #[test]
    fn silence_is_filled_with_pings_of_the_protocol() {
        let ping = Message::Ping(bytes::Bytes::new());
        assert_eq!(message_of(Said::Beat(Beat::Silent)), ping);
        assert_eq!(message_of(Said::Place { id: "x".to_owned() }), ping);
    }
}
