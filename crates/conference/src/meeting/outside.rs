//! A running meeting for programs that hold no socket: who is there, moderation, media tickets.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing};
use fernamt_api::conference::{
    moderation::{MeetingSeats, ModerationAct},
    socket::{MediaAccess, SocketAct, SocketRefusal},
};
use fernamt_domain::{MeetingId, SeatId};
use fernamt_http::{ApiError, Exact, Json, Path, Session};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    actor::Command,
    core::{By, Meeting},
    hall::{ANSWER_WITHIN, Hall},
    rules::Rules,
    seat::Presence,
};
use crate::{
    entry::seat_of,
    error::{ConferenceError, not_moderating},
    standing::Standing,
};

pub(super) fn router() -> Router<Arc<Hall>> {
    Router::new()
        .route("/api/v1/conference/meetings/{id}/seats", routing::get(seats))
        .route("/api/v1/conference/meetings/{id}/moderation", routing::post(moderate))
        .route("/api/v1/conference/meetings/{id}/ticket", routing::post(ticket))
}

async fn seats(
    State(hall): State<Arc<Hall>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<Json<MeetingSeats>, ConferenceError> {
    let found = Found::of(&hall, &session, id).await?;
    let by = found.by;
    let seats = found.ask(|answer| Command::Seats { by, answer }).await?;
    Ok(Json(seats.ok_or_else(|| found.refused(not_moderating()))?))
}

async fn moderate(
    State(hall): State<Arc<Hall>>,
    session: Session,
    Path(id): Path<MeetingId>,
    Exact(act): Exact<ModerationAct>,
) -> Result<StatusCode, ConferenceError> {
    let found = Found::of(&hall, &session, id).await?;
    let (by, act) = (found.by, as_on_the_socket(&act));
    let refusal = match found.ask(|answer| Command::Moderate { by, act, answer }).await? {
        Ok(()) => return Ok(StatusCode::NO_CONTENT),
        Err(SocketRefusal::NotAllowed) => not_moderating(),
        Err(SocketRefusal::Unknown) => ApiError::not_found(),
        Err(why) => ApiError::conflict(why.as_str(), "the meeting refused it"),
    };
    Err(found.refused(refusal).into())
}

async fn ticket(
    State(hall): State<Arc<Hall>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<Json<MediaAccess>, ConferenceError> {
    let found = Found::of(&hall, &session, id).await?;
    let seat = found.by.seat;
    let access = found.ask(|answer| Command::Ticket { seat, answer }).await?;
    let none = || found.refused(ApiError::conflict("not_seated", "the asking person has no seat in this meeting now"));
    Ok(Json(access.ok_or_else(none)?))
}

/// A running meeting, and the asking person as it knows them.
struct Found {
    meeting: mpsc::Sender<Command>,
    by: By,
    invited: bool,
}

impl Found {
    async fn of(hall: &Hall, session: &Session, id: MeetingId) -> Result<Self, ConferenceError> {
        let (tenant, person) = (&session.site.tenant, session.person());
        let room = tenant.rooms().get(tenant.meetings().get(id).await?.room).await?;
        let Standing { role, invited } = Standing::of(tenant, &room, Some(person)).await?;
        let seat = seat_of(&hall.parts.sealer, tenant.id(), id, person);
        match hall.running(tenant.id(), id) {
            Some(meeting) => Ok(Self { meeting, by: By { person, seat, role }, invited }),
            None if invited => Err(ApiError::conflict("meeting_not_running", "nobody is in this meeting now").into()),
            None => Err(ApiError::not_found().into()),
        }
    }

    /// Who has nothing to do with a meeting does not learn whether it runs.
    fn refused(&self, refusal: ApiError) -> ApiError {
        if self.invited { refusal } else { ApiError::not_found() }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, ApiError> {
        let (asked, answer) = oneshot::channel();
        let told = async {
            self.meeting.send(command(asked)).await.ok()?;
            answer.await.ok()
        };
        let busy = || self.refused(ApiError::conflict("meeting_busy", "the meeting did not answer; try again"));
        timeout(ANSWER_WITHIN, told).await.ok().flatten().ok_or_else(busy)
    }
}

fn as_on_the_socket(act: &ModerationAct) -> SocketAct {
    match *act {
        ModerationAct::Admit { seat } => SocketAct::Admit { seat },
        ModerationAct::AdmitAll => SocketAct::AdmitAll,
        ModerationAct::Refuse { seat } => SocketAct::Refuse { seat },
        ModerationAct::Mute { seat } => SocketAct::Mute { seat },
        ModerationAct::MuteAll => SocketAct::MuteAll,
        ModerationAct::StopVideo { seat } => SocketAct::StopVideo { seat },
        ModerationAct::StopShare { seat } => SocketAct::StopShare { seat },
        ModerationAct::Remove { seat } => SocketAct::Remove { seat },
        ModerationAct::SetRules(change) => SocketAct::SetRules(change),
    }
}

impl Meeting {
    /// What somebody outside is in this meeting: what a host made of them, if they sit here.
    fn outsider(&self, by: By) -> By {
        let role = self.seats.get(&by.seat).map_or(by.role, |one| one.role);
        By { role, ..by }
    }

    /// Who is here, for those who run it.
    pub(super) fn seats_for(&self, by: By) -> Option<MeetingSeats> {
        self.outsider(by).role.moderates().then(|| MeetingSeats {
            seats: self.seats.values().filter(|one| one.is_shown()).map(Presence::told).collect(),
            waiting: self.lobby.iter().map(Presence::told_waiting).collect(),
            counts: self.counts(),
            rules: Rules::told(&self.rules),
        })
    }

    /// An act of somebody who runs it and need not sit in it.
    pub(super) fn act_from_outside(
        &mut self,
        now: time::OffsetDateTime,
        by: By,
        act: SocketAct,
    ) -> Result<(), SocketRefusal> {
        let by = self.outsider(by);
        if self.is_over() || !by.role.moderates() {
            return Err(SocketRefusal::NotAllowed);
        }
        self.moderated(now, by, act)
    }

    /// The name and the permissions of a ticket for somebody who sits here.
    pub(super) fn ticket_of(&self, seat: SeatId) -> Option<(String, fernamt_media::Permissions)> {
        let one = self.seats.get(&seat).filter(|one| one.line.is_some())?;
        Some((one.name.clone(), self.permissions(one)))
    }
}

#[cfg(test)]
mod tests {
    use fernamt_api::conference::socket::RulesChange;

    use super::*;

    #[test]
    fn an_act_from_outside_is_written_as_on_the_socket() {
        let seat = SeatId(uuid::Uuid::nil());
        let acts = [
            ModerationAct::Admit { seat },
            ModerationAct::AdmitAll,
            ModerationAct::Refuse { seat },
            ModerationAct::Mute { seat },
            ModerationAct::MuteAll,
            ModerationAct::StopVideo { seat },
            ModerationAct::StopShare { seat },
            ModerationAct::Remove { seat },
            ModerationAct::SetRules(RulesChange { locked: Some(true), ..RulesChange::default() }),
        ];
        for act in acts {
            let on_the_socket = serde_json::to_value(as_on_the_socket(&act)).unwrap();
            assert_eq!(serde_json::to_value(&act).unwrap(), on_the_socket);
        }
    }
}
