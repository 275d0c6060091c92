use super::*;
use crate::host::work::block_on;

/// Files of a small language model whose `config.json` gives these sizes.
fn files(claimed: Architecture) -> ModelFiles {
    let small = LanguageModel::new(SIZES, 0, &Device::flex());
    let tokenizer = Tokenizer::Word(WordTokenizer::new());
    ModelFiles {
        origin: "m".to_string(),
        config: ModelConfig::new(Kind::LanguageModel, claimed, false, &tokenizer),
        tokenizer,
        vocab: Vocab::from_tokens(vec!["xxunk".to_string(), "a".to_string()]).unwrap(),
        tensors: block_on(tensors_of(&small)).unwrap(),
        labels: Vec::new(),
    }
}

const SIZES: Architecture = Architecture {
    vocab: 2,
    embedding: 3,
    hidden: 4,
    layers: 2,
};

#[test]
fn sizes_are_compared_with_the_tensors_before_they_take_memory() {
    let device = Device::flex();
    let refused = |sizes: Architecture| files(sizes).language_model(&device).unwrap_err().to_string();
    assert!(files(SIZES).language_model(&device).is_ok());
    for huge in [100_000_000, usize::MAX] {
        let hidden = refused(Architecture {
            hidden: huge,
            ..SIZES
        });
        assert!(
            hidden.starts_with("tensor 'm: 0.rnns.0.weight_hh_l0_raw' has shape [16, 4]"),
            "{hidden}"
        );
        assert!(hidden.ends_with("is expected from config.json"), "{hidden}");
        let embedding = refused(Architecture {
            embedding: huge,
            ..SIZES
        });
        assert!(
            embedding.starts_with("tensor 'm: 0.encoder.weight' has shape [2, 3]"),
            "{embedding}"
        );
    }
    // The classifier's names are others, so it lacks the first that is asked for.
    let mut classifier = files(Architecture {
        hidden: 100_000_000,
        ..SIZES
    });
    classifier.config.kind = Kind::Classifier;
    classifier.labels = ["a", "b"].map(String::from).to_vec();
    assert_eq!(
        classifier.classifier(&device).unwrap_err().to_string(),
        "m: model.safetensors: not a usable model: it has no tensor '0.module.encoder.weight', which \
         config.json asks for"
    );
}
