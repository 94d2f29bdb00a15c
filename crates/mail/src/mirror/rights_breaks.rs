//! Folders at which the conversation about rights breaks off: they must not hold up what is said of others.

use std::collections::BTreeMap;

use fernamt_mailhost::imap::FolderName;
use time::OffsetDateTime;

use super::REFUSED_FOR;

/// How often the conversation breaks off at a folder before it is left out. Once may be anybody's fault.
const TRIES: u32 = 2;

/// At which folders it broke off.
#[derive(Debug, Default)]
pub(super) struct Breaks {
    now: Option<OffsetDateTime>,
    /// The folder that is spoken of.
    at: Option<FolderName>,
    /// How often in a row, and when last.
    known: BTreeMap<FolderName, (u32, OffsetDateTime)>,
}

impl Breaks {
    /// Begins to speak of these folders. Others are gone, and forgotten.
    pub(super) fn begin(&mut self, folders: &[FolderName], now: OffsetDateTime) {
        (self.now, self.at) = (Some(now), None);
        self.known.retain(|folder, _| folders.contains(folder));
    }

    /// Notes that a folder is spoken of from now on. `false` where it is left out for a while, since the conversation broke
    /// off there again and again.
    pub(super) fn enter(&mut self, folder: &FolderName) -> bool {
        let is_left_out = self
            .known
            .get(folder)
            .is_some_and(|(times, at)| *times >= TRIES && self.now.is_none_or(|now| now < *at + REFUSED_FOR));
        if !is_left_out {
            self.at = Some(folder.clone());
        }
        !is_left_out
    }

    /// Notes that the server answered.
    pub(super) fn answered(&mut self) {
        if let Some(folder) = self.at.take() {
            self.known.remove(&folder);
        }
    }

    /// Notes that the conversation broke off. Tells whether the folder that was spoken of is left out from now on.
    pub(super) fn broke_off(&mut self) -> bool {
        let (Some(folder), Some(now)) = (self.at.take(), self.now) else { return false };
        let (times, at) = self.known.entry(folder).or_insert((0, now));
        (*times, *at) = (times.saturating_add(1), now);
        *times == TRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_left_out_for_a_while_where_the_conversation_broke_off_twice_in_a_row() {
        let [inbox, old] = ["INBOX", "Alt"].map(FolderName::of);
        let folders = [inbox.clone(), old.clone()];
        let (mut breaks, now) = (Breaks::default(), OffsetDateTime::UNIX_EPOCH);
        let mut speak = |folder: &FolderName, at, breaks_off: bool| {
            breaks.begin(&folders, at);
            let is_spoken_of = breaks.enter(folder);
            let is_told = breaks_off && breaks.broke_off();
            if !breaks_off {
                breaks.answered();
            }
            (is_spoken_of, is_told)
        };
        assert_eq!(speak(&old, now, true), (true, false));
        assert_eq!(speak(&old, now, false), (true, false), "it was somebody else's fault");
        assert_eq!(speak(&old, now, true), (true, false));
        assert_eq!(speak(&old, now, true), (true, true));
        assert_eq!((speak(&old, now, false), speak(&inbox, now, false)), ((false, false), (true, false)));
        // Once more after an hour, and then for another one.
        let later = now + REFUSED_FOR;
        assert_eq!((speak(&old, later, true), speak(&old, later, true)), ((true, false), (false, false)));
        assert_eq!(speak(&old, later + REFUSED_FOR, false), (true, false));
        assert_eq!(speak(&old, later + REFUSED_FOR, true), (true, false), "all is forgotten");
        breaks.begin(&[inbox], now);
        assert!(breaks.known.is_empty(), "so is what went");
    }
}
