//! One client's SSH connection: asks it in, opens its tunnels, refuses the rest.

use std::{
    borrow::Cow,
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fernamt_api::{
    line_test::Mode,
    stick::{Base64Secret, SUBSYSTEM},
    stick_notice::Notice,
};
use fernamt_domain::{DeviceKind, TargetId};
use fernamt_resume::{Ticket, Way};
use russh::{
    Channel, ChannelId, ChannelOpenFailure, ChannelWriteHalf, MethodKind, MethodSet, Pty,
    keys::{Algorithm, PublicKey},
    server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, Response, Session, VerifiedPublicKey},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
    time::Instant,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    Activation, Answers, Attempt, Destination, FirstFactor, Gatekeeper, Language, Limits, Login, OpenRefusal, Origin,
    SignInRefusal, SignedIn,
    companions::{self, Companions, Invitation, Main, Proved},
    control::{self, Conversation},
    limits::Place,
    line_test::{self, LineTest},
    moving::{self, Movables},
    opening::{PROHIBITED, RESOURCE_SHORTAGE, refuse, run_tunnel},
    streams::{Seat, Streams},
    tunnel::{Inlet, Outlet},
    turns::{Flow, Turns},
    words,
};

/// What a connection shares with its tunnels.
pub(super) struct Shared {
    pub(super) gatekeeper: Arc<dyn Gatekeeper>,
    pub(super) limits: Arc<Limits>,
    origin: watch::Sender<Origin>,
    /// Cancelled when all tunnels of the connection must end.
    pub(super) hung_up: CancellationToken,
    /// The tunnels and texts under way.
    pub(super) tasks: TaskTracker,
    inlets: Mutex<HashMap<ChannelId, (Arc<Inlet>, Way)>>,
    pub(super) movables: Movables,
    /// By what a stick signed in.
    proved: Mutex<Option<Proved>>,
    companion: Mutex<OwnCompanion>,
    pub(super) opening: Semaphore,
    below: Option<Below>,
    /// Orders who sends on that stream.
    turns: Option<Arc<Turns>>,
    /// Held while the stream below can come back.
    seat: Mutex<Option<Seat>>,
    /// Whether a stick may open tunnels.
    welcomed: AtomicBool,
    /// Held while a stick is being let in or refused.
    pub(super) greeting: tokio::sync::Mutex<()>,
    /// Cancelled when the client is to be sent away.
    pub(super) dismissed: CancellationToken,
    /// Held while the session's tunnels are judged for where it is.
    pub(super) judging: tokio::sync::Mutex<()>,
}

/// The resumable stream below a connection.
pub(super) struct Below {
    pub(super) handle: fernamt_resume::Handle,
    pub(super) streams: Streams,
    pub(super) companions: Companions,
}

/// The companion of a connection.
#[derive(Default)]
struct OwnCompanion {
    /// The one that is expected.
    invitation: Option<Invitation>,
    /// Dropped when another comes: sends the one away that is there.
    there: Option<DropGuard>,
}

/// Who has come in.
pub(super) struct Entered {
    pub(super) who: Arc<SignedIn>,
    /// The session that this one accompanies, if it is no session of its own.
    pub(super) main: Option<Main>,
}

impl Shared {
    /// Where the client is now.
    pub(super) fn origin(&self) -> Origin {
        self.origin.borrow().clone()
    }

    /// Tells when the client comes from elsewhere.
    pub(super) fn origins(&self) -> watch::Receiver<Origin> {
        self.origin.subscribe()
    }

    /// Makes the connection survive its line, where it can. Returns what the client must know for that.
    pub(super) fn arm(&self, who: &SignedIn) -> Option<Ticket> {
        let below = self.below.as_ref()?;
        let (ticket, seat) = below.streams.enrol(&below.handle, who, &self.origin)?;
        *self.seat.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
        Some(ticket)
    }

    /// Nobody comes back to this connection any more; if its line is away, it ends at once.
    pub(super) fn disarm(&self) {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(below) = &self.below
            && below.handle.status().away_since.is_some()
        {
            below.handle.abort();
        }
    }

    /// One more who shares the line, where sharing it is ours to order.
    pub(super) fn flow(&self) -> Option<Flow> {
        self.turns.as_ref().map(Turns::flow)
    }

    /// Shares the line out until the connection ends.
    pub(super) fn share(&self) {
        if let (Some(turns), Some(below)) = (self.turns.clone(), &self.below) {
            let (backlog, hung_up) = (below.handle.backlog(), self.hung_up.clone());
            self.tasks.spawn(hung_up.run_until_cancelled_owned(async move { turns.run(backlog).await }));
        }
    }

    /// Whether a stick may have a companion here.
    pub(super) fn may_be_accompanied(&self) -> bool {
        self.below.is_some() && self.proved.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Expects a companion from now on, and none that was expected before. Returns the secret by which it comes.
    pub(super) fn expect_companion(self: &Arc<Self>, who: &Arc<SignedIn>) -> Option<Base64Secret> {
        let companions = &self.below.as_ref()?.companions;
        let proved = self.proved.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let mut own = self.companion();
        own.invitation = None;
        if self.hung_up.is_cancelled() {
            return None;
        }
        let main = Main { shared: Arc::clone(self), who: Arc::clone(who) };
        let (secret, invitation) = companions.expect(main, proved, Instant::now())?;
        own.invitation = Some(invitation);
        Some(secret)
    }

    /// A companion has come; one that was there before is to go when this is cancelled.
    fn take_companion(&self, dismissed: &CancellationToken) {
        let mut own = self.companion();
        own.invitation = None;
        own.there = Some(dismissed.clone().drop_guard());
    }

    /// Nobody accompanies the connection any more, once it hangs up.
    pub(super) fn leave_companion(&self) {
        let own = std::mem::take(&mut *self.companion());
        drop(own);
    }

    fn companion(&self) -> MutexGuard<'_, OwnCompanion> {
        self.companion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes on this channel goes to this inlet.
    pub(super) fn let_in(&self, id: ChannelId, inlet: Arc<Inlet>, way: Way) {
        self.inlets().insert(id, (inlet, way));
    }

    /// What comes on this channel goes nowhere.
    pub(super) fn let_out(&self, id: ChannelId) {
        self.inlets().remove(&id);
    }

    /// The stick is let in.
    pub(super) fn welcome(&self) {
        self.welcomed.store(true, Ordering::SeqCst);
    }

    /// Sends the client away.
    pub(super) fn dismiss(&self) {
        self.dismissed.cancel();
    }

    fn may_open(&self, who: &SignedIn) -> bool {
        who.facts.device_kind != DeviceKind::Stick || self.welcomed.load(Ordering::SeqCst)
    }

    fn inlets(&self) -> MutexGuard<'_, HashMap<ChannelId, (Arc<Inlet>, Way)>> {
        self.inlets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handler that russh calls for one connection.
pub(super) struct Connection {
    shared: Arc<Shared>,
    knocking: Knocking,
    place: Place,
    signed_in: Option<Arc<SignedIn>>,
    /// The session that this connection accompanies.
    main: Option<Main>,
    tell: Option<oneshot::Sender<Entered>>,
    channels: Arc<Semaphore>,
    sessions: HashMap<ChannelId, Lobby>,
    /// A stick speaks with us, or did.
    conversing: bool,
}

/// What is known of a client that has not signed in yet.
#[derive(Default)]
struct Knocking {
    user: String,
    login: Option<Login>,
    /// The enrolled key whose possession was proved.
    key: Option<PublicKey>,
    /// A notice was shown instead of questions; the next answer is the end of this attempt.
    notice_shown: bool,
}

/// A `session` channel: no shell, only a text, or the conversation with a stick.
struct Lobby {
    terminal: bool,
    shown: bool,
    client: Option<ChannelWriteHalf<Msg>>,
    conversation: Option<Conversation>,
    test: Option<LineTest>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// A handler for one connection. Whoever signs in is told on `tell`.
    pub(super) fn new(
        gatekeeper: Arc<dyn Gatekeeper>,
        limits: &Arc<Limits>,
        origin: Origin,
        below: Option<Below>,
        place: Place,
        hung_up: CancellationToken,
        tell: oneshot::Sender<Entered>,
    ) -> (Self, Arc<Shared>) {
        let shared = Arc::new(Shared {
            gatekeeper,
            origin: watch::Sender::new(origin),
            hung_up,
            turns: below.as_ref().map(|_| Turns::new()),
            below,
            seat: Mutex::default(),
            welcomed: AtomicBool::new(false),
            greeting: tokio::sync::Mutex::default(),
            dismissed: CancellationToken::new(),
            judging: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            inlets: Mutex::default(),
            movables: Movables::default(),
            proved: Mutex::default(),
            companion: Mutex::default(),
            opening: Semaphore::new(limits.opening_per_connection),
            limits: Arc::clone(limits),
        });
        let handler = Self {
            shared: Arc::clone(&shared),
            knocking: Knocking::default(),
            place,
            signed_in: None,
            main: None,
            tell: Some(tell),
            channels: Arc::new(Semaphore::new(limits.channels_per_connection)),
            sessions: HashMap::new(),
            conversing: false,
        };
        (handler, shared)
    }

    /// The login for a user name. Another name than before starts from nothing, so that nothing proved for one name
    /// counts for another.
    fn meet(&mut self, user: &str) -> Login {
        if self.knocking.login.is_none() || self.knocking.user != user {
            let login = Login::parse(user).unwrap_or_else(|_| Login::nobody());
            self.knocking = Knocking { user: user.to_owned(), login: Some(login), ..Knocking::default() };
        }
        self.knocking.login.clone().unwrap_or_else(Login::nobody)
    }

    async fn ask(&self, login: &Login) -> Auth {
        let language = self.shared.gatekeeper.language(login).await;
        let mut prompts = Vec::with_capacity(2);
        if login.activation().is_some() {
            return match self.knocking.key {
                Some(_) => Auth::Partial {
                    name: Cow::Borrowed(language.sign_in_title()),
                    instructions: Cow::Borrowed(""),
                    prompts: Cow::Owned(vec![(Cow::Borrowed(language.ask_activation_code()), false)]),
                },
                None => Auth::reject(),
            };
        }
        if self.knocking.key.is_none() {
            prompts.push((Cow::Borrowed(language.ask_password()), false));
        }
        prompts.push((Cow::Borrowed(language.ask_code()), false));
        Auth::Partial {
            name: Cow::Borrowed(language.sign_in_title()),
            instructions: Cow::Borrowed(""),
            prompts: Cow::Owned(prompts),
        }
    }

    async fn check(&mut self, login: Login, answers: Answers) -> Auth {
        let first = match (answers.password, &self.knocking.key) {
            (Some(password), None) => FirstFactor::Password(password),
            (None, Some(key)) => FirstFactor::Key(key.clone()),
            _ => return Auth::reject(),
        };
        let origin = self.shared.origin();
        if let Some(device) = login.activation() {
            let FirstFactor::Key(key) = first else { return Auth::reject() };
            let activation = Activation { login: login.clone(), device, key, code: answers.code, origin };
            return match self.shared.gatekeeper.activate(activation).await {
                // Nobody has signed in by that: all that is left to do is to leave.
                Ok(()) => Auth::Accept,
                Err(refusal) => self.refuse(&login, refusal).await,
            };
        }
        if let (FirstFactor::Key(key), Some(secret)) = (&first, companions::in_answer(&answers.code)) {
            return self.accompany(secret, &login, key);
        }
        let proved = match &first {
            FirstFactor::Key(key) => Some(Proved { login: login.clone(), key: key.clone() }),
            FirstFactor::Password(_) => None,
        };
        let attempt = Attempt { login: login.clone(), first, code: answers.code, origin };
        match self.shared.gatekeeper.sign_in(attempt).await {
            Ok(who) => {
                *self.shared.proved.lock().unwrap_or_else(PoisonError::into_inner) =
                    proved.filter(|_| who.facts.device_kind == DeviceKind::Stick);
                self.enter(who).await
            }
            Err(refusal) => self.refuse(&login, refusal).await,
        }
    }

    async fn refuse(&mut self, login: &Login, refusal: SignInRefusal) -> Auth {
        if refusal == SignInRefusal::Wrong {
            return Auth::reject();
        }
        let language = self.shared.gatekeeper.language(login).await;
        let notice = match refusal {
            SignInRefusal::SlowDown { retry_after_seconds } => Notice::SlowDown { seconds: retry_after_seconds },
            SignInRefusal::DevicePending => Notice::DevicePending,
            SignInRefusal::EnrolmentRequired => Notice::EnrolmentRequired,
            SignInRefusal::Wrong | SignInRefusal::Unavailable => Notice::Unavailable,
        };
        self.notice(language, notice, language.sign_in_refused(refusal).unwrap_or_default())
    }

    async fn enter(&mut self, who: SignedIn) -> Auth {
        let who = Arc::new(who);
        if !self.place.enter(who.tenant, who.facts.person) {
            self.shared.gatekeeper.signed_out(&who).await;
            let text = who.language.too_many_connections().to_owned();
            return self.notice(who.language, Notice::TooManyConnections, text);
        }
        let entered = Entered { who: Arc::clone(&who), main: None };
        let told = self.tell.take().is_some_and(|tell| tell.send(entered).is_ok());
        if !told {
            // The time for signing in ran out while we checked.
            self.shared.gatekeeper.signed_out(&who).await;
            return Auth::reject();
        }
        self.signed_in = Some(who);
        Auth::Accept
    }

    /// Lets a companion in: no sign-in of its own, so nobody is asked but the session that expects it.
    fn accompany(&mut self, secret: &str, login: &Login, key: &PublicKey) -> Auth {
        let main =
            self.shared.below.as_ref().and_then(|below| below.companions.admit(secret, login, key, Instant::now()));
        let main = main.filter(|main| main.lasts() && self.shared.origin().is_near(&main.shared.origin()));
        let answer = if main.is_some() { "admitted" } else { "refused" };
        metrics::counter!("fernamt_ssh_companions_total", "answer" => answer).increment(1);
        let Some(main) = main else { return Auth::reject() };
        let who = Arc::clone(&main.who);
        if !self.place.enter(who.tenant, who.facts.person) {
            let text = who.language.too_many_connections().to_owned();
            return self.notice(who.language, Notice::TooManyConnections, text);
        }
        let entered = Entered { who: Arc::clone(&who), main: Some(main.clone()) };
        if self.tell.take().is_none_or(|tell| tell.send(entered).is_err()) {
            return Auth::reject();
        }
        main.shared.take_companion(&self.shared.dismissed);
        (self.signed_in, self.main) = (Some(who), Some(main));
        Auth::Accept
    }

    /// The one thing that is said on a companion.
    fn tell_companion(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        let lobby = self.sessions.get_mut(&id).filter(|_| !self.conversing);
        let (Some(client), Some(main)) = (lobby.and_then(|lobby| lobby.client.take()), &self.main) else {
            return session.channel_failure(id);
        };
        self.conversing = true;
        session.channel_success(id)?;
        control::tell_ticket(&self.shared, &main.who, Outlet { client, flow: self.shared.flow() });
        Ok(())
    }

    /// A tunnel of the session moves to this companion.
    async fn take_over(
        &self,
        main: &Main,
        host: &str,
        number: u32,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        handle: Handle,
    ) {
        let language = main.who.language;
        let Ok(permit) = Arc::clone(&self.channels).try_acquire_owned() else {
            return refuse(reply, RESOURCE_SHORTAGE, language.open_refused(OpenRefusal::TooMany)).await;
        };
        // What was decided for one place does not hold at another.
        let same_place = self.shared.origin().is_near(&main.shared.origin());
        let movable =
            moved_target(host).filter(|_| same_place).and_then(|target| main.shared.movables.find(number, target));
        let begun = movable.and_then(|movable| movable.begin().map(|next| (movable, next)));
        let answer = if begun.is_some() { "accepted" } else { "refused" };
        metrics::counter!("fernamt_ssh_moves_total", "answer" => answer).increment(1);
        let Some((movable, next)) = begun else {
            return refuse(reply, PROHIBITED, language.open_refused(OpenRefusal::Forbidden)).await;
        };
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            moving::carry_on(&shared, &movable, next, channel, reply, &handle).await;
            drop(permit);
        });
    }

    /// Tells something before the attempt is refused: a request without questions, which clients show.
    fn notice(&mut self, language: Language, notice: Notice, text: String) -> Auth {
        self.knocking.notice_shown = true;
        Auth::Partial {
            name: Cow::Owned(notice.mark(language.sign_in_title())),
            instructions: Cow::Owned(text),
            prompts: Cow::Borrowed(&[]),
        }
    }

    fn test_line(
        &mut self,
        who: &SignedIn,
        id: ChannelId,
        mode: Mode,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let one_runs = self.sessions.values().any(|lobby| lobby.test.is_some());
        let lobby = self.sessions.get_mut(&id).filter(|_| self.shared.may_open(who) && !one_runs);
        let Some((lobby, client)) = lobby.and_then(|lobby| lobby.client.take().map(|client| (lobby, client))) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        lobby.test = Some(line_test::begin(&self.shared, mode, Outlet { client, flow: self.shared.flow() }));
        Ok(())
    }

    fn show_lobby(&mut self, id: ChannelId, exit_status: u32, session: &mut Session) -> Result<(), russh::Error> {
        let may_see = self.signed_in.as_ref().filter(|who| self.shared.may_open(who));
        let (Some(lobby), Some(who)) = (self.sessions.get_mut(&id), may_see) else {
            return session.channel_failure(id);
        };
        if std::mem::replace(&mut lobby.shown, true) {
            return session.channel_failure(id);
        }
        session.channel_success(id)?;
        let (shared, who, terminal, handle) =
            (Arc::clone(&self.shared), Arc::clone(who), lobby.terminal, session.handle());
        let hung_up = shared.hung_up.clone();
        self.shared.tasks.spawn(hung_up.run_until_cancelled_owned(async move {
            let targets = shared.gatekeeper.reachable(&who, &shared.origin()).await;
            let mut text = words::lobby(who.language, &targets);
            if terminal {
                text = text.replace('\n', "\r\n");
            }
            // Should the session be gone, there is nobody left to tell.
            let _ = say(&handle, id, text, exit_status).await;
        }));
        Ok(())
    }
}

async fn say(handle: &Handle, id: ChannelId, text: String, exit_status: u32) -> Result<(), ()> {
    handle.data(id, text).await.map_err(drop)?;
    handle.exit_status_request(id, exit_status).await?;
    handle.eof(id).await?;
    handle.close(id).await
}

/// Which methods a client may go on with, once its key was accepted or before.
fn methods(with_key: bool) -> MethodSet {
    if with_key {
        MethodSet::from(&[MethodKind::KeyboardInteractive][..])
    } else {
        MethodSet::from(&[MethodKind::PublicKey, MethodKind::KeyboardInteractive][..])
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    // `auth_publickey_offered` is left as it is and accepts every key: who has not proved possession learns nothing
    // about whose keys are enrolled.

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let login = self.meet(user);
        let known = match login.activation() {
            // Any key will do that the stick has just made; the code decides.
            Some(_) => key.public_key.algorithm() == Algorithm::Ed25519,
            None => self.shared.gatekeeper.knows_key(&login, key.public_key, &self.shared.origin()).await,
        };
        if known {
            self.knocking.key = Some(key.public_key.clone());
        }
        Ok(Auth::Reject { proceed_with_methods: Some(methods(known)), partial_success: known })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let login = self.meet(user);
        let Some(response) = response else {
            self.knocking.notice_shown = false;
            return Ok(self.ask(&login).await);
        };
        if std::mem::take(&mut self.knocking.notice_shown) {
            return Ok(Auth::reject());
        }
        let Some(answers) = Answers::parse(self.knocking.key.is_none(), response) else { return Ok(Auth::reject()) };
        Ok(self.check(login, answers).await)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(who) = self.signed_in.clone() else { return Ok(()) };
        if let Some(main) = &self.main {
            self.take_over(main, host, originator_port, channel, reply, session.handle()).await;
            return Ok(());
        }
        let Ok(permit) = Arc::clone(&self.channels).try_acquire_owned() else {
            let text = who.language.open_refused(OpenRefusal::TooMany);
            refuse(reply, RESOURCE_SHORTAGE, text).await;
            return Ok(());
        };
        let destination = Destination::parse(host, port).ok().filter(|_| self.shared.may_open(&who));
        let Some(destination) = destination else {
            refuse(reply, PROHIBITED, who.language.open_refused(OpenRefusal::Forbidden)).await;
            return Ok(());
        };
        let (shared, handle) = (Arc::clone(&self.shared), session.handle());
        self.shared.tasks.spawn(async move {
            run_tunnel(&shared, &who, &destination, originator_port, channel, reply, &handle).await;
            drop(permit);
        });
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.signed_in.is_none() {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        } else if let Ok(permit) = Arc::clone(&self.channels).try_acquire_owned() {
            let id = channel.id();
            // Incoming data reach the handler; the channel's own queue would only hold a second copy.
            let (_, client) = channel.split();
            let lobby = Lobby {
                terminal: false,
                shown: false,
                client: Some(client),
                conversation: None,
                test: None,
                _permit: permit,
            };
            self.sessions.insert(id, lobby);
            reply.accept().await;
        } else {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
        }
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _pixels_wide: u32,
        _pixels_high: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.sessions.get_mut(&channel) {
            Some(lobby) => {
                lobby.terminal = true;
                session.channel_success(channel)
            }
            None => session.channel_failure(channel),
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.show_lobby(channel, 0, session)
    }

    async fn exec_request(&mut self, channel: ChannelId, _: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        // The command was not run, and a script must notice.
        self.show_lobby(channel, 1, session)
    }

    async fn subsystem_request(&mut self, id: ChannelId, name: &str, session: &mut Session) -> Result<(), Self::Error> {
        if self.main.is_some() {
            return if name == SUBSYSTEM { self.tell_companion(id, session) } else { session.channel_failure(id) };
        }
        let stick = self.signed_in.clone().filter(|who| who.facts.device_kind == DeviceKind::Stick);
        if let (Some(who), Some(mode)) = (&stick, Mode::of_subsystem(name)) {
            return self.test_line(who, id, mode, session);
        }
        let (Some(who), SUBSYSTEM, false) = (stick, name, self.conversing) else {
            return session.channel_failure(id);
        };
        let Some((lobby, client)) =
            self.sessions.get_mut(&id).and_then(|lobby| lobby.client.take().map(|client| (lobby, client)))
        else {
            return session.channel_failure(id);
        };
        self.conversing = true;
        session.channel_success(id)?;
        lobby.conversation = Some(control::begin(&self.shared, who, Outlet { client, flow: self.shared.flow() }));
        Ok(())
    }

    async fn env_request(&mut self, id: ChannelId, _: &str, _: &str, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn agent_request(&mut self, id: ChannelId, session: &mut Session) -> Result<bool, Self::Error> {
        session.channel_failure(id)?;
        Ok(false)
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(conversation) = self.sessions.get_mut(&id).and_then(|lobby| lobby.conversation.as_mut()) {
            if !conversation.hear(data) {
                self.shared.dismiss();
            }
            return Ok(());
        }
        if let Some(test) = self.sessions.get(&id).and_then(|lobby| lobby.test.as_ref()) {
            test.count(data.len());
            return Ok(());
        }
        let Some((inlet, way)) = self.shared.inlets().get(&id).cloned() else { return Ok(()) };
        if !inlet.push(way, data) {
            tokio::select! {
                () = inlet.room(way) => {}
                () = self.shared.hung_up.cancelled() => {}
            }
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(lobby) = self.sessions.get_mut(&id) {
            // The conversation ends once all is worked off that was said.
            lobby.conversation = None;
            if let Some(test) = &lobby.test {
                test.end();
            }
        }
        if let Some((inlet, way)) = self.shared.inlets().get(&id) {
            inlet.end(*way);
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.sessions.remove(&id);
        let closed = self.shared.inlets().remove(&id);
        if let Some((inlet, way)) = closed {
            inlet.close(way);
        }
        Ok(())
    }
}

/// The target of a tunnel that is to move, by the host that was asked for.
fn moved_target(host: &str) -> Option<TargetId> {
    host.strip_suffix(".moved")?.parse().ok()
}

/// The address, for the log: never more than a network of it, because an address is personal data.
pub(super) fn network(address: SocketAddr) -> String {
    match address.ip().to_canonical() {
        std::net::IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            format!("{a}.{b}.0.0/16")
        }
        std::net::IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            format!("{a:x}:{b:x}::/32")
        }
    }
}
