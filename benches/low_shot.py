"""Low-shot error of `unfreeze fit` beside TF-IDF with logistic regression, from the raw sets.

    python3 benches/low_shot.py --data ../shared/data --binary target/release/unfreeze --sets imdb trec6 ag_news --seeds 3

For each set and seed: a balanced draw of --labels training texts, up to --unlabelled further training texts without
their labels, and up to --test test texts, the same for every seed. Prints one JSON line a run and a Markdown table.
With --adapt-once, stage 2 reads up to --unlabelled training texts once for all seeds and all numbers of labels, which then differ
in their labels and in stage 3 alone; --adapted names a model that has read them already, and with --both a second one that reads
backward. With --validate the error is that on training texts without a label, which is what to choose defaults by: the test texts
are for the table at the end.
Needs Python 3 with `zstandard` (or the `zstd` program); the engine does the rest.
"""

import argparse
import csv
import io
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

csv.field_size_limit(1 << 24)


def rows(path, text, label):
    """(text, label) of every row; `text` may name several columns, joined by a blank line."""
    if str(path).endswith(".zst"):
        data = subprocess.run(["zstd", "-dc", "--long=27", str(path)], check=True, capture_output=True).stdout.decode()
    else:
        data = path.read_text(encoding="utf-8-sig")
    reader = csv.DictReader(io.StringIO(data))
    return [("\n".join(r[c] for c in text), r[label] if label else "") for r in reader]


def load(name, root):
    """Training rows, test rows, further texts."""
    if name == "imdb":
        split = [rows(root / "imdb" / f"{part}.csv.zst", ["text"], "label") for part in ("train", "test")]
        return *split, [t for t, _ in rows(root / "imdb" / "unsup.csv.zst", ["text"], None)]
    files = {
        "trec6": ("trec6/train.csv", "trec6/test.csv"),
        "ag_news": ("ag_news/train.csv", "ag_news/test.csv"),
        "sst2": ("sst/binary_train.csv", "sst/binary_test.csv"),
    }
    if name in files:
        header = next(csv.reader((root / files[name][0]).open(encoding="utf-8-sig")))
        text = [c for c in header if c in ("title", "text", "sentence", "description")]
        label = next(c for c in header if c in ("label", "class", "category"))
        train, test = (rows(root / f, text, label) for f in files[name])
        return train, test, []
    one = {"rt": "rt_polarity/all.csv", "sms": "sms_spam/all.csv"}[name]
    everything = rows(root / one, ["text"], "label")
    random.Random(0).shuffle(everything)
    cut = len(everything) * 7 // 10
    return everything[:cut], everything[cut:], []


def draw(train, count, seed):
    """A balanced draw: indices of `count` rows, class sizes as equal as the classes allow."""
    by_class = {}
    for i, (_, label) in enumerate(train):
        by_class.setdefault(label, []).append(i)
    rng = random.Random(seed)
    for indices in by_class.values():
        rng.shuffle(indices)
    chosen = []
    while len(chosen) < count and any(by_class.values()):
        for label in sorted(by_class):
            if by_class[label] and len(chosen) < count:
                chosen.append(by_class[label].pop())
    return chosen


def write(path, header, lines):
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(header)
        writer.writerows(lines)


def unfreeze(binary, *arguments):
    out = subprocess.run([binary, *map(str, arguments), "--json"], capture_output=True, text=True)
    last = json.loads(out.stdout.strip().splitlines()[-1]) if out.stdout.strip() else {}
    if out.returncode != 0 or last.get("event") != "done":
        sys.exit(f"{binary} {' '.join(map(str, arguments))}\n{out.stderr}\n{last}")
    return last


def once(args, name, train, further, scratch):
    """Language models adapted to the set's texts, one for each direction, and the seconds they took."""
    texts = [t for t, _ in train] + further
    random.Random(0).shuffle(texts)
    write(scratch / "unlabelled.csv", ["text"], [[t] for t in texts[: args.unlabelled]])
    models, runs = [], []
    for way in ("forward", "backward")[: 1 + args.both]:
        models.append(scratch / way)
        runs.append(unfreeze(
            args.binary, "adapt", "--texts", scratch / "unlabelled.csv", "--out", scratch / way, "--device", args.device,
            *(["--backward"] if way == "backward" else ["--model", args.model] if args.model else []), *args.adapt.split(),
        ))
    return models, runs[0] | {"seconds": sum(run["seconds"] for run in runs)}


def baseline(train, test):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    model.fit([t for t, _ in train], [y for _, y in train])
    return 1 - model.score([t for t, _ in test], [y for _, y in test])


def one(args, name, labels, seed, data, adapted, adaptation, scratch):
    """One draw of labels, trained and measured."""
    train, test, further = data
    chosen = draw(train, labels, seed)
    labelled = [train[i] for i in chosen]
    write(scratch / "labelled.csv", ["text", "label"], labelled)
    write(scratch / "test.csv", ["text", "label"], test)
    common = ("--data", scratch / "labelled.csv", "--out", scratch / "model", "--seed", seed, "--device", args.device)
    both = ("--bidirectional",) if args.both else ()
    if adapted:
        models = ("--model", adapted[0], *(("--backward-model", adapted[1]) if args.both else ()))
        fit = unfreeze(args.binary, "train", *common, *models, *both, *args.fit)
    else:
        taken = set(chosen)
        rest = further or [t for i, (t, _) in enumerate(train) if i not in taken]
        random.Random(seed).shuffle(rest)
        write(scratch / "unlabelled.csv", ["text"], [[t] for t in rest[: args.unlabelled]])
        further_texts = ("--unlabelled", scratch / "unlabelled.csv") if args.unlabelled else ()
        base = ("--model", args.model) if args.model else ()
        fit = unfreeze(args.binary, "fit", *common, *further_texts, *base, *both, *args.fit)
    found = unfreeze(
        args.binary, "evaluate", "--model", scratch / "model", "--data", scratch / "test.csv", "--device", args.device,
    )
    stages = fit["stage_seconds"] | ({"adapt once": adaptation["seconds"]} if adaptation else {})
    return {
        "set": name, "labels": labels, "seed": seed, "error": found["error"], "baseline": baseline(labelled, test),
        "estimate": fit.get("error"), "estimate_low": fit.get("error_low"), "estimate_high": fit.get("error_high"),
        "perplexity_before": fit.get("perplexity_before", adaptation.get("perplexity_before")),
        "perplexity": fit.get("perplexity", adaptation.get("perplexity")),
        "stage_seconds": stages, "evaluate_seconds": found["seconds"], "test": len(test),
    }


def line(name, labels, results):
    """A row of the table: means and standard deviations over the seeds."""
    mean = lambda key: statistics.mean(r[key] for r in results)
    spread = lambda key: statistics.stdev(r[key] for r in results) if len(results) > 1 else 0.0
    seconds = {}
    for r in results:
        for stage, s in r["stage_seconds"].items():
            seconds.setdefault(stage, []).append(s)
    stages = ", ".join(f"{stage} {statistics.mean(s):.0f}" for stage, s in seconds.items())
    return (
        f"| {name} | {labels} | {100 * mean('error'):.1f} ± {100 * spread('error'):.1f} | "
        f"{100 * mean('baseline'):.1f} ± {100 * spread('baseline'):.1f} | {stages}, evaluate {mean('evaluate_seconds'):.0f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--binary", default="target/release/unfreeze")
    parser.add_argument("--sets", nargs="+", default=["imdb", "trec6", "ag_news"])
    parser.add_argument("--labels", type=int, nargs="+", default=[100])
    parser.add_argument("--unlabelled", type=int, default=2000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", help="the base model; without it the built-in one")
    parser.add_argument("--adapt-once", action="store_true")
    parser.add_argument("--adapt", default="", help="further arguments of `unfreeze adapt`, in one string")
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--adapted", nargs="+", default=[], help="a model that `unfreeze adapt` has made; for one set")
    parser.add_argument("--both", action="store_true", help="both directions, probabilities averaged")
    parser.add_argument("fit", nargs="*", help="further arguments of `unfreeze fit` or `train`, after --")
    args = parser.parse_args()
    if args.adapted and len(args.adapted) != 1 + args.both:
        parser.error("--adapted names one model, with --both two: the second reads backward")
    if args.both and args.model:
        parser.error("--both starts from the built-in models: leave out --model, or adapt both and name them with --adapted")
    table = []
    for name in args.sets:
        train, test, further = load(name, args.data)
        if args.validate:
            kept = set(random.Random(1).sample(range(len(train)), min(args.test, len(train) // 2)))
            test = [row for i, row in enumerate(train) if i in kept]
            train = [row for i, row in enumerate(train) if i not in kept]
        random.Random(1).shuffle(test)
        test = test[: args.test]
        shared = tempfile.TemporaryDirectory()
        adapted, adaptation = args.adapted, {}
        if args.adapt_once:
            adapted, adaptation = once(args, name, train, further, pathlib.Path(shared.name))
        for labels in args.labels:
            results = []
            for seed in range(args.seeds):
                with tempfile.TemporaryDirectory() as scratch:
                    scratch = pathlib.Path(scratch)
                    result = one(args, name, labels, seed, (train, test, further), adapted, adaptation, scratch)
                print(json.dumps(result), flush=True)
                results.append(result)
            table.append(line(name, labels, results))
        shared.cleanup()
    print("\n| set | labels | ULMFiT error % | TF-IDF error % | seconds |\n|---|---|---|---|---|")
    print("\n".join(table))


if __name__ == "__main__":
    main()
