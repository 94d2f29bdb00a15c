//! The gateway's side of a stick's line test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use fernamt_api::line_test::{MAX_LINE_TEST_BYTES, MAX_LINE_TEST_S, Mode};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{connection::Shared, tunnel::Outlet};

/// Bytes handed over at once.
const PART_BYTES: usize = 16 * 1024;
/// How long a stick may take to send what it measures by.
const UP_PATIENCE: Duration = Duration::from_secs(30);

static ZEROS: [u8; PART_BYTES] = [0; PART_BYTES];

/// A test under way. Dropping it ends it.
#[derive(Debug)]
pub(super) struct LineTest {
    came: Arc<Came>,
    _stop: DropGuard,
}

#[derive(Debug, Default)]
struct Came {
    bytes: AtomicU64,
    all: Notify,
}

impl LineTest {
    /// Bytes came from the stick.
    pub(super) fn count(&self, bytes: usize) {
        self.came.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The stick sends no more.
    pub(super) fn end(&self) {
        self.came.all.notify_one();
    }
}

/// Begins a test on a channel of its own.
pub(super) fn begin(shared: &Arc<Shared>, mode: Mode, client: Outlet) -> LineTest {
    let (came, stop) = (Arc::<Came>::default(), CancellationToken::new());
    let (shared, counted, stopped) = (Arc::clone(shared), Arc::clone(&came), stop.clone());
    shared.tasks.clone().spawn(async move {
        let test = async {
            match mode {
                Mode::Down => timeout(Duration::from_secs(MAX_LINE_TEST_S), send(&client)).await.is_ok(),
                Mode::Up => timeout(UP_PATIENCE, sum_up(&counted, &client)).await.is_ok(),
            }
        };
        tokio::select! {
            _ = test => {}
            () = stopped.cancelled() => return,
            () = shared.hung_up.cancelled() => return,
        }
        // The stick closes: whoever closes first hears nothing of the other's close, and keeps what it holds of the channel.
        let _ = client.client.eof().await;
    });
    LineTest { came, _stop: stop.drop_guard() }
}

/// It takes its turns like everybody, so that a test does not hold up a desktop.
async fn send(client: &Outlet) {
    let mut sent = 0;
    while sent < MAX_LINE_TEST_BYTES && client.send(Bytes::from_static(&ZEROS)).await.is_ok() {
        sent += PART_BYTES;
    }
}

async fn sum_up(came: &Came, client: &Outlet) {
    came.all.notified().await;
    let bytes = came.bytes.load(Ordering::Relaxed).to_be_bytes();
    // A stick that is gone does not want to know.
    let _ = client.send(Bytes::copy_from_slice(&bytes)).await;
}
