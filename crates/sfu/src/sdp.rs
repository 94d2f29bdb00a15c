//! What the core itself reads of a session description: which sections carry which tracks. Everything else is str0m's.

use crate::ids::Kind;

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) mid: String,
    /// Nothing for the section of the data channels.
    pub(crate) kind: Option<Kind>,
    /// Whether the client sends in it.
    pub(crate) sends: bool,
    /// The track part of its msid.
    pub(crate) track: Option<String>,
    pub(crate) simulcast: bool,
}

/// The sections in order. Text that is no description has none.
pub(crate) fn sections(sdp: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let mut rejected = false;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split_ascii_whitespace();
            let kind = match words.next() {
                Some("audio") => Some(Kind::Audio),
                Some("video") => Some(Kind::Video),
                _ => None,
            };
            rejected = words.next() == Some("0");
            found.push(Section { mid: String::new(), kind, sends: !rejected, track: None, simulcast: false });
            continue;
        }
        let (Some(attribute), Some(section)) = (line.strip_prefix("a="), found.last_mut()) else { continue };
        match attribute.split_once(':').unwrap_or((attribute, "")) {
            ("mid", mid) => mid.trim().clone_into(&mut section.mid),
            // A section in a bundle may have port 0 before it is accepted.
            ("bundle-only", _) => {
                section.sends |= rejected;
                rejected = false;
            }
            ("recvonly" | "inactive", _) => {
                section.sends = false;
                rejected = false;
            }
            ("msid", value) => {
                section.track = value.split_ascii_whitespace().nth(1).map(str::to_owned);
            }
            ("simulcast", _) => section.simulcast = true,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=sendrecv\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
        a=msid:- 5f-mic\r\na=sendonly\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=mid:1\r\na=sendonly\r\n\
        a=msid:stream cam\r\na=simulcast:send q;h;f\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=inactive\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:4\r\n";

    #[test]
    fn the_tracks_of_an_offer_are_read() {
        let found = sections(OFFER);
        let sends: Vec<_> = found.iter().map(|section| (section.mid.as_str(), section.sends)).collect();
        assert_eq!(sends, [("0", true), ("1", true), ("2", false), ("3", false), ("4", true)]);
        assert_eq!(found[0].track.as_deref(), Some("5f-mic"));
        assert_eq!((found[1].kind, found[1].simulcast), (Some(Kind::Video), true));
        assert_eq!(found[4].kind, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(m=|a=|mid:|msid:|[ -~]|\r\n){0,80}") {
            sections(&text);
        }
    }
}
