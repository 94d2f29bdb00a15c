//! How the program ended, for scripts.

use std::process::ExitCode;

use crate::engine::Problem;

/// The exit codes. They stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// As wished. With `-- command` the command's own exit code takes this place.
    Wish = 0,
    /// Something that no other code names.
    Failed = 1,
    /// The arguments are wrong, a secret is missing, or the target's name means none or several.
    Usage = 2,
    /// The key container does not open.
    CannotUnlock = 3,
    /// Sign-in or activation was refused.
    SignInRefused = 4,
    /// The gateway cannot be reached.
    Unreachable = 5,
    /// The target is not allowed, or not any more.
    TargetForbidden = 6,
    /// The administration ended the session, or the stick is blocked because a copy of it was used.
    EndedByAdministration = 7,
    /// The line was away for too long.
    LineLost = 8,
    /// The stick itself: no or a wrong `stick.json`, not activated, damaged, full, or pulled.
    Stick = 9,
    /// Whoever answers is not our gateway.
    NotOurGateway = 10,
    /// The target does not answer, or nothing can be started for it.
    TargetUnreachable = 11,
    /// The program is too old for its gateway.
    Outdated = 12,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Wish,
        Self::Failed,
        Self::Usage,
        Self::CannotUnlock,
        Self::SignInRefused,
        Self::Unreachable,
        Self::TargetForbidden,
        Self::EndedByAdministration,
        Self::LineLost,
        Self::Stick,
        Self::NotOurGateway,
        Self::TargetUnreachable,
        Self::Outdated,
    ];

    /// The code for a problem that ended everything.
    pub fn of(problem: &Problem) -> Self {
        match problem {
            Problem::CannotUnlock => Self::CannotUnlock,
            Problem::WrongActivationCode
            | Problem::SignInRefused
            | Problem::SlowDown { .. }
            | Problem::DevicePending
            | Problem::EnrolmentRequired => Self::SignInRefused,
            Problem::Unreachable | Problem::Unavailable | Problem::Restarting | Problem::ProxyWantsPassword => {
                Self::Unreachable
            }
            Problem::TargetForbidden => Self::TargetForbidden,
            Problem::SessionEnded | Problem::Copied => Self::EndedByAdministration,
            Problem::LineLost => Self::LineLost,
            Problem::NoConfig | Problem::ContainerDamaged | Problem::CannotWrite | Problem::StickPulled => Self::Stick,
            Problem::WrongHostKey => Self::NotOurGateway,
            Problem::TargetUnreachable | Problem::NoProgram => Self::TargetUnreachable,
            Problem::Outdated => Self::Outdated,
            Problem::WeakPassphrase => Self::Usage,
            Problem::NoMemory => Self::Failed,
        }
    }

    /// As a number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Language, problem_word, sentence};

    /// What scripts are promised.
    const PAGE: &str = include_str!("../../../../docs/operate/stick-scripts.md");

    #[test]
    fn codes_are_distinct_and_documented() {
        for (number, exit) in Exit::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(exit.code()), number, "{exit:?}");
            assert!(PAGE.contains(&format!("\n| `{number}` |")), "{exit:?} is not on the page");
        }
    }

    #[test]
    fn every_problem_has_its_word_its_code_and_a_sentence_in_each_language() {
        for problem in Problem::EVERY {
            assert!(PAGE.contains(&format!("\n| `{}` |", problem_word(&problem))), "{problem:?} is not on the page");
            assert_ne!(Exit::of(&problem), Exit::Wish, "{problem:?}");
            let [german, english] = [Language::German, Language::English].map(|language| sentence(&problem, language));
            assert!(german != english && german.ends_with('.') && english.ends_with('.'), "{problem:?}");
        }
    }
}
