"""Classifying in fastai: an AWD-LSTM classifier with random weights over the texts of a CSV file.

    python benches/peers/classify_fastai.py --texts texts.csv --preset mini --make model
    python benches/peers/classify_fastai.py --texts texts.csv --preset mini --model model

The first form makes the classifier, a vocabulary of the texts included, and writes it as a model directory that
`unfreeze classify` reads, so that both programs compute with the same weights on the same tokens. The second times it,
from texts in memory to probabilities: tokenising (all processes that fastai uses by itself), numericalising, batches of
64 texts of similar length, the forward pass. Loading the model and the texts is not timed. JSON on stdout.
"""

import argparse
import collections
import json
import pathlib
import struct
import time
import warnings

warnings.filterwarnings("ignore")

import pandas as pd
import torch
from fastai.text.all import AWD_LSTM, TextDataLoaders, defaults, make_vocab, text_classifier_learner, tokenize_df

PRESETS = {
    "mini": {"embedding": 128, "hidden": 256, "vocab": 8_000},
    "small": {"embedding": 192, "hidden": 512, "vocab": 24_000},
    "paper": {"embedding": 400, "hidden": 1_152, "vocab": 30_000},
}
LAYERS, BPTT, MAX_LEN, BATCH = 3, 72, 72 * 20, 64
LABELS = ["neg", "pos"]


def tokens(texts):
    frame, _ = tokenize_df(pd.DataFrame({"text": texts}), "text", n_workers=defaults.cpus)
    return list(frame["text"])


def vocabulary(texts, size):
    """The most frequent tokens, filled up to `size`: the embedding has as many rows as the preset says."""
    counts = collections.Counter(token for text in tokens(texts) for token in text)
    found = [t for t in make_vocab(counts, min_freq=1, max_vocab=size) if t != "xxfake"][:size]
    return found + [f"xxunused{i}" for i in range(size - len(found))]


def learner(preset, vocab):
    # Data loaders have to be made of something; what is measured comes later.
    some = pd.DataFrame({"text": ["some words", "other words"] * 4, "label": LABELS * 4})
    loaders = TextDataLoaders.from_df(
        some, text_col="text", label_col="label", text_vocab=vocab, seq_len=BPTT, bs=BATCH, valid_pct=0.5, seed=0
    )
    config = {"emb_sz": preset["embedding"], "n_hid": preset["hidden"], "n_layers": LAYERS}
    return text_classifier_learner(
        loaders, AWD_LSTM, seq_len=BPTT, max_len=MAX_LEN, config={**awd_lstm_config(), **config}, pretrained=False
    )


def awd_lstm_config():
    from fastai.text.models.awdlstm import awd_lstm_clas_config

    return dict(awd_lstm_clas_config)


def write_safetensors(path, tensors):
    header, data, offset = {}, [], 0
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().float().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(raw)]}
        data.append(raw)
        offset += len(raw)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(data))


def make(folder, preset, vocab):
    """Saves a fresh model for both programs."""
    model = learner(preset, vocab).model
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "fastai.pth")
    skipped = ("encoder_dp", "num_batches_tracked")
    tensors = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not any(part in name for part in skipped) and not name.endswith("weight_hh_l0")
    }
    for block in (0, 1):
        # fastai's linear layers behind batch norm have no bias.
        weight = tensors[f"1.layers.{block}.2.weight"]
        tensors.setdefault(f"1.layers.{block}.2.bias", torch.zeros(weight.shape[0]))
    write_safetensors(folder / "model.safetensors", tensors)
    sizes = {"vocab": len(vocab), "embedding": preset["embedding"], "hidden": preset["hidden"], "layers": LAYERS}
    config = {
        "format": 1, "kind": "classifier", "architecture": sizes, "backward": False, "tokenizer": "word",
        "bptt": BPTT, "max_len": MAX_LEN, "fields": 1,
    }
    for name, content in (("config", config), ("vocab", vocab), ("labels", LABELS)):
        (folder / f"{name}.json").write_text(json.dumps(content))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=pathlib.Path, required=True, help="a CSV file with a column `text`")
    parser.add_argument("--preset", choices=PRESETS, default="mini")
    parser.add_argument("--make", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--model", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batch", type=int, default=BATCH, help="1 shows what fastai's padding changes: see benches/results")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    defaults.device = torch.device(args.device)
    preset = PRESETS[args.preset]
    texts = list(pd.read_csv(args.texts)["text"].astype(str))
    if args.make:
        make(args.make, preset, vocabulary(texts, preset["vocab"]))
        return
    if not args.model:
        parser.error("name --make or --model")
    learn = learner(preset, json.loads((args.model / "vocab.json").read_text()))
    learn.model.load_state_dict(torch.load(args.model / "fastai.pth"))
    learn.model.to(args.device).eval()

    def classify(some):
        loader = learn.dls.test_dl(tokens(some), bs=args.batch, num_workers=0)
        with learn.no_bar(), learn.no_logging():
            return learn.get_preds(dl=loader)[0]

    classify(texts[:2])
    started = time.perf_counter()
    tokenised = tokens(texts)
    tokenising = time.perf_counter() - started
    del tokenised
    started = time.perf_counter()
    probabilities = classify(texts)
    seconds = time.perf_counter() - started
    print(json.dumps({
        "texts_per_second": len(texts) / seconds, "seconds": seconds, "tokenising_seconds": tokenising,
        "texts": len(texts), "positive": [round(p, 6) for p in probabilities[:, 1].tolist()],
        "torch": torch.__version__, "threads": torch.get_num_threads(), "processes": defaults.cpus,
    }))


if __name__ == "__main__":
    main()
