//! Values of options: numbers in their ranges, and names of which the nearest is suggested.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::session::protocol::{
    BenchWork, DeviceChoice, Estimate, ExportFormat, Method, Pooling, TokenizerKind, Way,
};

/// A name and what it stands for.
type Named<T> = (&'static str, T, &'static str);

const DEVICES: [Named<DeviceChoice>; 4] = [
    (
        "auto",
        DeviceChoice::Auto,
        "a real GPU where there is one, otherwise the CPU",
    ),
    ("gpu", DeviceChoice::Gpu, "a real GPU, or an error"),
    ("cpu", DeviceChoice::Cpu, "the CPU"),
    (
        "wgpu",
        DeviceChoice::Wgpu,
        "whatever adapter wgpu finds, a software one included",
    ),
];

const TOKENIZERS: [Named<TokenizerKind>; 2] = [
    ("word", TokenizerKind::Word, "English words and punctuation"),
    (
        "subword",
        TokenizerKind::Subword,
        "unigram subwords trained on the texts: any language",
    ),
];

const PRESETS: [Named<&str>; 4] = [
    ("tiny", "tiny", "for trying things out: minutes on a CPU"),
    (
        "mini",
        "mini",
        "embedding 128, hidden 256, 3 layers, 8,000 words: hours on a processor",
    ),
    (
        "small",
        "small",
        "embedding 192, hidden 512, 3 layers, 24,000 words: the built-in models; minutes on a large GPU",
    ),
    (
        "paper",
        "paper",
        "embedding 400, hidden 1152, 3 layers, about the paper's sizes: a real GPU",
    ),
];

fn named<T, const N: usize>(values: [Named<T>; N]) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(
        values
            .each_ref()
            .map(|&(name, _, help)| PossibleValue::new(name).help(help)),
    )
    .try_map(move |given| {
        let found = values.iter().find(|(name, ..)| *name == given);
        found.map(|(_, value, _)| value.clone()).ok_or("unknown name")
    })
}

/// `--device`.
pub fn device() -> impl TypedValueParser<Value = DeviceChoice> {
    named(DEVICES)
}

/// `--tokenizer`.
pub fn tokenizer() -> impl TypedValueParser<Value = TokenizerKind> {
    named(TOKENIZERS)
}

/// `pretrain --preset`.
pub fn preset() -> impl TypedValueParser<Value = &'static str> {
    named(PRESETS)
}

/// `bench --preset`.
pub fn bench_preset() -> impl TypedValueParser<Value = &'static str> {
    let [_, mini, small, paper] = PRESETS;
    named([mini, small, paper])
}

/// `bench --only`.
pub fn bench_work() -> impl TypedValueParser<Value = BenchWork> {
    named([
        ("lm-training", BenchWork::LmTraining, "training a language model"),
        (
            "classifier-training",
            BenchWork::ClassifierTraining,
            "training a classifier with every layer thawed",
        ),
        ("classifying", BenchWork::Classifying, "labelling texts"),
    ])
}

/// `--method`.
pub fn method() -> impl TypedValueParser<Value = Method> {
    let values = Method::ALL.map(|method| PossibleValue::new(method.name()).help(method.describe()));
    PossibleValuesParser::new(values).try_map(|name| Method::parse(&name).ok_or("unknown method"))
}

/// A name of `lab --methods`; those that are not compared without being named are not listed.
pub fn way() -> impl TypedValueParser<Value = Way> {
    let named = |way: Way| {
        let value = PossibleValue::new(way.name()).help(way.describe());
        value.hide(!Way::ALL.contains(&way))
    };
    let parse = |name: String| Way::parse(&name).ok_or("unknown way");
    PossibleValuesParser::new(Way::every().map(named)).try_map(parse)
}

/// `--pooling`.
pub fn pooling() -> impl TypedValueParser<Value = Pooling> {
    named(Pooling::ALL.map(|pooling| (pooling.name(), pooling, pooling.describe())))
}

/// `export --format`.
pub fn export_format() -> impl TypedValueParser<Value = ExportFormat> {
    named([
        (
            "safetensors",
            ExportFormat::Safetensors,
            "weights under fastai's names",
        ),
        (
            "onnx",
            ExportFormat::Onnx,
            "the whole network, for ONNX Runtime: from token ids to probabilities, or logits of the next token",
        ),
    ])
}

/// As [`estimate`], of a command that measures in any case.
pub fn split(text: &str) -> Result<Estimate, String> {
    match estimate(text) {
        Ok(Estimate::None) => Err("without held-out labels there is nothing to compare".into()),
        other => other,
    }
}

/// `auto`, `none`, `folds:K` or `holdout:F`.
pub fn estimate(text: &str) -> Result<Estimate, String> {
    let wrong = || {
        "use `auto`, `none`, `folds:5` (2 or more) or `holdout:0.2` (a fraction between 0 and 1)".to_string()
    };
    match text.split_once(':') {
        None if text == "auto" => Ok(Estimate::Auto),
        None if text == "none" => Ok(Estimate::None),
        Some(("folds", k)) => match k.parse() {
            Ok(k) if k >= 2 => Ok(Estimate::Folds(k)),
            _ => Err(wrong()),
        },
        Some(("holdout", fraction)) => match fraction.parse() {
            Ok(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(Estimate::HoldOut(fraction)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// A whole number of at least 1; `100k`, `3M` and `1_000` too.
pub fn count(text: &str) -> Result<usize, String> {
    let wrong = || "use a whole number from 1 up; 3M means 3000000".to_string();
    let digits = text.replace('_', "");
    let (digits, unit) = match digits.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => match digits.strip_suffix('M') {
            Some(digits) => (digits, 1_000_000),
            None => (digits.as_str(), 1),
        },
    };
    let number: usize = digits.parse().map_err(|_| wrong())?;
    number
        .checked_mul(unit)
        .filter(|&number| number > 0)
        .ok_or_else(wrong)
}

/// A finite number above 0.
pub fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("use a number above 0".into()),
    }
}

/// A finite number that is not negative.
pub fn scale(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("use a number from 0 up".into()),
    }
}

/// A share of a whole.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("use a number from 0 to 1".into()),
    }
}

/// A factor that does not shrink.
pub fn at_least_one(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 1.0 => Ok(number),
        _ => Err("use a number from 1 up".into()),
    }
}

/// A probability that leaves something possible.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..1.0).contains(&number) => Ok(number),
        _ => Err("use a number from 0 up to, but not, 1".into()),
    }
}

/// A file; `-` stands for standard input, like no file.
pub fn file_or_stdin(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| path.as_os_str() != "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates() {
        assert_eq!(estimate("auto"), Ok(Estimate::Auto));
        assert_eq!(estimate("none"), Ok(Estimate::None));
        assert_eq!(estimate("folds:5"), Ok(Estimate::Folds(5)));
        assert_eq!(estimate("holdout:0.25"), Ok(Estimate::HoldOut(0.25)));
        for wrong in [
            "",
            "folds",
            "folds:1",
            "folds:x",
            "holdout:0",
            "holdout:1",
            "holdout:nan",
            "none:3",
            "cv:5",
        ] {
            assert!(
                estimate(wrong).is_err_and(|message| message.contains("folds:5")),
                "{wrong}"
            );
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count("3M"), Ok(3_000_000));
        assert_eq!(count("100k"), Ok(100_000));
        assert_eq!(count("1_000"), Ok(1_000));
        for wrong in [
            "0",
            "-1",
            "",
            "M",
            "1.5",
            "99999999999999999999",
            "18446744073709551615M",
        ] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(above_zero("4e-3"), Ok(0.004));
        assert!(
            ["0", "-1", "inf", "nan", "x"]
                .iter()
                .all(|text| above_zero(text).is_err())
        );
        assert_eq!(scale("0"), Ok(0.0));
        assert!(["-0.1", "inf", "1e99"].iter().all(|text| scale(text).is_err()));
        assert_eq!(probability("0.05"), Ok(0.05));
        assert!(probability("1").is_err());
        assert_eq!(share("1"), Ok(1.0));
        assert!(["-0.1", "1.01", "nan"].iter().all(|text| share(text).is_err()));
        assert_eq!(at_least_one("2.6"), Ok(2.6));
        assert!(
            ["0.9", "inf", "nan"]
                .iter()
                .all(|text| at_least_one(text).is_err())
        );
    }
}
