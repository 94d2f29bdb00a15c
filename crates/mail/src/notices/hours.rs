//! When somebody wants to be told, by the clock of their device.

use fernamt_policy::LocalZone;
use fernamt_store::PushRecord;
use time::OffsetDateTime;

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// Whether this moment lies in the hours that somebody chose.
pub(super) fn is_within(push: &PushRecord, at: OffsetDateTime) -> bool {
    is_within_by(&zone_of(push), push, at)
}

/// When that changes next, if it does within so many minutes.
pub(super) fn next_change(push: &PushRecord, at: OffsetDateTime, minutes: i64) -> Option<OffsetDateTime> {
    let zone = zone_of(push);
    let now = is_within_by(&zone, push, at);
    let this_minute = at.unix_timestamp().div_euclid(60);
    // Minute by minute: clocks that are changed need no thought that way.
    let mut next = (1..=minutes).filter_map(|n| OffsetDateTime::from_unix_timestamp((this_minute + n) * 60).ok());
    next.find(|minute| is_within_by(&zone, push, *minute) != now)
}

/// A zone that is unknown by now counts as UTC.
fn zone_of(push: &PushRecord) -> LocalZone {
    LocalZone::named(&push.time_zone).unwrap_or_else(|_| LocalZone::utc())
}

fn is_within_by(zone: &LocalZone, push: &PushRecord, at: OffsetDateTime) -> bool {
    let local = zone.local(at);
    let (from, to, minute) = (push.from_minute, push.to_minute, local.minute);
    let is_over_midnight = from > to;
    let is_in = if from == to {
        true
    } else if is_over_midnight {
        minute >= from || minute < to
    } else {
        (from..to).contains(&minute)
    };
    // What goes on past midnight belongs to the day on which it began.
    let began = match (is_over_midnight && minute < to, local.weekday) {
        (true, 1) => 7,
        (true, day) => day - 1,
        (false, day) => day,
    };
    is_in && (push.weekends || began <= 5)
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{DeviceId, MailAccountId, PersonId, Secret, SessionId};
    use serde_json::json;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::*;

    fn push(hours: (u16, u16), weekends: bool) -> PushRecord {
        PushRecord {
            device: DeviceId(Uuid::nil()),
            person: PersonId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            account: MailAccountId(Uuid::nil()),
            print: [0; 32],
            sealed: Secret::new(Vec::new()),
            until: OffsetDateTime::UNIX_EPOCH,
            language: "de".to_owned(),
            from_minute: hours.0 * 60,
            to_minute: hours.1 * 60,
            weekends,
            time_zone: "Europe/Berlin".to_owned(),
            without: json!([]),
            state: 0,
            told_at: None,
        }
    }

    /// Hours of the week in Berlin, from Monday midnight on, at which somebody is told.
    fn told(hours: (u16, u16), weekends: bool) -> Vec<i64> {
        let push = push(hours, weekends);
        // Monday, 2 March 2026: Berlin is an hour ahead.
        let monday = datetime!(2026-03-01 23:00 UTC);
        (0..7 * 24).filter(|hour| is_within(&push, monday + Duration::hours(*hour))).collect()
    }

    #[test]
    fn hours_of_the_day_and_days_of_the_week_are_kept_to() {
        assert_eq!(told((0, 0), true).len(), 7 * 24);
        assert_eq!(told((0, 0), false), (0..5 * 24).collect::<Vec<_>>());
        let days = (0..7).flat_map(|day| (7..18).map(move |hour| day * 24 + hour));
        assert_eq!(told((7, 18), true), days.clone().collect::<Vec<_>>());
        assert_eq!(told((7, 18), false), days.filter(|hour| *hour < 5 * 24).collect::<Vec<_>>());
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let night = told((22, 6), false);
        assert!(night.contains(&(4 * 24 + 22)) && night.contains(&(5 * 24 + 5)), "Friday night, until Saturday at six");
        assert!(!night.contains(&(5 * 24 + 22)) && !night.contains(&2), "Saturday and Sunday nights");
        assert_eq!(night.len(), 5 * 8);
    }

    #[test]
    fn it_is_known_to_the_minute_when_they_begin_and_end() {
        let noon = PushRecord { to_minute: 12 * 60 + 10, ..push((12, 0), true) };
        let change = |at, minutes| next_change(&noon, at, minutes);
        let (begin, end) = (datetime!(2026-03-02 11:00 UTC), datetime!(2026-03-02 11:10 UTC));
        assert_eq!(change(datetime!(2026-03-02 10:58:30 UTC), 60), Some(begin));
        assert_eq!(change(datetime!(2026-03-02 10:00 UTC), 60), Some(begin));
        assert_eq!(change(datetime!(2026-03-02 09:59:59 UTC), 60), None, "later than asked for");
        assert_eq!([change(begin, 60), change(datetime!(2026-03-02 11:09:59 UTC), 60)], [Some(end); 2]);
        assert_eq!(next_change(&push((0, 0), true), begin, 4 * 60), None, "always");
        // The night in which an hour is left out.
        let early = push((4, 5), true);
        let change = next_change(&early, datetime!(2026-03-29 00:30 UTC), 120);
        assert_eq!(change, Some(datetime!(2026-03-29 02:00 UTC)));
    }

    #[test]
    fn clocks_that_are_changed_are_followed() {
        let push = push((8, 9), true);
        assert!(is_within(&push, datetime!(2026-01-12 07:30 UTC)) && is_within(&push, datetime!(2026-07-13 06:30 UTC)));
        assert!(!is_within(&push, datetime!(2026-07-13 07:30 UTC)));
        let nowhere = PushRecord { time_zone: "Europe/Bonn".to_owned(), ..push };
        assert!(is_within(&nowhere, datetime!(2026-07-13 08:30 UTC)), "UTC");
    }
}
