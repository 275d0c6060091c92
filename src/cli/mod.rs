//! The terminal: arguments in, a job for the engine, its events as a report for people or as JSON lines.

mod args;
mod console;
mod drive;
mod lines;
mod number;
mod report;
mod signals;
mod summary;
mod table;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use clap::Parser;

use crate::session::Session;
use crate::session::protocol::{Command, Event, Job};
use crate::ui;
use args::Cli;
use console::{Console, Look};
use drive::Front;
use report::Report;
use summary::Context;

/// The exit code of a process that Ctrl-C ended, as shells have it: 128 + SIGINT. Other signals that end it have the same.
const INTERRUPTED: u8 = 130;

/// Runs the command line of this process: exit code 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C or by another
/// signal.
#[must_use]
pub fn run() -> ExitCode {
    start_logging();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // What clap could not take apart cannot tell whether JSON was asked for.
        Err(error) => {
            let json = std::env::args_os()
                .take_while(|word| word != "--")
                .any(|word| word == "--json");
            return usage(&error, json);
        }
    };
    let json = cli.common.json;
    let bare = cli.verb.is_none();
    let job = cli.into_job();

    let interrupts = Arc::new(AtomicUsize::new(0));
    let mut front = front(&job, json);
    if bare {
        if ui::has_display() {
            match ui::open_window() {
                Ok(()) => return ExitCode::SUCCESS,
                Err(error) => front.tell(&format!(
                    "The window cannot be opened ({error}); running `unfreeze demo` in the terminal."
                )),
            }
        } else {
            front.tell("There is no display to open the window on; running `unfreeze demo` in the terminal.");
        }
    }
    if let Err(error) = signals::watch(&interrupts) {
        front.tell(&format!(
            "warning: Ctrl-C will end the program without a checkpoint ({error})"
        ));
    }
    if reads_stdin(&job) && io::stdin().is_terminal() {
        front.tell(&format!(
            "reading texts, one a line; {} ends them",
            if cfg!(windows) { "Ctrl-Z" } else { "Ctrl-D" }
        ));
    }

    let session = match Session::spawn() {
        Ok(session) => session,
        Err(error) => {
            front.fail(&format!("the engine has no thread to run on: {error}"));
            return ExitCode::FAILURE;
        }
    };
    // An engine that takes no command has ended, which its events tell.
    let send = |command| {
        session.send(command).ok();
    };
    send(Command::Start(Box::new(job)));
    ExitCode::from(front.drive(session.events(), &send, &interrupts))
}

/// Wrong usage, or the help that was asked for. With `--json` the first is one event like any other failure.
fn usage(error: &clap::Error, json: bool) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(1);
    // Help and the version are no errors.
    if json && error.use_stderr() {
        let message = on_one_line(&error.render().to_string());
        let failed = Event::Failed {
            message: message.clone(),
            usage: true,
            device: None,
            diverged: None,
        };
        // Nobody is left to tell if these cannot be written.
        writeln!(io::stderr(), "error: {message}").ok();
        if let Ok(line) = serde_json::to_string(&failed) {
            writeln!(io::stdout(), "{line}").ok();
        }
    } else {
        // Help that nobody reads to the end is no failure.
        error.print().ok();
    }
    ExitCode::from(code)
}

/// What clap says in several paragraphs, without the summary of usage and the hint at the help.
fn on_one_line(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let paragraphs = message.split("\n\n").map(str::trim);
    let told =
        paragraphs.filter(|text| !text.starts_with("Usage:") && !text.starts_with("For more information"));
    let words: Vec<&str> = told.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// JSON lines go to standard output alone; a report beside them only where it cannot run into them.
fn front(job: &Job, json: bool) -> Front {
    let look = Look::of_terminal();
    let to_both = look.live && !io::stdout().is_terminal();
    let out: Box<dyn Write> = if json {
        Box::new(io::sink())
    } else {
        Box::new(io::stdout())
    };
    let report = Report::new(Console::new(look, out, Box::new(io::stderr())), Context::of(job));
    let lines = json.then(|| Box::new(io::stdout()) as Box<dyn Write>);
    Front::new(report, lines, !json || to_both)
}

fn reads_stdin(job: &Job) -> bool {
    match job {
        Job::Tokenize { input, .. } => input.is_none(),
        Job::Classify(classify) => classify.input.is_none(),
        _ => false,
    }
}

/// Logs to standard error where `RUST_LOG` is set; the GPU stack, which says much at every level, only by its own name.
fn start_logging() {
    if std::env::var_os("RUST_LOG").is_none() {
        return;
    }
    let mut builder = env_logger::Builder::new();
    for module in ["wgpu", "naga", "cubecl"] {
        builder.filter_module(module, log::LevelFilter::Off);
    }
    // Only a second logger in one process would be refused.
    builder.parse_env("RUST_LOG").try_init().ok();
}
