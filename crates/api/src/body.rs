//! What requests say, as the server reads it: to the last field.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    admin::{features::ChangeFeatures, settings::ChangeSettings},
    conference::{
        entry::EntryRequest,
        meetings::ChangeMeeting,
        moderation::ModerationAct,
        rooms::{BookingDraft, ChangeRoom, NewRoom},
        settings::ChangeConferenceSettings,
        webhooks::{ChangeWebhook, WebhookFields},
    },
};

/// What a request says, where a field that nobody knows is a fault. It is written as it is read: what is missing there was
/// not understood.
pub trait Body: DeserializeOwned + Serialize {
    /// What reading shows beside what can be set: whoever changes something may send back all that was read.
    const SHOWN: &'static [&'static str] = &[];
}

impl Body for ChangeFeatures {}
impl Body for NewRoom {}
impl Body for BookingDraft {}
impl Body for WebhookFields {}
impl Body for EntryRequest {}
impl Body for ModerationAct {}

impl Body for ChangeRoom {
    const SHOWN: &'static [&'static str] = &["id", "kind", "owner", "role", "safeguards", "invited", "meetings"];
}

impl Body for ChangeMeeting {
    const SHOWN: &'static [&'static str] = &[
        "id",
        "room",
        "name",
        "kind",
        "owner",
        "role",
        "state",
        "starts_at",
        "ends_at",
        "time_zone",
        "recurring",
        "moved",
        "protection",
        "valid_from",
        "valid_until",
        "open_now",
        "description",
        "safeguards",
        "access",
    ];
}

impl Body for ChangeConferenceSettings {
    const SHOWN: &'static [&'static str] = &["usual", "classes", "limits", "mail_server"];
}

impl Body for ChangeSettings {
    const SHOWN: &'static [&'static str] = &["retention", "limits"];
}

impl Body for ChangeWebhook {
    const SHOWN: &'static [&'static str] = &["id", "waiting", "failing_since"];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The fields of a schema, with those of the schemas that it takes in.
    fn fields(document: &Value, schema: &Value) -> BTreeSet<String> {
        if let Some(path) = schema["$ref"].as_str() {
            return fields(document, document.pointer(path.trim_start_matches('#')).unwrap());
        }
        let own = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned());
        let taken_in = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
        own.chain(taken_in).collect()
    }

    /// Holds that all that reading shows can be sent back.
    fn can_be_sent_back<T: Body>(read: &str, sent: &str) {
        let document = serde_json::to_value(crate::document()).unwrap();
        let [read, sent] = [read, sent].map(|name| fields(&document, &document["components"]["schemas"][name]));
        assert!(!read.is_empty() && !sent.is_empty());
        let shown: BTreeSet<_> = read.difference(&sent).map(String::as_str).collect();
        assert_eq!(T::SHOWN.iter().copied().collect::<BTreeSet<_>>(), shown);
        assert_eq!(T::SHOWN.len(), shown.len(), "each stands there once");
    }

    #[test]
    fn all_that_reading_shows_can_be_sent_back() {
        can_be_sent_back::<ChangeRoom>("Room", "ChangeRoom");
        can_be_sent_back::<ChangeMeeting>("Meeting", "ChangeMeeting");
        can_be_sent_back::<ChangeConferenceSettings>("ConferenceSettingsView", "ChangeConferenceSettings");
        can_be_sent_back::<ChangeSettings>("SettingsView", "ChangeSettings");
        can_be_sent_back::<ChangeWebhook>("Webhook", "ChangeWebhook");
    }
}
