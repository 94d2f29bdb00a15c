//! How many pictures one person may ask for: at once, and in an hour. Whoever writes a message to themselves chooses what is
//! asked, so that without an end to it this server could be used to look at any other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::PersonId;
use time::{Duration, OffsetDateTime};

/// How many one person may ask for at once.
const MAX_AT_ONCE: usize = 6;
/// How many one person may ask for in an hour, those counted that did not come.
const MAX_AN_HOUR: usize = 600;

/// Why somebody gets no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// They have as many at once as they may.
    Busy,
    /// They had as many as they may; so many seconds are left of the hour.
    Spent(u64),
}

/// What one person asked for.
#[derive(Debug)]
struct Asked {
    /// When the hour began that is counted.
    since: OffsetDateTime,
    in_hour: usize,
    at_once: usize,
}

impl Asked {
    fn begun(now: OffsetDateTime) -> Self {
        Self { since: now, in_hour: 0, at_once: 0 }
    }

    /// What is left of the hour; nothing if it is over, or never was because a clock was set back.
    fn left(&self, now: OffsetDateTime) -> Option<Duration> {
        let gone = now - self.since;
        (Duration::ZERO..Duration::HOUR).contains(&gone).then(|| Duration::HOUR - gone)
    }
}

/// What all people asked for in their last hour. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<PersonId, Asked>>>);

impl Turns {
    /// A turn for a person, which counts for the hour.
    pub(crate) fn take(&self, person: PersonId, now: OffsetDateTime) -> Result<Turn, NoTurn> {
        let mut people = self.lock();
        people.retain(|_, asked| asked.at_once > 0 || asked.left(now).is_some());
        let asked = people.entry(person).or_insert_with(|| Asked::begun(now));
        if asked.at_once >= MAX_AT_ONCE {
            return Err(NoTurn::Busy);
        }
        match asked.left(now) {
            None => *asked = Asked { at_once: asked.at_once, ..Asked::begun(now) },
            Some(left) if asked.in_hour >= MAX_AN_HOUR => {
                return Err(NoTurn::Spent(left.whole_seconds().unsigned_abs() + 1));
            }
            Some(_) => {}
        }
        asked.in_hour += 1;
        asked.at_once += 1;
        Ok(Turn { turns: self.clone(), person })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PersonId, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    person: PersonId,
}

impl Turn {
    /// Does not count for the hour: nobody was asked for anything.
    pub(crate) fn uncount(&self) {
        if let Some(asked) = self.turns.lock().get_mut(&self.person) {
            asked.in_hour = asked.in_hour.saturating_sub(1);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(asked) = self.turns.lock().get_mut(&self.person) {
            asked.at_once -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-02 08:00 UTC);

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    #[test]
    fn a_person_has_so_many_turns_at_once_and_no_more() {
        let turns = Turns::default();
        let all: Vec<_> = (0..MAX_AT_ONCE).map(|_| turns.take(person(1), NOW).unwrap()).collect();
        assert_eq!(turns.take(person(1), NOW).unwrap_err(), NoTurn::Busy);
        assert!(turns.take(person(2), NOW).is_ok());
        let later = NOW + Duration::HOUR;
        assert_eq!(turns.take(person(1), later).unwrap_err(), NoTurn::Busy, "an hour makes no more room at once");
        drop(all);
        assert!(turns.take(person(1), NOW).is_ok());
    }

    #[test]
    fn a_person_has_so_many_turns_in_an_hour_and_no_more() {
        let turns = Turns::default();
        for number in 0..MAX_AN_HOUR {
            assert!(turns.take(person(1), NOW).is_ok(), "{number}");
        }
        assert_eq!(turns.take(person(1), NOW).unwrap_err(), NoTurn::Spent(3_601));
        assert!(turns.take(person(2), NOW).is_ok());
        let last = NOW + Duration::HOUR - Duration::SECOND;
        assert_eq!(turns.take(person(1), last).unwrap_err(), NoTurn::Spent(2));
        assert!(turns.take(person(1), NOW + Duration::HOUR).is_ok());
    }

    #[test]
    fn a_turn_that_came_to_nothing_here_does_not_count() {
        let turns = Turns::default();
        for _ in 0..MAX_AN_HOUR * 2 {
            turns.take(person(1), NOW).unwrap().uncount();
        }
        let _counted = turns.take(person(1), NOW).unwrap();
        assert_eq!(turns.lock()[&person(1)].in_hour, 1);
    }

    #[test]
    fn a_turn_that_outlasts_its_hour_counts_at_once_alone() {
        let turns = Turns::default();
        let long = turns.take(person(1), NOW).unwrap();
        let later = NOW + Duration::HOUR;
        for _ in 0..MAX_AN_HOUR {
            drop(turns.take(person(1), later).unwrap());
        }
        assert!(matches!(turns.take(person(1), later), Err(NoTurn::Spent(_))));
        drop(long);
        assert_eq!(turns.lock()[&person(1)].at_once, 0);
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out_and_nobody_is_remembered_for_longer() {
        let turns = Turns::default();
        for _ in 0..MAX_AN_HOUR {
            drop(turns.take(person(1), NOW).unwrap());
        }
        assert!(turns.take(person(1), NOW - Duration::SECOND).is_ok());
        drop(turns.take(person(2), NOW + Duration::HOUR * 2).unwrap());
        assert_eq!(turns.lock().keys().collect::<Vec<_>>(), [&person(2)]);
    }
}
