//! What is chosen before a run: the method, its numbers, and which earlier run to compare with.

use egui::{Checkbox, ComboBox, DragValue, RichText, Slider, TextStyle, Ui};

use super::layout::CLOSE;
use super::numbers::{count, short};
use super::view::{Intent, View};
use crate::session::preview::{is_pretrained, own_rate, takes};
use crate::session::protocol::Method;
use crate::ui::actions::Action;
use crate::ui::run::{Recipe, Record, bounds};
use crate::ui::theme::Theme;
use crate::ui::widgets::{Explained as _, heading, keycap, small};

/// Why nothing can be changed while a run goes on.
pub const LOCKED: &str = "Locked while training: these numbers are part of the run. Other numbers are another run, which begins anew: \
                          once the texts are read, it keeps the language model that has read them.";
/// Why the texts cannot be read first.
const RANDOM: &str = "This method starts from random weights: there is no language model to adapt.";

/// What a method does, and where the paper has it.
pub fn explanation(method: Method) -> &'static str {
    match method {
        Method::Ulmfit => {
            "Gradual unfreezing, a slower rate for each lower layer, a slanted triangle: the paper's method (section 3.3; table 7, last row)."
        }
        Method::UlmfitCode => {
            "ULMFiT with the unfreezing and the schedule of its reference code: the head, then the last LSTM, then everything, a \
             steeper triangle for each. Dropout, pooling and the like are those of the other methods."
        }
        Method::Scratch => {
            "No pretraining at all: what the labels alone can teach (table 7, `from scratch`)."
        }
        Method::Full => {
            "Everything at once at one rate: the usual fine-tuning, which forgets the most (table 7, `full`)."
        }
        Method::FullDiscr => "Everything at once, but each lower layer slower (table 7, `full + discr`).",
        Method::Last => {
            "Only the classifier head: nothing is forgotten and little is learned (table 7, `last`)."
        }
        Method::ChainThaw => {
            "One layer at a time, then all together (Felbo et al. 2017; table 7, `chain-thaw`)."
        }
        Method::Freez => "Gradual unfreezing at one constant rate (table 7, `freez`).",
        Method::FreezDiscr => {
            "Gradual unfreezing, each lower layer slower, constant (table 7, `freez + discr`)."
        }
        Method::FreezStlr => {
            "Gradual unfreezing on a slanted triangle, one rate for all (table 7, `freez + stlr`)."
        }
        Method::FreezCos => {
            "Gradual unfreezing with a cosine instead of the triangle (table 7, `freez + cos`)."
        }
    }
}

/// The card for method, epochs and comparison.
pub fn card(
    ui: &mut Ui,
    view: &View<'_>,
    recipe: &mut Recipe,
    earlier: &[Record],
    intents: &mut Vec<Intent>,
) {
    let locked = view.current.status.active();
    let shown = if view.stage.is_some() && locked {
        view.recipe.clone()
    } else {
        recipe.clone()
    };
    ui.horizontal(|ui| {
        heading(ui, "Method").on_hover_text(
            "Which layers train when, and how fast: each row of the paper's table 7 (section 5).",
        );
        if locked {
            small(ui, "locked while training").on_hover_text(LOCKED);
        } else {
            let right = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(right, |ui| to_the_lab(ui, view, intents));
        }
    });
    ui.add_enabled_ui(!locked, |ui| {
        let width = ui.available_width() - 8.0;
        let chosen = ComboBox::from_id_salt("method")
            .selected_text(shown.method.name())
            .width(width)
            .show_ui(ui, |ui| {
                for method in Method::ALL {
                    let text = format!("{}  ·  {}", method.name(), method.describe());
                    let option = ui.selectable_value(&mut recipe.method, method, text);
                    option.on_hover_text(explanation(method));
                }
            });
        let named = chosen.response.accessible_name("Method");
        named
            .on_hover_text(explanation(shown.method))
            .blocked_because(LOCKED);
    });
    small(ui, explanation(shown.method));
    ui.add_enabled_ui(!locked, |ui| {
        ui.horizontal(|ui| {
            // As high as the field beside the label, which would otherwise be centred in a lower row.
            ui.set_height(ui.spacing().interact_size.y + 2.0 * ui.spacing().button_padding.y);
            let why = "Passes over the labelled texts, gradual unfreezing included: each of the first epochs thaws one more layer group.";
            let label = small(ui, "epochs").on_hover_text(why);
            let mut epochs = shown.epochs;
            let range = bounds::EPOCHS.0..=bounds::EPOCHS.1;
            let field = DragValue::new(&mut epochs).range(range).speed(0.1);
            let field = ui.add(field).labelled_by(label.id);
            if field.on_hover_text(why).blocked_because(LOCKED).changed() {
                recipe.epochs = epochs;
            }
        });
        ui.horizontal_wrapped(|ui| {
            let pretrained = is_pretrained(shown.method);
            let mut adapt = shown.adapt && pretrained;
            let why = "Stage 2: before the classifier, the language model reads all your texts, labelled or not (section 3.2). It \
                       takes most of the time. With 100 labels, on five sets of texts, it took 0 to 5 points off the error; the \
                       pretraining that it goes on from took 4 to 24.";
            let tick = ui.add_enabled(pretrained, Checkbox::new(&mut adapt, "adapt first"));
            let blocked = if locked { LOCKED } else { RANDOM };
            if tick.on_hover_text(why).blocked_because(blocked).changed() {
                recipe.adapt = adapt;
            }
            let mut both = shown.both;
            let why = "Trains a second classifier that reads the texts from their end, and averages the probabilities of the two: \
                       a little better, in twice the time (section 5, Impact of bidirectionality).";
            let tick = ui.checkbox(&mut both, "both directions");
            if tick.on_hover_text(why).blocked_because(LOCKED).changed() {
                recipe.both = both;
            }
            let mut tfidf = shown.tfidf;
            let why = "TF-IDF with logistic regression, which only counts words, learns from the same labels in a moment and has a \
                       third of the vote. On five sets of texts that took at most half a point off the error, and on one of \
                       them, with 50 labels, added nearly eight; on the sample it takes three off. Where labels are left out to \
                       measure the error, the run says what it changes on yours.";
            let tick = ui.checkbox(&mut tfidf, "TF-IDF votes too");
            if tick.on_hover_text(why).blocked_because(LOCKED).changed() {
                recipe.tfidf = tfidf;
            }
        });
        if (view.adapted.is_some() && !locked) || (shown.keep && locked) {
            keep(ui, view, &shown, recipe);
        }
    });
    compare(ui, view, earlier, intents);
}

/// The way to the comparison of methods.
fn to_the_lab(ui: &mut Ui, view: &View<'_>, intents: &mut Vec<Intent>) {
    let name = match view.comparing {
        Some((done, total)) if total > 0 => format!("Comparing: {done} of {total}"),
        Some(_) => "Comparing methods".into(),
        None => Action::Compare.name().into(),
    };
    if let Some(key) = Action::Compare.shortcut() {
        keycap(ui, &ui.ctx().format_shortcut(&key));
    }
    let button = ui.add(egui::Button::new(
        RichText::new(name).text_style(TextStyle::Small),
    ));
    if button.on_hover_text(Action::Compare.explanation()).clicked() {
        intents.push(Intent::Act(Action::Compare));
    }
}

/// Whether the language model that has read the texts is kept.
fn keep(ui: &mut Ui, view: &View<'_>, shown: &Recipe, recipe: &mut Recipe) {
    let mut keep = shown.keep;
    let why = "Without stage 2, which takes most of the time: the language model of an earlier run has read these texts, and the \
               next classifier is made from it too. Forgetting, and how far the layers move, are then measured from \
               there on. Untick it to have the texts read anew, for example with another seed.";
    let tick = ui.checkbox(&mut keep, "keep the language model that has read your texts");
    if tick.on_hover_text(why).blocked_because(LOCKED).changed() {
        recipe.keep = keep;
    }
    let added = view.adapted.map_or(0, |adapted| adapted.added);
    if added > 0 && ui.is_enabled() {
        let texts = if added == 1 { "text" } else { "texts" };
        let unread = format!("it has not read {} {texts} added since", count(added as u64));
        small(ui, unread).on_hover_text(
            "A few among many change little. With many, or other ones, it is better that all are read.",
        );
    }
}

fn compare(ui: &mut Ui, view: &View<'_>, earlier: &[Record], intents: &mut Vec<Intent>) {
    if earlier.is_empty() {
        return;
    }
    let why = "Lays an earlier run, dashed, over the loss and the forgetting meter of the one that is shown.";
    ui.horizontal(|ui| {
        small(ui, "compare with").on_hover_text(why);
        let chosen = view.compare.map_or("nothing".to_string(), Record::title);
        let list = ComboBox::from_id_salt("compare")
            .selected_text(chosen)
            .width(140.0)
            .show_ui(ui, |ui| {
                if ui.selectable_label(view.compare.is_none(), "nothing").clicked() {
                    intents.push(Intent::Compare(None));
                }
                for (i, run) in earlier.iter().enumerate().rev() {
                    if run.number == view.record.number {
                        continue;
                    }
                    let here = view.compare.is_some_and(|c| c.number == run.number);
                    if ui.selectable_label(here, run.title()).clicked() {
                        intents.push(Intent::Compare(Some(i)));
                    }
                }
            });
        list.response.accessible_name("Compare with").on_hover_text(why);
    });
    let error = |r: &Record| r.outcome.as_ref().and_then(|o| o.error().copied());
    if let Some(other) = view.compare
        && let Some(then) = error(other)
    {
        let words = |s: crate::ui::run::Share| {
            let ends = super::numbers::ends(s.low, s.high);
            format!("{} wrong ({ends})", super::numbers::per_cent(s.error))
        };
        let now = error(view.record).map_or(String::new(), |now| format!(", this run {}", words(now)));
        small(
            ui,
            format!("{}: {}{now}", other.recipe.method.name(), words(then)),
        )
        .on_hover_text("Errors with 95 % intervals. Where these overlap, the difference may be chance.");
    }
}

/// A number of the recipe that has a slider.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dial {
    Rate,
    CutFrac,
    Ratio,
    Factor,
}

/// What a slider shows beside its value.
struct Face {
    name: &'static str,
    why: &'static str,
    range: (f64, f64),
    logarithmic: bool,
}

impl Dial {
    const ALL: [Self; 4] = [Self::Rate, Self::CutFrac, Self::Ratio, Self::Factor];

    fn face(self) -> Face {
        match self {
            Self::Rate => Face {
                name: "η max",
                why: "Highest learning rate, that of the last layer at the top of the triangle. The paper has 0.01 for classifiers \
                      (section 4.1); with few labels less of it errs less. Too high forgets, too low learns nothing.",
                range: bounds::RATE,
                logarithmic: true,
            },
            Self::CutFrac => Face {
                name: "cut_frac",
                why: "The share of the steps in which the rate rises (equation 3; 0.1 in the paper).",
                range: bounds::CUT_FRAC,
                logarithmic: false,
            },
            Self::Ratio => Face {
                name: "ratio",
                why: "How many times smaller the lowest rate is than the highest (equation 3; 32 in the paper).",
                range: bounds::RATIO,
                logarithmic: true,
            },
            Self::Factor => Face {
                name: "÷ per layer",
                why: "Each lower layer's rate is the one above it divided by this (equation 2; 2.6 in the paper). At 1 all layers \
                      learn alike.",
                range: bounds::FACTOR,
                logarithmic: false,
            },
        }
    }

    fn value(self, recipe: &Recipe) -> f64 {
        match self {
            Self::Rate => recipe.rate.unwrap_or_else(|| own_rate(recipe.method)),
            Self::CutFrac => recipe.cut_frac,
            Self::Ratio => recipe.ratio,
            Self::Factor => recipe.factor,
        }
    }

    fn set(self, recipe: &mut Recipe, value: f64) {
        match self {
            Self::Rate => recipe.rate = Some(value),
            Self::CutFrac => recipe.cut_frac = value,
            Self::Ratio => recipe.ratio = value,
            Self::Factor => recipe.factor = value,
        }
    }

    /// Whether it changes what a method does.
    fn is_taken(self, method: Method) -> bool {
        match self {
            Self::Rate => true,
            Self::CutFrac | Self::Ratio => takes(method).triangle,
            Self::Factor => takes(method).factor,
        }
    }

    /// Why it has no effect with a method that does not take it.
    fn idle(self, method: Method) -> &'static str {
        match (self, method) {
            (Self::Rate, _) => "",
            (Self::CutFrac | Self::Ratio, Method::UlmfitCode) => {
                "This method has a triangle for each of its three phases, as its reference code has them (ratio 8; cut_frac 1/3, 1/3 \
                 and 1/8). To shape one, choose ulmfit or freez-stlr."
            }
            (Self::CutFrac | Self::Ratio, _) => {
                "This method has no slanted triangle: choose ulmfit or freez-stlr."
            }
            (Self::Factor, Method::Last) => {
                "Only the head learns with this method: choose ulmfit or one with discr."
            }
            (Self::Factor, Method::ChainThaw) => {
                "This method gives the lower layers a tenth of the head's rate: choose ulmfit or one with discr."
            }
            (Self::Factor, _) => {
                "This method gives all layers the same rate: choose ulmfit or one with discr."
            }
        }
    }
}

/// The four sliders, in a row, or two by two where that has no room for their names and numbers. The curve above them redraws at once.
pub fn sliders(ui: &mut Ui, view: &View<'_>, recipe: &mut Recipe) {
    let locked = view.current.status.active();
    let shown = if locked {
        view.recipe.clone()
    } else {
        recipe.clone()
    };
    let columns = if ui.available_width() < CLOSE { 2 } else { 4 };
    for row in Dial::ALL.chunks(columns) {
        ui.columns(columns, |uis| {
            for (ui, dial) in uis.iter_mut().zip(row) {
                let enabled = !locked && dial.is_taken(shown.method);
                let disabled = if locked { LOCKED } else { dial.idle(shown.method) };
                let before = dial.value(&shown);
                if let Some(after) = slider(ui, &dial.face(), before, enabled, disabled) {
                    dial.set(recipe, after);
                }
            }
        });
    }
}

fn slider(ui: &mut Ui, face: &Face, before: f64, enabled: bool, disabled: &str) -> Option<f64> {
    let theme = Theme::of(ui.ctx());
    let mut value = before;
    let decimals = if face.range.1 < 1.0 { 5 } else { 2 };
    ui.add_enabled_ui(enabled, |ui| {
        let label = ui
            .horizontal(|ui| {
                let label = small(ui, face.name).on_hover_text(face.why);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let field = DragValue::new(&mut value)
                        .range(face.range.0..=face.range.1)
                        .max_decimals(decimals)
                        .speed(face.range.1 / 400.0);
                    ui.spacing_mut().button_padding = egui::vec2(2.0, 0.0);
                    ui.visuals_mut().widgets.inactive.bg_fill = theme.panel;
                    ui.visuals_mut().widgets.inactive.weak_bg_fill = theme.panel;
                    ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::NONE;
                    ui.add(field)
                        .accessible_name(format!("{} as a number", face.name))
                        .on_hover_text("Drag, or click to type a number.")
                        .blocked_because(disabled);
                });
                label
            })
            .inner;
        ui.spacing_mut().slider_width = ui.available_width();
        let slider = Slider::new(&mut value, face.range.0..=face.range.1)
            .logarithmic(face.logarithmic)
            .show_value(false);
        ui.add(slider)
            .labelled_by(label.id)
            .on_hover_text(face.why)
            .blocked_because(disabled);
    });
    (value != before && enabled).then_some(value)
}

/// The way back to the usual numbers, where they are others now.
pub fn restore(ui: &mut Ui, view: &View<'_>, recipe: &mut Recipe) {
    let usual = Recipe {
        method: recipe.method,
        epochs: recipe.epochs,
        adapt: recipe.adapt,
        both: recipe.both,
        tfidf: recipe.tfidf,
        keep: recipe.keep,
        ..Recipe::default()
    };
    if *recipe == usual || view.current.status.active() {
        return;
    }
    let text = RichText::new("the usual numbers").text_style(TextStyle::Small);
    let button = ui.add(egui::Button::new(text).small());
    // The method's own rate is not always the paper's.
    let read = recipe.reading.map_or(String::new(), |rate| {
        format!(
            " The texts, which would be read at the rate {}, are read at the usual one again.",
            short(rate)
        )
    });
    let hint = format!(
        "Sets the four numbers back to the usual ones: η max {}, that of this method here (the paper has 0.01 for classifiers, \
         section 4.1), and the paper's cut_frac {}, ratio {} and ÷ {} per layer (section 3.2).{read}",
        own_rate(usual.method),
        usual.cut_frac,
        usual.ratio,
        usual.factor
    );
    if button.on_hover_text(hint).clicked() {
        *recipe = usual;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slider_without_effect_says_what_its_method_does_instead() {
        assert!(Dial::CutFrac.idle(Method::UlmfitCode).contains("three phases"));
        assert!(Dial::Ratio.idle(Method::Full).contains("no slanted triangle"));
        for method in Method::ALL {
            let multiples = method.plan(5, 20, None).rates.multiples(5);
            let alike = multiples.iter().all(|m| *m == 1.0);
            let said = Dial::Factor.idle(method).contains("the same rate");
            let whole = method != Method::Last;
            assert!(
                takes(method).factor || said == (alike && whole),
                "{}",
                method.name()
            );
        }
    }
}
