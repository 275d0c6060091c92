//! Why this label: the words of one text tinted by what they do to its probability, and the labels to correct it by.

use egui::{Label, ScrollArea, TextFormat, Ui, text::LayoutJob};

use super::super::label::keys::printed;
use super::joint::Joint;
use super::pill::Pill;
use super::results::{class, is_blind, own_label};
use crate::session::project::{Answer, LabelId, Project, TextId};
use crate::session::protocol::WordWeight;
use crate::session::trust::{Trust, most_probable};
use crate::ui::number::percent;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, chip, heading, key_hint, keycap, small};

/// What an `explain` job gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The text.
    pub text: String,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// The labels of the project that they are.
    pub ids: Vec<Option<LabelId>>,
    /// Probability of each, as the classifier gave it.
    pub probabilities: Vec<f32>,
    /// The words, in order.
    pub words: Vec<WordWeight>,
}

impl Explained {
    /// The same of the labels that the classes are now: what is said of merged ones is said of the one that they are.
    pub fn now(self, project: &Project) -> Self {
        let ids = self.ids.iter().map(|id| id.map(|id| project.now(id)));
        let ids: Vec<Option<LabelId>> = ids.collect();
        let joint = Joint::of(&ids);
        let word = |word: &WordWeight| WordWeight {
            weights: joint.sums(&word.weights),
            ..*word
        };
        Self {
            labels: joint.firsts(&self.labels),
            probabilities: joint.sums(&self.probabilities),
            words: self.words.iter().map(word).collect(),
            ids: joint.firsts(&ids),
            text: self.text,
        }
    }

    /// The same in calibrated probabilities, so that every number on the screen means the same.
    pub fn calibrated(self, trust: Option<&Trust>) -> Self {
        let Some(trust) = trust else { return self };
        let probabilities = trust.calibrated(&self.probabilities);
        let word = |word: &WordWeight| {
            let without: Vec<f32> = (self.probabilities.iter().zip(&word.weights))
                .map(|(with, weight)| with - weight)
                .collect();
            let without = trust.calibrated(&without);
            WordWeight {
                weights: probabilities.iter().zip(without).map(|(p, w)| p - w).collect(),
                ..*word
            }
        };
        Self {
            words: self.words.iter().map(word).collect(),
            probabilities: probabilities.clone(),
            ..self
        }
    }

    /// The most probable class.
    pub fn best(&self) -> Option<usize> {
        most_probable(&self.probabilities)
    }

    /// The word whose absence would change the best class's probability most, and the probability then.
    fn strongest(&self, best: usize) -> Option<(&str, f32)> {
        let weight = |w: &WordWeight| w.weights.get(best).copied().unwrap_or(0.0);
        let by = |a: &&WordWeight, b: &&WordWeight| weight(a).abs().total_cmp(&weight(b).abs());
        let word = self.words.iter().max_by(by)?;
        let without = self.probabilities.get(best)? - weight(word);
        Some((self.text.get(word.start..word.end)?, without.clamp(0.0, 1.0)))
    }
}

/// The text with its words tinted: in the label's colour where they speak for it, in coral where against.
pub fn tinted(ui: &mut Ui, explained: &Explained, project: &Project) {
    let theme = Theme::of(ui.ctx());
    let Some(best) = explained.best() else {
        return;
    };
    let (name, label) = class(project, &explained.labels, &explained.ids, best);
    let speaks_for = label.map_or(theme.ice, |l| theme.label(l.id));
    let weight = |w: &WordWeight| w.weights.get(best).copied().unwrap_or(0.0);
    let strongest = explained
        .words
        .iter()
        .map(|w| weight(w).abs())
        .fold(1e-6, f32::max);
    let format = |background| TextFormat {
        font_id: egui::FontId::proportional(14.0),
        color: theme.text,
        background,
        line_height: Some(24.0),
        ..TextFormat::default()
    };
    // Text stays readable on the strongest tint.
    let full = if theme.dark { 0.42 } else { 0.6 };
    let plain = format(egui::Color32::TRANSPARENT);
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    let mut at = 0;
    for word in &explained.words {
        let share = weight(word) / strongest;
        let colour = if share >= 0.0 { speaks_for } else { theme.warm };
        let back = if share.abs() < 0.1 {
            egui::Color32::TRANSPARENT
        } else {
            theme.tint(colour, full * share.abs())
        };
        if let (Some(between), Some(text)) = (
            explained.text.get(at..word.start),
            explained.text.get(word.start..word.end),
        ) {
            job.append(between, 0.0, plain.clone());
            job.append(text, 0.0, format(back));
            at = word.end;
        }
    }
    if let Some(rest) = explained.text.get(at..) {
        job.append(rest, 0.0, plain);
    }
    ui.add(Label::new(job).selectable(true)).on_hover_text(
        "Each word was left out in turn. Those whose absence makes the label less likely are tinted in its colour, those \
         that speak against it in coral; the stronger, the more they matter.",
    );
    if let Some((word, without)) = explained.strongest(best) {
        let now = explained.probabilities.get(best).copied().unwrap_or(0.0);
        let text = if (now - without).abs() < 0.005 {
            format!("No single word decides it: without any of them it stays {name}.")
        } else {
            let short: String = word.chars().take(40).collect();
            format!(
                "Without \"{short}\", {name} would be {}.",
                percent(f64::from(without))
            )
        };
        small(ui, text);
    }
}

/// What the user wants of the chosen text.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// It has this label.
    Label(LabelId),
    /// Its own label goes.
    Clear,
    /// Texts like it in the table.
    Similar(Vec<TextId>),
}

/// The chosen text and what is known of it.
pub struct Why<'a> {
    pub project: &'a Project,
    pub text: TextId,
    pub explained: Option<&'a Explained>,
    /// What the classifier gave it, and how sure it is.
    pub predicted: Option<(LabelId, f32)>,
    /// The same where the project no longer has that label: its name then.
    pub gone: Option<(&'a str, f32)>,
    /// Whether the explanation is under way.
    pub busy: bool,
    /// The class that it was given when its own label was held out, and how surely; only where that was another one.
    pub held_out: Option<(&'a str, f32)>,
    /// Texts like it.
    pub similar: &'a [TextId],
}

impl Why<'_> {
    /// The card: its words, and a button a label.
    pub fn show(&self, ui: &mut Ui) -> Option<Want> {
        let mut want = None;
        card(ui, |ui| {
            self.title(ui);
            match self.explained.filter(|_| !self.is_blind()) {
                Some(explained) => {
                    let area = ScrollArea::vertical().id_salt("why").max_height(168.0);
                    area.show(ui, |ui| tinted(ui, explained, self.project));
                }
                None => self.waiting(ui),
            }
            if let Some((name, p)) = self.held_out {
                let said = percent(f64::from(p));
                small(
                    ui,
                    format!("Before it had seen your label, it said {name}, {said}."),
                );
            }
            if let Some(why) = self.not_to_keep() {
                small(ui, why);
            }
            ui.add_space(2.0);
            want = self.buttons(ui);
        });
        want
    }

    /// Whether what the classifier says is not shown.
    fn is_blind(&self) -> bool {
        is_blind(self.project, self.text)
    }

    fn title(&self, ui: &mut Ui) {
        let known = |(id, p)| Some((self.project.label(id)?.name.as_str(), p));
        let said = self.predicted.and_then(known).or(self.gone);
        let passed = match self.project.answer(self.text) {
            Some(Answer::Skipped) => "You skipped it. ",
            Some(Answer::Unsure) => "You could not tell. ",
            Some(Answer::Label(_)) | None => "",
        };
        let title = match (own_label(self.project, self.text), said) {
            (Some(own), Some((name, p))) if own.name != name => {
                let said = percent(f64::from(p));
                format!("Your label: {}. It says {name}, {said}.", own.name)
            }
            (Some(own), _) => format!("Your label: {}", own.name),
            (None, _) if self.is_blind() => format!("{passed}What is it?"),
            (None, Some((name, p))) => format!("{passed}Why {name}, {}?", percent(f64::from(p))),
            (None, None) => format!("{passed}Why?"),
        };
        heading(ui, title);
    }

    /// Why the classifier's label cannot become the user's own, where it cannot.
    fn not_to_keep(&self) -> Option<String> {
        if self.is_blind() {
            let why = "This text is kept aside to measure the error: give it the label that it has, or leave it. What the \
                       classifier says is shown afterwards, so that it does not sway you.";
            return Some(why.into());
        }
        let (name, _) = self
            .gone
            .filter(|_| own_label(self.project, self.text).is_none())?;
        Some(format!(
            "This project no longer has the label {name}: give the text another one, or train again."
        ))
    }

    fn waiting(&self, ui: &mut Ui) {
        let text = self.project.texts.texts.get(self.text as usize);
        let text = text.map_or("", String::as_str);
        ScrollArea::vertical()
            .id_salt("why")
            .max_height(168.0)
            .show(ui, |ui| ui.label(text.chars().take(3_000).collect::<String>()));
        if self.is_blind() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            if self.busy {
                ui.add(egui::Spinner::new().size(12.0));
                small(ui, "Leaving out each word in turn.");
            } else if text.trim().is_empty() {
                small(ui, "An empty text: there are no words to explain.");
            } else {
                small(ui, "Which words decide is not known for this text.");
            }
        });
    }

    fn buttons(&self, ui: &mut Ui) -> Option<Want> {
        let theme = Theme::of(ui.ctx());
        let given = self.project.answer(self.text);
        // A text that was passed over has none, and can be given what the classifier says.
        let own = own_label(self.project, self.text);
        let mut want = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
            let keep = Pill {
                key: Some("Enter"),
                name: "Keep",
                colour: None,
                selected: false,
            };
            if let Some(why) = self.not_to_keep() {
                let keep = ui.add_enabled_ui(false, |ui| keep.show(ui)).inner;
                keep.on_disabled_hover_text(why);
            } else if own.is_none()
                && let Some((id, _)) = self.predicted
            {
                let hint =
                    "It is right: makes the classifier's label your own, and training again learns from it.";
                if keep.show(ui).on_hover_text(hint).clicked() {
                    want = Some(Want::Label(id));
                }
            }
            for (i, label) in self.project.labels().enumerate() {
                let given = given == Some(Answer::Label(label.id));
                let said = self.predicted.is_some_and(|(id, _)| id == label.id);
                if !given && said && own.is_none() && !self.is_blind() {
                    // That is what Keep does, and its key too.
                    continue;
                }
                let pill = Pill {
                    key: printed(i),
                    name: &label.name,
                    colour: Some(theme.label(label.id)),
                    selected: given,
                };
                let hint = format!(
                    "Labels this text {}. Your label counts from now on, and training again learns from it.",
                    label.name
                );
                if pill.show(ui).on_hover_text(hint).clicked() {
                    want = Some(Want::Label(label.id));
                }
            }
            if given.is_some() {
                let hint = if own.is_some() {
                    "Takes your label back; the classifier's counts again."
                } else {
                    "Takes your answer back; the text is asked for again."
                };
                if key_hint(ui, "", "take back", hint, 0.0).clicked() {
                    want = Some(Want::Clear);
                }
            }
            if !self.similar.is_empty() {
                let text = format!("Similar {}", self.similar.len());
                let hint = "Shows the texts nearest to this one in the table.";
                if chip(ui, text).on_hover_text(hint).clicked() {
                    want = Some(Want::Similar(self.similar.to_vec()));
                }
            }
        });
        want
    }
}

/// Says what the empty card is for.
pub fn nothing_chosen(ui: &mut Ui) {
    card(ui, |ui| {
        heading(ui, "Why?");
        small(
            ui,
            "Choose a text in the table, by a click or the arrow keys, to see which words decide its label and to correct \
             it.",
        );
    });
}

/// What the keys do.
pub fn keys(ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (keys, word) in [
            (&["\u{2191}", "\u{2193}"][..], "move"),
            (&["1", "0"], "correct"),
            (&["Enter"], "keep"),
        ] {
            for (i, key) in keys.iter().enumerate() {
                if i > 0 && word == "correct" {
                    small(ui, "\u{2013}");
                }
                keycap(ui, key);
            }
            small(ui, word);
            ui.add_space(8.0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::project::Action;
    use crate::session::trust::Judged;

    fn explained() -> Explained {
        Explained {
            text: "not good".into(),
            labels: vec!["bad".into(), "good".into()],
            ids: vec![Some(0), Some(1)],
            probabilities: vec![0.9, 0.1],
            words: vec![
                WordWeight {
                    start: 0,
                    end: 3,
                    weights: vec![0.7, -0.7],
                },
                WordWeight {
                    start: 4,
                    end: 8,
                    weights: vec![-0.05, 0.05],
                },
            ],
        }
    }

    #[test]
    fn calibration_reaches_the_words() {
        let judge = |i: u32| Judged {
            text: i,
            truth: usize::from(i.is_multiple_of(3)),
            probabilities: vec![0.99, 0.01],
        };
        let evidence: Vec<Judged> = (0..60).map(judge).collect();
        let trust = Trust::measured(&evidence).unwrap();
        let raw = explained();
        let calm = raw.clone().calibrated(Some(&trust));
        assert!(calm.probabilities[0] < 0.75, "{:?}", calm.probabilities);
        assert_eq!(calm.best(), Some(0));
        // What the text would be without its strongest word is calibrated as well.
        let (word, without) = calm.strongest(0).unwrap();
        let expected = trust.calibrated(&[0.2, 0.8])[0];
        assert_eq!(word, "not");
        assert!((without - expected).abs() < 1e-5, "{without} {expected}");
        assert_eq!(raw.clone().calibrated(None), raw);
    }

    #[test]
    fn labels_that_were_merged_are_explained_as_one() {
        let mut project = Project::default();
        for name in ["bad", "good", "fine"] {
            let name = name.into();
            project.apply(Action::CreateLabel { name }).unwrap();
        }
        let mut three = explained();
        three.labels.push("fine".into());
        three.ids.push(Some(2));
        three.probabilities = vec![0.375, 0.25, 0.375];
        three.words.truncate(1);
        three.words[0].weights = vec![0.25, -0.5, 0.25];
        assert_eq!(three.clone().now(&project), three);
        project.apply(Action::MergeLabels { from: 2, into: 1 }).unwrap();
        let two = three.now(&project);
        assert_eq!(two.labels, ["bad", "good"]);
        assert_eq!(two.ids, [Some(0), Some(1)]);
        assert_eq!(two.probabilities, [0.375, 0.625]);
        assert_eq!(two.words[0].weights, [0.25, -0.25]);
        assert_eq!(two.best(), Some(1));
    }
}
