//! What a click starts: the program that fits to a target, told where our end of its tunnel is.
//!
//! | Target | Windows | Linux |
//! |---|---|---|
//! | desktop | `mstsc /public` with a file of our own | FreeRDP 3, FreeRDP 2, Remmina |
//! | host by SSH | `ssh.exe` in a console | `ssh` in a terminal |
//! | service | the administrator's command | the same |
//! | web application | the browser | the same |
//!
//! A desktop without any client opens in the browser, through the gateway. PuTTY is not used: it keeps host keys in the
//! registry.

mod ask;
mod command;
mod find;
mod folder;
mod process;
mod rdp;
mod terminal;

use std::{
    env,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use async_trait::async_trait;
use fernamt_api::stick::StickTarget;
use fernamt_domain::TargetKind;
use url::Url;

pub use self::{
    ask::ASK_COMMAND,
    find::{Search, System},
};
use self::{
    ask::Question,
    folder::OwnFolder,
    process::{Elsewhere, Plan},
    rdp::Desktop,
};
use crate::{
    engine::Problem,
    seam::{LaunchOrder, Launcher, Running},
};

/// The programs of this computer, as the engine starts them.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
    search: Search,
    person: String,
    language: String,
    asker: Option<PathBuf>,
}

/// A program that speaks RDP.
#[derive(Debug, PartialEq, Eq)]
enum Client {
    Mstsc(PathBuf),
    FreeRdp(PathBuf),
    Remmina(PathBuf),
}

impl Programs {
    /// For a stick in `folder` that signs in as `login`; programs are told the part of it before the `@`.
    ///
    /// `asker` is the program that asks for name and password by [`ASK_COMMAND`]: this one, where it has a window. Without
    /// it FreeRDP is not used, as it would ask where nobody sees it.
    pub fn new(folder: PathBuf, search: Search, login: &str, language: &str, asker: Option<PathBuf>) -> Self {
        folder::sweep(&folder);
        let person = login.split('@').next().unwrap_or_default().to_owned();
        Self { folder, search, person, language: language.to_owned(), asker }
    }

    fn client(&self) -> Option<Client> {
        match self.search.system {
            System::Windows => self.search.find("mstsc").map(Client::Mstsc),
            System::Unix => {
                let free = || ["xfreerdp3", "xfreerdp"].iter().find_map(|name| self.search.find(name));
                let free = self.asker.as_ref().and_then(|_| free()).map(Client::FreeRdp);
                free.or_else(|| self.search.find("remmina").map(Client::Remmina))
            }
        }
    }

    fn plan(&self, order: &LaunchOrder<'_>, address: SocketAddr) -> Result<Option<Plan>, Problem> {
        let target = order.target;
        match target.kind {
            TargetKind::Rdp => self.desktop(order, address).map(Some),
            TargetKind::Ssh => self.terminal(target, address).map(Some),
            TargetKind::Tcp => {
                target.start_command.as_deref().map(|written| self.written(written, target, address)).transpose()
            }
            TargetKind::Web => Err(Problem::NoProgram),
        }
    }

    fn desktop(&self, order: &LaunchOrder<'_>, address: SocketAddr) -> Result<Plan, Problem> {
        let target = order.target;
        let desktop = Desktop { target, address, reduced: order.reduced, person: &self.person };
        let own = self.own(target)?;
        match self.client().ok_or(Problem::NoProgram)? {
            Client::Mstsc(program) => {
                let file = own.write("desktop.rdp", &desktop.rdp_file()).map_err(|_| Problem::CannotWrite)?;
                Ok(self.child(program, "Remote Desktop", ["/public".into(), file.into()].into(), Some(own)))
            }
            Client::FreeRdp(program) => {
                let arguments = desktop.freerdp_arguments().into_iter().map(OsString::from).collect();
                let question = self.asker.as_ref().map(|asker| Question {
                    program: asker.clone(),
                    target: target.name.clone(),
                    person: self.person.clone(),
                    language: self.language.clone(),
                });
                Ok(Plan { question, ..self.child(program, "FreeRDP", arguments, Some(own)) })
            }
            Client::Remmina(program) => {
                let home = env::var_os("HOME").map(PathBuf::from);
                let content = desktop.remmina_file(home.as_deref());
                let file = own.write("desktop.remmina", content.as_bytes()).map_err(|_| Problem::CannotWrite)?;
                // On a bus of its own it cannot hand over to a Remmina that the stick did not start.
                let (program, mut arguments) = match self.search.find("dbus-run-session") {
                    Some(bus) => (bus, vec!["--".into(), program.into_os_string()]),
                    None => (program, Vec::new()),
                };
                arguments.extend(["-c".into(), file.into()]);
                Ok(self.child(program, "Remmina", arguments, Some(own)))
            }
        }
    }

    fn terminal(&self, target: &StickTarget, address: SocketAddr) -> Result<Plan, Problem> {
        let (program, before) = terminal::find(&self.search).ok_or(Problem::NoProgram)?;
        let ssh = terminal::ssh_arguments(target.id, address, &self.person);
        let arguments = before.into_iter().chain(ssh).map(OsString::from).collect();
        let console = self.search.system == System::Windows;
        // Terminals keep their own look: they write nothing about what runs in them.
        Ok(Plan { console, ..self.child(program, "Terminal", arguments, None) })
    }

    fn written(&self, written: &str, target: &StickTarget, address: SocketAddr) -> Result<Plan, Problem> {
        let mut words = command::parse(written, address).map_err(|_| Problem::NoProgram)?.into_iter();
        let word = words.next().ok_or(Problem::NoProgram)?;
        let program = self.search.find_written(&word, &self.folder).ok_or(Problem::NoProgram)?;
        let name = Path::new(&word).file_stem().map_or(word.clone(), |stem| stem.to_string_lossy().into_owned());
        let own = self.own(target)?;
        Ok(self.child(program, &name, words.map(OsString::from).collect(), Some(own)))
    }

    fn child(&self, program: PathBuf, name: &str, arguments: Vec<OsString>, own: Option<OwnFolder>) -> Plan {
        let folder = self.folder.clone();
        Plan { program, arguments, name: name.to_owned(), folder, own, question: None, console: false }
    }

    fn own(&self, target: &StickTarget) -> Result<OwnFolder, Problem> {
        OwnFolder::make(&self.folder, &target.id.to_string()).map_err(|_| Problem::CannotWrite)
    }

    /// Opens a page in the person's browser, with everything as they have it. The browser stays when the stick goes.
    fn browse(&self, url: &str) -> Result<Elsewhere, Problem> {
        let url =
            Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http")).ok_or(Problem::NoProgram)?;
        let (program, before): (_, &[&str]) = match self.search.system {
            System::Windows => ("rundll32", &["url.dll,FileProtocolHandler"]),
            System::Unix => ("xdg-open", &[]),
        };
        let program = self.search.find(program).ok_or(Problem::NoProgram)?;
        let mut child = tokio::process::Command::new(program)
            .args(before)
            .arg(url.as_str())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| Problem::NoProgram)?;
        tokio::spawn(async move { child.wait().await });
        Ok(Elsewhere("Browser".to_owned()))
    }
}

#[async_trait]
impl Launcher for Programs {
    async fn launch(&self, order: LaunchOrder<'_>) -> Result<Option<Box<dyn Running>>, Problem> {
        let Some(address) = order.address else {
            let url = order.target.url.as_deref().ok_or(Problem::NoProgram)?;
            return Ok(Some(Box::new(self.browse(url)?)));
        };
        let Some(plan) = self.plan(&order, address)? else { return Ok(None) };
        let started = process::start(plan, order.family).map_err(|_| Problem::NoProgram)?;
        Ok(Some(Box::new(started)))
    }

    fn needs_tunnel(&self, target: &StickTarget) -> bool {
        match target.kind {
            TargetKind::Web => false,
            TargetKind::Rdp => target.url.is_none() || self.client().is_some(),
            TargetKind::Ssh | TargetKind::Tcp => true,
        }
    }
}

#[cfg(test)]
mod tests;
