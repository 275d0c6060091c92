//! Training again with a language model that is there: where it has read the project's texts, stage 2 would only have them read
//! once more. It is that of the classifier, or of a run that has finished stage 2 and nothing more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::start::model_place;
use crate::session::adapted::{Read, language_model, language_model_backward};
use crate::session::preview;
use crate::session::project::Texts;
use crate::session::protocol::Fit;
use crate::session::unfinished::{LanguageModels, language_models};
use crate::ui::Shared;
use crate::ui::run::Recipe;

/// A language model that has read the project's texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapted {
    /// The one that reads forward.
    pub(super) forward: PathBuf,
    /// That of the half that reads backward, where there is one.
    pub(super) backward: Option<PathBuf>,
    /// Texts that the project has got since it was read.
    pub added: usize,
    /// Whether it is the classifier's. That of a run that came no further goes once there is a classifier made from it.
    pub stays: bool,
}

impl Adapted {
    /// What of these has read these texts; `stays` where they are a classifier's.
    fn find([forward, backward]: &LanguageModels, texts: &[String], stays: bool) -> Option<Self> {
        let read = |model: &Option<(PathBuf, SystemTime)>| {
            let (path, _) = model.as_ref()?;
            Some((path.clone(), Read::by(path)?.come_since(texts)?))
        };
        let (forward, added) = read(forward)?;
        let backward = read(backward).filter(|(_, since)| *since == added);
        Some(Self {
            forward,
            backward: backward.map(|(path, _)| path),
            added,
            stays,
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

/// The language models that there are: the classifier's, then those of runs that came no further.
fn there_are(classifier: &Path, place: &Path, trains: bool) -> Vec<LanguageModels> {
    let mut all = vec![[language_model(classifier), language_model_backward(classifier)]];
    if !trains {
        // What a run that goes on has made is its own.
        all.extend(language_models(place));
    }
    all
}

/// Whether the next run keeps the language model.
#[derive(Default)]
pub struct Keeper {
    /// What was looked at last, and what was found.
    found: Option<(Vec<LanguageModels>, Arc<Texts>, Vec<Adapted>)>,
    /// What was chosen; `None` while nothing was.
    choice: Option<bool>,
}

impl Keeper {
    /// Looks at the project's classifier and what runs have left. Cheap unless these or the texts are others than before.
    pub fn follow(&mut self, shared: &Shared) {
        let Some(open) = &shared.project else {
            self.found = None;
            return;
        };
        // Of a project that was just opened the classifier may not be unpacked yet, but lie where it was made.
        let place = model_place(&shared.work_dir);
        let classifier = shared.model.as_deref().unwrap_or(&place);
        let models = there_are(classifier, &place, shared.run.is_running());
        let texts = &open.project.texts;
        let before = self.found.as_ref();
        if before.is_none_or(|(m, t, _)| *m != models || !Arc::ptr_eq(t, texts)) {
            let all = models.iter().enumerate();
            let adapted = all.filter_map(|(at, models)| Adapted::find(models, &texts.texts, at == 0));
            let adapted = adapted.collect();
            self.found = Some((models, Arc::clone(texts), adapted));
        }
    }

    /// The language model that a run by this recipe can keep: the one that has read most of the texts.
    pub fn offered(&self, recipe: &Recipe) -> Option<&Adapted> {
        let (_, _, adapted) = self.found.as_ref()?;
        let wanted = recipe.adapt && preview::is_pretrained(recipe.method);
        let all = |adapted: &&Adapted| !recipe.both || adapted.backward.is_some();
        let fits = adapted.iter().filter(|_| wanted).filter(all);
        fits.min_by_key(|adapted| adapted.added)
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
