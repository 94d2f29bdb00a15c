//! The few things that pages are made of. Each is reached by keyboard, shows its focus, and has a name and a role.

use std::sync::Arc;

use egui::{
    Align, Color32, CornerRadius, CursorIcon, EventFilter, Galley, Id, Key, Margin, Rect, Response, RichText, Sense,
    Stroke, StrokeKind, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo,
    accesskit::{Live, Role},
    pos2,
    text_edit::TextEditState,
    vec2,
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    theme::{Colours, bold, regular, size},
    view::{Notice, Tone},
};

const RADIUS: CornerRadius = CornerRadius::same(8);
const RING: f32 = 3.0;
/// The least height of what can be clicked, in points.
const MIN_TARGET: f32 = 46.0;
/// Beside the text of a quiet button, in points.
const QUIET_PADDING: f32 = 10.0;
/// The longest input of a field, in characters.
pub(crate) const MAX_INPUT_CHARS: usize = 512;
/// Room that a field's text never outgrows, so that no copy of a secret stays behind when it grows.
const FIELD_BYTES: usize = MAX_INPUT_CHARS * 4;

/// The text of a field, wiped when it goes.
#[derive(Debug)]
pub(crate) struct Field(Zeroizing<String>);

impl Default for Field {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(FIELD_BYTES)))
    }
}

impl Field {
    /// What stands in it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Puts a text in.
    pub(crate) fn set(&mut self, text: &str) {
        self.0.clear();
        self.0.extend(text.chars().take(MAX_INPUT_CHARS));
    }

    /// Takes the text out, and leaves nothing of it behind.
    pub(crate) fn take(&mut self, ui: &Ui, name: &str) -> fernamt_domain::Secret<String> {
        let text = self.copy();
        self.wipe(ui, name);
        text
    }

    /// The text, which stays in the field, too.
    pub(crate) fn copy(&self) -> fernamt_domain::Secret<String> {
        fernamt_domain::Secret::new(self.0.as_str().to_owned())
    }

    /// Leaves nothing behind.
    pub(crate) fn wipe(&mut self, ui: &Ui, name: &str) {
        self.0.zeroize();
        // The toolkit remembers what was typed before, to undo it.
        ui.data_mut(|data| data.remove::<TextEditState>(Id::unique(name)));
    }
}

/// A heading.
pub(crate) fn heading(ui: &mut Ui, colours: &Colours, text: &str, main: bool) -> Response {
    let size = if main { size::HEADING } else { size::SECTION };
    let response = ui.label(RichText::new(text).font(bold(size)).color(colours.text));
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    response
}

/// A paragraph.
pub(crate) fn paragraph(ui: &mut Ui, colour: Color32, text: &str, size: f32) -> Response {
    let text = RichText::new(text).font(regular(size)).color(colour).line_height(Some(size * 1.4));
    ui.label(text)
}

/// A sentence that a screen reader says by itself when it changes. It cannot be seen: what it says is on the page.
pub(crate) fn announce(ui: &mut Ui, text: &str) {
    let at = Rect::from_min_size(ui.max_rect().min, vec2(1.0, 1.0));
    let response = ui.interact(at, Id::unique("announcement"), Sense::empty());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, text));
    _ = ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(Live::Polite));
}

/// A notice: a bar of colour, a sign, a title and what to do.
pub(crate) fn notice(ui: &mut Ui, colours: &Colours, notice: &Notice) {
    let (colour, back) = match notice.tone {
        Tone::Problem => (colours.danger, colours.danger_back),
        Tone::Warning => (colours.warning, colours.warning_back),
    };
    let frame = egui::Frame::new()
        .fill(back)
        .corner_radius(RADIUS)
        .inner_margin(Margin { left: 52, right: 16, top: 14, bottom: 14 })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.label(RichText::new(&notice.title).font(bold(size::TEXT)).color(colours.text));
            paragraph(ui, colours.text, &notice.text, size::SMALL);
        });
    let rect = frame.response.rect;
    let sign = pos2(rect.left() + 28.0, rect.top() + 27.0);
    ui.painter().circle_filled(sign, 12.0, colour);
    let mark = ui.painter().layout_no_wrap("!".to_owned(), bold(18.0), back);
    ui.painter().galley(sign - mark.size() / 2.0, mark, back);
}

/// How a button weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Primary,
    Secondary,
    Danger,
    Quiet,
}

/// A button.
pub(crate) fn button(ui: &mut Ui, colours: &Colours, text: &str, weight: Weight, enabled: bool) -> Response {
    let (fill, on, border) = match weight {
        Weight::Primary => (colours.action, colours.on_action, Color32::TRANSPARENT),
        Weight::Danger => {
            (colours.danger, if colours.dark { colours.page } else { Color32::WHITE }, Color32::TRANSPARENT)
        }
        Weight::Secondary => (Color32::TRANSPARENT, colours.action, colours.action),
        Weight::Quiet => (Color32::TRANSPARENT, colours.action, Color32::TRANSPARENT),
    };
    let size = if weight == Weight::Quiet { size::SMALL } else { size::TEXT };
    let padding = if weight == Weight::Quiet { QUIET_PADDING } else { 20.0 };
    let galley = ui.painter().layout(text.to_owned(), bold(size), on, (ui.available_width() - 2.0 * padding).max(40.0));
    let wanted = vec2(galley.size().x + 2.0 * padding, (galley.size().y + 16.0).max(MIN_TARGET));
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(wanted, sense);
    let fill = if enabled { fill } else { fill.gamma_multiply(0.4) };
    let on = if enabled { on } else { on.gamma_multiply(if colours.dark { 0.7 } else { 0.85 }) };
    ui.painter().rect(rect, RADIUS, fill, Stroke::new(2.0, border), StrokeKind::Inside);
    if response.hovered() && enabled {
        let shade = if fill == Color32::TRANSPARENT { colours.tint } else { colours.page.gamma_multiply(0.15) };
        ui.painter().rect(rect, RADIUS, shade, Stroke::new(2.0, border), StrokeKind::Inside);
    }
    ui.painter().galley_with_override_text_color(rect.center() - galley.size() / 2.0, galley, on);
    finish(ui, colours, &response, rect, Role::Button, enabled, text)
}

/// What all that can be clicked has in common: its name, its focus ring, and that it scrolls into sight.
fn finish(
    ui: &Ui,
    colours: &Colours,
    response: &Response,
    rect: Rect,
    role: Role,
    enabled: bool,
    name: &str,
) -> Response {
    response.widget_info(|| WidgetInfo::labeled(role, enabled, name));
    if response.has_focus() {
        ring(ui, colours, rect);
    }
    if response.gained_focus() {
        ui.scroll_to_rect(rect.expand(12.0), None);
    }
    response.clone().on_hover_cursor(if enabled { CursorIcon::PointingHand } else { CursorIcon::Default })
}

fn ring(ui: &Ui, colours: &Colours, rect: Rect) {
    let stroke = Stroke::new(RING, colours.ring);
    ui.painter().rect_stroke(rect.expand(RING + 1.0), CornerRadius::same(11), stroke, StrokeKind::Inside);
}

/// What a field is for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FieldKind {
    /// It shows dots.
    pub(crate) secret: bool,
}

/// A field under its label.
pub(crate) fn field(
    ui: &mut Ui,
    colours: &Colours,
    name: &str,
    label: &str,
    value: &mut Field,
    kind: FieldKind,
) -> Response {
    ui.spacing_mut().item_spacing.y = 6.0;
    let told = ui.label(RichText::new(label).font(bold(size::TEXT)).color(colours.text));
    let id = Id::unique(name);
    let focused = ui.memory(|memory| memory.has_focus(id));
    let border = if focused { colours.action } else { colours.muted };
    let frame = egui::Frame::new()
        .fill(colours.field)
        .stroke(Stroke::new(if focused { 2.0 } else { 1.0 }, border))
        .corner_radius(RADIUS)
        .inner_margin(Margin::symmetric(14, 11));
    let response = TextEdit::singleline(&mut *value.0)
        .id(id)
        .password(kind.secret)
        .char_limit(MAX_INPUT_CHARS)
        .font(regular(size::SECTION))
        .desired_width(f32::INFINITY)
        .event_filter(EventFilter::default())
        .frame(frame)
        .show(ui)
        .response
        .response
        .labelled_by(told.id);
    _ = ui.ctx().accesskit_node_builder(id, |node| node.set_label(label));
    if focused {
        ring(ui, colours, response.rect);
    }
    if response.gained_focus() {
        ui.scroll_to_rect(response.rect.expand(40.0), None);
    }
    response
}

/// What the switch beside a secret is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Switch<'a> {
    /// What stands beside it.
    pub(crate) text: &'a str,
    /// Its whole name.
    pub(crate) name: &'a str,
}

/// A field for a secret, and a switch that shows it. Tab reaches the switch after the field.
pub(crate) fn secret_field(
    ui: &mut Ui,
    colours: &Colours,
    (name, label): (&str, &str),
    value: &mut Field,
    shown: &mut bool,
    switch: Switch<'_>,
) -> Response {
    let top = ui.cursor().min - vec2(0.0, 5.0);
    let right = ui.max_rect().right();
    let response = field(ui, colours, name, label, value, FieldKind { secret: !*shown });
    let rect = Rect::from_min_max(top, pos2(right, top.y + size::TEXT * 1.4));
    from_the_right(ui, rect, |ui| {
        if show_switch(ui, colours, switch, *shown).clicked() {
            *shown = !*shown;
            ui.ctx().request_repaint();
        }
    });
    response
}

fn show_switch(ui: &mut Ui, colours: &Colours, switch: Switch<'_>, on: bool) -> Response {
    const BOX: f32 = 20.0;
    let galley = ui.painter().layout_no_wrap(switch.text.to_owned(), bold(size::SMALL), colours.action);
    let wanted = vec2(BOX + 8.0 + galley.size().x, size::TEXT * 1.6);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    let square = Rect::from_center_size(pos2(rect.left() + BOX / 2.0, rect.center().y), vec2(BOX, BOX));
    let fill = if on { colours.action } else { colours.field };
    ui.painter().rect(square, CornerRadius::same(4), fill, Stroke::new(2.0, colours.action), StrokeKind::Inside);
    if on {
        let mark = [vec2(-5.0, 0.0), vec2(-1.5, 4.0), vec2(5.5, -4.5)].map(|from| square.center() + from);
        ui.painter().line(mark.to_vec(), Stroke::new(2.5, colours.on_action));
    }
    let at = pos2(square.right() + 8.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colours.action);
    let response = finish(ui, colours, &response, rect, Role::CheckBox, true, switch.name);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, switch.name));
    response
}

/// Scrolls the page that is being drawn by the keys that do so everywhere.
pub(crate) fn scroll_by_keys(ui: &Ui, page: f32) {
    const EVERYTHING: f32 = 1.0e6;
    let typing = ui.memory(egui::Memory::focused).is_some_and(|id| TextEditState::load(ui.ctx(), id).is_some());
    let down = ui.input(|input| {
        let pressed = |key: Key| input.key_pressed(key);
        match () {
            () if pressed(Key::PageDown) => page,
            () if pressed(Key::PageUp) => -page,
            // In a field these two move the cursor.
            () if pressed(Key::End) && !typing => EVERYTHING,
            () if pressed(Key::Home) && !typing => -EVERYTHING,
            () => 0.0,
        }
    });
    if down != 0.0 {
        ui.scroll_with_delta_animation(vec2(0.0, -down), egui::style::ScrollAnimation::none());
    }
}

/// Whether the person pressed Enter in a field.
pub(crate) fn entered(ui: &Ui, response: &Response) -> bool {
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// A row of dots that walk while something takes a moment.
pub(crate) fn walking_dots(ui: &mut Ui, colours: &Colours) {
    const DOTS: u8 = 5;
    const STEP_S: f64 = 0.3;
    let (rect, _) = ui.allocate_exact_size(vec2(140.0, 22.0), Sense::hover());
    let now = ui.input(|input| input.time) / STEP_S;
    for dot in 0..DOTS {
        let on = (now.rem_euclid(f64::from(DOTS)) - f64::from(dot)).abs() < 1.0
            && now.rem_euclid(f64::from(DOTS)) >= f64::from(dot);
        let center = pos2(rect.left() + 10.0 + f32::from(dot) * 28.0, rect.center().y);
        ui.painter().circle_filled(center, if on { 9.0 } else { 6.0 }, if on { colours.action } else { colours.line });
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(STEP_S));
}

/// Lays out some lines of text below each other.
pub(crate) struct Lines {
    galleys: Vec<(Arc<Galley>, f32)>,
}

impl Lines {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { galleys: Vec::new() }
    }

    /// Adds a text with some room above it.
    pub(crate) fn add(&mut self, ui: &Ui, text: &str, font: egui::FontId, colour: Color32, width: f32, above: f32) {
        let mut job = egui::text::LayoutJob::simple(text.to_owned(), font, colour, width);
        job.wrap.break_anywhere = false;
        job.halign = Align::Min;
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        self.galleys.push((galley, above));
    }

    /// Their height.
    pub(crate) fn height(&self) -> f32 {
        self.galleys.iter().map(|(galley, above)| galley.size().y + above).sum()
    }

    /// Paints them.
    pub(crate) fn paint(self, ui: &Ui, mut at: egui::Pos2) {
        for (galley, above) in self.galleys {
            at.y += above;
            let height = galley.size().y;
            ui.painter().galley(at, galley, Color32::PLACEHOLDER);
            at.y += height;
        }
    }
}

/// A surface that can be clicked as a whole.
pub(crate) fn surface(ui: &mut Ui, colours: &Colours, rect: Rect, id: Id, name: &str) -> Response {
    let response = ui.interact(rect, id, Sense::click());
    let fill = if response.hovered() { colours.tint } else { colours.raised };
    ui.painter().rect(rect, RADIUS, fill, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    finish(ui, colours, &response, rect, Role::Button, true, name)
}

/// A surface that only holds things.
pub(crate) fn plain_surface(ui: &Ui, colours: &Colours, rect: Rect) {
    ui.painter().rect(rect, RADIUS, colours.tint, Stroke::new(2.0, colours.action), StrokeKind::Inside);
}

/// A child that fills a rectangle from the right, without moving what comes next.
pub(crate) fn from_the_right(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    let layout = egui::Layout::right_to_left(Align::Center);
    add(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)));
}

/// How wide a quiet button will be.
pub(crate) fn quiet_width(ui: &Ui, text: &str) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), bold(size::SMALL), Color32::WHITE).size().x + 2.0 * QUIET_PADDING
}

/// Empty room.
pub(crate) fn room(ui: &mut Ui, height: f32) {
    ui.allocate_exact_size(Vec2::new(1.0, height), Sense::empty());
}
