//! The conversation with a stick beside its tunnels: lets it in, tells it what it may reach, hears how its line does.

use std::{sync::Arc, time::Duration};

use data_encoding::BASE64;
use fernamt_api::stick::{
    Base64Secret, FromGateway, FromStick, Hello, MAX_LINE_BYTES, MAX_TARGETS, StickRefusal, StickTarget, VERSION,
    Welcome,
};
use fernamt_domain::Secret;
use fernamt_resume::Ticket;
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::debug;

use super::{SignedIn, connection::Shared, lines::Said, tunnel::Outlet};

/// Lines of a stick that wait to be worked off; one that says more has lost its manners.
pub(super) const QUEUED_LINES: usize = 8;
/// How long a stick may take for its first line.
const HELLO_PATIENCE: Duration = Duration::from_secs(30);
/// How long a stick that is being refused may take to hear so, once its connection ends.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long may be worked on what a stick had said before its connection ended: less than a gateway that stops waits.
const FINISHING: Duration = Duration::from_secs(4);
/// What a stick may reach is told at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How a line does is written down at most this often, whatever the stick says.
const NOTED_EVERY: Duration = Duration::from_secs(45);

/// Speaks with a stick until its connection ends. `said` is what it says, line by line.
pub(super) async fn converse(
    shared: &Arc<Shared>,
    who: &Arc<SignedIn>,
    client: &Outlet,
    mut said: mpsc::Receiver<Said>,
) {
    let first = shared.hung_up.run_until_cancelled(timeout(HELLO_PATIENCE, said.recv())).await;
    let Some(Ok(Some(Said::Hello(hello)))) = first else { return shared.dismiss() };
    let greeted = async {
        // A copy ends its own session by what it says, but must still hear why.
        let _greeting = shared.greeting.lock().await;
        receive(shared, who, client, &hello).await
    };
    let too_late = async {
        shared.hung_up.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    let welcomed = tokio::select! {
        welcomed = greeted => welcomed,
        () = too_late => return,
    };
    let Some(given) = welcomed else { return shared.dismiss() };
    // A line may go out in several turns, and no other in between.
    let client = Mutex::new(client);
    let telling = async {
        // Whoever takes nothing more is noticed by the session below, but may have said something.
        let _ = shared.hung_up.run_until_cancelled(keep_told(shared, who, &client)).await;
        std::future::pending::<()>().await;
    };
    let too_late = async {
        shared.hung_up.cancelled().await;
        tokio::time::sleep(FINISHING).await;
    };
    let heard_all = tokio::select! {
        () = listen(shared, who, &client, given, &mut said) => true,
        () = too_late => false,
        () = telling => false,
    };
    if heard_all && !shared.hung_up.is_cancelled() {
        // A stick that leaves waits for this: whatever it said has been worked off.
        let _ = client.into_inner().client.eof().await;
    }
}

/// Lets a stick in, or tells it why not. Returns the generation it was given.
async fn receive(shared: &Shared, who: &SignedIn, client: &Outlet, hello: &Hello) -> Option<u64> {
    let reason = match greet(shared, who, client, hello).await {
        Ok(generation) => return Some(generation),
        Err(reason) => reason,
    };
    debug!(reason = reason.as_str(), "Stick refused");
    metrics::counter!("fernamt_ssh_sticks_refused_total", "reason" => reason.as_str()).increment(1);
    // Whether it still listens or not, it is sent away.
    let _ = say(client, FromGateway::Refused { reason }).await;
    None
}

async fn greet(shared: &Shared, who: &SignedIn, client: &Outlet, hello: &Hello) -> Result<u64, StickRefusal> {
    match hello.version {
        VERSION => {}
        older if older < VERSION => return Err(StickRefusal::Outdated),
        _ => return Err(StickRefusal::Unavailable),
    }
    let welcomed = shared.gatekeeper.hello(who, hello, &shared.origin()).await?;
    let targets = targets(shared, who).await;
    // Armed before it is told, so that whatever carries the ticket is kept already.
    let ticket = shared.arm(who).map(|ticket| in_base64(&ticket));
    shared.welcome();
    let generation = welcomed.generation;
    let companions = ticket.is_some() && shared.may_be_accompanied();
    let welcome = Welcome { generation, ticket, person: welcomed.person, targets, companions };
    say(client, FromGateway::Welcome(welcome)).await.map_err(|()| StickRefusal::Unavailable)?;
    Ok(generation)
}

fn in_base64(ticket: &Ticket) -> Base64Secret {
    Base64Secret(Secret::new(BASE64.encode(&*ticket.to_bytes())))
}

/// The next that a stick says, or had said before its connection ended.
async fn next(shared: &Shared, said: &mut mpsc::Receiver<Said>) -> Option<Said> {
    if let Some(said) = shared.hung_up.run_until_cancelled(said.recv()).await {
        return said;
    }
    said.close();
    said.recv().await
}

/// Works off what a stick says, until it says no more. Should the connection end, what has come by then still counts.
async fn listen(
    shared: &Arc<Shared>,
    who: &Arc<SignedIn>,
    client: &Mutex<&Outlet>,
    given: u64,
    said: &mut mpsc::Receiver<Said>,
) {
    let mut notes = Pace::of(NOTED_EVERY);
    let mut to_keep = Some(given);
    let mut invitations = Pace::of(shared.limits.companion_every);
    while let Some(Said::More(more)) = next(shared, said).await {
        let now = Instant::now();
        match more {
            FromStick::Line(quality) if notes.allows(now) => {
                shared.gatekeeper.note_line(who, &quality).await;
            }
            // Said once, and only of the number that this very stick was given.
            FromStick::Kept { generation } if to_keep.take_if(|given| *given == generation).is_some() => {
                shared.gatekeeper.kept(who, generation).await;
            }
            FromStick::Companion if invitations.allows(now) => {
                // Told nothing, the stick does without.
                if let Some(secret) = shared.expect_companion(who) {
                    let telling = async {
                        let client = client.lock().await;
                        let _ = say(&client, FromGateway::Companion { secret }).await;
                    };
                    // Nobody takes it any more then, but more may have been said.
                    shared.hung_up.run_until_cancelled(telling).await;
                }
            }
            FromStick::Line(_) | FromStick::Kept { .. } | FromStick::Companion => {}
        }
    }
}

/// What is done at most every so often, however often it is asked for.
struct Pace {
    every: Duration,
    last: Option<Instant>,
}

impl Pace {
    fn of(every: Duration) -> Self {
        Self { every, last: None }
    }

    /// Whether it is done now.
    fn allows(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= self.every);
        if due {
            self.last = Some(now);
        }
        due
    }
}

/// Tells what may be reached whenever that changes, here or by the stick's coming from elsewhere.
async fn keep_told(shared: &Shared, who: &SignedIn, client: &Mutex<&Outlet>) -> Result<(), ()> {
    let mut changes = shared.gatekeeper.changes(who);
    let mut origins = shared.origins();
    let mut told: Option<Vec<StickTarget>> = None;
    let mut pace = interval(TOLD_EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        changes.mark_unchanged();
        origins.mark_unchanged();
        let targets = targets(shared, who).await;
        // The first time it only makes sure: something may have changed since the welcome.
        if told.as_ref() != Some(&targets) {
            let client = client.lock().await;
            say(&client, FromGateway::Targets { targets: targets.clone() }).await?;
            told = Some(targets);
        }
        tokio::select! {
            changed = changes.changed() => changed.map_err(drop)?,
            moved = origins.changed() => moved.map_err(drop)?,
        }
    }
}

async fn targets(shared: &Shared, who: &SignedIn) -> Vec<StickTarget> {
    let mut targets = shared.gatekeeper.stick_targets(who, &shared.origin()).await;
    targets.truncate(MAX_TARGETS);
    targets
}

async fn say(client: &Outlet, message: FromGateway) -> Result<(), ()> {
    client.send(line(message).into()).await.map_err(drop)
}

/// A message as a line, with as many targets as fit.
fn line(mut message: FromGateway) -> Vec<u8> {
    loop {
        let mut line = serde_json::to_vec(&message).unwrap_or_default();
        let targets = match &mut message {
            FromGateway::Welcome(welcome) => Some(&mut welcome.targets),
            FromGateway::Targets { targets } => Some(targets),
            FromGateway::Refused { .. } | FromGateway::Companion { .. } | FromGateway::Ticket { .. } => None,
        };
        match targets {
            Some(targets) if line.len() > MAX_LINE_BYTES && !targets.is_empty() => {
                targets.truncate(targets.len() * 3 / 4);
            }
            _ => {
                line.push(b'\n');
                return line;
            }
        }
    }
}

/// A conversation under way.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) lines: super::lines::Lines,
    pub(super) tell: mpsc::Sender<Said>,
}

impl Conversation {
    /// What the stick said goes to the conversation. `false` if that is not what sticks say.
    pub(super) fn hear(&mut self, data: &[u8]) -> bool {
        let said = match self.lines.push(data) {
            Ok(said) => said,
            Err(error) => {
                debug!(%error, "A stick's line was not understood");
                return false;
            }
        };
        // A conversation that is over hears nothing more.
        said.into_iter().all(|said| !matches!(self.tell.try_send(said), Err(mpsc::error::TrySendError::Full(_))))
    }
}

/// Tells a companion how it comes back.
pub(super) fn tell_ticket(shared: &Arc<Shared>, who: &Arc<SignedIn>, client: Outlet) {
    let ticket = shared.arm(who).map(|ticket| in_base64(&ticket));
    let hung_up = shared.hung_up.clone();
    shared.tasks.spawn(hung_up.run_until_cancelled_owned(async move {
        // Whoever takes nothing more is noticed by the session below.
        let _ = say(&client, FromGateway::Ticket { ticket }).await;
    }));
}

/// The conversation of one connection, started at most once.
pub(super) fn begin(shared: &Arc<Shared>, who: Arc<SignedIn>, client: Outlet) -> Conversation {
    let (tell, said) = mpsc::channel(QUEUED_LINES);
    let shared = Arc::clone(shared);
    shared.tasks.clone().spawn(async move { converse(&shared, &who, &client, said).await });
    Conversation { lines: super::lines::Lines::default(), tell }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng, TargetId, TargetKind};

    use super::*;

    #[test]
    fn what_is_asked_too_soon_is_not_done_and_does_not_put_off_the_next() {
        let (begin, mut pace) = (Instant::now(), Pace::of(Duration::from_secs(1)));
        let done = [0, 0, 999, 1_000, 1_500, 2_000].map(|ms| pace.allows(begin + Duration::from_millis(ms)));
        assert_eq!(done, [true, false, false, true, false, true]);
    }

    #[test]
    fn a_line_never_grows_beyond_what_a_stick_takes() {
        let target = StickTarget {
            id: TargetId::new(&SystemClock, &SystemRng),
            name: "Büro".into(),
            kind: TargetKind::Tcp,
            folder: String::new(),
            description: "x".repeat(4_000),
            port: 22,
            url: None,
            clipboard: false,
            drives: false,
            printers: false,
            domain: None,
            load_balance_info: None,
            start_command: None,
        };
        let line = line(FromGateway::Targets { targets: vec![target; MAX_TARGETS] });
        assert!(line.len() <= MAX_LINE_BYTES + 1 && line.len() > MAX_LINE_BYTES / 2, "{}", line.len());
        assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
        let FromGateway::Targets { targets } = serde_json::from_slice(&line).unwrap() else {
            panic!("another message")
        };
        assert!(targets.len() > 50);
    }
}
