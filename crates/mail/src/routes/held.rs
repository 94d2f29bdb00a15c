//! Answers that hold what they cost until they are read, and no longer than somebody may take for that.

use std::{
    io, iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::time::sleep;

/// How long somebody may take to read an answer.
pub(super) const LONGEST_READ: Duration = Duration::from_mins(1);
/// The bytes that are handed to the line at once.
const PIECE_BYTES: usize = 64 << 10;

/// A body of these bytes that holds a turn. Whoever does not read leaves the body unasked for, so that its end comes from
/// outside: then both are let go, and the answer breaks off.
pub(super) fn body<T: Send + 'static>(bytes: Bytes, turn: T, longest: Duration) -> Body {
    let mut left = bytes.len();
    let held = Arc::new(Mutex::new(Some((bytes, turn))));
    let late = Arc::downgrade(&held);
    tokio::spawn(async move {
        sleep(longest).await;
        if let Some(held) = late.upgrade() {
            drop(lock(&held).take());
        }
    });
    Body::from_stream(stream::iter(iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let piece = next(&mut lock(&held));
        left -= piece.as_ref().map_or(left, Bytes::len);
        Some(piece)
    })))
}

fn next<T>(held: &mut Option<(Bytes, T)>) -> io::Result<Bytes> {
    let (rest, _) = held.as_mut().ok_or(io::ErrorKind::TimedOut)?;
    // A copy: a piece that the line has not sent yet would hold all of the bytes.
    let piece = Bytes::copy_from_slice(&rest.split_to(rest.len().min(PIECE_BYTES)));
    if rest.is_empty() {
        *held = None;
    }
    Ok(piece)
}

fn lock<T>(held: &Mutex<Option<(Bytes, T)>>) -> MutexGuard<'_, Option<(Bytes, T)>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::sync::oneshot::{self, error::TryRecvError};

    use super::*;

    #[tokio::test]
    async fn an_answer_holds_a_turn_until_it_is_read() {
        let (turn, mut over) = oneshot::channel::<()>();
        let mut answer = body(Bytes::from(vec![7; PIECE_BYTES + 1]), turn, LONGEST_READ);
        for (bytes, end) in [(PIECE_BYTES, TryRecvError::Empty), (1, TryRecvError::Closed)] {
            let piece = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!((piece.len(), over.try_recv()), (bytes, Err(end)));
        }
        assert!(answer.frame().await.is_none());
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_lets_go_and_breaks_off() {
        let (turn, over) = oneshot::channel::<()>();
        let mut answer = body(Bytes::from_static(b"x"), turn, Duration::ZERO);
        over.await.unwrap_err();
        assert!(answer.frame().await.unwrap().is_err());
        assert!(answer.frame().await.is_none());
    }
}
