//! The thaw: a block for each layer group, from ice to ember as it unfreezes.

use egui::accesskit::Role;
use egui::{
    Align2, CornerRadius, Rect, Response, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::chart::{gradient, small_font};
use super::numbers::{capital, per_cent, scientific};
use super::view::View;
use crate::session::protocol::Method;
use crate::ui::run::Kind;
use crate::ui::run::stage::GroupMoment;
use crate::ui::theme;
use crate::ui::widgets::small;

/// How long a block takes to warm.
const WARMING: f32 = 0.3;
const HEIGHT: f32 = 60.0;

/// What a layer group is, for the hover.
fn explanation(name: &str) -> String {
    let what = if name.contains("head") {
        "Two linear blocks on what is pooled of a text: last step, maximum and mean of the last layer (section 3.3), and the means of its words and of every lower layer. They start from random weights, so gradual unfreezing trains them first."
    } else if name.contains("decoder") {
        "The vector of every word, and the same matrix turned round to guess the next word (weight tying: Press & Wolf 2017; Merity et \
         al. 2017, section 4.4). Being the decoder too, the embedding counts as the last layer here and has the highest rate; in \
         stage 3 it is the first."
    } else if name.contains("embedding") {
        "The vector of every word. Once pretrained it holds the most general knowledge, so gradual unfreezing thaws it last \
         (section 3.3)."
    } else if name.starts_with("LSTM") {
        "A recurrent layer. The higher it lies, the less general is what it knows: gradual unfreezing thaws it before those \
         below it (section 3.3)."
    } else {
        "Parameters that share a learning rate (section 3.2)."
    };
    let from = if name.contains("head") {
        "it is from its first, random weights"
    } else {
        "it is from the pretrained weights, stage 2 included (without pretraining from its first ones)"
    };
    format!(
        "{}. {what}\n\nη is its learning rate at this step; Δw/w how much a step changes it, relative to its weights; moved \
         how far {from}.",
        capital(name)
    )
}

/// How a step of the language model differs from its rate, for the hover.
const SCALED: &str = "\n\nA step takes η times its own length over the usual 70 words: the texts are cut into stretches of drawn lengths, \
                      and a word of a short one shall not weigh more (AWD-LSTM: Merity et al. 2017, section 4.1).";

/// The state of a group in words.
fn state(view: &View<'_>, group: usize, moment: GroupMoment) -> (String, String, String) {
    let moved = moment.moved.map(|m| format!("moved {}", per_cent(m)));
    if moment.frozen {
        let thaws = match view.outlook.thaws(group, view.step) {
            Some(epoch) => format!("thaws in epoch {epoch}"),
            None => "stays frozen".into(),
        };
        return ("frozen".into(), thaws, moved.unwrap_or_default());
    }
    let ratio = moment.update_ratio.map(|r| format!("Δw/w {}", scientific(r)));
    let waiting = if view.stage.is_none() {
        "trains"
    } else {
        "Δw/w not yet"
    };
    // Before the first step of stage 2 its rate is not known.
    let rate = if moment.rate > 0.0 {
        format!("η {}", scientific(moment.rate))
    } else {
        "η not yet".into()
    };
    (
        rate,
        ratio.unwrap_or_else(|| waiting.into()),
        moved.unwrap_or_default(),
    )
}

/// Draws the column, or on a narrow screen the strip.
pub fn show(ui: &mut Ui, view: &View<'_>) {
    let groups = view.outlook.names.len();
    if view.narrow {
        let gap = 6.0;
        let width = (ui.available_width() - gap * groups.saturating_sub(1) as f32) / groups.max(1) as f32;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for group in (0..groups).rev() {
                block(ui, view, group, vec2(width, 64.0));
            }
        });
        return;
    }
    ui.label(
        egui::RichText::new("The thaw")
            .text_style(theme::title())
            .strong(),
    );
    small(ui, caption(view)).on_hover_text(
        "ULMFiT fine-tunes in two stages: the language model on all your texts (section 3.2), then the classifier on \
         those with labels (section 3.3).",
    );
    for group in (0..groups).rev() {
        block(ui, view, group, vec2(ui.available_width(), HEIGHT));
    }
    ui.add_space(theme::SPACE);
    small(ui, lesson(view));
}

fn caption(view: &View<'_>) -> String {
    let Some(stage) = view.stage else {
        return format!("{} · the plan", view.recipe.method.name());
    };
    let stage = match stage.kind {
        Kind::Adapt => "the language model".to_string(),
        Kind::Estimate => stage.name.trim_start_matches("train ").to_string(),
        Kind::Train | Kind::Other => "the classifier".to_string(),
    };
    format!("{} · {stage}", view.recipe.method.name())
}

/// What the class should take home from the blocks, for this method and stage.
fn lesson(view: &View<'_>) -> String {
    let slower = match *view.outlook.multiples() {
        [.., below, last] if below > 0.0 => last / below,
        _ => 1.0,
    };
    if view.stage.is_some_and(|s| s.kind == Kind::Adapt) {
        return format!(
            "All layers adapt at once: the language stays, only its dialect changes (section 3.2). {} The embedding, being the \
             decoder too, counts as the last.",
            rates(slower)
        );
    }
    let freezes = (0..view.outlook.names.len()).any(|g| view.outlook.frozen(g, 0));
    of_method(view.recipe.method, freezes, slower)
}

/// How the rates of neighbouring layers differ, the higher one's being so many times the lower one's.
fn rates(slower: f64) -> String {
    if (slower - 1.0).abs() > 1e-6 {
        format!("Each lower layer learns {slower:.1} times slower.")
    } else {
        "All layers learn at one rate.".into()
    }
}

/// The lesson of stage 3. `freezes` is whether some layers wait: with few epochs even gradual unfreezing may train all of them
/// from the first step.
fn of_method(method: Method, freezes: bool, slower: f64) -> String {
    let rates = if method == Method::ChainThaw {
        format!("Below the head all learn alike, {slower:.0} times slower.")
    } else {
        rates(slower)
    };
    match method {
        Method::Last => {
            "Only the head learns: what lies below stays as it is, so nothing is forgotten and little is learned.".into()
        }
        Method::Scratch => format!(
            "Everything begins with random weights: nothing can be lost, and there is nothing to build on. {rates}"
        ),
        Method::ChainThaw if freezes => {
            format!("One layer at a time, then all together (Felbo et al. 2017). {rates}")
        }
        _ if freezes => {
            format!("Last layer first: it holds the least general knowledge (section 3.3). {rates}")
        }
        _ => format!(
            "Everything is warm from the first step: what was learned from general text is easily lost (section 3.3). {rates}"
        ),
    }
}

fn block(ui: &mut Ui, view: &View<'_>, group: usize, size: egui::Vec2) -> Response {
    let theme = view.theme;
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = view.outlook.names.get(group).cloned().unwrap_or_default();
    let moment = view.group(group);
    let goal = if moment.frozen { 0.0 } else { view.heat(group) };
    // No animation time is how the system's wish for less motion reaches the window.
    let time = if ui.style().animation_time > 0.0 {
        WARMING
    } else {
        0.0
    };
    let heat = ui
        .ctx()
        .animate_value_with_time(response.id.with("heat"), goal, time);
    let (rate, left, right) = state(view, group, moment);
    if ui.is_rect_visible(rect) {
        let colour = theme.heat(heat);
        let painter = ui.painter();
        let strength = 0.16 + 0.30 * heat;
        painter.add(gradient(
            rect,
            f32::from(theme::RADIUS.min(8)),
            theme.tint(colour, strength),
            theme.tint(colour, 0.10),
        ));
        painter.rect_stroke(
            rect,
            CornerRadius::same(theme::RADIUS.min(8)),
            Stroke::new(1.0, colour),
            StrokeKind::Inside,
        );
        if view.narrow {
            narrow(ui, rect, &short_name(&name), moment, &right);
        } else {
            let inner = rect.shrink2(vec2(13.0, 10.0));
            let strong = egui::FontId::new(
                TextStyle::Body.resolve(ui.style()).size,
                egui::FontFamily::Proportional,
            );
            let font = small_font(ui);
            painter.text(
                inner.left_top(),
                Align2::LEFT_TOP,
                capital(&name),
                strong,
                theme.text,
            );
            let said = painter.text(
                inner.right_top(),
                Align2::RIGHT_TOP,
                rate.clone(),
                font.clone(),
                theme.text,
            );
            if moment.frozen {
                crystal(painter, said.left_center() - vec2(10.0, 0.0), theme.ice);
            }
            painter.text(
                inner.left_bottom(),
                Align2::LEFT_BOTTOM,
                left.clone(),
                font.clone(),
                theme.text,
            );
            painter.text(
                inner.right_bottom(),
                Align2::RIGHT_BOTTOM,
                right.clone(),
                font,
                theme.text,
            );
        }
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Group, true, capital(&name));
        let parts = [rate.as_str(), left.as_str(), right.as_str()];
        let said: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        info.current_text_value = Some(said.join(", "));
        info
    });
    let scaled = if view.stage.is_some_and(|s| s.kind == Kind::Adapt) {
        SCALED
    } else {
        ""
    };
    response.on_hover_text(format!("{}{scaled}\n{left}  {right}", explanation(&name)))
}

fn short_name(name: &str) -> String {
    match name {
        "classifier head" => "Head".into(),
        "embedding and decoder" | "embedding" => "Words".into(),
        other => other.to_string(),
    }
}

/// An ice crystal: three lines through a point. The window's font has none.
fn crystal(painter: &egui::Painter, at: egui::Pos2, colour: egui::Color32) {
    for angle in [30.0_f32, 90.0, 150.0] {
        let arm = 5.0 * egui::Vec2::angled(angle.to_radians());
        painter.line_segment([at - arm, at + arm], Stroke::new(1.3, colour));
    }
}

fn narrow(ui: &Ui, rect: Rect, name: &str, moment: GroupMoment, moved: &str) {
    let theme = theme::Theme::of(ui.ctx());
    let font = small_font(ui);
    let x = rect.center().x;
    let row = |i: f32| pos2(x, rect.top() + 7.0 + 17.0 * i);
    let write = |at, line: &str| {
        ui.painter()
            .text(at, Align2::CENTER_TOP, line, font.clone(), theme.text);
    };
    write(row(0.0), name);
    if moment.frozen {
        crystal(ui.painter(), row(1.0) + vec2(0.0, 8.0), theme.ice);
    } else if moment.rate > 0.0 {
        write(row(1.0), &scientific(moment.rate));
    } else {
        write(row(1.0), "–");
    }
    write(row(2.0), moved.trim_start_matches("moved "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lesson_is_true_of_the_method() {
        let ulmfit = of_method(Method::Ulmfit, true, 2.6);
        assert!(
            ulmfit.starts_with("Last layer first") && ulmfit.ends_with("learns 2.6 times slower."),
            "{ulmfit}"
        );
        let last = of_method(Method::Last, true, 1.0);
        assert!(last.contains("Only the head") && !last.contains("rate"), "{last}");
        let scratch = of_method(Method::Scratch, false, 1.0);
        assert!(
            scratch.contains("random weights") && !scratch.contains("easily lost"),
            "{scratch}"
        );
        let chain = of_method(Method::ChainThaw, true, 10.0);
        assert!(
            chain.starts_with("One layer at a time") && chain.ends_with("all learn alike, 10 times slower."),
            "{chain}"
        );
        let full = of_method(Method::Full, false, 1.0);
        assert!(
            full.contains("easily lost") && full.ends_with("All layers learn at one rate."),
            "{full}"
        );
    }
}
