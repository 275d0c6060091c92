use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Cli;
use crate::session::protocol::{
    Adapt, DeviceChoice, Estimate, ExportFormat, Fit, Job, Method, Pooling, Source, TokenizerKind,
};

fn job(line: &str) -> Result<Job, clap::Error> {
    Cli::try_parse_from(line.split_whitespace()).map(Cli::into_job)
}

fn error(line: &str) -> String {
    job(line).map_or_else(
        |error| error.to_string(),
        |job| panic!("{line} is taken as {job:?}"),
    )
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

/// The commands and options that scripts rely on, and the job that each is.
#[test]
fn every_line_of_the_contract_is_understood() {
    let lines = [
        ("unfreeze", "demo"),
        ("unfreeze demo", "demo"),
        ("unfreeze doctor", "doctor"),
        ("unfreeze tokenize", "tokenize"),
        ("unfreeze tokenize FILE", "tokenize"),
        ("unfreeze pretrain --corpus A --out D", "pretrain"),
        (
            "unfreeze pretrain --corpus A B C --out D --preset tiny --backward --max-tokens 9 --resume",
            "pretrain",
        ),
        ("unfreeze adapt --texts A --out D", "adapt"),
        ("unfreeze train --data A --out D", "fit"),
        (
            "unfreeze train --data A --out D --method full-discr --model M",
            "fit",
        ),
        ("unfreeze fit --data A --out D", "fit"),
        (
            "unfreeze fit --data A --out D --unlabelled B --method chain-thaw --bidirectional",
            "fit",
        ),
        ("unfreeze lab --data A", "lab"),
        (
            "unfreeze lab --data A --methods ulmfit,scratch --out D --resume",
            "lab",
        ),
        ("unfreeze classify --model M", "classify"),
        ("unfreeze classify --model M --input A --output B", "classify"),
        (
            "unfreeze classify --model M --input A --output B --overwrite",
            "classify",
        ),
        ("unfreeze evaluate --model M --data A", "evaluate"),
        ("unfreeze perplexity --texts A", "perplexity"),
        ("unfreeze perplexity --texts A --model M", "perplexity"),
        ("unfreeze generate --prompt TEXT", "generate"),
        ("unfreeze import --weights X.pth --vocab X.pkl --out D", "import"),
        (
            "unfreeze import --weights X.safetensors --vocab X.json --out D",
            "import",
        ),
        ("unfreeze export --model M --format safetensors --out P", "export"),
        ("unfreeze export --model M --format onnx --out P", "export"),
        ("unfreeze bench", "bench"),
    ];
    let common = [
        "",
        " --device cpu",
        " --seed 7",
        " --json",
        " --device wgpu --seed 3 --json",
    ];
    for (line, name) in lines {
        for options in common {
            let line = format!("{line}{options}");
            let job = job(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let value = serde_json::to_value(&job).expect("a job is plain data");
            assert_eq!(value["job"], name, "{line}");
        }
    }
    for line in [
        "adapt --texts A --out D",
        "train --data A --out D",
        "fit --data A --out D",
        "classify --model M",
    ] {
        job(&format!(
            "unfreeze {line} --text-column title,body --text-column x --label-column y"
        ))
        .expect(line);
    }
    for line in ["evaluate --model M --data A", "perplexity --texts A"] {
        job(&format!("unfreeze {line} --text-column title --label-column y")).expect(line);
    }
}

#[test]
fn every_method_has_its_name() {
    let names =
        "ulmfit scratch full full-discr last chain-thaw freez freez-discr freez-stlr freez-cos ulmfit-code";
    for name in names.split(' ') {
        assert!(Method::ALL.iter().any(|method| method.name() == name), "{name}");
    }
    for method in Method::ALL {
        let Ok(Job::Fit(fit)) = job(&format!(
            "unfreeze train --data A --out D --method {}",
            method.name()
        )) else {
            panic!("{}", method.name());
        };
        assert_eq!(fit.method, method);
    }
}

#[test]
fn options_reach_the_job() {
    let Ok(Job::Fit(fit)) = job(
        "unfreeze --device wgpu fit --data a.csv --out d --text-column title,body --label-column stars --unlabelled b \
         --estimate folds:5 --epochs 4 --rate 0.01 --batch 32 --bptt 50 --max-len 700 --pooling concat --drop-mult 0.5 --balance \
         --cut-frac 0.2 --ratio 16 --factor 3 --lm-epochs 2 --lm-rate 4e-3 --lm-batch 64 --lm-max-tokens 3M --overwrite \
         --seed 9",
    ) else {
        panic!("not a fit");
    };
    assert_eq!((fit.common.device, fit.common.seed), (DeviceChoice::Wgpu, 9));
    assert_eq!(fit.data.text_columns, ["title", "body"]);
    assert_eq!(fit.data.label_column.as_deref(), Some("stars"));
    let unlabelled = fit.unlabelled.expect("was given");
    assert_eq!(
        (unlabelled.path.as_path(), unlabelled.label_column),
        (Path::new("b"), None)
    );
    assert_eq!(unlabelled.text_columns, ["title", "body"]);
    assert_eq!(
        (fit.estimate, fit.method, fit.adapt),
        (Estimate::Folds(5), Method::Ulmfit, true)
    );
    assert!(fit.overwrite && !fit.resume && !fit.bidirectional && fit.classifier.balance);
    assert_eq!(
        (fit.lm.epochs, fit.lm.rate, fit.lm.batch),
        (Some(2), Some(0.004), Some(64))
    );
    assert_eq!(
        (fit.lm.max_tokens, fit.lm.bptt, fit.lm.drop_mult),
        (Some(3_000_000), Some(50), Some(0.5))
    );
    let stage3 = fit.classifier;
    assert_eq!(
        (stage3.epochs, stage3.rate, stage3.batch),
        (Some(4), Some(0.01), Some(32))
    );
    assert_eq!(
        (stage3.cut_frac, stage3.ratio, stage3.factor),
        (Some(0.2), Some(16.0), Some(3.0))
    );
    assert_eq!(
        (stage3.bptt, stage3.max_len, stage3.drop_mult),
        (Some(50), Some(700), Some(0.5))
    );
    assert_eq!(stage3.pooling, Some(Pooling::Concat));

    let Ok(Job::Fit(train)) = job("unfreeze train --data a --out d --epochs 3") else {
        panic!("not a train")
    };
    assert!(!train.adapt && train.lm.epochs.is_none() && train.classifier.epochs == Some(3));

    let Ok(Job::Pretrain(pretrain)) = job(
        "unfreeze pretrain --corpus a b --corpus c --out d --preset paper --tokenizer subword --embedding 100 --hidden 300 \
         --layers 2 --vocab 8000 --valid v --epochs 3 --batch 8 --rate 0.01 --drop-mult 0.2 --max-minutes 2.5 \
         --corpus-name wiki --corpus-licence CC-BY-SA-4.0 --text-column title,body",
    ) else {
        panic!("not a pretrain");
    };
    assert_eq!(pretrain.corpus, ["a", "b", "c"].map(PathBuf::from));
    assert_eq!(pretrain.text_columns, ["title", "body"]);
    assert_eq!(
        (pretrain.preset.as_str(), pretrain.tokenizer),
        ("paper", TokenizerKind::Subword)
    );
    assert_eq!((pretrain.embedding, pretrain.hidden), (Some(100), Some(300)));
    assert_eq!((pretrain.layers, pretrain.vocab), (Some(2), Some(8000)));
    assert_eq!(
        (pretrain.max_minutes, pretrain.epochs, pretrain.drop_mult),
        (Some(2.5), 3, Some(0.2))
    );

    let Ok(Job::Export(export)) = job("unfreeze export --model m --format onnx --out f --half") else {
        panic!("not an export");
    };
    assert_eq!((export.format, export.half), (ExportFormat::Onnx, true));
    let Ok(Job::Export(export)) = job("unfreeze export --out f") else {
        panic!("not an export");
    };
    assert_eq!((export.format, export.half), (ExportFormat::Safetensors, false));
    assert!(!export.overwrite);
    let Ok(Job::Export(export)) = job("unfreeze export --out f --overwrite") else {
        panic!("not an export");
    };
    assert!(export.overwrite);

    let Ok(Job::Generate(generate)) =
        job("unfreeze generate --prompt -hm --temperature 1.2 --min-p 0 --samples 3")
    else {
        panic!("not a generate");
    };
    assert_eq!(
        (generate.prompt.as_str(), generate.samples, generate.min_p),
        ("-hm", 3, 0.0)
    );
}

/// What a job in code leaves to its default is what a command leaves to it.
#[test]
fn a_default_is_a_command_without_an_option() {
    let source = || Source {
        path: "A".into(),
        ..Source::default()
    };
    let train = Fit {
        data: source(),
        out: "D".into(),
        ..Fit::default()
    };
    let adapt = Adapt {
        texts: source(),
        out: "D".into(),
        ..Adapt::default()
    };
    let jobs = [
        ("train --data A --out D", Job::Fit(train)),
        ("adapt --texts A --out D", Job::Adapt(adapt)),
    ];
    for (line, expected) in jobs {
        let job = job(&format!("unfreeze {line}")).expect(line);
        let [job, expected] =
            [job, expected].map(|job| serde_json::to_value(&job).expect("a job is plain data"));
        assert_eq!(job, expected, "{line}");
    }
}

#[test]
fn a_hyphen_is_standard_input() {
    assert!(matches!(
        job("unfreeze tokenize -"),
        Ok(Job::Tokenize { input: None, .. })
    ));
    assert!(matches!(
        job("unfreeze tokenize a.txt"),
        Ok(Job::Tokenize { input: Some(_), .. })
    ));
    let Ok(Job::Classify(classify)) = job("unfreeze classify --model m --input - --output -") else {
        panic!()
    };
    assert!(classify.input.is_none() && classify.output.is_none());
    let Ok(Job::Classify(classify)) = job("unfreeze classify --model m --text-column title,body") else {
        panic!()
    };
    assert_eq!(classify.text_columns, ["title", "body"]);
}

/// The commands that read tables, and how many of them each reads.
const TABLES: [(&str, usize); 8] = [
    ("adapt --texts a --out d", 1),
    ("train --data a --out d", 1),
    ("fit --data a --out d --unlabelled b", 2),
    ("lab --data a --unlabelled b", 2),
    ("classify --model m", 1),
    ("classify --model m --input a", 1),
    ("evaluate --model m --data a", 1),
    ("perplexity --texts a", 1),
];

/// That a command hands `option` on as this entry of its job, once for each file, and has nothing of it without.
fn hands_on(line: &str, option: &str, (key, value): (&str, &str), files: usize) {
    let plain = |line: &str| {
        let job = job(&format!("unfreeze {line}")).expect(line);
        serde_json::to_string(&job).expect("a job is plain data")
    };
    let named = plain(&format!("{line} {option}"));
    let entry = format!("\"{key}\":\"{value}\"");
    assert_eq!(named.matches(&entry).count(), files, "{line}: {named}");
    // What was written before there was the option has nothing of it.
    let plain = plain(line);
    assert!(!plain.contains(key), "{line}: {plain}");
    assert!(serde_json::from_str::<Job>(&plain).is_ok(), "{line}");
}

#[test]
fn an_encoding_is_named_to_every_command_that_reads_texts() {
    for (line, files) in [("tokenize a.txt", 1), ("pretrain --corpus a --out d", 1)]
        .into_iter()
        .chain(TABLES)
    {
        hands_on(line, "--encoding sjis", ("encoding", "Shift_JIS"), files);
    }
    assert!(error("unfreeze evaluate --model m --data a --encoding shift_jsi").contains("'shift_jis'"));
    assert!(error("unfreeze evaluate --model m --data a --encoding klingon").contains("gb18030"));
}

#[test]
fn a_sheet_is_named_to_every_command_that_reads_a_table() {
    for (line, files) in TABLES {
        hands_on(line, "--sheet Mail", ("sheet", "Mail"), files);
    }
}

#[test]
fn a_wrong_name_brings_the_nearest() {
    assert!(error("unfreeze train --data a --out d --method freez-dscr").contains("'freez-discr'"));
    assert!(error("unfreeze pretrain --corpus a --out d --preset papr").contains("'paper'"));
    assert!(error("unfreeze export --out f --format onxx").contains("'onnx'"));
    assert!(error("unfreeze bench --preset smal").contains("'small'"));
    assert!(error("unfreeze bench --only clasifying").contains("'classifying'"));
    assert!(error("unfreeze clasify --model m").contains("'classify'"));
    assert!(error("unfreeze doctor --devic cpu").contains("--device"));
}

#[test]
fn wrong_usage_ends_with_2() {
    let lines = [
        "unfreeze fit --data a",
        "unfreeze fit --data a --out d --epochs 0",
        "unfreeze train --data a --out d --unlabelled b",
        "unfreeze train --data a --out d --estimate folds:1",
        "unfreeze classify",
        "unfreeze adapt --texts a --out d --backward --model m",
        "unfreeze adapt --texts a --out d --find-rate --rate 0.01",
        "unfreeze fit --data a --out d --find-rate --lm-rate 0.01",
        "unfreeze export --format onxx --out d",
        "unfreeze doctor --device tpu",
        "unfreeze lab --data a --methods scratch-no-adapt",
        "unfreeze lab --data a --estimate none",
    ];
    for line in lines {
        assert_eq!(
            job(line).map_err(|error| error.exit_code()).expect_err(line),
            2,
            "{line}"
        );
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    assert_eq!(
        job("unfreeze --help").map_err(|error| error.kind()).unwrap_err(),
        ErrorKind::DisplayHelp
    );
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let help = error(&format!("unfreeze {name} --help"));
        assert!(
            help.contains("Example") && help.contains(&format!("unfreeze {name}")),
            "{help}"
        );
        let computes = !["tokenize", "import", "export"].contains(&name);
        assert!(help.contains("--json"), "{help}");
        for option in ["--seed", "--device"] {
            assert_eq!(help.contains(option), computes, "{name} {option}: {help}");
        }
        let reads_labels = ["train", "fit", "lab", "evaluate"].contains(&name);
        assert_eq!(help.contains("--label-column"), reads_labels, "{name}: {help}");
    }
    // Typed one after another, the examples write over nothing that was read.
    let help = error("unfreeze --help");
    assert!(
        help.contains("--data labelled.csv") && !help.contains("--output labelled.csv"),
        "{help}"
    );
    let help = error("unfreeze fit --help");
    assert!(
        Method::ALL.iter().all(|method| help.contains(method.describe())),
        "{help}"
    );
}
