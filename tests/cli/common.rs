//! Running the program in a directory of its own, and texts for it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tempfile::TempDir;

/// A process that has ended.
pub struct Ran {
    pub code: Option<i32>,
    pub events: Vec<Value>,
    pub stderr: String,
}

impl Ran {
    /// The last event.
    pub fn last(&self) -> &Value {
        self.events.last().expect("an event")
    }

    /// A number of the last event.
    pub fn number(&self, key: &str) -> f64 {
        let last = self.last();
        last[key]
            .as_f64()
            .unwrap_or_else(|| panic!("no number {key} in {last}"))
    }

    /// Events of one kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["event"] == kind)
    }
}

/// A directory in which the program runs, so that command lines name files without their directory.
pub struct Dir(TempDir);

impl Dir {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// With a pretrained language model in `base`.
    pub fn with_base() -> Self {
        let dir = Self::new();
        dir.unpack("base", base());
        dir
    }

    /// With a classifier in `classifier` too.
    pub fn with_classifier() -> Self {
        let dir = Self::with_base();
        dir.unpack("classifier", classifier());
        dir
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// Everything in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.0.path())
    }

    fn unpack(&self, name: &str, files: &[(String, Vec<u8>)]) {
        fs::create_dir(self.path(name)).expect("made");
        for (file, bytes) in files {
            self.write(&format!("{name}/{file}"), bytes);
        }
    }

    fn pack(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let files = names(&self.path(name)).into_iter();
        files
            .map(|file| (file.clone(), self.read(&format!("{name}/{file}"))))
            .collect()
    }

    /// The program with the words of `line` as arguments.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unfreeze"));
        command.args(line.split_whitespace()).arg("--json");
        // The others compute nothing, and say so.
        if !["tokenize", "import", "export"].contains(&line.split_whitespace().next().unwrap_or_default()) {
            command.args(["--device", "cpu"]);
        }
        command
            .current_dir(self.0.path())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, line: &str) -> Ran {
        ended(self.command(line))
    }

    /// Runs what must succeed.
    pub fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_done(line, &ran);
        ran
    }

    /// Runs what must fail with exit code `code` and one line on standard error, and leave the directory as it was;
    /// gives that line.
    pub fn fails(&self, line: &str, code: i32) -> String {
        let before = self.names();
        let ran = self.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.stderr);
        assert_eq!(self.names(), before, "{line} leaves something behind");
        let message = one_line(line, &ran.stderr);
        let last = ran.last();
        assert_eq!(last["event"], "failed", "{line}: {last}");
        assert_eq!(last["message"], message, "{line}");
        assert_eq!(last["usage"], code == 2, "{line}");
        message
    }

    /// Starts the program; its events are read as they come.
    pub fn start(&self, line: &str) -> Running {
        Running::of(self.command(line))
    }
}

/// A process that is running.
pub struct Running {
    child: Child,
    pub events: Box<dyn Iterator<Item = Value>>,
}

impl Running {
    /// Starts it; its events are read as they come.
    pub fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let events = Box::new(out.lines().map_while(Result::ok).map(|line| parsed(&line)));
        Self { child, events }
    }

    #[cfg(target_os = "linux")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing can be tidied up.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
    }

    /// Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&mut self) {
        self.signal("INT");
    }

    #[cfg(unix)]
    pub fn signal(&mut self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .expect("`kill` is there");
        assert!(sent.success(), "the process had ended already");
    }

    /// Its last events and how it ended.
    pub fn wait(mut self) -> (Vec<Value>, ExitStatus) {
        let rest = self.events.collect();
        (rest, self.child.wait().expect("ended"))
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

pub fn ended(mut command: Command) -> Ran {
    let output = command.output().expect("the program starts");
    let stdout = String::from_utf8(output.stdout).expect("text");
    Ran {
        code: output.status.code(),
        events: stdout.lines().map(parsed).collect(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Exit code 0 and `done` at the end, once.
pub fn assert_done(line: &str, ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    assert_eq!(ran.last()["event"], "done", "{line}");
    assert_eq!(
        ran.last()["job"],
        line.split_whitespace().next().expect("a command"),
        "{line}"
    );
    assert_eq!(ran.of("done").count(), 1, "{line}");
}

/// The message of `error: message`.
pub fn one_line(line: &str, stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().collect();
    let [only] = lines[..] else {
        panic!("{line}: not one line: {stderr}")
    };
    only.strip_prefix("error: ")
        .unwrap_or_else(|| panic!("{line}: {stderr}"))
        .to_string()
}

/// A number of the last event that is a share.
pub fn assert_share(ran: &Ran, key: &str) {
    let share = ran.number(key);
    assert!((0.0..=1.0).contains(&share), "{key} {share}");
}

/// Every one of `words` is in `message`.
pub fn assert_says(line: &str, message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{line}: no \"{word}\" in: {message}");
    }
}

/// Everything in a directory, sorted.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Copies the files of `tests/fixtures/fastai` into `dir`.
pub fn fastai_files(dir: &Dir, files: &[&str]) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fastai");
    for file in files {
        dir.write(
            file,
            fs::read(fixtures.join(file)).unwrap_or_else(|error| panic!("{file}: {error}")),
        );
    }
}

/// Sizes of the models that the tests pretrain.
pub const TINY: &str = "--preset tiny --embedding 16 --hidden 24 --layers 2 --vocab 200";

/// Three kinds of sentences, and words that only one of them has.
pub const TOPICS: [(&str, [&str; 7]); 3] = [
    ("garden", ["rose", "soil", "hedge", "gate", "seed", "bee", "rake"]),
    (
        "kitchen",
        ["soup", "bread", "spoon", "oven", "salt", "jug", "plate"],
    ),
    (
        "river",
        ["boat", "bridge", "bank", "fish", "stone", "reed", "current"],
    ),
];
const ADJECTIVES: [&str; 8] = ["old", "small", "grey", "quiet", "warm", "wet", "new", "heavy"];
const VERBS: [&str; 7] = ["holds", "finds", "leaves", "needs", "turns", "keeps", "sees"];
const ENDS: [&str; 6] = [
    "again",
    "today",
    "slowly",
    "now",
    "in the morning",
    "without a sound",
];

/// Sentences of a topic, drawn from a seed.
pub struct Writer(ChaCha8Rng);

impl Writer {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.0.random_range(0..words.len())]
    }

    pub fn sentence(&mut self, topic: usize) -> String {
        let nouns = TOPICS[topic].1;
        let (subject, object, end) = (self.pick(&nouns), self.pick(&nouns), self.pick(&ENDS));
        let (first, second, verb) = (self.pick(&ADJECTIVES), self.pick(&ADJECTIVES), self.pick(&VERBS));
        format!("The {first} {subject} {verb} a {second} {object} {end}.")
    }

    /// One to `most` sentences.
    pub fn text(&mut self, topic: usize, most: usize) -> String {
        let count = self.0.random_range(1..=most);
        (0..count)
            .map(|_| self.sentence(topic))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A table with one column, `text`.
pub fn texts(rows: usize, seed: u64) -> String {
    let mut writer = Writer::new(seed);
    let rows = (0..rows).map(|row| writer.sentence(row % TOPICS.len()) + "\n");
    format!("text\n{}", rows.collect::<String>())
}

/// A table with the columns `text` and `label`, classes taking turns.
pub fn labelled(rows: usize, seed: u64) -> String {
    let mut writer = Writer::new(seed);
    let mut row = |row: usize| {
        format!(
            "{},{}\n",
            writer.sentence(row % TOPICS.len()),
            TOPICS[row % TOPICS.len()].0
        )
    };
    format!("text,label\n{}", (0..rows).map(&mut row).collect::<String>())
}

fn base() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let dir = Dir::new();
        dir.write("corpus.csv", texts(400, 1));
        dir.done(&format!(
            "pretrain --corpus corpus.csv --out base {TINY} --batch 4 --epochs 20"
        ));
        dir.pack("base")
    })
}

fn classifier() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let dir = Dir::with_base();
        dir.write("labelled.csv", labelled(150, 2));
        let options = "--estimate none --epochs 40 --rate 0.02 --batch 8 --drop-mult 0.1";
        dir.done(&format!(
            "train --data labelled.csv --model base --out classifier {options}"
        ));
        dir.pack("classifier")
    })
}
