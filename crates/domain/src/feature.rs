//! What of mail can be switched off for people: which features there are, and how each is switched.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{GroupId, text_enum};

/// The most groups that one feature is switched on for, and off for.
pub const MAX_GROUPS: usize = 200;

text_enum! {
    /// Something of mail that not everybody needs to have.
    pub enum Feature {
        /// Opening what is attached to messages.
        Attachments = "attachments",
        /// Keeping files inside the container.
        Files = "files",
        /// Saving attachments outside the container.
        Download = "download",
        /// Unlocking the container without a connection.
        Offline = "offline",
        /// Being told of new messages while the page is in the background.
        Notices = "notices",
        /// Loading pictures that messages show from the internet.
        Pictures = "pictures",
        /// Letting colleagues into a mailbox.
        Sharing = "sharing",
        /// Working in mailboxes of others.
        Delegation = "delegation",
        /// Having senders answered while nobody is there.
        Absence = "absence",
        /// Using mail by a program with a token.
        Programs = "programs",
    }
}

/// How one feature is switched. Whoever is in a group that it is off for does not have it, whatever else holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeatureSwitch {
    /// The feature.
    pub feature: Feature,
    /// Whether everybody has it whom nothing else is said of.
    pub everybody: bool,
    /// The groups that have it, too; needed where not everybody has it.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub on: BTreeSet<GroupId>,
    /// The groups that do not have it.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub off: BTreeSet<GroupId>,
}

impl FeatureSwitch {
    /// A feature of which nobody said anything: everybody has it, as far as the settings allow it to anybody.
    pub fn untouched(feature: Feature) -> Self {
        Self { feature, everybody: true, on: BTreeSet::new(), off: BTreeSet::new() }
    }
}

/// Whether one of these switches says something of a group.
pub fn names(switches: &[FeatureSwitch], group: GroupId) -> bool {
    switches.iter().any(|switch| switch.on.contains(&group) || switch.off.contains(&group))
}

/// The features that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features(u16);

impl Features {
    /// Every one.
    pub fn all() -> Self {
        Feature::ALL.iter().copied().collect()
    }

    /// Whether this one is among them.
    pub fn has(self, feature: Feature) -> bool {
        self.0 & bit(feature) != 0
    }

    /// Those that are not among them, in the order of their declaration.
    pub fn missing(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| !self.has(*feature))
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<T: IntoIterator<Item = Feature>>(features: T) -> Self {
        Self(features.into_iter().fold(0, |all, feature| all | bit(feature)))
    }
}

fn bit(feature: Feature) -> u16 {
    1 << (feature as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_had_by_itself() {
        for feature in Feature::ALL {
            let one = Features::from_iter([*feature]);
            assert!(one.has(*feature));
            assert_eq!(one.missing().count(), Feature::ALL.len() - 1, "{feature}");
        }
        assert_eq!(Features::all().missing().count(), 0);
    }
}
