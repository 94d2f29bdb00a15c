//! Weekly windows of time, such as "Mon-Fri 06:00-20:00", on the clock of the tenant's house.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Fault, LocalTime};

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// The days' names, Monday first.
const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A day's name by its number, 1 for Monday to 7 for Sunday.
pub(crate) fn day_name(number: u8) -> &'static str {
    usize::from(number).checked_sub(1).and_then(|index| DAY_NAMES.get(index)).unwrap_or(&"?")
}

/// A weekly window as a form holds it.
///
/// `to` may be `24:00`. A window whose end is not after its beginning runs past midnight: `Fri 22:00-06:00` ends on
/// Saturday morning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowForm {
    /// The days on which it begins, 1 for Monday to 7 for Sunday (ISO 8601).
    pub weekdays: Vec<u8>,
    /// When it begins, as `HH:MM`.
    pub from: String,
    /// When it ends, as `HH:MM`. This minute is no longer part of it.
    pub to: String,
}

/// A window whose parts were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Numbers from 1 for Monday to 7 for Sunday.
    pub(crate) days: BTreeSet<u8>,
    /// Minutes since midnight, below [`DAY_MINUTES`].
    pub(crate) from: u16,
    /// Minutes since midnight, from 0 to [`DAY_MINUTES`].
    pub(crate) to: u16,
}

impl Window {
    pub(crate) fn parse(form: &WindowForm, path: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let days: BTreeSet<_> = form.weekdays.iter().copied().collect();
        if days.is_empty() {
            faults.push(Fault::new(format!("{path}.weekdays"), "required", "a window needs a day"));
        } else if days.iter().any(|day| !(1..=7).contains(day)) {
            faults.push(Fault::new(
                format!("{path}.weekdays"),
                "invalid",
                "days are numbered from 1, Monday, to 7, Sunday",
            ));
        }
        let mut clock = |text: &str, field: &str, last: u16| {
            let minute = parse_clock(text).filter(|minute| *minute <= last);
            if minute.is_none() {
                let message = "a time is written HH:MM, from 00:00 to 23:59; a window may end at 24:00";
                faults.push(Fault::new(format!("{path}.{field}"), "invalid", message));
            }
            minute.unwrap_or(0)
        };
        let from = clock(&form.from, "from", DAY_MINUTES - 1);
        let to = clock(&form.to, "to", DAY_MINUTES);
        if faults.is_empty() && from == to {
            faults.push(Fault::new(
                format!("{path}.to"),
                "empty_window",
                "a window ends at another time than it begins",
            ));
        }
        if faults.is_empty() { Ok(Self { days, from, to }) } else { Err(faults) }
    }

    /// The window as a form holds it.
    pub(crate) fn form(&self) -> WindowForm {
        WindowForm { weekdays: self.days.iter().copied().collect(), from: clock(self.from), to: clock(self.to) }
    }

    /// Whether the window runs past midnight.
    pub(crate) fn crosses_midnight(&self) -> bool {
        self.to <= self.from
    }

    /// The days after those on which it begins.
    pub(crate) fn next_days(&self) -> BTreeSet<u8> {
        self.days.iter().map(|day| day % 7 + 1).collect()
    }

    pub(crate) fn contains(&self, time: LocalTime) -> bool {
        let begins_today = self.days.contains(&time.weekday);
        if self.crosses_midnight() {
            let began_yesterday = self.next_days().contains(&time.weekday);
            (begins_today && time.minute >= self.from) || (began_yesterday && time.minute < self.to)
        } else {
            begins_today && time.minute >= self.from && time.minute < self.to
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<_> = self.days.iter().copied().collect();
        let mut rest = days.as_slice();
        while let Some(first) = rest.first() {
            let run = rest.iter().zip(*first..).take_while(|(day, n)| **day == *n).count();
            if rest.len() != days.len() {
                f.write_str(",")?;
            }
            f.write_str(day_name(*first))?;
            if let Some(last) = rest.get(run - 1).filter(|_| run > 1) {
                write!(f, "{}{}", if run > 2 { "-" } else { "," }, day_name(*last))?;
            }
            rest = rest.get(run..).unwrap_or_default();
        }
        write!(f, " {}-{}", clock(self.from), clock(self.to))
    }
}

/// A text that is no window, such as `Mon-Fri 6-20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a window is written like `Mon-Fri 06:00-20:00`")]
pub struct NotAWindow;

/// Reads `Mon-Fri 06:00-20:00`, `Sat,Sun 22:00-06:00`.
impl FromStr for WindowForm {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let (days, times) = text.trim().split_once(' ').ok_or(NotAWindow)?;
        let (from, to) = times.trim().split_once('-').ok_or(NotAWindow)?;
        let mut set = BTreeSet::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |name: &str| (1..=7).find(|day| day_name(*day).eq_ignore_ascii_case(name)).ok_or(NotAWindow);
            let (first, last) = (number(first)?, number(last)?);
            let length = (last + 7 - first) % 7;
            set.extend((first..=first + length).map(|day| (day - 1) % 7 + 1));
        }
        let form = Self { weekdays: set.into_iter().collect(), from: from.to_owned(), to: to.to_owned() };
        Window::parse(&form, "").map_err(|_| NotAWindow)?;
        Ok(form)
    }
}

/// A minute of the day as `HH:MM`.
pub(crate) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Minutes since midnight of `HH:MM`; `24:00` is the end of the day.
fn parse_clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        Window::parse(&text.parse().unwrap(), "w").unwrap()
    }

    fn at(weekday: u8, minute: u16) -> LocalTime {
        LocalTime { weekday, minute, date: jiff::civil::date(2026, 11, 23) }
    }

    #[test]
    fn is_written_as_people_write_it() {
        for text in ["Mon-Fri 06:00-20:00", "Mon,Tue 00:00-24:00", "Mon,Wed-Fri,Sun 22:00-06:00", "Sat 08:30-12:00"] {
            assert_eq!(window(text).to_string(), text);
        }
        assert_eq!(window("fri-mon 08:00-09:00").to_string(), "Mon,Fri-Sun 08:00-09:00");
    }

    #[test]
    fn refuses_what_is_no_window() {
        for text in [
            "",
            "Mon",
            "Mon 6-20",
            "Foo 06:00-20:00",
            "Mon 06:00-06:00",
            "Mon 24:00-06:00",
            "Mon 06:60-07:00",
            "Mon 06:00-24:01",
            "Mon +6:00-07:00",
        ] {
            assert_eq!(text.parse::<WindowForm>(), Err(NotAWindow), "{text}");
        }
    }

    #[test]
    fn holds_from_its_first_to_before_its_last_minute() {
        let work = window("Mon-Fri 06:00-20:00");
        assert!(!work.contains(at(1, 359)) && work.contains(at(1, 360)));
        assert!(work.contains(at(5, 1199)) && !work.contains(at(5, 1200)));
        assert!(!work.contains(at(6, 600)));
    }

    #[test]
    fn runs_past_midnight_into_the_next_day() {
        let night = window("Sun 22:00-06:00");
        assert!(night.contains(at(7, 1320)) && night.contains(at(7, 1439)));
        assert!(night.contains(at(1, 0)) && night.contains(at(1, 359)));
        assert!(!night.contains(at(1, 360)) && !night.contains(at(7, 0)) && !night.contains(at(1, 1320)));
        let late = window("Mon 20:00-24:00");
        assert!(late.contains(at(1, 1439)) && !late.contains(at(2, 0)));
    }
}
