//! The two streams of a terminal: results on one, what happens on the other, with a progress bar below.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether characters beyond ASCII come out right.
    pub unicode: bool,
    /// Whether messages may be coloured.
    pub color: bool,
    /// Whether a progress bar can be drawn: standard error is a terminal that moves its cursor.
    pub live: bool,
    /// Columns of standard output, where it is a terminal.
    pub width: Option<usize>,
}

impl Look {
    /// Reads the environment: `NO_COLOR`, `TERM`, the locale, and what the streams are.
    pub fn of_terminal() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let live = io::stderr().is_terminal() && !dumb;
        Self {
            unicode: cfg!(windows) || is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(set)),
            color: live && set("NO_COLOR").is_none(),
            live,
            width: super::table::stdout_width(),
        }
    }

    /// `unicode` where it comes out right, otherwise `ascii`.
    pub fn pick<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }

    /// `text` in the SGR colour `code`, where colours are welcome.
    pub fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }
}

/// Whether the first of the locale's variables that is set names UTF-8.
fn is_utf8(variables: [Option<OsString>; 3]) -> bool {
    variables.into_iter().flatten().next().is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Where a report is written.
pub struct Console {
    /// What the terminal can show.
    pub look: Look,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    bar: Option<ProgressBar>,
}

impl Console {
    /// A console on two streams; the progress bar, where `look` allows one, goes to the process's standard error.
    pub fn new(look: Look, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self {
            look,
            out,
            err,
            bar: None,
        }
    }

    /// Writes lines for people.
    pub fn say(&mut self, text: &str) {
        let err = &mut self.err;
        // Nothing can be said about a standard error that is gone, and the work goes on without it.
        let mut write = || writeln!(err, "{text}").and_then(|()| err.flush()).ok();
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
    }

    /// Writes lines of the result.
    ///
    /// # Errors
    /// When standard output cannot be written, as when the reader of a pipe has gone.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        let out = &mut self.out;
        let mut write = || writeln!(out, "{text}").and_then(|()| out.flush());
        match &self.bar {
            // Drawing the bar anew for every line is slow; only a line on the same terminal would run into it.
            Some(bar) if self.look.width.is_some() => bar.suspend(write),
            _ => write(),
        }
    }

    /// Begins a progress bar; a total of 0 is not known.
    pub fn open_bar(&mut self, name: &str, total: u64) {
        self.close_bar();
        if !self.look.live {
            return;
        }
        let (template, color) = match (total > 0, self.look.color) {
            (true, true) => ("{prefix} {bar:10.cyan/black.bright} {wide_msg}", "cyan"),
            (true, false) => ("{prefix} {bar:10} {wide_msg}", ""),
            (false, _) => ("{prefix} {spinner} {wide_msg}", ""),
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars(self.look.pick("━╸─", "=>-"))
            .tick_chars(self.look.pick("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ", "|/-\\ "));
        let length = (total > 0).then_some(total);
        let bar =
            ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(10)).with_style(style);
        bar.set_prefix(if color.is_empty() {
            name.to_string()
        } else {
            self.look.paint("36", name)
        });
        if total == 0 {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar.tick();
        self.bar = Some(bar);
    }

    /// Moves the progress bar.
    pub fn move_bar(&mut self, done: u64, total: u64, message: String) {
        if let Some(bar) = &self.bar {
            if total > 0 && bar.length() != Some(total) {
                bar.set_length(total);
            }
            // The position draws, if it is time to: with the message that belongs to it.
            bar.set_message(message);
            bar.set_position(done);
        }
    }

    /// Takes the progress bar away.
    pub fn close_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides_on_utf8() {
        let of = |values: [&str; 3]| is_utf8(values.map(|v| (!v.is_empty()).then(|| v.into())));
        assert!(of(["", "", "de_DE.UTF-8"]));
        assert!(of(["C.utf8", "POSIX", "POSIX"]));
        assert!(!of(["C", "", "en_US.UTF-8"]));
        assert!(!of(["", "", ""]));
    }

    #[test]
    fn colours_only_where_welcome() {
        let look = Look {
            color: true,
            ..Look::default()
        };
        assert_eq!(look.paint("31", "x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Look::default().paint("31", "x"), "x");
        assert_eq!(Look::default().pick("❄", "*"), "*");
    }
}
