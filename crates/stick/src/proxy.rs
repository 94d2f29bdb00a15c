//! Standard input and output, carried to the gateway and back.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{StickError, dial, dial::Gateway};

/// Bytes read from standard input at once: the largest packet that ssh sends.
const READ_BYTES: usize = 32 * 1024;

/// Pieces on their way between the threads and the line, each way.
const QUEUED_PIECES: usize = 4;

/// A line that has nothing to carry says so, or a box in between forgets it.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Carries bytes until either side ends.
pub async fn run(gateway: &Gateway, ca: Option<&Path>) -> Result<(), StickError> {
    let line = dial::open_websocket(gateway, ca).await?;
    let mut input = from_input();
    let (output, written) = to_output();
    let (mut sink, mut stream) = line.split();

    let upward = async {
        loop {
            let message = match timeout(PING_EVERY, input.recv()).await {
                Ok(Some(bytes)) => Message::Binary(bytes),
                Ok(None) => break,
                Err(_) => Message::Ping(Bytes::new()),
            };
            sink.send(message).await?;
        }
        // Whether the gateway still hears the goodbye makes no difference to anybody.
        let _ = timeout(GOODBYE, sink.close()).await;
        Ok::<_, Error>(())
    };
    let downward = async {
        while let Some(message) = stream.next().await {
            let message = message?;
            if message.is_close() || (message.is_binary() && output.send(message.into_data()).await.is_err()) {
                break;
            }
        }
        Ok(())
    };
    let done = tokio::select! {
        done = upward => done,
        done = downward => done,
    };
    drop(output);
    // The last bytes are ssh's to take; a closed pipe ends the wait.
    let _ = written.await;
    match done {
        Ok(()) | Err(Error::ConnectionClosed) => Ok(()),
        Err(error) => Err(StickError::Broken(Box::new(error))),
    }
}

/// What comes on standard input, read by a thread of its own: reading it blocks.
fn from_input() -> mpsc::Receiver<Bytes> {
    let (send, receive) = mpsc::channel(QUEUED_PIECES);
    thread::spawn(move || {
        let mut buffer = vec![0; READ_BYTES];
        let mut input = std::io::stdin().lock();
        while let Ok(count @ 1..) = input.read(&mut buffer) {
            let piece = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
            if send.blocking_send(piece).is_err() {
                break;
            }
        }
    });
    receive
}

/// What goes to standard output; the second value tells when all is written.
fn to_output() -> (mpsc::Sender<Bytes>, oneshot::Receiver<()>) {
    let (send, mut receive) = mpsc::channel::<Bytes>(QUEUED_PIECES);
    let (done, written) = oneshot::channel();
    thread::spawn(move || {
        let mut output = std::io::stdout().lock();
        while let Some(piece) = receive.blocking_recv() {
            if output.write_all(&piece).and_then(|()| output.flush()).is_err() {
                break;
            }
        }
        // Nobody may be left to hear it.
        let _ = done.send(());
    });
    (send, written)
}
