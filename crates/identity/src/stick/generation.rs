//! How a copied stick shows: by numbers that only one stick can keep up with.
//!
//! At each sign-in a stick presents the generation that it was given last and gets a new one, which it writes down
//! before it does anything else. No number is given out twice. So of two sticks with the same key only one can hold the
//! newest. As soon as a stick says that its number is written down, every older one is a copy's: a copy that signs in
//! once makes the original's next sign-in an alarm, and the other way round.
//!
//! A stick that is pulled too early has not written its new number down and could not say so; it presents the old one
//! again. That is taken, but noted: a copy whose program says nothing looks the same. Such a copy is told apart as soon
//! as each of the two has written down a number of its own.

/// The generations of a stick, as the house keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generations {
    /// The one given out last.
    pub(crate) current: u64,
    /// The one that was presented for it, until that one is known to be written down.
    pub(crate) previous: Option<u64>,
    /// The highest ever given out.
    pub(crate) highest: u64,
    /// The house was restored from a backup: it does not know what was given out since.
    pub(crate) takes_over: bool,
}

/// What a presented generation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// It is the stick; it gets [`Generations::current`].
    Known(Generations),
    /// It may be the stick that could not write down what it was given last.
    Again(Generations),
    /// It is the stick as far as anybody can know, who was away from the records.
    TakenOver(Generations),
    /// It is an old one: there is a copy.
    Copied,
}

impl Generations {
    /// What it means that a stick presents this generation.
    pub(crate) fn present(self, presented: u64) -> Presented {
        let Some(next) = self.highest.checked_add(1) else { return Presented::Copied };
        let after = Self { current: next, previous: Some(presented), highest: next, takes_over: false };
        let oldest = self.previous.unwrap_or(self.current);
        if presented == self.current {
            Presented::Known(after)
        } else if Some(presented) == self.previous {
            Presented::Again(after)
        } else if self.takes_over && (oldest..=self.highest).contains(&presented) {
            Presented::TakenOver(after)
        } else {
            Presented::Copied
        }
    }

    /// What it means that a stick has written this generation down; nothing new for one that is not the newest.
    pub(crate) fn kept(self, generation: u64) -> Option<Self> {
        (generation == self.current && self.previous.is_some()).then_some(Self { previous: None, ..self })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const FRESH: Generations = Generations { current: 0, previous: None, highest: 0, takes_over: false };

    /// By how much a restore lifts the highest generation.
    const LIFT: u64 = 1 << 32;

    /// How a sign-in ends.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum End {
        /// Before the number is written down.
        Crash,
        /// After that, but nobody hears of it.
        Unsaid,
        /// It is written down, and the house knows.
        Kept,
    }

    fn end() -> impl Strategy<Value = End> {
        prop_oneof![Just(End::Crash), Just(End::Unsaid), Just(End::Kept)]
    }

    /// A stick, or a copy of one.
    #[derive(Debug, Clone, Copy)]
    struct Holder {
        generation: u64,
        /// Whether it has signed in since there are two.
        came: bool,
        /// Whether it has written a number of its own since there are two.
        wrote: bool,
    }

    /// A sign-in of the original or the copy, and how it ends.
    fn steps() -> impl Strategy<Value = Vec<(bool, End)>> {
        proptest::collection::vec((any::<bool>(), end()), 0..40)
    }

    fn taken(presented: Presented) -> Option<Generations> {
        match presented {
            Presented::Known(next) | Presented::Again(next) | Presented::TakenOver(next) => Some(next),
            Presented::Copied => None,
        }
    }

    /// A sign-in that is taken.
    fn sign_in(house: &mut Generations, generation: &mut u64, next: Generations, end: End) {
        *house = next;
        if end != End::Crash {
            *generation = house.current;
        }
        if end == End::Kept {
            *house = house.kept(*generation).expect("it is the newest");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_crash_raises_an_alarm_and_no_number_is_given_twice(ends in proptest::collection::vec(end(), 0..60)) {
            let (mut house, mut stick, mut given, mut last) = (FRESH, 0, HashSet::from([0]), End::Kept);
            for end in ends {
                let presented = house.present(stick);
                match last {
                    End::Crash => prop_assert!(matches!(presented, Presented::Again(_)), "{stick} at {house:?}"),
                    _ => prop_assert!(matches!(presented, Presented::Known(_)), "{stick} at {house:?}"),
                }
                let next = taken(presented).unwrap();
                prop_assert!(given.insert(next.current), "{} was given out twice", next.current);
                sign_in(&mut house, &mut stick, next, end);
                last = end;
            }
        }

        #[test]
        fn a_number_that_is_kept_makes_every_older_one_the_sign_of_a_copy(
            before in proptest::collection::vec(end(), 0..20),
            older in any::<proptest::sample::Index>(),
        ) {
            let (mut house, mut stick, mut held) = (FRESH, 0, vec![0]);
            for end in before.into_iter().chain([End::Kept]) {
                let next = taken(house.present(stick)).unwrap();
                held.push(next.current);
                sign_in(&mut house, &mut stick, next, end);
            }
            let newest = held.pop().unwrap();
            prop_assert_eq!(house.present(*older.get(&held)), Presented::Copied);
            prop_assert!(matches!(house.present(newest), Presented::Known(_)));
        }

        #[test]
        fn what_an_older_session_says_of_its_number_changes_nothing(said in 0_u64..9) {
            let house = Generations { current: 9, previous: Some(8), highest: 9, takes_over: false };
            prop_assert_eq!(house.kept(said), None);
        }

        #[test]
        fn no_copy_lives_beyond_the_next_sign_in_of_the_other(before in 0_u64..20, history in steps()) {
            let (mut house, mut generation) = (FRESH, 0);
            for _ in 0..before {
                let next = taken(house.present(generation)).unwrap();
                sign_in(&mut house, &mut generation, next, End::Kept);
            }
            let mut holders = [Holder { generation, came: false, wrote: false }; 2];
            let (mut last_writer, mut last_keeper) = (None, None);
            for (copy, end) in history {
                let who = usize::from(copy);
                // The other one's number is known to be written down.
                let shown = last_keeper == Some(1 - who);
                // Both wrote a number of their own, and the other one did so last, but nobody heard of it.
                let late = holders.iter().all(|holder| holder.wrote) && last_writer == Some(1 - who);
                let Some(next) = taken(house.present(holders[who].generation)) else {
                    prop_assert!(holders[1 - who].came, "an alarm although the other one never came");
                    return Ok(());
                };
                prop_assert!(!shown && !late, "{holders:?} goes on at {house:?}");
                sign_in(&mut house, &mut holders[who].generation, next, end);
                holders[who].came = true;
                if end != End::Crash {
                    holders[who].wrote = true;
                    last_writer = Some(who);
                    last_keeper = (end == End::Kept).then_some(who);
                }
            }
        }

        #[test]
        fn a_restore_alone_raises_no_alarm(
            crashes in proptest::collection::vec(any::<bool>(), 1..40),
            kept in 0_usize..40,
            after in proptest::collection::vec(any::<bool>(), 1..10),
        ) {
            let (mut house, mut stick, mut given) = (FRESH, 0, HashSet::from([0]));
            let mut backup = house;
            for (number, crash) in crashes.into_iter().enumerate() {
                if number == kept {
                    backup = house;
                }
                house = taken(house.present(stick)).unwrap();
                given.insert(house.current);
                if !crash {
                    stick = house.current;
                }
            }
            house = Generations { takes_over: true, highest: backup.highest + LIFT, ..backup };
            for crash in after {
                house = taken(house.present(stick)).expect("the stick itself");
                prop_assert!(!house.takes_over, "it is taken over once");
                prop_assert!(given.insert(house.current), "{} was given out twice", house.current);
                if !crash {
                    stick = house.current;
                }
            }
        }
    }

    #[test]
    fn what_was_old_before_the_backup_is_old_after_it() {
        let house = Generations { current: 9, previous: Some(8), highest: 9 + LIFT, takes_over: true };
        assert_eq!(house.present(7), Presented::Copied);
        assert_eq!(house.present(u64::MAX), Presented::Copied);
        assert!(matches!(house.present(8), Presented::Again(_)));
        let Presented::TakenOver(after) = house.present(12) else { panic!("12 may have been given out since") };
        assert_eq!(
            after,
            Generations { current: 10 + LIFT, previous: Some(12), highest: 10 + LIFT, takes_over: false }
        );
        assert_eq!(after.present(11), Presented::Copied, "a copy of the same days");
    }

    #[test]
    fn the_contract_in_a_few_lines() {
        let Presented::Known(one) = FRESH.present(0) else { panic!("fresh from activation") };
        assert_eq!((one.current, one.previous), (1, Some(0)));
        let Presented::Again(again) = one.present(0) else { panic!("it crashed before it wrote") };
        assert_eq!((again.current, again.previous), (2, Some(0)), "1 is never given out again");
        assert_eq!(again.present(1), Presented::Copied);
        let kept = again.kept(2).expect("it is the newest");
        assert_eq!((kept.previous, kept.kept(2)), (None, None));
        assert_eq!(kept.present(0), Presented::Copied, "a copy of the time before");
    }
}
