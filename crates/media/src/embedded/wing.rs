//! One shard's rooms between the sockets of its clients, the feature, and the thread that forwards.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use fernamt_domain::Clock;
use fernamt_sfu::{Event, Input, Refusal, SeatId as SeatNo, limits::MAX_SEATS_PER_SHARD};
use livekit_protocol as proto;
use livekit_protocol::signal_request::Message as Asked;
use prost::Message as _;
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    control::{Client, Control, Effect, Pass, Refused, Tag},
    shard::{KEPT_FOR_ENDS, KEPT_FOR_FEATURES, Order},
};
use crate::{MediaError, MediaEvent};

/// The most messages that wait to be read by one client. Who lags further behind loses its seat.
pub(crate) const MAX_WAITING_MESSAGES: usize = 1024;

/// The most things heard from the shard that wait to be dealt with; the shard waits beyond.
pub(crate) const MAX_WAITING_HEARD: usize = 4096;

/// What the forwarding unit said.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something happened.
    Event(Event),
    /// It has dealt with an order.
    Answered(Tag, Result<(), Refusal>),
}

/// One shard's rooms.
#[derive(Debug)]
pub(crate) struct Wing {
    state: Mutex<State>,
    orders: mpsc::Sender<Order>,
    /// Tells that the shard took orders.
    taken: Arc<Notify>,
    events: broadcast::Sender<MediaEvent>,
}

#[derive(Debug)]
struct State {
    control: Control,
    outboxes: HashMap<SeatNo, mpsc::Sender<Bytes>>,
}

impl Wing {
    pub(crate) fn new(
        control: Control,
        orders: mpsc::Sender<Order>,
        taken: Arc<Notify>,
        events: broadcast::Sender<MediaEvent>,
    ) -> Self {
        Self { state: Mutex::new(State { control, outboxes: HashMap::new() }), orders, taken, events }
    }

    /// Does something with the rooms, and then whatever follows from it. Nothing in here waits.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Control) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state.control);
        self.follow(&mut state);
        result
    }

    /// Does what the feature orders, or nothing at all where the shard is too far behind to be told of it.
    pub(crate) fn order<R>(&self, act: impl FnOnce(&mut Control) -> Result<R, MediaError>) -> Result<R, MediaError> {
        let mut state = self.lock();
        if self.orders.capacity() <= KEPT_FOR_ENDS {
            return Err(MediaError::Busy);
        }
        let result = act(&mut state.control);
        self.follow(&mut state);
        result
    }

    /// Does what a client asks for; hands it back while that has to wait.
    pub(crate) fn request(&self, number: SeatNo, asked: Asked, now: OffsetDateTime) -> Option<Asked> {
        let mut state = self.lock();
        if !self.has_room() {
            return Some(asked);
        }
        state.control.request(number, asked, now);
        self.follow(&mut state);
        None
    }

    /// Whether the shard may be told what clients want.
    pub(crate) fn has_room(&self) -> bool {
        self.orders.capacity() > KEPT_FOR_FEATURES
    }

    /// Waits until the shard may be told what clients want.
    pub(crate) async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.has_room() {
                return;
            }
            taken.await;
        }
    }

    /// Lets a client sit down; what it is told comes out of the channel.
    pub(crate) fn join(
        &self,
        pass: Pass,
        client: Client,
        clock: &dyn Clock,
    ) -> Result<(SeatNo, mpsc::Receiver<Bytes>), Refused> {
        let (outbox, messages) = mpsc::channel(MAX_WAITING_MESSAGES);
        let mut state = self.lock();
        // The shard takes no more either, and so many ends always find a place.
        if state.control.seats() >= MAX_SEATS_PER_SHARD || !self.has_room() {
            return Err(Refused::Full);
        }
        let number = state.control.join(pass, client, clock.now());
        if let Ok(number) = number {
            state.outboxes.insert(number, outbox);
        }
        self.follow(&mut state);
        number.map(|number| (number, messages))
    }

    /// The client's socket is gone.
    pub(crate) fn silent(&self, number: SeatNo, clock: &dyn Clock) {
        let mut state = self.lock();
        state.outboxes.remove(&number);
        state.control.silent(number, clock.now());
        self.follow(&mut state);
    }

    /// Hears what the shard says, until it is gone or `stop` comes.
    pub(crate) async fn listen(self: Arc<Self>, mut heard: mpsc::Receiver<Heard>, stop: CancellationToken) {
        const BATCH: usize = 64;
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(count) = stop.run_until_cancelled(heard.recv_many(&mut batch, BATCH)).await {
            if count == 0 {
                break;
            }
            let mut state = self.lock();
            for heard in batch.drain(..) {
                match heard {
                    Heard::Event(event) => state.control.heard(event),
                    Heard::Answered(tag, result) => state.control.answered(tag, result),
                }
                self.follow(&mut state);
            }
        }
    }

    fn follow(&self, state: &mut State) {
        loop {
            let effects = state.control.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Send(to, message) => state.send(&to, *message),
                    Effect::Hang(number) => {
                        state.outboxes.remove(&number);
                    }
                    Effect::Shard(Input::Data { .. }, _) if !self.has_room() => {
                        metrics::counter!("fernamt_media_data_dropped_total").increment(1);
                    }
                    Effect::Shard(input, tag) => {
                        if self.orders.try_send(Order { input: Box::new(input), tag }).is_err() {
                            tracing::error!("The forwarding unit does not keep up with its orders");
                        }
                    }
                    Effect::Event(event) => {
                        // Nobody listening is fine.
                        let _ = self.events.send(event);
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn send(&mut self, to: &[SeatNo], message: proto::signal_response::Message) {
        let bytes = Bytes::from(proto::SignalResponse { message: Some(message) }.encode_to_vec());
        for number in to {
            let Some(outbox) = self.outboxes.get(number) else { continue };
            if let Err(mpsc::error::TrySendError::Full(_)) = outbox.try_send(bytes.clone()) {
                metrics::counter!("fernamt_media_clients_overrun_total").increment(1);
                self.outboxes.remove(number);
                self.control.overrun(*number);
            }
        }
    }
}
