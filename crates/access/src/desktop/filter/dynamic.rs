//! Dynamic virtual channels ([MS-RDPEDYC]): they ride on the static channel `drdynvc`, are created by the server and
//! accepted by the client. A channel that may not be is refused in the client's name, whatever the client answered.
//!
//! Which dynamic channels carry what (each checked against the protocol's specification):
//!
//! | Channel | Carries | Here |
//! |---|---|---|
//! | `Microsoft::Windows::RDS::Graphics`, `…::DisplayControl`, `…::Input`, `…::MouseCursor`, `…::Geometry…`, `…::Video…`, `ECHO` | picture, size, touch, pointer, line quality | open |
//! | `AUDIO_PLAYBACK_DVC`, `AUDIO_PLAYBACK_LOSSY_DVC` | sound out of the desktop | open |
//! | `FileRedirectorChannel`, `PNPDR` | plug-and-play devices and their files ([MS-RDPEPNP]) | with drives |
//! | `XPSRD`, `TSVCTKT` | XPS printing ([MS-RDPEXPS]) | with printers |
//! | `URBDRC`, `AUDIO_INPUT`, `RDCamera_*`, `WebAuthN_Channel`, anything else | USB, microphone, camera, … or a program's own tunnel | closed |
//!
//! Clipboard and drives have no dynamic twin: [MS-RDPECLIP] and [MS-RDPEFS] know static channels only.

use std::collections::HashSet;

use super::{ChannelPolicy, FilterError, Verdict, bytes};

/// The most dynamic channels open at once; a Windows session has about a dozen.
const MAX_DYNAMIC_CHANNELS: usize = 256;

/// `E_NOTIMPL`: what a client answers that does not know the channel.
const CREATION_REFUSED: u32 = 0x8000_4001;

const ALWAYS: &[&str] = &[
    "Microsoft::Windows::RDS::Graphics",
    "Microsoft::Windows::RDS::DisplayControl",
    "Microsoft::Windows::RDS::Input",
    "Microsoft::Windows::RDS::MouseCursor",
    "Microsoft::Windows::RDS::Geometry::v08.01",
    "Microsoft::Windows::RDS::Video::Control::v08.01",
    "Microsoft::Windows::RDS::Video::Data::v08.01",
    "ECHO",
    "AUDIO_PLAYBACK_DVC",
    "AUDIO_PLAYBACK_LOSSY_DVC",
];
const WITH_DRIVES: &[&str] = &["FileRedirectorChannel", "PNPDR"];
const WITH_PRINTERS: &[&str] = &["XPSRD", "TSVCTKT"];

const CREATE: u8 = 1;
const DATA_FIRST: u8 = 2;
const DATA: u8 = 3;
const CLOSE: u8 = 4;
const CAPABILITIES: u8 = 5;
const DATA_FIRST_COMPRESSED: u8 = 6;
const DATA_COMPRESSED: u8 = 7;

/// What is known of the dynamic channels of one connection.
#[derive(Debug, Default)]
pub(super) struct DynamicChannels {
    open: HashSet<u32>,
}

impl DynamicChannels {
    /// Looks at the beginning of a message from the server. `whole` tells whether all of it is there.
    pub(super) fn hear_server(
        &mut self,
        policy: ChannelPolicy,
        message: &[u8],
        whole: bool,
    ) -> Result<Verdict, FilterError> {
        let (command, id, rest) = header(message)?;
        match command {
            CREATE => {
                let fault = FilterError::Malformed("dynamic channel request");
                let rest = rest.ok_or(fault)?;
                let end = rest.iter().position(|&byte| byte == 0).filter(|_| whole).ok_or(fault)?;
                let name = rest.get(..end).ok_or(fault)?;
                if permitted(policy, name) && self.open.len() < MAX_DYNAMIC_CHANNELS {
                    self.open.insert(id);
                } else {
                    self.open.remove(&id);
                    tracing::debug!(name = %String::from_utf8_lossy(name), "Dynamic channel refused");
                }
            }
            CLOSE => {
                self.open.remove(&id);
            }
            _ => {}
        }
        Ok(Verdict::Pass)
    }

    /// Looks at, and where needed patches, the beginning of a message from the client.
    pub(super) fn hear_client(&mut self, message: &mut [u8], whole: bool) -> Result<Verdict, FilterError> {
        let (command, id, rest) = header(message)?;
        match command {
            CAPABILITIES => Ok(Verdict::Pass),
            CREATE => {
                let fault = FilterError::Malformed("dynamic channel answer");
                let status_at = message.len() - rest.filter(|rest| rest.len() == 4 && whole).ok_or(fault)?.len();
                if !self.open.contains(&id) {
                    bytes::patch_u32_le(message, status_at, CREATION_REFUSED).ok_or(fault)?;
                }
                Ok(Verdict::Pass)
            }
            CLOSE => Ok(Verdict::Pass),
            DATA_FIRST | DATA | DATA_FIRST_COMPRESSED | DATA_COMPRESSED => {
                Ok(if self.open.contains(&id) { Verdict::Pass } else { Verdict::Drop })
            }
            // Soft-sync answers concern UDP, which does not pass here; others do not exist.
            _ => Ok(Verdict::Drop),
        }
    }
}

fn permitted(policy: ChannelPolicy, name: &[u8]) -> bool {
    let within = |names: &[&str]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    within(ALWAYS) || (policy.drives && within(WITH_DRIVES)) || (policy.printers && within(WITH_PRINTERS))
}

/// Command, channel id and what follows it. A capabilities message has no channel id.
fn header(message: &[u8]) -> Result<(u8, u32, Option<&[u8]>), FilterError> {
    let fault = FilterError::Malformed("dynamic channel message");
    let &first = message.first().ok_or(fault)?;
    let command = first >> 4;
    if !matches!(command, CREATE | DATA_FIRST | DATA | CLOSE | DATA_FIRST_COMPRESSED | DATA_COMPRESSED) {
        return Ok((command, 0, None));
    }
    let (id, length) = match first & 0b11 {
        0 => (u32::from(*message.get(1).ok_or(fault)?), 2),
        1 => (u32::from(bytes::u16_le(message, 1).ok_or(fault)?), 3),
        2 => (bytes::u32_le(message, 1).ok_or(fault)?, 5),
        _ => return Err(fault),
    };
    Ok((command, id, message.get(length..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(id: u8, name: &str) -> Vec<u8> {
        [&[0x10, id][..], name.as_bytes(), &[0]].concat()
    }

    fn status(channels: &mut DynamicChannels, id: u8) -> u32 {
        let mut answer = vec![0x10, id, 0, 0, 0, 0];
        channels.hear_client(&mut answer, true).unwrap();
        bytes::u32_le(&answer, 2).unwrap()
    }

    #[test]
    fn only_listed_channels_can_be_accepted() {
        let mut channels = DynamicChannels::default();
        let policy = ChannelPolicy::default();
        for (id, name, open) in [
            (1, "Microsoft::Windows::RDS::DisplayControl", true),
            (2, "FileRedirectorChannel", false),
            (3, "XPSRD", false),
            (4, "URBDRC", false),
            (5, "my-own-tunnel", false),
        ] {
            channels.hear_server(policy, &create(id, name), true).unwrap();
            assert_eq!(status(&mut channels, id) == 0, open, "{name}");
            let data = channels.hear_client(&mut [0x30, id, 1, 2], true).unwrap();
            assert_eq!(data == Verdict::Pass, open, "data for {name}");
        }
        let drives = ChannelPolicy { drives: true, ..policy };
        channels.hear_server(drives, &create(6, "FileRedirectorChannel"), true).unwrap();
        assert_eq!(status(&mut channels, 6), 0);
    }

    #[test]
    fn an_answer_cannot_be_split_or_given_in_advance() {
        let mut channels = DynamicChannels::default();
        assert_eq!(status(&mut channels, 9), CREATION_REFUSED);
        assert!(channels.hear_client(&mut [0x10, 9, 0, 0], false).is_err());
        assert!(channels.hear_client(&mut [0x13, 9, 0, 0, 0, 0], true).is_err());
        assert!(channels.hear_client(&mut [], true).is_err());
    }

    #[test]
    fn an_id_that_comes_back_under_another_name_is_closed() {
        let mut channels = DynamicChannels::default();
        channels.hear_server(ChannelPolicy::default(), &create(1, "ECHO"), true).unwrap();
        channels.hear_server(ChannelPolicy::default(), &create(1, "URBDRC"), true).unwrap();
        assert_eq!(status(&mut channels, 1), CREATION_REFUSED);
    }

    #[test]
    fn the_number_of_open_channels_is_bounded() {
        let mut channels = DynamicChannels::default();
        for id in 0..2000_u32 {
            let message = [&[0x12][..], &id.to_le_bytes(), b"ECHO\0"].concat();
            channels.hear_server(ChannelPolicy::default(), &message, true).unwrap();
        }
        assert_eq!(channels.open.len(), MAX_DYNAMIC_CHANNELS);
    }
}
