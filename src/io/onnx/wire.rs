//! The wire format of Protocol Buffers, as much of it as writing takes: numbered fields, each a number, bytes or another message.

use std::io::{self, Write};

/// What a field holds.
#[derive(Debug)]
enum Value {
    Number(u64),
    Float(f32),
    Bytes(Vec<u8>),
    Message(Message),
}

impl Value {
    /// What readers that do not know the field go by.
    fn wire_type(&self) -> u64 {
        match self {
            Self::Number(_) => 0,
            Self::Bytes(_) | Self::Message(_) => 2,
            Self::Float(_) => 5,
        }
    }
}

/// A message: its fields in the order in which they are written. What occurs more than once is a list.
#[derive(Debug, Default)]
pub struct Message(Vec<(u32, Value)>);

impl Message {
    fn with(mut self, field: u32, value: Value) -> Self {
        self.0.push((field, value));
        self
    }

    /// A whole number; of a negative one, its two's complement.
    pub fn number(self, field: u32, value: i64) -> Self {
        self.with(field, Value::Number(value.cast_unsigned()))
    }

    /// A number of 32 bits.
    pub fn float(self, field: u32, value: f32) -> Self {
        self.with(field, Value::Float(value))
    }

    /// Bytes.
    pub fn bytes(self, field: u32, value: Vec<u8>) -> Self {
        self.with(field, Value::Bytes(value))
    }

    /// Text.
    pub fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes().to_vec())
    }

    /// A message in this one.
    pub fn message(self, field: u32, value: Self) -> Self {
        self.with(field, Value::Message(value))
    }

    /// A list of messages.
    pub fn messages(self, field: u32, values: impl IntoIterator<Item = Self>) -> Self {
        values
            .into_iter()
            .fold(self, |message, value| message.message(field, value))
    }

    /// Bytes that [`Self::write`] writes.
    pub fn size(&self) -> u64 {
        let field = |(field, value): &(u32, Value)| {
            let key = width(u64::from(*field) << 3);
            key + match value {
                Value::Number(number) => width(*number),
                Value::Float(_) => 4,
                Value::Bytes(bytes) => width(bytes.len() as u64) + bytes.len() as u64,
                Value::Message(message) => {
                    let size = message.size();
                    width(size) + size
                }
            }
        };
        self.0.iter().map(field).sum()
    }

    /// Writes the fields one after another.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (field, value) in &self.0 {
            number(out, u64::from(*field) << 3 | value.wire_type())?;
            match value {
                Value::Number(value) => number(out, *value)?,
                Value::Float(value) => out.write_all(&value.to_le_bytes())?,
                Value::Bytes(bytes) => {
                    number(out, bytes.len() as u64)?;
                    out.write_all(bytes)?;
                }
                Value::Message(message) => {
                    number(out, message.size())?;
                    message.write(out)?;
                }
            }
        }
        Ok(())
    }
}

/// Seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
fn number(out: &mut dyn Write, mut value: u64) -> io::Result<()> {
    while value >= 0x80 {
        out.write_all(&[value as u8 | 0x80])?;
        value >>= 7;
    }
    out.write_all(&[value as u8])
}

/// Bytes that [`number`] takes for it.
fn width(value: u64) -> u64 {
    u64::from((64 - value.leading_zeros()).div_ceil(7).max(1))
}

/// A message as it is read back.
#[cfg(test)]
pub mod read {
    /// Fields in their order. Bytes may be text, numbers or a message, which the reader has to know.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Message(pub Vec<(u32, Field)>);

    #[derive(Clone, Debug, PartialEq)]
    pub enum Field {
        Number(i64),
        Float(f32),
        Bytes(Vec<u8>),
    }

    fn number(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = bytes.split_first().expect("a number ends");
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    impl Message {
        pub fn parse(mut bytes: &[u8]) -> Self {
            let mut fields = Vec::new();
            while !bytes.is_empty() {
                let key = number(&mut bytes);
                let field = match key & 7 {
                    0 => Field::Number(number(&mut bytes).cast_signed()),
                    2 => {
                        let length = number(&mut bytes) as usize;
                        let (value, rest) = bytes.split_at(length);
                        bytes = rest;
                        Field::Bytes(value.to_vec())
                    }
                    5 => {
                        let (value, rest) = bytes.split_first_chunk::<4>().expect("four bytes");
                        bytes = rest;
                        Field::Float(f32::from_le_bytes(*value))
                    }
                    other => panic!("wire type {other}"),
                };
                fields.push((u32::try_from(key >> 3).expect("a field's number"), field));
            }
            Self(fields)
        }

        fn of(&self, field: u32) -> impl Iterator<Item = &Field> {
            self.0.iter().filter(move |(at, _)| *at == field).map(|(_, f)| f)
        }

        pub fn numbers(&self, field: u32) -> Vec<i64> {
            let number = |f: &Field| match f {
                Field::Number(n) => *n,
                other => panic!("field {field} is {other:?}"),
            };
            self.of(field).map(number).collect()
        }

        pub fn bytes(&self, field: u32) -> Vec<&[u8]> {
            let bytes = |f: &'_ Field| match f {
                Field::Bytes(_) => (),
                other => panic!("field {field} is {other:?}"),
            };
            self.of(field).for_each(bytes);
            let all = self.of(field).filter_map(|f| match f {
                Field::Bytes(b) => Some(b.as_slice()),
                _ => None,
            });
            all.collect()
        }

        pub fn texts(&self, field: u32) -> Vec<String> {
            let text = |b: &[u8]| String::from_utf8(b.to_vec()).expect("text");
            self.bytes(field).into_iter().map(text).collect()
        }

        pub fn text(&self, field: u32) -> String {
            self.texts(field).pop().unwrap_or_default()
        }

        pub fn messages(&self, field: u32) -> Vec<Self> {
            self.bytes(field).into_iter().map(Self::parse).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        // Its own examples: 150 in field 1, "testing" in field 2, the first message in field 3.
        let inner = || Message::default().number(1, 150);
        let mut bytes = Vec::new();
        let message = inner().text(2, "testing").message(3, inner()).float(4, 1.0);
        message.write(&mut bytes).unwrap();
        let expected = [
            &[0x08, 0x96, 0x01][..],
            &[0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67],
            &[0x1a, 0x03, 0x08, 0x96, 0x01],
            &[0x25, 0, 0, 0x80, 0x3f],
        ];
        assert_eq!(bytes, expected.concat());
        assert_eq!(message.size(), bytes.len() as u64);
    }

    #[test]
    fn what_is_written_is_read_and_as_long_as_it_says() {
        for value in [0, 1, 127, 128, 16_383, 16_384, i64::MAX, -1, i64::MIN] {
            for field in [1, 15, 16, 2_047, 2_048] {
                let message = Message::default().number(field, value).bytes(field, vec![7; 200]);
                let mut bytes = Vec::new();
                message.write(&mut bytes).unwrap();
                assert_eq!(message.size(), bytes.len() as u64, "{field} {value}");
                let found = read::Message::parse(&bytes).0;
                let expected = [read::Field::Number(value), read::Field::Bytes(vec![7; 200])];
                assert_eq!(found, expected.map(|f| (field, f)), "{field} {value}");
            }
        }
    }
}
