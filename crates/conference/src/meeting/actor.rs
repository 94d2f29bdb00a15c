//! The task of one running meeting: hands inputs to the state machine, stores, and only then tells.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::extract::ws::Utf8Bytes;
use fernamt_api::conference::{
    moderation::MeetingSeats,
    settings::ConferenceSettings,
    socket::{
        MediaAccess, MeetingCounts, ModerationNotice, NumberAndPin, PresenceEnded, SocketAct, SocketMessage,
        SocketRefusal, close,
    },
};
use fernamt_domain::{
    DomainEvent, EndReason, LiveGrant, MeetingId, PersonId, Purpose, SeatId, Secret,
    audit::{AuditEvent, AuditKind, Outcome},
    conference::{LobbyFor, MeetingRole, MeetingState},
};
use fernamt_http::Site;
use fernamt_media::{MediaError, RoomLimits, RoomName, Seat as MediaSeat, TicketFor, Tracks};
use fernamt_store::{MeetingRecord, MessageRecord, RoomRecord, StoreError, TenantStore};
use serde_json::json;
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    chat::{Saying, purpose},
    core::{Beginning, By, Input, Kept, MediaOrder, Meeting, Output, SeatLimits},
    facts,
    hall::Hall,
    seat::{Claim, LineId},
    token::TokenKind,
};
use crate::{
    credentials::{Credentials, pin_print},
    lifecycle,
    standing::{self, Standing},
};

/// Messages that wait for one client to read them. Whoever lags further behind is sent away and comes back with a snapshot.
pub(super) const MAX_UNREAD: usize = 256;
/// Inputs that are worked off before anything is stored and told.
const BATCH: usize = 64;
/// Orders that wait for the media plane.
const MAX_MEDIA_ORDERS: usize = 2_048;
/// How long a meeting that everybody has left stays in memory, so that who reloads a page finds it as it was.
const RESTS: Duration = Duration::from_secs(60);
/// How long the media plane may take for one order. What it does not do by then it is not waited for.
const PLANE_WITHIN: Duration = Duration::from_secs(10);
/// How soon a busy media plane is asked again.
const PLANE_AGAIN: Duration = Duration::from_millis(100);
/// How soon what could not be stored is tried again.
const STORE_AGAIN: Duration = Duration::from_secs(1);

type Done = Result<(), SocketRefusal>;

/// What a meeting's task is told.
#[derive(Debug)]
pub(super) enum Command {
    Hello {
        line: LineId,
        claim: Claim,
        resumes: bool,
        name: Option<String>,
        socket: mpsc::Sender<ToClient>,
        grant: Option<LiveGrant>,
    },
    Act {
        line: LineId,
        re: Option<u32>,
        act: SocketAct,
    },
    Gone {
        line: LineId,
    },
    Revoked {
        seat: SeatId,
    },
    Seats {
        by: By,
        answer: oneshot::Sender<Option<MeetingSeats>>,
    },
    Moderate {
        by: By,
        act: SocketAct,
        answer: oneshot::Sender<Done>,
    },
    /// Answered with nothing to who has no seat, and not at all where the media plane has no ticket.
    Ticket {
        seat: SeatId,
        answer: oneshot::Sender<Option<MediaAccess>>,
    },
}

/// What a meeting must hear even when it takes nothing in for a while. It waits as a state and not in a queue, so that
/// telling it holds up nobody.
#[derive(Debug, Default)]
pub(super) struct Nudges {
    /// Its row in the store has changed.
    pub(super) changed: Notify,
    /// Its PIN is guessed, or no longer: the guard knows.
    pub(super) guessed: Notify,
    /// The server stops: everybody shall come back later.
    pub(super) restart: CancellationToken,
}

/// What a client's socket is told.
#[derive(Debug)]
pub(super) enum ToClient {
    Text(Utf8Bytes),
    Close(u16),
}

#[derive(Debug)]
enum ToPlane {
    Order(MediaOrder),
    Ticket {
        to: Asked,
        ticket: TicketFor,
    },
    /// Told in its turn: what was ordered before has been carried out.
    Notice {
        socket: mpsc::Sender<ToClient>,
        what: ModerationNotice,
    },
}

/// Who asked for a ticket.
#[derive(Debug)]
enum Asked {
    Client(mpsc::Sender<ToClient>),
    Outside(oneshot::Sender<Option<MediaAccess>>),
}

impl Asked {
    fn gets(self, access: MediaAccess) {
        match self {
            Self::Client(socket) => drop(socket.try_send(ToClient::Text(text(&SocketMessage::Media(access))))),
            Self::Outside(answer) => drop(answer.send(Some(access))),
        }
    }
}

/// One running meeting.
pub(super) struct Actor {
    hall: Arc<Hall>,
    site: Site,
    id: MeetingId,
    meeting: Meeting,
    commands: mpsc::Sender<Command>,
    inbox: mpsc::Receiver<Command>,
    nudges: Arc<Nudges>,
    counts: watch::Sender<MeetingCounts>,
    sockets: HashMap<LineId, mpsc::Sender<ToClient>>,
    grants: HashMap<SeatId, AbortOnDropHandle<()>>,
    plane: mpsc::Sender<ToPlane>,
    unstored: Unstored,
    /// What was done for those outside: they are answered once it is stored.
    answers: Vec<(oneshot::Sender<Done>, Done)>,
    pin: Option<Secret<Vec<u8>>>,
    booked: Booked,
    /// The store could not say what changed.
    look_again: bool,
    delete_chat_at: OffsetDateTime,
}

/// What a room's booking says of people, as of the last look.
struct Booked {
    room: RoomRecord,
    invited: HashMap<PersonId, MeetingRole>,
    others_wait: bool,
}

impl Booked {
    async fn of(tenant: &TenantStore, room: RoomRecord, lobby: LobbyFor) -> Result<Self, StoreError> {
        let invited = tenant.rooms().invitees(room.id).await?;
        let invited = invited.into_iter().filter_map(|one| Some((one.person?, one.role))).collect();
        Ok(Self { room, invited, others_wait: matches!(lobby, LobbyFor::Uninvited | LobbyFor::Everybody) })
    }

    fn standing(&self, person: PersonId) -> Standing {
        Standing::from(&self.room, Some(person), self.invited.get(&person).copied())
    }
}

/// What waits to be stored.
#[derive(Default)]
struct Unstored {
    sayings: Vec<Saying>,
    kept: Option<Kept>,
    audited: Vec<(&'static str, Option<PersonId>)>,
    /// A host ended it.
    ended: Option<EndedBy>,
}

/// Who ended a meeting, unless it was a guest.
#[derive(Debug, Clone, Copy)]
struct EndedBy(Option<PersonId>);

impl Unstored {
    fn is_empty(&self) -> bool {
        self.sayings.is_empty() && self.kept.is_none() && self.audited.is_empty() && self.ended.is_none()
    }
}

impl Actor {
    /// Reads what there is of a meeting.
    pub(super) async fn load(
        hall: Arc<Hall>,
        site: &Site,
        record: MeetingRecord,
        settings: &ConferenceSettings,
        (commands, inbox): (mpsc::Sender<Command>, mpsc::Receiver<Command>),
        (counts, nudges): (watch::Sender<MeetingCounts>, Arc<Nudges>),
    ) -> Result<Self, StoreError> {
        let (tenant, id) = (&site.tenant, record.id);
        let room = tenant.rooms().get(record.room).await?;
        let kept = Kept::of(tenant.meetings().kept_state(id).await?);
        let mut chat = Vec::new();
        for row in tenant.messages().of_meeting(id).await? {
            let opened = hall
                .parts
                .sealer
                .open(Purpose { tenant: tenant.id(), word: &purpose(id) }, row.message_sealed.expose());
            match opened.ok().and_then(|json| serde_json::from_slice(&json).ok()) {
                Some(saying) => chat.push(saying),
                None => chat.push(Saying::Deleted { id: row.position.into() }),
            }
        }
        let safeguards = standing::safeguards(&room, settings);
        let (sealer, of) = (Arc::clone(&hall.parts.sealer), tenant.id());
        let limits =
            SeatLimits { participants: settings.most_participants.into(), listeners: settings.most_listeners.into() };
        let facts = facts::of(&hall.parts, site, &record, &room, settings).await?;
        let meeting = Meeting::new(Beginning {
            facts,
            owner: room.owner,
            rules: standing::permissions(&room).into(),
            waiting_text: room.waiting_text.clone(),
            limits,
            kept,
            chat,
            began_at: record.opened_at.unwrap_or_else(|| hall.parts.clock.now()),
            seal: Box::new(move |claim| TokenKind::Resume.seal(&sealer, of, id, claim)),
        });
        let (plane, orders) = mpsc::channel(MAX_MEDIA_ORDERS);
        let most = u32::try_from(limits.participants + limits.listeners).unwrap_or(u32::MAX);
        tokio::spawn(serve_plane(Arc::clone(&hall), site.clone(), id, most, orders));
        Ok(Self {
            site: site.clone(),
            id,
            meeting,
            commands,
            inbox,
            nudges,
            counts,
            sockets: HashMap::new(),
            grants: HashMap::new(),
            plane,
            unstored: Unstored::default(),
            answers: Vec::new(),
            pin: record.pin_print.clone(),
            booked: Booked::of(tenant, room, safeguards.lobby).await?,
            look_again: false,
            delete_chat_at: record.valid_until + time::Duration::days(safeguards.keep_chat_days.into()),
            hall,
        })
    }

    /// Whose room it is.
    pub(super) fn owner(&self) -> PersonId {
        self.meeting.owner()
    }

    /// Runs until the meeting is over, or everybody has been gone for a while.
    pub(super) async fn run(mut self) {
        let mut idle_since: Option<Instant> = None;
        loop {
            let wake = self.wakes_at(idle_since);
            tokio::select! {
                () = self.nudges.restart.cancelled() => return self.restart(),
                () = self.nudges.changed.notified() => self.look().await,
                () = self.nudges.guessed.notified() => {
                    let guessed = self.hall.guard.is_guessed(self.id, self.hall.parts.clock.now());
                    self.hand(Input::Guessed(guessed));
                }
                command = self.inbox.recv() => match command {
                    Some(command) => {
                        let mut next = Some(command);
                        for _ in 0..BATCH {
                            let Some(command) = next else { break };
                            self.take(command);
                            next = self.inbox.try_recv().ok();
                        }
                        // The batch ends one short, so that nothing taken from the inbox is lost.
                        if let Some(command) = next {
                            self.take(command);
                        }
                    }
                    None => return,
                },
                () = sleep_until(wake) => {
                    if self.look_again {
                        self.look().await;
                    }
                    self.hand(Input::Tick);
                }
            }
            self.work_off().await;
            for (answer, done) in self.answers.drain(..) {
                let _ = answer.send(done);
            }
            let _ = self.counts.send(self.meeting.counts());
            if self.meeting.is_over() && self.unstored.is_empty() {
                return;
            }
            idle_since = self.meeting.is_idle().then(|| idle_since.unwrap_or_else(Instant::now));
            if idle_since.is_some_and(|since| since.elapsed() >= RESTS) && self.unstored.is_empty() {
                return;
            }
        }
    }

    fn wakes_at(&self, idle_since: Option<Instant>) -> Instant {
        let now = self.hall.parts.clock.now();
        let until = |at: OffsetDateTime| Duration::try_from(at - now).unwrap_or_default();
        let by_meeting =
            self.meeting.wakes_at().map(|at| Instant::now() + until(at).clamp(Duration::from_millis(5), RESTS));
        let again = (!self.unstored.is_empty() || self.look_again).then(|| Instant::now() + STORE_AGAIN);
        let rest = idle_since.map(|since| since + RESTS);
        [by_meeting, again, rest].into_iter().flatten().min().unwrap_or_else(|| Instant::now() + RESTS)
    }

    fn hand(&mut self, input: Input) {
        let now = self.hall.parts.clock.now();
        self.meeting.handle(now, input);
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Hello { line, mut claim, resumes, name, socket, grant } => {
                if let Some(person) = claim.person {
                    // A token says what was booked when it was made.
                    let standing = self.booked.standing(person);
                    if claim.invited && !standing.invited && self.booked.others_wait {
                        let _ = socket
                            .try_send(ToClient::Text(text(&SocketMessage::Ended { why: PresenceEnded::EnterAgain })));
                        let _ = socket.try_send(ToClient::Close(close::ENTER_AGAIN));
                        return;
                    }
                    (claim.role, claim.invited) = (standing.role, standing.invited);
                }
                let seat = claim.seat;
                self.sockets.insert(line, socket);
                self.hand(Input::Hello { line, claim, resumes, name });
                // Who is turned away holds nothing.
                if let Some(grant) = grant.filter(|_| self.meeting.holds(line)) {
                    let commands = self.commands.clone();
                    let watch = tokio::spawn(async move {
                        // When the server stops nobody is sent away: all come back to their seats when it is there again.
                        if grant.ended().await != EndReason::Shutdown {
                            let _ = commands.send(Command::Revoked { seat }).await;
                        }
                    });
                    self.grants.insert(seat, AbortOnDropHandle::new(watch));
                }
            }
            Command::Act { line, re, act } => self.hand(Input::Act { line, re, act }),
            Command::Gone { line } => {
                self.sockets.remove(&line);
                self.hand(Input::Gone { line });
            }
            Command::Seats { by, answer } => {
                let _ = answer.send(self.meeting.seats_for(by));
            }
            Command::Moderate { by, act, answer } => {
                let now = self.hall.parts.clock.now();
                let done = self.meeting.act_from_outside(now, by, act);
                self.answers.push((answer, done));
            }
            Command::Ticket { seat, answer } => {
                let Some((name, permissions)) = self.meeting.ticket_of(seat) else {
                    drop(answer.send(None));
                    return;
                };
                let ticket = self.ticket_for(seat, name, permissions);
                // Whoever finds the media plane busy asks again.
                let _ = self.plane.try_send(ToPlane::Ticket { to: Asked::Outside(answer), ticket });
            }
            Command::Revoked { seat } => self.hand(Input::Revoked { seat }),
        }
    }

    async fn look(&mut self) {
        let looked = self.changed().await;
        self.look_again = looked.is_err();
        if let Err(error) = looked {
            tracing::warn!(%error, "A running meeting could not be looked up again yet");
        }
    }

    /// Looks the meeting up again.
    async fn changed(&mut self) -> Result<(), StoreError> {
        let tenant = self.site.tenant.clone();
        let (now, record) = (self.hall.parts.clock.now(), tenant.meetings().get(self.id).await);
        let record = match record {
            Ok(record) => record,
            Err(StoreError::NotFound(_)) => {
                self.hand(Input::Over(PresenceEnded::Cancelled));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match record.state(now) {
            MeetingState::Cancelled => self.hand(Input::Over(PresenceEnded::Cancelled)),
            MeetingState::Ended => self.hand(Input::Over(PresenceEnded::MeetingEnded)),
            MeetingState::Planned | MeetingState::Running => {
                if record.pin_print != self.pin {
                    self.pin.clone_from(&record.pin_print);
                    self.hall.guard.renewed(self.id, now);
                    self.hand(Input::Guessed(self.hall.guard.is_guessed(self.id, now)));
                }
                let (room, settings) = (tenant.rooms().get(record.room).await?, crate::settings::load(&tenant).await?);
                let safeguards = standing::safeguards(&room, &settings);
                self.delete_chat_at = record.valid_until + time::Duration::days(safeguards.keep_chat_days.into());
                let facts = facts::of(&self.hall.parts, &self.site, &record, &room, &settings).await?;
                if facts != *self.meeting.facts() {
                    self.hand(Input::Facts(Box::new(facts)));
                }
                self.booked = Booked::of(&tenant, room, safeguards.lobby).await?;
                let others_wait = self.booked.others_wait;
                for (seat, person) in self.meeting.people() {
                    let Standing { role, invited } = self.booked.standing(person);
                    self.hand(Input::Booked { seat, role, invited, others_wait });
                }
            }
        }
        Ok(())
    }

    /// Stores what is to be stored, then does the rest in its order.
    async fn work_off(&mut self) {
        loop {
            let mut rest = Vec::new();
            while let Some(output) = self.meeting.poll() {
                match output {
                    Output::Store(saying) => self.unstored.sayings.push(saying),
                    Output::Keep(kept) => self.unstored.kept = Some(kept),
                    Output::Audit { action, by } => self.unstored.audited.push((action, by)),
                    Output::End { by } => self.unstored.ended = Some(EndedBy(by)),
                    other => rest.push(other),
                }
            }
            if let Err(error) = self.store().await {
                // It is told all the same and stored soon: a meeting does not stand still because a disk is slow.
                tracing::warn!(%error, "What happened in a meeting could not be stored yet");
            }
            if rest.is_empty() {
                return;
            }
            for output in rest {
                self.act_on(output).await;
            }
        }
    }

    async fn store(&mut self) -> Result<(), StoreError> {
        if self.unstored.is_empty() {
            return Ok(());
        }
        let tenant = &self.site.tenant;
        let state = match tenant.meetings().get(self.id).await {
            Ok(record) => Some(record.state(self.hall.parts.clock.now())),
            // It went with its room.
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        if !matches!(state, Some(MeetingState::Running | MeetingState::Planned)) {
            // It has ended meanwhile, and what is kept of it was decided then; what hosts did is still written down.
            (self.unstored.sayings, self.unstored.kept) = (Vec::new(), None);
        }
        let mut work = tenant.begin().await?;
        let word = purpose(self.id);
        for saying in &self.unstored.sayings {
            let json = serde_json::to_vec(saying).expect("a message always serialises");
            let sealed = self.hall.parts.sealer.seal(Purpose { tenant: tenant.id(), word: &word }, &json);
            let at = match saying {
                Saying::Said(message) => message.at,
                Saying::Deleted { .. } => self.hall.parts.clock.now(),
            };
            let position = u32::try_from(saying.id()).unwrap_or(u32::MAX);
            let record = MessageRecord {
                meeting: self.id,
                position,
                message_sealed: Secret::new(sealed),
                at,
                delete_at: self.delete_chat_at,
            };
            work.messages().put(&record).await?;
        }
        if let Some(kept) = &self.unstored.kept {
            let json = serde_json::to_value(kept).expect("pseudonyms and rules always serialise");
            work.meetings().keep_state(self.id, &json).await?;
        }
        for (action, by) in &self.unstored.audited {
            let mut entry = AuditEvent::new(AuditKind::Conference, action, Outcome::Success);
            if let Some(person) = by {
                entry = entry.by(*person);
            }
            work.record(entry.details(json!({ "meeting": self.id })));
        }
        work.commit().await?;
        let ended = self.unstored.ended;
        self.unstored = Unstored { ended, ..Unstored::default() };
        if let Some(EndedBy(by)) = ended {
            self.end(by).await?;
            self.unstored.ended = None;
        }
        Ok(())
    }

    async fn act_on(&mut self, output: Output) {
        match output {
            Output::Tell { lines, message } => {
                let text = text(&message);
                for line in lines {
                    self.send(line, ToClient::Text(text.clone()));
                }
            }
            Output::Close { line, code } => {
                self.send(line, ToClient::Close(code));
                self.sockets.remove(&line);
            }
            Output::Ticket { line, seat, name, permissions } => {
                if let Some(socket) = self.sockets.get(&line).cloned() {
                    let ticket = self.ticket_for(seat, name, permissions);
                    let _ = self.plane.send(ToPlane::Ticket { to: Asked::Client(socket), ticket }).await;
                }
            }
            Output::Media(order) => {
                let _ = self.plane.send(ToPlane::Order(order)).await;
            }
            Output::Notice { line, what } => {
                if let Some(socket) = self.sockets.get(&line).cloned() {
                    let _ = self.plane.send(ToPlane::Notice { socket, what }).await;
                }
            }
            Output::RenewPin { line, re, by } => {
                let made = self.renew_pin(by).await.inspect_err(|error| {
                    tracing::warn!(%error, "A PIN could not be renewed");
                });
                self.hand(Input::PinRenewed { line, re, made: made.ok().flatten() });
            }
            Output::Open { .. } => {
                if let Some(conference) = self.hall.conference()
                    && let Err(error) = lifecycle::open(&self.site.tenant, &conference.parts, self.id).await
                {
                    tracing::warn!(%error, "The opening of a meeting could not be noted");
                }
            }
            Output::Free(seat) => {
                // They may have come back already, with a grant of their own.
                if !self.meeting.is_there(seat) {
                    self.grants.remove(&seat);
                }
            }
            Output::Store(_) | Output::Keep(_) | Output::Audit { .. } | Output::End { .. } => {}
        }
    }

    async fn end(&self, by: Option<PersonId>) -> Result<(), StoreError> {
        let Some(conference) = self.hall.conference() else { return Ok(()) };
        let mut entry = AuditEvent::new(AuditKind::Conference, "ended_for_all", Outcome::Success);
        if let Some(person) = by {
            entry = entry.by(person);
        }
        match lifecycle::end(&self.site.tenant, &conference.parts, self.id, entry).await {
            // It went with its room.
            Ok(_) | Err(StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn ticket_for(&self, seat: SeatId, name: String, permissions: fernamt_media::Permissions) -> TicketFor {
        let seat = MediaSeat { room: RoomName(self.id.0), id: seat.0.into() };
        TicketFor { seat, name, permissions }
    }

    async fn renew_pin(&mut self, by: Option<PersonId>) -> Result<Option<NumberAndPin>, StoreError> {
        let (tenant, parts) = (&self.site.tenant, &self.hall.parts);
        let mut work = tenant.begin().await?;
        let record = work.meetings().locked(self.id).await?;
        let Some(credentials) = Credentials::of(&parts.sealer, tenant.id(), &record) else { return Ok(None) };
        let credentials = credentials.with_new_pin(&*parts.rng);
        let print = pin_print(&parts.sealer, tenant.id(), self.id, &credentials.pin);
        let sealed = credentials.sealed(&parts.sealer, tenant.id(), self.id);
        work.meetings().renew_pin(self.id, &print, &sealed).await?;
        let mut entry = AuditEvent::new(AuditKind::Conference, "pin_renewed", Outcome::Success);
        if let Some(person) = by {
            entry = entry.by(person);
        }
        work.record(entry.details(json!({ "meeting": self.id })));
        work.publish(DomainEvent::MeetingChanged { meeting: self.id });
        work.commit().await?;
        let pin = Secret::new(credentials.pin.expose().to_owned());
        Ok(Some(NumberAndPin { number: credentials.number.digits(), pin }))
    }

    fn send(&mut self, line: LineId, message: ToClient) {
        let Some(socket) = self.sockets.get(&line) else { return };
        if socket.try_send(message).is_err() {
            // Whoever does not read is let go: the socket's task sees its queue end, and the client comes back.
            self.sockets.remove(&line);
            self.hand(Input::Gone { line });
        }
    }

    fn restart(mut self) {
        for (_, socket) in self.sockets.drain() {
            let _ = socket.try_send(ToClient::Close(close::LATER));
        }
    }
}

fn text(message: &SocketMessage) -> Utf8Bytes {
    serde_json::to_string(message).expect("every message serialises").into()
}

/// Hands orders to the media plane one after the other, so that none overtakes another.
async fn serve_plane(hall: Arc<Hall>, site: Site, id: MeetingId, most: u32, mut orders: mpsc::Receiver<ToPlane>) {
    let (plane, room) = (&hall.parts.media, RoomName(id.0));
    let limits = RoomLimits { max_seats: most.max(2), ..RoomLimits::default() };
    let mut open = false;
    let seat = |id: SeatId| MediaSeat { room, id: id.0.into() };
    while let Some(order) = orders.recv().await {
        let done = async {
            match order {
                ToPlane::Ticket { to, ticket } => {
                    let ticket = async {
                        if open {
                            match plane.ticket(ticket.clone()).await {
                                // It closes rooms by itself that nobody has used for a while.
                                Err(MediaError::NoSuchRoom) => {}
                                given => return given,
                            }
                        }
                        plane.open_room(room, limits).await?;
                        plane.ticket(ticket).await
                    };
                    match ticket.await {
                        Ok(ticket) => {
                            open = true;
                            let url = ticket.url.unwrap_or_else(|| site.origin().replacen("http", "ws", 1));
                            let access = MediaAccess { url, ticket: ticket.token, expires_at: ticket.expires_at };
                            to.gets(access);
                            Ok(())
                        }
                        Err(error) => {
                            // The room may be gone; the next one to ask opens it again.
                            open = false;
                            Err(error)
                        }
                    }
                }
                ToPlane::Notice { socket, what } => {
                    drop(socket.try_send(ToClient::Text(text(&SocketMessage::Moderated { what }))));
                    Ok(())
                }
                // What somebody may do no longer must not stay open because others keep the plane busy.
                ToPlane::Order(MediaOrder::Permit(id, permissions)) => loop {
                    match plane.set_permissions(seat(id), permissions).await {
                        Err(MediaError::Busy) => sleep(PLANE_AGAIN).await,
                        done => break done,
                    }
                },
                ToPlane::Order(MediaOrder::Mute(id)) => loop {
                    match plane.mute(seat(id), Tracks::Audio).await {
                        Err(MediaError::Busy) => sleep(PLANE_AGAIN).await,
                        done => break done,
                    }
                },
                ToPlane::Order(MediaOrder::Remove(id)) => plane.remove(seat(id)).await,
                ToPlane::Order(MediaOrder::Close) => {
                    open = false;
                    plane.close_room(room).await
                }
            }
        };
        let done = timeout(PLANE_WITHIN, done).await.unwrap_or(Err(MediaError::Busy));
        match done {
            // Who is only here for the chat has no seat in the media plane.
            Ok(()) | Err(MediaError::NoSuchSeat | MediaError::NoSuchRoom) => {}
            Err(error) => tracing::warn!(%error, "The media plane did not do what a meeting asked"),
        }
    }
}
