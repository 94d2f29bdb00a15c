//! A seat and what it publishes and receives.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;
use str0m::{
    change::SdpPendingOffer,
    channel::ChannelId,
    format::{Codec, PayloadParams},
    media::{Mid, Pt},
    rtp::Ssrc,
};

use super::{bandwidth::MEASURE_ANEW_AFTER, peer::Peer};
use crate::{
    ids::{Channel, Kind, Quality, SeatId, Sid, Side},
    input::{Allowed, Join, NewTrack, TrackSetting},
    limits::ANSWER_TIMEOUT_S,
    route::{
        continuity::Continuity,
        keyframes::KeyframeRequests,
        layer::Choice,
        picture::Pictures,
        quality,
        rate::Rate,
        shortage::{Asking, Shortage},
        sound::Gate,
        speakers::Levels,
    },
};

/// The place of a seat in the shard's table.
pub(super) type Slot = usize;

/// One subscription, seen from the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SubRef {
    pub(super) slot: Slot,
    pub(super) index: usize,
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) id: SeatId,
    /// As it sat down; `permissions` and the like are kept up to date.
    pub(super) join: Join,
    pub(super) allowed: Allowed,
    /// Made at the first offer: who only listens needs none.
    pub(super) publisher: Option<Peer>,
    pub(super) subscriber: Peer,
    pub(super) tracks: Vec<Track>,
    /// Sections of the publisher's offer that send, without a track yet: mid, kind, msid's track.
    pub(super) unbound: Vec<(Mid, Kind, Option<String>)>,
    /// Where the packets of an SSRC belong: track and encoding.
    pub(super) sources: HashMap<Ssrc, (Sid, usize)>,
    /// How many there have been.
    pub(super) ssrcs: usize,
    /// Channels the client opened.
    pub(super) channels_in: HashMap<ChannelId, Channel>,
    /// Channels we opened, once they are open.
    pub(super) channels_out: [Option<ChannelId>; 2],
    /// Reliable data that str0m does not take yet.
    pub(super) waiting: VecDeque<Bytes>,
    pub(super) waiting_bytes: usize,
    pub(super) subs: Vec<Option<Subscription>>,
    /// Where in there a track is, if it is received.
    pub(super) held: HashMap<Sid, usize>,
    /// Sections of ended subscriptions that the next offer stops.
    pub(super) stopped: Vec<Mid>,
    pub(super) wishes: HashMap<Sid, bool>,
    pub(super) settings: HashMap<Sid, TrackSetting>,
    /// Tracks in codecs its client does not take.
    pub(super) refused: HashSet<Sid>,
    pub(super) negotiation: Negotiation,
    pub(super) estimate_bps: u64,
    /// It was measured; before, it is a guess.
    pub(super) estimated: bool,
    pub(super) audio_rate: Rate,
    pub(super) allocated_at: Option<Instant>,
    /// What was shared out then.
    pub(super) allocated_bps: u64,
    /// What would have been shared out on the widest line.
    pub(super) wanted_bps: u64,
    pub(super) shortage: Shortage,
    pub(super) asking: Asking,
    /// Since when nothing of what it wants to see fits its line.
    pub(super) dark_since: Option<Instant>,
    pub(super) measure_anew_after: Duration,
    pub(super) quality: quality::Quality,
    pub(super) measured: bool,
}

/// The offers of the connection that subscribes.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    pub(super) last_id: u32,
    pub(super) pending: Option<SdpPendingOffer>,
    /// When the newest offer was made.
    pub(super) offered_at: Option<Instant>,
    /// Something changed since the last offer.
    pub(super) needed: bool,
    /// The data channels were offered.
    pub(super) began: bool,
}

/// What a seat publishes.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) new: NewTrack,
    pub(super) mid: Option<Mid>,
    pub(super) simulcast: bool,
    /// Known from the first packet on; from then on others are told.
    pub(super) params: Option<PayloadParams>,
    pub(super) encodings: Vec<Encoding>,
    pub(super) muted: bool,
    /// A host muted it.
    pub(super) silenced: bool,
    pub(super) levels: Levels,
    pub(super) gate: Gate,
    pub(super) subscribers: Vec<SubRef>,
    pub(super) told_subscribed: bool,
    pub(super) told_wanted: Option<[bool; 3]>,
    /// Since when fewer qualities are wanted than was told.
    pub(super) unwanted_at: Option<Instant>,
}

impl Track {
    pub(super) fn new(new: NewTrack) -> Self {
        Self {
            muted: new.muted,
            new,
            mid: None,
            simulcast: false,
            params: None,
            encodings: Vec::new(),
            silenced: false,
            levels: Levels::default(),
            gate: Gate::default(),
            subscribers: Vec::new(),
            told_subscribed: false,
            told_wanted: None,
            unwanted_at: None,
        }
    }

    /// Whether nothing of it is forwarded.
    pub(super) fn quiet(&self) -> bool {
        self.muted || self.silenced
    }

    pub(super) fn codec(&self) -> Option<Codec> {
        self.params.map(|params| params.spec().codec)
    }

    pub(super) fn encoding(&mut self, quality: Quality) -> Option<&mut Encoding> {
        self.encodings.iter_mut().find(|encoding| encoding.quality == quality)
    }
}

/// One encoding of a track.
#[derive(Debug)]
pub(super) struct Encoding {
    pub(super) ssrc: Ssrc,
    pub(super) quality: Quality,
    pub(super) rate: Rate,
    pub(super) keyframes: KeyframeRequests,
    pub(super) last_at: Instant,
    pub(super) last_time: Option<u32>,
}

/// What a seat receives of a track.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) publisher: Slot,
    pub(super) track: Sid,
    pub(super) kind: Kind,
    /// The section in the subscriber's description, once offered.
    pub(super) mid: Option<Mid>,
    /// How it is sent, once the offer is answered and the codec fits.
    pub(super) sending: Option<Sending>,
    pub(super) choice: Choice,
    pub(super) continuity: Continuity,
    pub(super) pictures: Pictures,
    /// The SSRC the continuity goes by.
    pub(super) source: Option<Ssrc>,
    /// The client was told that it is paused.
    pub(super) paused: bool,
    pub(super) most: Option<Quality>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub(super) ssrc: Ssrc,
    pub(super) pt: Pt,
    /// For sound that repeats itself, if the client takes it.
    pub(super) red: Option<Pt>,
}

impl Seat {
    pub(super) fn new(join: Join, subscriber: Peer, initial_bps: u64) -> Self {
        Self {
            id: join.seat,
            join,
            allowed: Allowed::Everyone,
            publisher: None,
            subscriber,
            tracks: Vec::new(),
            unbound: Vec::new(),
            sources: HashMap::new(),
            ssrcs: 0,
            channels_in: HashMap::new(),
            channels_out: [None, None],
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            subs: Vec::new(),
            held: HashMap::new(),
            stopped: Vec::new(),
            wishes: HashMap::new(),
            settings: HashMap::new(),
            refused: HashSet::new(),
            negotiation: Negotiation { needed: true, ..Negotiation::default() },
            estimate_bps: initial_bps,
            estimated: false,
            audio_rate: Rate::new(),
            allocated_at: None,
            allocated_bps: 0,
            wanted_bps: 0,
            shortage: Shortage::default(),
            asking: Asking::default(),
            dark_since: None,
            measure_anew_after: MEASURE_ANEW_AFTER,
            quality: quality::Quality::new(),
            measured: false,
        }
    }

    pub(super) fn peer(&mut self, side: Side) -> Option<&mut Peer> {
        match side {
            Side::Publisher => self.publisher.as_mut(),
            Side::Subscriber => Some(&mut self.subscriber),
        }
    }

    pub(super) fn track(&self, sid: &Sid) -> Option<&Track> {
        self.tracks.iter().find(|track| track.new.sid == *sid)
    }

    pub(super) fn track_mut(&mut self, sid: &Sid) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.new.sid == *sid)
    }

    /// Whether it speaks at the moment.
    pub(super) fn speaks(&self) -> bool {
        self.tracks.iter().any(|track| track.levels.speaks())
    }

    /// Whether another seat may receive a track of this one, as this one says.
    pub(super) fn lets(&self, other: SeatId, sid: &Sid) -> bool {
        match &self.allowed {
            Allowed::Everyone => true,
            Allowed::Only(named) => {
                named.get(&other).is_some_and(|tracks| tracks.as_ref().is_none_or(|tracks| tracks.contains(sid)))
            }
        }
    }

    /// Whether its client should have answered an offer long ago.
    pub(super) fn owes_answer(&self, now: Instant) -> bool {
        let waited = self.negotiation.offered_at.map(|at| now.saturating_duration_since(at));
        self.negotiation.pending.is_some() && waited.is_some_and(|waited| waited.as_secs() >= ANSWER_TIMEOUT_S)
    }

    pub(super) fn live_subs(&self) -> usize {
        self.subs.iter().flatten().count()
    }
}

impl Channel {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Reliable => 0,
            Self::Lossy => 1,
        }
    }
}
