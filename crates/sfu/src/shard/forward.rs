//! The hot path: one packet of a publisher to all who receive it.

use std::{cell::OnceCell, sync::Arc, time::Instant};

use str0m::{
    format::{Codec, PayloadParams},
    media::KeyframeRequestKind,
    rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc},
};

use super::{
    Shard,
    seat::{Encoding, Slot, SubRef, Subscription},
};
use crate::{
    ids::{Kind, Quality, Sid, Side},
    limits::{MAX_ENCODINGS_PER_TRACK, MAX_PAYLOAD_BYTES, MAX_QUEUED_MEDIA_BYTES, MAX_SSRCS_PER_SEAT},
    output::{Event, Gone, PublishedTrack},
    route::{
        descriptor::Descriptor,
        frame::{Entry, entry},
        keyframes::KeyframeRequests,
        layer::{Seen, Step},
        picture::Patch,
        rate::Rate,
        red,
    },
};

/// A packet on its way, as far as all subscribers see the same.
struct Parcel<'a> {
    packet: &'a RtpPacket,
    kind: Kind,
    codec: Codec,
    descriptor: Option<&'a Descriptor>,
    seen: Seen,
    /// Sound that nobody needs to hear.
    silent: bool,
    /// Sound that repeats itself, and the same without.
    red: bool,
    plain: OnceCell<Option<Arc<[u8]>>>,
}

impl Parcel<'_> {
    /// The payload without what it repeats.
    fn plain(&self) -> Option<Arc<[u8]>> {
        self.plain.get_or_init(|| red::newest(&self.packet.payload).map(|(_, block)| block.into())).clone()
    }
}

impl Shard {
    /// Takes a packet from a publisher.
    pub(super) fn packet(&mut self, slot: Slot, packet: &RtpPacket) {
        self.packets_in += 1;
        if packet.payload.len() > MAX_PAYLOAD_BYTES {
            return;
        }
        let now = self.now;
        let Some((sid, index)) = self.source(slot, packet) else { return };
        if self.seat(slot).and_then(|seat| seat.track(&sid)).is_some_and(|track| track.params.is_none()) {
            self.announce(slot, &sid, packet);
        }
        let Some(track) = self.seat(slot).and_then(|seat| seat.track_mut(&sid)) else { return };
        let kind = track.new.kind;
        let codec = track.codec();
        let below_db = packet.header.ext_vals.audio_level.map(i8::unsigned_abs);
        let silent = kind == Kind::Audio && !track.gate.open(below_db, now);
        let quiet = track.quiet();
        if let (false, Some(below_db)) = (quiet, below_db) {
            track.levels.heard(below_db);
        }
        let Some(encoding) = track.encodings.get_mut(index) else { return };
        encoding.rate.add(packet.payload.len(), now);
        encoding.last_at = now;
        let first = encoding.last_time.replace(packet.header.timestamp) != Some(packet.header.timestamp);
        // Padding, and what a muted track sends all the same, goes nowhere.
        if quiet {
            return;
        }
        let entry = codec.map_or(Entry::Unknown, |codec| entry(codec, &packet.payload));
        if kind == Kind::Video && entry == Entry::Key {
            encoding.keyframes.arrived();
        }
        let seen = Seen { quality: encoding.quality, entry, first, asked_at: encoding.keyframes.asked_at() };
        let codec = codec.unwrap_or(Codec::Unknown);
        let (descriptor, pt) = (packet.header.ext_vals.user_values.get(), packet.header.payload_type);
        let red = kind == Kind::Audio && track.params.is_some_and(|params| params.red() == Some(pt));
        let parcel = Parcel { packet, kind, codec, descriptor, seen, silent, red, plain: OnceCell::new() };
        let subscribers = std::mem::take(&mut track.subscribers);
        for held in &subscribers {
            self.deliver(*held, &parcel, now);
        }
        if let Some(track) = self.seat(slot).and_then(|seat| seat.track_mut(&sid)) {
            track.subscribers = subscribers;
        }
    }

    /// The track and encoding of a packet; learns new SSRCs where str0m knows their section.
    fn source(&mut self, slot: Slot, packet: &RtpPacket) -> Option<(Sid, usize)> {
        let now = self.now;
        let seat = self.seat(slot)?;
        let ssrc = packet.header.ssrc;
        if let Some((sid, index)) = seat.sources.get(&ssrc) {
            return Some((sid.clone(), *index));
        }
        let mut direct = seat.publisher.as_mut()?.rtc.direct_api();
        let stream = direct.stream_rx(&ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let track = seat.tracks.iter_mut().find(|track| track.mid == Some(mid))?;
        let quality = rid.and_then(|rid| Quality::from_rid(&rid)).unwrap_or(Quality::Low);
        let sid = track.new.sid.clone();
        let index = match track.encodings.iter().position(|encoding| encoding.quality == quality) {
            Some(index) => {
                // The encoder began anew under another name.
                if let Some(encoding) = track.encodings.get_mut(index) {
                    encoding.ssrc = ssrc;
                }
                index
            }
            None if track.encodings.len() < MAX_ENCODINGS_PER_TRACK => {
                track.encodings.push(Encoding {
                    ssrc,
                    quality,
                    rate: Rate::new(),
                    keyframes: KeyframeRequests::default(),
                    last_at: now,
                    last_time: None,
                });
                track.encodings.len() - 1
            }
            None => return None,
        };
        track.simulcast |= rid.is_some();
        seat.sources.retain(|_, known| *known != (sid.clone(), index));
        seat.sources.insert(ssrc, (sid.clone(), index));
        seat.ssrcs += 1;
        if seat.ssrcs > MAX_SSRCS_PER_SEAT {
            self.end(slot, Gone::Fault);
            return None;
        }
        Some((sid, index))
    }

    /// At the first packet of a track the others are told of it.
    fn announce(&mut self, slot: Slot, sid: &Sid, packet: &RtpPacket) {
        let Some(seat) = self.seat(slot) else { return };
        let pt = packet.header.payload_type;
        let Some(publisher) = seat.publisher.as_ref() else { return };
        let fits = |params: &&PayloadParams| params.pt() == pt || params.red() == Some(pt);
        let Some(params) = publisher.rtc.codec_config().params().iter().find(fits).copied() else { return };
        let mime = match params.spec().codec {
            Codec::Opus if params.red() == Some(pt) => "audio/red",
            Codec::Opus => "audio/opus",
            Codec::Vp8 => "video/VP8",
            Codec::H264 => "video/H264",
            Codec::Vp9 => "video/VP9",
            Codec::Av1 => "video/AV1",
            _ => return,
        };
        let (id, room) = (seat.id, seat.join.room);
        let Some(track) = seat.track_mut(sid) else { return };
        track.params = Some(params);
        let published = PublishedTrack {
            sid: sid.clone(),
            mid: track.mid.map(|mid| mid.to_string()).unwrap_or_default(),
            kind: track.new.kind,
            source: track.new.source,
            mime,
            simulcast: track.simulcast,
            muted: track.quiet(),
        };
        self.event(Event::TrackPublished { seat: id, track: published });
        for other in self.slots_of(room) {
            self.reconsider(other, slot, sid);
        }
    }

    fn deliver(&mut self, held: SubRef, parcel: &Parcel<'_>, now: Instant) {
        let Some(seat) = self.seats.get_mut(held.slot).and_then(Option::as_deref_mut) else { return };
        let Some(sub) = seat.subs.get_mut(held.index).and_then(Option::as_mut) else { return };
        let (Some(sending), true) = (sub.sending, seat.subscriber.connected) else { return };
        let Some((seq, time, patch)) = sub.place(parcel, now) else { return };
        let mut direct = seat.subscriber.rtc.direct_api();
        let Some(stream) = direct.stream_tx(&sending.ssrc) else { return };
        let video = parcel.kind == Kind::Video;
        if video && stream.queue_info().is_some_and(|queue| queue.byte_size() > MAX_QUEUED_MEDIA_BYTES) {
            // It cannot be sent as fast as it comes: begin anew when there is room.
            sub.choice.broken();
            return;
        }
        let header = &parcel.packet.header;
        let mut extensions = ExtensionValues {
            audio_level: header.ext_vals.audio_level,
            voice_activity: header.ext_vals.voice_activity,
            video_orientation: header.ext_vals.video_orientation,
            ..ExtensionValues::default()
        };
        let mut payload = Arc::clone(&parcel.packet.payload);
        let mut pt = sending.pt;
        if parcel.red {
            match (sending.red, parcel.plain()) {
                (Some(red), _) => pt = red,
                (None, Some(plain)) => payload = plain,
                (None, None) => return,
            }
        }
        let mut vp8 = None;
        match patch {
            Some(Patch::Vp8(patch)) => vp8 = Some(patch),
            Some(Patch::Payload(copy)) => payload = copy.into(),
            Some(Patch::Descriptor(descriptor)) => extensions.user_values.set(descriptor),
            None => {}
        }
        let bytes = payload.len();
        let mut write = RtpWrite::new(pt, seq.into(), time, now, payload)
            .marker(header.marker)
            .nackable(video)
            .ext_vals(extensions);
        if let Some(patch) = vp8 {
            write = write.vp8_patch(patch);
        }
        stream.write_rtp(write);
        if !video {
            seat.audio_rate.add(bytes + 40, now);
        }
        self.packets_out += 1;
        self.enqueue(held.slot, Side::Subscriber);
    }

    /// Somebody needs a keyframe of an encoding; asks for it unless that was done just now.
    pub(super) fn want_keyframe(&mut self, publisher: Slot, sid: &Sid, quality: Quality) {
        let now = self.now;
        let Some(seat) = self.seat(publisher) else { return };
        let Some(encoding) = seat.track_mut(sid).and_then(|track| track.encoding(quality)) else { return };
        encoding.keyframes.want();
        if !encoding.keyframes.ask(now) {
            return;
        }
        let ssrc: Ssrc = encoding.ssrc;
        let Some(peer) = seat.publisher.as_mut() else { return };
        if let Some(stream) = peer.rtc.direct_api().stream_rx(&ssrc) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        self.enqueue(publisher, Side::Publisher);
    }
}

impl Subscription {
    /// Where a packet stands in the subscriber's stream, and what is changed in it; nothing if it is not for it.
    fn place(&mut self, parcel: &Parcel<'_>, now: Instant) -> Option<(u64, u32, Option<Patch>)> {
        let (seq, time) = (*parcel.packet.seq_no, parcel.packet.header.timestamp);
        let source = Some(parcel.packet.header.ssrc);
        if parcel.kind == Kind::Audio {
            if self.source != source {
                if parcel.silent {
                    return None;
                }
                self.continuity.rebase(seq, time, now);
                self.source = source;
            }
            if parcel.silent || parcel.packet.payload.is_empty() {
                self.continuity.skip(seq);
                return None;
            }
            return self.continuity.map(seq, time, now).map(|(seq, time)| (seq, time, None));
        }
        if self.choice.current() == Some(parcel.seen.quality) && self.source != source {
            self.choice.broken();
        }
        let step = self.choice.step(parcel.seen, now);
        if parcel.packet.payload.is_empty() {
            // Padding that probes the publisher's line.
            if step == Step::Forward {
                self.continuity.skip(seq);
            }
            return None;
        }
        match step {
            Step::Drop => return None,
            Step::Forward => {}
            Step::Switch => {
                self.source = source;
                self.continuity.rebase(seq, time, now);
                self.pictures.rebase(parcel.codec, &parcel.packet.payload, parcel.descriptor);
            }
        }
        let (seq, time) = self.continuity.map(seq, time, now)?;
        let patch = self.pictures.map(parcel.codec, &parcel.packet.payload, parcel.descriptor);
        Some((seq, time, patch))
    }
}
