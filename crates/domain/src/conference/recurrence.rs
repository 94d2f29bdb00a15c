//! When a booked meeting takes place: on the clock on the wall of its own time zone, once or again and again.
//!
//! What is booked is wall-clock time: a meeting at nine stays at nine when the clocks are changed. Which days a rule
//! names is worked out by the conference feature; here is only what is kept.

use serde::{Deserialize, Serialize};
use time::{Date, PrimitiveDateTime, Time, macros::format_description};

use crate::text_enum;

text_enum! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

/// How a booking repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Recurrence {
    /// The rhythm.
    pub every: Every,
    /// Every how many days, weeks or months: 1 for each of them.
    pub interval: u16,
    /// When it ends.
    pub until: Until,
    /// Days that are left out.
    #[serde(default)]
    pub except: Vec<LocalDate>,
}

/// The rhythm of a recurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Every {
    /// By days.
    Day,
    /// By weeks, on these days of the week.
    Week {
        /// The days of the week, at least one.
        on: Vec<Weekday>,
    },
    /// By months, on the day of the month that the first one has. Months without that day are left out.
    MonthDay,
    /// By months, on the weekday that the first one has: the first Tuesday, the last Friday.
    MonthWeekday,
}

/// When a recurrence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Until {
    /// After so many dates, those left out included.
    Count {
        /// How many.
        count: u16,
    },
    /// On or before this day.
    Day {
        /// The last possible day.
        day: LocalDate,
    },
}

macro_rules! written {
    ($(#[$doc:meta])* $name:ident($inner:ty) as $format:tt, $kind:literal;) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text = self.0.format(format_description!($format)).map_err(|_| std::fmt::Error)?;
                f.write_str(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = time::error::Parse;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <$inner>::parse(text, format_description!($format)).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::openapi::text($kind)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

written! {
    /// A day on the calendar, written `2026-12-01`.
    LocalDate(Date) as "[year]-[month]-[day]", "date";
}

written! {
    /// A moment on the clock on the wall, to the minute, written `2026-12-01T09:30`. Which moment it is on earth the time
    /// zone beside it says.
    LocalMoment(PrimitiveDateTime) as "[year]-[month]-[day]T[hour]:[minute]", "local-date-time";
}

impl LocalMoment {
    /// The day.
    pub fn date(self) -> LocalDate {
        LocalDate(self.0.date())
    }

    /// The time of the day.
    pub fn time(self) -> Time {
        self.0.time()
    }
}

impl LocalDate {
    /// The same day at a time.
    pub fn at(self, time: Time) -> LocalMoment {
        LocalMoment(PrimitiveDateTime::new(self.0, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_without_zone_and_read_back() {
        let moment: LocalMoment = "2026-12-01T09:30".parse().unwrap();
        assert_eq!((moment.to_string(), moment.date().to_string()), ("2026-12-01T09:30".into(), "2026-12-01".into()));
        assert_eq!(serde_json::from_str::<LocalMoment>("\"2026-12-01T09:30\"").unwrap(), moment);
        for text in ["2026-12-01", "2026-12-01T09:30Z", "2026-13-01T09:30", "2026-02-30T09:30", "", "x"] {
            assert!(text.parse::<LocalMoment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_rule_has_one_form_in_json() {
        let json = r#"{"every":{"by":"week","on":["monday","thursday"]},"interval":2,"until":{"by":"count","count":10},"except":["2026-12-24"]}"#;
        let rule: Recurrence = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), json);
    }
}
