//! Moves what carries much to the companion, so that what is little stays alone on the first connection.
//!
//! Both connections deliver in order, so whatever shares one with a file copy waits for each packet that the copy loses. A
//! tunnel that shows itself to be a copy goes on on the companion; how the bytes keep their order stands at
//! [`fernamt_resume::Inflow`].

use std::{sync::Arc, time::Duration};

use fernamt_api::stick::moved_host;
use fernamt_domain::TargetId;
use fernamt_resume::Status;
use russh::{ChannelWriteHalf, client, client::Msg};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{gate::Gate, inlet::Inlet, inlets::Inlets};

/// What a tunnel has carried in each of [`MUCH_PERIODS`], both ways together, when it is moved.
const MUCH_BYTES: u64 = 256 * 1024;
const PERIOD: Duration = Duration::from_secs(1);
const MUCH_PERIODS: u32 = 3;
/// A tunnel that was not let over is not moved again for so long.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);
/// How long an end waits for the gateway's answer. While there is none the data run on, but a companion on which nothing
/// comes through must not keep what has ended for good.
pub(super) const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

/// The companion, as far as tunnels know it.
pub(crate) struct Lane<H: client::Handler> {
    pub(crate) ssh: Arc<client::Handle<H>>,
    /// How its stream does.
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) inlets: Inlets,
    pub(crate) gate: Gate,
    /// Cancelled when it is over.
    pub(crate) over: CancellationToken,
}

/// The companion while there is one.
pub(crate) type Lanes<H> = watch::Receiver<Option<Arc<Lane<H>>>>;

/// One channel of a tunnel.
pub(super) struct Leg {
    pub(super) channel: ChannelWriteHalf<Msg>,
    /// What comes on it, and when it may take more.
    pub(super) inlet: Arc<Inlet>,
    pub(super) gate: Gate,
    /// Where that inlet stands.
    inlets: Inlets,
}

impl Leg {
    /// A channel that was confirmed, unless somebody else takes what comes on it.
    pub(super) fn new(channel: ChannelWriteHalf<Msg>, inlets: &Inlets, gate: &Gate) -> Option<Self> {
        let inlet = inlets.take(channel.id())?;
        Some(Self { channel, inlet, gate: gate.clone(), inlets: inlets.clone() })
    }
}

impl Drop for Leg {
    /// Nobody is to wait for room in a queue that nobody empties.
    fn drop(&mut self) {
        self.inlets.remove(self.channel.id(), &self.inlet);
        self.inlet.abandon();
    }
}

/// Where what a program says goes.
pub(super) enum Course {
    /// To the first channel.
    First,
    /// The gateway was asked to move it; until it answers nothing is ended.
    Asked,
    /// To the second, once the first is ended.
    Second(Arc<Leg>),
    /// The program has ended.
    Ended,
}

/// What came of asking for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// The tunnel goes on on the companion.
    There,
    /// It stays, and nothing has happened.
    Stays,
    /// The answer is lost, so nobody knows what an end means: on with it, bytes might be missing or come twice.
    Lost,
}

/// Sees to it that one tunnel moves when it carries much.
pub(super) struct Mover<H: client::Handler> {
    pub(super) lanes: Lanes<H>,
    pub(super) target: TargetId,
    pub(super) port: u16,
    /// The tunnel's number.
    pub(super) number: u32,
    /// How long an end waits for the gateway's answer.
    pub(super) patience: Duration,
}

impl<H: client::Handler + 'static> Mover<H> {
    /// Waits until the tunnel is over, because it has moved and the companion is over then, or was lost on the way.
    pub(super) async fn run(mut self, inlet: &Arc<Inlet>, course: &watch::Sender<Course>) {
        while let Ok(lane) = self.lanes.wait_for(Option::is_some).await.map(|lane| lane.clone()) {
            let Some(lane) = lane else { continue };
            if !lane.over.run_until_cancelled(much(inlet)).await.is_some_and(|()| is_there(&lane)) {
                // Where it is away, it may come back.
                sleep(PERIOD).await;
                continue;
            }
            match self.try_move(&lane, inlet, course).await {
                Moved::There => {
                    debug!(number = self.number, "A tunnel goes on on the companion");
                    return lane.over.cancelled().await;
                }
                Moved::Stays => sleep(REFUSED_PAUSE).await,
                Moved::Lost => return debug!(number = self.number, "A tunnel was lost on its way to the companion"),
            }
        }
        std::future::pending::<()>().await;
    }

    pub(super) async fn try_move(
        &self,
        lane: &Arc<Lane<H>>,
        inlet: &Arc<Inlet>,
        course: &watch::Sender<Course>,
    ) -> Moved {
        if !course.send_if_modified(Course::ask) {
            return Moved::Stays;
        }
        if !inlet.ask_to_move() {
            course.send_replace(Course::First);
            return Moved::Stays;
        }
        let (tell, told) = oneshot::channel();
        let (ssh, inlets, gate) = (Arc::clone(&lane.ssh), lane.inlets.clone(), lane.gate.clone());
        tokio::spawn(open(ssh, inlets, gate, moved_host(self.target), self.port, self.number, tell));
        let in_vain = async {
            inlet.held().await;
            sleep(self.patience).await;
        };
        let told = tokio::select! {
            biased;
            told = told => told.unwrap_or(Err(russh::Error::Disconnect)),
            () = in_vain => Err(russh::Error::ConnectionTimeout),
        };
        match told {
            Ok(leg) => {
                leg.inlet.pass_on_to(inlet);
                course.send_replace(Course::Second(Arc::new(leg)));
                Moved::There
            }
            // Refused, or not even asked: the companion's SSH session is gone.
            Err(error @ (russh::Error::ChannelOpenFailure(_) | russh::Error::SendError)) => {
                debug!(?error, "A tunnel stays where it is");
                inlet.move_refused();
                course.send_replace(Course::First);
                Moved::Stays
            }
            // The gateway may have moved it all the same.
            Err(_) => Moved::Lost,
        }
    }
}

/// Opens a channel of a tunnel, and closes it again if nobody wants it any more.
pub(super) async fn open<H: client::Handler>(
    ssh: Arc<client::Handle<H>>,
    inlets: Inlets,
    gate: Gate,
    host: String,
    port: u16,
    number: u32,
    tell: oneshot::Sender<Result<Leg, russh::Error>>,
) {
    let opened = ssh.channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", number).await;
    let leg = opened.and_then(|channel| {
        // Data reach the handler; the channel's own queue would only hold a second copy.
        Leg::new(channel.split().1, &inlets, &gate).ok_or(russh::Error::Disconnect)
    });
    if let Err(Ok(unwanted)) = tell.send(leg) {
        unwanted.inlet.abandon();
        // A connection that is gone needs no goodbye.
        let _ = unwanted.channel.close().await;
    }
}

/// Waits until the tunnel has carried much for some time.
async fn much(inlet: &Inlet) {
    let mut bulk = Bulk { seen: inlet.carried(), periods: 0 };
    let mut pulse = interval_at(Instant::now() + PERIOD, PERIOD);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pulse.tick().await;
        if bulk.note(inlet.carried()) {
            return;
        }
    }
}

fn is_there<H: client::Handler>(lane: &Lane<H>) -> bool {
    !lane.over.is_cancelled() && lane.status.borrow().away_since.is_none()
}

impl Course {
    fn ask(&mut self) -> bool {
        let can = matches!(self, Self::First);
        if can {
            *self = Self::Asked;
        }
        can
    }

    /// The program has ended. What that means for the first channel is open while the gateway was asked.
    pub(super) fn end(&mut self) -> bool {
        let can = matches!(self, Self::First);
        if can {
            *self = Self::Ended;
        }
        can
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Asked)
    }

    pub(super) fn second(&self) -> Option<Arc<Leg>> {
        if let Self::Second(leg) = self { Some(Arc::clone(leg)) } else { None }
    }
}

/// Tells what carries much from what does so for a moment.
#[derive(Debug, Default)]
struct Bulk {
    seen: u64,
    periods: u32,
}

impl Bulk {
    /// A period is over, and so many bytes have been carried since the beginning.
    fn note(&mut self, carried: u64) -> bool {
        let much = carried.saturating_sub(self.seen) >= MUCH_BYTES;
        self.seen = carried;
        self.periods = if much { self.periods + 1 } else { 0 };
        self.periods >= MUCH_PERIODS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_or_a_picture_is_not_much_and_a_copy_is() {
        let mut bulk = Bulk::default();
        assert!(!bulk.note(20 * MUCH_BYTES), "one picture");
        assert!(!bulk.note(21 * MUCH_BYTES));
        assert!(!bulk.note(22 * MUCH_BYTES - 1), "and little after it");
        let mut carried = 22 * MUCH_BYTES;
        let mut notes = 0;
        loop {
            carried += MUCH_BYTES;
            notes += 1;
            if bulk.note(carried) {
                break;
            }
        }
        assert_eq!(notes, MUCH_PERIODS);
    }
}
