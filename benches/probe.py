"""What a language model's frozen features are worth: a linear probe on them, layer by layer.

    python3 benches/probe.py --model DIR --data ../shared/data --set imdb --binary target/release/unfreeze

Pools the mean of the embeddings and of every LSTM layer, and what concat pooling takes of the last one, over the last
--max-len tokens of each text; fits logistic regressions on 100 and on 1,000 labels and prints their error on --test test
texts. If the probe does no better than `unfreeze fit`, the model is the limit and not the fine-tuning.
Needs torch, safetensors, scikit-learn, and `zstd`.
"""

import argparse
import json
import pathlib
import random
import subprocess

import numpy as np
import torch
from labelled_sets import draw, load
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def tokens(binary, model, texts, most):
    vocab = {token: i for i, token in enumerate(json.loads((model / "vocab.json").read_text()))}
    lines = "".join(" ".join(t.split()) + "\n" for t in texts)
    run = subprocess.run([binary, "tokenize", "--model", model], input=lines, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert len(lines) == len(texts), f"{len(lines)} lines for {len(texts)} texts"
    return [[vocab.get(t, 0) for t in line.split(" ")][-most:] for line in lines]


def layers(weights):
    count = sum(k.endswith("weight_hh_l0_raw") for k in weights)
    for i in range(count):
        inner, outer = f"0.rnns.{i}.module.", f"0.rnns.{i}."
        size = weights[inner + "weight_ih_l0"].shape[1], weights[outer + "weight_hh_l0_raw"].shape[1]
        lstm = torch.nn.LSTM(*size, batch_first=True)
        lstm.weight_hh_l0.data = weights[outer + "weight_hh_l0_raw"]
        for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(lstm, name).data = weights[inner + name]
        yield lstm


@torch.no_grad()
def features(weights, documents):
    found, stack = {}, list(layers(weights))
    order = np.argsort([len(d) for d in documents])
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        lengths = [len(documents[i]) for i in batch]
        ids = torch.full((len(batch), max(lengths)), 1)
        mask = torch.zeros(len(batch), max(lengths), 1)
        for row, i in enumerate(batch):
            ids[row, : lengths[row]] = torch.tensor(documents[i])
            mask[row, : lengths[row]] = 1
        hidden = weights["0.encoder.weight"][ids]
        pooled = {"mean of embeddings": (hidden * mask).sum(1) / mask.sum(1)}
        for i, lstm in enumerate(stack, 1):
            hidden, _ = lstm(hidden)
            pooled[f"mean of layer {i}"] = (hidden * mask).sum(1) / mask.sum(1)
        last = torch.stack([hidden[row, n - 1] for row, n in enumerate(lengths)])
        highest = (hidden + (mask - 1) * 9).max(1).values
        pooled["concat pooling"] = torch.cat([last, highest, pooled[f"mean of layer {len(stack)}"]], 1)
        pooled["every mean"] = torch.cat([v for k, v in pooled.items() if k.startswith("mean")], 1)
        for name, values in pooled.items():
            into = found.setdefault(name, np.zeros((len(documents), values.shape[1]), np.float32))
            into[batch] = values.numpy()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path("assets/models/base/forward"))
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--binary", default="target/release/unfreeze")
    parser.add_argument("--set", default="imdb")
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--max-len", type=int, default=400)
    args = parser.parse_args()
    train, test, _ = load(args.set, args.data)
    random.Random(1).shuffle(test)
    test = test[: args.test]
    few, many = draw(train, 100, 0), draw(train, 1000, 7)
    rows = [train[i] for i in few + many] + test
    weights = {k: v.float() for k, v in load_file(args.model / "model.safetensors").items()}
    documents = tokens(args.binary, args.model, [t for t, _ in rows], args.max_len)
    truth = np.array([label for _, label in rows])
    a, b = len(few), len(few) + len(many)
    print("| features | 100 labels, error % | 1,000 labels, error % |\n|---|---|---|")
    for name, x in features(weights, documents).items():
        x = StandardScaler().fit(x[a:b]).transform(x)
        best = []
        for rows_ in (slice(0, a), slice(a, b)):
            # The best of three strengths, chosen on the test texts: a bound in the probe's favour.
            scores = (LogisticRegression(C=c, max_iter=2000).fit(x[rows_], truth[rows_]).score(x[b:], truth[b:]) for c in (1e-3, 1e-2, 1e-1))
            best.append(100 * (1 - max(scores)))
        print(f"| {name} | {best[0]:.1f} | {best[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
