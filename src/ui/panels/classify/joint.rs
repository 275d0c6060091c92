//! Classes that have become one label since the classifier was trained, by merging: what it says of either it says of both.

use crate::session::project::LabelId;

/// Which classes of a classifier are one label by now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// The place of each class among the different ones.
    places: Vec<usize>,
    /// The first class at each of those places.
    firsts: Vec<usize>,
}

impl Joint {
    /// From the labels that the classes are now. Classes that are none of the project's any more stay apart.
    pub fn of(ids: &[Option<LabelId>]) -> Self {
        let mut joint = Self::default();
        for (class, id) in ids.iter().enumerate() {
            let same = |&first: &usize| id.is_some() && ids.get(first) == Some(id);
            let place = joint.firsts.iter().position(same);
            joint.places.push(place.unwrap_or(joint.firsts.len()));
            if place.is_none() {
                joint.firsts.push(class);
            }
        }
        joint
    }

    /// The place of a class among the different ones.
    pub fn place(&self, class: usize) -> usize {
        self.places.get(class).copied().unwrap_or(class)
    }

    /// The first class that is the label at a place.
    pub fn first(&self, place: usize) -> usize {
        self.firsts.get(place).copied().unwrap_or(place)
    }

    /// Of something that there is of every class, what there is of the first of each label.
    pub fn firsts<T: Clone>(&self, of: &[T]) -> Vec<T> {
        self.firsts
            .iter()
            .filter_map(|&class| of.get(class))
            .cloned()
            .collect()
    }

    /// Probabilities of the classes, or differences of such, added up to those of the labels. What has another number of classes
    /// stays as it is.
    pub fn sums(&self, of: &[f32]) -> Vec<f32> {
        if of.len() != self.places.len() || self.firsts.len() == self.places.len() {
            return of.to_vec();
        }
        let mut sums = vec![0.0; self.firsts.len()];
        for (&place, p) in self.places.iter().zip(of) {
            if let Some(sum) = sums.get_mut(place) {
                *sum += p;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_one_label_are_added_up() {
        let joint = Joint::of(&[Some(4), None, Some(2), Some(4), None]);
        assert_eq!([0, 1, 2, 3, 4].map(|class| joint.place(class)), [0, 1, 2, 0, 3]);
        assert_eq!([0, 1, 2, 3].map(|place| joint.first(place)), [0, 1, 2, 4]);
        assert_eq!(joint.firsts(&["a", "b", "c", "d", "e"]), ["a", "b", "c", "e"]);
        assert_eq!(
            joint.sums(&[0.25, 0.0, 0.125, 0.5, 0.125]),
            [0.75, 0.0, 0.125, 0.125]
        );
        assert_eq!(joint.sums(&[0.5, 0.5]), [0.5, 0.5], "of another classifier");
        let apart = Joint::of(&[Some(0), Some(1)]);
        assert_eq!(apart.sums(&[0.3, 0.7]), [0.3, 0.7]);
    }
}
