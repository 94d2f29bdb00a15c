//! A [`Stream`] on tokio: the application reads and writes a [`Pipe`], and lines come and go below it.
//!
//! An acceptor begins with [`accept`] and is given further lines by [`Handle::attach`]; an initiator begins with
//! [`initiate`] and gets its lines from a [`Dialer`]. Whoever drops the [`Pipe`] ends the stream: politely where a line
//! stands, for at most [`LEAVE_PATIENCE`], and at once when [`Handle::abort`] says so.

mod core;
mod line;
mod pipe;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

pub use self::pipe::Pipe;
use self::{
    core::{Core, Shared},
    line::Refusing,
};
use crate::{Attach, Decoder, End, Fault, Input, LineId, Refusal, Settings, Stream, Ticket, Twin};

/// How long a stream whose application has gone may take to tell the other side so.
pub const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// What can be a line: it delivers bytes in order until it breaks.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// A line of any kind.
pub type BoxLine = Box<dyn Line>;

/// Finds lines for an initiator.
#[async_trait]
pub trait Dialer: Send + Sync + 'static {
    /// Dials one line. Several attempts may run at the same time; one that is not wanted any more is dropped.
    async fn dial(&self, attempt: Attempt) -> io::Result<BoxLine>;
}

/// One attempt to find a line.
#[derive(Debug)]
pub struct Attempt {
    id: LineId,
    shared: Arc<Shared>,
}

impl Attempt {
    /// Counts the attempts of this stream from 0.
    pub fn number(&self) -> u64 {
        self.id.0
    }

    /// Somebody answers, such as by accepting the TCP connection, but the line does not stand yet. No other is dialled
    /// for a moment then, so that a slow line is not drowned in handshakes.
    pub fn answered(&self) {
        self.shared.tell(Input::Answered(self.id));
    }
}

/// How a stream does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The line that the stream is attached to.
    pub line: Option<LineId>,
    /// Since when nothing has been heard, while that is an outage.
    pub away_since: Option<Instant>,
    /// How often the stream has been away.
    pub outages: u32,
    /// How long the last outage that is over lasted.
    pub last_outage: Option<Duration>,
    /// The last measured way there and back on this line, queues included.
    pub round_trip: Option<Duration>,
    /// How often the other side broke the rules.
    pub faults: u32,
    /// The last time.
    pub last_fault: Option<Fault>,
    /// Whether the line has a twin.
    pub has_twin: bool,
    /// How the stream ended, once it has.
    pub ended: Option<End>,
}

/// What an application that shares a stream out wants to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Bytes that the application has written since the stream began.
    pub written: u64,
    /// Those of them that wait for the line.
    pub unsent: usize,
    /// Bytes a second that the line has been seen to carry; `None` before the first measurement.
    pub rate: Option<u64>,
}

/// Steers a stream. All copies steer the same one; dropping them changes nothing.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// Starts a stream at the side that dials. Needs a tokio runtime around it.
pub fn initiate(settings: Settings, dialer: Arc<dyn Dialer>) -> (Pipe, Handle) {
    start(Stream::initiate(self::core::now(), settings), Some(dialer), None)
}

/// Starts a stream at the side that is dialled: `line` began with OPEN, and `rest` came after it. Needs a tokio runtime
/// around it.
pub fn accept(settings: Settings, line: BoxLine, rest: Decoder) -> (Pipe, Handle) {
    let id = LineId(0);
    start(Stream::accept(self::core::now(), settings, id, rest), None, Some((id, line)))
}

/// Answers a line with REFUSED and closes it; what it still says is not read.
pub async fn refuse(line: BoxLine, refusal: Refusal) {
    Refusing::new(line, refusal).run().await;
}

fn start(stream: Stream, dialer: Option<Arc<dyn Dialer>>, line: Option<(LineId, BoxLine)>) -> (Pipe, Handle) {
    let shared = Arc::new(Shared::new(Core::new(stream), dialer));
    if let Some((id, line)) = line {
        // It has known this one from the start.
        shared.stand(id, line, |_| {});
    }
    tokio::spawn(Arc::clone(&shared).keep_time());
    shared.tell(Input::Tick);
    (Pipe::new(Arc::clone(&shared)), Handle { shared })
}

impl Handle {
    /// Somebody has signed in: from the next byte on, the stream survives its line.
    pub fn arm(&self, ticket: Ticket) {
        self.shared.tell(Input::Arm(ticket));
    }

    /// The address or the transport has changed: find another line now.
    pub fn moved(&self) {
        self.shared.tell(Input::Moved);
    }

    /// Ends the stream at once, on both sides as far as a line stands.
    pub fn abort(&self) {
        self.shared.tell(Input::Abort);
    }

    /// An acceptor's stream comes back on a new line that began with `attach`. Returns the line's name if the proof is
    /// good and new; else nothing is disturbed, and the line is refused.
    pub fn attach(&self, line: BoxLine, attach: Attach, rest: Decoder) -> Option<LineId> {
        self.shared.attach(line, attach, rest)
    }

    /// An initiator's line gets this one as its twin: what is small goes out on both, and what comes first counts. Returns
    /// whether it does; not if no line stands, or nobody has signed in.
    pub fn add_twin(&self, line: BoxLine) -> bool {
        self.shared.add_twin(line)
    }

    /// An acceptor's stream gets a twin, from a line that began with `twin`. Returns whether the proof is good and new;
    /// else nothing is disturbed, and the line is closed.
    pub fn take_twin(&self, line: BoxLine, twin: &Twin, rest: Decoder) -> bool {
        self.shared.take_twin(line, twin, rest)
    }

    /// Whether the proof of a twin whose line is of no use is good and new. It is good for nothing afterwards.
    pub fn spend_twin(&self, twin: &Twin) -> bool {
        self.shared.spend_twin(twin)
    }

    /// How the stream does now.
    pub fn status(&self) -> Status {
        self.shared.status().borrow().clone()
    }

    /// How the stream does, whenever that changes. The newest replaces what was not looked at.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.shared.status()
    }

    /// What waits for the line and how fast that is, whenever it changes.
    pub fn backlog(&self) -> watch::Receiver<Backlog> {
        self.shared.backlog()
    }

    /// How many bytes wait for the line, whenever that changes; see [`Stream::unsent_bytes`].
    pub fn unsent_bytes(&self) -> watch::Receiver<usize> {
        self.shared.unsent_bytes()
    }

    /// Waits for the end of the stream.
    pub async fn ended(&self) -> End {
        let mut status = self.shared.status();
        loop {
            if let Some(end) = status.borrow_and_update().ended {
                return end;
            }
            if status.changed().await.is_err() {
                return End::Aborted;
            }
        }
    }
}
