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

/// Sees to it that a session on a far line has a companion, and tells who forwards of it.
pub(super) async fn keep(
    again: Again,
    stream: StreamHandle,
    speaking: Arc<Speaking>,
    mut invitations: mpsc::Receiver<Base64Secret>,
    lane: watch::Sender<Option<Arc<Lane<Client>>>>,
) {
    let mut status = stream.watch();
    let mut distance = Distance::default();
    loop {
        let far =
            status.wait_for(|status| status.ended.is_some() || distance.note(status) && status.away_since.is_none());
        if !far.await.is_ok_and(|status| status.ended.is_none()) {
            return;
        }
        match come(&again, &speaking, &mut invitations).await {
            Ok((standing, companion)) => {
                debug!("A companion stands");
                let over = companion.over.clone();
                lane.send_replace(Some(Arc::new(companion)));
                over.cancelled().await;
                lane.send_replace(None);
                drop(standing);
            }
            Err(problem) => debug!(?problem, "No companion"),
        }
        sleep(PAUSE).await;
    }
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
