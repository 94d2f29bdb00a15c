//! Invitations as text, German and English: both written, not translated word by word.

use std::fmt::Write as _;

use fernamt_domain::conference::{Encryption, LobbyFor, LocalMoment, RoomKind};
use fernamt_store::MeetingRecord;
use serde::{Deserialize, Serialize};

use super::{Card, MOST_DATES_IN_TEXT, join_page, link};
use crate::credentials::Credentials;

/// The language of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// German.
    German,
    /// English.
    English,
}

const TAGE: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const MONATE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

impl Language {
    /// The language of this name; German is the house's own.
    pub(crate) fn named(name: &str) -> Self {
        if name == "en" { Self::English } else { Self::German }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::German => Self::English,
            Self::English => Self::German,
        }
    }

    /// One of two texts.
    pub(crate) fn pick<T>(self, german: T, english: T) -> T {
        match self {
            Self::German => german,
            Self::English => english,
        }
    }

    fn day(self, moment: LocalMoment) -> String {
        let date = moment.date().0;
        let weekday = usize::from(date.weekday().number_days_from_monday());
        let month = usize::from(u8::from(date.month()) - 1);
        match self {
            Self::German => format!("{}, {}. {} {}", TAGE[weekday], date.day(), MONATE[month], date.year()),
            Self::English => format!("{}, {} {} {}", date.weekday(), date.day(), date.month(), date.year()),
        }
    }
}

fn clock(moment: LocalMoment) -> String {
    format!("{:02}:{:02}", moment.time().hour(), moment.time().minute())
}

impl Card {
    /// The line above the invitation.
    pub(crate) fn subject(&self, language: Language) -> String {
        let name = &self.room.name;
        let first = self.dates.first().map(|(meeting, _)| clock_and_day(language, meeting));
        match (language, first) {
            (Language::German, Some(first)) => format!("Einladung: {name}, {first}"),
            (Language::English, Some(first)) => format!("Invitation: {name}, {first}"),
            (Language::German, None) => format!("Einladung: {name}"),
            (Language::English, None) => format!("Invitation: {name}"),
        }
    }

    /// The invitation to all dates.
    pub(crate) fn text(&self, language: Language) -> String {
        let mut text = self.head(language);
        if self.is_series() && self.dates.len() > 1 {
            text.push_str(language.pick(
                "Jeder Termin hat eine eigene Raumnummer, eine eigene PIN und einen eigenen Link. In der Kalenderdatei \
                 stehen sie bei jedem Termin.\n\n",
                "Each date has a room number, a PIN and a link of its own. The calendar file has them with each date.\n\n",
            ));
        }
        for (meeting, credentials) in self.dates.iter().take(MOST_DATES_IN_TEXT) {
            text.push_str(&self.date(language, meeting, credentials));
            text.push('\n');
        }
        let rest = self.dates.len().saturating_sub(MOST_DATES_IN_TEXT);
        if rest > 0 {
            let line = language.pick(
                format!("Weitere Termine: {rest}. Sie stehen in der Kalenderdatei.\n\n"),
                format!("More dates: {rest}. The calendar file has them.\n\n"),
            );
            text.push_str(&line);
        }
        text.push_str(&self.foot(language));
        text
    }

    /// The invitation to one date.
    pub(crate) fn text_of(&self, language: Language, meeting: &MeetingRecord, credentials: &Credentials) -> String {
        let mut text = self.head(language);
        text.push_str(&self.date(language, meeting, credentials));
        text.push('\n');
        text.push_str(&self.foot(language));
        text
    }

    /// What stands in the calendar at a series as a whole.
    pub(crate) fn text_of_series(&self, language: Language) -> String {
        let dates = language.pick(
            "Jeder Termin hat eine eigene Raumnummer, eine eigene PIN und einen eigenen Link; sie stehen bei dem Termin.\n",
            "Each date has a room number, a PIN and a link of its own; they stand with the date.\n",
        );
        self.head(language) + dates + "\n" + &self.foot(language)
    }

    fn head(&self, language: Language) -> String {
        let (name, owner) = (&self.room.name, &self.owner);
        let mut text = match (language, self.room.kind) {
            (Language::German, RoomKind::Lecture) => format!("{owner} lädt Sie zu einem Vortrag ein: {name}\n\n"),
            (Language::German, _) => format!("{owner} lädt Sie zu einer Besprechung ein: {name}\n\n"),
            (Language::English, RoomKind::Lecture) => format!("{owner} invites you to a lecture: {name}\n\n"),
            (Language::English, _) => format!("{owner} invites you to a meeting: {name}\n\n"),
        };
        if !self.room.description.is_empty() {
            text.push_str(&self.room.description);
            text.push_str("\n\n");
        }
        text
    }

    fn date(&self, language: Language, meeting: &MeetingRecord, credentials: &Credentials) -> String {
        let (when, link) = (self.when(language, meeting), link(&self.origin, &credentials.secret));
        let (page, number, pin) = (join_page(&self.origin), credentials.number, credentials.pin.expose());
        let from = clock(self.wall.shows(meeting.valid_from));
        let mut text = String::new();
        let written = match language {
            Language::German => write!(
                text,
                "Wann: {when}\nTeilnehmen im Browser: {link}\nOder auf {page} mit\n  Raumnummer: {number}\n  \
                 PIN: {pin}\nEinlass ab {from} Uhr.\n"
            ),
            Language::English => write!(
                text,
                "When: {when}\nJoin in the browser: {link}\nOr on {page} with\n  Room number: {number}\n  \
                 PIN: {pin}\nDoors open at {from}.\n"
            ),
        };
        written.expect("a string takes whatever is written to it");
        text
    }

    /// When a meeting is, in words.
    pub(crate) fn when(&self, language: Language, meeting: &MeetingRecord) -> String {
        let (begin, end) = (self.wall.shows(meeting.starts_at), self.wall.shows(meeting.ends_at));
        let (day, zone) = (language.day(begin), self.wall.name());
        let until = if end.date() == begin.date() {
            clock(end)
        } else {
            language.pick(
                format!("{}, {}", language.day(end), clock(end)),
                format!("{} on {}", clock(end), language.day(end)),
            )
        };
        language.pick(
            format!("{day}, {} bis {until} Uhr ({zone})", clock(begin)),
            format!("{day}, {} to {until} ({zone})", clock(begin)),
        )
    }

    fn foot(&self, language: Language) -> String {
        let mut text = language
            .pick(
                "Wer den Link hat, braucht keine PIN: Geben Sie ihn nur an Menschen weiter, die dabei sein sollen. Nummer, \
                 PIN und Link gelten nur um den Termin herum.\n",
                "Whoever has the link needs no PIN: pass it on only to people who should be there. Number, PIN and link \
                 are good only around the date.\n",
            )
            .to_owned();
        if self.safeguards.encryption == Encryption::EndToEnd {
            let owner = &self.owner;
            text.push_str(&language.pick(
                format!(
                    "Bild, Ton und Chat sind von Gerät zu Gerät verschlüsselt. Der Schlüssel steht nicht in dieser \
                     Einladung, denn der Server kennt ihn nicht: Den vollständigen Link schickt Ihnen {owner} selbst.\n"
                ),
                format!(
                    "Pictures, sound and chat are encrypted from device to device. The key is not in this invitation, \
                     because the server does not know it: {owner} sends you the full link.\n"
                ),
            ));
        }
        match self.safeguards.lobby {
            LobbyFor::Nobody => {}
            LobbyFor::Guests => text.push_str(language.pick(
                "Gäste warten im Warteraum, bis sie eingelassen werden.\n",
                "Guests wait in the lobby until they are admitted.\n",
            )),
            LobbyFor::Uninvited => text.push_str(language.pick(
                "Wer nicht persönlich eingeladen ist, wartet im Warteraum, bis er eingelassen wird.\n",
                "Whoever was not invited in person waits in the lobby until they are admitted.\n",
            )),
            LobbyFor::Everybody => text.push_str(language.pick(
                "Alle warten im Warteraum, bis sie eingelassen werden.\n",
                "Everybody waits in the lobby until they are admitted.\n",
            )),
        }
        text
    }

    /// The letter that calls off one date, or all of them.
    pub(crate) fn called_off(&self, language: Language, meeting: Option<&MeetingRecord>) -> (String, String) {
        let (name, owner) = (&self.room.name, &self.owner);
        let when = meeting.map(|meeting| self.when(language, meeting));
        match (language, when) {
            (Language::German, Some(when)) => (
                format!("Abgesagt: {name}"),
                format!(
                    "{owner} hat diesen Termin abgesagt: {name}\n\nWann: {when}\n\nNummer, PIN und Link gelten nicht mehr.\n"
                ),
            ),
            (Language::English, Some(when)) => (
                format!("Cancelled: {name}"),
                format!(
                    "{owner} has cancelled this date: {name}\n\nWhen: {when}\n\nNumber, PIN and link are no longer good.\n"
                ),
            ),
            (Language::German, None) => (
                format!("Abgesagt: {name}"),
                format!(
                    "{owner} hat die Einladung zurückgenommen: {name}\n\nBitte löschen Sie die Termine aus Ihrem Kalender.\n"
                ),
            ),
            (Language::English, None) => (
                format!("Cancelled: {name}"),
                format!(
                    "{owner} has withdrawn the invitation: {name}\n\nPlease remove the dates from your calendar.\n"
                ),
            ),
        }
    }
}

fn clock_and_day(language: Language, meeting: &MeetingRecord) -> String {
    let (day, time) = (language.day(meeting.starts), clock(meeting.starts));
    language.pick(format!("{day}, {time} Uhr"), format!("{day}, {time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_each_language_does() {
        let moment: LocalMoment = "2027-03-01T09:05".parse().unwrap();
        assert_eq!(Language::German.day(moment), "Montag, 1. März 2027");
        assert_eq!(Language::English.day(moment), "Monday, 1 March 2027");
        assert_eq!(clock(moment), "09:05");
    }
}
