//! A reader of Python pickles that keeps strings and lists and refuses to call anything.
//!
//! A pickle is a program for a stack machine, and two of its instructions call whatever function it names.
//! This machine has no way to call one: it stops at such an instruction and says what was asked for. Values
//! live in one arena and refer to each other by number, so neither nesting nor self-reference can exhaust
//! the stack, as they would in a reader that builds a tree.
//!
//! The pickle of a checkpoint has to call a few functions that put tensors together. Another reader does
//! that; here such a pickle is only walked through, to stop at the first name that is none of these.

use std::collections::HashMap;

use thiserror::Error;

/// Most values that a pickle may make; a vocabulary makes one a token.
const MOST_VALUES: usize = 4_000_000;

/// A value's number in its [`Pickle`].
pub(super) type Id = usize;

/// What a pickle can make here.
#[derive(Debug)]
pub(super) enum Value {
    String(String),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// An object of a class known to be a plain container, and its attributes.
    Object(Option<Id>),
    Class(String),
    /// Anything else; its kind.
    Other(&'static str),
}

/// Why a pickle was not read.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Call(String),
    #[error("the pickle ends too early")]
    Truncated,
    #[error("broken pickle at byte {0}")]
    Broken(usize),
    #[error("unsupported pickle instruction 0x{0:02x} at byte {1}")]
    Unsupported(u8, usize),
    #[error("a string at byte {0} is not UTF-8")]
    NotUtf8(usize),
    #[error("more than {MOST_VALUES} values")]
    TooLarge,
}

/// A pickle that has been read.
pub(super) struct Pickle {
    values: Vec<Value>,
    /// The value that the pickle stands for.
    pub(super) root: Id,
}

impl Pickle {
    /// Reads a pickle of any protocol from 0 to 5.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut machine = Machine {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            known: None,
        };
        let root = machine.run()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }

    pub(super) fn get(&self, id: Id) -> &Value {
        &self.values[id]
    }
}

/// Walks through the pickle at the start of `bytes` without calling anything, and gives its length.
///
/// # Errors
/// It names a class or a function that `known` does not know, or it is no pickle.
pub(super) fn walk(bytes: &[u8], known: fn(&str) -> bool) -> Result<usize, Fault> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        known: Some(known),
    };
    machine.run()?;
    Ok(machine.at)
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack at the marks that are still open.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// Where names are checked and calls passed over: the names that may be called.
    known: Option<fn(&str) -> bool>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Id, Fault> {
        loop {
            if self.values.len() > MOST_VALUES || self.stack.len() > MOST_VALUES {
                return Err(Fault::TooLarge);
            }
            let start = self.at;
            match self.byte()? {
                b'.' => return self.pop(),
                // Protocol and frame: how the bytes are laid out, which does not matter here.
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b'(' => self.marks.push(self.stack.len()),
                b'0' if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
                b'0' => drop(self.pop()?),
                b'1' => drop(self.pop_mark()?),
                b'2' => {
                    let top = self.top()?;
                    self.stack.push(top);
                }
                code @ (b'p' | b'q' | b'r' | 0x94) => {
                    let key = match code {
                        b'p' => self.line_number()?,
                        b'q' => self.length(1)? as u64,
                        b'r' => self.length(4)? as u64,
                        _ => self.memo.len() as u64,
                    };
                    let top = self.top()?;
                    self.memo.insert(key, top);
                }
                code @ (b'g' | b'h' | b'j') => {
                    let key = match code {
                        b'g' => self.line_number()?,
                        b'h' => self.length(1)? as u64,
                        _ => self.length(4)? as u64,
                    };
                    let value = *self.memo.get(&key).ok_or(Fault::Broken(start))?;
                    self.stack.push(value);
                }
                code @ (0x8c | b'X' | 0x8d | b'U' | b'T') => {
                    let size = self.length(match code {
                        0x8c | b'U' => 1,
                        0x8d => 8,
                        _ => 4,
                    })?;
                    let text = std::str::from_utf8(self.take(size)?).map_err(|_| Fault::NotUtf8(start))?;
                    self.push(Value::String(text.to_string()));
                }
                b'V' => {
                    let text = unescape_unicode(self.line()?).ok_or(Fault::NotUtf8(start))?;
                    self.push(Value::String(text));
                }
                b'S' => {
                    let text = unescape_repr(self.line()?).ok_or(Fault::NotUtf8(start))?;
                    self.push(Value::String(text));
                }
                b']' | b')' => self.push(Value::List(Vec::new())),
                b'}' => self.push(Value::Dict(Vec::new())),
                b'l' | b't' => {
                    let items = self.pop_mark()?;
                    self.push(Value::List(items));
                }
                code @ 0x85..=0x87 => {
                    let size = usize::from(code - 0x84);
                    let from = self.stack.len().checked_sub(size).ok_or(Fault::Broken(start))?;
                    let items = self.stack.split_off(from);
                    self.push(Value::List(items));
                }
                b'a' => {
                    let item = self.pop()?;
                    self.extend(start, vec![item])?;
                }
                b'e' => {
                    let items = self.pop_mark()?;
                    self.extend(start, items)?;
                }
                b'd' => {
                    let items = self.pop_mark()?;
                    self.push(Value::Dict(Vec::new()));
                    self.insert(start, &items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.insert(start, &[key, value])?;
                }
                b'u' => {
                    let items = self.pop_mark()?;
                    self.insert(start, &items)?;
                }
                code => self.rare(code, start)?,
            }
        }
    }

    /// Instructions that a plain list of strings does not need.
    fn rare(&mut self, code: u8, start: usize) -> Result<(), Fault> {
        match code {
            b'N' => self.push(Value::Other("None")),
            0x88 | 0x89 => self.push(Value::Other("a bool")),
            b'I' | b'L' | b'F' => {
                self.line()?;
                self.push(Value::Other("a number"));
            }
            b'K' | b'M' | b'J' | b'G' => {
                self.take(match code {
                    b'K' => 1,
                    b'M' => 2,
                    b'J' => 4,
                    _ => 8,
                })?;
                self.push(Value::Other("a number"));
            }
            0x8a | 0x8b => {
                let size = self.length(if code == 0x8a { 1 } else { 4 })?;
                self.take(size)?;
                self.push(Value::Other("a number"));
            }
            b'C' | b'B' | 0x8e | 0x96 => {
                let size = self.length(match code {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.take(size)?;
                self.push(Value::Other("bytes"));
            }
            0x8f => self.push(Value::Other("a set")),
            0x90 => drop(self.pop_mark()?),
            0x91 => {
                self.pop_mark()?;
                self.push(Value::Other("a set"));
            }
            b'c' => {
                let name = self.class_name()?;
                self.class(name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.values[module], &self.values[name]) {
                    (Value::String(module), Value::String(name)) => {
                        let name = format!("{module}.{name}");
                        self.class(name)?;
                    }
                    _ => return Err(Fault::Broken(start)),
                }
            }
            b'P' if self.known.is_some() => {
                self.line()?;
                self.push(Value::Other("a storage"));
            }
            b'Q' if self.known.is_some() => {
                self.pop()?;
                self.push(Value::Other("a storage"));
            }
            b'i' if self.known.is_some() => {
                let name = self.class_name()?;
                self.class(name)?;
                self.pop()?;
                self.pop_mark()?;
                self.push(Value::Object(None));
            }
            b'o' if self.known.is_some() => {
                self.pop_mark()?;
                self.push(Value::Object(None));
            }
            // What is called was named before, so it is known: nothing else can be on the stack to be called.
            0x81 | 0x92 | b'R' if self.known.is_some() => {
                for _ in 0..if code == 0x92 { 3 } else { 2 } {
                    self.pop()?;
                }
                self.push(Value::Object(None));
            }
            b'i' => return Err(Fault::Call(self.class_name()?)),
            b'o' => {
                let items = self.pop_mark()?;
                let class = *items.first().ok_or(Fault::Broken(start))?;
                return Err(self.call_of(class, start));
            }
            // Making an object of a class calls its constructor; only plain containers are let through.
            0x81 | 0x92 | b'R' => {
                if code == 0x92 {
                    self.pop()?;
                }
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let class = match (&self.values[callable], &self.values[arguments]) {
                    (Value::Class(name), Value::List(items)) if is_reconstructor(name) && code == b'R' => {
                        *items.first().ok_or(Fault::Broken(start))?
                    }
                    _ if code == b'R' => return Err(self.call_of(callable, start)),
                    _ => callable,
                };
                if !matches!(&self.values[class], Value::Class(name) if is_container(name)) {
                    return Err(self.call_of(class, start));
                }
                self.push(Value::Object(None));
            }
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                match &mut self.values[top] {
                    Value::Object(slot) => *slot = Some(state),
                    _ => return Err(Fault::Broken(start)),
                }
            }
            other => return Err(Fault::Unsupported(other, start)),
        }
        Ok(())
    }

    fn call_of(&self, callable: Id, start: usize) -> Fault {
        match &self.values[callable] {
            Value::Class(name) => Fault::Call(name.clone()),
            _ => Fault::Broken(start),
        }
    }

    fn class(&mut self, name: String) -> Result<(), Fault> {
        if self.known.is_some_and(|known| !known(&name)) {
            return Err(Fault::Call(name));
        }
        self.push(Value::Class(name));
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// Pops a value, never from below an open mark.
    fn pop(&mut self) -> Result<Id, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(Fault::Broken(self.at));
        }
        self.stack.pop().ok_or(Fault::Broken(self.at))
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, Fault> {
        let mark = self.marks.pop().ok_or(Fault::Broken(self.at))?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Id, Fault> {
        self.stack.last().copied().ok_or(Fault::Broken(self.at))
    }

    fn extend(&mut self, start: usize, items: Vec<Id>) -> Result<(), Fault> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::List(list) => list.extend(items),
            Value::Object(_) if self.known.is_some() => {}
            _ => return Err(Fault::Broken(start)),
        }
        Ok(())
    }

    fn insert(&mut self, start: usize, items: &[Id]) -> Result<(), Fault> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::Dict(entries) => {
                entries.extend(items.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value)));
            }
            Value::Object(_) if self.known.is_some() => {}
            _ => return Err(Fault::Broken(start)),
        }
        Ok(())
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(size).ok_or(Fault::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(Fault::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A little-endian length of `width` bytes.
    fn length(&mut self, width: usize) -> Result<usize, Fault> {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.take(width)?);
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| Fault::Truncated)
    }

    fn line(&mut self) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        let size = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(Fault::Truncated)?;
        let line = self.take(size)?;
        self.at += 1;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn line_number(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let text = std::str::from_utf8(self.line()?).map_err(|_| Fault::Broken(start))?;
        text.trim().parse().map_err(|_| Fault::Broken(start))
    }

    fn class_name(&mut self) -> Result<String, Fault> {
        let module = String::from_utf8_lossy(self.line()?).into_owned();
        Ok(format!("{module}.{}", String::from_utf8_lossy(self.line()?)))
    }
}

/// The function through which protocols 0 and 1 make an object without calling its constructor.
pub(super) fn is_reconstructor(name: &str) -> bool {
    matches!(name, "copyreg._reconstructor" | "copy_reg._reconstructor")
}

/// fastcore's list, under the names that it has had.
pub(super) fn is_container(name: &str) -> bool {
    matches!(
        name,
        "fastcore.foundation.L" | "fastcore.basics.L" | "fastai2.core.foundation.L" | "fastcore.all.L"
    )
}

/// Protocol 0's text: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
fn unescape_unicode(line: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        let digits = match (byte, tail.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        if digits == 0 {
            text.push(char::from(*byte));
            rest = tail;
        } else {
            let code = std::str::from_utf8(tail.get(1..=digits)?).ok()?;
            text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = &tail[digits + 1..];
        }
    }
    Some(text)
}

/// Python 2's quoted string with backslash escapes.
fn unescape_repr(line: &[u8]) -> Option<String> {
    let quote = *line.first().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let mut rest = line.get(1..)?.strip_suffix(&[quote])?;
    let mut bytes = Vec::new();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (code, tail) = rest.split_first()?;
        rest = tail;
        bytes.push(match code {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'x' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).ok()?
            }
            b'\\' | b'\'' | b'"' => *code,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}
