//! The paper's equation with the numbers of the playhead in it.

use egui::text::LayoutJob;
use egui::{Color32, Label, TextFormat, TextStyle, Ui};

use super::numbers::scientific;
use super::view::View;
use crate::session::preview::takes;
use crate::session::protocol::{Method, Schedule};
use crate::ui::run::Kind;

/// Letters that can still be read, in points.
const SMALLEST: f32 = 9.5;

/// A piece of the formula and whether it is one of the numbers that can be set.
type Piece = (String, Tone);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Tone {
    Plain,
    Setting,
    Result,
}

/// The equation at iteration `t` of a span of `total`, for the last layer group.
fn pieces(schedule: Schedule, rate: f64, t: u64, total: u64) -> Vec<Piece> {
    let plain = |text: String| (text, Tone::Plain);
    let set = |x: f64| {
        let text = if x >= 0.001 { trim(x) } else { scientific(x) };
        (text, Tone::Setting)
    };
    if total == 0 {
        return symbols(schedule);
    }
    let value = rate * schedule.rate(t as usize, total as usize);
    let result = (format!("{value:.2e}"), Tone::Result);
    match schedule {
        Schedule::Stlr { cut_frac, ratio } => {
            // As the trainer rounds it: floor(T · cut_frac).
            let cut = (total as f64 * cut_frac + 1e-9).floor();
            let p = schedule.slant(t as usize, total as usize).unwrap_or(0.0);
            let why = if cut == 0.0 {
                format!("1 − {t} / {total}")
            } else if (t as f64) < cut {
                format!("{t} / {cut}")
            } else {
                let fall = format!("1 − ({t} − {cut}) / ({cut}·({} − 1))", trim(1.0 / cut_frac));
                // The rounding of cut takes the fall below 0 before the last step; there the trainer holds p at 0.
                if t as f64 - cut > cut * (1.0 / cut_frac - 1.0) {
                    format!("max(0, {fall})")
                } else {
                    fall
                }
            };
            // Two lines, each of which fits: a line that wraps anywhere is hard to read.
            vec![
                plain("η = ".into()),
                set(rate),
                plain(" · (1 + p·(".into()),
                set(ratio),
                plain(" − 1)) / ".into()),
                set(ratio),
                plain("  →  ".into()),
                result,
                plain(format!("\np = {why} = {p:.3}")),
            ]
        }
        Schedule::Constant => vec![
            plain("η = ".into()),
            set(rate),
            plain(", the same at every step  →  ".into()),
            result,
        ],
        _ => vec![
            plain("η = ".into()),
            set(rate),
            plain(format!(" · (1 + cos(π · {t} / {total})) / 2  →  ")),
            result,
        ],
    }
}

/// The equation before it is known how many steps there are.
fn symbols(schedule: Schedule) -> Vec<Piece> {
    let text = match schedule {
        Schedule::Stlr { .. } => {
            "η = η max · (1 + p·(ratio − 1)) / ratio\np = t / cut, then 1 − (t − cut) / (T − cut)"
        }
        Schedule::Constant => "η = η max, the same at every step",
        _ => "η = η max · (1 + cos(π · t / T)) / 2",
    };
    vec![(text.into(), Tone::Plain)]
}

/// Without zeros that say nothing.
fn trim(x: f64) -> String {
    let text = format!("{x:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_string()
}

/// Draws it.
pub fn show(ui: &mut Ui, view: &View<'_>) {
    let Some((span, t)) = view.outlook.span(view.step) else {
        return;
    };
    let theme = view.theme;
    let mut job = LayoutJob::default();
    let size = if view.narrow { 11.5 } else { 13.0 };
    for (text, tone) in pieces(span.schedule, view.outlook.highest(), t, span.length as u64) {
        let color: Color32 = match tone {
            Tone::Plain => theme.text,
            Tone::Setting => theme.warm,
            Tone::Result => theme.text,
        };
        let mut font = TextStyle::Monospace.resolve(ui.style());
        font.size = size;
        let mut format = TextFormat::simple(font, color);
        if tone == Tone::Result {
            format.background = theme.raised;
        }
        job.append(&text, 0.0, format);
    }
    // A screen that is narrower than the longest line has smaller letters.
    let room = ui.available_width();
    let wide = ui.fonts_mut(|fonts| fonts.layout_job(job.clone())).size().x;
    if wide > room {
        for section in &mut job.sections {
            let font = &mut section.format.font_id;
            font.size = (font.size * room / wide).max(SMALLEST);
        }
    }
    job.wrap.max_width = room;
    let adapts = view.stage.is_some_and(|s| s.kind == Kind::Adapt);
    let hover = hover(span.schedule, below(view.recipe.method, adapts));
    ui.add(Label::new(job)).on_hover_text(hover);
}

/// What the rates of the layers below the last one are. In stage 2, where the model `adapts`, the method has no say in it.
fn below(method: Method, adapts: bool) -> &'static str {
    match method {
        _ if adapts || takes(method).factor => {
            "The rate is that of the last layer; each lower one divides that of the one above it (equation 2)."
        }
        Method::Last => "Only the last layer, the head, learns.",
        Method::ChainThaw => {
            "The rate is that of the last layer, the head; the lower ones have a tenth of it."
        }
        _ => "All layers have the same rate.",
    }
}

fn hover(schedule: Schedule, below: &str) -> String {
    match schedule {
        Schedule::Stlr { .. } => format!(
            "Equation 3 (section 3.2):\ncut = floor(T · cut_frac)\np = t / cut while t < cut, then 1 − (t − cut) / (cut · (1/cut_frac \
             − 1)), never less than 0\nη_t = η_max · (1 + p · (ratio − 1)) / ratio\nT counts the steps, t the steps before this \
             one. With so few steps that cut is 0, p falls from the first one on: 1 − t / T. {below}"
        ),
        Schedule::Constant => format!(
            "This method keeps one rate throughout, as the rows of table 7 with neither `stlr` nor `cos` do. {below}"
        ),
        _ => format!(
            "Cosine annealing, the aggressive schedule that table 7 compares with (`freez + cos`). {below}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(schedule: Schedule, t: u64, total: u64) -> String {
        pieces(schedule, 0.01, t, total)
            .into_iter()
            .map(|(p, _)| p)
            .collect()
    }

    #[test]
    fn the_numbers_of_the_step_stand_in_the_equation() {
        let falling = text(Schedule::stlr(), 104, 200);
        assert_eq!(
            falling,
            "η = 0.01 · (1 + p·(32 − 1)) / 32  →  5.48e-3\np = 1 − (104 − 20) / (20·(10 − 1)) = 0.533"
        );
        assert!(text(Schedule::stlr(), 5, 200).contains("p = 5 / 20 = 0.250"));
        // With fewer than ten steps there is no rise.
        assert!(text(Schedule::stlr(), 1, 4).contains("p = 1 − 1 / 4 = 0.750"));
        assert!(text(Schedule::Constant, 3, 9).ends_with("1.00e-2"));
        // T is no multiple of ten: cut = 3, and the last steps lie behind the end of the fall.
        let late = text(Schedule::stlr(), 34, 35);
        assert!(
            late.ends_with("p = max(0, 1 − (34 − 3) / (3·(10 − 1))) = 0.000"),
            "{late}"
        );
        assert!(text(Schedule::stlr(), 30, 35).ends_with("p = 1 − (30 − 3) / (3·(10 − 1)) = 0.000"));
        // At ratio 1 the rate stays, but p does not.
        let flat = Schedule::Stlr {
            cut_frac: 0.1,
            ratio: 1.0,
        };
        assert!(text(flat, 5, 200).ends_with("p = 5 / 20 = 0.250"));
        // Before the first step there are letters for them.
        assert!(text(Schedule::stlr(), 0, 0).contains("p = t / cut"));
    }

    #[test]
    fn what_is_said_of_the_lower_layers_is_true_of_the_method() {
        assert!(below(Method::Ulmfit, false).contains("equation 2"));
        assert!(below(Method::FreezStlr, false).contains("the same rate"));
        assert!(below(Method::FreezStlr, true).contains("equation 2"));
        assert!(below(Method::ChainThaw, false).contains("a tenth"));
        assert!(hover(Schedule::Constant, "").contains("neither `stlr` nor `cos`"));
    }
}
