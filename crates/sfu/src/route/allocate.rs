//! A subscriber's bandwidth, shared among all it wants to see. Sound is taken off before and never waits.

use crate::ids::{Quality, Source};
use crate::input::Layer;

/// More than what is measured is needed before a larger picture is tried, in percent: a picture that comes and goes is
/// worse than a smaller one.
const UPGRADE_PERCENT: u64 = 120;

/// Who comes first when not all fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// What everybody looks at.
    Screen,
    /// Who speaks.
    Speaker,
    /// The others.
    Other,
}

impl Rank {
    /// The rank of a track.
    pub(crate) fn of(source: Source, speaks: bool) -> Self {
        match source {
            Source::Screen => Self::Screen,
            _ if speaks => Self::Speaker,
            _ => Self::Other,
        }
    }
}

/// One video a subscriber wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) rank: Rank,
    /// How much room it has on the screen.
    pub(crate) pixels: u64,
    /// What each encoding takes at the moment; nothing where none is sent.
    pub(crate) bps: [Option<u64>; 3],
    /// The largest encoding of use.
    pub(crate) most: Quality,
    /// What is being sent.
    pub(crate) current: Option<Quality>,
}

impl Wish {
    /// Encodings that are being sent and of use, the smallest first. If none is small enough, the smallest there is.
    fn offers(&self) -> impl Iterator<Item = (Quality, u64)> + '_ {
        let all = || Quality::ALL.into_iter().zip(self.bps).filter_map(|(quality, bps)| Some((quality, bps?)));
        let most = self.most;
        let fitting = all().any(|(quality, _)| quality <= most);
        all().take_while(move |(quality, _)| !fitting || *quality <= most).take(if fitting { 3 } else { 1 })
    }

    /// Its place in the line, the first the smallest.
    fn place(&self) -> (Rank, u64) {
        (self.rank, u64::MAX - self.pixels)
    }

    /// What an encoding is taken to cost.
    fn cost(&self, quality: Quality, bps: u64) -> u64 {
        if self.current.is_some_and(|current| quality <= current) { bps } else { bps * UPGRADE_PERCENT / 100 }
    }

    /// The bits a second of what is being sent.
    pub(crate) fn held_bps(&self) -> u64 {
        self.current.and_then(|current| *self.bps.get(current.index())?).unwrap_or(0)
    }

    /// The bits a second of the best that could be sent.
    pub(crate) fn best_bps(&self) -> u64 {
        self.offers().last().map_or(0, |(_, bps)| bps)
    }
}

/// What the first wish in line takes at its smallest.
pub(crate) fn first_cost(wishes: &[Wish]) -> u64 {
    let first = wishes.iter().filter(|wish| wish.offers().next().is_some()).min_by_key(|wish| wish.place());
    first.and_then(|wish| wish.offers().next().map(|(quality, bps)| wish.cost(quality, bps))).unwrap_or(0)
}

/// Who gets what: everyone the smallest first, by rank and size, then larger ones in the same order.
pub(crate) fn allocate(budget_bps: u64, wishes: &[Wish]) -> Vec<Option<Quality>> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by_key(|index| wishes.get(*index).map(Wish::place));
    let mut granted: Vec<Option<(Quality, u64)>> = vec![None; wishes.len()];
    let mut left = budget_bps;
    for round in 0..Quality::ALL.len() {
        for index in &order {
            let (Some(wish), Some(grant)) = (wishes.get(*index), granted.get_mut(*index)) else { continue };
            let held = grant.map(|(quality, _)| quality);
            // In the first round the smallest, later the next larger one than what is held.
            let next = wish.offers().find(|(quality, _)| held.is_none_or(|held| *quality > held));
            let Some((quality, bps)) = next else { continue };
            if round > 0 && held.is_none() {
                continue;
            }
            let cost = wish.cost(quality, bps);
            let freed = grant.map_or(0, |(_, cost)| cost);
            if cost <= left + freed {
                left = left + freed - cost;
                *grant = Some((quality, cost));
            }
        }
    }
    granted.into_iter().map(|grant| grant.map(|(quality, _)| quality)).collect()
}

/// The smallest encoding that fills a place on the screen, by what the client announced.
pub(crate) fn covering(layers: &[Layer], size: (u32, u32)) -> Quality {
    let (across, down) = size;
    // A portrait picture in a landscape announcement is compared side by side: the longer with the longer.
    let (long, short) = (across.max(down), across.min(down));
    layers
        .iter()
        .filter(|layer| layer.width.max(layer.height) >= long && layer.width.min(layer.height) >= short)
        .map(|layer| layer.quality)
        .min()
        .unwrap_or(Quality::High)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wish(rank: Rank, bps: [u64; 3], current: Option<Quality>) -> Wish {
        Wish { rank, pixels: 1, bps: bps.map(|bps| (bps > 0).then_some(bps)), most: Quality::High, current }
    }

    #[test]
    fn the_screen_comes_before_the_speaker_and_the_others() {
        let wishes =
            [Rank::Other, Rank::Speaker, Rank::Screen].map(|rank| wish(rank, [100_000, 400_000, 1_000_000], None));
        assert_eq!(allocate(250_000, &wishes), [None, Some(Quality::Low), Some(Quality::Low)]);
        assert_eq!(
            allocate(900_000, &wishes),
            [Some(Quality::Low), Some(Quality::Low), Some(Quality::Medium)],
            "a larger screen, once everybody is seen"
        );
    }

    #[test]
    fn a_larger_picture_needs_more_than_it_takes_but_is_kept() {
        let rates = [100_000, 400_000, 1_000_000];
        let low = wish(Rank::Other, rates, Some(Quality::Low));
        let medium = wish(Rank::Other, rates, Some(Quality::Medium));
        assert_eq!(allocate(420_000, &[low]), [Some(Quality::Low)]);
        assert_eq!(allocate(420_000, &[medium]), [Some(Quality::Medium)]);
        assert_eq!(allocate(480_000, &[low]), [Some(Quality::Medium)]);
    }

    #[test]
    fn a_track_without_small_encodings_is_sent_as_it_is() {
        let mut only = wish(Rank::Other, [0, 0, 500_000], None);
        only.most = Quality::Low;
        assert_eq!(allocate(5_000_000, &[only]), [Some(Quality::High)]);
    }

    #[test]
    fn a_thumbnail_takes_the_smallest_encoding_that_fills_it() {
        let layer = |quality, width, height| Layer { quality, width, height, bitrate_bps: 0 };
        let layers = [layer(Quality::Low, 320, 180), layer(Quality::Medium, 640, 360), layer(Quality::High, 1280, 720)];
        assert_eq!(covering(&layers, (200, 100)), Quality::Low);
        assert_eq!(covering(&layers, (180, 320)), Quality::Low);
        assert_eq!(covering(&layers, (321, 180)), Quality::Medium);
        assert_eq!(covering(&layers, (4000, 4000)), Quality::High);
        assert_eq!(covering(&[], (1, 1)), Quality::High);
    }

    prop_compose! {
        fn any_wish()(rank in 0_usize..3, pixels in 0_u64..9, low in 0_u64..300_000, medium in 0_u64..900_000,
                      high in 0_u64..3_000_000, most in 0_usize..3, current in 0_usize..4) -> Wish {
            Wish {
                rank: [Rank::Screen, Rank::Speaker, Rank::Other][rank],
                pixels,
                bps: [low, medium, high].map(|bps| (bps > 5_000).then_some(bps)),
                most: Quality::ALL[most],
                current: Quality::ALL.get(current).copied(),
            }
        }
    }

    proptest! {
        /// What is granted fits, exists, and is no larger than of use unless there is nothing smaller.
        #[test]
        fn grants_fit(budget in 0_u64..8_000_000, wishes in prop::collection::vec(any_wish(), 0..40)) {
            let granted = allocate(budget, &wishes);
            let mut total = 0;
            for (wish, grant) in wishes.iter().zip(&granted) {
                let Some(quality) = grant else { continue };
                let bps = wish.bps[quality.index()];
                prop_assert!(bps.is_some(), "an encoding nobody sends");
                total += bps.unwrap_or(0);
                let smaller = wish.bps[..quality.index()].iter().any(Option::is_some);
                prop_assert!(*quality <= wish.most || !smaller);
            }
            prop_assert!(total <= budget, "{total} of {budget}");
        }

        /// With room for all, everybody gets the best that is of use to it.
        #[test]
        fn plenty_gives_everybody_the_best(wishes in prop::collection::vec(any_wish(), 0..40)) {
            for (wish, grant) in wishes.iter().zip(allocate(u64::MAX / 4, &wishes)) {
                prop_assert_eq!(grant.and_then(|quality| wish.bps[quality.index()]).unwrap_or(0), wish.best_bps());
            }
        }
    }
}
