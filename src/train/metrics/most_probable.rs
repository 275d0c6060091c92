//! Which class a classifier says: the same one everywhere, of equals too.

/// The index of the highest number, the first of equals; `None` where there is no number. What is no number is passed over.
pub fn most_probable<T: PartialOrd>(row: &[T]) -> Option<usize> {
    let mut best: Option<(usize, &T)> = None;
    for (class, p) in row.iter().enumerate() {
        let is_number = p.partial_cmp(p).is_some();
        if is_number && best.is_none_or(|(_, highest)| p > highest) {
            best = Some((class, p));
        }
    }
    best.map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::most_probable;

    #[test]
    fn the_first_of_equals_is_taken() {
        assert_eq!(most_probable(&[0.25; 4]), Some(0));
        assert_eq!(most_probable(&[0.2_f32, 0.4, 0.4]), Some(1));
        assert_eq!(most_probable(&[0.4, 0.2, 0.4]), Some(0));
        assert_eq!(most_probable(&[0.0, -0.0]), Some(0));
    }

    #[test]
    fn what_is_no_number_is_passed_over() {
        assert_eq!(most_probable(&[f64::NAN, 0.1, 0.9, f64::NAN]), Some(2));
        assert_eq!(most_probable(&[f32::NAN; 2]), None);
        assert_eq!(most_probable::<f64>(&[]), None);
    }
}
