//! What the core itself reads of a session description: which sections carry which tracks; and what it changes in its
//! answers: which codec comes first, because that is the one clients send, whether sound repeats itself, and that it may
//! pause. Everything else is str0m's.

use std::collections::BTreeMap;

use crate::ids::{Kind, VideoCodec};

/// No name of a codec and no parameter that counts is longer.
const MAX_CODEC_CHARS: usize = 40;

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

/// What a payload type stands for, as far as connections tell such apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meaning {
    codec: Option<String>,
    profile: Vec<String>,
}

/// The parameters that make two codecs of one.
const PROFILE: [&str; 6] = ["apt", "packetization-mode", "profile", "profile-id", "profile-level-id", "tier"];

/// What the payload types of a connection stand for. str0m takes for granted that each keeps its meaning as long as the
/// connection lives, as it must (RFC 3264).
#[derive(Debug, Default)]
pub(crate) struct PayloadTypes(BTreeMap<u8, Meaning>);

impl PayloadTypes {
    /// Learns those of a description; says whether each means what it meant.
    pub(crate) fn learn(&mut self, sdp: &str) -> bool {
        sdp.split("\nm=").all(|section| {
            let mut here: BTreeMap<u8, Meaning> = BTreeMap::new();
            for line in section.lines() {
                let Some(number) = described(line).and_then(|number| number.parse().ok()) else { continue };
                let Some((name, value)) = line.split_once(' ') else { continue };
                if name.starts_with("a=rtpmap:") {
                    let codec = value.chars().take(MAX_CODEC_CHARS).collect::<String>().trim_end().to_lowercase();
                    here.entry(number).or_default().codec = Some(codec);
                } else if name.starts_with("a=fmtp:") {
                    let of_profile = |parameter: &&str| {
                        let name = parameter.split('=').next().unwrap_or_default();
                        PROFILE.iter().any(|known| known.eq_ignore_ascii_case(name))
                    };
                    let parameters = value.split(';').map(str::trim).filter(of_profile);
                    let profile = &mut here.entry(number).or_default().profile;
                    profile
                        .extend(parameters.take(PROFILE.len()).map(|one| one.chars().take(MAX_CODEC_CHARS).collect()));
                    profile.sort_unstable();
                }
            }
            // Lines without a codec say nothing.
            here.into_iter().filter(|(_, meaning)| meaning.codec.is_some()).all(|(number, meaning)| {
                let known = self.0.entry(number).or_insert_with(|| meaning.clone());
                *known == meaning
            })
        })
    }
}

/// What a client wants of a section of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) mid: String,
    /// The codec it sends, if it is in.
    pub(crate) codec: Option<VideoCodec>,
    /// Sound may repeat itself.
    pub(crate) red: bool,
}

/// An answer as clients want it. Sound nobody said anything about does not repeat itself.
pub(crate) fn tailored(answer: &str, wishes: &[Wish]) -> String {
    let mut whole = String::with_capacity(answer.len() + 64);
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

fn finish(whole: &mut String, section: &[&str], wishes: &[Wish]) {
    let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:")).map(str::trim);
    let wish = wishes.iter().find(|wish| Some(wish.mid.as_str()) == mid);
    let Some((media, rest)) = section.split_first() else { return };
    match wish.and_then(|wish| wish.codec) {
        _ if media.starts_with("m=audio") => finish_sound(whole, media, rest, wish.is_some_and(|wish| wish.red)),
        Some(codec) if media.starts_with("m=video") => {
            let mut first: Vec<&str> = rest.iter().filter_map(|line| payload_type_of(line, codec.name())).collect();
            let repairs: Vec<&str> = rest.iter().filter_map(|line| repair_of(line, &first)).collect();
            first.extend(repairs);
            let (head, types) = media_words(media);
            let (preferred, others): (Vec<&str>, Vec<&str>) = types.into_iter().partition(|word| first.contains(word));
            write_media(whole, &[head, preferred, others].concat());
            whole.extend(rest.iter().copied());
        }
        _ => whole.extend(section.iter().copied()),
    }
}

/// Writes a section of sound, without RED if it may not repeat itself.
fn finish_sound(whole: &mut String, media: &str, rest: &[&str], red: bool) {
    let opus: Vec<&str> = rest.iter().filter_map(|line| payload_type_of(line, "opus")).collect();
    let out: Vec<&str> = rest.iter().filter_map(|line| payload_type_of(line, "red")).filter(|_| !red).collect();
    let (head, types) = media_words(media);
    let kept: Vec<&str> = types.into_iter().filter(|word| !out.contains(word)).collect();
    write_media(whole, &[head, kept].concat());
    for line in rest {
        match described(line) {
            Some(number) if out.contains(&number) => {}
            // Opus may pause where nobody speaks.
            Some(number) if opus.contains(&number) && line.starts_with("a=fmtp:") && !line.contains("usedtx=") => {
                whole.push_str(line.trim_end());
                whole.push_str(";usedtx=1\r\n");
            }
            _ => whole.push_str(line),
        }
    }
}

/// What stands before the payload types (kind, port, protocol), and they.
fn media_words(media: &str) -> (Vec<&str>, Vec<&str>) {
    let mut words = media.split_ascii_whitespace();
    (words.by_ref().take(3).collect(), words.collect())
}

fn write_media(whole: &mut String, words: &[&str]) {
    whole.push_str(&words.join(" "));
    whole.push_str("\r\n");
}

/// The payload type that a line describes.
fn described(line: &str) -> Option<&str> {
    let value = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().find_map(|name| line.strip_prefix(name))?;
    value.split_once(' ').map(|(number, _)| number)
}

/// The payload type that a line gives to a codec.
fn payload_type_of<'a>(line: &'a str, codec: &str) -> Option<&'a str> {
    let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
    let name = name.split('/').next()?;
    name.trim_end().eq_ignore_ascii_case(codec).then_some(number)
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
        let wish = |codec| vec![Wish { mid: "1".to_owned(), codec: Some(codec), red: true }];
        assert_eq!(tailored(answer, &[]), answer);
        assert_eq!(tailored(answer, &wish(VideoCodec::H264)), answer, "not in");
        assert_eq!(tailored(answer, &wish(VideoCodec::Vp9)), answer.replace("96 97 98 99 45", "98 99 96 97 45"));
        assert_eq!(tailored(answer, &wish(VideoCodec::Av1)), answer.replace("96 97 98 99 45", "45 96 97 98 99"));
    }

    #[test]
    fn sound_repeats_itself_only_where_it_may() {
        let answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:0\r\na=rtpmap:63 red/48000/2\r\n\
            a=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
            a=fmtp:111 minptime=10;useinbandfec=1\r\n";
        let plain = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n\
            a=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n";
        let wish = |red| vec![Wish { mid: "0".to_owned(), codec: None, red }];
        assert_eq!(tailored(answer, &wish(true)), answer.replace("fec=1", "fec=1;usedtx=1"));
        assert_eq!(tailored(answer, &wish(false)), plain);
        assert_eq!(tailored(answer, &[]), plain);
        assert_eq!(tailored(plain, &[]), plain);
    }

    #[test]
    fn a_payload_type_keeps_its_meaning() {
        let section = |lines: &str| format!("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n{lines}\r\n");
        let (vp8, av1) = (section("a=rtpmap:96 VP8/90000"), section("a=rtpmap:96 AV1/90000"));
        let mut types = PayloadTypes::default();
        assert!(types.learn(&vp8) && types.learn(&vp8.replace("VP8", "vp8")));
        assert!(!types.learn(&av1), "in another description");
        assert!(
            types.learn(&section(
                "a=rtpmap:98 H264/90000\r\na=fmtp:98 x-google-start-bitrate=1;profile-level-id=42e01f"
            ))
        );
        assert!(types.learn(&section("a=rtpmap:98 H264/90000\r\na=fmtp:98 profile-level-id=42e01f")));
        assert!(!types.learn(&section("a=rtpmap:98 H264/90000\r\na=fmtp:98 profile-level-id=4d001f")));
        assert!(types.learn(&section("a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96")));
        assert!(!types.learn(&section("a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=98")));
        assert!(!PayloadTypes::default().learn(&[vp8, av1].concat()), "in another section");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(m=|a=|mid:|msid:|rtpmap:|fmtp:|[ -~]|\r\n){0,80}") {
            sections(&text);
            let wish = Wish { mid: text.chars().take(1).collect(), codec: Some(VideoCodec::Vp9), red: false };
            tailored(&text, &[wish]);
            let mut types = PayloadTypes::default();
            let learned = types.learn(&text);
            assert!(!learned || types.learn(&text), "said again");
        }
    }
}
