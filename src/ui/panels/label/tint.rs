//! A text laid out with the words that decide its suggestion tinted.

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId};

use crate::session::assistant::Tint;
use crate::ui::theme::Theme;

/// Height of a line, in sizes of its font.
const LINE: f32 = 1.6;

/// The pieces of a text and which tint each has, in order and without gaps.
///
/// Tints come from another moment and another thread: those that overlap or cut a character in two are left out.
fn pieces<'a>(text: &str, tints: &'a [Tint]) -> Vec<(Range<usize>, Option<&'a Tint>)> {
    let mut sorted: Vec<&Tint> = tints.iter().collect();
    sorted.sort_by_key(|t| (t.bytes.start, t.bytes.end));
    let mut pieces = Vec::new();
    let mut end = 0;
    for tint in sorted {
        let Range { start, end: stop } = tint.bytes;
        if start < end || start >= stop || text.get(start..stop).is_none() {
            continue;
        }
        if end < start {
            pieces.push((end..start, None));
        }
        pieces.push((start..stop, Some(tint)));
        end = stop;
    }
    if end < text.len() {
        pieces.push((end..text.len(), None));
    }
    pieces
}

/// The text in lines of at most `width`, tinted in the labels' colours, the strongest words the most.
pub(super) fn layout(text: &str, tints: &[Tint], theme: &Theme, font: FontId, width: f32) -> LayoutJob {
    let height = (font.size * LINE).round();
    // Text stays readable on the strongest tint.
    let strongest = if theme.dark { 0.42 } else { 0.62 };
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for (range, tint) in pieces(text, tints) {
        let background = tint.map_or(Color32::TRANSPARENT, |t| {
            let weight = t.weight.clamp(0.0, 1.0);
            theme.tint(theme.label(t.label), strongest * (0.3 + 0.7 * weight))
        });
        let format = TextFormat {
            line_height: Some(height),
            background,
            ..TextFormat::simple(font.clone(), theme.text)
        };
        job.append(&text[range], 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tint(bytes: Range<usize>, weight: f32) -> Tint {
        Tint {
            bytes,
            label: 0,
            weight,
        }
    }

    #[test]
    fn the_pieces_make_up_the_text_whatever_the_tints() {
        let text = "Das Päckchen 📦 kam nie.";
        let tints = [
            tint(4..13, 1.0),
            tint(0..3, 0.5),
            tint(10..20, 0.4),
            tint(5..6, 1.0),
            tint(15..16, 1.0),
            tint(400..500, 1.0),
            tint(9..9, 1.0),
            #[allow(clippy::reversed_empty_ranges, reason = "hostile input")]
            tint(8..2, 1.0),
        ];
        let found = pieces(text, &tints);
        let whole: String = found.iter().map(|(range, _)| &text[range.clone()]).collect();
        assert_eq!(whole, text);
        let tinted: Vec<&str> = found
            .iter()
            .filter(|p| p.1.is_some())
            .map(|p| &text[p.0.clone()])
            .collect();
        assert_eq!(tinted, ["Das", "Päckchen"]);
        assert!(pieces("", &tints).is_empty());
    }

    #[test]
    fn the_strongest_word_has_the_strongest_tint() {
        let theme = Theme::LIGHT;
        let job = layout(
            "a b",
            &[tint(0..1, 1.0), tint(2..3, 0.2)],
            &theme,
            FontId::proportional(21.0),
            400.0,
        );
        let backgrounds: Vec<Color32> = job.sections.iter().map(|s| s.format.background).collect();
        assert_eq!(backgrounds[0], theme.tint(theme.label(0), 0.62));
        assert_eq!(backgrounds[1], Color32::TRANSPARENT);
        assert_ne!(backgrounds[0], backgrounds[2]);
        assert_eq!(job.sections[0].format.line_height, Some(34.0));
    }
}
