//! The resumable byte stream below SSH: a pure state machine that outlives the lines it runs over.
//!
//! A *stream* carries bytes both ways between an initiator (the stick) and an acceptor (the gateway). At any moment it
//! is attached to at most one *line*: a TCP connection or a WebSocket, which delivers bytes in order until it breaks. A
//! [`Stream`] notices a dead line, asks for a new one, proves on it who it is, and goes on at the first byte that the
//! other side has not got. It does no input or output and asks no clock: [`Stream::handle`] takes the time and what
//! happened, [`Stream::poll`] says what to do, [`Stream::deadline`] when to come back. [`initiate`] and [`accept`] drive
//! one on tokio.
//!
//! # Before and after sign-in
//!
//! Until SSH has authenticated somebody, the acceptor keeps nothing that it has sent, and a break ends the stream. Then
//! the gateway makes a [`Ticket`], calls [`Input::Arm`] and hands the ticket over *inside* SSH; from the first byte after
//! `Arm` on it keeps what is not acknowledged. The initiator keeps its own bytes from the beginning (they are its own
//! memory), so there is no gap between the two moments. Whoever holds the ticket can only have got it through the
//! authenticated session, and it is good for this one stream only.
//!
//! # On the wire
//!
//! Frames follow each other without padding. All numbers are big endian. *Positions* count the bytes of one direction
//! from 0; the orderly end of a direction takes one position of its own. Positions above [`MAX_POSITION`] are refused.
//!
//! | Byte 0 | Name | Bytes 1–2: length of the rest | Rest |
//! |---|---|---|---|
//! | 1 | OPEN | 5 | `FRSM`, version (1) |
//! | 2 | ATTACH | 69 | `FRSM`, version (1), id (16), epoch (8), received (8), code (32) |
//! | 3 | ATTACHED | 56 | epoch (8), received (8), from (8), code (32) |
//! | 4 | REFUSED | 1 | reason: 1 gone, 2 busy |
//! | 5 | DATA | 9 to 16 392 | position of the first byte (8), bytes (1 to [`MAX_DATA_BYTES`]) |
//! | 6 | END | 8 | position of the end (8) |
//! | 7 | ACK | 16 | taken (8): all before it has been taken by the application; limit (8): do not send beyond |
//! | 8 | PING | 16 | a number (8); sent (8): all before it was sent on this line or an earlier one |
//! | 9 | PONG | 8 | the number of the last PING (8) |
//! | 10 | BYE | 0 | the stream is over for good |
//! | 11 | TWIN | 69 | `FRSM`, version (1), id (16), epoch (8), number (8), code (32) |
//!
//! A length that the type does not allow is a fault as soon as the three bytes of the head are there, so a stranger can
//! make us hold at most one frame. The first frame on a line is the initiator's OPEN (position 0 both ways, data may
//! follow at once up to [`UNARMED_BYTES`]), ATTACH or TWIN; the acceptor answers ATTACH with ATTACHED or REFUSED, the
//! others with nothing or REFUSED. None of these nor their answers come later on a line.
//!
//! **Re-attaching.** `code` is HMAC-SHA-256 under the ticket's key over a label for the direction, the id, the epoch and
//! the position `received`; in ATTACHED over both sides' and over `from`, where the acceptor goes on. That is the
//! initiator's `received`, or more where it has acknowledged more on the old line in the meantime. The initiator counts the epoch up with every ATTACH; the acceptor
//! takes an epoch only once and only upwards, so a recorded ATTACH is worthless, and whichever ATTACH is newest displaces
//! the line before it. Old epochs, forged codes and unknown ids all get the same REFUSED.
//!
//! **Twins.** Where a lost packet costs much time, the initiator adds a second line beside the one that the stream is
//! attached to, of the same epoch and numbered upwards. Either side sends on it copies of what is small, byte for byte. DATA
//! that goes on where the receiver is and ACK count wherever they come first; all else on a twin is passed over, for the
//! line brings it too. So a twin can be late, break or be missing at any time, and says nothing about who is there. A new
//! line has no twin.
//!
//! **Faults.** Whatever breaks these rules costs the sender its line, not the stream: who forges frames into a line can
//! do no more than who cuts it. Only positions that contradict each other under a good code end the stream.
//!
//! **The end.** A direction ends with END. When both ends have been taken, the acceptor says BYE and forgets the stream;
//! an initiator that misses it comes back and takes the refusal as the same. BYE at any other time is an abrupt end.
//!
//! **Keeping alive.** Each side sends PING and ACK every [`PING_EVERY`]; a PING that tells of bytes which never came is a
//! fault, so even what a line must not do, losing something in its middle, mends itself. Who has heard nothing for [`SILENCE`] doubts the line;
//! an initiator then dials anew while it still listens to the old one, and takes what comes first: a new line, or the answer
//! to its newest PING on the old one. Merely hearing something is not enough, because TCP backs off each direction by
//! itself.

mod dial;
mod driver;
mod frame;
mod inbox;
mod inflow;
mod line;
mod outbox;
mod pace;
mod stream;
mod tcp;
mod ticket;
mod twin;

use std::time::Duration;

pub use driver::{
    Attempt, Backlog, BoxLine, Dialer, Handle, LEAVE_PATIENCE, Line, Pipe, Status, accept, initiate, refuse,
};
pub use frame::{Attach, Decoder, First, Frame, Greeting, HEAD_BYTES, Refusal, Twin, starts_a_line};
pub use inflow::{Inflow, Way};
pub use line::LineId;
pub use stream::{End, Event, Input, Output, Settings, Stream};
pub use tcp::PacedTcp;
pub use ticket::{TICKET_BYTES, Ticket};

/// The most bytes of the stream in one DATA frame: 130 ms of a line with 1 Mbit/s, so that a PING need not wait longer.
pub const MAX_DATA_BYTES: usize = 16 * 1024;
/// The most bytes handed out in one [`Output::Transmit`], heads and small frames included.
pub const MAX_TRANSMIT_BYTES: usize = 64 * 1024;
/// The bytes handed out at once on a new or slow line: half a second of one with 64 kbit/s. Below us whole messages are
/// often all that is delivered, and what takes longer than [`SILENCE`] looks like it.
pub const FIRST_TRANSMIT_BYTES: usize = 4 * 1024;
/// What may be under way each way, and wait at the acceptor, before anybody has signed in.
pub const UNARMED_BYTES: usize = 64 * 1024;
/// The highest position.
pub const MAX_POSITION: u64 = 1 << 62;
/// How often a side says that it is there.
pub const PING_EVERY: Duration = Duration::from_millis(500);
/// A line that has been silent for this long is doubted.
pub const SILENCE: Duration = Duration::from_millis(1_750);
/// A line on which the initiator's PING has not been answered for this long is doubted, although something is heard: it
/// may be dead in one direction. Longer than [`SILENCE`], because answers wait behind what the initiator sends.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// An acknowledgement waits at most this long for company.
pub const ACK_DELAY: Duration = Duration::from_millis(50);
/// Where much comes, one waits no longer than this: the other side keeps little under way.
pub const BUSY_ACK_DELAY: Duration = Duration::from_millis(20);
/// What is much.
pub const BUSY_ACK_BYTES: u64 = 4 * 1024;
/// A new line is dialled this long after the one before, as long as none answers.
pub const DIAL_EVERY: Duration = Duration::from_millis(750);
/// No further line is dialled for this long once one has been answered: a slow line must not drown in handshakes.
pub const ANSWERED_GRACE: Duration = Duration::from_secs(3);
/// A dialled line that does not stand by then is given up.
pub const DIAL_PATIENCE: Duration = Duration::from_secs(10);
/// Lines being dialled at the same time; the oldest makes room.
pub const MAX_DIALS: usize = 4;
/// An ATTACH that is not answered by then is given up.
pub const ATTACH_PATIENCE: Duration = Duration::from_secs(3);
/// How long the first line may take.
pub const OPEN_PATIENCE: Duration = Duration::from_secs(30);

/// What can be wrong with what the other side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first byte names no frame.
    #[error("a frame of unknown type {0}")]
    UnknownType(u8),
    /// The frame's type does not allow this length.
    #[error("a frame of type {kind} with {bytes} bytes")]
    Length {
        /// The frame's type.
        kind: u8,
        /// The length that its head names.
        bytes: usize,
    },
    /// The other side speaks something else.
    #[error("not this protocol")]
    Foreign,
    /// The other side speaks a version that we do not know.
    #[error("unknown version {0}")]
    Version(u8),
    /// A position above [`MAX_POSITION`].
    #[error("a position beyond all bounds")]
    Position,
    /// A reason that we do not know.
    #[error("unknown reason {0}")]
    Reason(u8),
    /// A frame at a time when it makes no sense.
    #[error("a frame at the wrong time")]
    Unexpected,
    /// Bytes are missing before these.
    #[error("bytes are missing")]
    Gap,
    /// More bytes than we allowed.
    #[error("bytes beyond the window")]
    BeyondWindow,
    /// An acknowledgement of what was never sent.
    #[error("an acknowledgement of what was never sent")]
    AckBeyondSent,
    /// The end came at two different positions, or bytes came after it.
    #[error("the end moved")]
    EndMoved,
    /// A code that the ticket's holder did not make.
    #[error("a forged code")]
    Forged,
    /// An epoch that was used before.
    #[error("an old epoch")]
    OldEpoch,
    /// The positions of the two sides contradict each other.
    #[error("the two sides are out of step")]
    OutOfStep,
    /// A ticket of the wrong form.
    #[error("not a ticket")]
    Ticket,
}
