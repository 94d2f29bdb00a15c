//! The pages, drawn from the view, and what the person did on them.

use egui::{CentralPanel, Key, Margin, Panel, Rect, RichText, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};
use fernamt_domain::Secret;

use super::{
    desk,
    parts::{self, Field, FieldKind, Switch, Weight},
    theme::{self, Colours, bold, regular, size},
    view::{self, Face, Over, Screen, View},
    words::{Language, Word},
};
use crate::engine::{Command, Stage, State, Step};

/// The widest that text and fields grow, in points.
const COLUMN: f32 = 720.0;
/// How much of what is seen Page up and Page down move by.
const PAGE_SHARE: f32 = 0.85;
/// What is hidden below by less is only empty room.
const BELOW_LEAST: f32 = 16.0;
/// The strip that says that the page goes on.
const MORE_HEIGHT: f32 = 30.0;

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
    activation: Field,
    chosen: Field,
    again: Field,
    search: Field,
    user: Field,
    colours: Option<Colours>,
    /// The page that was shown last, to know when another one comes.
    last: Option<std::mem::Discriminant<Screen>>,
    /// Whether secrets are shown as one types them.
    shown: bool,
    /// Whether the stick is being set up: as long, what was typed for that stays.
    choosing: bool,
    /// Whether the page goes on below.
    more: bool,
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
            activation: Field::default(),
            chosen: Field::default(),
            again: Field::default(),
            search: Field::default(),
            user: Field::default(),
            colours: None,
            last: None,
            shown: false,
            choosing: false,
            more: false,
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
        self.settle_setting_up(ui, &state.stage);
        let mut acts = Vec::new();
        let view = self.view(state);
        let now = std::mem::discriminant(&view.screen);
        let newly = self.last.replace(now) != Some(now);
        self.shown &= !newly;
        self.bar(ui, &colours, &view, newly, &mut acts);
        CentralPanel::no_frame().frame(egui::Frame::new().fill(colours.page)).show(ui, |ui| {
            let whole = ui.max_rect();
            let height = whole.height() - if self.more { MORE_HEIGHT } else { 0.0 };
            let page = ScrollArea::vertical().id_salt(now).auto_shrink([false, false]).max_height(height);
            let scrolled = page.show(ui, |ui| {
                parts::scroll_by_keys(ui, height * PAGE_SHARE);
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
            if self.more {
                // After the page: what comes before it would give all on it another id, and take its focus.
                let strip = Rect::from_min_max(pos2(whole.left(), whole.bottom() - MORE_HEIGHT), whole.max);
                more_below(ui, &colours, self.language, strip);
            }
            let below = scrolled.content_size.y - scrolled.inner_rect.height() - scrolled.state.clamped_offset().y;
            if std::mem::replace(&mut self.more, below > BELOW_LEAST) != self.more {
                ui.ctx().request_repaint();
            }
        });
        self.escape(ui, state, &mut acts);
        acts
    }

    fn settle_setting_up(&mut self, ui: &Ui, stage: &Stage) {
        let at_work = *stage == Stage::Working(Step::Activating);
        if self.over == Over::Renew && *stage != Stage::Locked && !at_work {
            self.over = Over::Nothing;
        }
        let renewing = self.over == Over::Renew && *stage == Stage::Locked;
        let choosing = at_work || renewing || *stage == Stage::Fresh;
        if std::mem::replace(&mut self.choosing, choosing) && !choosing {
            self.activation.wipe(ui, "activation");
            self.chosen.wipe(ui, "chosen");
            self.again.wipe(ui, "again");
        }
    }

    fn escape(&mut self, ui: &Ui, state: &State, acts: &mut Vec<Act>) {
        if !ui.input(|input| input.key_pressed(Key::Escape)) {
            return;
        }
        if matches!(self.over, Over::Help | Over::Leave) || !matches!(state.stage, Stage::Working(_)) {
            if std::mem::take(&mut self.over) != Over::Nothing {
                ui.ctx().request_repaint();
            }
        } else {
            acts.push(Act::Command(Command::Leave));
        }
    }

    fn bar(&mut self, ui: &mut Ui, colours: &Colours, view: &View, newly: bool, acts: &mut Vec<Act>) {
        let frame =
            egui::Frame::new().fill(colours.panel).inner_margin(Margin { left: 18, right: 10, top: 8, bottom: 8 });
        let bar = Panel::top("bar").frame(frame).show_separator_line(false).show(ui, |ui| {
            parts::announce(ui, &view.announcement);
            ui.horizontal(|ui| {
                let name =
                    if self.face.agency.is_empty() { Word::Product.text(self.language) } else { &self.face.agency };
                let helping = matches!(view.screen, Screen::Help(_));
                let help = if helping { Word::Back } else { Word::Help };
                let (other, help) = (Word::OtherLanguage.text(self.language), help.text(self.language));
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
                    let button = parts::button(ui, colours, help, Weight::Quiet, true);
                    if newly && helping {
                        button.request_focus();
                    }
                    if button.clicked() {
                        self.over = if helping { Over::Nothing } else { Over::Help };
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
            Screen::Activate { text } => self.activate(ui, colours, text, newly, acts),
            Screen::Passphrase { renew } => self.unlock(ui, colours, *renew, newly, acts),
            Screen::Code => self.sign_in(ui, colours, newly, acts),
            Screen::Proxy => self.proxy(ui, colours, newly, acts),
            Screen::Working { word, more } => {
                parts::room(ui, 8.0);
                parts::walking_dots(ui, colours);
                ui.label(RichText::new(word).font(bold(size::SECTION)).color(colours.text));
                parts::paragraph(ui, colours.muted, more, size::TEXT);
                parts::room(ui, 6.0);
                // No focus on it: whoever holds Enter a moment too long would end everything.
                let cancel = Word::CancelWork.text(language);
                if parts::button(ui, colours, cancel, Weight::Secondary, true).clicked() {
                    acts.push(Act::Command(Command::Leave));
                }
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

    fn activate(&mut self, ui: &mut Ui, colours: &Colours, told: &str, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        let text = |word: Word| word.text(language);
        if !told.is_empty() {
            parts::paragraph(ui, colours.text, told, size::TEXT);
            parts::room(ui, 2.0);
        }
        let label = text(Word::ActivationCode);
        let code = parts::field(ui, colours, "activation", label, &mut self.activation, FieldKind::default());
        if newly {
            code.request_focus();
        }
        parts::room(ui, 2.0);
        let named = ("chosen", text(Word::NewPassphrase));
        let switch = Switch { text: text(Word::Show), name: text(Word::ShowPassphrase) };
        parts::secret_field(ui, colours, named, &mut self.chosen, &mut self.shown, switch);
        let typed = self.chosen.copy();
        let (hint, good) = view::passphrase_hint(&typed, language);
        hint_line(ui, colours, &hint, (!typed.expose().is_empty()).then_some(good));
        parts::room(ui, 2.0);
        let secret = FieldKind { secret: !self.shown };
        let last = parts::field(ui, colours, "again", text(Word::PassphraseAgain), &mut self.again, secret);
        let same = self.again.text() == self.chosen.text();
        if !self.again.text().is_empty() {
            let word = if same { Word::PassphrasesSame } else { Word::PassphrasesDiffer };
            hint_line(ui, colours, text(word), Some(same));
        }
        parts::room(ui, 4.0);
        let ready = good && same && !self.activation.text().trim().is_empty();
        let enter = parts::entered(ui, &last);
        let clicked = parts::button(ui, colours, text(Word::Activate), Weight::Primary, ready).clicked();
        if ready && (clicked || enter) {
            // All of it stays in its fields until the code is taken: it may be misspelt.
            let code = trimmed(&self.activation.copy());
            acts.push(Act::Command(Command::Activate { code, passphrase: typed }));
        } else if enter {
            last.request_focus();
        }
        if self.over == Over::Renew {
            let back = parts::button(ui, colours, text(Word::Back), Weight::Secondary, true);
            if back.clicked() {
                self.over = Over::Nothing;
                ui.ctx().request_repaint();
            }
        }
    }

    fn unlock(&mut self, ui: &mut Ui, colours: &Colours, renew: bool, newly: bool, acts: &mut Vec<Act>) {
        let language = self.language;
        let text = |word: Word| word.text(language);
        parts::paragraph(ui, colours.text, text(Word::LockedText), size::TEXT);
        parts::room(ui, 4.0);
        let switch = Switch { text: text(Word::Show), name: text(Word::ShowPassphrase) };
        let named = ("passphrase", text(Word::Passphrase));
        let field = parts::secret_field(ui, colours, named, &mut self.passphrase, &mut self.shown, switch);
        if newly {
            field.request_focus();
        }
        if confirmed(ui, colours, text(Word::Unlock), &field, !self.passphrase.text().is_empty()) {
            acts.push(Act::Command(Command::Unlock(self.passphrase.take(ui, "passphrase"))));
        }
        if renew && parts::button(ui, colours, text(Word::Renew), Weight::Quiet, true).clicked() {
            self.passphrase.wipe(ui, "passphrase");
            self.over = Over::Renew;
            ui.ctx().request_repaint();
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
        let switch = Switch { text: Word::Show.text(language), name: Word::ShowPassword.text(language) };
        let named = ("passphrase", label);
        let field = parts::secret_field(ui, colours, named, &mut self.passphrase, &mut self.shown, switch);
        let ready = !self.user.text().trim().is_empty();
        if confirmed(ui, colours, Word::ProxyContinue.text(language), &field, ready) {
            let user = trimmed(&self.user.take(ui, "user")).expose().clone();
            let password = self.passphrase.take(ui, "passphrase");
            acts.push(Act::Command(Command::ProxyPassword { user, password }));
        }
    }
}

/// Says that the page goes on, where one may not see that.
fn more_below(ui: &mut Ui, colours: &Colours, language: Language, strip: Rect) {
    ui.painter().rect_filled(strip, 0, colours.panel);
    let middle = pos2(strip.left() + 26.0, strip.center().y);
    let corners = [vec2(-7.0, -3.0), vec2(7.0, -3.0), vec2(0.0, 5.0)].map(|from| middle + from);
    ui.painter().add(egui::Shape::convex_polygon(corners.to_vec(), colours.action, Stroke::NONE));
    let inner = Rect::from_min_max(pos2(middle.x + 16.0, strip.top()), strip.max);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let text = RichText::new(Word::MoreBelow.text(language)).font(regular(size::SMALL)).color(colours.text);
    ui.new_child(UiBuilder::new().max_rect(inner).layout(layout)).label(text);
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
