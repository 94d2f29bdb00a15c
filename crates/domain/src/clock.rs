//! The source of time. Code takes a [`Clock`] instead of asking the operating system, so that tests can move it.

use std::sync::Arc;

use time::OffsetDateTime;

/// Tells the time, in UTC.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> OffsetDateTime {
        (**self).now()
    }
}
