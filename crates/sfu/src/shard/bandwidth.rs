//! What each subscriber's line bears, shared among what it wants to see.

use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;

use super::{
    Shard,
    seat::{Encoding, Seat, Slot, Track},
};
use crate::{
    ids::{Kind, Quality, Sid},
    output::Event,
    route::{
        allocate::{Rank, Wish, allocate, covering, first_cost},
        shortage::Ask,
    },
};

/// An encoding that was silent for so long is not being sent, if others are.
const STALE: Duration = Duration::from_secs(2);
/// What an encoding takes at least, and what is assumed of a picture that stands still.
const LEAST_BPS: u64 = 10_000;
const STILL_BPS: u64 = 50_000;
/// How often the shares are made anew without a reason.
pub(super) const ALLOCATE_EVERY: Duration = Duration::from_millis(500);
/// How often at most, where something is missing and a line turns out to be wider.
pub(super) const GROW_EVERY: Duration = Duration::from_millis(50);
/// How long an encoding that nobody wants any more is kept.
const UNWANTED_AFTER: Duration = Duration::from_secs(5);
/// What a line is probed for while it carries pictures at all.
const PROBE_BPS: u64 = 2_500_000;
/// How long nothing at all may be seen before the line is measured anew: twice as long each time, because the measurement
/// is felt on a narrow line. An estimate lives on what is sent, so one that fell too low for anything would stay for ever.
pub(super) const MEASURE_ANEW_AFTER: Duration = Duration::from_secs(4);
const MEASURE_ANEW_AT_LATEST_AFTER: Duration = Duration::from_secs(16);
/// Headers, on top of payloads, in percent.
const WIRE_PERCENT: u64 = 106;

impl Shard {
    /// Shares a subscriber's bandwidth anew.
    pub(super) fn allocate(&mut self, slot: Slot) {
        let (now, initial_bps) = (self.now, self.config.initial_bitrate_bps);
        let Some(seat) = self.seat(slot) else { return };
        seat.allocated_at = Some(now);
        let audio_bps = seat.audio_rate.bps(now);
        let (estimated, left_bps) = (seat.estimated, seat.estimate_bps.saturating_sub(audio_bps));
        let mut wishes: Vec<(usize, Wish)> = Vec::new();
        for index in 0..seat.subs.len() {
            if let Some(wish) = self.video_wish(slot, index) {
                wishes.push((index, wish));
            }
        }
        let plain: Vec<Wish> = wishes.iter().map(|(_, wish)| *wish).collect();
        let held_bps = plain.iter().map(Wish::held_bps).sum();
        let Some(seat) = self.seat(slot) else { return };
        let mut budget = seat.shortage.budget(left_bps, held_bps, now);
        if !estimated {
            // What a line is taken to bear is a guess. Nobody is to wait for the first picture because of it.
            budget = budget.max(first_cost(&plain));
        }
        let grants = allocate(budget, &plain);
        // Whoever hears something has an estimate that lives; where nothing is sent, none does.
        let dark = !plain.is_empty() && grants.iter().all(Option::is_none) && audio_bps == 0;
        let mut sent = audio_bps;
        let mut best = audio_bps;
        let mut keyframes = Vec::new();
        let mut events = Vec::new();
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        for ((index, wish), grant) in wishes.iter().zip(grants) {
            let Some(sub) = seat.subs.get_mut(*index).and_then(Option::as_mut) else { continue };
            sub.choice.aim(grant);
            sent += grant.and_then(|quality| *wish.bps.get(quality.index())?).unwrap_or(0);
            best += wish.best_bps();
            if let Some(quality) = sub.choice.waits_for() {
                keyframes.push((sub.publisher, sub.track.clone(), quality));
            }
            let paused = grant.is_none() && wish.best_bps() > 0;
            if sub.paused != paused {
                sub.paused = paused;
                events.push(Event::StreamState { seat: id, track: sub.track.clone(), paused });
            }
        }
        (seat.allocated_bps, seat.wanted_bps) = (sent, best);
        if !dark {
            (seat.dark_since, seat.measure_anew_after) = (None, MEASURE_ANEW_AFTER);
        } else if now.saturating_duration_since(*seat.dark_since.get_or_insert(now)) >= seat.measure_anew_after {
            seat.dark_since = Some(now);
            seat.measure_anew_after = (seat.measure_anew_after * 2).min(MEASURE_ANEW_AT_LATEST_AFTER);
            seat.estimate_bps = initial_bps;
            seat.subscriber.rtc.bwe().reset(Bitrate::from(initial_bps));
        }
        // Padding up to the next step finds out whether the line bears it.
        let least = if best > sent { sent + (best - sent).min(sent / 2 + 100_000) } else { 0 };
        // The estimate follows what is asked of it, so it is asked for more than the pictures of the moment take.
        let video = seat.subs.iter().flatten().any(|sub| sub.kind == Kind::Video && sub.sending.is_some());
        let desired = if video { (best * 12 / 10).max(PROBE_BPS) } else { 0 };
        let missing = video && (best > sent || budget > left_bps);
        let desired = match seat.asking.look(missing, seat.estimate_bps, now) {
            Ask::Nothing => desired,
            Ask::DesireLess => sent,
            Ask::BeginAnew => {
                seat.subscriber.rtc.bwe().reset(Bitrate::from(seat.estimate_bps));
                desired
            }
        };
        seat.subscriber.rtc.bwe().set_bitrate(Bitrate::from(least), Bitrate::from(desired));
        for event in events {
            self.event(event);
        }
        for (publisher, sid, quality) in keyframes {
            self.want_keyframe(publisher, &sid, quality);
        }
        self.enqueue(slot, crate::ids::Side::Subscriber);
    }

    /// What a subscriber wants of a video; stops what it does not want at all.
    fn video_wish(&mut self, slot: Slot, index: usize) -> Option<Wish> {
        let now = self.now;
        let seat = self.seat(slot)?;
        let sub = seat.subs.get_mut(index)?.as_mut().filter(|sub| sub.kind == Kind::Video)?;
        let (publisher, sid, current) = (sub.publisher, sub.track.clone(), sub.choice.current());
        let live = sub.sending.is_some() && seat.subscriber.connected;
        let setting = seat.settings.get(&sid).copied().unwrap_or_default();
        let source = self.seat(publisher)?;
        let speaks = source.speaks();
        let track = source.track_mut(&sid)?;
        let quiet = track.quiet();
        let most = match (setting.size, setting.quality) {
            (Some(size), _) => covering(&track.new.layers, size),
            (None, Some(quality)) => quality,
            (None, None) => Quality::High,
        };
        let rank = Rank::of(track.new.source, speaks);
        let mut bps = [None; 3];
        for (slot, quality) in bps.iter_mut().zip(Quality::ALL) {
            *slot = track.encoding(quality).and_then(|encoding| encoding.sent_bps(now));
        }
        if bps == [None; 3] {
            // A screen on which nothing moves is still to be seen by who comes now.
            bps = Quality::ALL.map(|quality| track.encoding(quality).map(|_| STILL_BPS));
        }
        let sub = self.seat(slot)?.subs.get_mut(index)?.as_mut()?;
        sub.most = (!setting.disabled).then_some(most);
        if setting.disabled || quiet || !live {
            sub.choice.aim(None);
            return None;
        }
        let pixels = setting.size.map_or(0, |(across, down)| u64::from(across) * u64::from(down));
        Some(Wish { rank, pixels, bps, most, current })
    }

    /// Tells a publisher which of its encodings are of use.
    pub(super) fn tell_wanted(&mut self, slot: Slot, sid: &Sid) {
        let now = self.now;
        let Some(track) = self.seat(slot).and_then(|seat| seat.track(sid)) else { return };
        if !track.simulcast || track.params.is_none() {
            return;
        }
        let mut most = None;
        for held in track.subscribers.clone() {
            let sub = self.seat(held.slot).and_then(|seat| seat.subs.get(held.index)?.as_ref());
            most = most.max(sub.and_then(|sub| sub.most));
        }
        let wanted = Quality::ALL.map(|quality| most.is_some_and(|most| quality <= most));
        let Some(seat) = self.seat(slot) else { return };
        let id = seat.id;
        let Some(track) = seat.track_mut(sid) else { return };
        if tell(track, wanted, now) {
            self.event(Event::WantedQualities { seat: id, track: sid.clone(), wanted });
        }
    }
}

/// Whether to tell what is wanted now. More is told at once, less only when it stays so.
fn tell(track: &mut Track, wanted: [bool; 3], now: Instant) -> bool {
    let told = track.told_wanted.unwrap_or([true; 3]);
    if told == wanted && track.told_wanted.is_some() {
        track.unwanted_at = None;
        return false;
    }
    let more = wanted.iter().zip(told).any(|(wanted, told)| *wanted && !told);
    let since = *track.unwanted_at.get_or_insert(now);
    if !more && now.saturating_duration_since(since) < UNWANTED_AFTER {
        return false;
    }
    track.unwanted_at = None;
    track.told_wanted = Some(wanted);
    true
}

impl Encoding {
    /// What it takes on the wire, if it is being sent.
    fn sent_bps(&mut self, now: Instant) -> Option<u64> {
        let fresh = now.saturating_duration_since(self.last_at) < STALE;
        fresh.then(|| (self.rate.bps(now) * WIRE_PERCENT / 100).max(LEAST_BPS))
    }
}

impl Seat {
    /// Whether something it wants to see is not being sent for want of bandwidth.
    pub(super) fn starved(&self) -> bool {
        self.subs.iter().flatten().any(|sub| sub.paused)
    }
}
