//! Colours, letters and sizes: KERN's look, with the agency's accent where it can be read.

use std::sync::Arc;

use egui::{Color32, Context, FontData, FontDefinitions, FontFamily, FontId, Stroke, Theme, Visuals};

/// The colours of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colours {
    pub(crate) dark: bool,
    pub(crate) page: Color32,
    pub(crate) panel: Color32,
    pub(crate) raised: Color32,
    pub(crate) line: Color32,
    pub(crate) text: Color32,
    pub(crate) muted: Color32,
    pub(crate) action: Color32,
    pub(crate) on_action: Color32,
    pub(crate) tint: Color32,
    pub(crate) ring: Color32,
    pub(crate) field: Color32,
    pub(crate) danger: Color32,
    pub(crate) danger_back: Color32,
    pub(crate) warning: Color32,
    pub(crate) warning_back: Color32,
    pub(crate) good: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

/// Below this an accent is hard to see against the page, and ours is taken.
const MIN_CONTRAST: f32 = 4.5;

impl Colours {
    /// Light or dark, with an accent if it can be read there.
    pub(crate) fn new(dark: bool, accent: Option<[u8; 3]>) -> Self {
        let mut colours = if dark { Self::dark() } else { Self::light() };
        let accent = accent.map(|[r, g, b]| Color32::from_rgb(r, g, b));
        if let Some(accent) = accent.filter(|accent| contrast(*accent, colours.page) >= MIN_CONTRAST) {
            colours.action = accent;
            let on = [Color32::WHITE, Color32::BLACK];
            colours.on_action = if contrast(on[0], accent) >= contrast(on[1], accent) { on[0] } else { on[1] };
            colours.tint = mix(accent, colours.page, if dark { 0.2 } else { 0.1 });
        }
        colours
    }

    const fn light() -> Self {
        Self {
            dark: false,
            page: rgb(0xff_ff_ff),
            panel: rgb(0xf3_f4_f7),
            raised: rgb(0xff_ff_ff),
            line: rgb(0xc0_c3_d5),
            text: rgb(0x13_15_25),
            muted: rgb(0x51_57_7a),
            action: rgb(0x20_44_aa),
            on_action: Color32::WHITE,
            tint: rgb(0xe9_ec_f6),
            ring: rgb(0x13_15_25),
            field: rgb(0xff_ff_ff),
            danger: rgb(0xc3_1c_13),
            danger_back: rgb(0xfe_e4_e0),
            warning: rgb(0x92_54_00),
            warning_back: rgb(0xff_e7_b6),
            good: rgb(0x00_71_55),
        }
    }

    const fn dark() -> Self {
        Self {
            dark: true,
            page: rgb(0x13_15_25),
            panel: rgb(0x1d_20_34),
            raised: rgb(0x1d_20_34),
            line: rgb(0x45_4b_6b),
            text: rgb(0xf3_f4_f7),
            muted: rgb(0xb2_b6_cc),
            action: rgb(0x97_af_e1),
            on_action: rgb(0x13_15_25),
            tint: rgb(0x2a_30_4c),
            ring: rgb(0xff_ff_ff),
            field: rgb(0x13_15_25),
            danger: rgb(0xf5_95_87),
            danger_back: rgb(0x4c_00_00),
            warning: rgb(0xf6_9a_00),
            warning_back: rgb(0x35_1b_00),
            good: rgb(0x3c_c3_9f),
        }
    }
}

fn luminance(colour: Color32) -> f32 {
    let part = |byte: u8| {
        let value = f32::from(byte) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(colour.r()) + 0.7152 * part(colour.g()) + 0.0722 * part(colour.b())
}

/// How well two colours stand apart, as WCAG counts it.
pub(crate) fn contrast(one: Color32, other: Color32) -> f32 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
fn mix(one: Color32, other: Color32, share: f32) -> Color32 {
    let part = |a: u8, b: u8| (f32::from(a) * share + f32::from(b) * (1.0 - share)).round() as u8;
    Color32::from_rgb(part(one.r(), other.r()), part(one.g(), other.g()), part(one.b(), other.b()))
}

const BOLD: &str = "bold";

/// Letters of ordinary weight.
pub(crate) fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Letters of heavier weight.
pub(crate) fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// The sizes of letters, in points.
pub(crate) mod size {
    pub(crate) const HEADING: f32 = 27.0;
    pub(crate) const SECTION: f32 = 19.0;
    pub(crate) const TEXT: f32 = 18.0;
    pub(crate) const SMALL: f32 = 16.0;
}

/// Puts letters and ground rules in place, once.
pub(crate) fn prepare(context: &Context) {
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in [
        ("regular", include_bytes!("../../assets/FiraSans-Regular.ttf").as_slice()),
        (BOLD, include_bytes!("../../assets/FiraSans-SemiBold.ttf").as_slice()),
    ] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(family, vec!["regular".to_owned()]);
    }
    fonts.families.insert(FontFamily::Name(BOLD.into()), vec![BOLD.to_owned(), "regular".to_owned()]);
    context.set_fonts(fonts);
}

/// Puts the colours in place.
pub(crate) fn apply(context: &Context, colours: &Colours) {
    context.set_theme(if colours.dark { Theme::Dark } else { Theme::Light });
    let mut visuals = if colours.dark { Visuals::dark() } else { Visuals::light() };
    visuals.panel_fill = colours.page;
    visuals.window_fill = colours.page;
    visuals.extreme_bg_color = colours.field;
    visuals.override_text_color = Some(colours.text);
    visuals.selection.bg_fill = mix(colours.action, colours.page, 0.35);
    visuals.selection.stroke = Stroke::new(1.0, colours.text);
    visuals.text_cursor.stroke = Stroke::new(2.0, colours.text);
    visuals.text_cursor.blink = false;
    for widget in [&mut visuals.widgets.inactive, &mut visuals.widgets.hovered, &mut visuals.widgets.active] {
        widget.bg_fill = colours.muted;
        widget.fg_stroke.color = colours.muted;
    }
    context.all_styles_mut(|style| {
        style.visuals = visuals.clone();
        style.animation_time = 0.0;
        style.spacing.item_spacing = egui::vec2(8.0, 8.0);
        style.spacing.scroll = egui::style::ScrollStyle::solid();
        style.scroll_animation = egui::style::ScrollAnimation::none();
        style.interaction.selectable_labels = false;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_text_stands_apart_from_what_is_below_it() {
        for dark in [false, true] {
            for accent in [None, Some([0x00, 0x71, 0x55]), Some([0xff, 0xff, 0x00]), Some([0x10, 0x10, 0x20])] {
                let c = Colours::new(dark, accent);
                for (name, over, under) in [
                    ("text", c.text, c.page),
                    ("text on panel", c.text, c.panel),
                    ("muted", c.muted, c.page),
                    ("muted on panel", c.muted, c.panel),
                    ("muted on tint", c.muted, c.tint),
                    ("action", c.action, c.page),
                    ("action on panel", c.action, c.raised),
                    ("button", c.on_action, c.action),
                    ("danger", c.danger, c.page),
                    ("notice", c.text, c.danger_back),
                    ("danger on notice", c.danger, c.danger_back),
                    ("warning on notice", c.warning, c.warning_back),
                    ("good", c.good, c.raised),
                ] {
                    assert!(contrast(over, under) >= 4.4, "{name}, {dark}, {accent:?}: {}", contrast(over, under));
                }
                assert!(contrast(c.ring, c.page) >= 3.0);
            }
        }
    }

    #[test]
    fn an_accent_that_cannot_be_read_is_not_taken() {
        let plain = Colours::new(false, None);
        assert_eq!(Colours::new(false, Some([0xff, 0xff, 0x00])).action, plain.action);
        assert_ne!(Colours::new(false, Some([0x00, 0x71, 0x55])).action, plain.action);
    }
}
