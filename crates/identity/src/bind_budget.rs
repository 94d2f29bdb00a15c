//! The directory's own lock-out is a resource that strangers must not use up. [`BindBudget`] counts the wrong passwords
//! of each person that reached the directory, and stays below the directory's threshold.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{PersonId, TenantId};
use time::{Duration, OffsetDateTime};

use crate::throttle::SlowDown;

/// How many wrong passwords of one person may reach the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BindLimit {
    /// How many in a window. Below the directory's own threshold, with room for the person's own typing elsewhere.
    pub most: u32,
    /// The window: the directory's own observation window.
    pub window: Duration,
}

impl Default for BindLimit {
    fn default() -> Self {
        Self { most: 3, window: Duration::minutes(30) }
    }
}

/// Counts the wrong passwords that reached the directory, by person.
#[derive(Debug, Default)]
pub(crate) struct BindBudget {
    used: Mutex<HashMap<(TenantId, PersonId), Vec<Bind>>>,
}

#[derive(Debug, Clone, Copy)]
struct Bind {
    at: OffsetDateTime,
    password: [u8; 32],
    wrong: bool,
}

/// Whether the directory may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// It may; tell the outcome by [`BindBudget::right`] or [`BindBudget::unanswered`], else it counts as wrong.
    Ask,
    /// This password was wrong a moment ago.
    KnownWrong,
    /// The budget is used up.
    Exhausted(SlowDown),
}

impl BindBudget {
    /// Asks for one bind and counts it as wrong until told otherwise, so that attempts side by side cannot exceed the
    /// limit. Who proved neither device nor second factor may not use the last of the budget.
    pub(crate) fn take(
        &self,
        who: (TenantId, PersonId),
        proven: bool,
        password: [u8; 32],
        limit: BindLimit,
        now: OffsetDateTime,
    ) -> Permission {
        let mut used = self.lock();
        let binds = used.entry(who).or_default();
        binds.retain(|bind| now - bind.at < limit.window);
        if binds.iter().any(|bind| bind.wrong && bind.password == password) {
            return Permission::KnownWrong;
        }
        let most = if proven { limit.most } else { limit.most.saturating_sub(1) };
        if binds.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            let oldest = binds.first().map_or(now, |bind| bind.at);
            return Permission::Exhausted(SlowDown { retry_after: oldest + limit.window - now });
        }
        binds.push(Bind { at: now, password, wrong: false });
        Permission::Ask
    }

    /// The password was right: the directory has reset its own count, and so do we.
    pub(crate) fn right(&self, who: (TenantId, PersonId)) {
        self.lock().remove(&who);
    }

    /// The password was wrong.
    pub(crate) fn wrong(&self, who: (TenantId, PersonId), password: [u8; 32]) {
        if let Some(binds) = self.lock().get_mut(&who) {
            for bind in binds.iter_mut().filter(|bind| bind.password == password) {
                bind.wrong = true;
            }
        }
    }

    /// The directory could not be reached, so nothing was counted there.
    pub(crate) fn unanswered(&self, who: (TenantId, PersonId), password: [u8; 32]) {
        let mut used = self.lock();
        if let Some(binds) = used.get_mut(&who)
            && let Some(at) = binds.iter().rposition(|bind| !bind.wrong && bind.password == password)
        {
            binds.remove(at);
            if binds.is_empty() {
                used.remove(&who);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, PersonId), Vec<Bind>>> {
        // One short entry for each person of the directory at most, so the people bound it.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};
    use proptest::prelude::*;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn person() -> (TenantId, PersonId) {
        (TenantId::new(&SystemClock, &SystemRng), PersonId::new(&SystemClock, &SystemRng))
    }

    #[test]
    fn the_last_of_the_budget_is_kept_for_who_proved_something() {
        let (budget, who, limit) = (BindBudget::default(), person(), BindLimit::default());
        for n in 0..2 {
            assert_eq!(budget.take(who, false, [n; 32], limit, T0), Permission::Ask);
            budget.wrong(who, [n; 32]);
        }
        assert!(matches!(budget.take(who, false, [9; 32], limit, T0), Permission::Exhausted(_)));
        assert_eq!(budget.take(who, false, [1; 32], limit, T0), Permission::KnownWrong);
        assert_eq!(budget.take(who, true, [9; 32], limit, T0), Permission::Ask);
        assert!(matches!(budget.take(who, true, [8; 32], limit, T0), Permission::Exhausted(_)));
        budget.right(who);
        assert_eq!(budget.take(who, false, [8; 32], limit, T0), Permission::Ask);
    }

    #[test]
    fn an_outage_uses_nothing_up_and_time_gives_back() {
        let (budget, who, limit) = (BindBudget::default(), person(), BindLimit::default());
        for _ in 0..10 {
            assert_eq!(budget.take(who, false, [1; 32], limit, T0), Permission::Ask);
            budget.unanswered(who, [1; 32]);
        }
        for n in 0..2 {
            budget.take(who, false, [n; 32], limit, T0);
            budget.wrong(who, [n; 32]);
        }
        assert_eq!(budget.take(who, false, [1; 32], limit, T0 + limit.window), Permission::Ask);
    }

    proptest! {
        #[test]
        fn never_more_wrong_binds_than_the_limit_in_any_window(steps in proptest::collection::vec((0_i64..600, any::<bool>(), any::<u8>()), 1..200)) {
            let (budget, who, limit) = (BindBudget::default(), person(), BindLimit::default());
            let (mut now, mut wrong) = (T0, Vec::new());
            for (wait, proven, password) in steps {
                now += Duration::seconds(wait);
                if budget.take(who, proven, [password; 32], limit, now) == Permission::Ask {
                    budget.wrong(who, [password; 32]);
                    wrong.push(now);
                }
                let recent = wrong.iter().filter(|at| now - **at < limit.window).count();
                prop_assert!(recent <= 3);
            }
        }
    }
}
