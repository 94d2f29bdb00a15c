//! Sets of messages by their UIDs.

use std::{fmt, ops::RangeInclusive};

use crate::Error;

/// The most ranges of a set that a server may tell.
const MAX_RANGES: usize = 1_000_000;
/// The most bytes that a set takes in one command, so that it fits on a line.
const MAX_LINE_BYTES: usize = 6_000;

/// A set of UIDs, as ranges that are in order and do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UidSet(Vec<RangeInclusive<u32>>);

impl UidSet {
    /// One message.
    pub fn one(uid: u32) -> Self {
        Self::range(uid..=uid)
    }

    /// All messages in a range.
    pub fn range(range: RangeInclusive<u32>) -> Self {
        Self::of(vec![range])
    }

    fn of(mut ranges: Vec<RangeInclusive<u32>>) -> Self {
        ranges.retain(|range| !range.is_empty());
        ranges.sort_unstable_by_key(|range| *range.start());
        let mut set: Vec<RangeInclusive<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match set.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*range.end().max(last.end());
                }
                _ => set.push(range),
            }
        }
        Self(set)
    }

    /// Everything that is in one of these.
    pub(crate) fn joined(sets: Vec<Self>) -> Self {
        Self::of(sets.into_iter().flat_map(|set| set.0).collect())
    }

    /// Reads what a server writes: `1,4:7`.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        Self::ranges_as_written(text).map(Self::of)
    }

    /// Reads what a server writes, one UID after the other in its order, at most `limit`.
    pub(crate) fn in_order(text: &str, limit: usize) -> Result<Vec<u32>, Error> {
        let mut uids = Vec::new();
        for range in Self::ranges_as_written(text)? {
            if (range.end() - range.start()) as usize >= limit - uids.len() {
                return Err(Error::TooMany(limit, "copies of messages"));
            }
            uids.extend(range);
        }
        Ok(uids)
    }

    fn ranges_as_written(text: &str) -> Result<Vec<RangeInclusive<u32>>, Error> {
        let number = |text: &str| text.parse::<u32>().map_err(|_| Error::Unreadable("a set of messages"));
        let mut ranges = Vec::new();
        for part in text.split(',') {
            if ranges.len() == MAX_RANGES {
                return Err(Error::TooMany(MAX_RANGES, "ranges of messages"));
            }
            let (from, to) = part.split_once(':').unwrap_or((part, part));
            let (from, to) = (number(from)?, number(to)?);
            ranges.push(from.min(to)..=from.max(to));
        }
        Ok(ranges)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many UIDs are in it.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|range| u64::from(range.end() - range.start()) + 1).sum()
    }

    /// Whether this one is in it.
    pub fn contains(&self, uid: u32) -> bool {
        let after = self.0.partition_point(|range| *range.start() <= uid);
        after > 0 && self.0[after - 1].contains(&uid)
    }

    /// All of them, the lowest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.0.iter().flat_map(Clone::clone)
    }

    /// The same set in parts that each fit into one command.
    pub(crate) fn lines(&self) -> Vec<Self> {
        let mut parts = vec![Vec::new()];
        let mut length = 0;
        for range in &self.0 {
            length += written(range).len() + 1;
            if length > MAX_LINE_BYTES {
                parts.push(Vec::new());
                length = written(range).len() + 1;
            }
            if let Some(part) = parts.last_mut() {
                part.push(range.clone());
            }
        }
        parts.into_iter().filter(|part| !part.is_empty()).map(Self).collect()
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        Self::of(uids.into_iter().map(|uid| uid..=uid).collect())
    }
}

impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(written).collect();
        f.write_str(&parts.join(","))
    }
}

fn written(range: &RangeInclusive<u32>) -> String {
    if range.start() == range.end() { range.start().to_string() } else { format!("{}:{}", range.start(), range.end()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sets_are_read_and_written() {
        let set = UidSet::read("7:5,1,2,9").expect("a set");
        assert_eq!((set.to_string().as_str(), set.len(), set.is_empty()), ("1:2,5:7,9", 6, false));
        assert_eq!(set.iter().rev().take(2).collect::<Vec<_>>(), [9, 7]);
        assert_eq!(UidSet::in_order("9,3:4", 3).expect("three"), [9, 3, 4]);
        assert!(UidSet::in_order("1:4294967295", 1000).is_err());
        for bad in ["", "a", "1:", "1:*", "-1", "4294967296"] {
            assert!(UidSet::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_large_set_is_said_in_lines() {
        let set: UidSet = (0..20_000).map(|n| n * 2 + 1).collect();
        let lines = set.lines();
        assert!(lines.len() > 1 && lines.iter().all(|line| line.to_string().len() <= MAX_LINE_BYTES));
        assert_eq!(lines.iter().flat_map(UidSet::iter).collect::<UidSet>(), set);
        assert!(UidSet::default().lines().is_empty());
    }

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_into_it(uids in prop::collection::vec(1_u32..60, 0..40)) {
            let set: UidSet = uids.iter().copied().collect();
            let expected: BTreeSet<_> = uids.into_iter().collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
            prop_assert!((0..60).all(|uid| set.contains(uid) == expected.contains(&uid)));
            if !set.is_empty() {
                prop_assert_eq!(UidSet::read(&set.to_string()).expect("its own words"), set);
            }
        }
    }
}
