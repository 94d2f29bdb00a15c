//! How a copied stick shows: by numbers that only one stick can keep up with.
//!
//! At each sign-in a stick presents the generation that it was given last and gets a new one, which it writes down
//! before it does anything else. No number is given out twice. So of two sticks with the same key only one can hold the
//! newest: as soon as each of them has written down a number of its own, the next one to come with the older number is
//! told apart. A stick that is pulled too early has not written its new number down; it presents the old one again, and
//! that is taken.

/// The generations of a stick, as the house keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generations {
    /// The one given out last.
    pub(crate) current: u64,
    /// The one that was presented for it.
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
        if presented == self.current || Some(presented) == self.previous {
            Presented::Known(after)
        } else if self.takes_over && (oldest..=self.highest).contains(&presented) {
            Presented::TakenOver(after)
        } else {
            Presented::Copied
        }
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

    /// A stick, or a copy of one.
    #[derive(Debug, Clone, Copy)]
    struct Holder {
        generation: u64,
        /// Whether it has signed in since there are two.
        came: bool,
        /// Whether it has written a number of its own since there are two.
        wrote: bool,
    }

    /// What happens.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// A sign-in of the original or the copy that is written down.
        SignIn { copy: bool },
        /// A sign-in of the original or the copy that ends before anything is written down.
        Crash { copy: bool },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = (any::<bool>(), any::<bool>())
            .prop_map(|(copy, crash)| if crash { Step::Crash { copy } } else { Step::SignIn { copy } });
        proptest::collection::vec(step, 0..40)
    }

    fn taken(presented: Presented) -> Option<Generations> {
        match presented {
            Presented::Known(next) | Presented::TakenOver(next) => Some(next),
            Presented::Copied => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_crash_raises_an_alarm_and_no_number_is_given_twice(crashes in proptest::collection::vec(any::<bool>(), 0..60)) {
            let (mut house, mut stick, mut given) = (FRESH, 0, HashSet::from([0]));
            for crash in crashes {
                let next = house.present(stick);
                prop_assert!(matches!(next, Presented::Known(_)), "{:?} presented to {:?}", stick, house);
                house = taken(next).unwrap();
                prop_assert!(given.insert(house.current), "{} was given out twice", house.current);
                if !crash {
                    stick = house.current;
                }
            }
        }

        #[test]
        fn no_copy_lives_beyond_the_second_sign_in_of_either(before in 0_u64..20, history in steps()) {
            let (mut house, mut generation) = (FRESH, 0);
            for _ in 0..before {
                house = taken(house.present(generation)).unwrap();
                generation = house.current;
            }
            let mut holders = [Holder { generation, came: false, wrote: false }; 2];
            let mut last_writer = None;
            for step in history {
                let (Step::SignIn { copy } | Step::Crash { copy }) = step;
                let who = usize::from(copy);
                // Both wrote a number of their own, and the other one did so last: this one must be told apart.
                let late = holders.iter().all(|holder| holder.wrote) && last_writer == Some(1 - who);
                let Some(next) = taken(house.present(holders[who].generation)) else {
                    prop_assert!(holders[1 - who].came, "an alarm although the other one never came");
                    return Ok(());
                };
                prop_assert!(!late, "{holders:?} goes on at {house:?}");
                house = next;
                holders[who].came = true;
                if matches!(step, Step::SignIn { .. }) {
                    holders[who] = Holder { generation: house.current, came: true, wrote: true };
                    last_writer = Some(who);
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
        assert!(matches!(house.present(8), Presented::Known(_)));
        let Presented::TakenOver(after) = house.present(12) else { panic!("12 may have been given out since") };
        assert_eq!(
            after,
            Generations { current: 10 + LIFT, previous: Some(12), highest: 10 + LIFT, takes_over: false }
        );
        assert_eq!(after.present(11), Presented::Copied, "a copy of the same days");
    }

    #[test]
    fn the_contract_in_four_lines() {
        let Presented::Known(one) = FRESH.present(0) else { panic!("fresh from activation") };
        assert_eq!((one.current, one.previous), (1, Some(0)));
        let Presented::Known(again) = one.present(0) else { panic!("it crashed before it wrote") };
        assert_eq!((again.current, again.previous), (2, Some(0)), "1 is never given out again");
        assert_eq!(again.present(1), Presented::Copied);
    }
}
