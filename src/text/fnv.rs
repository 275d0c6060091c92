//! FNV-1a: a number for a text that stays what it is. The standard library's hasher may change between releases, and what
//! is stored or decided by its numbers would change with it.

/// The number of nothing, to begin from.
pub const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The number of what `state` stands for and these after it, such as bytes or code points.
pub fn fnv1a<T: Into<u64>>(state: u64, numbers: impl IntoIterator<Item = T>) -> u64 {
    numbers.into_iter().fold(state, |hash, number| {
        (hash ^ number.into()).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{START, fnv1a};

    #[test]
    fn numbers_stay_what_they_were() {
        assert_eq!(fnv1a(START, "".bytes()), START);
        assert_eq!(fnv1a(START, "a".bytes()), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(START, "foobar".bytes()), 0x8594_4171_f739_67e8);
        assert_eq!(
            fnv1a(fnv1a(START, "foo".bytes()), "bar".bytes()),
            0x8594_4171_f739_67e8
        );
        assert_eq!(fnv1a(START, "é".chars()), 0xaf64_644c_8602_d3a4);
        assert_eq!(fnv1a(START, "é".bytes()), 0x0ac2_1707_b718_1e01);
    }
}
