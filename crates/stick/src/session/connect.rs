//! An SSH connection to the gateway over a resumable stream, up to the point where nothing has been said of who we are.

use std::{sync::Arc, time::Duration};

use fernamt_api::{stick::Transport, stick_notice::Notice};
use fernamt_resume::{End, Handle as StreamHandle, Refusal, Settings, initiate};
use russh::{Disconnect, client, keys::PublicKey};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    algorithms::{russh_config, window_bytes},
    client::{Client, Fate},
    lines::Lines,
};
use crate::{dial::Dialer, engine::Problem, forward::Inlets};

/// How long the key exchange may take.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(30);
/// How long our goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection on which the gateway has proved its pinned key.
pub(super) struct Connection {
    pub(super) ssh: client::Handle<Client>,
    pub(super) stream: StreamHandle,
    pub(super) fate: Fate,
    pub(super) inlets: Inlets,
    pub(super) lines: Lines,
}

impl Connection {
    /// How the line goes out now.
    pub(super) fn transport(&self) -> Transport {
        let line = self.stream.status().line.and_then(|line| self.lines.course(line));
        line.map_or(Transport::Ssh, |course| course.transport)
    }

    /// Says goodbye, as far as that takes no longer than a moment.
    pub(super) async fn leave(self) {
        let Self { ssh, stream, inlets, .. } = self;
        inlets.stop();
        goodbye(&ssh, &stream).await;
    }
}

/// Says goodbye, as far as that takes no longer than a moment, and ends the stream.
pub(super) async fn goodbye(ssh: &client::Handle<Client>, stream: &StreamHandle) {
    let polite = async {
        // A connection that is gone needs no goodbye.
        let _ = ssh.disconnect(Disconnect::ByApplication, "", "").await;
        stream.ended().await;
    };
    if timeout(GOODBYE, polite).await.is_err() {
        stream.abort();
    }
}

/// Finds a way, opens a stream on it and lets the gateway prove its key.
pub(super) async fn connect(dialer: Arc<Dialer>, host_keys: &[String]) -> Result<Connection, Problem> {
    let pinned: Vec<PublicKey> = host_keys.iter().filter_map(|line| PublicKey::from_openssh(line).ok()).collect();
    if pinned.is_empty() {
        return Err(Problem::NoConfig);
    }
    let first = dialer.open().await?;
    let window_bytes = window_bytes(first.round_trip());
    let stream_bytes = usize::try_from(window_bytes).unwrap_or(usize::MAX);
    let settings = Settings { replay_bytes: stream_bytes, window_bytes: stream_bytes, ..Settings::default() };
    let lines = Lines::new(dialer, first);
    let (pipe, stream) = initiate(settings, Arc::new(lines.clone()));
    let (fate, inlets) = (Fate::default(), Inlets::new(stream_bytes, CancellationToken::new()));
    let client = Client::new(pinned, inlets.clone(), fate.clone());
    let connecting = client::connect_stream(Arc::new(russh_config(window_bytes)), pipe, client);
    match timeout(EXCHANGE_PATIENCE, connecting).await {
        Ok(Ok(ssh)) => Ok(Connection { ssh, stream, fate, inlets, lines }),
        Ok(Err(russh::Error::UnknownKey)) => {
            stream.abort();
            Err(Problem::WrongHostKey)
        }
        // The key exchange's signature is by another key than the one that was shown.
        Ok(Err(russh::Error::WrongServerSig)) => {
            stream.abort();
            Err(Problem::WrongHostKey)
        }
        broken => {
            let error = broken.map(Result::err).ok().flatten();
            debug!(?error, end = ?stream.status().ended, "The key exchange did not succeed");
            let problem = why_over(&fate, &stream, Problem::Unreachable);
            stream.abort();
            Err(problem)
        }
    }
}

/// Why a connection is over that was not meant to be; `else_` where nobody said anything.
pub(super) fn why_over(fate: &Fate, stream: &StreamHandle, else_: Problem) -> Problem {
    if let Some(notice) = fate.notice() {
        return said(notice);
    }
    match stream.status().ended {
        Some(End::Refused(Refusal::Busy)) => Problem::Unavailable,
        // While nobody has signed in, there is no session that could have ended.
        Some(End::Refused(Refusal::Gone) | End::Dismissed | End::Finished) if else_ == Problem::LineLost => {
            Problem::SessionEnded
        }
        _ if fate.dismissed() && else_ == Problem::LineLost => Problem::SessionEnded,
        _ => else_,
    }
}

/// The problem that the gateway speaks of.
pub(super) fn said(notice: Notice) -> Problem {
    match notice {
        Notice::SlowDown { seconds } => Problem::SlowDown { seconds },
        Notice::DevicePending => Problem::DevicePending,
        Notice::EnrolmentRequired => Problem::EnrolmentRequired,
        Notice::TooManyConnections | Notice::Unavailable | Notice::GraceOver => Problem::Unavailable,
        Notice::ShuttingDown => Problem::Restarting,
        Notice::SessionEnded => Problem::SessionEnded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_restarts_in_order_has_no_fault() {
        assert_eq!(said(Notice::ShuttingDown), Problem::Restarting);
        assert_eq!(said(Notice::Unavailable), Problem::Unavailable);
    }
}
