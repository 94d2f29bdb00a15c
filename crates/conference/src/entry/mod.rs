//! Getting in: who asks, whether they may, and what becomes of wrong tries.
//!
//! Three ways lead in: the secret of a link, a typed number with its PIN, and being who one is. All end in one answer,
//! with a token for the meeting's socket. What is typed passes the [`guard`]; whatever it refuses is answered alike,
//! whether the number is unknown, the PIN wrong or the meeting not on, and after the same time.

mod bucket;
mod device;
pub mod guard;
pub mod proof;
mod way_in;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use fernamt_api::conference::entry::{EntryAnswer, EntryKey, EntryPlace, EntryRequest, ProofOfWork};
use fernamt_domain::{MeetingId, RoomId, Secret, conference::EntrySecret};
use fernamt_http::{ApiError, Exact, Json, Session, Site};
use fernamt_store::{MeetingRecord, StoreError};
use tokio::time::{Instant, sleep_until};

pub(crate) use self::way_in::seat_of;
use self::{
    guard::{DeviceMark, Found, ProofNeeded, Source, Try, Verdict},
    way_in::WayIn,
};
use crate::{credentials, meeting::Hall, standing};

/// How long every refusal takes, whatever was looked up for it.
const REFUSED_AFTER: Duration = Duration::from_millis(100);

/// Enters a meeting.
pub(crate) async fn enter(
    State(hall): State<Arc<Hall>>,
    site: Site,
    session: Result<Session, ApiError>,
    headers: HeaderMap,
    Exact(EntryRequest { key, proof }): Exact<EntryRequest>,
) -> Response {
    let arrived = Instant::now();
    let visitor = Visitor { hall, site, session: session.ok(), headers };
    let entered = match key {
        EntryKey::Link { secret } => visitor.by_link(&secret).await,
        EntryKey::NumberAndPin { number, pin } => visitor.by_pin(&number, &pin, proof.as_ref()).await,
        EntryKey::Room { room, meeting } => visitor.by_room(room, meeting).await,
    };
    match entered {
        Ok((answer, cookie)) => with_cookie(Json(answer).into_response(), cookie),
        Err((refusal, cookie)) => {
            sleep_until(arrived + REFUSED_AFTER).await;
            with_cookie(refusal.into_response(), cookie)
        }
    }
}

fn with_cookie(mut response: Response, cookie: Option<header::HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The one refusal.
fn refused() -> ApiError {
    ApiError::forbidden("entry_refused", "this does not lead into a meeting that is on now")
}

type Cookie = Option<header::HeaderValue>;
type Entered = Result<(EntryAnswer, Cookie), (ApiError, Cookie)>;

struct Visitor {
    hall: Arc<Hall>,
    site: Site,
    session: Option<Session>,
    headers: HeaderMap,
}

fn failed(error: StoreError) -> (ApiError, Cookie) {
    (error.into(), None)
}

impl Visitor {
    async fn by_link(&self, secret: &Secret<String>) -> Entered {
        let Ok(secret) = secret.expose().parse::<EntrySecret>() else { return Err((refused(), None)) };
        let found = credentials::find_by_secret(&self.site.tenant, &self.hall.parts.sealer, &secret).await;
        let Some(meeting) = found.map_err(failed)? else { return Err((refused(), None)) };
        let now = self.hall.parts.clock.now();
        if !meeting.is_open(now) {
            let early = now < meeting.valid_from && meeting.cancelled_at.is_none() && meeting.ended_at.is_none();
            let error = if early {
                ApiError::conflict("meeting_not_yet", "this meeting cannot be entered yet")
                    .param("opens_at", rfc3339(meeting.valid_from))
            } else {
                ApiError::conflict("meeting_over", "this meeting is over or was called off")
            };
            return Err((error, None));
        }
        self.let_in(&meeting, EntryPlace::Seat, false).await
    }

    async fn by_pin(&self, number: &str, pin: &Secret<String>, proof: Option<&ProofOfWork>) -> Entered {
        let (parts, tenant) = (&self.hall.parts, &self.site.tenant);
        let (now, source) = (parts.clock.now(), Source::from(self.site.connection.peer.ip()));
        let number = number.parse().ok();
        let known = device::read(&parts.sealer, tenant.id(), &self.headers, now);
        let proved = proof.is_some_and(|proof| self.hall.proofs.check(tenant.id(), source, proof, now).is_ok());
        let tried = Try { source, device: known, number, proved };
        let Ok(pass) = self.hall.guard.admit(tried, now).map_err(|ProofNeeded| ()) else {
            let challenge = self.hall.proofs.challenge(tenant.id(), source, now);
            let error = ApiError::forbidden("proof_needed", "this browser must do some work first")
                .param("challenge", challenge.challenge)
                .param("seed", challenge.seed)
                .param("puzzles", challenge.puzzles)
                .param("bits", challenge.bits);
            return Err((error, None));
        };
        // Whoever has done the work need not do it again for a slip of the finger.
        let cookie = (proved && known.is_none()).then(|| {
            let mark = device::fresh(&*parts.rng);
            device::cookie(&parts.sealer, tenant.id(), mark, now, device::AFTER_PROOF)
        });
        let meeting = match number {
            Some(number) => match credentials::find_by_number(tenant, &parts.sealer, number).await {
                Ok(found) => found.filter(|meeting| meeting.is_open(now)),
                Err(error) => {
                    self.hall.guard.withdraw(&pass, now);
                    return Err(failed(error));
                }
            },
            None => None,
        };
        let right = match pin.expose().parse() {
            Ok(pin) => credentials::is_pin(&parts.sealer, tenant.id(), meeting.as_ref(), &pin),
            Err(_) => false,
        };
        let found = Found { meeting: meeting.as_ref().map(|meeting| meeting.id), right };
        match (self.hall.guard.settle(&pass, found, now), meeting) {
            (Verdict::Admitted(place), Some(meeting)) => self.let_in(&meeting, place, true).await,
            (Verdict::Refused { alarm: Some(guessed) }, _) => {
                self.hall.guessed(tenant.id(), guessed);
                Err((refused(), cookie))
            }
            _ => Err((refused(), cookie)),
        }
    }

    async fn by_room(&self, room: RoomId, meeting: Option<MeetingId>) -> Entered {
        let entered = async {
            let session = self
                .session
                .as_ref()
                .ok_or_else(|| ApiError::unauthenticated("not_signed_in", "nobody is signed in"))?;
            let tenant = &self.site.tenant;
            let now = self.hall.parts.clock.now();
            let (room, _) = standing::visible(tenant, room, session.person()).await?;
            let meeting = match meeting {
                Some(id) => Some(tenant.meetings().get(id).await?).filter(|found| found.room == room.id),
                None => tenant.meetings().open_in_room(room.id, now).await?.into_iter().next(),
            };
            let none = || ApiError::conflict("no_meeting_now", "no meeting of this room can be entered now");
            let meeting = meeting.filter(|meeting| meeting.is_open(now)).ok_or_else(none)?;
            self.answer_for(&meeting, EntryPlace::Seat, false, self.known_mark()).await
        };
        entered.await.map(|answer| (answer, None)).map_err(|error| (error, None))
    }

    /// Lets a browser in and marks it for long. The mark is in the token already, so that it is known again when somebody
    /// removes who came for the first time.
    async fn let_in(&self, meeting: &MeetingRecord, most: EntryPlace, by_pin: bool) -> Entered {
        let (mark, cookie) = self.mark_for_long();
        let answer = self.answer_for(meeting, most, by_pin, Some(mark)).await;
        answer.map(|answer| (answer, cookie)).map_err(|error| (error, None))
    }

    async fn answer_for(
        &self,
        meeting: &MeetingRecord,
        most: EntryPlace,
        by_pin: bool,
        mark: Option<DeviceMark>,
    ) -> Result<EntryAnswer, ApiError> {
        let way_in = WayIn { hall: &self.hall, site: &self.site, session: self.session.as_ref(), mark };
        way_in.answer_for(meeting, most, by_pin).await
    }

    /// The mark that this browser has.
    fn known_mark(&self) -> Option<DeviceMark> {
        let parts = &self.hall.parts;
        device::read(&parts.sealer, self.site.tenant.id(), &self.headers, parts.clock.now())
    }

    /// The mark of a browser that was let in, and the cookie with it, unless it has that for long already. One that runs
    /// out soon stays the same, so that nobody is new by waiting.
    fn mark_for_long(&self) -> (DeviceMark, Cookie) {
        let (parts, tenant) = (&self.hall.parts, self.site.tenant.id());
        let now = parts.clock.now();
        if let Some(mark) = device::read(&parts.sealer, tenant, &self.headers, now + device::AFTER_PROOF) {
            return (mark, None);
        }
        let mark = self.known_mark().unwrap_or_else(|| device::fresh(&*parts.rng));
        (mark, Some(device::cookie(&parts.sealer, tenant, mark, now, device::AFTER_SUCCESS)))
    }
}

fn rfc3339(at: time::OffsetDateTime) -> String {
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
