//! What the core itself reads of a session description: which sections carry which tracks; and what it changes in its
//! answers: which codec comes first, because that is the one clients send. Everything else is str0m's.

use crate::ids::{Kind, VideoCodec};

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

/// What a client wants of a section of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) mid: String,
    /// The codec it sends, if it is in.
    pub(crate) codec: VideoCodec,
}

/// An answer as clients want it.
pub(crate) fn tailored(answer: &str, wishes: &[Wish]) -> String {
    let mut whole = String::with_capacity(answer.len());
    let mut section: Vec<&str> = Vec::new();
    for line in answer.split_inclusive('\n') {
        if line.starts_with("m=") {
            finish(&mut whole, &section, wishes);
            section.clear();
        }
        section.push(line);
    }
    finish(&mut whole, &section, wishes);
    whole
}

/// Writes a section, its payload types in the order of the wish for it.
fn finish(whole: &mut String, section: &[&str], wishes: &[Wish]) {
    let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:")).map(str::trim);
    let wish = wishes.iter().find(|wish| Some(wish.mid.as_str()) == mid);
    let Some((wish, (media, rest))) = wish.zip(section.split_first()) else {
        return whole.extend(section.iter().copied());
    };
    let mut first: Vec<&str> = section.iter().filter_map(|line| payload_type_of(line, wish.codec)).collect();
    let repairs: Vec<&str> = section.iter().filter_map(|line| repair_of(line, &first)).collect();
    first.extend(repairs);
    // What stands before the payload types: kind, port, protocol.
    let words: Vec<&str> = media.split_ascii_whitespace().collect();
    let (head, types) = words.split_at(words.len().min(3));
    let preferred = types.iter().filter(|word| first.contains(word));
    let others = types.iter().filter(|word| !first.contains(word));
    let line: Vec<&str> = head.iter().chain(preferred).chain(others).copied().collect();
    whole.push_str(&line.join(" "));
    whole.push_str("\r\n");
    whole.extend(rest.iter().copied());
}

/// The payload type that a line gives to a codec.
fn payload_type_of(line: &str, codec: VideoCodec) -> Option<&str> {
    let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
    let name = name.split('/').next()?;
    name.eq_ignore_ascii_case(codec.name()).then_some(number)
}

/// The payload type that a line names as the repairs of one of these.
fn repair_of<'a>(line: &'a str, of: &[&str]) -> Option<&'a str> {
    let (number, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
    parameters.trim().strip_prefix("apt=").filter(|apt| of.contains(apt)).map(|_| number)
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

    #[test]
    fn the_codec_a_client_wants_to_send_comes_first() {
        let answer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 45\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n\
            a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:99 rtx/90000\r\n\
            a=fmtp:99 apt=98\r\na=rtpmap:45 AV1/90000\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n";
        let wish = |codec| vec![Wish { mid: "1".to_owned(), codec }];
        assert_eq!(tailored(answer, &[]), answer);
        assert_eq!(tailored(answer, &wish(VideoCodec::H264)), answer, "not in");
        assert_eq!(tailored(answer, &wish(VideoCodec::Vp9)), answer.replace("96 97 98 99 45", "98 99 96 97 45"));
        assert_eq!(tailored(answer, &wish(VideoCodec::Av1)), answer.replace("96 97 98 99 45", "45 96 97 98 99"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(m=|a=|mid:|msid:|rtpmap:|fmtp:|[ -~]|\r\n){0,80}") {
            sections(&text);
            let wish = Wish { mid: text.chars().take(1).collect(), codec: VideoCodec::Vp9 };
            tailored(&text, &[wish]);
        }
    }
}
