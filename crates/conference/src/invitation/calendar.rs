//! Invitations as iCalendar. A series is one event with its rule; each of its dates stands beside it with a number, PIN
//! and link of its own, by RECURRENCE-ID.

use std::fmt::Write as _;

use fernamt_api::conference::rooms::Booking;
use fernamt_domain::conference::{Every, LocalDate, LocalMoment, Until, Weekday};
use fernamt_store::MeetingRecord;
use icalendar::{Calendar, Component as _, Event, Property};
use time::{Duration, OffsetDateTime, Time};

use super::{Card, Guest, Language, link};
use crate::{
    booking::{Place, Wall, utc, weekday},
    credentials::Credentials,
};

/// Who wrote the file.
const PRODUCT: &str = "-//Fernamt//Conference//DE";

/// What a calendar file is sent for (RFC 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// To be read and kept, without an answer.
    Publish,
    /// To invite, or to tell what changed.
    Request,
    /// To call off.
    Cancel,
}

impl Method {
    /// The word in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

impl Card {
    /// The calendar file with all dates.
    pub(crate) fn calendar(&self, method: Method, language: Language, guest: Option<&Guest>) -> String {
        let mut file = file(method);
        let series = self.booking.as_ref().filter(|_| self.is_series());
        if let Some(booking) = series {
            file.push(self.series(booking, method, language, guest));
        }
        for (meeting, credentials) in &self.dates {
            let mut event = self.event(meeting, method, language, guest);
            self.describe(&mut event, meeting, credentials, language);
            if let Some(occurrence) = meeting.occurrence.filter(|_| series.is_some()) {
                event.append_property(self.local("RECURRENCE-ID", occurrence));
            }
            file.push(event);
        }
        self.finished(&file)
    }

    /// The calendar file that calls off one date.
    pub(crate) fn cancel_one(&self, meeting: &MeetingRecord, language: Language, guest: Option<&Guest>) -> String {
        let mut event = self.event(meeting, Method::Cancel, language, guest);
        if let Some(occurrence) = meeting.occurrence.filter(|_| self.is_series()) {
            event.append_property(self.local("RECURRENCE-ID", occurrence));
        }
        self.finished(file(Method::Cancel).push(event))
    }

    /// The calendar file that calls off everything.
    pub(crate) fn cancel_all(&self, first: &MeetingRecord, language: Language, guest: Option<&Guest>) -> String {
        let event = match self.booking.as_ref().filter(|_| self.is_series()) {
            Some(booking) => self.series(booking, Method::Cancel, language, guest),
            None => self.event(first, Method::Cancel, language, guest),
        };
        self.finished(file(Method::Cancel).push(event))
    }

    /// The file as text, with the description of its time zone in front of the events.
    fn finished(&self, file: &Calendar) -> String {
        let text = file.to_string();
        match text.split_once("BEGIN:VEVENT") {
            Some((head, rest)) => format!("{head}{}BEGIN:VEVENT{rest}", self.zone()),
            None => text,
        }
    }

    fn series(&self, booking: &Booking, method: Method, language: Language, guest: Option<&Guest>) -> Event {
        let mut event = self.bare(None, method, language, guest);
        event.append_property(self.local("DTSTART", booking.starts));
        event.append_property(self.local("DTEND", self.end(booking.starts, booking.minutes)));
        if let Some(rule) = rule_text(booking, self.wall.name()) {
            event.append_property(Property::new("RRULE", rule));
        }
        for day in booking.recurrence.iter().flat_map(|rule| &rule.except) {
            event.append_multi_property(self.local("EXDATE", day.at(booking.starts.time())));
        }
        if method != Method::Cancel {
            let text = format!("{}\n\n{}", self.text_of_series(language), self.text_of_series(language.other()));
            event.append_property(Property::new("DESCRIPTION", plain(&text)));
        }
        event
    }

    fn event(&self, meeting: &MeetingRecord, method: Method, language: Language, guest: Option<&Guest>) -> Event {
        let mut event = self.bare(Some(meeting), method, language, guest);
        event.append_property(self.local("DTSTART", meeting.starts));
        event.append_property(self.local("DTEND", self.end(meeting.starts, meeting.minutes)));
        event
    }

    fn bare(
        &self,
        meeting: Option<&MeetingRecord>,
        method: Method,
        language: Language,
        guest: Option<&Guest>,
    ) -> Event {
        let mut event = Event::with_uid(&self.uid(meeting));
        event.append_property(Property::new("DTSTAMP", utc(self.now)));
        event.append_property(Property::new("SEQUENCE", self.room.sequence.to_string()));
        event.append_property(Property::new("SUMMARY", plain(&self.room.name)));
        let status = if method == Method::Cancel { "CANCELLED" } else { "CONFIRMED" };
        event.append_property(Property::new("STATUS", status));
        let sender = self.sender.clone().unwrap_or_else(|| format!("noreply@{}", self.host));
        let mut organizer = Property::new("ORGANIZER", format!("mailto:{sender}"));
        organizer.add_parameter("CN", &parameter(&self.owner));
        event.append_property(organizer);
        if let Some(guest) = guest {
            let mut attendee = Property::new("ATTENDEE", format!("mailto:{}", guest.address));
            attendee.add_parameter("CN", &parameter(guest.name.as_ref().unwrap_or(&guest.address)));
            attendee.add_parameter("ROLE", "REQ-PARTICIPANT");
            attendee.add_parameter("PARTSTAT", "NEEDS-ACTION");
            attendee.add_parameter("RSVP", "FALSE");
            attendee.add_parameter("LANGUAGE", language.pick("de", "en"));
            event.append_property(attendee);
        }
        event
    }

    fn describe(&self, event: &mut Event, meeting: &MeetingRecord, credentials: &Credentials, language: Language) {
        let other = self.text_of(language.other(), meeting, credentials);
        let text = format!("{}\n\n{other}", self.text_of(language, meeting, credentials));
        let link = link(&self.origin, &credentials.secret);
        event.append_property(Property::new("DESCRIPTION", plain(&text)));
        event.append_property(Property::new("LOCATION", link.clone()));
        let mut conference = Property::new("CONFERENCE", link);
        conference.add_parameter("VALUE", "URI");
        conference.add_parameter("FEATURE", "VIDEO");
        conference.add_parameter("LABEL", language.pick("Teilnehmen", "Join"));
        event.append_property(conference);
    }

    /// What the clock shows so many minutes after it showed `starts`.
    fn end(&self, starts: LocalMoment, minutes: u16) -> LocalMoment {
        let at = self.wall.moment(starts).unwrap_or(self.now);
        self.wall.shows(at + Duration::minutes(minutes.into()))
    }

    fn local(&self, name: &str, moment: LocalMoment) -> Property {
        let mut property = Property::new(name, stamp(moment));
        property.add_parameter("TZID", self.wall.name());
        property
    }

    /// The description of the time zone (VTIMEZONE): its changes of the clocks around all dates.
    fn zone(&self) -> String {
        let begin = self.booking.as_ref().and_then(|booking| self.wall.moment(booking.starts));
        let begins = self.dates.iter().map(|(meeting, _)| meeting.starts_at).chain(begin);
        let from = begins.min().unwrap_or(self.now) - Duration::days(1);
        let last = self.dates.iter().map(|(meeting, _)| meeting.ends_at).max().unwrap_or(self.now);
        let mut text = String::new();
        let mut line = |line: &str| text.extend([line, "\r\n"]);
        line("BEGIN:VTIMEZONE");
        line(&format!("TZID:{}", self.wall.name()));
        for change in self.wall.changes(from, last.max(from) + Duration::days(2)) {
            let part = if change.summer { "DAYLIGHT" } else { "STANDARD" };
            line(&format!("BEGIN:{part}"));
            line(&format!("DTSTART:{}", change.at.strftime("%Y%m%dT%H%M%S")));
            line(&format!("TZOFFSETFROM:{}", offset(change.from_s)));
            line(&format!("TZOFFSETTO:{}", offset(change.to_s)));
            line(&format!("TZNAME:{}", change.name));
            line(&format!("END:{part}"));
        }
        line("END:VTIMEZONE");
        text
    }
}

/// A file for this method, without events.
fn file(method: Method) -> Calendar {
    let mut file = Calendar::empty();
    file.append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", PRODUCT))
        .append_property(Property::new("CALSCALE", "GREGORIAN"))
        .append_property(Property::new("METHOD", method.word()));
    file
}

/// The rule of a series (RRULE).
pub(crate) fn rule_text(booking: &Booking, zone: &str) -> Option<String> {
    let rule = booking.recurrence.as_ref()?;
    let mut text = match &rule.every {
        Every::Day => "FREQ=DAILY".to_owned(),
        Every::Week { on } => {
            let mut on = on.clone();
            on.sort_unstable();
            on.dedup();
            let days: Vec<_> = on.into_iter().map(short).collect();
            format!("FREQ=WEEKLY;BYDAY={}", days.join(","))
        }
        Every::MonthDay => format!("FREQ=MONTHLY;BYMONTHDAY={}", booking.starts.date().0.day()),
        Every::MonthWeekday => {
            let day = booking.starts.date().0;
            let place = match Place::of(day) {
                Place::Nth(nth) => nth.to_string(),
                Place::Last => "-1".to_owned(),
            };
            format!("FREQ=MONTHLY;BYDAY={place}{}", short(weekday(day)))
        }
    };
    if rule.interval != 1 {
        write!(text, ";INTERVAL={}", rule.interval).expect("a string takes whatever is written to it");
    }
    match rule.until {
        Until::Count { count } => write!(text, ";COUNT={count}"),
        Until::Day { day } => write!(text, ";UNTIL={}", utc(end_of(day, zone)?)),
    }
    .expect("a string takes whatever is written to it");
    Some(text)
}

/// The last minute of a day.
fn end_of(day: LocalDate, zone: &str) -> Option<OffsetDateTime> {
    Wall::of(zone)?.moment(day.at(Time::from_hms(23, 59, 0).ok()?))
}

fn short(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}

fn stamp(moment: LocalMoment) -> String {
    moment.to_string().replace(['-', ':'], "") + "00"
}

fn offset(seconds: i32) -> String {
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{sign}{hours:02}{minutes:02}");
    if rest > 0 {
        write!(text, "{rest:02}").expect("a string takes whatever is written to it");
    }
    text
}

/// A text without what ends a line where it should not. The writer folds lines and escapes line feeds, and nothing else.
fn plain(text: &str) -> String {
    text.chars().filter(|character| *character == '\n' || !character.is_control()).collect()
}

/// The value of a parameter knows no quotation marks and no line breaks (RFC 5545, 3.2).
fn parameter(text: &str) -> String {
    plain(text).replace('"', "'").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_line_where_it_should_not() {
        let evil = "a\rX-EVIL:1\r\nX-EVIL:2\u{85}\0\"b\"";
        assert_eq!(plain(evil), "aX-EVIL:1\nX-EVIL:2\"b\"");
        assert_eq!(parameter(evil), "aX-EVIL:1 X-EVIL:2'b'");
    }
}
