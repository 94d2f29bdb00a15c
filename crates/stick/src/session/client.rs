//! What russh tells us: whose host key it is, what comes in, and how it ended.

use std::sync::{Arc, Mutex, PoisonError};

use fernamt_api::stick_notice::Notice;
use russh::{
    Channel, ChannelId,
    client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session},
    keys::{PublicKey, PublicKeyOrCertificate},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::forward::Inlets;

/// What is known of the SSH connection outside of russh's own task.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    notice: Arc<Mutex<Option<Notice>>>,
    dismissed: CancellationToken,
    /// Cancelled when the SSH connection is over, however it came.
    pub(super) over: CancellationToken,
}

impl Fate {
    /// What the gateway said when it sent us away, if it did.
    pub(super) fn notice(&self) -> Option<Notice> {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the gateway sent us away.
    pub(super) fn dismissed(&self) -> bool {
        self.dismissed.is_cancelled()
    }
}

/// The handler that russh calls.
pub(super) struct Client {
    pinned: Vec<PublicKey>,
    inlets: Inlets,
    fate: Fate,
    _over: DropGuard,
}

impl Client {
    /// Trusts these host keys alone.
    pub(super) fn new(pinned: Vec<PublicKey>, inlets: Inlets, fate: Fate) -> Self {
        let over = fate.over.clone().drop_guard();
        Self { pinned, inlets, fate, _over: over }
    }
}

impl Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        // Comments differ.
        Ok(self.pinned.iter().any(|pinned| pinned.key_data() == key.key_data()))
    }

    async fn channel_open_confirmation(
        &mut self,
        id: ChannelId,
        _max_packet_size: u32,
        _window_size: u32,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.inlets.opened(id);
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.inlets.get(id)
            && !inlet.push(data)
        {
            tokio::select! {
                () = inlet.room() => {}
                () = self.inlets.stopped() => {}
            }
        }
        Ok(())
    }

    async fn window_adjusted(&mut self, id: ChannelId, _: u32, _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.inlets.get(id) {
            inlet.window_grew();
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(inlet) = self.inlets.get(id) {
            inlet.end();
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.inlets.close(id);
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                *self.fate.notice.lock().unwrap_or_else(PoisonError::into_inner) = Notice::find(&info.message);
                self.fate.dismissed.cancel();
                Ok(())
            }
            DisconnectReason::Error(error) => Err(error),
        }
    }

    // The gateway opens nothing at a stick. Dropping the handle of such a request refuses it; russh would accept.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _connected_address: &str,
        _connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host_to_connect: &str,
        _port_to_connect: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}
