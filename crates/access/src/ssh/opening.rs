//! Opens one tunnel: asks who may, connects, carries, and writes down what became of it.

use std::sync::Arc;

use fernamt_domain::EndReason;
use fernamt_resume::Way;
use russh::{
    Channel, ChannelOpenFailure,
    server::{ChannelOpenHandle, Handle, Msg},
};
use tracing::debug;

use super::{
    Destination, OpenRefusal, SignedIn, TunnelNote,
    connection::Shared,
    tunnel::{self, Inlet, Outlet, TunnelEnd},
};

/// `SSH_OPEN_ADMINISTRATIVELY_PROHIBITED` (RFC 4254, section 5.1).
pub(super) const PROHIBITED: u32 = 1;
/// `SSH_OPEN_CONNECT_FAILED`.
const CONNECT_FAILED: u32 = 2;
/// `SSH_OPEN_RESOURCE_SHORTAGE`.
pub(super) const RESOURCE_SHORTAGE: u32 = 4;

/// Opens, carries and closes one tunnel.
pub(super) async fn run_tunnel(
    shared: &Shared,
    who: &SignedIn,
    destination: &Destination,
    number: u32,
    channel: Channel<Msg>,
    reply: ChannelOpenHandle,
    handle: &Handle,
) {
    let hung_up = &shared.hung_up;
    let Some(opened) = hung_up.run_until_cancelled(open(shared, who, destination)).await else { return };
    let (admitted, socket) = match opened {
        Ok(opened) => opened,
        Err((code, text)) => return refuse(reply, code, text).await,
    };
    let (from_target, to_target) = socket.into_split();
    let inlet = Arc::new(Inlet::new(to_target, shared.limits.waiting_bytes_per_channel));
    let id = channel.id();
    shared.let_in(id, Arc::clone(&inlet), Way::First);
    let (place, moves) = shared.movables.enter(number, admitted.target, &inlet);
    // Incoming data reach the handler; the channel's own queue would only hold a second copy.
    let (_, client) = channel.split();
    reply.accept().await;
    shared.gatekeeper.note(who, admitted.target, TunnelNote::Began).await;

    let outlet = Outlet { client, flow: shared.flow() };
    let end = tunnel::carry(from_target, &inlet, outlet, moves, &admitted.grant, hung_up).await;
    drop(place);
    debug!(channel = id.number(), ?end, "Tunnel closed");
    let note = match end {
        TunnelEnd::Finished | TunnelEnd::Broken => TunnelNote::Finished,
        TunnelEnd::Revoked(reason) => TunnelNote::Ended(reason),
        TunnelEnd::HungUp => TunnelNote::Ended(EndReason::SessionEnded),
    };
    drop(admitted.grant);
    shared.let_out(id);
    // Neither the client nor the SSH session may keep the note from being written.
    let (_, ()) =
        tokio::join!(hung_up.run_until_cancelled(handle.close(id)), shared.gatekeeper.note(who, admitted.target, note));
}

type Opened = (super::Admitted, tokio::net::TcpStream);

async fn open(shared: &Shared, who: &SignedIn, destination: &Destination) -> Result<Opened, (u32, &'static str)> {
    let _turn = shared.opening.acquire().await;
    let admitted = admit(shared, who, destination).await.map_err(|refusal| {
        let code = match refusal {
            OpenRefusal::Forbidden => PROHIBITED,
            OpenRefusal::TooMany => RESOURCE_SHORTAGE,
            OpenRefusal::Unresolvable | OpenRefusal::Unavailable => CONNECT_FAILED,
        };
        (code, who.language.open_refused(refusal))
    })?;
    let connected = tokio::select! {
        biased;
        _ = admitted.grant.ended() => return Err((PROHIBITED, who.language.open_refused(OpenRefusal::Forbidden))),
        connected = tunnel::connect(&admitted.addresses, shared.limits.connect_timeout) => connected,
    };
    match connected {
        Ok(socket) => Ok((admitted, socket)),
        Err(error) => {
            debug!(kind = ?error.kind(), "Target does not answer");
            shared.gatekeeper.note(who, admitted.target, TunnelNote::Unreachable).await;
            Err((CONNECT_FAILED, who.language.unreachable()))
        }
    }
}

/// Decides for where the client is, even if it comes from elsewhere meanwhile: what is decided after that is looked at
/// by [`Gatekeeper::moved`].
async fn admit(shared: &Shared, who: &SignedIn, destination: &Destination) -> Result<super::Admitted, OpenRefusal> {
    let mut origin = shared.origin();
    loop {
        let admitted = shared.gatekeeper.open(who, destination, &origin).await?;
        let now = shared.origin();
        if now == origin {
            return Ok(admitted);
        }
        origin = now;
    }
}

/// Refuses a channel.
pub(super) async fn refuse(reply: ChannelOpenHandle, code: u32, text: &str) {
    reply.reject(ChannelOpenFailure::Other { code, reason: text.to_owned() }).await;
}
