//! The days that a booking names. The rules are a part of RFC 5545's: by days, by weeks on some weekdays, by months on a
//! day of the month or on a weekday, with an interval, an end and exceptions.

use std::collections::BTreeSet;

use fernamt_api::conference::{limits::MAX_OCCURRENCES, rooms::Booking};
use fernamt_domain::conference::{Every, LocalDate, LocalMoment, Recurrence, Until, Weekday};
use time::{Date, Duration, Month};

/// The longest interval: nobody plans beyond what can be booked anyway.
const MAX_INTERVAL: u16 = 366;

/// The most exceptions of one series.
const MAX_EXCEPTIONS: usize = 366;

/// The most steps that are taken for one series; far more than the days that can be booked.
const MAX_STEPS: usize = 4_000;

/// What is wrong with a booking, by the field that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The interval is 0 or beyond all reason.
    #[error("an interval is from 1 to {MAX_INTERVAL}")]
    Interval,
    /// There is no weekday, or the first day is none of them.
    #[error("the days of the week must hold the first day's")]
    Weekdays,
    /// The count is 0.
    #[error("a series has one meeting at least")]
    Count,
    /// The last day is before the first.
    #[error("the last day must not be before the first")]
    Until,
    /// There are too many exceptions.
    #[error("at most {MAX_EXCEPTIONS} days can be left out")]
    Exceptions,
    /// Every day is left out.
    #[error("no meeting is left")]
    Nothing,
}

impl Fault {
    /// The field and the stable code.
    pub(crate) fn field(self) -> (&'static str, &'static str) {
        match self {
            Self::Interval => ("booking.recurrence.interval", "out_of_range"),
            Self::Weekdays => ("booking.recurrence.every.on", "first_day_missing"),
            Self::Count => ("booking.recurrence.until.count", "out_of_range"),
            Self::Until => ("booking.recurrence.until.day", "before_first"),
            Self::Exceptions => ("booking.recurrence.except", "too_many"),
            Self::Nothing => ("booking.recurrence.except", "nothing_left"),
        }
    }
}

/// The days of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expanded {
    /// When its meetings begin, on the clock on the wall, in their order.
    pub(crate) starts: Vec<LocalMoment>,
    /// Whether that is all, or more than can be booked.
    pub(crate) complete: bool,
}

/// Works out the days of a booking, up to `last` and at most as many as can be booked.
pub(crate) fn expand(booking: &Booking, last: Date) -> Result<Expanded, Fault> {
    let Some(rule) = &booking.recurrence else {
        return Ok(Expanded { starts: vec![booking.starts], complete: true });
    };
    check(rule, booking.starts.date().0)?;
    let except: BTreeSet<LocalDate> = rule.except.iter().copied().collect();
    let mut named: u16 = 0;
    let mut expanded = Expanded { starts: Vec::new(), complete: true };
    for day in days(rule, booking.starts.date().0).take(MAX_STEPS) {
        let over = match rule.until {
            Until::Count { count } => named >= count,
            Until::Day { day: until } => day > until.0,
        };
        if over {
            break;
        }
        if day > last || expanded.starts.len() >= usize::from(MAX_OCCURRENCES) {
            expanded.complete = false;
            break;
        }
        named = named.saturating_add(1);
        if !except.contains(&LocalDate(day)) {
            expanded.starts.push(LocalDate(day).at(booking.starts.time()));
        }
    }
    if expanded.starts.is_empty() { Err(Fault::Nothing) } else { Ok(expanded) }
}

fn check(rule: &Recurrence, first: Date) -> Result<(), Fault> {
    if !(1..=MAX_INTERVAL).contains(&rule.interval) {
        return Err(Fault::Interval);
    }
    if let Every::Week { on } = &rule.every
        && !on.contains(&weekday(first))
    {
        return Err(Fault::Weekdays);
    }
    match rule.until {
        Until::Count { count: 0 } => return Err(Fault::Count),
        Until::Day { day } if day.0 < first => return Err(Fault::Until),
        _ => {}
    }
    if rule.except.len() > MAX_EXCEPTIONS { Err(Fault::Exceptions) } else { Ok(()) }
}

/// The days that a rule names from the first one on, without end and exceptions.
fn days(rule: &Recurrence, first: Date) -> Box<dyn Iterator<Item = Date> + '_> {
    let interval = rule.interval;
    match &rule.every {
        Every::Day => Box::new(steps(interval).map_while(move |step| later(first, step))),
        Every::Week { on } => {
            let monday = first - Duration::days(i64::from(first.weekday().number_days_from_monday()));
            let weeks = steps(interval).map_while(move |step| later(monday, step.checked_mul(7)?));
            let on: BTreeSet<u8> = on.iter().map(|day| offset(*day)).collect();
            let all = weeks.flat_map(move |monday| {
                on.clone().into_iter().filter_map(move |offset| later(monday, u32::from(offset)))
            });
            Box::new(all.skip_while(move |day| *day < first))
        }
        Every::MonthDay => Box::new(
            months(first, interval)
                .filter_map(move |(year, month)| Date::from_calendar_date(year, month, first.day()).ok()),
        ),
        Every::MonthWeekday => {
            let place = Place::of(first);
            Box::new(months(first, interval).filter_map(move |(year, month)| place.in_month(year, month, first)))
        }
    }
}

fn steps(interval: u16) -> impl Iterator<Item = u32> {
    (0u32..).map_while(move |n| n.checked_mul(interval.into()))
}

fn later(day: Date, days: u32) -> Option<Date> {
    day.checked_add(Duration::days(days.into()))
}

fn months(first: Date, interval: u16) -> impl Iterator<Item = (i32, Month)> {
    let begin = u32::from(u8::from(first.month())) - 1;
    steps(interval).map_while(move |step| {
        let months = begin.checked_add(step)?;
        let month = Month::try_from(u8::try_from(months % 12 + 1).ok()?).ok()?;
        Some((first.year().checked_add(i32::try_from(months / 12).ok()?)?, month))
    })
}

/// Which of a weekday's days in a month: the first to the fourth, or the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first is 1.
    Nth(u8),
    /// The last.
    Last,
}

impl Place {
    /// The place of a day in its month. A fifth one is the last one: most months have no fifth.
    pub(crate) fn of(day: Date) -> Self {
        match (day.day() - 1) / 7 + 1 {
            5 => Self::Last,
            nth => Self::Nth(nth),
        }
    }

    fn in_month(self, year: i32, month: Month, like: Date) -> Option<Date> {
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let ahead = |from: Date| {
            let [wanted, there] = [like, from].map(|day| i64::from(day.weekday().number_days_from_monday()));
            (wanted - there).rem_euclid(7)
        };
        match self {
            Self::Nth(nth) => first.checked_add(Duration::days(ahead(first) + 7 * (i64::from(nth) - 1))),
            Self::Last => {
                let end = Date::from_calendar_date(year, month, month.length(year)).ok()?;
                end.checked_sub(Duration::days((7 - ahead(end)) % 7))
            }
        }
    }
}

/// The weekday of a day.
pub(crate) fn weekday(day: Date) -> Weekday {
    Weekday::ALL[usize::from(day.weekday().number_days_from_monday())]
}

fn offset(day: Weekday) -> u8 {
    Weekday::ALL.iter().position(|other| *other == day).and_then(|n| u8::try_from(n).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rrule::RRuleSet;

    use super::*;
    use crate::invitation::rule_text;

    fn booking(starts: &str, every: Every, interval: u16, until: Until, except: &[&str]) -> Booking {
        let except = except.iter().map(|day| day.parse().unwrap()).collect();
        Booking {
            starts: starts.parse().unwrap(),
            minutes: 60,
            time_zone: None,
            recurrence: Some(Recurrence { every, interval, until, except }),
        }
    }

    fn far() -> Date {
        Date::from_calendar_date(2031, Month::December, 31).unwrap()
    }

    fn days_of(booking: &Booking) -> Vec<String> {
        let expanded = expand(booking, far()).unwrap();
        expanded.starts.iter().map(|start| start.date().to_string()).collect()
    }

    #[test]
    fn every_other_week_on_two_days() {
        let on = vec![Weekday::Thursday, Weekday::Tuesday];
        let days = days_of(&booking("2026-11-26T09:00", Every::Week { on }, 2, Until::Count { count: 4 }, &[]));
        assert_eq!(days, ["2026-11-26", "2026-12-08", "2026-12-10", "2026-12-22"]);
    }

    #[test]
    fn months_without_that_day_are_left_out() {
        let days = days_of(&booking("2026-12-31T09:00", Every::MonthDay, 1, Until::Count { count: 4 }, &[]));
        assert_eq!(days, ["2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"]);
        let days = days_of(&booking("2028-02-29T09:00", Every::MonthDay, 12, Until::Count { count: 1 }, &[]));
        assert_eq!(days, ["2028-02-29"]);
    }

    #[test]
    fn a_fifth_weekday_means_the_last() {
        let days = days_of(&booking("2026-12-29T09:00", Every::MonthWeekday, 1, Until::Count { count: 3 }, &[]));
        assert_eq!(days, ["2026-12-29", "2027-01-26", "2027-02-23"]);
        let days = days_of(&booking("2026-12-01T09:00", Every::MonthWeekday, 2, Until::Count { count: 3 }, &[]));
        assert_eq!(days, ["2026-12-01", "2027-02-02", "2027-04-06"]);
    }

    #[test]
    fn days_left_out_count_and_may_not_be_all() {
        let until = Until::Count { count: 3 };
        let days = days_of(&booking("2026-12-01T09:00", Every::Day, 1, until, &["2026-12-02", "2027-01-01"]));
        assert_eq!(days, ["2026-12-01", "2026-12-03"]);
        let nothing = booking("2026-12-01T09:00", Every::Day, 1, Until::Count { count: 1 }, &["2026-12-01"]);
        assert_eq!(expand(&nothing, far()), Err(Fault::Nothing));
    }

    #[test]
    fn what_is_too_long_is_said_to_be_cut() {
        let day = Until::Day { day: "2031-12-31".parse().unwrap() };
        let expanded = expand(&booking("2026-12-01T09:00", Every::Day, 1, day, &[]), far()).unwrap();
        assert_eq!((expanded.starts.len(), expanded.complete), (usize::from(MAX_OCCURRENCES), false));
    }

    #[test]
    fn faults_are_named() {
        let first = "2026-12-01T09:00";
        let count = Until::Count { count: 2 };
        let week = |on| Every::Week { on };
        for (wrong, fault) in [
            (booking(first, Every::Day, 0, count, &[]), Fault::Interval),
            (booking(first, week(vec![]), 1, count, &[]), Fault::Weekdays),
            (booking(first, week(vec![Weekday::Friday]), 1, count, &[]), Fault::Weekdays),
            (booking(first, Every::Day, 1, Until::Count { count: 0 }, &[]), Fault::Count),
            (booking(first, Every::Day, 1, Until::Day { day: "2026-11-30".parse().unwrap() }, &[]), Fault::Until),
        ] {
            assert_eq!(expand(&wrong, far()), Err(fault));
        }
    }

    fn any_rule() -> impl Strategy<Value = Booking> {
        let every = prop_oneof![Just(None), proptest::collection::btree_set(0..7u8, 0..7).prop_map(Some),];
        let start = (2026i32..2029, 1u8..=12, 1u8..=31, 0u8..24, 0u8..60);
        let until = prop_oneof![(1u16..80).prop_map(Some), Just(None)];
        (start, every, 0u8..4, 1u16..6, until, 0i64..500, proptest::collection::vec(0i64..200, 0..5)).prop_map(
            |((year, month, day, hour, minute), weekdays, kind, interval, count, span, except)| {
                let month = Month::try_from(month).unwrap();
                let day = Date::from_calendar_date(year, month, day.min(month.length(year))).unwrap();
                let starts = LocalDate(day).at(time::Time::from_hms(hour, minute, 0).unwrap());
                let every = match (kind, weekdays) {
                    (0, _) => Every::Day,
                    (1, _) => Every::MonthDay,
                    (2, _) => Every::MonthWeekday,
                    (_, weekdays) => {
                        let mut on: Vec<_> =
                            weekdays.unwrap_or_default().into_iter().map(|n| Weekday::ALL[usize::from(n)]).collect();
                        on.push(weekday(day));
                        Every::Week { on }
                    }
                };
                let until = match count {
                    Some(count) => Until::Count { count },
                    None => Until::Day { day: LocalDate(day + Duration::days(span)) },
                };
                let except = except.into_iter().map(|days| LocalDate(day + Duration::days(days))).collect();
                let recurrence = Some(Recurrence { every, interval, until, except });
                Booking { starts, minutes: 60, time_zone: None, recurrence }
            },
        )
    }

    proptest! {
        /// Another implementation of RFC 5545 reads the rule that we write and finds the same days.
        #[test]
        fn others_find_the_same_days(booking in any_rule()) {
            let rule = booking.recurrence.as_ref().unwrap();
            let stamp = |moment: LocalMoment| moment.to_string().replace(['-', ':'], "") + "00";
            let mut text = format!("DTSTART:{}Z\nRRULE:{}", stamp(booking.starts), rule_text(&booking, "UTC").unwrap());
            for day in &rule.except {
                text.extend(["\nEXDATE:".to_owned(), stamp(day.at(booking.starts.time())), "Z".to_owned()]);
            }
            let theirs: RRuleSet = text.parse().unwrap();
            let found = theirs.all(MAX_OCCURRENCES);
            let theirs: Vec<String> =
                found.dates.iter().map(|date| date.format("%Y-%m-%dT%H:%M").to_string()).collect();
            let ours = match expand(&booking, Date::MAX) {
                Ok(ours) => ours.starts.iter().map(ToString::to_string).collect(),
                Err(Fault::Nothing) => Vec::new(),
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            };
            prop_assert_eq!(ours, theirs, "{}", text);
        }

        #[test]
        fn days_come_in_their_order_and_once(booking in any_rule()) {
            if let Ok(expanded) = expand(&booking, far()) {
                prop_assert!(expanded.starts.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(expanded.starts.len() <= usize::from(MAX_OCCURRENCES));
            }
        }
    }
}
