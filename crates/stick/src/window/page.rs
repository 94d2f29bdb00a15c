//! The pages, drawn from the view, and what the person did on them.

use egui::{CentralPanel, Key, Margin, Panel, RichText, ScrollArea, Stroke, Ui, vec2};
use fernamt_domain::Secret;

use super::{
    desk,
    parts::{self, Field, FieldKind, Weight},
    theme::{self, Colours, bold, regular, size},
    view::{self, Face, Over, Screen, View},
    words::{Language, Word},
};
use crate::engine::{Command, Stage, State};

/// The widest that text and fields grow, in points.
const COLUMN: f32 = 720.0;

/// What the window must do.
#[derive(Debug)]
pub(crate) enum Act {
    /// Tell the engine.
    Command(Command),
    /// Remember the language.
    Language(Language),
    /// Close the window, and end everything.
    Quit,
}

/// What the person has typed and chosen.
#[derive(Debug)]
pub(crate) struct Pages {
    face: Face,
    language: Language,
    over: Over,
    code: Field,
    passphrase: Field,
    again: Field,
    search: Field,
    user: Field,
    colours: Option<Colours>,
    /// The page that was shown last, to know when another one comes.
    last: Option<std::mem::Discriminant<Screen>>,
}

impl Pages {
    /// Nothing typed yet.
    pub(crate) fn new(face: Face) -> Self {
        let language = face.language;
        Self {
            face,
            language,
            over: Over::Nothing,
            code: Field::default(),
            passphrase: Field::default(),
            again: Field::default(),
            search: Field::default(),
            user: Field::default(),
            colours: None,
            last: None,
        }
    }

    /// The present view.
    pub(crate) fn view(&self, state: &State) -> View {
        view::view(state, &self.face, self.language, self.over, self.search.text())
    }

    /// Lays a page over the present one.
    pub(crate) fn lay_over(&mut self, over: Over) {
        self.over = over;
    }

    /// Puts a text into the search field.
    pub(crate) fn search(&mut self, text: &str) {
        self.search.set(text);
    }

    /// The person wants to close the window: at once if nothing is open, else they are asked.
    pub(crate) fn wants_to_leave(&mut self, state: &State) -> bool {
        let asks = !view::open_names(state).is_empty() && self.over != Over::Leave;
        if asks {
            self.over = Over::Leave;
        }
        !asks
    }

    /// Shows everything.
    pub(crate) fn show(&mut self, ui: &mut Ui, state: &State, dark: bool) -> Vec<Act> {
        let colours = Colours::new(dark, self.face.accent);
        if self.colours != Some(colours) {
            theme::apply(ui.ctx(), &colours);
            self.colours = Some(colours);
            // Shapes of this frame would still be in the old colours.
            ui.ctx().request_repaint();
        }
        if self.over == Over::Again && state.stage != Stage::Ended {
            self.over = Over::Nothing;
        }
        if self.over == Over::Leave && view::open_names(state).is_empty() {
            self.over = Over::Nothing;
        }
        let mut acts = Vec::new();
        let view = self.view(state);
        self.bar(ui, &colours, &view, &mut acts);
        let now = std::mem::discriminant(&view.screen);
        let newly = self.last.replace(now) != Some(now);
        CentralPanel::no_frame().frame(egui::Frame::new().fill(colours.page)).show(ui, |ui| {
            ScrollArea::vertical().id_salt(now).auto_shrink([false, false]).show(ui, |ui| {
                let least = if ui.available_width() < 480.0 { 18.0 } else { 28.0 };
                let side = ((ui.available_width() - COLUMN) / 2.0).max(least);
                ui.horizontal_top(|ui| {
                    ui.add_space(side);
                    ui.vertical(|ui| {
                        ui.set_width(ui.available_width() - side);
                        parts::room(ui, 14.0);
                        self.page(ui, &colours, &view, newly, &mut acts);
                        parts::room(ui, 24.0);
                    });
                });
            });
        });
        self.escape(ui);
        acts
    }

    fn escape(&mut self, ui: &Ui) {
        if self.over != Over::Nothing && ui.input(|input| input.key_pressed(Key::Escape)) {
            self.over = Over::Nothing;
            ui.ctx().request_repaint();
        }
    }

    fn bar(&mut self, ui: &mut Ui, colours: &Colours, view: &View, acts: &mut Vec<Act>) {
        let frame =
            egui::Frame::new().fill(colours.panel).inner_margin(Margin { left: 18, right: 10, top: 8, bottom: 8 });
        let bar = Panel::top("bar").frame(frame).show_separator_line(false).show(ui, |ui| {
            parts::announce(ui, &view.announcement);
            ui.horizontal(|ui| {
                let name =
                    if self.face.agency.is_empty() { Word::Product.text(self.language) } else { &self.face.agency };
                let (other, help) = (Word::OtherLanguage.text(self.language), Word::Help.text(self.language));
                let buttons = parts::quiet_width(ui, other) + parts::quiet_width(ui, help) + 14.0;
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - buttons).max(80.0));
                    ui.spacing_mut().item_spacing.y = 1.0;
                    ui.label(RichText::new(name).font(bold(size::TEXT)).color(colours.text));
                    if !self.face.person.is_empty() {
                        let whose = Word::StickOf.fill(self.language, &[("person", &self.face.person)]);
                        ui.label(RichText::new(whose).font(regular(size::SMALL - 1.0)).color(colours.muted));
                    }
                });
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = 2.0;
                    if parts::button(ui, colours, other, Weight::Quiet, true).clicked() {
                        self.language = self.language.other();
                        acts.push(Act::Language(self.language));
                        ui.ctx().request_repaint();
                    }
                    if parts::button(ui, colours, help, Weight::Quiet, true).clicked() {
                        self.over = if self.over == Over::Help { Over::Nothing } else { Over::Help };
                        ui.ctx().request_repaint();
                    }
                });
            });
        });
        let rect = bar.response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom() - 1.5, Stroke::new(3.0, colours.action));
    }

    fn page(&mut self, ui: &mut Ui, colours: &Colours, view: &View, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        ui.spacing_mut().item_spacing.y = 8.0;
        parts::heading(ui, colours, &view.heading, true);
        if let Some(notice) = &view.notice {
            parts::room(ui, 2.0);
            parts::notice(ui, colours, notice);
            parts::room(ui, 4.0);
        }
        match &view.screen {
            Screen::Message { text, again } => {
                if !text.is_empty() {
                    parts::paragraph(ui, colours.text, text, size::TEXT);
                }
                parts::room(ui, 6.0);
                self.message_buttons(ui, colours, *again, newly, acts);
            }
            Screen::Activate => self.activate(ui, colours, newly, acts),
            Screen::Passphrase => self.unlock(ui, colours, newly, acts),
            Screen::Code => self.sign_in(ui, colours, newly, acts),
            Screen::Proxy => self.proxy(ui, colours, newly, acts),
            Screen::Working { word, more } => {
                parts::room(ui, 8.0);
                parts::walking_dots(ui, colours);
                ui.label(RichText::new(word).font(bold(size::SECTION)).color(colours.text));
                parts::paragraph(ui, colours.muted, more, size::TEXT);
            }
            Screen::Desk(view) => {
                acts.extend(desk::show(ui, colours, language, view, &mut self.search, newly).map(|done| match done {
                    desk::Done::Open(target) => Act::Command(Command::Open(target)),
                    desk::Done::Close(target) => Act::Command(Command::Close(target)),
                    desk::Done::Test => Act::Command(Command::TestLine),
                    desk::Done::Quit => Act::Quit,
                }));
            }
            Screen::Leave { text } => {
                parts::paragraph(ui, colours.text, text, size::TEXT);
                parts::room(ui, 6.0);
                ui.horizontal_wrapped(|ui| {
                    let stay = parts::button(ui, colours, Word::Stay.text(language), Weight::Primary, true);
                    if newly {
                        stay.request_focus();
                    }
                    if stay.clicked() {
                        self.over = Over::Nothing;
                        ui.ctx().request_repaint();
                    }
                    if parts::button(ui, colours, Word::LeaveNow.text(language), Weight::Danger, true).clicked() {
                        acts.push(Act::Quit);
                    }
                });
            }
            Screen::Help(sections) => {
                for section in sections {
                    parts::room(ui, 4.0);
                    parts::heading(ui, colours, &section.heading, false);
                    for text in &section.paragraphs {
                        parts::paragraph(ui, colours.text, text, size::TEXT);
                    }
                }
                parts::room(ui, 6.0);
                let back = parts::button(ui, colours, Word::Back.text(language), Weight::Primary, true);
                if back.clicked() {
                    self.over = Over::Nothing;
                    ui.ctx().request_repaint();
                }
            }
        }
    }

    fn message_buttons(&mut self, ui: &mut Ui, colours: &Colours, again: bool, newly: bool, acts: &mut Vec<Act>) {
        ui.horizontal_wrapped(|ui| {
            if again {
                let again = parts::button(ui, colours, Word::SignInAgain.text(self.language), Weight::Primary, true);
                if newly {
                    again.request_focus();
                }
                if again.clicked() {
                    self.over = Over::Again;
                    ui.ctx().request_repaint();
                }
            }
            let weight = if again { Weight::Secondary } else { Weight::Primary };
            let close = parts::button(ui, colours, Word::CloseWindow.text(self.language), weight, true);
            if newly && !again {
                close.request_focus();
            }
            if close.clicked() {
                acts.push(Act::Quit);
            }
        });
    }

    fn activate(&mut self, ui: &mut Ui, colours: &Colours, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        let text = |word: Word| word.text(language);
        parts::paragraph(ui, colours.text, text(Word::FreshText), size::TEXT);
        parts::room(ui, 4.0);
        let code = parts::field(ui, colours, "code", text(Word::ActivationCode), &mut self.code, FieldKind::default());
        if newly {
            code.request_focus();
        }
        parts::room(ui, 4.0);
        let secret = FieldKind { secret: true };
        parts::field(ui, colours, "passphrase", text(Word::NewPassphrase), &mut self.passphrase, secret);
        let typed = Secret::new(self.passphrase.text().to_owned());
        let (hint, good) = view::passphrase_hint(&typed, language);
        hint_line(ui, colours, &hint, (!typed.expose().is_empty()).then_some(good));
        parts::room(ui, 4.0);
        let last = parts::field(ui, colours, "again", text(Word::PassphraseAgain), &mut self.again, secret);
        let same = self.again.text() == self.passphrase.text();
        if !self.again.text().is_empty() {
            let word = if same { Word::PassphrasesSame } else { Word::PassphrasesDiffer };
            hint_line(ui, colours, text(word), Some(same));
        }
        parts::room(ui, 6.0);
        let ready = good && same && !self.code.text().trim().is_empty();
        let enter = parts::entered(ui, &last);
        let clicked = parts::button(ui, colours, text(Word::Activate), Weight::Primary, ready).clicked();
        if ready && (clicked || enter) {
            let code = trimmed(&self.code.take(ui, "code"));
            let passphrase = self.passphrase.take(ui, "passphrase");
            drop(self.again.take(ui, "again"));
            acts.push(Act::Command(Command::Activate { code, passphrase }));
        } else if enter {
            last.request_focus();
        }
    }

    fn unlock(&mut self, ui: &mut Ui, colours: &Colours, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        parts::paragraph(ui, colours.text, Word::LockedText.text(language), size::TEXT);
        parts::room(ui, 4.0);
        let label = Word::Passphrase.text(language);
        let secret = FieldKind { secret: true };
        let field = parts::field(ui, colours, "passphrase", label, &mut self.passphrase, secret);
        if newly {
            field.request_focus();
        }
        if confirmed(ui, colours, Word::Unlock.text(language), &field, !self.passphrase.text().is_empty()) {
            acts.push(Act::Command(Command::Unlock(self.passphrase.take(ui, "passphrase"))));
        }
    }

    fn sign_in(&mut self, ui: &mut Ui, colours: &Colours, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        parts::paragraph(ui, colours.text, Word::CodeText.text(language), size::TEXT);
        parts::room(ui, 4.0);
        let field = parts::field(ui, colours, "code", Word::Code.text(language), &mut self.code, FieldKind::default());
        if newly {
            field.request_focus();
        }
        if confirmed(ui, colours, Word::SignIn.text(language), &field, !self.code.text().trim().is_empty()) {
            acts.push(Act::Command(Command::SignIn(trimmed(&self.code.take(ui, "code")))));
        }
    }

    fn proxy(&mut self, ui: &mut Ui, colours: &Colours, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        parts::paragraph(ui, colours.text, Word::ProxyText.text(language), size::TEXT);
        parts::room(ui, 4.0);
        let label = Word::ProxyUser.text(language);
        let user = parts::field(ui, colours, "user", label, &mut self.user, FieldKind::default());
        if newly {
            user.request_focus();
        }
        parts::room(ui, 4.0);
        let label = Word::ProxyPassword.text(language);
        let secret = FieldKind { secret: true };
        let field = parts::field(ui, colours, "passphrase", label, &mut self.passphrase, secret);
        let ready = !self.user.text().trim().is_empty();
        if confirmed(ui, colours, Word::ProxyContinue.text(language), &field, ready) {
            let user = trimmed(&self.user.take(ui, "user")).expose().clone();
            let password = self.passphrase.take(ui, "passphrase");
            acts.push(Act::Command(Command::ProxyPassword { user, password }));
        }
    }
}

/// The button below a form; Enter in its last field does the same.
pub(crate) fn confirmed(ui: &mut Ui, colours: &Colours, text: &str, last: &egui::Response, ready: bool) -> bool {
    let enter = parts::entered(ui, last);
    parts::room(ui, 6.0);
    let clicked = parts::button(ui, colours, text, Weight::Primary, ready).clicked();
    if enter && !ready {
        last.request_focus();
    }
    ready && (enter || clicked)
}

fn trimmed(text: &Secret<String>) -> Secret<String> {
    Secret::from(text.expose().trim())
}

/// A line below a field; with a sign of its own where it judges.
fn hint_line(ui: &mut Ui, colours: &Colours, text: &str, good: Option<bool>) {
    let colour = match good {
        None => colours.muted,
        Some(true) => colours.good,
        Some(false) => colours.warning,
    };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 2.0);
        parts::paragraph(ui, colour, text, size::SMALL);
    });
}
