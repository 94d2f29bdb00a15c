//! Holds one conversation against another: by order, where clients rely on it, and by what each message says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::{Conversation, Line};

/// Numbers that begin anywhere and only count on.
const COUNTERS: &[&str] = &["offer.id", "answer.id"];

/// Something that two servers say differently.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Where: the message and the fields down to the value, `[]` for any element of a list.
    pub path: String,
    /// What the reference says there, if anything.
    pub reference: BTreeSet<String>,
    /// What the other says there, if anything.
    pub other: BTreeSet<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        write!(formatter, "{}: [{}] there, [{}] here", self.path, list(&self.reference), list(&self.other))
    }
}

/// What the servers of two conversations say differently. A field counts with all the values it had in the whole
/// conversation, because updates come in no fixed number.
pub fn differences(reference: &Conversation, other: &Conversation) -> Vec<Difference> {
    let (reference, other) = (said(reference), said(other));
    let paths: BTreeSet<_> = reference.keys().chain(other.keys()).collect();
    let of = |said: &BTreeMap<String, BTreeSet<String>>, path| {
        // Whether something is said at all counts too, where it has no value of its own.
        said.get(path)
            .map(|values| if values.is_empty() { BTreeSet::from(["present".to_owned()]) } else { values.clone() })
    };
    paths
        .into_iter()
        .map(|path| Difference {
            path: path.clone(),
            reference: of(&reference, path).unwrap_or_default(),
            other: of(&other, path).unwrap_or_default(),
        })
        .filter(|difference| difference.reference != difference.other && !COUNTERS.contains(&difference.path.as_str()))
        .collect()
}

fn said(conversation: &Conversation) -> BTreeMap<String, BTreeSet<String>> {
    let mut said = BTreeMap::new();
    for line in conversation.lines.iter().filter(|line| line.from == "server") {
        note(&mut said, line.kind.clone(), &line.message);
    }
    said
}

fn note(said: &mut BTreeMap<String, BTreeSet<String>>, path: String, value: &Value) {
    match value {
        Value::Object(fields) => {
            said.entry(path.clone()).or_default();
            for (name, value) in fields {
                note(said, format!("{path}.{name}"), value);
            }
        }
        Value::Array(values) => {
            said.entry(path.clone()).or_default();
            for value in values {
                note(said, format!("{path}[]"), value);
            }
        }
        Value::String(text) => {
            said.entry(path).or_default().insert(uncounted(text));
        }
        other => {
            said.entry(path).or_default().insert(other.to_string());
        }
    }
}

/// Which of several tracks is meant depends on which came first.
fn uncounted(text: &str) -> String {
    let mut plain = text.to_owned();
    for kind in ["PA_", "TR_", "RM_", "uuid"] {
        let parts: Vec<_> = plain.split(kind).map(str::to_owned).collect();
        let rest = parts.iter().skip(1).map(|part| part.trim_start_matches(|sign: char| sign.is_ascii_digit()));
        plain = std::iter::once(parts[0].as_str()).chain(rest).collect::<Vec<_>>().join(&format!("{kind}*"));
    }
    plain
}

/// Where a server breaks the order that clients rely on (see `docs/adr/0019-livekits-client-protocol-as-a-frozen-subset.md`).
pub(crate) fn breaches(lines: &[Line]) -> Vec<String> {
    let connections: BTreeSet<_> = lines.iter().map(|line| line.connection).collect();
    let mut breaches = Vec::new();
    let mut known = BTreeSet::new();
    for connection in connections {
        let lines: Vec<_> = lines.iter().filter(|line| line.connection == connection).collect();
        let mut breach = |what: String| breaches.push(format!("connection {connection}: {what}"));
        let first = lines.iter().find(|line| line.from == "server").map(|line| line.kind.as_str());
        if !matches!(first, Some("join" | "reconnect" | "leave" | "refused") | None) {
            breach(format!("the server begins with {first:?}"));
        }
        for (at, line) in lines.iter().enumerate() {
            let later = lines.get(at..).unwrap_or_default();
            match (line.from.as_str(), line.kind.as_str()) {
                ("client", "addTrack") => answered(later, "trackPublished", &line.message, "cid", &mut breach),
                ("client", "offer") => answered(later, "answer", &line.message, "id", &mut breach),
                ("client", "updateMetadata") => {
                    answered(later, "requestResponse", &line.message, "requestId", &mut breach);
                }
                ("server", "join" | "update") => tracks_told(&line.message, &mut known),
                ("server", "offer") => {
                    for track in tracks_sent(&line.message) {
                        if !known.contains(&track) {
                            breach(format!("{track} is offered before anybody was told of it"));
                        }
                    }
                }
                _ => {}
            }
            if line.from == "server" && has_empty_id(&line.message) {
                breach(format!("{} has an empty id", line.kind));
            }
        }
    }
    breaches
}

fn answered(later: &[&Line], kind: &str, question: &Value, field: &str, breach: &mut impl FnMut(String)) {
    // A client that leaves waits for nothing more; whoever offers again is answered for the newest.
    let newer = later.iter().skip(1).any(|line| kind == "answer" && line.from == "client" && line.kind == "offer");
    let over = later.iter().any(|line| line.kind == "leave");
    let answered = later
        .iter()
        .any(|line| line.from == "server" && line.kind == kind && line.message.get(field) == question.get(field));
    if !answered && !newer && !over {
        breach(format!("no {kind} with {field} {:?}", question.get(field)));
    }
}

fn tracks_told(message: &Value, known: &mut BTreeSet<String>) {
    let participants = ["otherParticipants", "participants"].into_iter().filter_map(|name| message[name].as_array());
    for track in participants.flatten().filter_map(|one| one["tracks"].as_array()).flatten() {
        known.extend(track["sid"].as_str().map(str::to_owned));
    }
}

fn tracks_sent(offer: &Value) -> Vec<String> {
    let sections = offer["sdp"]["sections"].as_array().into_iter().flatten();
    sections
        .filter(|section| section["direction"] == "sendonly" || section["direction"] == "sendrecv")
        .filter_map(|section| Some(section["msid"].as_str()?.rsplit_once(' ')?.1.to_owned()))
        .collect()
}

fn has_empty_id(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| (name == "sid" && value == "") || has_empty_id(value))
        }
        Value::Array(values) => values.iter().any(has_empty_id),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(from: &str, kind: &str, message: Value) -> Line {
        Line { connection: 1, from: from.to_owned(), kind: kind.to_owned(), message }
    }

    #[test]
    fn a_difference_tells_both_sides_and_ignores_how_often() {
        let one = Conversation { lines: vec![line("server", "update", json!({ "muted": true, "sid": "TR_1" }))] };
        let mut two = one.clone();
        two.lines.push(line("server", "update", json!({ "muted": true, "sid": "TR_2" })));
        assert!(differences(&one, &two).is_empty());
        two.lines.push(line("server", "update", json!({ "name": "x" })));
        let found: Vec<_> = differences(&one, &two).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["update.name: [] there, [x] here"]);
    }

    #[test]
    fn each_breach_of_the_order_is_found() {
        let fine = [
            line("server", "join", json!({ "otherParticipants": [{ "tracks": [{ "sid": "TR_1" }] }] })),
            line("client", "addTrack", json!({ "cid": "a" })),
            line("client", "offer", json!({ "id": 1 })),
            line("server", "trackPublished", json!({ "cid": "a" })),
            line("server", "answer", json!({ "id": 1 })),
            line(
                "server",
                "offer",
                json!({ "sdp": { "sections": [{ "direction": "sendonly", "msid": "PA_1|TR_1 TR_1" }] } }),
            ),
        ];
        assert_eq!(breaches(&fine), Vec::<String>::new());
        for missing in [0, 3, 4] {
            let mut broken = fine.to_vec();
            broken.remove(missing);
            assert_eq!(breaches(&broken).len(), if missing == 0 { 2 } else { 1 }, "{missing}");
        }
    }
}
