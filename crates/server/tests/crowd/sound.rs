//! The sound of the crowd: all of its clients in one thread, as the bench of the media plane has them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::sync::watch;

use super::{
    load::{Load, Shape},
    signal::Call,
};

/// How long the thread works before it looks who comes.
const STEP: Duration = Duration::from_millis(2);

/// How many have a microphone; the others listen.
const SPEAKERS: usize = 3;

/// Who hears the meeting since when: by number and visit.
type Heard = BTreeMap<(usize, usize), Instant>;

enum Order {
    Join { number: usize, visit: usize, ticket: String },
    BeginAnew,
}

/// The thread's owner: it ends with it.
pub(crate) struct Sound {
    door: Door,
}

/// Where members ask for sound.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    orders: Sender<Order>,
    heard: watch::Receiver<Result<Heard, String>>,
}

impl Sound {
    /// Begins. Of a large crowd even those with a microphone are silent: it is to measure the server, not our own ears.
    pub(crate) fn new(server: SocketAddr, host: &str, silent: bool) -> Self {
        let (orders, incoming) = channel();
        let (told, heard) = watch::channel(Ok(Heard::new()));
        let host = host.to_owned();
        thread::spawn(move || {
            if let Err(error) = work(&incoming, &told, server, &host, silent) {
                drop(told.send_replace(Err(format!("{error:#}"))));
            }
        });
        Self { door: Door { orders, heard } }
    }

    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    pub(crate) fn begin_anew(&self) {
        let _ = self.door.orders.send(Order::BeginAnew);
    }
}

impl Door {
    /// Joins with a ticket.
    pub(crate) fn knock(&self, number: usize, visit: usize, ticket: String) {
        let _ = self.orders.send(Order::Join { number, visit, ticket });
    }

    /// When somebody heard the meeting after so many visits.
    pub(crate) async fn heard(&self, number: usize, visits: usize) -> Result<Instant> {
        let mut heard = self.heard.clone();
        let since = |heard: &Heard| heard.range((number, visits + 1)..(number + 1, 0)).next().map(|(_, since)| *since);
        let known = |heard: &Result<Heard, String>| heard.as_ref().map_or(true, |heard| since(heard).is_some());
        let heard = heard.wait_for(known).await.context("the sound ended")?;
        let heard = heard.as_ref().map_err(|error| anyhow::anyhow!("no sound: {error}"))?;
        since(heard).context("they hear it")
    }
}

fn work(
    orders: &Receiver<Order>,
    told: &watch::Sender<Result<Heard, String>>,
    server: SocketAddr,
    host: &str,
    silent: bool,
) -> Result<()> {
    let (mut load, mut calls) = (Load::new(server.ip())?, Vec::<Guest>::new());
    loop {
        loop {
            match orders.try_recv() {
                Ok(Order::BeginAnew) => (load, calls) = (Load::new(server.ip())?, Vec::new()),
                Ok(Order::Join { number, visit, ticket }) => {
                    let speaks = (number < SPEAKERS).then_some(Shape::Sound { silent });
                    let at = calls.len();
                    // The server may be gone again: whoever has no sound asks for another ticket.
                    if let Ok(call) = Call::join_at(&load, at, (server, host), &ticket, speaks, true) {
                        calls.push(Guest { number, visit, call: Some(call), heard: false });
                    }
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        for at in load.step(STEP)? {
            let Some(guest) = calls.get_mut(at) else { continue };
            if guest.call.as_mut().is_some_and(|call| call.hear(&mut load).is_err()) {
                guest.call = None;
            }
        }
        let now = Instant::now();
        for guest in &mut calls {
            let Some(call) = &mut guest.call else { continue };
            if call.ping(now).is_err() {
                guest.call = None;
                continue;
            }
            if call.sends(&load)
                && let Some((peer, mid, shape)) = call.take_track()
            {
                load.send(peer, mid, shape, 0);
            }
            let hears = call
                .subscriber
                .is_some_and(|peer| load.connected(peer) && (silent || load.first_media(peer).is_some()));
            if hears && !std::mem::replace(&mut guest.heard, true) {
                let (at, since) = ((guest.number, guest.visit), now);
                told.send_modify(|heard| drop(heard.as_mut().map(|heard| heard.entry(at).or_insert(since))));
            }
        }
    }
}

/// One participant's sound.
struct Guest {
    number: usize,
    visit: usize,
    call: Option<Call>,
    heard: bool,
}
