//! Every colour and size of the window. A panel never holds a literal colour.
//!
//! Ice to ember: what is frozen is blue, what thaws amber, what is warm coral, everywhere the same.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Visuals, vec2};

/// Colours of one mode. Whatever has words in its colour (text, dim, ice, thaw, warm, right) has a contrast of at least 4.5 on every
/// background, since a projector takes some of it away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Whether it is the dark one.
    pub dark: bool,
    /// Behind everything.
    pub background: Color32,
    /// Cards and bars.
    pub panel: Color32,
    /// A selected row, an empty track.
    pub raised: Color32,
    /// One-pixel borders instead of shadows.
    pub line: Color32,
    /// Borders of what can be pressed, ticked or filled, with a contrast of at least 3.
    pub edge: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight.
    pub dim: Color32,
    /// Frozen; information; the accent.
    pub ice: Color32,
    /// Thawing; caution.
    pub thaw: Color32,
    /// Trained; act.
    pub warm: Color32,
    /// Confident, saved, better.
    pub right: Color32,
    /// Ten colours for labels that colour-blind people can tell apart; a label's name or key always stands beside it.
    pub labels: [Color32; 10],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    /// The dark mode.
    pub const DARK: Self = Self {
        dark: true,
        background: rgb(0x12161c),
        panel: rgb(0x1a2029),
        raised: rgb(0x222a35),
        line: rgb(0x2a323d),
        edge: rgb(0x6b7684),
        text: rgb(0xe6eaf0),
        dim: rgb(0x93a0b0),
        ice: rgb(0x6db6f2),
        thaw: rgb(0xf2b04e),
        warm: rgb(0xf0704a),
        right: rgb(0x58c08a),
        labels: [
            rgb(0x8ab6ee),
            rgb(0x8fd4a8),
            rgb(0xd6a5ea),
            rgb(0xf0c06c),
            rgb(0xf09a8a),
            rgb(0xa8b3c0),
            rgb(0x6fd0d6),
            rgb(0xc9d46a),
            rgb(0xf0a3cc),
            rgb(0xc8a98a),
        ],
    };

    /// The light mode.
    pub const LIGHT: Self = Self {
        dark: false,
        background: rgb(0xf7f6f2),
        panel: rgb(0xffffff),
        raised: rgb(0xefede6),
        line: rgb(0xe2e0d8),
        edge: rgb(0x82878e),
        text: rgb(0x1d232b),
        dim: rgb(0x616a76),
        ice: rgb(0x206da9),
        thaw: rgb(0x955e00),
        warm: rgb(0xbe3f18),
        right: rgb(0x1f7a52),
        labels: [
            rgb(0x8ab6ee),
            rgb(0x8fd4a8),
            rgb(0xd6a5ea),
            rgb(0xf0c06c),
            rgb(0xf09a8a),
            rgb(0xa8b3c0),
            rgb(0x5cc2c9),
            rgb(0xbfcb55),
            rgb(0xec94c2),
            rgb(0xbf9d7c),
        ],
    };

    /// The colours that are in force in this context.
    pub fn of(ctx: &egui::Context) -> Self {
        if ctx.theme() == egui::Theme::Dark {
            Self::DARK
        } else {
            Self::LIGHT
        }
    }

    /// The colour of a label.
    pub fn label(&self, id: u16) -> Color32 {
        self.labels[usize::from(id) % self.labels.len()]
    }

    /// From ice (0) over thaw (0.5) to warm (1).
    pub fn heat(&self, t: f32) -> Color32 {
        let t = t.clamp(0.0, 1.0);
        if t < 0.5 {
            self.ice.lerp_to_gamma(self.thaw, 2.0 * t)
        } else {
            self.thaw.lerp_to_gamma(self.warm, 2.0 * t - 1.0)
        }
    }

    /// A colour laid thinly over the panel: the background of a tinted word, of a warm block.
    pub fn tint(&self, colour: Color32, strength: f32) -> Color32 {
        self.panel.lerp_to_gamma(colour, strength.clamp(0.0, 1.0))
    }

    /// The lines of what is frozen: paler than the accent, and still seen from the back row.
    pub fn frozen(&self) -> Color32 {
        self.tint(self.ice, 0.8)
    }

    fn visuals(&self) -> Visuals {
        let mut v = if self.dark {
            Visuals::dark()
        } else {
            Visuals::light()
        };
        v.override_text_color = None;
        v.weak_text_color = Some(self.dim);
        v.panel_fill = self.background;
        v.window_fill = self.panel;
        v.window_stroke = Stroke::new(1.0, self.line);
        v.window_corner_radius = CornerRadius::same(RADIUS);
        v.menu_corner_radius = CornerRadius::same(8);
        v.window_shadow = egui::Shadow::NONE;
        v.popup_shadow = egui::Shadow::NONE;
        v.extreme_bg_color = self.background;
        v.text_edit_bg_color = Some(self.background);
        v.faint_bg_color = self.raised;
        v.code_bg_color = self.raised;
        v.hyperlink_color = self.ice;
        v.warn_fg_color = self.thaw;
        v.error_fg_color = self.warm;
        v.selection.bg_fill = self.tint(self.ice, 0.35);
        // The words of what is chosen have this colour too.
        v.selection.stroke = Stroke::new(1.0, self.text);
        v.slider_trailing_fill = true;
        let radius = CornerRadius::same(8);
        for w in [
            &mut v.widgets.noninteractive,
            &mut v.widgets.inactive,
            &mut v.widgets.hovered,
            &mut v.widgets.active,
            &mut v.widgets.open,
        ] {
            w.corner_radius = radius;
            w.fg_stroke = Stroke::new(1.0, self.text);
            w.bg_stroke = Stroke::new(1.0, self.line);
            w.expansion = 0.0;
        }
        v.widgets.inactive.weak_bg_fill = self.panel;
        v.widgets.inactive.bg_fill = self.raised;
        v.widgets.inactive.bg_stroke = Stroke::new(1.0, self.edge);
        v.widgets.hovered.weak_bg_fill = self.raised;
        v.widgets.hovered.bg_fill = self.raised;
        v.widgets.hovered.bg_stroke = Stroke::new(1.0, self.ice);
        v.widgets.active.weak_bg_fill = self.tint(self.ice, 0.25);
        v.widgets.active.bg_fill = self.ice;
        v.widgets.active.bg_stroke = Stroke::new(1.0, self.ice);
        v.widgets.open.weak_bg_fill = self.raised;
        v.widgets.open.bg_fill = self.raised;
        v.widgets.open.bg_stroke = Stroke::new(1.0, self.edge);
        v
    }
}

/// Corners of cards.
pub const RADIUS: u8 = 10;
/// The unit of spacing.
pub const SPACE: f32 = 4.0;
/// Below this width the rail goes to the bottom and side cards fold under.
pub const NARROW: f32 = 720.0;

/// Least height, in points, of what a finger presses, where it is narrow.
pub const FINGER: f32 = 36.0;
/// The same for a mouse.
const POINTER: f32 = 18.0;

/// Whether the whole window is as narrow as a phone.
pub fn is_narrow(ctx: &egui::Context) -> bool {
    ctx.content_rect().width() < NARROW
}

/// Makes what is pressed as high as a finger needs where the window is narrow, and lower where a mouse can be expected.
pub fn fit(ctx: &egui::Context) {
    let height = if is_narrow(ctx) { FINGER } else { POINTER };
    if ctx.global_style().spacing.interact_size.y != height {
        ctx.all_styles_mut(|style| style.spacing.interact_size.y = height);
    }
}

/// The text that is being labelled.
pub fn reading() -> TextStyle {
    TextStyle::Name("reading".into())
}

/// A screen's largest words.
pub fn title() -> TextStyle {
    TextStyle::Heading
}

/// Puts both modes and all sizes into force.
pub fn install(ctx: &egui::Context) {
    for (theme, mode) in [
        (Theme::DARK, egui::Theme::Dark),
        (Theme::LIGHT, egui::Theme::Light),
    ] {
        ctx.set_visuals_of(mode, theme.visuals());
    }
    ctx.all_styles_mut(|style| {
        let proportional = |size| FontId::new(size, FontFamily::Proportional);
        style.text_styles = [
            (TextStyle::Heading, proportional(20.0)),
            (TextStyle::Body, proportional(14.0)),
            (TextStyle::Button, proportional(14.0)),
            (TextStyle::Small, proportional(12.0)),
            (TextStyle::Monospace, FontId::new(13.0, FontFamily::Monospace)),
            (reading(), proportional(21.0)),
        ]
        .into();
        style.spacing.item_spacing = vec2(2.0 * SPACE, 2.0 * SPACE);
        style.spacing.button_padding = vec2(3.0 * SPACE, 1.5 * SPACE);
        style.spacing.window_margin = Margin::same(16);
        style.spacing.menu_margin = Margin::same(8);
        style.spacing.tooltip_width = 360.0;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2's relative luminance.
    fn luminance(c: Color32) -> f64 {
        let channel = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(c.r()) + 0.7152 * channel(c.g()) + 0.0722 * channel(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn words_can_be_read_on_every_background() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let words = [
                theme.text,
                theme.dim,
                theme.ice,
                theme.thaw,
                theme.warm,
                theme.right,
            ];
            for back in [theme.background, theme.panel, theme.raised] {
                for word in words {
                    let found = contrast(word, back);
                    assert!(found >= 4.5, "{word:?} on {back:?}: {found:.2}");
                }
            }
        }
    }

    #[test]
    fn what_is_chosen_can_be_read_as_well_as_the_rest() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            let chosen = theme.visuals().selection;
            let found = contrast(chosen.stroke.color, chosen.bg_fill);
            assert!(found >= 4.5, "dark {}: {found:.2}", theme.dark);
            // So can the words on what is being pressed.
            let pressed = theme.visuals().widgets.active;
            let found = contrast(pressed.fg_stroke.color, pressed.weak_bg_fill);
            assert!(found >= 4.5, "dark {}: {found:.2}", theme.dark);
        }
    }

    #[test]
    fn lines_that_say_something_can_be_told_from_what_is_behind_them() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for back in [theme.background, theme.panel, theme.raised] {
                let found = contrast(theme.visuals().widgets.inactive.bg_stroke.color, back);
                assert!(found >= 3.0, "an edge on {back:?}: {found:.2}");
            }
            let found = contrast(theme.frozen(), theme.panel);
            assert!(found >= 3.0, "frozen, dark {}: {found:.2}", theme.dark);
        }
    }
}
