//! What a stream is told, and what it says.

use std::time::Duration;

use bytes::Bytes;

use crate::{Attach, Decoder, Fault, Frame, LineId, Refusal, Ticket};

/// How much a stream may hold once it is armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes on their way out that have not been acknowledged.
    pub replay_bytes: usize,
    /// Bytes that came in and wait for the application.
    pub window_bytes: usize,
    /// How long a line that has never been armed may be silent.
    pub unarmed_silence: Duration,
    /// How long an initiator's twin may be silent. The other side sends copies of its PINGs on it while it has little else to
    /// send; while it has much, another twin soon afterwards costs less than one that is dead for good.
    pub twin_silence: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // 168 Mbit/s at 100 ms, as the SSH channels above have it.
            replay_bytes: 2 * 1024 * 1024,
            window_bytes: 2 * 1024 * 1024,
            unarmed_silence: Duration::from_secs(15),
            twin_silence: Duration::from_secs(30),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The deadline has come, or something was read or written.
    Tick,
    /// Somebody answers on a line being dialled; it does not stand yet. Only an initiator hears this.
    Answered(LineId),
    /// A dialled line stands. Only an initiator hears this.
    Connected(LineId),
    /// A line broke or could not be dialled.
    Lost(LineId),
    /// Bytes came.
    Bytes(LineId, &'a [u8]),
    /// A frame came on the twin of the line.
    Copy(Frame),
    /// What [`Output::Transmit`] asked for is done: more may follow.
    Written(LineId),
    /// A line came that began with ATTACH. Only an acceptor hears this.
    Attach {
        /// The line.
        line: LineId,
        /// What it began with.
        attach: Attach,
        /// What came right after.
        rest: Decoder,
    },
    /// Somebody has signed in: from the next byte on, the stream survives its line.
    Arm(Ticket),
    /// The address or the transport has changed: find another line now. Only an initiator hears this.
    Moved,
    /// The application will write no more.
    End,
    /// It is over, at once: revoked, shut down.
    Abort,
}

/// What to do. After each [`Stream::handle`], [`Stream::read`] and [`Stream::write`] poll until there is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Dial a line; answer with [`Input::Connected`] or [`Input::Lost`].
    Connect(LineId),
    /// Write these bytes, then answer with [`Input::Written`]. There is one at a time for a line;
    /// only the last word, BYE, need not wait for the one before.
    Transmit(LineId, Bytes),
    /// Answer a line with REFUSED and close it.
    Refuse(LineId, Refusal),
    /// Close the line, or stop dialling it; what was handed out before is still written, if it can be without waiting.
    Disconnect(LineId),
    /// Something that a person may want to know.
    Event(Event),
    /// The stream is over. Nothing follows.
    Ended(End),
}

/// Something that a person may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The line is silent or broke; the stream waits.
    Away,
    /// The stream goes on.
    Back {
        /// How often it has been attached anew, or tried to be.
        epoch: u64,
        /// How long nothing was heard.
        outage: Duration,
    },
    /// The other side broke the rules, which cost it its line.
    Fault(Fault),
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// Both sides wrote what they had and the other side's application took it.
    #[error("both sides are done")]
    Finished,
    /// No line, for longer than anybody waits.
    #[error("no line for too long")]
    Lost,
    /// The acceptor would not have it.
    #[error("the other side refused the stream")]
    Refused(Refusal),
    /// This side's [`Input::Abort`].
    #[error("ended by this side")]
    Aborted,
    /// The other side's.
    #[error("ended by the other side")]
    Dismissed,
    /// The two sides' positions contradict each other.
    #[error("the two sides are out of step")]
    OutOfStep,
}
