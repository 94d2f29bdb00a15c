//! The desktop relay on a loopback port, in front of one desktop.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::WebSocketUpgrade, routing::any};
use fernamt_access::{
    desktop::{
        outcome::Outcome,
        relay::{self, Desktop},
    },
    tls::{Fingerprint, Trust},
};
use fernamt_domain::{LiveGrants, target::RdpSettings};
use fernamt_http::egress::EgressGuard;
use tokio::{net::TcpListener, sync::mpsc};

use super::house;

/// A relay that serves each WebSocket under a grant of its own.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) grants: LiveGrants,
    pub(crate) outcomes: mpsc::UnboundedReceiver<Outcome>,
    /// The certificates that were learnt.
    pub(crate) learnt: Arc<Mutex<Vec<Fingerprint>>>,
}

/// A desktop with settings that permit nothing.
pub(crate) fn desktop(address: SocketAddr, certificate: &str) -> Desktop {
    Desktop {
        host: address.ip().to_string(),
        port: address.port(),
        settings: RdpSettings::default(),
        trust: certificate.parse().map_or(Trust::Learn, Trust::Pinned),
        redirected: None,
    }
}

impl Relay {
    pub(crate) async fn start(desktop: Desktop) -> Self {
        let guard = EgressGuard::default().allow_loopback([desktop.port]);
        Self::start_with(desktop, guard).await
    }

    pub(crate) async fn start_with(desktop: Desktop, guard: EgressGuard) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (grants, learnt) = (LiveGrants::new(), Arc::new(Mutex::new(Vec::new())));
        let (outcome, outcomes) = mpsc::unbounded_channel();
        let shared = (desktop, guard, grants.clone(), outcome, Arc::clone(&learnt));
        let route = any(move |upgrade: WebSocketUpgrade| {
            let (desktop, guard, grants, outcome, learnt) = shared.clone();
            async move {
                upgrade.max_message_size(relay::MAX_MESSAGE_BYTES).on_upgrade(move |socket| async move {
                    let grant = grants.register(house::grant(), grants.generation()).unwrap();
                    let learn = async |certificate: Vec<u8>| {
                        learnt.lock().unwrap().push(Fingerprint::of(&certificate));
                        Ok(())
                    };
                    let follow = async |_: &_| Outcome::Redirected;
                    let _ = outcome.send(relay::serve(socket, desktop, &guard, grant, learn, follow).await);
                })
            }
        });
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/desktop", route)).await });
        Self { address, grants, outcomes, learnt }
    }

    /// How the next connection ended.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        self.outcomes.recv().await.unwrap()
    }
}
