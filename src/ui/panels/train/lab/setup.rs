//! Before a comparison: which ways of training are chosen, and what will happen.

use egui::{Checkbox, RichText, TextStyle, Ui};

use super::super::method::explanation;
use super::super::numbers::{about, count, per_cent};
use super::super::ready::Material;
use super::job::{MAIN, least_difference};
use super::kept::{MOST_FREQUENT, TFIDF};
use super::view::{Ask, Look};
use super::words::{listed, points};
use crate::session::preview;
use crate::session::protocol::{Compared, Way};
use crate::ui::widgets::{Explained as _, card, chip, heading, small};

/// The card with the ticks.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, "What is compared");
        ui.horizontal_wrapped(|ui| {
            let all = chip(ui, "All of them");
            if all
                .on_hover_text("The rows of the paper's tables 4 and 7, and of table 6 the one without fine-tuning the language model.")
                .clicked()
            {
                asks.push(Ask::Only(Way::ALL.to_vec()));
            }
            let hint = "ULMFiT, what it loses without stage 2 and without pretraining, the usual fine-tuning of everything at once, and \
                        the head alone: less than half the time.";
            if chip(ui, "The five that say most").on_hover_text(hint).clicked() {
                asks.push(Ask::Only(MAIN.to_vec()));
            }
        });
        for way in Way::ALL {
            tick(ui, look, way, asks);
        }
        ui.add_space(4.0);
        small(ui, "Beside them always, for they cost nothing:");
        for name in [TFIDF, MOST_FREQUENT] {
            line(ui, look, name, |ui| {
                ui.label(name);
            });
        }
    });
}

fn tick(ui: &mut Ui, look: &Look<'_>, way: Way, asks: &mut Vec<Ask>) {
    let name = way.name();
    let first = Way::ALL.first() == Some(&way);
    line(ui, look, name, |ui| {
        let mut on = look.ways.contains(&way);
        let tick = ui.add_enabled(!first, Checkbox::new(&mut on, name));
        let tick = tick
            .on_hover_text(explanation(way.method))
            .blocked_because("It is always there: the others are judged against it.");
        if tick.changed() {
            asks.push(Ask::Tick(way, on));
        }
    });
}

/// A name, and what it is: beside it, or below where it is narrow.
fn line(ui: &mut Ui, look: &Look<'_>, name: &str, add: impl FnOnce(&mut Ui)) {
    let first = look.ways.first().is_some_and(|way| way.name() == name);
    let reference = if first { " (the reference)" } else { "" };
    let what = format!("{}{reference}", Compared::describe(name));
    if look.narrow {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            add(ui);
            small(ui, what);
        });
        return;
    }
    ui.horizontal(|ui| {
        let size = egui::vec2(150.0, ui.spacing().interact_size.y);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_width(size.x);
            add(ui);
        });
        let text = RichText::new(what)
            .text_style(TextStyle::Small)
            .color(look.theme.dim);
        ui.label(text);
    });
}

/// What it will do, in plain words.
pub fn plan(look: &Look<'_>, material: &Material) -> String {
    let (ways, folds) = (look.ways.len(), look.shape.folds);
    let measured = count(look.shape.measured as u64);
    let labels = count(material.labels as u64);
    let how = if folds > 1 {
        format!(
            "Each way trains {folds} classifiers, which each leave a part of your {labels} labels out and are measured on it: {} in all.",
            count((ways * folds) as u64)
        )
    } else {
        format!(
            "Each way trains a classifier, {ways} in all; {measured} of your {labels} labels are left out of training to measure it."
        )
    };
    let time = match &look.estimate {
        Some((seconds, by)) => format!("It takes {}, going by {by}.", about(*seconds)),
        None => "How long it takes shows with the first classifier.".into(),
    };
    format!("{how} All ways get the same labels in the same parts. {time}")
}

/// The rates that the ways begin with.
fn rates(look: &Look<'_>) -> String {
    if look.recipe.rate.is_some() {
        return "Every way has that η max in place of its own.".into();
    }
    let mut rates: Vec<f64> = look
        .ways
        .iter()
        .map(|way| preview::own_rate(way.method))
        .collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let rates: Vec<String> = rates.iter().map(f64::to_string).collect();
    format!(
        "η max is {}; table 7 has 0.01 for ways with slower lower layers, which is too much for few labels.",
        rates.join(" or ")
    )
}

/// Which ways stop early, and what that takes from them.
fn early(look: &Look<'_>, material: &Material) -> Option<String> {
    let learned = look.shape.learned(material.labels);
    let stops = |way: &&Way| preview::is_watched(way.method, learned);
    let (share, epochs) = preview::stops_early(look.ways.iter().find(stops)?.method)?;
    let whole = look.ways.iter().filter(|way| !stops(way));
    let whole: Vec<String> = whole.map(|way| way.name().to_string()).collect();
    Some(format!(
        "As in the paper {} trained for all epochs, and the others stop early: they only watch {} of the labels that they are given, \
         learn from the rest, and end when they have got no better for {epochs} epochs.",
        match whole.as_slice() {
            [one] => format!("{one} is"),
            several => format!("{} are", listed(several)),
        },
        per_cent(share)
    ))
}

/// What it is done with, in a few short sentences.
pub fn conditions(look: &Look<'_>, material: &Material) -> String {
    let read = match look.keeps {
        Some(added) => {
            let but = if added > 0 {
                format!(" but not the {} added since", count(added as u64))
            } else {
                String::new()
            };
            format!(
                "The texts are not read again: ways that have stage 2 begin with the language model of your classifier, which has read \
                 them{but}."
            )
        }
        None => "The texts are read (stage 2) once for all ways that have it.".into(),
    };
    let numbers = format!(
        "For all of them, as far as they take it: {}. {read}",
        look.settings
    );
    let mut all = vec![numbers, rates(look)];
    all.extend(early(look, material));
    let least = points(100.0 * least_difference(look.shape.measured));
    all.push(format!("Differences below {least} will not be told from chance."));
    all.extend(material.what_is_not_measured());
    if material.aside > 0 {
        all.push(format!(
            "The {} labels kept aside take no part: they can tell the error of whichever you choose.",
            material.aside
        ));
    }
    all.join(" ")
}
