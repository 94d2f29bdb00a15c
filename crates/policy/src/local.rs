//! The time on the wall of the tenant's house, and when it next crosses an edge.

use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use time::OffsetDateTime;

use crate::window::{DAY_MINUTES, Window, day_name};

/// How far ahead edges of weekly windows are looked for: a week, and a day for the change of the clocks.
const HORIZON_DAYS: i64 = 8;

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalZone(TimeZone);

/// The name is not in the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the IANA database; write for example Europe/Berlin")]
pub struct UnknownZone;

/// A moment as the clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// 1 for Monday to 7 for Sunday.
    pub weekday: u8,
    /// Minutes since midnight.
    pub minute: u16,
    /// The day.
    pub date: Date,
}

impl LocalZone {
    /// The zone with this name in the IANA database.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone)
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone's name in the IANA database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the clock on the wall shows at a moment.
    pub fn local(&self, at: OffsetDateTime) -> LocalTime {
        self.local_at(timestamp(at))
    }

    fn local_at(&self, at: Timestamp) -> LocalTime {
        let local = self.0.to_datetime(at);
        LocalTime {
            weekday: local.weekday().to_monday_one_offset().unsigned_abs(),
            minute: u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs()),
            date: local.date(),
        }
    }

    /// The next moment after `at` at which the clock's minute changes.
    pub(crate) fn next_minute(at: OffsetDateTime) -> OffsetDateTime {
        // Every offset in use today is whole minutes, so minutes change for everybody at once.
        let seconds = at.unix_timestamp().div_euclid(60).saturating_add(1).saturating_mul(60);
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(at)
    }

    /// The first moment after `at` at which `holds`, a statement about windows and days, changes its answer.
    ///
    /// Between two edges the clock only runs forward through minutes that no window or day begins or ends at, so it is
    /// enough to ask at the edges: where a window or day begins or ends, and where the clocks are changed.
    pub(crate) fn next_flip(
        &self,
        at: OffsetDateTime,
        windows: &[Window],
        days: &[Date],
        holds: impl Fn(LocalTime) -> bool,
    ) -> Option<OffsetDateTime> {
        let now = timestamp(at);
        let today = self.local_at(now).date;
        let mut edges = Vec::new();
        for base in days.iter().copied().filter(|day| *day > today).chain([today]) {
            edges.extend(self.edges_around(base, windows));
        }
        edges.sort_unstable();
        let present = holds(self.local_at(now));
        let flip = edges.into_iter().filter(|edge| *edge > now).find(|edge| holds(self.local_at(*edge)) != present)?;
        OffsetDateTime::from_unix_timestamp_nanos(flip.as_nanosecond()).ok()
    }

    /// Where windows and days may begin or end, and the clocks are changed, in the week that begins with `base`.
    fn edges_around(&self, base: Date, windows: &[Window]) -> Vec<Timestamp> {
        let mut edges = Vec::new();
        for ahead in -1..=HORIZON_DAYS {
            let Ok(day) = base.checked_add(SignedDuration::from_hours(24 * ahead)) else { continue };
            for minute in windows.iter().flat_map(|window| [window.from, window.to]).chain([0]) {
                edges.extend(self.moments(day, minute));
            }
        }
        if let (Some(first), Some(last)) = (edges.iter().min().copied(), edges.iter().max().copied()) {
            edges.extend(self.0.following(first).map(|change| change.timestamp()).take_while(|change| *change <= last));
        }
        edges
    }

    /// The moments at which the clock shows this minute of this day: two when the clocks are put back, and two
    /// neighbouring ones when the minute is skipped.
    fn moments(&self, day: Date, minute: u16) -> impl Iterator<Item = Timestamp> {
        let (day, minute) = if minute == DAY_MINUTES { (day.tomorrow().ok(), 0) } else { (Some(day), minute) };
        let clock = day.and_then(|day| civil(day, minute)).map(|clock| self.0.to_ambiguous_timestamp(clock));
        let (earlier, later) =
            (clock.and_then(|clock| clock.earlier().ok()), clock.and_then(|clock| clock.later().ok()));
        earlier.into_iter().chain(later)
    }
}

fn civil(day: Date, minute: u16) -> Option<DateTime> {
    let part = |value: u16| i8::try_from(value).ok();
    DateTime::new(day.year(), day.month(), day.day(), part(minute / 60)?, part(minute % 60)?, 0, 0).ok()
}

fn timestamp(at: OffsetDateTime) -> Timestamp {
    let nanos = at.unix_timestamp_nanos().clamp(Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond());
    Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl FromStr for LocalZone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::named(name)
    }
}

/// Berlin, where the administrations that this is made for have their clocks.
impl Default for LocalZone {
    fn default() -> Self {
        Self::named("Europe/Berlin").unwrap_or_else(|_| Self::utc())
    }
}

impl fmt::Debug for LocalZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalZone({})", self.name())
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = day_name(self.weekday);
        write!(f, "{name} {} {:02}:{:02}", self.date, self.minute / 60, self.minute % 60)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::WindowForm;

    fn berlin() -> LocalZone {
        "Europe/Berlin".parse().unwrap()
    }

    fn next(window: &str, at: OffsetDateTime) -> Option<OffsetDateTime> {
        let windows = [Window::parse(&window.parse::<WindowForm>().unwrap(), "").unwrap()];
        berlin().next_flip(at, &windows, &[], |time| windows[0].contains(time))
    }

    #[test]
    fn shows_the_local_day() {
        let time = berlin().local(datetime!(2026-11-22 23:30 UTC));
        assert_eq!(time.to_string(), "Mon 2026-11-23 00:30");
        assert_eq!("Europe/Bonn".parse::<LocalZone>(), Err(UnknownZone));
    }

    #[test]
    fn finds_the_next_edge() {
        assert_eq!(next("Mon-Fri 06:00-20:00", datetime!(2026-11-23 10:00 UTC)), Some(datetime!(2026-11-23 19:00 UTC)));
        assert_eq!(next("Mon-Fri 06:00-20:00", datetime!(2026-11-27 19:00 UTC)), Some(datetime!(2026-11-30 05:00 UTC)));
        assert_eq!(next("Mon-Sun 00:00-24:00", datetime!(2026-11-23 10:00 UTC)), None);
    }

    #[test]
    fn knows_when_the_clocks_change() {
        // Put forward on 2026-03-29: 02:00 becomes 03:00, so a window until 02:30 ends as 03:00 strikes.
        assert_eq!(next("Sun 00:00-02:30", datetime!(2026-03-28 23:30 UTC)), Some(datetime!(2026-03-29 01:00 UTC)));
        // Put back on 2026-10-25: 03:00 becomes 02:00, so 02:30 comes twice and the window 02:00-02:30 holds twice.
        let edges: Vec<_> = std::iter::successors(next("Sun 02:00-02:30", datetime!(2026-10-24 23:00 UTC)), |at| {
            next("Sun 02:00-02:30", *at)
        })
        .take(4)
        .collect();
        assert_eq!(
            edges,
            [
                datetime!(2026-10-25 00:00 UTC),
                datetime!(2026-10-25 00:30 UTC),
                datetime!(2026-10-25 01:00 UTC),
                datetime!(2026-10-25 01:30 UTC)
            ]
        );
    }

    #[test]
    fn minutes_change_on_the_minute() {
        assert_eq!(LocalZone::next_minute(datetime!(2026-11-23 10:00:59.5 UTC)), datetime!(2026-11-23 10:01 UTC));
        assert_eq!(LocalZone::next_minute(datetime!(2026-11-23 10:01 UTC)), datetime!(2026-11-23 10:02 UTC));
    }
}
