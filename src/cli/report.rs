//! Events as people read them: what happens on standard error, results on standard output.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::console::Console;
use super::lines::{amount, classified, evaluated, harmless, ice, loaded, progress_line, step_line};
use super::number::{count, counted, duration, percent, speed};
use super::summary::{Context, summary};
use super::table::render;
use crate::session::protocol::{Compared, Event, GroupStep};

/// Without a progress bar, a long stage says at least this often how far it is.
const HEARTBEAT: Duration = Duration::from_mins(1);

/// A stage that is going on.
struct Stage {
    name: String,
    groups: Vec<String>,
    total: u64,
    unit: String,
    /// Which groups were frozen at the last step.
    frozen: Vec<bool>,
    last: Option<Last>,
    spoke: Instant,
}

/// The last training step of a stage.
struct Last {
    step: u64,
    loss: f64,
    tokens_per_second: f64,
}

/// A running report of one job.
pub struct Report {
    console: Console,
    context: Context,
    /// Stages that are open, the innermost last: an evaluation may interrupt training.
    stages: Vec<Stage>,
    groups_told: Vec<String>,
    tables: bool,
    /// Whether lines of the result were printed as they came.
    lines: bool,
}

impl Report {
    /// Whether the job makes a file or a model, beside what it prints.
    pub fn makes_something(&self) -> bool {
        self.context.made.is_some()
    }

    /// A report of the job that `context` was taken from.
    pub fn new(console: Console, context: Context) -> Self {
        Self {
            console,
            context,
            stages: Vec::new(),
            groups_told: Vec::new(),
            tables: false,
            lines: false,
        }
    }

    /// A line for people.
    pub fn say(&mut self, text: &str) {
        self.console.say(text);
    }

    /// `error: ...`, the last line of a job that failed.
    pub fn fail(&mut self, message: &str) {
        self.console.close_bar();
        let error = self.console.look.paint("1;31", "error:");
        let line = format!("{error} {}", harmless(message));
        self.console.say(&line);
    }

    /// Tells one event.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let look = self.console.look;
        match event {
            Event::Started {
                job,
                device,
                reason,
                seed,
            } => {
                let job = look.paint("1", job);
                self.say(&format!("{job} on {device} ({reason}), seed {seed}"));
            }
            Event::Loaded {
                what,
                path,
                rows,
                text_columns,
                label_column,
                labels,
            } => {
                let line = loaded(what, path, *rows, text_columns, label_column.as_deref(), labels);
                self.say(&harmless(&line));
            }
            Event::Warning { message } => self.warn(message),
            Event::Note { message } => self.say(&harmless(message)),
            Event::StageStarted {
                stage,
                groups,
                total,
                unit,
            } => self.stage_started(stage, groups, *total, unit),
            Event::Progress {
                stage,
                done,
                total,
                per_second,
                seconds_left,
            } => {
                let at = self.enter(stage, *total);
                let message = progress_line(*done, *total, &at.unit, *per_second, *seconds_left);
                self.advance(*done, *total, message);
            }
            Event::Step {
                stage,
                step,
                total,
                loss,
                groups,
                tokens_per_second,
                epoch,
                ..
            } => {
                self.enter(stage, *total).last = Some(Last {
                    step: *step,
                    loss: *loss,
                    tokens_per_second: *tokens_per_second,
                });
                self.thaw(*epoch, groups);
                self.advance(*step, *total, step_line(event, look));
            }
            Event::Evaluation {
                stage,
                epoch,
                nll,
                perplexity,
                error,
            } => {
                let line = evaluated(stage, *epoch, *nll, *perplexity, *error);
                self.say(&line);
            }
            Event::Compared(row) => self.compared(row),
            Event::LeftOut(gone) => self.warn(&format!("{} is left out: {}", gone.way, gone.message)),
            // Its suggestion is also a note; the curve is for plots.
            Event::RateFinder { .. }
            | Event::Forgetting { .. }
            | Event::Watched { .. }
            | Event::OutOfSample { .. }
            | Event::Predictions { .. }
            | Event::Explanation { .. } => {}
            Event::StageDone { stage, seconds } => self.stage_done(stage, *seconds),
            Event::Saved { path, step } => {
                let (step, path) = (count(*step), path.display());
                self.say(&format!("checkpoint at step {step}: {path}"));
            }
            Event::Paused { step } => self.say(&format!("paused at step {}", count(*step))),
            Event::Resumed => self.say("going on"),
            Event::Line { text, .. } => self.line(text)?,
            Event::Classified {
                text,
                label,
                confidence,
                ..
            } => {
                let found = label.as_deref().zip(*confidence);
                self.console.print(&classified(text, found, look.width))?;
            }
            Event::Table { title, columns, rows } => {
                self.tables = true;
                self.table(title, columns, rows)?;
            }
            Event::Done { result, .. } => self.done(result)?,
            Event::Stopped { message } => self.stopped(message),
            Event::Failed { message, .. } => self.fail(message),
        }
        Ok(())
    }

    fn warn(&mut self, message: &str) {
        let warning = self.console.look.paint("33", "warning:");
        self.console.say(&format!("{warning} {}", harmless(message)));
    }

    /// How a way of training did.
    fn compared(&mut self, row: &Compared) {
        let (error, low, high) = (
            percent(row.error),
            percent(row.error_low),
            percent(row.error_high),
        );
        let way = self.console.look.paint("1", &row.way);
        self.say(&format!("{way}: error {error} ({low} to {high})"));
    }

    /// A line of the result.
    fn line(&mut self, text: &str) -> io::Result<()> {
        self.lines = true;
        // A program that reads them gets them as they are.
        match self.console.look.width {
            Some(_) => self.console.print(&harmless(text)),
            None => self.console.print(text),
        }
    }

    fn stopped(&mut self, message: &str) {
        self.console.close_bar();
        let stopped = self.console.look.paint("33", "stopped:");
        self.say(&format!("{stopped} {message}"));
    }

    fn stage_started(&mut self, name: &str, groups: &[String], total: u64, unit: &str) {
        self.open(name, groups, total, unit);
        if !groups.is_empty() && self.groups_told != groups {
            self.groups_told = groups.to_vec();
            self.console
                .say(&format!("layer groups, first to last: {}", groups.join(", ")));
        }
        if !self.console.look.live {
            let amount = if total > 0 {
                format!(" {}", amount(total, unit))
            } else {
                String::new()
            };
            self.console.say(&format!("{name}:{amount} ..."));
        }
    }

    fn open(&mut self, name: &str, groups: &[String], total: u64, unit: &str) {
        self.stages.retain(|stage| stage.name != name);
        self.stages.push(Stage {
            name: name.into(),
            groups: groups.to_vec(),
            total,
            unit: unit.into(),
            frozen: Vec::new(),
            last: None,
            spoke: Instant::now(),
        });
        self.console.open_bar(name, total);
    }

    /// The stage by this name, made the innermost, with the progress bar its own.
    fn enter(&mut self, name: &str, total: u64) -> &mut Stage {
        match self.stages.iter().position(|stage| stage.name == name) {
            None => self.open(name, &[], total, ""),
            Some(at) if at + 1 < self.stages.len() => {
                let stage = self.stages.remove(at);
                self.console.open_bar(&stage.name, stage.total);
                self.stages.push(stage);
            }
            Some(_) => {}
        }
        let innermost = self.stages.len() - 1;
        &mut self.stages[innermost]
    }

    fn advance(&mut self, done: u64, total: u64, message: String) {
        if self.console.look.live {
            self.console.move_bar(done, total, message);
        } else if let Some(stage) = self.stages.last_mut()
            && stage.spoke.elapsed() >= HEARTBEAT
        {
            stage.spoke = Instant::now();
            let line = format!("{}: {message}", stage.name);
            self.console.say(&line);
        }
    }

    /// Says which layer groups train, when that has changed.
    fn thaw(&mut self, epoch: usize, groups: &[GroupStep]) {
        let frozen: Vec<bool> = groups.iter().map(|group| group.frozen).collect();
        let Some(stage) = self.stages.last_mut() else {
            return;
        };
        if stage.frozen == frozen {
            return;
        }
        let told = !stage.frozen.is_empty() || frozen.contains(&true);
        stage.frozen = frozen;
        if !told {
            return;
        }
        let name = |at: usize| {
            stage
                .groups
                .get(at)
                .cloned()
                .unwrap_or_else(|| format!("group {}", at + 1))
        };
        let training: Vec<String> = stage
            .frozen
            .iter()
            .enumerate()
            .filter(|(_, frozen)| !**frozen)
            .map(|(at, _)| name(at))
            .collect();
        let who = match training.len() {
            0 => "nothing".into(),
            all if all == stage.frozen.len() => "every layer group".into(),
            _ => training.join(", "),
        };
        let line = format!(
            "{}, epoch {epoch}: {} training {who}",
            stage.name,
            ice(groups, self.console.look)
        );
        self.console.say(&line);
    }

    fn stage_done(&mut self, name: &str, seconds: f64) {
        let Some(at) = self.stages.iter().position(|stage| stage.name == name) else {
            return;
        };
        let stage = self.stages.remove(at);
        // The stage around this one draws its own bar with its next event.
        self.console.close_bar();
        if let Some(outer) = self.stages.last() {
            self.console.open_bar(&outer.name, outer.total);
        }
        let mut line = format!("{name}: done in {}", duration(seconds));
        if let Some(Last {
            step,
            loss,
            tokens_per_second,
        }) = stage.last
        {
            line += &format!(
                ", {}, loss {loss:.4}, {} tokens/s",
                counted(step, "step"),
                speed(tokens_per_second)
            );
        }
        self.console.say(&line);
    }

    fn table(&mut self, title: &str, columns: &[String], rows: &[Vec<String>]) -> io::Result<()> {
        let look = self.console.look;
        let title = if look.width.is_some() {
            look.paint("1", title)
        } else {
            title.into()
        };
        self.console
            .print(&format!("{title}\n{}", render(columns, rows, look)))
    }

    fn done(&mut self, result: &Map<String, Value>) -> io::Result<()> {
        self.console.close_bar();
        let mut result = result.clone();
        if self.lines && result.get("texts").is_some_and(Value::is_array) {
            result.remove("texts");
        }
        let (lines, found) = summary(&result, &self.context);
        // The engine's own tables hold the same numbers, better named.
        if !self.tables {
            for (title, columns, rows) in &found {
                self.table(title, columns, rows)?;
            }
        }
        for line in lines {
            self.console.say(&harmless(&line));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
pub(super) mod tests;
