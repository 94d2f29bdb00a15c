//! The window: small, native, drawn by the processor, and open to screen readers. It is thin: what it shows comes from
//! the engine's state, and what a person does becomes a command.
//!
//! [`words`] holds every text, [`view`] makes what is shown, both without any toolkit; the rest draws it.

mod ask;
mod desk;
mod page;
mod paint;
mod parts;
pub mod pictures;
mod raster;
mod shell;
pub mod start;
pub mod states;
mod theme;
pub mod view;
pub mod words;

use std::path::PathBuf;

use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use winit::event_loop::EventLoopProxy;

pub use self::{ask::ask, raster::Picture};
use self::{
    page::{Act, Pages},
    shell::{Content, Wake},
    view::{Face, Over},
};
use crate::{
    engine::{Command, Stage, State},
    state_file,
};

/// The size of the window when nothing is remembered, in points.
pub const DEFAULT_SIZE: (u32, u32) = (560, 760);

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is no screen to show it on, or it does not take our pictures.
    #[error("this computer shows no window")]
    Screen(#[source] Box<dyn std::error::Error>),
}

/// What a window is joined to.
#[derive(Debug)]
pub struct Joined {
    /// Whose stick it is.
    pub face: Face,
    /// Takes commands.
    pub commands: mpsc::Sender<Command>,
    /// Shows the newest state.
    pub state: watch::Receiver<State>,
    /// Where the engine runs.
    pub runtime: Handle,
    /// Where language and size are remembered; `None` remembers nothing.
    pub folder: Option<PathBuf>,
}

/// Shows the window until it is closed, and tells the engine then. Must be called by the program's first thread.
pub fn run(joined: Joined) -> Result<(), WindowError> {
    run_with(joined, Over::Nothing, "")
}

/// The same, beginning with a page over the present one.
pub fn run_with(joined: Joined, over: Over, search: &str) -> Result<(), WindowError> {
    let size = joined.folder.as_deref().and_then(|folder| state_file::load(folder).window).unwrap_or(DEFAULT_SIZE);
    let commands = joined.commands.clone();
    let runtime = joined.runtime.clone();
    let mut pages = Pages::new(joined.face.clone());
    pages.lay_over(over);
    pages.search(search);
    let done = shell::run(Stick { joined, pages, size: None, seen: false }, size);
    // However the window ended, everything else ends with it.
    runtime.block_on(async { _ = commands.send(Command::Leave).await });
    done
}

struct Stick {
    joined: Joined,
    pages: Pages,
    size: Option<(u32, u32)>,
    /// Whether the engine was past its beginning: an end after that by the person's wish closes the window.
    seen: bool,
}

impl Stick {
    fn tell(&self, command: Command) {
        // A full queue means that the engine is busy ending: the newest wish matters least then.
        _ = self.joined.commands.try_send(command);
    }

    fn remember(&self, change: impl FnOnce(&mut state_file::Remembered)) {
        if let Some(folder) = &self.joined.folder {
            state_file::change(folder, change);
        }
    }
}

impl Content for Stick {
    fn title(&self) -> String {
        self.pages.view(&self.joined.state.borrow()).title
    }

    fn show(&mut self, ui: &mut egui::Ui, dark: bool) -> bool {
        let state = self.joined.state.borrow_and_update().clone();
        let mut stays = !(self.seen && state == State { stage: Stage::Ended, problem: None });
        self.seen |= matches!(state.stage, Stage::Working(_) | Stage::Ready(_));
        for act in self.pages.show(ui, &state, dark) {
            match act {
                Act::Command(command) => self.tell(command),
                Act::Language(language) => {
                    self.remember(|remembered| remembered.language = Some(language.code().to_owned()));
                }

                Act::Quit => stays &= !self.pages.wants_to_leave(&state),
            }
            ui.ctx().request_repaint();
        }
        stays
    }

    fn may_close(&mut self) -> bool {
        let state = self.joined.state.borrow().clone();
        self.pages.wants_to_leave(&state)
    }

    fn resized(&mut self, size: (u32, u32)) {
        self.size = Some(size);
    }

    fn opened(&mut self, proxy: EventLoopProxy<Wake>) {
        let mut state = self.joined.state.clone();
        self.joined
            .runtime
            .spawn(async move { while state.changed().await.is_ok() && proxy.send_event(Wake::News).is_ok() {} });
    }
}

impl Drop for Stick {
    fn drop(&mut self) {
        if let Some(size) = self.size {
            self.remember(|remembered| remembered.window = Some(size));
        }
    }
}

#[cfg(test)]
mod tests;

/// Says that this stick is open in another window already, until that is read.
pub fn twice(face: Face) -> Result<(), WindowError> {
    ask::tell(face, words::Word::TwiceHeading, words::Word::TwiceText)
}
