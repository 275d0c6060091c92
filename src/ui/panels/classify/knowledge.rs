//! Everything that follows from the judged texts: trust, scores, mistakes. Made anew when labels or results change.

use crate::session::project::{LabelId, Project, TextId};
use crate::session::trust::{self, Coverage, Judged, Report, Trust, label_errors, losses};
use crate::ui::run::Share;

use super::joint::Joint;
use super::lesson::Lesson;
use super::results::{Results, own_label};

/// What is known of the classifier now.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The classes of the judgements, as the classifier names them; of those that are one label by now, the first.
    pub classes: Vec<String>,
    /// The labels of the project that they are.
    pub ids: Vec<Option<LabelId>>,
    /// Texts whose label is known and that the classifier had not seen.
    pub judged: Vec<Judged>,
    /// What confidence is worth.
    pub trust: Option<Trust>,
    /// Scores; of one class more where texts have labels that the classifier has not learned.
    pub report: Option<Report>,
    /// Texts that are taken for another class, the worst first.
    pub mistakes: Vec<TextId>,
    /// Texts whose label looks wrong, the clearest first.
    pub doubtful: Vec<TextId>,
    /// The texts without a label of the user's, by confidence.
    pub coverage: Coverage,
    /// Labels since the classifier was trained.
    pub news: usize,
    /// Scores of the labels that training held out, as they were then: what training told of TF-IDF is of just these.
    pub then: Option<Report>,
    /// Whether the judged texts are those, and have these labels still.
    pub is_as_then: bool,
    /// What TF-IDF gets wrong of the judged texts, where that was measured since.
    pub counted: Option<Share>,
}

/// The classes of a classifier, as it names them.
pub fn classes<'a>(lesson: &'a Lesson, results: Option<&'a Results>) -> &'a [String] {
    match results {
        Some(results) if lesson.classes.is_empty() => &results.labels,
        _ => &lesson.classes,
    }
}

impl Knowledge {
    /// From what the classifier learned and said; brings the results' labels and confidences up to date. What follows from the
    /// judged texts alone is taken over from what was known `earlier` of the same classifier where those are the same: most
    /// labels are for other texts, and with many classes it takes a while.
    pub fn new(
        lesson: &Lesson,
        mut results: Option<&mut Results>,
        project: &Project,
        earlier: Option<Self>,
    ) -> Self {
        if let Some(results) = results.as_deref_mut() {
            let ids = lesson.ids(&results.labels, project);
            results.follow(ids);
        }
        let classes = classes(lesson, results.as_deref());
        let ids = lesson.ids(classes, project);
        let joint = Joint::of(&ids);
        let (classes, ids) = (joint.firsts(classes), joint.firsts(&ids));
        let judged = lesson.judged(results.as_deref(), project);
        let earlier = earlier.filter(|earlier| earlier.classes == classes && earlier.judged == judged);
        let mut known = earlier.unwrap_or_else(|| Self::measured(lesson, classes, judged));
        known.ids = ids;
        known.news = lesson.news(project);
        let trust = known.trust.as_ref();
        known.coverage = results.map_or_else(Coverage::default, |results| {
            results.calibrate(trust);
            let open = results
                .rows
                .iter()
                .filter(|r| own_label(project, r.text).is_none());
            Coverage::new(open.map(|r| r.confidence), trust)
        });
        known
    }

    /// What follows from the judged texts alone.
    fn measured(lesson: &Lesson, classes: Vec<String>, judged: Vec<Judged>) -> Self {
        let judges = lesson.judges(&judged);
        let trust = Trust::pooled(&judged, &judges);
        let texts = |places: Vec<usize>| {
            places
                .into_iter()
                .filter_map(|i| Some(judged.get(i)?.text))
                .collect()
        };
        // A classifier that is itself more likely wrong than right casts no doubt on anybody.
        let likely = |j: &Judged| {
            trust.as_ref().is_some_and(|trust| {
                let p = trust.calibrated(&j.probabilities);
                let sure = p.get(j.predicted()).copied().unwrap_or(0.0);
                trust.likely_right(f64::from(sure)) > 0.5
            })
        };
        let mut doubtful = label_errors(&judged);
        doubtful.retain(|&i| judged.get(i).is_some_and(likely));
        let then = lesson.then();
        Self {
            report: trust::report(&classes, &judged, &judges),
            mistakes: texts(losses(&judged)),
            doubtful: texts(doubtful),
            is_as_then: then == judged,
            then: trust::report(&lesson.classes, &then, &lesson.judges(&then)),
            classes,
            judged,
            trust,
            ..Self::default()
        }
    }

    /// Texts of one class that are taken for another, or rightly for itself; the worst first.
    pub fn cell(&self, truth: usize, predicted: usize) -> Vec<TextId> {
        let mut found: Vec<(&Judged, f32)> = self
            .judged
            .iter()
            .filter(|j| j.truth == truth && j.predicted() == predicted)
            .map(|j| (j, j.probabilities.get(truth).copied().unwrap_or(0.0)))
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.text.cmp(&b.0.text)));
        found.into_iter().map(|(j, _)| j.text).collect()
    }

    /// What a text with a label of the user's was taken for instead, before the label was seen, and how surely.
    pub fn mistaken(&self, text: TextId) -> Option<(usize, f32)> {
        let judged = self.judged.iter().find(|j| j.text == text && !j.right())?;
        let p = judged.probabilities.get(judged.predicted())?;
        let of = |trust: &Trust| {
            trust
                .calibrated(&judged.probabilities)
                .get(judged.predicted())
                .copied()
        };
        Some((judged.predicted(), self.trust.as_ref().and_then(of).unwrap_or(*p)))
    }
}
