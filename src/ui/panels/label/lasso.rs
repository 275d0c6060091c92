//! Which points lie inside a loop that was drawn by hand.

use egui::{Pos2, Rect};

/// The points inside a closed loop, by the even-odd rule: a ray to the right crosses the loop an odd number of times.
pub(super) fn inside(points: impl Iterator<Item = Pos2>, outline: &[Pos2]) -> Vec<usize> {
    if outline.len() < 3 {
        return Vec::new();
    }
    let bounds = Rect::from_points(outline);
    points
        .enumerate()
        .filter(|(_, p)| bounds.contains(*p) && crossings_are_odd(*p, outline))
        .map(|(i, _)| i)
        .collect()
}

fn crossings_are_odd(p: Pos2, outline: &[Pos2]) -> bool {
    let Some(mut before) = outline.last() else {
        return false;
    };
    let mut odd = false;
    for corner in outline {
        if (corner.y > p.y) != (before.y > p.y) {
            let t = (p.y - corner.y) / (before.y - corner.y);
            if p.x < corner.x + t * (before.x - corner.x) {
                odd = !odd;
            }
        }
        before = corner;
    }
    odd
}

/// The point nearest to a place, no farther away than `reach`.
pub(super) fn nearest(points: impl Iterator<Item = Pos2>, place: Pos2, reach: f32) -> Option<usize> {
    points
        .enumerate()
        .map(|(i, p)| (i, p.distance_sq(place)))
        .filter(|(_, d)| *d <= reach * reach)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn a_loop_catches_what_lies_in_it() {
        // A U, open at the top: its notch is outside though the bounds hold it.
        let u = [
            pos2(0.0, 0.0),
            pos2(1.0, 0.0),
            pos2(1.0, 2.0),
            pos2(2.0, 2.0),
            pos2(2.0, 0.0),
            pos2(3.0, 0.0),
            pos2(3.0, 3.0),
            pos2(0.0, 3.0),
        ];
        let points = [
            pos2(0.5, 1.0),
            pos2(1.5, 1.0),
            pos2(2.5, 1.0),
            pos2(1.5, 2.5),
            pos2(4.0, 1.0),
        ];
        assert_eq!(inside(points.into_iter(), &u), [0, 2, 3]);
        let mut backwards = u;
        backwards.reverse();
        assert_eq!(inside(points.into_iter(), &backwards), [0, 2, 3]);
        assert!(inside(points.into_iter(), &u[..2]).is_empty());
        assert!(inside(points.into_iter(), &[]).is_empty());
    }

    #[test]
    fn a_figure_of_eight_catches_both_halves() {
        let eight = [pos2(0.0, 0.0), pos2(2.0, 2.0), pos2(2.0, 0.0), pos2(0.0, 2.0)];
        let points = [pos2(0.2, 1.0), pos2(1.8, 1.0), pos2(1.0, 0.2)];
        assert_eq!(inside(points.into_iter(), &eight), [0, 1]);
    }

    #[test]
    fn the_nearest_point_is_found_within_reach() {
        let points = [pos2(0.0, 0.0), pos2(10.0, 0.0)];
        assert_eq!(nearest(points.into_iter(), pos2(7.0, 1.0), 5.0), Some(1));
        assert_eq!(nearest(points.into_iter(), pos2(5.0, 9.0), 5.0), None);
    }
}
