//! One line: its bytes to the stream, the stream's bytes to it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{BoxLine, core::Shared};
use crate::{Decoder, Fault, Frame, Input, LineId, Refusal};

/// Bytes read at once while much comes in.
const BUSY_BYTES: usize = 64 * 1024;
/// Bytes read at once otherwise, so that an idle line costs little.
const QUIET_BYTES: usize = 2 * 1024;
/// How long a line that is given up may take for its last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Carries both ways until the line breaks or the stream gives it up.
pub(super) async fn run(
    shared: Arc<Shared>,
    id: LineId,
    line: BoxLine,
    transmits: mpsc::Receiver<Bytes>,
    closed: CancellationToken,
) {
    let (from_line, to_line) = tokio::io::split(line);
    let writing = write(&shared, id, to_line, transmits);
    tokio::pin!(writing);
    let given_up = tokio::select! {
        () = closed.cancelled() => true,
        () = read(&shared, id, from_line) => false,
        () = &mut writing => false,
    };
    if given_up {
        // What was handed out before may still go; nobody waits for it.
        let _ = timeout(LAST_WORDS, writing).await;
    } else {
        shared.tell(Input::Lost(id));
        shared.act(|core| core.forget(id));
    }
}

/// Carries copies both ways until the twin breaks or is silent for too long, the other side breaks the rules on it, or its
/// line is given up.
pub(super) async fn run_twin(
    shared: Arc<Shared>,
    line: BoxLine,
    rest: Decoder,
    silence: Option<Duration>,
    mut copies: mpsc::Receiver<Bytes>,
    closed: CancellationToken,
) {
    let (from_line, mut to_line) = tokio::io::split(line);
    let writing = async {
        while let Some(copy) = copies.recv().await {
            if to_line.write_all(&copy).await.is_err() || to_line.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = closed.cancelled() => {}
        _ = read_copies(&shared, rest, silence, from_line) => {}
        () = writing => {}
    }
    shared.forget_twin(&closed);
}

async fn read_copies(
    shared: &Arc<Shared>,
    mut frames: Decoder,
    silence: Option<Duration>,
    mut line: impl AsyncRead + Unpin,
) -> Result<(), Fault> {
    let mut buffer = vec![0; QUIET_BYTES];
    loop {
        while let Some(frame) = frames.next_frame()? {
            shared.tell(Input::Copy(frame));
        }
        let reading = line.read(&mut buffer);
        let read = match silence {
            Some(silence) => timeout(silence, reading).await.unwrap_or(Ok(0)),
            None => reading.await,
        };
        match read {
            Ok(count @ 1..) => frames.push(buffer.get(..count).unwrap_or_default()),
            _ => return Ok(()),
        }
    }
}

async fn read(shared: &Arc<Shared>, id: LineId, mut line: impl AsyncRead + Unpin) {
    let mut buffer = vec![0; QUIET_BYTES];
    while let Ok(count @ 1..) = line.read(&mut buffer).await {
        shared.tell(Input::Bytes(id, buffer.get(..count).unwrap_or_default()));
        if count == buffer.len() && count < BUSY_BYTES {
            buffer = vec![0; BUSY_BYTES];
        } else if count < QUIET_BYTES && buffer.len() > QUIET_BYTES {
            buffer = vec![0; QUIET_BYTES];
        }
    }
}

async fn write(shared: &Arc<Shared>, id: LineId, mut line: impl AsyncWrite + Unpin, mut parts: mpsc::Receiver<Bytes>) {
    while let Some(part) = parts.recv().await {
        if line.write_all(&part).await.is_err() || line.flush().await.is_err() {
            return;
        }
        shared.tell(Input::Written(id));
    }
    // The line goes with us, whether it takes this or not.
    let _ = line.shutdown().await;
}

/// A line that gets no other answer than this.
pub(super) struct Refusing {
    line: BoxLine,
    refusal: Refusal,
}

impl Refusing {
    pub(super) fn new(line: BoxLine, refusal: Refusal) -> Self {
        Self { line, refusal }
    }

    pub(super) async fn run(mut self) {
        let told = async {
            self.line.write_all(&Frame::Refused(self.refusal).to_bytes()).await?;
            self.line.flush().await?;
            self.line.shutdown().await?;
            // Whoever closes on bytes that were not read resets, and the answer may get lost. A stick hangs up on it.
            let mut waste = [0; QUIET_BYTES];
            while self.line.read(&mut waste).await? > 0 {}
            std::io::Result::Ok(())
        };
        let _ = timeout(LAST_WORDS, told).await;
    }
}
