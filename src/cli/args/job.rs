//! From arguments to a job of the engine.

use std::path::PathBuf;

use super::classifier::{ClassifyArgs, EvaluateArgs, FitArgs, TrainArgs};
use super::columns::ColumnArgs;
use super::language_model::{AdaptArgs, ExportArgs, GenerateArgs, ImportArgs, PerplexityArgs, PretrainArgs};
use super::values::file_or_stdin;
use super::{Cli, Verb};
use crate::session::protocol::{
    Adapt, Bench, ClassifierOptions, Classify, Common, Evaluate, Export, Fit, Generate, Import, Job,
    LmOptions, Perplexity, Pretrain, Source,
};

impl Cli {
    /// The job that the arguments describe; without a command the demo.
    pub fn into_job(self) -> Job {
        let common = Common {
            device: self.common.device.unwrap_or_default(),
            seed: self.common.seed.unwrap_or_default(),
        };
        match self.verb.unwrap_or(Verb::Demo { out: None }) {
            Verb::Demo { out } => Job::Demo { common, out },
            Verb::Doctor => Job::Doctor { common },
            Verb::Tokenize {
                file, model, written, ..
            } => Job::Tokenize {
                input: file_or_stdin(file),
                model,
                encoding: written.encoding,
            },
            Verb::Pretrain(args) => Job::Pretrain(pretrain(args, common)),
            Verb::Adapt(args) => Job::Adapt(adapt(args, common)),
            Verb::Train(args) => Job::Fit(train(args, common)),
            Verb::Fit(args) => Job::Fit(fit(args, common)),
            Verb::Lab(args) => Job::Lab(args.into_job(common)),
            Verb::Classify(args) => Job::Classify(classify(args, common)),
            Verb::Evaluate(args) => Job::Evaluate(evaluate(args, common)),
            Verb::Perplexity(args) => Job::Perplexity(perplexity(args, common)),
            Verb::Generate(args) => Job::Generate(generate(args, common)),
            Verb::Import(args) => Job::Import(import(args)),
            Verb::Export(args) => Job::Export(export(args)),
            Verb::Bench {
                preset,
                only,
                steps,
                batch,
                plain,
            } => Job::Bench(Bench {
                common,
                preset: preset.map(ToString::to_string),
                only,
                steps,
                batch,
                plain,
            }),
        }
    }
}

fn source(path: PathBuf, columns: ColumnArgs) -> Source {
    Source {
        path,
        text_columns: columns.text_columns,
        label_column: columns.label_column,
        encoding: columns.written.encoding,
        sheet: columns.sheet,
        rows: None,
    }
}

fn pretrain(args: PretrainArgs, common: Common) -> Pretrain {
    Pretrain {
        common,
        corpus: args.corpus,
        text_columns: args.text_columns,
        encoding: args.written.encoding,
        valid: args.valid,
        out: args.out.out,
        preset: args.preset.into(),
        embedding: args.embedding,
        hidden: args.hidden,
        layers: args.layers,
        vocab: args.vocab,
        tokenizer: args.tokenizer,
        vocab_from: args.vocab_from,
        from: args.from,
        backward: args.backward,
        max_tokens: args.max_tokens,
        epochs: args.epochs,
        batch: args.batch,
        rate: args.rate,
        drop_mult: args.drop_mult,
        max_minutes: args.max_minutes,
        resume: args.out.resume,
        overwrite: args.out.overwrite,
        corpus_name: args.corpus_name,
        corpus_licence: args.corpus_licence,
    }
}

fn adapt(args: AdaptArgs, common: Common) -> Adapt {
    Adapt {
        common,
        texts: source(args.texts, args.columns.into()),
        model: args.model,
        backward: args.backward,
        out: args.out.out,
        lm: LmOptions {
            epochs: args.epochs,
            rate: args.rate,
            find_rate: args.lm.find_rate,
            keep_best: args.lm.keep_best,
            full_softmax: args.lm.full_softmax,
            batch: args.batch,
            bptt: args.bptt,
            drop_mult: args.drop_mult,
            max_tokens: args.max_tokens,
        },
        resume: args.out.resume,
        overwrite: args.out.overwrite,
    }
}

fn train(args: TrainArgs, common: Common) -> Fit {
    Fit {
        common,
        data: source(args.data, args.columns),
        unlabelled: None,
        model: args.model,
        out: args.out.out,
        method: args.method,
        bidirectional: args.bidirectional,
        backward_model: args.backward_model,
        tfidf: args.with_tfidf,
        adapt: false,
        lm: LmOptions::default(),
        classifier: ClassifierOptions {
            epochs: args.epochs,
            rate: args.rate,
            batch: args.batch,
            bptt: args.bptt,
            max_len: args.max_len,
            pooling: args.pooling,
            drop_mult: args.drop_mult,
            balance: args.balance,
            cut_frac: args.cut_frac,
            ratio: args.ratio,
            factor: args.factor,
        },
        estimate: args.estimate,
        forgetting: false,
        watch: Vec::new(),
        resume: args.out.resume,
        overwrite: args.out.overwrite,
    }
}

fn fit(args: FitArgs, common: Common) -> Fit {
    let stage3 = train(args.train, common);
    Fit {
        adapt: true,
        unlabelled: args.unlabelled.map(|path| Source {
            path,
            text_columns: stage3.data.text_columns.clone(),
            // Texts without labels need not have the column.
            label_column: None,
            encoding: stage3.data.encoding,
            sheet: stage3.data.sheet.clone(),
            rows: None,
        }),
        // One window length and one dropout scale for both stages: the classifier starts from this encoder.
        lm: LmOptions {
            epochs: args.lm_epochs,
            rate: args.lm_rate,
            find_rate: args.lm.find_rate,
            keep_best: args.lm.keep_best,
            full_softmax: args.lm.full_softmax,
            batch: args.lm_batch,
            bptt: stage3.classifier.bptt,
            drop_mult: stage3.classifier.drop_mult,
            max_tokens: args.lm_max_tokens,
        },
        ..stage3
    }
}

fn classify(args: ClassifyArgs, common: Common) -> Classify {
    let columns = args.columns;
    let (input, text_columns, encoding, sheet) = match file_or_stdin(args.input) {
        Some(path) => (Some(source(path, columns.into())), Vec::new(), None, None),
        None => (
            None,
            columns.text_columns,
            columns.written.encoding,
            columns.sheet,
        ),
    };
    Classify {
        common,
        model: args.model,
        input,
        text_columns,
        encoding,
        sheet,
        output: file_or_stdin(args.output),
        batch: args.batch,
        exact: args.exact,
        overwrite: args.overwrite,
    }
}

fn evaluate(args: EvaluateArgs, common: Common) -> Evaluate {
    Evaluate {
        common,
        model: args.model,
        data: source(args.data, args.columns),
        batch: args.batch,
        limit: args.limit,
        unknown_is_wrong: false,
    }
}

fn perplexity(args: PerplexityArgs, common: Common) -> Perplexity {
    Perplexity {
        common,
        model: args.model,
        backward: args.backward,
        texts: source(args.texts, args.columns.into()),
    }
}

fn generate(args: GenerateArgs, common: Common) -> Generate {
    Generate {
        common,
        model: args.model,
        prompt: args.prompt,
        tokens: args.tokens,
        temperature: args.temperature,
        min_p: args.min_p,
        samples: args.samples,
    }
}

fn import(args: ImportArgs) -> Import {
    Import {
        weights: args.weights,
        vocab: args.vocab,
        backward: args.backward,
        out: args.out,
        overwrite: args.overwrite,
    }
}

fn export(args: ExportArgs) -> Export {
    Export {
        model: args.model,
        out: args.out,
        format: args.format,
        half: args.half,
        overwrite: args.overwrite,
    }
}
