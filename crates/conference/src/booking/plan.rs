//! What becomes of a room's meetings when its booking is made or changed.

use std::collections::BTreeMap;

use fernamt_domain::conference::{LocalMoment, MeetingState};
use fernamt_store::MeetingRecord;
use time::{Duration, OffsetDateTime};

use super::zone::Wall;

/// A meeting's time, worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// When it begins, on the clock on the wall.
    pub(crate) starts: LocalMoment,
    /// When it begins.
    pub(crate) starts_at: OffsetDateTime,
    /// How long it takes, in minutes.
    pub(crate) minutes: u16,
    /// From when on one can enter.
    pub(crate) valid_from: OffsetDateTime,
    /// Until when.
    pub(crate) valid_until: OffsetDateTime,
}

impl Slot {
    /// The time of a meeting that begins when the clock shows `starts`, with so many minutes to enter before and after.
    pub(crate) fn new(wall: &Wall, starts: LocalMoment, minutes: u16, lead: u16, lag: u16) -> Option<Self> {
        let starts_at = wall.moment(starts)?;
        let ends_at = starts_at.checked_add(Duration::minutes(minutes.into()))?;
        Some(Self {
            starts,
            starts_at,
            minutes,
            valid_from: starts_at.checked_sub(Duration::minutes(lead.into()))?,
            valid_until: ends_at.checked_add(Duration::minutes(lag.into()))?,
        })
    }

    /// When it ends.
    pub(crate) fn ends_at(&self) -> OffsetDateTime {
        self.starts_at + Duration::minutes(self.minutes.into())
    }

    /// Puts the time into a meeting's row.
    pub(crate) fn put_into(&self, meeting: &mut MeetingRecord, zone: &str) {
        meeting.starts = self.starts;
        zone.clone_into(&mut meeting.time_zone);
        meeting.minutes = self.minutes;
        meeting.starts_at = self.starts_at;
        meeting.ends_at = self.ends_at();
        meeting.valid_from = self.valid_from;
        meeting.valid_until = self.valid_until;
    }
}

/// What to do with a room's meetings so that they are as its booking says.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Meetings to make.
    pub(crate) make: Vec<Slot>,
    /// Meetings that stay, with their time; it may be another length.
    pub(crate) keep: Vec<(MeetingRecord, Slot)>,
    /// Meetings to call off.
    pub(crate) cancel: Vec<MeetingRecord>,
}

impl Plan {
    /// Compares what there is with what is wanted. What runs or is over is left alone, and what was moved by hand stays
    /// where it was moved to as long as its booking names it.
    pub(crate) fn between(there: Vec<MeetingRecord>, wanted: Vec<Slot>, now: OffsetDateTime) -> Self {
        let mut plan = Self::default();
        let mut wanted: BTreeMap<LocalMoment, Slot> =
            wanted.into_iter().filter(|slot| slot.valid_until > now).map(|slot| (slot.starts, slot)).collect();
        for meeting in there {
            let slot = meeting.occurrence.and_then(|occurrence| wanted.get(&occurrence).copied());
            match (meeting.state(now), slot) {
                (MeetingState::Cancelled, _) => {}
                (MeetingState::Ended | MeetingState::Running, slot) => {
                    if let Some(slot) = slot {
                        wanted.remove(&slot.starts);
                    }
                }
                (MeetingState::Planned, Some(slot)) => {
                    wanted.remove(&slot.starts);
                    plan.keep.push((meeting, slot));
                }
                (MeetingState::Planned, None) => plan.cancel.push(meeting),
            }
        }
        plan.make = wanted.into_values().collect();
        plan
    }
}

/// Whether a meeting was moved away from the time that its booking has.
pub(crate) fn is_moved(meeting: &MeetingRecord) -> bool {
    meeting.occurrence.is_some_and(|occurrence| occurrence != meeting.starts)
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{MeetingId, RoomId};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    fn slot(starts: &str) -> Slot {
        Slot::new(&Wall::of("Europe/Berlin").unwrap(), starts.parse().unwrap(), 60, 15, 60).unwrap()
    }

    fn meeting(starts: &str) -> MeetingRecord {
        let slot = slot(starts);
        MeetingRecord {
            id: MeetingId(Uuid::nil()),
            room: RoomId(Uuid::nil()),
            occurrence: Some(slot.starts),
            starts: slot.starts,
            minutes: 60,
            time_zone: "Europe/Berlin".into(),
            starts_at: slot.starts_at,
            ends_at: slot.ends_at(),
            valid_from: slot.valid_from,
            valid_until: slot.valid_until,
            number_print: None,
            secret_print: None,
            pin_print: None,
            credentials_sealed: None,
            opened_at: None,
            ended_at: None,
            cancelled_at: None,
        }
    }

    #[test]
    fn what_stays_at_its_time_stays_and_the_rest_moves() {
        let now = datetime!(2026-12-01 08:30 UTC);
        let running = MeetingRecord { opened_at: Some(now), ..meeting("2026-12-01T09:00") };
        let there = vec![
            meeting("2026-11-24T09:00"),
            running,
            meeting("2026-12-08T09:00"),
            meeting("2026-12-15T09:00"),
            MeetingRecord { cancelled_at: Some(now), ..meeting("2026-12-22T09:00") },
        ];
        let wanted =
            ["2026-11-24T09:00", "2026-12-01T09:00", "2026-12-08T09:00", "2026-12-16T09:00"].map(slot).to_vec();
        let plan = Plan::between(there, wanted, now);
        let days = |slots: &[Slot]| slots.iter().map(|slot| slot.starts.to_string()).collect::<Vec<_>>();
        assert_eq!(days(&plan.make), ["2026-12-16T09:00"]);
        assert_eq!(plan.keep.iter().map(|(_, slot)| slot.starts.to_string()).collect::<Vec<_>>(), ["2026-12-08T09:00"]);
        assert_eq!(plan.cancel.iter().map(|m| m.starts.to_string()).collect::<Vec<_>>(), ["2026-12-15T09:00"]);
    }

    #[test]
    fn a_meeting_is_good_only_around_its_time() {
        let slot = slot("2026-10-25T01:30");
        // The hour that comes twice that night lies in it.
        assert_eq!(slot.starts_at, datetime!(2026-10-24 23:30 UTC));
        assert_eq!(slot.valid_from, datetime!(2026-10-24 23:15 UTC));
        assert_eq!(slot.valid_until, datetime!(2026-10-25 01:30 UTC));
    }
}
