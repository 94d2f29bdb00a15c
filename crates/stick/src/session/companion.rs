//! A second connection of the session on a far line, for what carries much.
//!
//! Whatever shares an ordered stream with a file copy waits for each packet that the copy loses, and far away that is long.
//! So the copy goes on on a connection of its own; see [`crate::forward`].

use std::{sync::Arc, time::Duration};

use fernamt_api::stick::{Base64Secret, COMPANION_PREFIX, FromStick};
use fernamt_domain::Secret;
use fernamt_resume::Handle as StreamHandle;
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    authenticate::{Attempt, authenticate},
    client::Client,
    connect::{Connection, connect},
    control::{self, Speaking},
    twin::Distance,
};
use crate::{
    dial::Dialer,
    engine::Problem,
    forward::{Gate, Inlets, Lane},
    seam::Credentials,
};

/// How long the gateway may take to invite a companion.
const INVITATION_PATIENCE: Duration = Duration::from_secs(30);
/// The pause after a companion did not come, or has ended.
const PAUSE: Duration = Duration::from_mins(1);

/// By what the session signed in, and signs its companion in.
pub(super) struct Again {
    pub(super) dialer: Arc<Dialer>,
    pub(super) credentials: Credentials,
}

/// A companion that stands. Dropping it ends it.
struct Standing {
    stream: StreamHandle,
    inlets: Inlets,
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.inlets.stop();
        self.stream.abort();
    }
}

/// Sees to it that a session on a far line has a companion, and tells who forwards of it. `moves` changes whenever this
/// computer has changed its network.
pub(super) async fn keep(
    again: Again,
    stream: StreamHandle,
    speaking: Arc<Speaking>,
    mut invitations: mpsc::Receiver<Base64Secret>,
    lane: watch::Sender<Option<Arc<Lane<Client>>>>,
    mut moves: watch::Receiver<u64>,
) {
    let mut status = stream.watch();
    let mut distance = Distance::default();
    loop {
        let far =
            status.wait_for(|status| status.ended.is_some() || distance.note(status) && status.away_since.is_none());
        if !far.await.is_ok_and(|status| status.ended.is_none()) {
            return;
        }
        moves.mark_unchanged();
        match come(&again, &speaking, &mut invitations).await {
            Ok((standing, companion)) => {
                debug!("A companion stands");
                let over = companion.over.clone();
                lane.send_replace(Some(Arc::new(companion)));
                follow(&standing.stream, &over, &mut moves).await;
                lane.send_replace(None);
                drop(standing);
            }
            Err(problem) => debug!(?problem, "No companion"),
        }
        sleep(PAUSE).await;
    }
}

/// Takes the companion along wherever this computer goes, until it is over. The gateway does not have a session in two places
/// for long, and a line from the old address may seem to live.
async fn follow(stream: &StreamHandle, over: &CancellationToken, moves: &mut watch::Receiver<u64>) {
    let following = async {
        while moves.changed().await.is_ok() {
            stream.moved();
        }
        over.cancelled().await;
    };
    over.run_until_cancelled(following).await;
}

/// Asks for a companion, signs it in, and lets it survive its line.
async fn come(
    again: &Again,
    speaking: &Speaking,
    invitations: &mut mpsc::Receiver<Base64Secret>,
) -> Result<(Standing, Lane<Client>), Problem> {
    // One that came too late for the last attempt is of no use.
    while invitations.try_recv().is_ok() {}
    speaking.say(&FromStick::Companion).await?;
    let invited = timeout(INVITATION_PATIENCE, invitations.recv()).await.ok().flatten();
    let secret = invited.ok_or(Problem::Unavailable)?;
    let code = Secret::new(format!("{COMPANION_PREFIX}{}", secret.0.expose()));
    let mut connection = connect(Arc::clone(&again.dialer), &again.credentials.host_keys).await?;
    // Whatever goes wrong, and whoever ends the session meanwhile: it ends with this.
    let standing = Standing { stream: connection.stream.clone(), inlets: connection.inlets.clone() };
    let attempt = Attempt {
        login: &again.credentials.login,
        seed: &again.credentials.seed,
        code: &code,
        refused: Problem::SignInRefused,
        broken: Problem::Unreachable,
    };
    authenticate(&mut connection, attempt).await?;
    let (mut hearing, said) = control::open(&connection.ssh, &connection.inlets).await?;
    // Without a ticket an outage would end what has moved, and what stays goes on.
    let ticket = hearing.ticket().await?.ok_or(Problem::Unavailable)?;
    drop((hearing, said));
    connection.stream.arm(ticket);
    let Connection { ssh, stream, fate, inlets, .. } = connection;
    let gate = Gate::new(stream.backlog(), fate.over.clone());
    Ok((standing, Lane { ssh: Arc::new(ssh), status: stream.watch(), inlets, gate, over: fate.over }))
}

#[cfg(test)]
mod tests {
    use std::io;

    use async_trait::async_trait;
    use fernamt_resume::{Attempt, BoxLine, Dialer as Lines, First, Greeting, Settings, Ticket, accept, initiate};
    use fernamt_testkit::SeededRng;
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Hands the other ends of its lines out.
    struct Dials(mpsc::Sender<DuplexStream>);

    #[async_trait]
    impl Lines for Dials {
        async fn dial(&self, _: Attempt) -> io::Result<BoxLine> {
            let (near, far) = duplex(64 * 1024);
            self.0.send(far).await.map_err(io::Error::other)?;
            Ok(Box::new(near))
        }
    }

    #[tokio::test]
    async fn a_companion_comes_along_when_the_network_changes() {
        let (dials, mut dialled) = mpsc::channel(8);
        let (_near, stream) = initiate(Settings::default(), Arc::new(Dials(dials)));
        let mut line = timeout(PATIENCE, dialled.recv()).await.expect("nobody dials").unwrap();
        let (mut greeting, mut heard) = (Greeting::default(), [0; 64]);
        let rest = loop {
            let count = line.read(&mut heard).await.unwrap();
            match greeting.push(&heard[..count]).unwrap() {
                Some(First::Open(rest)) => break rest,
                first => assert!(first.is_none()),
            }
        };
        // The line does well, so nobody dials but who is told to.
        let (_far, gateway) = accept(Settings::default(), Box::new(line), rest);
        let ticket = Ticket::new(&SeededRng::new(1), Duration::from_mins(1));
        gateway.arm(ticket.clone());
        stream.arm(ticket);
        let (ways, mut moves) = watch::channel(0);
        let over = CancellationToken::new();
        let following = tokio::spawn({
            let (stream, over) = (stream.clone(), over.clone());
            async move { follow(&stream, &over, &mut moves).await }
        });
        ways.send_modify(|ways| *ways += 1);
        timeout(PATIENCE, dialled.recv()).await.expect("it stays where it was").unwrap();
        over.cancel();
        timeout(PATIENCE, following).await.expect("it goes on").unwrap();
    }
}
