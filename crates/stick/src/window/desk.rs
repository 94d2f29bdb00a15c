//! The desk: how the line does, and the tiles.

use std::sync::Arc;

use egui::{
    Color32, Galley, Id, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2,
};
use fernamt_domain::{TargetId, TargetKind};

use super::{
    parts::{self, Field, FieldKind, Lines, Weight},
    theme::{Colours, bold, regular, size},
    view::{DeskView, TileView},
    words::{Language, Word},
};

/// From this width on tiles stand in two columns.
const TWO_COLUMNS_FROM: f32 = 620.0;
const GAP: f32 = 12.0;
const PADDING: f32 = 16.0;
const PICTURE: f32 = 44.0;
const ACTION_HEIGHT: f32 = 46.0;
/// From this width on the word for what a click does stands beside the text.
const ACTION_BESIDE_FROM: f32 = 400.0;
/// Around that word.
const CHIP: Vec2 = vec2(12.0, 5.0);

/// What was done on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// A target is to be opened.
    Open(TargetId),
    /// A target is to be closed.
    Close(TargetId),
    /// The line is to be tested.
    Test,
    /// Everything is to end.
    Quit,
}

/// Shows it.
pub(crate) fn show(
    ui: &mut Ui,
    colours: &Colours,
    language: Language,
    desk: &DeskView,
    search: &mut Field,
    newly: bool,
) -> Option<Done> {
    let mut done = None;
    if let Some(greeting) = &desk.greeting {
        parts::paragraph(ui, colours.muted, greeting, size::SMALL);
    }
    match &desk.away {
        Some(away) => {
            parts::room(ui, 2.0);
            parts::notice(ui, colours, away);
        }
        None => line(ui, colours, desk),
    }
    if desk.search {
        parts::room(ui, 4.0);
        let field = parts::field(ui, colours, "search", Word::Search.text(language), search, FieldKind::default());
        if newly {
            field.request_focus();
        }
    }
    if let Some(empty) = &desk.empty {
        parts::room(ui, 8.0);
        parts::paragraph(ui, colours.text, empty, size::TEXT);
    }
    let mut first = newly && !desk.search;
    for group in &desk.groups {
        parts::room(ui, 8.0);
        if !group.heading.is_empty() {
            parts::heading(ui, colours, &group.heading, false);
        }
        done = tiles(ui, colours, &group.tiles, &mut first).or(done);
    }
    parts::room(ui, 12.0);
    end(ui, colours, language, desk).or(done)
}

fn line(ui: &mut Ui, colours: &Colours, desk: &DeskView) {
    let width = ui.available_width();
    let mut text = Lines::new();
    text.add(ui, &desk.line, bold(size::SMALL), colours.text, width - 26.0, 0.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, text.height()), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &desk.line));
    let colour = if desk.line_weak { colours.warning } else { colours.good };
    let sign = pos2(rect.left() + 8.0, rect.top() + 10.0);
    if desk.line_weak {
        // Not by colour alone: weak is a triangle, good a disc.
        let corners = vec![sign + vec2(-8.0, 7.0), sign + vec2(8.0, 7.0), sign + vec2(0.0, -8.0)];
        ui.painter().add(egui::Shape::convex_polygon(corners, colour, Stroke::NONE));
    } else {
        ui.painter().circle_filled(sign, 7.0, colour);
    }
    text.paint(ui, rect.min + vec2(26.0, 0.0));
}

/// What comes last, so that Tab reaches first what one came for.
fn end(ui: &mut Ui, colours: &Colours, language: Language, desk: &DeskView) -> Option<Done> {
    let top = ui.cursor().top();
    ui.painter().hline(ui.max_rect().x_range(), top, Stroke::new(1.0, colours.line));
    parts::room(ui, 8.0);
    if let Some(test) = &desk.test {
        parts::paragraph(ui, colours.text, test, size::SMALL);
    }
    if let Some(stays) = &desk.stays {
        parts::paragraph(ui, colours.text, stays, size::SMALL);
    }
    let mut done = None;
    ui.horizontal_wrapped(|ui| {
        if parts::button(ui, colours, Word::TestLine.text(language), Weight::Secondary, desk.can_test).clicked() {
            done = Some(Done::Test);
        }
        if parts::button(ui, colours, Word::Leave.text(language), Weight::Secondary, true).clicked() {
            done = Some(Done::Quit);
        }
    });
    done
}

fn tiles(ui: &mut Ui, colours: &Colours, tiles: &[TileView], first: &mut bool) -> Option<Done> {
    let mut done = None;
    let width = ui.available_width();
    let columns = if width >= TWO_COLUMNS_FROM { 2 } else { 1 };
    let each = if columns == 2 { (width - GAP) / 2.0 } else { width };
    ui.spacing_mut().item_spacing.y = GAP;
    for row in tiles.chunks(columns) {
        let laid: Vec<Laid> = row.iter().map(|tile| lay(ui, colours, tile, each)).collect();
        let height = laid.iter().map(|laid| laid.height).fold(0.0, f32::max);
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let mut left = rect.left();
        for (tile, laid) in row.iter().zip(laid) {
            let at = Rect::from_min_size(pos2(left, rect.top()), vec2(each, height));
            done = show_tile(ui, colours, tile, laid, at, first).or(done);
            left += each + GAP;
        }
    }
    done
}

struct Laid {
    lines: Lines,
    height: f32,
    /// The word that says that the tile is a button, and whether it stands beside the text.
    action: Option<(Arc<Galley>, bool)>,
}

fn lay(ui: &Ui, colours: &Colours, tile: &TileView, width: f32) -> Laid {
    let action = (!tile.open)
        .then(|| ui.painter().layout_no_wrap(tile.action.clone(), bold(size::SMALL), colours.action))
        .map(|galley| (galley, width >= ACTION_BESIDE_FROM));
    let beside = match &action {
        Some((galley, true)) => galley.size().x + 2.0 * CHIP.x + 12.0,
        _ => 0.0,
    };
    let inner = width - 2.0 * PADDING - PICTURE - 12.0 - beside;
    let mut lines = Lines::new();
    lines.add(ui, &tile.name, bold(size::SECTION), colours.text, inner, 0.0);
    lines.add(ui, &tile.about, regular(size::SMALL), colours.muted, inner, 2.0);
    if let Some(status) = &tile.status {
        lines.add(ui, status, bold(size::SMALL), colours.good, inner, 6.0);
    }
    if let Some(problem) = &tile.problem {
        lines.add(ui, problem, regular(size::SMALL), colours.danger, inner, 6.0);
    }
    let text = lines.height().max(PICTURE) + 2.0 * PADDING;
    let more = match &action {
        None => ACTION_HEIGHT,
        Some((_, true)) => 0.0,
        Some((galley, false)) => galley.size().y + 2.0 * CHIP.y + 8.0,
    };
    Laid { lines, height: text + more, action }
}

fn show_tile(ui: &mut Ui, colours: &Colours, tile: &TileView, laid: Laid, at: Rect, first: &mut bool) -> Option<Done> {
    let mut done = None;
    let id = Id::unique(("tile", tile.id.to_string()));
    if tile.open {
        parts::plain_surface(ui, colours, at);
        let told = ui.interact(at, id.with("told"), Sense::empty());
        told.widget_info(|| WidgetInfo::labeled(Role::Label, true, told_of(tile)));
        let below =
            Rect::from_min_max(pos2(at.left() + PADDING, at.bottom() - ACTION_HEIGHT - 10.0), at.max - vec2(10.0, 8.0));
        let mut clicked = None;
        parts::from_the_right(ui, below, |ui| {
            let button = parts::button(ui, colours, &tile.action, Weight::Quiet, true);
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &tile.spoken));
            clicked = Some(button);
        });
        if let Some(button) = clicked {
            let what = if tile.browser { Done::Open(tile.id) } else { Done::Close(tile.id) };
            done = button.clicked().then_some(what);
        }
    } else {
        let response = parts::surface(ui, colours, at, id, &tile.spoken);
        // Not on an open tile: there Enter would end what is open.
        if std::mem::take(first) {
            response.request_focus();
        }
        done = response.clicked().then_some(Done::Open(tile.id)).or(done);
    }
    let corner = at.min + vec2(PADDING, PADDING);
    picture(ui, colours, tile.kind, corner);
    if let Some((galley, beside)) = laid.action {
        let wanted = galley.size() + 2.0 * CHIP;
        let from_bottom = if beside { (at.height() - wanted.y) / 2.0 } else { PADDING - 2.0 };
        let chip = Rect::from_min_size(at.max - vec2(PADDING + wanted.x, from_bottom + wanted.y), wanted);
        ui.painter().rect_stroke(chip, 6, Stroke::new(1.5, colours.action), StrokeKind::Inside);
        ui.painter().galley(chip.min + CHIP, galley, colours.action);
    }
    laid.lines.paint(ui, corner + vec2(PICTURE + 12.0, 0.0));
    done
}

fn told_of(tile: &TileView) -> String {
    [Some(&tile.name), Some(&tile.about), tile.status.as_ref(), tile.problem.as_ref()]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(". ")
}

/// A picture of the kind; the word beside it says the same.
fn picture(ui: &Ui, colours: &Colours, kind: TargetKind, at: Pos2) {
    let rect = Rect::from_min_size(at, vec2(PICTURE, PICTURE));
    let painter = ui.painter();
    painter.rect(rect, 10, colours.action, Stroke::NONE, StrokeKind::Inside);
    let on = colours.on_action;
    let stroke = Stroke::new(2.2, on);
    let from = |x: f32, y: f32| at + vec2(x, y);
    let line = |a: Pos2, b: Pos2| painter.line_segment([a, b], stroke);
    match kind {
        TargetKind::Rdp => {
            frame(ui, Rect::from_min_max(from(10.0, 12.0), from(34.0, 28.0)), on);
            line(from(22.0, 28.0), from(22.0, 33.0));
            line(from(15.0, 33.0), from(29.0, 33.0));
        }
        TargetKind::Ssh => {
            frame(ui, Rect::from_min_max(from(9.0, 11.0), from(35.0, 33.0)), on);
            line(from(14.0, 17.0), from(19.0, 22.0));
            line(from(19.0, 22.0), from(14.0, 27.0));
            line(from(22.0, 27.5), from(29.0, 27.5));
        }
        TargetKind::Tcp => {
            for top in [11.0, 23.5] {
                frame(ui, Rect::from_min_max(from(10.0, top), from(34.0, top + 9.5)), on);
                painter.circle_filled(from(15.5, top + 4.75), 1.6, on);
            }
        }
        TargetKind::Web => {
            painter.circle_stroke(from(22.0, 22.0), 12.0, stroke);
            line(from(10.0, 22.0), from(34.0, 22.0));
            painter.add(egui::Shape::ellipse_stroke(from(22.0, 22.0), vec2(5.5, 12.0), stroke));
        }
    }
}

fn frame(ui: &Ui, rect: Rect, colour: Color32) {
    ui.painter().rect_stroke(rect, 2, Stroke::new(2.2, colour), StrokeKind::Middle);
}
