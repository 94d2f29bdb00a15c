//! Whether the stick is still plugged in.
//!
//! A pulled stick is noticed by asking each second. Asking for the files is not enough: Linux answers from memory for a
//! device that is long gone, so there the device itself is asked for as well.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fernamt_api::stick::CONFIG_FILE;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::container::disk::Place;

/// How often it is asked.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(1);
/// A file that is being replaced may be missing for a moment; it is asked for again after this.
const DOUBT: Duration = Duration::from_millis(250);

/// What must be there.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    folder: PathBuf,
    device: Option<u64>,
    with_container: Arc<AtomicBool>,
}

impl Presence {
    pub(super) fn of(folder: &Path) -> Self {
        let device = device(folder).filter(|device| is_plugged_in(*device));
        Self { folder: folder.to_owned(), device, with_container: Arc::default() }
    }

    /// From now on the key container must be there as well.
    pub(super) fn with_container(&self) {
        self.with_container.store(true, Ordering::Relaxed);
    }

    /// Ends when the stick is gone.
    pub(super) async fn gone(self) {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.is_there().await {
                continue;
            }
            sleep(DOUBT).await;
            if !self.is_there().await {
                return;
            }
        }
    }

    async fn is_there(&self) -> bool {
        let presence = self.clone();
        // A device that does not answer must not hold up anybody else.
        spawn_blocking(move || presence.look()).await.unwrap_or(false)
    }

    fn look(&self) -> bool {
        let there = |path: &Path| fs::metadata(path).is_ok_and(|found| found.is_file());
        let container = || Place::IN_ORDER.iter().any(|place| there(&place.path(&self.folder)));
        there(&self.folder.join(CONFIG_FILE))
            && (!self.with_container.load(Ordering::Relaxed) || container())
            && self.device.is_none_or(|known| device(&self.folder) == Some(known) && is_plugged_in(known))
    }
}

#[cfg(target_os = "linux")]
fn device(folder: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(folder).ok().map(|found| found.dev())
}

#[cfg(target_os = "linux")]
fn is_plugged_in(device: u64) -> bool {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    fs::symlink_metadata(format!("/sys/dev/block/{major}:{minor}")).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn device(_: &Path) -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn is_plugged_in(_: u64) -> bool {
    true
}
