//! How well a meeting is kept: one choice that a person understands, and what follows from it.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// How well a meeting is kept.
    pub enum ProtectionClass {
        /// For everybody who has the link or the PIN.
        Open = "open",
        /// For the house; guests are let in one by one.
        Internal = "internal",
        /// For those who are invited, and nothing of it is kept.
        Confidential = "confidential",
    }
}

text_enum! {
    /// Who waits in the lobby until a host lets them in. Hosts and co-hosts never wait.
    pub enum LobbyFor {
        /// Nobody.
        Nobody = "nobody",
        /// Whoever has no account here.
        Guests = "guests",
        /// Whoever was not invited in person.
        Uninvited = "uninvited",
        /// Everybody.
        Everybody = "everybody",
    }
}

text_enum! {
    /// Up to where sound and pictures are encrypted.
    pub enum Encryption {
        /// Up to the server, which forwards them.
        Transport = "transport",
        /// From device to device: the server cannot see them. No class promises it by itself, because whoever invites has
        /// to pass the key on; an administration may ask for it.
        EndToEnd = "end_to_end",
    }
}

/// What a protection class means for a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Safeguards {
    /// Who waits in the lobby.
    pub lobby: LobbyFor,
    /// Up to where sound and pictures are encrypted.
    pub encryption: Encryption,
    /// Whether somebody may take part by telephone, once there is one. Never together with encryption from end to end.
    pub dial_in: bool,
    /// Whether people without an account may take part.
    pub guests: bool,
    /// How many days after its end the chat is kept; 0 forgets it at the end.
    pub keep_chat_days: u16,
}

impl ProtectionClass {
    /// What the class means unless a tenant asks for more.
    pub const fn safeguards(self) -> Safeguards {
        match self {
            Self::Open => Safeguards {
                lobby: LobbyFor::Nobody,
                encryption: Encryption::Transport,
                dial_in: true,
                guests: true,
                keep_chat_days: 7,
            },
            Self::Internal => Safeguards {
                lobby: LobbyFor::Guests,
                encryption: Encryption::Transport,
                dial_in: true,
                guests: true,
                keep_chat_days: 7,
            },
            Self::Confidential => Safeguards {
                lobby: LobbyFor::Uninvited,
                encryption: Encryption::Transport,
                dial_in: false,
                guests: true,
                keep_chat_days: 0,
            },
        }
    }
}

impl Safeguards {
    /// The stricter of the two in every point.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        let encryption = self.encryption.max(other.encryption);
        Self {
            lobby: self.lobby.max(other.lobby),
            encryption,
            dial_in: self.dial_in && other.dial_in && encryption == Encryption::Transport,
            guests: self.guests && other.guests,
            keep_chat_days: self.keep_chat_days.min(other.keep_chat_days),
        }
    }

    /// Whether nothing in it is laxer than `other`.
    pub fn is_at_least(self, other: Self) -> bool {
        self.at_least(other) == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_at_least_as_strict_as_the_one_before() {
        for pair in ProtectionClass::ALL.windows(2) {
            assert!(pair[1].safeguards().is_at_least(pair[0].safeguards()), "{} below {}", pair[1], pair[0]);
        }
    }

    #[test]
    fn nobody_dials_into_what_is_encrypted_from_end_to_end() {
        let open = ProtectionClass::Open.safeguards();
        let sealed = Safeguards { encryption: Encryption::EndToEnd, ..open };
        assert!(!open.at_least(sealed).dial_in);
    }
}
