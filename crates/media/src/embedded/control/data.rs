//! Data between clients: who sent it is written by us, what may be said in whose name is decided here.

#![expect(deprecated, reason = "clients of the frozen version read and write these fields")]

use std::collections::HashSet;

use fernamt_sfu::{Channel, Input, RoomId, SeatId as SeatNo};
use livekit_protocol::{DataPacket, data_packet};
use prost::Message as _;

use super::Control;
use crate::SeatId;

/// The most receivers that one message names.
const MAX_RECEIVERS: usize = 1000;

impl Control {
    /// A message of a client that may send data.
    pub(super) fn data(&mut self, number: SeatNo, channel: Channel, bytes: &[u8]) {
        let Some((seat, seated)) = self.seated(number) else { return };
        if !seated.permissions.send_data {
            return;
        }
        let sid = seated.sid.as_str().to_owned();
        let Ok(packet) = DataPacket::decode(bytes) else { return };
        let Some((packet, receivers)) = stamp(packet, &seat.id.to_string(), &sid, channel) else { return };
        let Some(room) = self.rooms.get(&seat.room) else { return };
        let to = (!receivers.is_empty()).then(|| {
            let ids: HashSet<SeatId> = receivers.iter().filter_map(|name| name.parse().ok().map(SeatId)).collect();
            let sids: HashSet<&str> = receivers.iter().map(String::as_str).collect();
            let named =
                room.seated.iter().filter(|(id, seated)| ids.contains(id) || sids.contains(seated.sid.as_str()));
            named.map(|(_, seated)| seated.number).collect()
        });
        self.shard(Input::Data {
            room: RoomId(seat.room.0.as_u128()),
            from: Some(number),
            to,
            channel,
            bytes: packet.encode_to_vec().into(),
        });
    }
}

/// Writes the sender into a packet, whatever stood there before, and takes out whom it is for. What clients must not say
/// for themselves (who speaks, what was measured) is none.
fn stamp(mut packet: DataPacket, identity: &str, sid: &str, channel: Channel) -> Option<(DataPacket, Vec<String>)> {
    let mut receivers = std::mem::take(&mut packet.destination_identities);
    match packet.value.as_mut()? {
        data_packet::Value::Speaker(_) | data_packet::Value::Metrics(_) => return None,
        data_packet::Value::User(user) => {
            sid.clone_into(&mut user.participant_sid);
            identity.clone_into(&mut user.participant_identity);
            receivers.append(&mut user.destination_identities);
            receivers.append(&mut user.destination_sids);
        }
        _ => {}
    }
    if receivers.len() > MAX_RECEIVERS {
        return None;
    }
    identity.clone_into(&mut packet.participant_identity);
    sid.clone_into(&mut packet.participant_sid);
    packet.kind = match channel {
        Channel::Reliable => data_packet::Kind::Reliable,
        Channel::Lossy => data_packet::Kind::Lossy,
    }
    .into();
    Some((packet, receivers))
}
