//! Data messages: from the application to the channels of those who are to get them.

use bytes::Bytes;
use str0m::channel::ChannelId;

use super::{Shard, seat::Slot};
use crate::{
    ids::{Channel, RoomId, SeatId, Side},
    limits::{MAX_DATA_BYTES, MAX_QUEUED_DATA_BYTES},
    output::{Event, Gone, Refusal},
};

impl Shard {
    /// A message from a client's channel. What its grants do not cover, or what is too large, goes nowhere.
    pub(super) fn data_in(&mut self, slot: Slot, channel: ChannelId, bytes: Vec<u8>) {
        let Some(seat) = self.seat(slot) else { return };
        let Some(label) = seat.channels_in.get(&channel).copied() else { return };
        if !seat.join.permissions.data || bytes.len() > MAX_DATA_BYTES {
            return;
        }
        let event = Event::Data { seat: seat.id, channel: label, bytes: Bytes::from(bytes) };
        self.event(event);
    }

    pub(super) fn send_data(
        &mut self,
        room: RoomId,
        from: Option<SeatId>,
        to: Option<&[SeatId]>,
        channel: Channel,
        bytes: &Bytes,
    ) -> Result<(), Refusal> {
        if bytes.len() > MAX_DATA_BYTES {
            return Err(Refusal::Limit("bytes in a data message"));
        }
        for slot in self.slots_of(room) {
            let Some(seat) = self.seat(slot) else { continue };
            let meant = to.is_none_or(|to| to.contains(&seat.id)) && from != Some(seat.id);
            if meant {
                self.send_to(slot, channel, bytes);
            }
        }
        Ok(())
    }

    fn send_to(&mut self, slot: Slot, channel: Channel, bytes: &Bytes) {
        let Some(seat) = self.seat(slot) else { return };
        match channel {
            // What does not fit is lost, as the name says.
            Channel::Lossy => {
                if let Some(id) = seat.channels_out.get(channel.index()).copied().flatten() {
                    write(&mut seat.subscriber.rtc, id, bytes);
                    self.enqueue(slot, Side::Subscriber);
                }
            }
            Channel::Reliable => {
                seat.waiting.push_back(bytes.clone());
                seat.waiting_bytes += bytes.len();
                self.flush(slot);
            }
        }
    }

    /// Hands waiting messages to str0m as far as it takes them.
    pub(super) fn flush(&mut self, slot: Slot) {
        let Some(seat) = self.seat(slot) else { return };
        let open = seat.channels_out.get(Channel::Reliable.index()).copied().flatten();
        let mut moved = false;
        while let (Some(id), Some(bytes)) = (open, seat.waiting.front()) {
            if !write(&mut seat.subscriber.rtc, id, bytes) {
                break;
            }
            seat.waiting_bytes -= bytes.len();
            seat.waiting.pop_front();
            moved = true;
        }
        let too_slow = seat.waiting_bytes > MAX_QUEUED_DATA_BYTES;
        if moved {
            self.enqueue(slot, Side::Subscriber);
        }
        if too_slow {
            self.end(slot, Gone::TooSlow);
        }
    }
}

/// Whether str0m took a message.
fn write(rtc: &mut str0m::Rtc, id: ChannelId, bytes: &[u8]) -> bool {
    let Some(mut channel) = rtc.channel(id) else { return false };
    channel.write(true, bytes).unwrap_or(false)
}
