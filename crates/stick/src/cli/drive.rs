//! Drives the engine from the command line: answers what it asks for, waits for what is wanted, and ends it.

use std::sync::Arc;

use async_trait::async_trait;
use fernamt_api::stick::StickTarget;
use fernamt_domain::{Rng, Secret, SystemRng, TargetKind};

use super::{
    Common, Exit, Secrets, Stick,
    ask::{NoSecret, Wanted},
    event::{Event, Voice, problem_word},
    signal::wish_to_end,
};
use crate::{
    container::Cost,
    dial::Surroundings,
    engine::{Command, Desk, Engine, LineTest, Parts, Problem, Stage, State},
    passphrase::{self, PassphraseFault},
    seam::{Family, LaunchOrder, Launcher, Running},
    session::Network,
};

/// How often somebody at a terminal may try a secret.
const MAX_ATTEMPTS: u32 = 3;

/// Why it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    /// Somebody wished so.
    Wish,
    /// For this reason.
    Problem(Problem),
    /// For this one, which has been told in words of its own.
    Known(Problem),
    /// For one that has been told, by this code.
    Told(Exit),
}

/// An engine, and who answers its questions.
pub(super) struct Drive {
    engine: Engine,
    secrets: Secrets,
    pub(super) voice: Voice,
    /// The steps that were told already.
    shown: Option<Stage>,
}

impl Drive {
    pub(super) fn start(common: &Common, stick: &Stick, family: Family) -> Self {
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let engine = Engine::start(Parts {
            folder: stick.folder.clone(),
            gateway: Arc::new(Network::new(Arc::clone(&rng), Surroundings::detect())),
            launcher: Arc::new(NoPrograms),
            rng,
            cost: Cost::STICK,
            family,
        });
        Self { engine, secrets: common.secrets(), voice: stick.voice, shown: None }
    }

    pub(super) async fn say(&self, command: Command) {
        // An engine that has ended shows why.
        let _ = self.engine.commands.send(command).await;
    }

    /// The next state.
    pub(super) async fn changed(&mut self) -> Result<State, Over> {
        if self.engine.state.changed().await.is_err() {
            let last = self.engine.state.borrow().problem.clone();
            return Err(last.map_or(Over::Wish, Over::Problem));
        }
        Ok(self.engine.state.borrow_and_update().clone())
    }

    /// The next state in which nothing is under way.
    async fn settled(&mut self) -> Result<State, Over> {
        loop {
            let state = self.changed().await?;
            let Stage::Working(step) = state.stage else { return Ok(state) };
            if self.shown.replace(state.stage.clone()) != Some(state.stage) {
                self.voice.step(step);
            }
        }
    }

    /// Unlocks and signs in.
    pub(super) async fn sign_in(&mut self) -> Result<Box<Desk>, Over> {
        loop {
            let State { stage, problem } = self.settled().await?;
            match stage {
                Stage::Ready(desk) => {
                    self.voice.event(&Event::Stage { stage: "ready" });
                    return Ok(desk);
                }
                Stage::Locked => {
                    self.again(Wanted::Passphrase, problem.as_ref())?;
                    let passphrase = self.ask(Wanted::Passphrase).await?;
                    self.say(Command::Unlock(passphrase)).await;
                }
                Stage::AskCode if problem == Some(Problem::ProxyWantsPassword) => {
                    self.answer_proxy().await?;
                }
                Stage::AskCode => {
                    self.again(Wanted::Code, problem.as_ref())?;
                    let code = self.ask(Wanted::Code).await?;
                    self.say(Command::SignIn(code)).await;
                }
                Stage::Fresh if problem.is_none() => {
                    self.voice.event(&Event::Problem { problem: "not_activated", seconds: None, detail: None });
                    self.voice.tell(self.voice.words().not_activated());
                    return Err(Over::Told(Exit::Stick));
                }
                Stage::Unusable if problem.is_none() => {}
                Stage::Unusable | Stage::Fresh | Stage::Ended => {
                    return Err(problem.map_or(Over::Wish, Over::Problem));
                }
                Stage::Working(_) => {}
            }
        }
    }

    /// Gives the stick its key.
    async fn activate(&mut self) -> Result<(), Over> {
        loop {
            let State { stage, problem } = self.settled().await?;
            match stage {
                Stage::Unusable if problem.is_none() => {}
                // What is damaged is activated anew.
                Stage::Fresh | Stage::Locked => {
                    let problem = problem.filter(|problem| *problem != Problem::ContainerDamaged);
                    if problem == Some(Problem::ProxyWantsPassword) {
                        self.answer_proxy().await?;
                        continue;
                    }
                    self.again(Wanted::ActivationCode, problem.as_ref())?;
                    let code = self.ask(Wanted::ActivationCode).await?;
                    let passphrase = self.new_passphrase().await?;
                    self.say(Command::Activate { code, passphrase }).await;
                }
                Stage::AskCode => {
                    self.voice.event(&Event::Activated);
                    self.voice.tell(self.voice.words().activated());
                    return Ok(());
                }
                Stage::Working(_) => {}
                Stage::Unusable | Stage::Ready(_) | Stage::Ended => {
                    return Err(problem.map_or(Over::Wish, Over::Problem));
                }
            }
        }
    }

    async fn new_passphrase(&mut self) -> Result<Secret<String>, Over> {
        let words = self.voice.words();
        loop {
            let passphrase = self.ask(Wanted::NewPassphrase).await?;
            let somebody = self.secrets.is_somebody_there(Wanted::NewPassphrase);
            match passphrase::check(&passphrase) {
                Err(fault) => match fault {
                    PassphraseFault::TooShort { .. } => self.voice.problem(&Problem::WeakPassphrase),
                    PassphraseFault::Repeated => {
                        let problem = problem_word(&Problem::WeakPassphrase);
                        self.voice.event(&Event::Problem { problem, seconds: None, detail: None });
                        self.voice.tell(words.repeated());
                    }
                    PassphraseFault::TooLong => self.voice.tell(words.too_long()),
                },
                Ok(()) if !somebody => return Ok(passphrase),
                Ok(()) => {
                    let again = self.secrets.ask(Wanted::NewPassphrase, words.once_more()).await;
                    if again.map_err(|no| self.no_secret(no))? == passphrase {
                        return Ok(passphrase);
                    }
                    self.voice.tell(words.differ());
                }
            }
            if !somebody {
                return Err(Over::Told(Exit::Usage));
            }
        }
    }

    /// Whether a secret may be asked for again after this problem.
    fn again(&self, wanted: Wanted, problem: Option<&Problem>) -> Result<(), Over> {
        let Some(problem) = problem else { return Ok(()) };
        let mine = match wanted {
            Wanted::Passphrase => *problem == Problem::CannotUnlock,
            Wanted::Code => *problem == Problem::SignInRefused,
            Wanted::ActivationCode => *problem == Problem::WrongActivationCode,
            _ => false,
        };
        let may = mine && self.secrets.is_somebody_there(wanted) && self.secrets.times_asked(wanted) < MAX_ATTEMPTS;
        if !may {
            return Err(Over::Problem(problem.clone()));
        }
        self.voice.problem(problem);
        Ok(())
    }

    async fn answer_proxy(&mut self) -> Result<(), Over> {
        let wanted = Wanted::ProxyUser;
        if !self.secrets.is_somebody_there(wanted) || self.secrets.times_asked(wanted) >= MAX_ATTEMPTS {
            return Err(Over::Problem(Problem::ProxyWantsPassword));
        }
        self.voice.problem(&Problem::ProxyWantsPassword);
        let user = self.ask(Wanted::ProxyUser).await?.expose().clone();
        let password = self.ask(Wanted::ProxyPassword).await?;
        self.say(Command::ProxyPassword { user, password }).await;
        Ok(())
    }

    async fn ask(&mut self, wanted: Wanted) -> Result<Secret<String>, Over> {
        let words = self.voice.words();
        let new_passphrase = words.new_passphrase();
        let prompt = match wanted {
            Wanted::Passphrase => words.passphrase(),
            Wanted::NewPassphrase => &new_passphrase,
            Wanted::Code => words.code(),
            Wanted::ActivationCode => words.activation_code(),
            Wanted::ProxyUser => words.proxy_user(),
            Wanted::ProxyPassword => words.proxy_password(),
        };
        self.secrets.ask(wanted, prompt).await.map_err(|no| self.no_secret(no))
    }

    fn no_secret(&self, no: NoSecret) -> Over {
        let words = self.voice.words();
        match no {
            NoSecret::NoTerminal => self.voice.tell(words.no_terminal()),
            NoSecret::NoLine => self.voice.tell(words.no_secret()),
            NoSecret::Wish => return Over::Wish,
        }
        Over::Told(Exit::Usage)
    }

    /// Ends everything and says how it ended.
    pub(super) async fn end(self, over: Over) -> Exit {
        let Self { engine, voice, .. } = self;
        let _ = engine.commands.send(Command::Leave).await;
        engine.ended().await;
        match over {
            Over::Wish => voice.ended(None, Exit::Wish),
            Over::Told(exit) => voice.ended(None, exit),
            Over::Known(problem) => voice.ended(Some(&problem), Exit::of(&problem)),
            Over::Problem(problem) => {
                voice.problem(&problem);
                voice.ended(Some(&problem), Exit::of(&problem))
            }
        }
    }
}

/// Does something with a stick until it is done or somebody wishes to end.
pub(super) async fn until_wish<T>(work: impl Future<Output = Result<T, Over>>) -> Result<T, Over> {
    tokio::select! {
        biased;
        () = wish_to_end() => Err(Over::Wish),
        done = work => done,
    }
}

pub(super) async fn activate(common: &Common) -> Exit {
    let stick = match common.stick() {
        Ok(stick) => stick,
        Err(exit) => return exit,
    };
    let mut drive = Drive::start(common, &stick, Family::default());
    let done = until_wish(drive.activate()).await;
    drive.end(done.err().unwrap_or(Over::Wish)).await
}

pub(super) async fn targets(common: &Common) -> Exit {
    let stick = match common.stick() {
        Ok(stick) => stick,
        Err(exit) => return exit,
    };
    let mut drive = Drive::start(common, &stick, Family::default());
    let done = until_wish(drive.sign_in()).await.map(|desk| {
        for tile in &desk.tiles {
            drive.voice.target(&tile.target);
            drive.voice.answer(&row(&tile.target));
        }
    });
    drive.end(done.err().unwrap_or(Over::Wish)).await
}

/// A target in a list.
pub(super) fn row(target: &StickTarget) -> String {
    let folder = if target.folder.is_empty() { String::new() } else { format!("{}/", target.folder) };
    format!("{}  {:4}  {folder}{}", target.id, target.kind, target.name)
}

pub(super) async fn test_line(common: &Common) -> Exit {
    let stick = match common.stick() {
        Ok(stick) => stick,
        Err(exit) => return exit,
    };
    let mut drive = Drive::start(common, &stick, Family::default());
    let done = until_wish(async {
        drive.sign_in().await?;
        drive.say(Command::TestLine).await;
        loop {
            match drive.changed().await? {
                State { stage: Stage::Ready(desk), .. } if matches!(desk.line.test, Some(LineTest::Done { .. })) => {
                    return Ok(desk.line.test);
                }
                State { problem: Some(problem), .. } => return Err(Over::Problem(problem)),
                _ => {}
            }
        }
    });
    let done = done.await.map(|test| test.into_iter().for_each(|test| drive.voice.line_test(test)));
    drive.end(done.err().unwrap_or(Over::Wish)).await
}

/// The command line starts nothing by itself.
struct NoPrograms;

#[async_trait]
impl Launcher for NoPrograms {
    async fn launch(&self, _: LaunchOrder<'_>) -> Result<Option<Box<dyn Running>>, Problem> {
        Ok(None)
    }

    fn needs_tunnel(&self, target: &StickTarget) -> bool {
        target.kind != TargetKind::Web
    }
}
