//! Takes out of a conversation what differs each time: ids, times, addresses, keys, and what stands in an SDP only
//! because of them.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::Line;

/// Messages that come when they come, and say nothing about the course of a conversation.
const NOISE: &[&str] = &["ping", "pingReq", "pong", "pongResp", "speakersChanged", "connectionQuality"];
/// Fields whose value is a time, a number of a moment, or a measurement.
const MOMENTS: &[&str] = &[
    "timestamp",
    "creationTime",
    "creationTimeMs",
    "joinedAt",
    "joinedAtMs",
    "lastPingTimestamp",
    "revision",
    "pingInterval",
    "pingTimeout",
    "agentProtocol",
    "nodeId",
    "emptyTimeout",
    "departureTimeout",
    "turnPassword",
    "ssrc",
    "repairSsrc",
    "unixMicro",
    "sifTrailer",
];

/// Names ids by kind and order of appearance.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<String, String>,
    counts: HashMap<&'static str, u32>,
}

/// The conversation without what differs each time.
pub(crate) fn plain(lines: Vec<Line>) -> Vec<Line> {
    let mut names = Names::default();
    let mut left = HashSet::new();
    lines
        .into_iter()
        .filter(|line| !NOISE.contains(&line.kind.as_str()))
        .filter(|line| {
            // Whether the answer to a farewell still arrives is chance.
            let wanted = line.from == "client" || !left.contains(&line.connection);
            if line.from == "client" && line.kind == "leave" {
                left.insert(line.connection);
            }
            wanted
        })
        .map(|line| Line { message: names.value(&line.kind, line.message), ..line })
        .collect()
}

impl Names {
    fn value(&mut self, key: &str, value: Value) -> Value {
        match value {
            _ if MOMENTS.contains(&key) => json!("<moment>"),
            // A participant's version counts its changes; a server's is a text.
            Value::Number(_) if key == "version" => json!("<moment>"),
            Value::Object(fields) => Value::Object(self.fields(fields)),
            Value::Array(values) => values.into_iter().map(|value| self.value(key, value)).collect(),
            Value::String(text) => self.text(key, &text),
            other => other,
        }
    }

    fn fields(&mut self, fields: Map<String, Value>) -> Map<String, Value> {
        let mut plain = Map::new();
        for (key, value) in fields {
            // A map from sections to tracks is as long as the call went on.
            let value = if key == "midToTrackId" { json!("<by section>") } else { self.value(&key, value) };
            plain.insert(self.ids(&key), value);
        }
        plain
    }

    fn text(&mut self, key: &str, text: &str) -> Value {
        match key {
            "sdp" => self.sdp(text),
            "candidateInit" => candidate(text),
            "path" => path(text),
            "refreshToken" | "token" => json!("<token>"),
            _ => Value::String(self.ids(text)),
        }
    }

    /// Replaces ids of the server (`PA_x`), UUIDs, and those that clients make up.
    fn ids(&mut self, text: &str) -> String {
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "_-{}".contains(sign);
        let mut plain = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let end = rest[start..].find(|sign| !is_part(sign)).map_or(rest.len(), |length| start + length);
            plain += &rest[..start];
            plain += &self.id(&rest[start..end]);
            rest = &rest[end..];
        }
        plain + rest
    }

    fn id(&mut self, word: &str) -> String {
        let Some(kind) = kind(word) else { return word.to_owned() };
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind}{count}");
        self.known.insert(word.to_owned(), name.clone());
        name
    }

    /// An SDP as what it agrees on: no addresses, no keys, no numbers of payloads.
    fn sdp(&mut self, text: &str) -> Value {
        let mut parts = text.split("\nm=");
        let session = parts.next().unwrap_or_default();
        let sections: Vec<_> = parts.map(|part| self.section(part)).collect();
        let has = |name: &str| text.lines().any(|line| line.trim() == name);
        let bundled = session.lines().any(|line| line.starts_with("a=group:BUNDLE"));
        json!({ "bundled": bundled, "iceLite": has("a=ice-lite"), "sections": sections })
    }

    fn section(&mut self, part: &str) -> Value {
        let mut lines = part.lines().map(str::trim);
        let first = lines.next().unwrap_or_default();
        let mut section = Map::from_iter([("kind".to_owned(), json!(first.split(' ').next()))]);
        section.insert("stopped".to_owned(), json!(first.split(' ').nth(1) == Some("0")));
        let (mut codecs, mut feedback, mut formats, mut extensions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for line in lines.filter_map(|line| line.strip_prefix("a=")) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let second = value.split_once(' ').map_or("", |(_, second)| second);
            match name {
                "sendrecv" | "sendonly" | "recvonly" | "inactive" => {
                    section.insert("direction".to_owned(), json!(name));
                }
                "setup" => {
                    section.insert(name.to_owned(), json!(value));
                }
                "msid" => {
                    section.insert(name.to_owned(), json!(self.ids(value)));
                }
                "rtpmap" => codecs.push(second.to_ascii_lowercase()),
                "rtcp-fb" => feedback.push(second.to_owned()),
                "fmtp" if second.contains("minptime") || second.contains("useinbandfec") => {
                    formats.push(second.to_owned());
                }
                "extmap" => extensions.push(second.split(' ').next().unwrap_or_default().to_owned()),
                "simulcast" => {
                    section.insert(name.to_owned(), json!(value));
                }
                _ => {}
            }
        }
        for (name, mut values) in
            [("codecs", codecs), ("feedback", feedback), ("formats", formats), ("extensions", extensions)]
        {
            values.sort();
            values.dedup();
            if !values.is_empty() {
                section.insert(name.to_owned(), json!(values));
            }
        }
        Value::Object(section)
    }
}

/// What sort of id a word is, if it is one.
fn kind(word: &str) -> Option<&'static str> {
    let bare = word.trim_matches(|sign| "{}".contains(sign));
    let server = ["PA_", "TR_", "RM_", "DTR_"];
    if let Some(prefix) = server.iter().find(|prefix| word.starts_with(**prefix)) {
        return (word.len() > prefix.len() + 5).then_some(prefix);
    }
    let lengths: Vec<_> = bare.split('-').map(str::len).collect();
    let hexadecimal = bare.chars().all(|sign| sign.is_ascii_hexdigit() || sign == '-');
    (lengths == [8, 4, 4, 4, 12] && hexadecimal).then_some("uuid")
}

fn candidate(text: &str) -> Value {
    let parsed: Value = serde_json::from_str(text).unwrap_or_default();
    let candidate = parsed["candidate"].as_str().unwrap_or_default();
    let words: Vec<_> = candidate.split(' ').collect();
    let kind = words.iter().position(|word| *word == "typ").and_then(|at| words.get(at + 1));
    json!({ "transport": words.get(2), "kind": kind, "sdpMid": parsed["sdpMid"], "sdpMLineIndex": parsed["sdpMLineIndex"] })
}

/// The path with the names of its parameters, and the values of those that steer the server.
fn path(text: &str) -> Value {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut parameters = Map::new();
    for (name, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        let told = ["auto_subscribe", "reconnect", "protocol", "sdk", "adaptive_stream", "subscriber_allow_pause"];
        parameters.insert(name.to_owned(), if told.contains(&name) { json!(value) } else { json!("<any>") });
    }
    json!({ "path": path, "parameters": parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_named_in_the_order_they_appear() {
        let line = |message| Line { connection: 1, from: "server".to_owned(), kind: "update".to_owned(), message };
        let lines = vec![
            line(json!({ "sid": "TR_abcdefgh", "msid": "PA_zyxwvuts|TR_abcdefgh", "joinedAt": "17" })),
            line(json!({ "sid": "TR_hgfedcba", "cid": "0a1b2c3d-0000-1111-2222-0123456789ab" })),
        ];
        let plain = plain(lines);
        assert_eq!(plain[0].message, json!({ "sid": "TR_1", "msid": "PA_1|TR_1", "joinedAt": "<moment>" }));
        assert_eq!(plain[1].message, json!({ "sid": "TR_2", "cid": "uuid1" }));
    }

    #[test]
    fn an_sdp_is_told_without_addresses_and_keys() {
        let sdp = "v=0\r\na=group:BUNDLE 0\r\na=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-pwd:secret\r\n\
                   a=rtpmap:96 VP8/90000\r\na=sendonly\r\na=msid:PA_abcdefgh|TR_abcdefgh TR_abcdefgh\r\n";
        let plain = Names::default().sdp(sdp);
        assert_eq!(plain["iceLite"], true);
        assert_eq!(plain["sections"][0]["codecs"], json!(["vp8/90000"]));
        assert_eq!(plain["sections"][0]["msid"], "PA_1|TR_1 TR_1");
        assert!(!plain.to_string().contains("secret"));
    }
}
