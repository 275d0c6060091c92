//! Values as they stand in a line, where parsing them would change them: a number of more digits than any type has, and the
//! order of an object's keys.

use serde_json::Value;

/// The values of the object that is all of a line, in their order, without the spaces between their parts; of a value that
/// is a string itself, nothing. The line was parsed without a fault.
pub(super) fn values(line: &[u8]) -> Vec<String> {
    let mut values = Vec::new();
    // The value that is being read, where one is.
    let mut value: Option<String> = None;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let from = at;
        at += 1;
        match byte {
            b'"' => {
                at = string_end(line, at);
                // What is a string at the top, a key or a value, is known already, and texts are long.
                if let Some(value) = value.as_mut().filter(|_| depth > 1) {
                    value.push_str(&string(line.get(from..at).unwrap_or_default()));
                }
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'{' | b'[' => depth += 1,
            _ => {}
        }
        match (byte, &mut value) {
            (b':', None) => value = Some(String::new()),
            (b',', _) if depth == 1 => values.extend(value.take()),
            (b'}', _) if depth == 0 => values.extend(value.take()),
            (_, Some(value)) => value.push(char::from(byte)),
            _ => {}
        }
    }
    values
}

/// Where a string that is open at `at` has ended.
fn string_end(line: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = line.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    line.len()
}

/// A string as it is written everywhere, with no more of it escaped than has to be.
fn string(source: &[u8]) -> String {
    match serde_json::from_slice::<String>(source) {
        Ok(text) => Value::from(text).to_string(),
        Err(_) => String::from_utf8_lossy(source).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_the_order_of_keys_stay() {
        let line = br#" { "a" : 18446744073709551616, "t":"x, \"y\": {",
            "b": [1.10, { "z" : "caf\u00e9\\", "c":-0 } ], "c":{}, "d":null,"e":"" } "#;
        let expected = [
            "18446744073709551616",
            "",
            r#"[1.10,{"z":"café\\","c":-0}]"#,
            "{}",
            "null",
            "",
        ];
        assert_eq!(values(line), expected);
        assert!(values(b"{}").is_empty());
    }
}
