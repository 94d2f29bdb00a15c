//! Words for programs in the gateway's words for people.
//!
//! SSH has only texts for why somebody is not let in or is sent away. The gateway says them in the person's language, and a
//! stick shows its own. So the word for the case stands in brackets at the end of a text, such as `… [slow_down 30]`: in the
//! name of a keyboard-interactive request without questions, and in the description of a disconnect.

use std::fmt;

/// Why somebody is not let in, or is sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Too many attempts.
    SlowDown {
        /// Seconds to wait.
        seconds: u32,
    },
    /// The device waits for approval.
    DevicePending,
    /// The person has no one-time code yet.
    EnrolmentRequired,
    /// The person has as many connections open as are allowed.
    TooManyConnections,
    /// The gateway's own fault; later it may work.
    Unavailable,
    /// The session was ended: by the administration, or because its time was over.
    SessionEnded,
    /// The gateway stops, perhaps to start again.
    ShuttingDown,
    /// Signing in took too long.
    GraceOver,
}

/// Those that are one word.
const WORDS: [(&str, Notice); 7] = [
    ("device_pending", Notice::DevicePending),
    ("enrolment_required", Notice::EnrolmentRequired),
    ("too_many_connections", Notice::TooManyConnections),
    ("unavailable", Notice::Unavailable),
    ("session_ended", Notice::SessionEnded),
    ("shutting_down", Notice::ShuttingDown),
    ("grace_over", Notice::GraceOver),
];

impl Notice {
    /// The text with the word for this at its end.
    pub fn mark(self, text: &str) -> String {
        format!("{text} [{self}]")
    }

    /// The word at the end of a text, if there is one that we know.
    pub fn find(text: &str) -> Option<Self> {
        let (_, word) = text.trim_end().strip_suffix(']')?.rsplit_once('[')?;
        let one = WORDS.iter().find(|(known, _)| *known == word).map(|(_, notice)| *notice);
        one.or_else(|| Some(Self::SlowDown { seconds: word.strip_prefix("slow_down ")?.parse().ok()? }))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::SlowDown { seconds } = self {
            return write!(f, "slow_down {seconds}");
        }
        f.write_str(WORDS.iter().find(|(_, notice)| notice == self).map_or("", |(word, _)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_found_where_it_was_put() {
        let slow = Notice::SlowDown { seconds: 30 };
        for notice in WORDS.map(|(_, notice)| notice).into_iter().chain([slow]) {
            assert_eq!(Notice::find(&notice.mark("Fernamt: Anmeldung")), Some(notice));
        }
        assert_eq!(slow.mark("Wait"), "Wait [slow_down 30]");
    }

    #[test]
    fn other_texts_hold_none() {
        for text in ["", "]", "[]", "Fernamt", "[slow_down]", "[slow_down -1]", "unavailable]", "[unavailable] ."] {
            assert_eq!(Notice::find(text), None, "{text}");
        }
    }
}
