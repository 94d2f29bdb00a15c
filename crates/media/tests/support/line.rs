//! A line between clients and the signalling that can be cut.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::House;

/// The line. Whatever runs over it ends when it is cut, and nothing begins until it is mended.
pub(crate) struct Line {
    address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Line {
    pub(crate) fn to(house: &House) -> Self {
        let (whole, watched) = watch::channel(true);
        let listener = house.wait(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let (address, target) = (listener.local_addr().unwrap(), house.address);
        house.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, target, watched.clone()));
            }
        });
        Self { address, whole }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn carry(mut here: TcpStream, target: SocketAddr, mut whole: watch::Receiver<bool>) {
    if !*whole.borrow_and_update() {
        return;
    }
    let Ok(mut there) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
