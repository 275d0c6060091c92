//! Vocabularies: a list of tokens, each token's place being its number.

use std::io::Read;
use std::path::Path;

use serde_json::Value as Json;

use super::error::{Error, one_line};
use super::pickle::{Fault, Id, Pickle, Value};
use crate::host::fs::{self, File};

/// Largest vocabulary file in bytes; WikiText-103's 60,000 words take less than one megabyte.
const LARGEST: u64 = 64 << 20;

/// Reads a vocabulary: a pickled list of strings (`itos_wt103.pkl`, also fastcore's `L`), a JSON list or a
/// JSON object of token numbers, or a text file with a token a line.
///
/// Nothing in a pickle is ever executed.
///
/// # Errors
/// The file cannot be read, is no vocabulary, or is a pickle that asks to run code.
pub fn read_vocab(path: &Path) -> Result<Vec<String>, Error> {
    let file = File::open(path).map_err(|error| Error::read(path, &error))?;
    if fs::metadata(path).is_ok_and(|data| data.is_dir()) {
        return Err(Error::IsDirectory {
            path: path.to_path_buf(),
        });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::read(path, &error))?;
    parse_vocab(path, &bytes)
}

fn parse_vocab(path: &Path, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let fault = |cause: String| Error::Vocabulary {
        path: path.to_path_buf(),
        cause,
    };
    if bytes.len() as u64 > LARGEST {
        return Err(fault(format!("the file is larger than {} MiB", LARGEST >> 20)));
    }
    if bytes.is_empty() {
        return Err(Error::Empty {
            path: path.to_path_buf(),
        });
    }
    let ending = path
        .extension()
        .map(|end| end.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let tokens = match (ending.as_str(), bytes.trim_ascii_start().first()) {
        ("pkl" | "pickle", _) | (_, Some(0x80)) => match Pickle::parse(bytes) {
            Ok(pickle) => tokens_of(&pickle).map_err(fault)?,
            Err(Fault::Call(callable)) => {
                return Err(Error::RunsCode {
                    path: path.to_path_buf(),
                    callable,
                    advice: "give a vocabulary that is a plain list of strings",
                });
            }
            Err(error) => return Err(fault(error.to_string())),
        },
        ("json", _) => json_tokens(bytes).map_err(fault)?,
        ("txt", _) | (_, None) => text_tokens(path, bytes)?,
        (_, Some(b'[' | b'{')) => json_tokens(bytes).map_err(fault)?,
        _ => text_tokens(path, bytes)?,
    };
    if tokens.is_empty() {
        return Err(fault("the list is empty".to_string()));
    }
    Ok(tokens)
}

fn tokens_of(pickle: &Pickle) -> Result<Vec<String>, String> {
    let items = list_of(pickle, pickle.root)?;
    let mut left = LARGEST;
    let mut tokens = Vec::with_capacity(items.len());
    for (at, &item) in items.iter().enumerate() {
        match pickle.get(item) {
            // One long string can be listed a million times in a small file.
            Value::String(token) => match left.checked_sub(token.len() as u64) {
                Some(rest) => {
                    left = rest;
                    tokens.push(token.clone());
                }
                None => return Err(format!("its tokens take more than {} MiB", LARGEST >> 20)),
            },
            other => return Err(format!("item {at} is {}, not a string", kind(other))),
        }
    }
    Ok(tokens)
}

/// The items of a list, or of the list inside fastcore's `L`.
fn list_of(pickle: &Pickle, id: Id) -> Result<&[Id], String> {
    let is_items = |key: Id| matches!(pickle.get(key), Value::String(name) if name == "items");
    match pickle.get(id) {
        Value::List(items) => Ok(items),
        Value::Object(Some(state)) => match pickle.get(*state) {
            Value::Dict(entries) => match entries
                .iter()
                .find(|(key, _)| is_items(*key))
                .map(|(_, value)| pickle.get(*value))
            {
                Some(Value::List(items)) => Ok(items),
                _ => Err("the object has no list of items".to_string()),
            },
            other => Err(format!("the object's state is {}", kind(other))),
        },
        other => Err(format!("the pickle holds {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dictionary",
        Value::Object(_) => "an object",
        Value::Class(_) => "a class",
        Value::Other(kind) => kind,
    }
}

fn json_tokens(bytes: &[u8]) -> Result<Vec<String>, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match serde_json::from_slice(bytes).map_err(|error| format!("broken JSON: {}", one_line(&error)))? {
        Json::Array(items) => {
            let token = |(at, item)| match item {
                Json::String(token) => Ok(token),
                other => Err(format!("item {at} is {}, not a string", short(&other))),
            };
            items.into_iter().enumerate().map(token).collect()
        }
        Json::Object(entries) => {
            let mut numbered = Vec::with_capacity(entries.len());
            for (token, number) in entries {
                let number = number
                    .as_u64()
                    .ok_or_else(|| format!("'{token}' has {} for a number", short(&number)))?;
                numbered.push((number, token));
            }
            numbered.sort();
            match numbered.iter().zip(0..).find(|((number, _), at)| number != at) {
                Some(((number, token), at)) => {
                    Err(format!("'{token}' has number {number} where {at} comes next"))
                }
                None => Ok(numbered.into_iter().map(|(_, token)| token).collect()),
            }
        }
        other => Err(format!("the JSON is {}", short(&other))),
    }
}

fn short(value: &Json) -> String {
    one_line(&value.to_string())
}

fn text_tokens(path: &Path, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let text = std::str::from_utf8(bytes).map_err(|error| Error::NotUtf8 {
        path: path.to_path_buf(),
        line: 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count() as u64,
        offset: error.valid_up_to() as u64,
        nameable: false,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens: Vec<String> = text.lines().map(str::to_string).collect();
    match tokens.iter().position(String::is_empty) {
        // Skipping it would renumber every token below.
        Some(at) => Err(Error::Vocabulary {
            path: path.to_path_buf(),
            cause: format!("line {} is blank", at + 1),
        }),
        None => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
        parse_vocab(Path::new(name), bytes).map_err(|error| error.to_string())
    }

    /// `pickle.dumps(['xxunk', 'é', '\n', 'xxunk'], protocol)` for the protocols 0 to 5, and Python 2's
    /// protocol 0.
    const LISTS: [&[u8]; 7] = [
        b"(lp0\nVxxunk\np1\naV\xE9\np2\naV\\u000a\np3\nag1\na.",
        b"]q\x00(X\x05\x00\x00\x00xxunkq\x01X\x02\x00\x00\x00\xC3\xA9q\x02X\x01\x00\x00\x00\nq\x03h\x01e.",
        b"\x80\x02]q\x00(X\x05\x00\x00\x00xxunkq\x01X\x02\x00\x00\x00\xC3\xA9q\x02X\x01\x00\x00\x00\nq\x03h\x01e.",
        b"\x80\x03]q\x00(X\x05\x00\x00\x00xxunkq\x01X\x02\x00\x00\x00\xC3\xA9q\x02X\x01\x00\x00\x00\nq\x03h\x01e.",
        b"\x80\x04\x95\x18\x00\x00\x00\x00\x00\x00\x00]\x94(\x8C\x05xxunk\x94\x8C\x02\xC3\xA9\x94\x8C\x01\n\x94h\x01e.",
        b"\x80\x05\x95\x18\x00\x00\x00\x00\x00\x00\x00]\x94(\x8C\x05xxunk\x94\x8C\x02\xC3\xA9\x94\x8C\x01\n\x94h\x01e.",
        b"(lp0\nS'xxunk'\np1\naS'\\xc3\\xa9'\np2\naS'\\n'\np3\nag1\na.",
    ];

    #[test]
    fn every_protocol_gives_the_same_list() {
        for (protocol, bytes) in LISTS.iter().enumerate() {
            let tokens = read("itos.pkl", bytes);
            assert_eq!(
                tokens,
                Ok(["xxunk", "é", "\n", "xxunk"].map(str::to_string).to_vec()),
                "protocol {protocol}"
            );
        }
    }

    #[test]
    fn fastcore_lists_are_unwrapped() {
        for bytes in [
            b"ccopy_reg\n_reconstructor\np0\n(cfastcore.foundation\nL\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\nVitems\np6\n(lp7\nVa\np8\naVb\np9\nasb.".as_slice(),
            b"\x80\x02cfastcore.foundation\nL\nq\x00)\x81q\x01}q\x02X\x05\x00\x00\x00itemsq\x03]q\x04(X\x01\x00\x00\x00aq\x05X\x01\x00\x00\x00bq\x06esb.",
            b"\x80\x04\x958\x00\x00\x00\x00\x00\x00\x00\x8C\x13fastcore.foundation\x94\x8C\x01L\x94\x93\x94)\x81\x94}\x94\x8C\x05items\x94]\x94(\x8C\x01a\x94\x8C\x01b\x94esb.",
            b"\x80\x05\x958\x00\x00\x00\x00\x00\x00\x00\x8C\x13fastcore.foundation\x94\x8C\x01L\x94\x93\x94)\x81\x94}\x94\x8C\x05items\x94]\x94(\x8C\x01a\x94\x8C\x01b\x94esb.",
        ] {
            assert_eq!(read("vocab.pkl", bytes), Ok(vec!["a".to_string(), "b".to_string()]));
        }
    }

    #[test]
    fn pickles_that_run_code_are_refused() {
        for (bytes, callable) in [
            (b"cposix\nsystem\n(S'echo x'\ntR.".as_slice(), "posix.system"),
            (b"(S'echo x'\niposix\nsystem\n.", "posix.system"),
            (b"(cos\nsystem\nS'echo x'\no.", "os.system"),
            (
                b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
                "builtins.eval",
            ),
            (
                b"\x80\x02csubprocess\nPopen\nX\x02\x00\x00\x00ls\x85\x81.",
                "subprocess.Popen",
            ),
            (
                b"\x80\x02](X\x01\x00\x00\x00aX\x01\x00\x00\x00bcos\nsystem\nX\x01\x00\x00\x00x\x85Re.",
                "os.system",
            ),
        ] {
            assert_eq!(
                read("v.pkl", bytes),
                Err(format!(
                    "v.pkl: asks to run code ({callable}) and was refused; give a vocabulary that is a plain list of strings, and do not \
                     open this file in Python unless you trust it"
                ))
            );
        }
    }

    #[test]
    fn other_contents_are_named() {
        let cause = |name: &str, bytes: &[u8]| {
            let message = read(name, bytes).expect_err("refused");
            let cause = message
                .strip_prefix(&format!("{name}: not a vocabulary: "))
                .unwrap_or(&message);
            let wanted = "; expected a pickled or JSON list of strings, or one token a line";
            cause.strip_suffix(wanted).unwrap_or(cause).to_string()
        };
        assert_eq!(cause("v.pkl", b"\x80\x04]."), "the list is empty");
        assert_eq!(
            cause("v.pkl", b"\x80\x04](K\x01e."),
            "item 0 is a number, not a string"
        );
        assert_eq!(
            cause("v.pkl", b"\x80\x04](]]e."),
            "item 0 is a list, not a string"
        );
        assert_eq!(cause("v.pkl", b"}."), "the pickle holds a dictionary");
        assert_eq!(
            cause("v.pkl", b"\x80\x04](X\xFF\xFF"),
            "the pickle ends too early"
        );
        assert_eq!(cause("v.pkl", b"a."), "broken pickle at byte 1");
        assert_eq!(
            cause("v.pkl", b"\x82\x01."),
            "unsupported pickle instruction 0x82 at byte 0"
        );
        assert_eq!(
            cause("v.pkl", b"\x80\x04]\x8c\x01\xFFa."),
            "a string at byte 3 is not UTF-8"
        );
        assert_eq!(cause("v.json", b"[\"a\", 1]"), "item 1 is 1, not a string");
        assert_eq!(
            cause("v.json", b"{\"a\": 0, \"b\": 2}"),
            "'b' has number 2 where 1 comes next"
        );
        assert!(cause("v.json", b"[\"a\"").starts_with("broken JSON: EOF while parsing a list"));
        assert_eq!(cause("v.txt", b"a\n\nb\n"), "line 2 is blank");
        assert_eq!(cause("v.txt", b""), "v.txt: the file is empty");
        assert!(cause("v.txt", b"a\n\xFF").starts_with("v.txt: line 2, byte 2: not UTF-8"));
        let missing = read_vocab(Path::new("no/v.pkl"))
            .expect_err("missing")
            .to_string();
        assert_eq!(missing, "no/v.pkl: no such file; check the path");
    }

    #[test]
    fn json_and_text_are_read() {
        let ab = Ok(vec!["a".to_string(), "b".to_string()]);
        assert_eq!(read("v.json", b"[\"a\", \"b\"]"), ab);
        assert_eq!(read("v", b" {\"b\": 1, \"a\": 0}"), ab);
        assert_eq!(read("v.txt", b"a\r\nb\r\n"), ab);
        assert_eq!(read("v.txt", b"["), Ok(vec!["[".to_string()]));
    }

    #[test]
    fn nesting_and_repetition_do_not_exhaust_anything() {
        let deep = [vec![b']'; 1_000_000], vec![b'a'; 999_999], b".".to_vec()].concat();
        assert!(
            read("v.pkl", &deep)
                .expect_err("nested")
                .contains("item 0 is a list, not a string")
        );
        // A string of a megabyte, a hundred times.
        let mut bytes = b"\x80\x04]X\x00\x00\x10\x00".to_vec();
        bytes.extend(vec![b'x'; 1 << 20]);
        bytes.extend(b"q\x000");
        bytes.extend(b"h\x00a".repeat(100));
        bytes.push(b'.');
        assert!(
            read("v.pkl", &bytes)
                .expect_err("huge")
                .contains("its tokens take more than 64 MiB")
        );
        let many = [b"](".as_slice(), &vec![b'N'; 4_000_100], b"e."].concat();
        assert!(
            read("v.pkl", &many)
                .expect_err("many")
                .contains("more than 4000000 values")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for name in ["v.pkl", "v.json", "v.txt", "v"] {
                let _ = read(name, &bytes);
            }
        }

        #[test]
        fn instructions_in_any_order_never_panic(
            bytes in proptest::collection::vec(proptest::sample::select(b"(.012]})tldaesuqphgSVXUcRbiokN\x85\x86\x87\x93\x94\x81\x01\x00\n'a".to_vec()), 0..60)
        ) {
            let _ = read("v.pkl", &bytes);
        }

        #[test]
        fn changed_pickles_never_panic(which in 0_usize..7, at in any::<usize>(), byte in any::<u8>()) {
            let mut bytes = LISTS[which].to_vec();
            let length = bytes.len();
            bytes[at % length] = byte;
            let _ = read("v.pkl", &bytes);
        }
    }
}
