"""Low-shot error of Unfreeze beside TF-IDF with logistic regression, from the raw sets, and what each stage contributes.

    python3 benches/low_shot.py --sets trec6 ag_news --labels 50 100 200 500 --seeds 5 --both --log runs.jsonl
    python3 benches/low_shot.py --sets trec6 --conditions scratch base --log runs.jsonl
    python3 benches/low_shot.py --table runs.jsonl

A run is one balanced draw of training texts with their labels, one classifier, and its error on up to --test test texts, the same
for every seed. The conditions:

    semi         stage 2 on up to --unlabelled training texts without their labels, once for all draws, then stage 3
    supervised   stage 2 on the labelled texts alone, then stage 3
    base         no stage 2: stage 3 from the pretrained model
    scratch      no pretraining either: stage 3 from random weights

With --both a classifier of each direction is trained; their probabilities averaged, and each alone, are measured. With --votes
TF-IDF with logistic regression votes in them too, and they are measured with its vote and without. Runs that --log
already holds are not made again, and `semi` takes the models that --models already holds, so that an interrupted measurement goes on;
what was measured of a set with other options needs a log of its own.
With --validate the error is that on training texts without a label, which is what to choose defaults by: the test texts are for the
table at the end. What follows `--` is handed to `unfreeze fit` or `train`, say --lm-epochs 3.

Needs Python 3, scikit-learn and the `zstd` program; the engine does the rest.
"""

import argparse
import collections
import contextlib
import csv
import functools
import json
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

from labelled_sets import NAMES, draw, load, validation

CONDITIONS = ("semi", "supervised", "base", "scratch")
WAYS = {
    "forward": "", "both": ", both directions",
    "forward+tfidf": ", TF-IDF voting", "both+tfidf": ", both directions and TF-IDF voting",
}
HEADINGS = {"semi": "semi-supervised", "supervised": "supervised", "base": "no stage 2", "scratch": "from scratch"}


def write(path, header, lines):
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(header)
        writer.writerows(lines)


def unfreeze(binary, *arguments):
    """The last event of a command, `done`."""
    out = subprocess.run([binary, *map(str, arguments), "--json"], capture_output=True, text=True)
    last = json.loads(out.stdout.strip().splitlines()[-1]) if out.stdout.strip() else {}
    if out.returncode != 0 or last.get("event") != "done":
        sys.exit(f"{binary} {' '.join(map(str, arguments))}\n{out.stderr}\n{last}")
    return last


class Set:
    """One labelled set, and the language models that have read it."""

    def __init__(self, name, args):
        self.name, self.args = name, args
        self.train, self.test, self.further = load(name, args.data)
        if args.validate:
            self.train, self.test = validation(self.train, args.test)
        random.Random(1).shuffle(self.test)
        self.test = self.test[: args.test]

    def labelled(self, labels, seed):
        return [self.train[i] for i in draw(self.train, labels, seed)]

    def adapted(self, scratch):
        """Language models that have read the set's texts, one for each direction, and what `adapt` said of the first."""
        texts = [t for t, _ in self.train] + self.further
        random.Random(0).shuffle(texts)
        write(scratch / "unlabelled.csv", ["text"], [[t] for t in texts[: self.args.unlabelled]])
        models, said = [], {}
        for direction in ("forward", "backward")[: 1 + self.args.both]:
            model = self.args.models / self.name / direction
            done = model.with_suffix(".json")
            if not done.exists():
                base = ["--backward"] if direction == "backward" else ["--model", self.args.model] if self.args.model else []
                event = unfreeze(
                    self.args.binary, "adapt", "--texts", scratch / "unlabelled.csv", "--out", model, "--overwrite",
                    "--device", self.args.device, *base, *self.args.adapt.split(),
                )
                kept = ("perplexity_before", "perplexity", "seconds", "tokens_seen")
                done.write_text(json.dumps({k: event[k] for k in kept if k in event}))
            models.append(model)
            said = said or json.loads(done.read_text())
        return models, said

    @functools.cache
    def tfidf(self, labels, seed):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
        known = self.labelled(labels, seed)
        model.fit([t for t, _ in known], [y for _, y in known])
        return 1 - model.score([t for t, _ in self.test], [y for _, y in self.test])


@contextlib.contextmanager
def without(directory, names):
    """The classifier as if those of its files were not there."""
    absent = [name for name in names if (directory / name).exists()]
    for name in absent:
        (directory / name).rename(directory.with_name("aside-" + name))
    try:
        yield
    finally:
        for name in absent:
            directory.with_name("aside-" + name).rename(directory / name)


def measured(args, directory, scratch):
    """Errors of a classifier by who votes in it, and the seconds that the first took."""

    def evaluate(model, *absent):
        with without(model, absent):
            return unfreeze(args.binary, "evaluate", "--model", model, "--data", scratch / "test.csv", "--device", args.device)

    found = {"forward": evaluate(directory, "backward", "tfidf.json")}
    if args.both:
        found |= {"backward": evaluate(directory / "backward"), "both": evaluate(directory, "tfidf.json")}
    if args.votes:
        found["forward+tfidf"] = evaluate(directory, "backward")
        if args.both:
            found["both+tfidf"] = evaluate(directory)
    return {who: event["error"] for who, event in found.items()}, found["forward"]["seconds"]


def options(args):
    """What runs of one set have in common if they may stand in one table."""
    return {
        "unlabelled": args.unlabelled, "test": args.test, "validate": args.validate, "device": args.device,
        "model": args.model, "adapt": args.adapt, "further": args.further,
    }


def one(args, data, condition, labels, seed, models, scratch):
    """One draw of labels, trained and measured."""
    write(scratch / "labelled.csv", ["text", "label"], data.labelled(labels, seed))
    write(scratch / "test.csv", ["text", "label"], data.test)
    out = scratch / "model"
    common = ["--data", scratch / "labelled.csv", "--out", out, "--seed", seed, "--device", args.device, "--estimate", "none"]
    common += ["--bidirectional"] * args.both + ["--with-tfidf"] * args.votes
    if condition == "semi":
        common += ["--model", models[0], *(["--backward-model", models[1]] if args.both else [])]
    elif args.model:
        common += ["--model", args.model]
    if condition == "scratch":
        common += ["--method", "scratch"]
    done = unfreeze(args.binary, "fit" if condition == "supervised" else "train", *common, *args.further)
    errors, seconds = measured(args, out, scratch)
    if args.keep:
        shutil.copytree(scratch, args.keep / f"{data.name}-{condition}-{labels}-{seed}", dirs_exist_ok=True)
    return {
        "set": data.name, "condition": condition, "labels": labels, "seed": seed,
        "errors": {way: round(e, 5) for way, e in errors.items()}, "tfidf": round(data.tfidf(labels, seed), 5),
        "stage_seconds": {k: round(s, 1) for k, s in done["stage_seconds"].items()},
        "evaluate_seconds": round(seconds, 1), "test": len(data.test), "options": options(args),
    }


def run(args):
    args.models = args.models or pathlib.Path(tempfile.mkdtemp())
    known = [json.loads(line) for line in args.log.read_text().splitlines()] if args.log.exists() else []
    wanted = {"both"} if args.both else set()
    wanted |= {"forward+tfidf"} if args.votes else set()
    made = {(r["set"], r["condition"], r["labels"], r["seed"]) for r in known if wanted <= r["errors"].keys()}
    for name in args.sets:
        if other := next((r for r in known if r["set"] == name and r.get("options") != options(args)), None):
            sys.exit(f"{args.log} holds runs of {name} with other options: {other.get('options')}\nName another log with --log.")
        data = Set(name, args)
        for condition in args.conditions:
            models, said = [], {}
            for seed in range(args.seeds):
                for labels in args.labels:
                    if (name, condition, labels, seed) in made:
                        continue
                    with tempfile.TemporaryDirectory() as scratch:
                        scratch = pathlib.Path(scratch)
                        if condition == "semi" and not models:
                            models, said = data.adapted(scratch)
                        result = one(args, data, condition, labels, seed, models, scratch)
                    if said:
                        result["adapt"] = said
                    line = json.dumps(result)
                    print(line, flush=True)
                    with args.log.open("a") as log:
                        log.write(line + "\n")


def cell(values):
    """Mean and standard deviation, in percent; a range says nothing of fewer than two."""
    if not values:
        return ""
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{spread}"


def table(path):
    """A row for each set and number of labels, a column for each condition and for both directions where they were measured."""
    errors, tfidf, seconds = collections.defaultdict(dict), collections.defaultdict(dict), collections.defaultdict(list)
    for record in map(json.loads, path.read_text().splitlines()):
        row = (record["set"], record["labels"])
        tfidf[row][record["seed"]] = record["tfidf"]
        for way, error in record["errors"].items():
            if way != "backward":
                errors[row, record["condition"], way][record["seed"]] = error
        if record["condition"] == "semi":
            for stage, s in record["stage_seconds"].items():
                seconds[row, stage].append(s / (2 if "both" in record["errors"] else 1))
    columns = [(c, w) for c in CONDITIONS for w in WAYS if any(k[1:] == (c, w) for k in errors)]
    heading = [HEADINGS[c] + WAYS[w] for c, w in columns]
    print("| set | labels | " + " | ".join(heading) + " | TF-IDF | stage 3, s |")
    print("|---" * (len(columns) + 4) + "|")
    for row in sorted(tfidf, key=lambda r: (NAMES.index(r[0]), r[1])):
        cells = [cell(list(errors[(row, *column)].values())) for column in columns]
        took = [statistics.mean(s) for (r, _), s in seconds.items() if r == row]
        print(f"| {row[0]} | {row[1]} | " + " | ".join([*cells, cell(list(tfidf[row].values())), f"{sum(took):.0f}" if took else ""]) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--binary", default="target/release/unfreeze")
    parser.add_argument("--sets", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--conditions", nargs="+", default=["semi"], choices=CONDITIONS)
    parser.add_argument("--labels", type=int, nargs="+", default=[100])
    parser.add_argument("--unlabelled", type=int, default=6000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", help="the base model; without it the built-in one")
    parser.add_argument("--models", type=pathlib.Path, help="where language models that have read a set are kept: SET/forward")
    parser.add_argument("--keep", type=pathlib.Path, help="where each run's classifier and its texts are kept: SET-CONDITION-LABELS-SEED")
    parser.add_argument("--adapt", default="", help="further arguments of `unfreeze adapt`, in one string")
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--both", action="store_true", help="both directions, probabilities averaged")
    parser.add_argument("--votes", action="store_true", help="measured with the vote of TF-IDF as well")
    parser.add_argument("--log", type=pathlib.Path, default=pathlib.Path("low-shot.jsonl"))
    parser.add_argument("--table", type=pathlib.Path, help="print the table of a log and do nothing else")
    parser.add_argument("further", nargs="*", help="further arguments of `unfreeze fit` or `train`, after --")
    args = parser.parse_args()
    if args.both and args.model:
        parser.error("--both starts from the built-in models: leave out --model")
    table(args.table) if args.table else run(args)


if __name__ == "__main__":
    main()
