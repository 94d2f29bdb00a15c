//! The way from a stick to the gateway, which can be cut, closed and bent to another door.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use fernamt_resume::{Attempt, BoxLine, Dialer};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// The way, and the hand that cuts it.
pub(crate) struct Road {
    address: SocketAddr,
    cuts: watch::Sender<usize>,
    open: watch::Sender<bool>,
    lines: Arc<AtomicUsize>,
    /// Where the WebSocket is, once that is to be used instead.
    pub(crate) websocket: watch::Sender<Option<String>>,
}

impl Road {
    /// A way to the gateway's SSH port.
    pub(crate) async fn to(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cuts, open, lines) = (watch::Sender::new(0), watch::Sender::new(true), Arc::new(AtomicUsize::new(0)));
        let (seen, opened, count) = (cuts.subscribe(), open.subscribe(), Arc::clone(&lines));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !*opened.borrow() {
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let mut cut = seen.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(gateway).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cuts, open, lines, websocket: watch::Sender::default() }
    }

    /// Cuts every line that stands.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets lines through, or not.
    pub(crate) fn open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// How many lines have come this way.
    pub(crate) fn lines(&self) -> usize {
        self.lines.load(Ordering::SeqCst)
    }

    pub(crate) fn dialer(&self) -> Arc<dyn Dialer> {
        Arc::new(Dial { address: self.address, websocket: self.websocket.subscribe() })
    }
}

struct Dial {
    address: SocketAddr,
    websocket: watch::Receiver<Option<String>>,
}

#[async_trait]
impl Dialer for Dial {
    async fn dial(&self, attempt: Attempt) -> std::io::Result<BoxLine> {
        let websocket = self.websocket.borrow().clone();
        if let Some(url) = websocket {
            return Ok(through_websocket(&url).await);
        }
        let socket = TcpStream::connect(self.address).await?;
        attempt.answered();
        Ok(Box::new(socket))
    }
}

/// A line by the WebSocket at this address.
pub(crate) async fn through_websocket(url: &str) -> BoxLine {
    let (socket, _) = connect_async(url).await.unwrap();
    let (mut out, mut messages) = socket.split();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut from_near, mut to_near) = tokio::io::split(far);
    tokio::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_near.read(&mut buffer).await {
            if out.send(Message::Binary(buffer[..count].to_vec().into())).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let Message::Binary(bytes) = message
                && to_near.write_all(&bytes).await.is_err()
            {
                return;
            }
        }
    });
    Box::new(near)
}
