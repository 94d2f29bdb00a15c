//! The clock on the wall of a time zone: which moment it shows when, also on the days when the clocks are changed.

use fernamt_domain::conference::{LocalDate, LocalMoment};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};
use time::{Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A time zone's clock.
#[derive(Debug, Clone)]
pub(crate) struct Wall {
    zone: TimeZone,
    name: String,
}

/// A change of the clocks: from when on, which offset, and under which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What the clock shows at that moment, by the offset before.
    pub(crate) at: DateTime,
    /// The offset before, in seconds.
    pub(crate) from_s: i32,
    /// The offset from then on, in seconds.
    pub(crate) to_s: i32,
    /// The abbreviation from then on.
    pub(crate) name: String,
    /// Whether it is summer time from then on.
    pub(crate) summer: bool,
}

impl Wall {
    /// The clock of the zone with this name in the IANA database.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        let name = zone.iana_name()?.to_owned();
        Some(Self { zone, name })
    }

    /// The zone's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The moment at which the clock shows this. A minute that is left out is taken as it would be by the offset before,
    /// and of one that comes twice the first (RFC 5545, 3.3.5).
    pub(crate) fn moment(&self, local: LocalMoment) -> Option<OffsetDateTime> {
        let at = self.zone.to_ambiguous_timestamp(civil(local)?).compatible().ok()?;
        OffsetDateTime::from_unix_timestamp(at.as_second()).ok()
    }

    /// Whether the clock never shows this, because it is put forward over it.
    pub(crate) fn leaves_out(&self, local: LocalMoment) -> bool {
        civil(local).is_some_and(|local| {
            matches!(self.zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
        })
    }

    /// What the clock shows at a moment, to the minute.
    pub(crate) fn shows(&self, at: OffsetDateTime) -> LocalMoment {
        let local = self.zone.to_datetime(timestamp(at));
        let part = |value: i8| value.unsigned_abs();
        let month = Month::try_from(part(local.month())).unwrap_or(Month::January);
        let date = time::Date::from_calendar_date(local.year().into(), month, part(local.day()));
        let time = Time::from_hms(part(local.hour()), part(local.minute()), 0).unwrap_or(Time::MIDNIGHT);
        LocalMoment(PrimitiveDateTime::new(date.unwrap_or(at.date()), time))
    }

    /// The changes of the clocks from the one in force at `from` until `to`, for the description of the zone.
    pub(crate) fn changes(&self, from: OffsetDateTime, to: OffsetDateTime) -> Vec<Change> {
        let (from, to) = (timestamp(from), timestamp(to));
        let before = self.zone.preceding(from).next();
        let within = self.zone.following(from).take_while(|change| change.timestamp() <= to);
        let found: Vec<_> = before.into_iter().chain(within).map(|change| self.change(change.timestamp())).collect();
        if !found.is_empty() {
            return found;
        }
        let info = self.zone.to_offset_info(from);
        let offset = info.offset().seconds();
        let at = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        vec![Change { at, from_s: offset, to_s: offset, name: info.abbreviation().to_owned(), summer: false }]
    }

    fn change(&self, at: Timestamp) -> Change {
        let just_before = at.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(at);
        let before = self.zone.to_offset(just_before);
        let after = self.zone.to_offset_info(at);
        Change {
            at: before.to_datetime(at),
            from_s: before.seconds(),
            to_s: after.offset().seconds(),
            name: after.abbreviation().to_owned(),
            summer: after.dst().is_dst(),
        }
    }
}

/// A moment without zone, as iCalendar writes moments of coordinated universal time.
pub(crate) fn utc(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

pub(crate) fn civil(local: LocalMoment) -> Option<DateTime> {
    let part = |value: u8| i8::try_from(value).ok();
    let date = civil_date(local.date())?;
    Some(date.at(part(local.time().hour())?, part(local.time().minute())?, 0, 0))
}

pub(crate) fn civil_date(date: LocalDate) -> Option<Date> {
    let part = |value: u8| i8::try_from(value).ok();
    Date::new(i16::try_from(date.0.year()).ok()?, part(date.0.month().into())?, part(date.0.day())?).ok()
}

fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_second(at.unix_timestamp()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn berlin() -> Wall {
        Wall::of("Europe/Berlin").unwrap()
    }

    #[test]
    fn nine_stays_nine_when_the_clocks_are_changed() {
        for (local, at) in [
            ("2026-10-24T09:00", datetime!(2026-10-24 07:00 UTC)),
            ("2026-10-25T09:00", datetime!(2026-10-25 08:00 UTC)),
            ("2027-03-27T09:00", datetime!(2027-03-27 08:00 UTC)),
            ("2027-03-28T09:00", datetime!(2027-03-28 07:00 UTC)),
        ] {
            let local: LocalMoment = local.parse().unwrap();
            assert_eq!(berlin().moment(local), Some(at), "{local}");
            assert_eq!(berlin().shows(at), local);
            assert!(!berlin().leaves_out(local));
        }
    }

    #[test]
    fn a_minute_left_out_comes_an_hour_later_and_one_that_comes_twice_the_first_time() {
        let skipped: LocalMoment = "2027-03-28T02:30".parse().unwrap();
        assert!(berlin().leaves_out(skipped));
        let at = berlin().moment(skipped).unwrap();
        assert_eq!((at, berlin().shows(at).to_string()), (datetime!(2027-03-28 01:30 UTC), "2027-03-28T03:30".into()));
        let twice: LocalMoment = "2026-10-25T02:30".parse().unwrap();
        assert_eq!(berlin().moment(twice), Some(datetime!(2026-10-25 00:30 UTC)));
    }

    #[test]
    fn the_changes_say_what_was_in_force_at_the_beginning() {
        let changes = berlin().changes(datetime!(2026-11-22 08:00 UTC), datetime!(2027-11-22 08:00 UTC));
        let shown: Vec<_> = changes.iter().map(|c| (c.at.to_string(), c.from_s, c.to_s, c.name.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("2026-10-25T03:00:00".to_owned(), 7200, 3600, "CET"),
                ("2027-03-28T02:00:00".to_owned(), 3600, 7200, "CEST"),
                ("2027-10-31T03:00:00".to_owned(), 7200, 3600, "CET"),
            ]
        );
        let utc = Wall::of("UTC").unwrap().changes(datetime!(2026-11-22 08:00 UTC), datetime!(2027-11-22 08:00 UTC));
        assert_eq!((utc.len(), utc[0].to_s), (1, 0));
    }

    #[test]
    fn a_zone_that_nobody_knows_has_no_clock() {
        assert!(Wall::of("Europe/Bonn").is_none() && Wall::of("").is_none() && Wall::of("../etc/passwd").is_none());
    }
}
