//! The offers of the connection that subscribes, one at a time.

use str0m::{
    change::SdpAnswer,
    channel::{ChannelConfig, Reliability},
    format::PayloadParams,
    media::{Direction, MediaKind},
};

use super::{
    Shard,
    publish::TWO_MEANINGS,
    seat::{Seat, Sending, Slot},
};
use crate::{
    ids::{Channel, Kind, SeatId, Sid, Side},
    limits::{MAX_SDP_BYTES, MAX_WISHES_PER_SEAT},
    output::{Event, Gone, Refusal},
};

impl Shard {
    /// Offers what changed, unless an offer is still unanswered.
    pub(super) fn offer(&mut self, slot: Slot) {
        let now = self.now;
        let names = self.publishers_of(slot);
        let Some(seat) = self.seat(slot) else { return };
        if !seat.negotiation.needed || seat.negotiation.pending.is_some() {
            return;
        }
        seat.negotiation.needed = false;
        let mut change = seat.subscriber.rtc.sdp_api();
        if !std::mem::replace(&mut seat.negotiation.began, true) {
            change.add_channel_with_config(ChannelConfig {
                label: Channel::Reliable.label().to_owned(),
                ..ChannelConfig::default()
            });
            change.add_channel_with_config(ChannelConfig {
                label: Channel::Lossy.label().to_owned(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..ChannelConfig::default()
            });
        }
        for mid in seat.stopped.drain(..) {
            change.stop_media(mid);
        }
        for (sub, name) in seat.subs.iter_mut().zip(names) {
            let (Some(sub), Some(name)) = (sub.as_mut().filter(|sub| sub.mid.is_none()), name) else { continue };
            let kind = match sub.kind {
                Kind::Audio => MediaKind::Audio,
                Kind::Video => MediaKind::Video,
            };
            let stream = format!("{name}|{}", sub.track);
            sub.mid =
                Some(change.add_media(kind, Direction::SendOnly, Some(stream), Some(sub.track.to_string()), None));
        }
        let Some((offer, pending)) = change.apply() else { return };
        seat.negotiation.last_id += 1;
        seat.negotiation.pending = Some(pending);
        seat.negotiation.offered_at = Some(now);
        let mids = mids(seat);
        let event = Event::Offer { seat: seat.id, id: seat.negotiation.last_id, sdp: offer.to_sdp_string(), mids };
        self.event(event);
        self.enqueue(slot, Side::Subscriber);
    }

    /// The names of those a seat receives from, subscription by subscription.
    fn publishers_of(&self, slot: Slot) -> Vec<Option<String>> {
        let seat = |slot: Slot| self.seats.get(slot).and_then(Option::as_deref);
        let Some(subscriber) = seat(slot) else { return Vec::new() };
        let name = |publisher: Slot| seat(publisher).map(|seat| seat.join.name.to_string());
        subscriber.subs.iter().map(|sub| name(sub.as_ref()?.publisher)).collect()
    }

    pub(super) fn subscriber_answer(&mut self, id: SeatId, number: u32, sdp: &str) -> Result<(), Refusal> {
        let slot = self.slot(id)?;
        if sdp.len() > MAX_SDP_BYTES {
            return Err(Refusal::Limit("bytes in a session description"));
        }
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|error| Refusal::Sdp(error.to_string()))?;
        let Some(seat) = self.seat(slot) else { return Err(Refusal::UnknownSeat) };
        if number != 0 && number != seat.negotiation.last_id {
            return Err(Refusal::NoSuchOffer);
        }
        let pending = seat.negotiation.pending.take().ok_or(Refusal::NoSuchOffer)?;
        let accepted = if seat.subscriber.types.learn(sdp) {
            seat.subscriber.rtc.sdp_api().accept_answer(pending, answer).map_err(|error| error.to_string())
        } else {
            Err(TWO_MEANINGS.to_owned())
        };
        self.enqueue(slot, Side::Subscriber);
        if let Err(error) = accepted {
            // What was offered is neither taken nor refused; only a new connection helps.
            self.end(slot, Gone::Fault);
            return Err(Refusal::Sdp(error));
        }
        self.begin_sending(slot);
        self.offers.push(slot);
        Ok(())
    }

    /// Subscriptions that have been answered begin; those whose codec the client does not take end.
    fn begin_sending(&mut self, slot: Slot) {
        let Some(seat) = self.seat(slot) else { return };
        for index in 0..seat.subs.len() {
            let Some(seat) = self.seat(slot) else { return };
            let Some(sub) = seat.subs.get(index).and_then(Option::as_ref) else { continue };
            let (Some(mid), None) = (sub.mid, sub.sending) else { continue };
            let (publisher, sid) = (sub.publisher, sub.track.clone());
            let params = self.seat(publisher).and_then(|source| source.track(&sid)?.params);
            let (Some(params), Some(seat)) = (params, self.seat(slot)) else { continue };
            let rtc = &mut seat.subscriber.rtc;
            let Some(media) = rtc.media(mid) else { continue };
            let takes = |taken: &&PayloadParams| media.remote_pts().contains(&taken.pt());
            let taken = rtc.codec_config().match_params(params).filter(takes).copied();
            let accepted = media.direction().is_sending() && !media.disabled();
            let ssrc = rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| stream.ssrc());
            match (taken, ssrc) {
                (Some(taken), Some(ssrc)) if accepted => {
                    // The blocks of RED name the payload type of what they hold.
                    let red = taken.red().filter(|_| taken.pt() == params.pt());
                    if let Some(sub) = seat.subs.get_mut(index).and_then(Option::as_mut) {
                        sub.sending = Some(Sending { ssrc, pt: taken.pt(), red });
                    }
                }
                (None, _) => self.refused(slot, index, sid),
                _ => {}
            }
        }
        self.allocate(slot);
    }

    /// A client does not know the codec of a track: the track goes, and does not come back.
    fn refused(&mut self, slot: Slot, index: usize, sid: Sid) {
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        if seat.refused.len() < MAX_WISHES_PER_SEAT {
            seat.refused.insert(sid.clone());
        }
        self.unsubscribe(slot, index);
        self.event(Event::CodecRefused { seat: id, track: sid });
    }
}

/// Which section carries which track, of all that are offered.
fn mids(seat: &Seat) -> Vec<(String, Sid)> {
    let subs = seat.subs.iter().flatten();
    subs.filter_map(|sub| Some((sub.mid?.to_string(), sub.track.clone()))).collect()
}
