//! Two small windows: name and password for a program that cannot ask, and a sentence to read.

use std::io::Write;

use egui::{CentralPanel, Key, Margin, Ui};
use serde::Serialize;
use winit::event_loop::EventLoopProxy;

use super::{
    WindowError,
    page::confirmed,
    parts::{self, Field, FieldKind, Weight},
    shell::{self, Content, Wake},
    theme::{self, Colours, size},
    view::Face,
    words::{Language, Word},
};

const ASK_SIZE: (u32, u32) = (480, 480);

/// Asks for name and password, and writes them to `out` as one line of JSON. Returns whether the person gave them.
pub fn ask(target: &str, person: &str, language: &str, mut out: impl Write) -> Result<bool, WindowError> {
    let language = Language::of(language);
    let heading = Word::AskHeading.fill(language, &[("target", target)]);
    let mut name = Field::default();
    name.set(person);
    let (sender, answer) = std::sync::mpsc::channel();
    let asker =
        Asker { language, heading, name, password: Field::default(), newly: true, colours: None, answer: sender };
    shell::run(asker, ASK_SIZE)?;
    let Ok((name, password)) = answer.try_recv() else { return Ok(false) };
    let line = zeroize::Zeroizing::new(
        serde_json::to_vec(&Typed { name: &name, password: password.expose() }).unwrap_or_default(),
    );
    Ok(out.write_all(&line).and_then(|()| out.flush()).is_ok())
}

#[derive(Serialize)]
struct Typed<'a> {
    name: &'a str,
    password: &'a str,
}

struct Asker {
    language: Language,
    heading: String,
    name: Field,
    password: Field,
    newly: bool,
    colours: Option<Colours>,
    answer: std::sync::mpsc::Sender<(String, fernamt_domain::Secret<String>)>,
}

impl Content for Asker {
    fn title(&self) -> String {
        self.heading.clone()
    }

    fn show(&mut self, ui: &mut Ui, dark: bool) -> bool {
        let colours = dressed(ui, &mut self.colours, dark, None);
        let language = self.language;
        let mut stays = !ui.input(|input| input.key_pressed(Key::Escape));
        framed(ui, &colours, |ui| {
            parts::announce(ui, &self.heading);
            parts::heading(ui, &colours, &self.heading, true);
            parts::paragraph(ui, colours.muted, Word::AskText.text(language), size::SMALL);
            parts::room(ui, 2.0);
            let label = Word::AskName.text(language);
            let name = parts::field(ui, &colours, "name", label, &mut self.name, FieldKind::default());
            parts::room(ui, 2.0);
            let label = Word::AskPassword.text(language);
            let password =
                parts::field(ui, &colours, "password", label, &mut self.password, FieldKind { secret: true });
            if std::mem::take(&mut self.newly) {
                if self.name.text().is_empty() { name.request_focus() } else { password.request_focus() }
            }
            let ready = !self.name.text().trim().is_empty();
            if confirmed(ui, &colours, Word::AskConnect.text(language), &password, ready) {
                let typed = (self.name.text().trim().to_owned(), self.password.take(ui, "password"));
                stays = self.answer.send(typed).is_err();
            }
            if parts::button(ui, &colours, Word::Cancel.text(language), Weight::Secondary, true).clicked() {
                stays = false;
            }
        });
        stays
    }

    fn may_close(&mut self) -> bool {
        true
    }

    fn resized(&mut self, _: (u32, u32)) {}

    fn opened(&mut self, _: EventLoopProxy<Wake>) {}
}

/// Shows a sentence until it is read.
pub(super) fn tell(face: Face, heading: Word, text: Word) -> Result<(), WindowError> {
    shell::run(Teller { face, heading, text, newly: true, colours: None }, ASK_SIZE)
}

struct Teller {
    face: Face,
    heading: Word,
    text: Word,
    newly: bool,
    colours: Option<Colours>,
}

impl Content for Teller {
    fn title(&self) -> String {
        self.heading.text(self.face.language).to_owned()
    }

    fn show(&mut self, ui: &mut Ui, dark: bool) -> bool {
        let colours = dressed(ui, &mut self.colours, dark, self.face.accent);
        let language = self.face.language;
        let mut stays = !ui.input(|input| input.key_pressed(Key::Escape));
        framed(ui, &colours, |ui| {
            parts::announce(ui, self.heading.text(language));
            parts::heading(ui, &colours, self.heading.text(language), true);
            parts::paragraph(ui, colours.text, self.text.text(language), size::TEXT);
            parts::room(ui, 6.0);
            let close = parts::button(ui, &colours, Word::CloseWindow.text(language), Weight::Primary, true);
            if std::mem::take(&mut self.newly) {
                close.request_focus();
            }
            stays &= !close.clicked();
        });
        stays
    }

    fn may_close(&mut self) -> bool {
        true
    }

    fn resized(&mut self, _: (u32, u32)) {}

    fn opened(&mut self, _: EventLoopProxy<Wake>) {}
}

fn dressed(ui: &Ui, worn: &mut Option<Colours>, dark: bool, accent: Option<[u8; 3]>) -> Colours {
    let colours = Colours::new(dark, accent);
    if worn.replace(colours) != Some(colours) {
        theme::apply(ui.ctx(), &colours);
        ui.ctx().request_repaint();
    }
    colours
}

fn framed(ui: &mut Ui, colours: &Colours, add: impl FnOnce(&mut Ui)) {
    let frame = egui::Frame::new().fill(colours.page).inner_margin(Margin::same(24));
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, add);
    });
}
