"""Runs an exported model as any program would, with what its file says of itself.

    onnx.py MODEL.onnx TOKENS.jsonl

TOKENS.jsonl has a list of tokens a line, as `unfreeze tokenize --json` tells them. Of a classifier the label and its probability are printed, a line of JSON a
text; of a language model, the mean negative log-likelihood of every token but the first of each text.
"""

import json
import sys

import numpy
import onnxruntime

BATCH = 7


def padded(rows, pad):
    width = max(len(row) for row in rows)
    return numpy.array([row + [pad] * (width - len(row)) for row in rows], dtype=numpy.int64)


def classify(session, about, texts):
    labels = json.loads(about["labels"])
    for start in range(0, len(texts), BATCH):
        rows = texts[start : start + BATCH]
        lengths = numpy.array([len(row) for row in rows], dtype=numpy.int64)
        feeds = {"tokens": padded(rows, int(about["pad"])), "lengths": lengths}
        (probabilities,) = session.run(["probabilities"], feeds)
        assert numpy.allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
        for row in probabilities:
            best = int(row.argmax())
            print(json.dumps({"label": labels[best], "confidence": float(row[best])}))


def log_probabilities(logits):
    logits = logits.astype(numpy.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=-1, keepdims=True))


def measure(session, about, texts):
    width = next(given.shape[1] for given in session.get_inputs() if given.name == "states")
    nll, count = 0.0, 0
    for start in range(0, len(texts), BATCH):
        rows = texts[start : start + BATCH]
        tokens = padded(rows, int(about["pad"]))
        states = numpy.zeros((len(rows), width), dtype=numpy.float32)
        logits, _ = session.run(["logits", "states_out"], {"tokens": tokens, "states": states})
        # Read in two parts, the second from the first one's states.
        parts = []
        for part in numpy.array_split(tokens, 2, axis=1):
            part, states = session.run(["logits", "states_out"], {"tokens": part, "states": states})
            parts.append(part)
        assert numpy.allclose(numpy.concatenate(parts, axis=1), logits, atol=1e-4)
        scores = log_probabilities(logits)
        for at, row in enumerate(rows):
            for step in range(len(row) - 1):
                nll -= scores[at, step, row[step + 1]]
                count += 1
    print(json.dumps({"nll": nll / count, "predictions": count}))


def main():
    model, tokens = sys.argv[1:]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    ids = {token: number for number, token in enumerate(json.loads(about["vocab"]))}
    with open(tokens, encoding="utf-8") as lines:
        texts = [[ids.get(token, int(about["unk"])) for token in json.loads(line)] for line in lines]
    run = classify if about["kind"] == "classifier" else measure
    run(session, about, texts)


main()
