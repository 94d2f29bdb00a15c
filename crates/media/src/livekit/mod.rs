//! The media plane on a LiveKit of one's own: orders go to its API, what happens there comes back by webhooks.

mod rooms;
mod webhook;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, extract::DefaultBodyLimit, http::header, routing::post};
use fernamt_domain::{Clock, Rng, Secret, rng::random_token};
use livekit_protocol as proto;
use prost::Message;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{
    MAX_TICKET_LIFETIME_S, MediaError, MediaEvent, MediaPlane, Permissions, Presence, RoomLimits, RoomName, Seat,
    SeatId, Ticket, TicketFor, Track, Tracks,
    token::{Claims, TokenKey, VideoGrant},
    words,
};

/// How long an order may take.
const ORDER_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer: the participants of a large room.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of a webhook.
pub const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;

/// Where LiveKit sends its webhooks, on any of our sites.
pub const WEBHOOK_PATH: &str = "/livekit/webhook";

/// How long LiveKit keeps a room that nobody is in: until we close it, or forget to.
const EMPTY_ROOM_S: u32 = 24 * 60 * 60;

/// The most events that somebody may lag behind.
const MAX_WAITING_EVENTS: usize = 4096;

/// The most seats of a room that are remembered: those that are taken, those with a ticket, those that may come back.
const MAX_KNOWN_SEATS: usize = 4096;

/// How long after a failed attempt to find what an earlier life left behind the next one is made.
const CLEAN_AGAIN: Duration = Duration::from_secs(30);

/// Where the LiveKit is, and how it knows us.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where browsers reach it, such as `wss://livekit.example.org`.
    pub url: String,
    /// Where we reach its API, such as `https://livekit.example.org`.
    pub api_url: String,
    /// The name of the API key.
    pub key: String,
    /// The secret that belongs to it.
    pub secret: Secret<String>,
}

/// The plane on a LiveKit.
pub struct LiveKit {
    url: String,
    api: String,
    key: TokenKey,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    events: broadcast::Sender<MediaEvent>,
    state: Mutex<State>,
    /// Held while a room of an earlier life is cleared, so that a new one under its name is not.
    clearing: tokio::sync::Mutex<()>,
}

/// What has to be remembered beside what LiveKit knows.
#[derive(Debug, Default)]
struct State {
    rooms: HashMap<RoomName, Room>,
    /// The last webhooks, because LiveKit repeats them.
    heard: VecDeque<String>,
}

#[derive(Debug)]
struct Room {
    /// What LiveKit calls this one of all that had the name; nothing until it is made.
    sid: String,
    limits: RoomLimits,
    seated: HashSet<SeatId>,
    /// Who was sent out, and until when a token of before may be good. LiveKit withdraws none.
    removed: HashMap<SeatId, OffsetDateTime>,
    known: HashMap<SeatId, Known>,
}

/// A seat that got a ticket from us.
#[derive(Debug)]
struct Known {
    /// What it may do now, whatever its tokens say.
    permissions: Permissions,
    /// Until when its tokens may be good, if it is not taken.
    until: OffsetDateTime,
}

impl Room {
    fn new(limits: RoomLimits) -> Self {
        Self { sid: String::new(), limits, seated: HashSet::new(), removed: HashMap::new(), known: HashMap::new() }
    }

    /// Remembers what a seat may do.
    fn note(&mut self, id: SeatId, permissions: Permissions, now: OffsetDateTime) -> Result<(), MediaError> {
        if self.known.len() >= MAX_KNOWN_SEATS && !self.known.contains_key(&id) {
            self.known.retain(|id, known| self.seated.contains(id) || known.until > now);
            if self.known.len() >= MAX_KNOWN_SEATS {
                return Err(MediaError::TooManySeats);
            }
        }
        self.known.insert(id, Known { permissions, until: now + rooms::RETURN_LIFETIME });
        Ok(())
    }
}

/// Why LiveKit did not do it.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("LiveKit answered {status} ({code})")]
    Answer { status: u16, code: String },
    #[error("LiveKit's answer cannot be read")]
    Unreadable(#[source] prost::DecodeError),
    #[error("LiveKit's answer is too long")]
    TooLong,
}

/// An error as Twirp writes it.
#[derive(Deserialize)]
struct Said {
    code: String,
}

impl fmt::Debug for LiveKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKit").field("url", &self.url).finish_non_exhaustive()
    }
}

impl LiveKit {
    /// The plane on this LiveKit. Nothing is asked of it yet.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Arc<Self>, MediaError> {
        let http = reqwest::Client::builder()
            .timeout(ORDER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(remote)?;
        let secret = Secret::new(settings.secret.expose().as_bytes().to_vec());
        let (events, _) = broadcast::channel(MAX_WAITING_EVENTS);
        Ok(Arc::new(Self {
            url: settings.url,
            api: settings.api_url.trim_end_matches('/').to_owned(),
            key: TokenKey::new(settings.key, secret),
            http,
            clock,
            rng,
            events,
            state: Mutex::default(),
            clearing: tokio::sync::Mutex::default(),
        }))
    }

    /// Closes what an earlier life of this server left open: nobody moderates who is still in there. Whoever is asks the
    /// meeting for a new ticket. Ends once that is done.
    pub async fn run(&self, stop: CancellationToken) {
        while let Err(error) = self.clean().await {
            tracing::warn!(%error, "Rooms of before the start could not be looked for at LiveKit");
            if stop.run_until_cancelled(tokio::time::sleep(CLEAN_AGAIN)).await.is_none() {
                return;
            }
        }
    }

    /// Takes LiveKit's webhooks. It signs them, so this stands beside the check of origins.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route(WEBHOOK_PATH, post(webhook::receive).layer(DefaultBodyLimit::max(MAX_WEBHOOK_BYTES)))
            .with_state(Arc::clone(self))
    }

    /// Gives an order to LiveKit's API.
    async fn order<A: Message + Default>(
        &self,
        method: &str,
        grant: VideoGrant,
        order: &impl Message,
    ) -> Result<A, MediaError> {
        let exp = (self.clock.now() + time::Duration::minutes(1)).unix_timestamp();
        let token = self.key.sign(&Claims { exp, video: grant, ..Claims::default() })?;
        let mut answer = self
            .http
            .post(format!("{}/twirp/livekit.RoomService/{method}", self.api))
            .header(header::CONTENT_TYPE, "application/protobuf")
            .bearer_auth(token.expose())
            .body(order.encode_to_vec())
            .send()
            .await
            .map_err(remote)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(remote)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(remote(Refusal::TooLong));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return A::decode(body.as_slice()).map_err(|error| remote(Refusal::Unreadable(error)));
        }
        // Errors are JSON, whatever the question was in.
        let code = serde_json::from_slice::<Said>(&body).map(|said| said.code).unwrap_or_default();
        if code == "not_found" {
            return Err(MediaError::NoSuchSeat);
        }
        Err(remote(Refusal::Answer { status: status.as_u16(), code }))
    }

    /// Whether a room is open here, and with which limits.
    fn limits(&self, room: RoomName) -> Result<RoomLimits, MediaError> {
        self.state().rooms.get(&room).map(|room| room.limits).ok_or(MediaError::NoSuchRoom)
    }

    fn tell(&self, event: MediaEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remote(error: impl std::error::Error + Send + Sync + 'static) -> MediaError {
    MediaError::Remote(Box::new(error))
}

#[async_trait]
impl MediaPlane for LiveKit {
    async fn open_room(&self, room: RoomName, limits: RoomLimits) -> Result<(), MediaError> {
        let known = self.limits(room).is_ok();
        if !known {
            let _clearing = self.clearing.lock().await;
            // Whoever is in there has no ticket of ours.
            self.delete(room).await?;
            self.state().rooms.entry(room).or_insert_with(|| Room::new(limits));
        }
        if let Some(room) = self.state().rooms.get_mut(&room) {
            room.limits = limits;
        }
        self.create(room, limits).await
    }

    async fn close_room(&self, room: RoomName) -> Result<(), MediaError> {
        self.state().rooms.remove(&room);
        self.delete(room).await
    }

    async fn ticket(&self, ticket: TicketFor) -> Result<Ticket, MediaError> {
        let seat = ticket.seat;
        let limits = self.limits(seat.room)?;
        // A LiveKit that was restarted has forgotten the room, and lets nobody into one it does not know.
        self.create(seat.room, limits).await?;
        if let Some(room) = self.state().rooms.get_mut(&seat.room) {
            room.note(seat.id, ticket.permissions, self.clock.now())?;
            room.removed.remove(&seat.id);
        }
        let expires_at = self.clock.now() + time::Duration::seconds(MAX_TICKET_LIFETIME_S);
        let token = self.key.sign(&Claims {
            sub: seat.id.to_string(),
            jti: random_token::<16>(&*self.rng),
            exp: expires_at.unix_timestamp(),
            name: ticket.name,
            video: VideoGrant::join(seat.room.to_string(), ticket.permissions),
            ..Claims::default()
        })?;
        Ok(Ticket { url: Some(self.url.clone()), token, expires_at })
    }

    async fn set_permissions(&self, seat: Seat, permissions: Permissions) -> Result<(), MediaError> {
        self.limits(seat.room)?;
        // First of all remembered: who is not there at this moment comes back with a token of before.
        if let Some(known) = self.state().rooms.get_mut(&seat.room).and_then(|room| room.known.get_mut(&seat.id)) {
            known.permissions = permissions;
        }
        self.permit(seat, permissions).await
    }

    async fn mute(&self, seat: Seat, tracks: Tracks) -> Result<(), MediaError> {
        let presence = self.presence(seat).await?;
        let meant: Vec<&Track> = presence.tracks.iter().filter(|track| tracks.contain(track)).collect();
        if meant.is_empty() && matches!(tracks, Tracks::One(_)) {
            return Err(MediaError::NoSuchTrack);
        }
        for track in meant {
            let order = proto::MuteRoomTrackRequest {
                room: seat.room.to_string(),
                identity: seat.id.to_string(),
                track_sid: track.id.0.clone(),
                muted: true,
            };
            self.order::<proto::MuteRoomTrackResponse>("MutePublishedTrack", admin(seat.room), &order).await?;
        }
        Ok(())
    }

    async fn stop_video(&self, seat: Seat) -> Result<(), MediaError> {
        // LiveKit ends tracks only together with the permission for them.
        let before = self.presence(seat).await?.permissions;
        let mut without = before;
        (without.publish.camera, without.publish.screen) = (false, false);
        self.permit(seat, without).await?;
        self.permit(seat, before).await
    }

    async fn remove(&self, seat: Seat) -> Result<(), MediaError> {
        self.limits(seat.room)?;
        if let Some(room) = self.state().rooms.get_mut(&seat.room) {
            let now = self.clock.now();
            room.removed.retain(|_, until| *until > now);
            room.removed.insert(seat.id, now + rooms::RETURN_LIFETIME);
            room.known.remove(&seat.id);
        }
        match self.send_out(seat).await {
            Err(MediaError::NoSuchSeat) => Ok(()),
            other => other,
        }
    }

    async fn list(&self, room: RoomName) -> Result<Vec<Presence>, MediaError> {
        self.limits(room)?;
        let order = proto::ListParticipantsRequest { room: room.to_string() };
        let answer = self.order::<proto::ListParticipantsResponse>("ListParticipants", admin(room), &order).await?;
        Ok(answer.participants.iter().filter_map(|participant| rooms::presence(room, participant)).collect())
    }

    fn events(&self) -> broadcast::Receiver<MediaEvent> {
        self.events.subscribe()
    }
}

/// The grant to moderate one room.
fn admin(room: RoomName) -> VideoGrant {
    VideoGrant { room_admin: true, room: room.to_string(), ..VideoGrant::default() }
}

/// A track as the others see it.
fn track(info: &proto::TrackInfo) -> Track {
    Track { id: crate::TrackId(info.sid.clone()), source: words::source(info.source()), muted: info.muted }
}
