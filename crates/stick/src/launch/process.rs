//! Started programs: each in a process group of its own (on Windows: a job), ended as a whole with its tunnel.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use async_trait::async_trait;
#[cfg(unix)]
use process_wrap::tokio::ProcessGroup;
use process_wrap::tokio::{ChildWrapper, CommandWrap};
#[cfg(windows)]
use process_wrap::tokio::{CreationFlags, JobObject};
use tokio::{io::AsyncWriteExt, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{ask::Question, folder::OwnFolder};
use crate::seam::{Family, Running};

/// How long a program may take to end by itself after it was asked to.
const POLITE: Duration = Duration::from_millis(1500);

/// A program to start.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The file.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its name, as people know it.
    pub(crate) name: String,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// The folder that stands in for the person's own settings, caches and histories.
    pub(crate) own: Option<OwnFolder>,
    /// Whom to ask for name and password before, for a program that cannot ask by itself.
    pub(crate) question: Option<Question>,
    /// It needs a console window of its own.
    pub(crate) console: bool,
}

impl Plan {
    fn command(&self, arguments: Vec<OsString>, typed: bool) -> CommandWrap {
        let mut command = CommandWrap::with_new(&self.program, |command| {
            command.args(arguments).current_dir(&self.folder);
            if !self.console {
                let stdin = if typed { Stdio::piped() } else { Stdio::null() };
                command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
            }
            for (key, value) in self.own.iter().flat_map(|own| surroundings(own.path())) {
                command.env(key, value);
            }
            // How this program was started is nobody's business.
            for key in ["HISTFILE", "OLDPWD", "SSH_ASKPASS"] {
                command.env_remove(key);
            }
        });
        #[cfg(unix)]
        command.wrap(ProcessGroup::leader());
        #[cfg(windows)]
        {
            if self.console {
                command.wrap(CreationFlags(windows::Win32::System::Threading::CREATE_NEW_CONSOLE));
            }
            command.wrap(JobObject);
        }
        command
    }
}

/// Settings, caches and histories go into the stick's folder; what a person's desktop needs (display, sound, language)
/// stays as it is.
fn surroundings(own: &Path) -> impl Iterator<Item = (&'static str, OsString)> {
    let folders = ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
    folders
        .into_iter()
        .map({
            let own = own.to_owned();
            move |key| (key, own.clone().into_os_string())
        })
        .chain([("LESSHISTFILE", OsString::from("-")), ("GSETTINGS_BACKEND", OsString::from("memory"))])
}

/// Starts a program. Where it is one that must be asked for, it starts once the question is answered.
pub(crate) fn start(plan: Plan, family: &Family) -> std::io::Result<Started> {
    let (ended, watched) = watch::channel(false);
    let stop = CancellationToken::new();
    let name = plan.name.clone();
    let task = if plan.question.is_some() {
        tokio::spawn(ask_first(plan, family.clone(), stop.clone(), ended))
    } else {
        let child = plan.command(plan.arguments.clone(), false).spawn()?;
        let watch = attend(child, family.clone(), stop.clone(), ended, plan.own);
        tokio::spawn(watch)
    };
    Ok(Started { name, stop, watched, task: Some(task) })
}

async fn ask_first(mut plan: Plan, family: Family, stop: CancellationToken, ended: watch::Sender<bool>) {
    match answered(&mut plan, &stop).await {
        Some(child) => attend(child, family, stop, ended, plan.own).await,
        None => {
            drop(plan);
            drop(ended);
        }
    }
}

async fn answered(plan: &mut Plan, stop: &CancellationToken) -> Option<Box<dyn ChildWrapper>> {
    let question = plan.question.take()?;
    let answer = tokio::select! {
        answer = question.put() => answer?,
        () = stop.cancelled() => return None,
    };
    let mut arguments = vec![OsString::from(format!("/u:{}", answer.name)), "/from-stdin:force".into()];
    arguments.append(&mut plan.arguments);
    let mut child = plan.command(arguments, true).spawn().ok()?;
    let mut stdin = child.stdin().take()?;
    let line = Zeroizing::new(format!("{}\n", answer.password.expose()));
    // A program that is gone already has its own reason.
    _ = stdin.write_all(line.as_bytes()).await;
    Some(child)
}

/// Watches a child until it ends or must end. `ended` is dropped last, so whoever waits for it finds everything cleaned.
async fn attend(
    mut child: Box<dyn ChildWrapper>,
    family: Family,
    stop: CancellationToken,
    ended: watch::Sender<bool>,
    own: Option<OwnFolder>,
) {
    let process = child.id();
    if let Some(process) = process {
        family.admit(process);
    }
    tokio::select! {
        _ = child.wait() => {}
        () = stop.cancelled() => finish(child.as_mut()).await,
    }
    if let Some(process) = process {
        family.forget(process);
    }
    drop(own);
    drop(ended);
}

async fn finish(child: &mut dyn ChildWrapper) {
    #[cfg(unix)]
    if child.signal(rustix::process::Signal::TERM.as_raw()).is_ok() {
        _ = tokio::time::timeout(POLITE, child.wait()).await;
    }
    // Also after a polite end: the rest of the group may still be there.
    _ = child.start_kill();
    _ = tokio::time::timeout(POLITE, child.wait()).await;
}

/// A started program.
#[derive(Debug)]
pub(crate) struct Started {
    name: String,
    stop: CancellationToken,
    watched: watch::Receiver<bool>,
    task: Option<JoinHandle<()>>,
}

#[async_trait]
impl Running for Started {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn ended(&mut self) {
        // Nothing is ever sent: the other side is dropped at the end.
        while self.watched.changed().await.is_ok() {}
    }

    async fn end(&mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            _ = task.await;
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What runs on without us: a page in the person's browser.
#[derive(Debug)]
pub(crate) struct Elsewhere(pub(crate) String);

#[async_trait]
impl Running for Elsewhere {
    fn name(&self) -> String {
        self.0.clone()
    }

    async fn ended(&mut self) {
        std::future::pending::<()>().await;
    }

    async fn end(&mut self) {}
}
