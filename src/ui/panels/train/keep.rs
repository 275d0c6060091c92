//! Training again with the language model of the classifier that is there: where it has read the project's texts, stage 2 would
//! only have them read once more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::start::model_place;
use crate::session::adapted::{Read, language_model, language_model_backward};
use crate::session::preview;
use crate::session::project::Texts;
use crate::session::protocol::Fit;
use crate::ui::Shared;
use crate::ui::run::Recipe;

/// The language model of the project's classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapted {
    /// The one that reads forward.
    pub(super) forward: PathBuf,
    /// That of the half that reads backward, where there is one.
    pub(super) backward: Option<PathBuf>,
    /// Texts that the project has got since it was read.
    pub added: usize,
}

impl Adapted {
    /// What there is in a classifier's directory that has read these texts.
    fn find(models: &Models, texts: &[String]) -> Option<Self> {
        let read = |model: &Option<(PathBuf, SystemTime)>| {
            let (path, _) = model.as_ref()?;
            Some((path.clone(), Read::by(path)?.come_since(texts)?))
        };
        let (forward, added) = read(&models.0)?;
        let backward = read(&models.1).filter(|(_, since)| *since == added);
        Some(Self {
            forward,
            backward: backward.map(|(path, _)| path),
            added,
        })
    }

    /// The job that goes on from it, without stage 2.
    pub fn keep(&self, job: Fit) -> Fit {
        Fit {
            model: Some(self.forward.clone()),
            // A run that reads forward alone has no use for the other, but hands it on.
            backward_model: self.backward.clone(),
            adapt: false,
            unlabelled: None,
            ..job
        }
    }
}

/// The language models in a classifier's directory, forward and backward, and when each was made.
#[derive(PartialEq)]
struct Models(Option<(PathBuf, SystemTime)>, Option<(PathBuf, SystemTime)>);

impl Models {
    fn of(classifier: Option<&Path>) -> Self {
        Self(
            classifier.and_then(language_model),
            classifier.and_then(language_model_backward),
        )
    }
}

/// Whether the next run keeps the language model.
#[derive(Default)]
pub struct Keeper {
    /// What was looked at last, and what was found.
    found: Option<(Models, Arc<Texts>, Option<Adapted>)>,
    /// What was chosen; `None` while nothing was.
    choice: Option<bool>,
}

impl Keeper {
    /// Looks at the project's classifier. Cheap unless it or the texts are others than before.
    pub fn follow(&mut self, shared: &Shared) {
        let Some(open) = &shared.project else {
            self.found = None;
            return;
        };
        // Of a project that was just opened the classifier may not be unpacked yet, but lie where it was made.
        let place = model_place(&shared.work_dir);
        let models = Models::of(Some(shared.model.as_deref().unwrap_or(&place)));
        let texts = &open.project.texts;
        let same = |(m, t, _): &(Models, Arc<Texts>, Option<Adapted>)| *m == models && Arc::ptr_eq(t, texts);
        if !self.found.as_ref().is_some_and(same) {
            let adapted = Adapted::find(&models, &texts.texts);
            self.found = Some((models, Arc::clone(texts), adapted));
        }
    }

    /// The language model that a run by this recipe can keep.
    pub fn offered(&self, recipe: &Recipe) -> Option<&Adapted> {
        let (_, _, adapted) = self.found.as_ref()?;
        let wanted = recipe.adapt && preview::is_pretrained(recipe.method);
        let all = |adapted: &&Adapted| !recipe.both || adapted.backward.is_some();
        adapted.as_ref().filter(|_| wanted).filter(all)
    }

    /// The recipe with what becomes of the language model: kept where it has read every text, unless something else was chosen.
    pub fn complete(&self, recipe: &Recipe) -> Recipe {
        let usual = |adapted: &Adapted| self.choice.unwrap_or(adapted.added == 0);
        Recipe {
            keep: self.offered(recipe).is_some_and(usual),
            ..recipe.clone()
        }
    }

    /// Takes the user's choice, for one run; `None` is none.
    pub fn choose(&mut self, keep: Option<bool>) {
        self.choice = keep;
    }
}
