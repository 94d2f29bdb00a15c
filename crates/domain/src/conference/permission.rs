//! What those who do not run a meeting may do in it.

use serde::{Deserialize, Serialize};

use super::MeetingRole;
use crate::text_enum;

text_enum! {
    /// To whom something is allowed in a meeting, the fewest first.
    pub enum Allowed {
        /// To hosts and co-hosts.
        Moderators = "moderators",
        /// To those who present, too.
        Presenters = "presenters",
        /// To everybody who takes part, not to those who only listen.
        Participants = "participants",
        /// To everybody.
        Everybody = "everybody",
    }
}

impl Allowed {
    /// Whether this role is among them.
    pub fn includes(self, role: MeetingRole) -> bool {
        match self {
            Self::Moderators => role.moderates(),
            Self::Presenters => role.moderates() || role == MeetingRole::Presenter,
            Self::Participants => role.speaks(),
            Self::Everybody => true,
        }
    }
}

/// Who may do what when a meeting begins. Whoever runs it may change that while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Permissions {
    /// Switch on the own microphone.
    pub unmute: Allowed,
    /// Switch on the own camera.
    pub camera: Allowed,
    /// Share the own screen.
    pub share: Allowed,
    /// Write to everybody.
    pub chat: Allowed,
    /// Write to one other person.
    pub private_chat: Allowed,
    /// See who is there; who may not sees those who run and present it, and how many the others are.
    pub roster: Allowed,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            unmute: Allowed::Participants,
            camera: Allowed::Participants,
            share: Allowed::Participants,
            chat: Allowed::Everybody,
            private_chat: Allowed::Participants,
            roster: Allowed::Participants,
        }
    }
}

impl Permissions {
    /// What a lecture begins with: who presents speaks, and who listens writes.
    pub fn of_lecture() -> Self {
        Self {
            unmute: Allowed::Presenters,
            camera: Allowed::Presenters,
            share: Allowed::Presenters,
            chat: Allowed::Everybody,
            private_chat: Allowed::Moderators,
            roster: Allowed::Presenters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_may_more_may_not_lose() {
        for role in MeetingRole::ALL {
            for pair in Allowed::ALL.windows(2) {
                assert!(!pair[0].includes(*role) || pair[1].includes(*role), "{role} is in {} only", pair[0]);
            }
        }
        assert!(!Permissions::of_lecture().unmute.includes(MeetingRole::Listener));
    }
}
