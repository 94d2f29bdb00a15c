//! Pictures of every page, and what a keyboard or a screen reader finds there: without any window system.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use egui::{Event, RawInput, Rect, accesskit::TreeUpdate, pos2};

use super::{
    page::{Act, Pages},
    paint::Painter,
    raster::Picture,
    states::{self, Prepared},
    words::Language,
};
use crate::engine::State;

/// Sizes that pictures are taken in: the smallest window, an ordinary one, and a wide one.
pub const SIZES: [(u16, u16); 3] = [(360, 480), (560, 760), (960, 720)];

/// A window in memory.
pub struct Stage {
    painter: Painter,
    pages: Pages,
    state: State,
    dark: bool,
    size: (u16, u16),
    time: f64,
    acts: Vec<Act>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Stage {
    /// With a prepared page, already drawn.
    pub fn new(prepared: &Prepared, language: Language, dark: bool, size: (u16, u16)) -> Self {
        let mut pages = Pages::new(states::face(language));
        pages.lay_over(prepared.over);
        pages.search(prepared.search);
        let painter = Painter::new();
        painter.context().enable_accesskit();
        let state = prepared.state.clone();
        let mut stage = Self { painter, pages, state, dark, size, time: 0.0, acts: Vec::new() };
        // Colours, sizes and focus settle within three frames.
        for _ in 0..3 {
            stage.input(Vec::new());
        }
        stage
    }

    /// Gives the window some input and returns its accessibility tree.
    pub fn input(&mut self, events: Vec<Event>) -> TreeUpdate {
        self.draw(events, None)
    }

    /// Shows another state from now on.
    pub fn comes(&mut self, state: State) {
        self.state = state;
        for _ in 0..3 {
            self.input(Vec::new());
        }
    }

    /// The picture of the window.
    pub fn picture(&mut self) -> Picture {
        let mut picture = Picture::new(usize::from(self.size.0), usize::from(self.size.1));
        self.draw(Vec::new(), Some(&mut picture));
        picture
    }

    fn draw(&mut self, events: Vec<Event>, picture: Option<&mut Picture>) -> TreeUpdate {
        self.time += 1.0 / 60.0;
        let screen = Rect::from_min_max(pos2(0.0, 0.0), pos2(f32::from(self.size.0), f32::from(self.size.1)));
        let input =
            RawInput { screen_rect: Some(screen), time: Some(self.time), events, focused: true, ..RawInput::default() };
        let Self { painter, pages, state, dark, acts, .. } = self;
        let frame = painter.frame(input, |ui| acts.extend(pages.show(ui, state, *dark)));
        if let Some(picture) = picture {
            painter.draw(&frame, picture);
        }
        frame.tree.expect("it was asked for")
    }

    /// What the person did since the last look.
    pub fn done(&mut self) -> Vec<String> {
        let told = |act: Act| match act {
            Act::Command(command) => format!("{command:?}"),
            Act::Language(language) => format!("language {}", language.code()),
            Act::Quit => "quit".to_owned(),
        };
        std::mem::take(&mut self.acts).into_iter().map(told).collect()
    }
}

/// Takes a picture of every page in both languages, light and dark, in every size, as files in `folder`.
pub fn take(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut taken = Vec::new();
    for language in [Language::De, Language::En] {
        for page in states::all(language) {
            for dark in [false, true] {
                for size in SIZES {
                    let picture = Stage::new(&page, language, dark, size).picture();
                    let tone = if dark { "dark" } else { "light" };
                    let name = format!("{}-{}-{tone}-{}.ppm", page.name, language.code(), size.0);
                    let path = folder.join(name);
                    write(&picture, &path)?;
                    taken.push(path);
                }
            }
        }
    }
    Ok(taken)
}

/// The simplest of all picture formats: every tool reads it.
fn write(picture: &Picture, path: &Path) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs::File::create(path)?);
    write!(file, "P6\n{} {}\n255\n", picture.width, picture.height)?;
    for pixel in &picture.pixels {
        file.write_all(&pixel.to_be_bytes()[1..])?;
    }
    file.flush()
}
