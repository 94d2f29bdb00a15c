//! What a meeting allows now, and what follows for somebody in it.

use fernamt_api::conference::socket::{ChatRule, MeetingRules, RulesChange, SeatPermissions};
use fernamt_domain::conference::{Allowed, MeetingRole, Permissions};
use fernamt_media::Sources;
use serde::{Deserialize, Serialize};

/// What a meeting allows now: begun with what its room says, changed while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Nobody new gets in.
    pub locked: bool,
    /// Whoever comes from now on waits in the lobby.
    pub lobby: bool,
    /// Everybody may write to the hosts.
    pub to_hosts: bool,
    /// Reactions may be shown.
    pub reactions: bool,
    /// Who may do what.
    pub permissions: Permissions,
}

impl From<Permissions> for Rules {
    fn from(permissions: Permissions) -> Self {
        Self { locked: false, lobby: false, to_hosts: true, reactions: true, permissions }
    }
}

impl Rules {
    /// As the socket tells it.
    pub fn told(&self) -> MeetingRules {
        let all = |allowed: Allowed| allowed.includes(MeetingRole::Participant);
        let Permissions { unmute, camera, share, chat, private_chat, .. } = self.permissions;
        let chat = match (all(chat), all(private_chat), self.to_hosts) {
            (true, true, _) => ChatRule::Private,
            (true, false, _) => ChatRule::Public,
            (false, _, true) => ChatRule::ToHosts,
            (false, _, false) => ChatRule::Off,
        };
        MeetingRules {
            locked: self.locked,
            lobby: self.lobby,
            may_unmute: all(unmute),
            may_show: all(camera),
            may_share: all(share),
            chat,
            may_react: self.reactions,
        }
    }

    /// Changes what is named.
    pub fn change(&mut self, change: RulesChange) {
        let allowed = |all: bool| if all { Allowed::Participants } else { Allowed::Presenters };
        let set = |allowed_now: &mut Allowed, wanted: Option<bool>| {
            if let Some(wanted) = wanted
                && allowed_now.includes(MeetingRole::Participant) != wanted
            {
                *allowed_now = allowed(wanted);
            }
        };
        self.locked = change.locked.unwrap_or(self.locked);
        self.lobby = change.lobby.unwrap_or(self.lobby);
        self.reactions = change.may_react.unwrap_or(self.reactions);
        set(&mut self.permissions.unmute, change.may_unmute);
        set(&mut self.permissions.camera, change.may_show);
        set(&mut self.permissions.share, change.may_share);
        if let Some(chat) = change.chat.filter(|chat| *chat != self.told().chat) {
            let (everybody, one, hosts) = match chat {
                ChatRule::Off => (Allowed::Moderators, Allowed::Moderators, false),
                ChatRule::ToHosts => (Allowed::Moderators, Allowed::Moderators, true),
                ChatRule::Public => (Allowed::Everybody, Allowed::Moderators, true),
                ChatRule::Private => (Allowed::Everybody, Allowed::Participants, true),
            };
            (self.permissions.chat, self.permissions.private_chat, self.to_hosts) = (everybody, one, hosts);
        }
    }

    /// What somebody of this role may do; on the stage, a listener counts as presenting.
    pub fn may(&self, role: MeetingRole, on_stage: bool) -> SeatPermissions {
        let moderate = role.moderates();
        let role = if on_stage && !role.speaks() { MeetingRole::Presenter } else { role };
        let may = |allowed: Allowed| moderate || (role.speaks() && allowed.includes(role));
        let writes = |allowed: Allowed| moderate || allowed.includes(role);
        SeatPermissions {
            speak: may(self.permissions.unmute),
            show: may(self.permissions.camera),
            share: may(self.permissions.share),
            chat: writes(self.permissions.chat),
            chat_to_hosts: moderate || self.to_hosts,
            chat_to_one: writes(self.permissions.private_chat),
            react: moderate || self.reactions,
            moderate,
        }
    }

    /// Whether somebody of this role sees everybody who takes part, or only those who run and present it.
    pub fn sees_all(&self, role: MeetingRole, on_stage: bool) -> bool {
        let role = if on_stage && !role.speaks() { MeetingRole::Presenter } else { role };
        role.moderates() || self.permissions.roster.includes(role)
    }
}

/// The same for the media plane. Chat and gestures go over the socket, so nobody sends data through it; listeners are hidden.
pub fn in_the_plane(may: SeatPermissions, hidden: bool) -> fernamt_media::Permissions {
    fernamt_media::Permissions {
        publish: Sources { microphone: may.speak, camera: may.show, screen: may.share },
        subscribe: true,
        send_data: false,
        hidden,
        own_metadata: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lecture_lets_presenters_speak_and_listeners_write() {
        let rules = Rules::from(Permissions::of_lecture());
        let listener = rules.may(MeetingRole::Listener, false);
        assert!(!listener.speak && !listener.show && !listener.share && listener.chat && !listener.chat_to_one);
        let stage = rules.may(MeetingRole::Listener, true);
        assert!(stage.speak && stage.show && stage.share && !stage.moderate);
        assert!(!rules.sees_all(MeetingRole::Listener, false) && rules.sees_all(MeetingRole::Listener, true));
    }

    proptest! {
        #[test]
        fn what_is_set_is_told_and_hosts_keep_everything(
            unmute: bool, show: bool, share: bool, react: bool, lobby: bool, locked: bool, chat in 0..4_usize, lecture: bool
        ) {
            let base = if lecture { Permissions::of_lecture() } else { Permissions::default() };
            let mut rules = Rules::from(base);
            let chat = ChatRule::ALL[chat];
            rules.change(RulesChange {
                locked: Some(locked), lobby: Some(lobby), may_unmute: Some(unmute), may_show: Some(show),
                may_share: Some(share), chat: Some(chat), may_react: Some(react),
            });
            let told = rules.told();
            prop_assert_eq!(told, MeetingRules {
                locked, lobby, may_unmute: unmute, may_show: show, may_share: share, chat, may_react: react
            });
            let participant = rules.may(MeetingRole::Participant, false);
            prop_assert_eq!((participant.speak, participant.show, participant.share), (unmute, show, share));
            prop_assert_eq!(participant.chat, matches!(chat, ChatRule::Public | ChatRule::Private));
            prop_assert_eq!(participant.chat_to_one, chat == ChatRule::Private);
            prop_assert_eq!(participant.chat_to_hosts, chat != ChatRule::Off);
            for role in [MeetingRole::Host, MeetingRole::Cohost] {
                let may = rules.may(role, false);
                prop_assert!(may.speak && may.show && may.share && may.chat && may.chat_to_one && may.moderate);
            }
            let before = rules;
            rules.change(RulesChange::default());
            prop_assert_eq!(before, rules);
        }
    }
}
