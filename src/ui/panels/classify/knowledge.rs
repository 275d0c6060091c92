//! Everything that follows from the judged texts: trust, scores, mistakes. Made anew when labels or results change.

use crate::session::exchange::{Background, Outcome, Wake};
use crate::session::project::{LabelId, Project, TextId};
use crate::session::trust::{self, Coverage, Judged, Report, Trust, label_errors, losses};
use crate::ui::run::Share;

use super::lesson::Lesson;
use super::results::{Results, own_label};

/// What is known of the classifier now.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The classes of the judgements, as the classifier names them.
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
}

impl Knowledge {
    /// From what the classifier learned and said; brings the results' labels and confidences up to date.
    pub fn new(lesson: &Lesson, mut results: Option<&mut Results>, project: &Project) -> Self {
        if let Some(results) = results.as_deref_mut() {
            results.ids = lesson.ids(&results.labels, project);
        }
        let judged = lesson.judged(results.as_deref(), project);
        let classes = match &results {
            Some(results) if lesson.classes.is_empty() => results.labels.clone(),
            _ => lesson.classes.clone(),
        };
        let trust = Trust::measured(&judged);
        let coverage = results.map_or_else(Coverage::default, |results| {
            results.calibrate(trust.as_ref());
            let open = results
                .rows
                .iter()
                .filter(|r| own_label(project, r.text).is_none());
            Coverage::new(open.map(|r| r.confidence), trust.as_ref())
        });
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
        Self {
            report: trust::report(&classes, &judged, &lesson.judges(&judged)),
            ids: lesson.ids(&classes, project),
            mistakes: texts(losses(&judged)),
            doubtful: texts(doubtful),
            news: lesson.news(project),
            classes,
            judged,
            trust,
            coverage,
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

    /// Sets TF-IDF to work on the same labels and the same texts; `None` where training has done so, or where there is
    /// nothing to learn from or to measure on.
    pub fn baseline(
        &self,
        lesson: &Lesson,
        project: &Project,
        wake: Wake,
    ) -> Option<Background<Option<(Report, f64)>>> {
        // Labels that were held out in turn are among those that were trained on.
        if lesson.baseline.is_some() || !lesson.held_out.is_empty() {
            return None;
        }
        let text = |id: TextId| project.texts.texts.get(id as usize).cloned();
        // The classifier learned from labels that have gone since, too.
        let class = |label: LabelId| {
            let (name, _) = lesson.names.iter().find(|n| n.1 == label)?;
            self.classes.iter().position(|class| class == name)
        };
        let train: Vec<_> = (lesson.trained.iter())
            .filter_map(|&(id, label)| Some((text(id)?, class(label)?)))
            .collect();
        let test: Vec<_> = (self.judged.iter())
            .filter_map(|j| Some((text(j.text)?, j.clone())))
            .collect();
        let enough = !train.is_empty() && !test.is_empty();
        enough.then(|| trust::baseline(self.classes.clone(), train, test, wake))
    }
}

/// TF-IDF's share of wrong labels, once it is known.
pub fn baseline_share(work: &Background<Option<(Report, f64)>>) -> Outcome<Option<Share>> {
    match work.poll() {
        Outcome::Running => Outcome::Running,
        Outcome::Lost => Outcome::Lost,
        Outcome::Done(found) => Outcome::Done(found.map(|(r, p)| Share {
            error: r.error,
            low: r.error_interval.low,
            high: r.error_interval.high,
            rows: r.rows,
            p: Some(p),
        })),
    }
}
