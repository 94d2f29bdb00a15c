//! When the state of a line is worth a write: sticks tell it once a minute, and hundreds of them share one disk.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use fernamt_domain::{DeviceId, TenantId};
use time::{Duration, OffsetDateTime};

/// The state of a line is written down at most this often.
pub(crate) const WRITE_EVERY: Duration = Duration::minutes(10);
/// The most sticks whose last write is remembered; beyond that all are forgotten, which costs a few writes.
pub(crate) const MAX_STICKS: usize = 20_000;

/// When the lines of sticks were written down last.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    written: Mutex<HashMap<(TenantId, DeviceId), OffsetDateTime>>,
}

impl Lines {
    /// Whether it is time to write down a stick's line; if so, that counts as done.
    pub(crate) fn is_due(&self, tenant: TenantId, device: DeviceId, now: OffsetDateTime) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(&(tenant, device)).is_some_and(|last| now - *last < WRITE_EVERY) {
            return false;
        }
        if written.len() >= MAX_STICKS {
            written.clear();
        }
        written.insert((tenant, device), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn a_line_is_written_down_now_and_then() {
        let lines = Lines::default();
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        let device = DeviceId::new(&SystemClock, &SystemRng);
        assert!(lines.is_due(tenant, device, T0));
        assert!(!lines.is_due(tenant, device, T0 + Duration::minutes(9)));
        assert!(lines.is_due(tenant, DeviceId::new(&SystemClock, &SystemRng), T0));
        assert!(lines.is_due(tenant, device, T0 + WRITE_EVERY));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let lines = Lines::default();
        let tenant = TenantId::new(&SystemClock, &SystemRng);
        for _ in 0..=MAX_STICKS {
            assert!(lines.is_due(tenant, DeviceId::new(&SystemClock, &SystemRng), T0));
        }
        assert!(lines.written.lock().unwrap().len() <= MAX_STICKS);
    }
}
