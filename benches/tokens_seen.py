"""What a base model is worth after so many tokens: perplexity, and the error with few labels after fine-tuning.

    python3 benches/tokens_seen.py --budgets 0.25M 1M 4M --out tokens-seen
    python3 benches/tokens_seen.py --plot benches/results/2026-11-30-tokens-seen.jsonl assets/models/base/forward/tokens-seen.svg

For each budget a model with the sizes and the vocabulary of the built-in one is pretrained on that much of Wikipedia, a whole one-cycle
schedule each, in the smaller batches that so few tokens need for some hundreds of steps; the built-in model stands at the end. Each is
measured on held-out articles, then fine-tuned on every set's unlabelled training texts once and on --seeds draws of --labels labels.
What the log already holds is not made again.

Needs Python 3, scikit-learn, the `zstd` program, and matplotlib for the plot.
"""

import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import sys

from low_shot import unfreeze

HERE = pathlib.Path(__file__).resolve().parent
BUILT_IN = HERE.parent / "assets" / "models" / "base" / "forward"
STEPS = 400
BPTT = 70
PRESET_BATCH = 128
NICE = {"trec6": "TREC-6", "ag_news": "AG News", "sms": "SMS spam", "rt": "RT", "sst2": "SST-2", "imdb": "IMDb"}


def number(text):
    return int(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))


def batch(tokens):
    """Streams that make about STEPS steps of so few tokens; never more than the preset's."""
    return max(4, min(PRESET_BATCH, tokens // (BPTT * STEPS)))


def pretrained(args, budget):
    """The model of that budget, made unless it is there."""
    out = args.out / f"base-{budget}"
    if not (out / "config.json").exists():
        wiki = args.data / "wiki_en"
        unfreeze(
            args.binary, "pretrain", "--corpus", *sorted(wiki.glob("train.0?.txt.zst"))[:2], "--preset", "small",
            "--vocab-from", BUILT_IN, "--max-tokens", number(budget), "--batch", batch(number(budget)), "--seed", 1,
            "--device", args.device, "--out", out, "--overwrite",
        )
    return out


def measure(args, budget, model, tokens):
    """Lines for the log: held-out perplexity, then the runs with few labels."""
    log = args.out / "runs.jsonl"
    known = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if not any(r["tokens"] == tokens and "perplexity" in r for r in known):
        event = unfreeze(
            args.binary, "perplexity", "--model", model, "--texts", args.data / "wiki_en" / "valid.txt", "--device", args.device
        )
        with log.open("a") as f:
            f.write(json.dumps({"budget": budget, "tokens": tokens, "perplexity": round(event["perplexity"], 3)}) + "\n")
    runs = args.out / f"low-shot-{budget}.jsonl"
    subprocess.run(
        [
            sys.executable, HERE / "low_shot.py", "--data", args.data, "--binary", args.binary, "--sets", *args.sets,
            "--labels", str(args.labels), "--seeds", str(args.seeds), "--model", model, "--log", runs, "--device", args.device,
        ],
        check=True,
    )
    made = {(r["tokens"], r.get("set"), r.get("seed")) for r in known}
    with log.open("a") as f:
        for record in map(json.loads, runs.read_text().splitlines()):
            if (tokens, record["set"], record["seed"]) not in made:
                kept = {k: record[k] for k in ("set", "labels", "seed", "errors", "tfidf")}
                f.write(json.dumps({"budget": budget, "tokens": tokens} | kept) + "\n")


def series(path):
    """Perplexity by tokens, and errors by set and tokens."""
    perplexity, errors = {}, collections.defaultdict(lambda: collections.defaultdict(list))
    for r in map(json.loads, path.read_text().splitlines()):
        if "perplexity" in r:
            perplexity[r["tokens"]] = r["perplexity"]
        else:
            errors[r["set"]][r["tokens"]].append(100 * r["errors"]["forward"])
    return perplexity, errors


def table(path):
    perplexity, errors = series(path)
    print("| tokens read | perplexity | " + " | ".join(NICE[s] + ", error %" for s in errors) + " |")
    print("|---" * (len(errors) + 2) + "|")
    for tokens in sorted(perplexity):
        cells = [
            f"{statistics.mean(e[tokens]):.1f} ± {statistics.stdev(e[tokens]):.1f}" if len(e[tokens]) > 1 else "" for e in errors.values()
        ]
        print(f"| {tokens:,} | {perplexity[tokens]:.1f} | " + " | ".join(cells) + " |")


def plot(path, picture):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "unfreeze"
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator

    perplexity, errors = series(path)
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 6), height_ratios=(2, 3))
    tokens = sorted(perplexity)
    above.plot(tokens, [perplexity[t] for t in tokens], "o-", color="#444")
    for t in tokens:
        above.annotate(f"{perplexity[t]:.0f}", (t, perplexity[t]), (4, 6), textcoords="offset points", fontsize=9)
    above.set(yscale="log", ylabel="perplexity of\nheld-out Wikipedia")
    above.set_yticks([], minor=True)
    above.set_yticks(marks := [25, 50, 100, 200, 400], [str(m) for m in marks])
    above.set_ylim(0.7 * min(perplexity.values()), 1.5 * max(perplexity.values()))
    for (name, by_tokens), colour, mark in zip(errors.items(), ("#0072b2", "#d55e00", "#009e73", "#cc79a7"), "os^D"):
        at = sorted(by_tokens)
        mean = [statistics.mean(by_tokens[t]) for t in at]
        spread = [statistics.stdev(by_tokens[t]) if len(by_tokens[t]) > 1 else 0 for t in at]
        below.errorbar(at, mean, spread, fmt=mark + "-", color=colour, capsize=3, label=NICE[name])
    below.set(xscale="log", xlabel="tokens read in pretraining (stage 1)", ylabel="error after stages 2 and 3, %", ylim=(0, None))
    below.xaxis.set_minor_locator(NullLocator())
    below.set_xticks(tokens, [f"{t / 1e6:.3g} M" for t in tokens])
    below.legend(frameon=False)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None}, facecolor="white")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--binary", default="target/release/unfreeze")
    parser.add_argument("--budgets", nargs="*", default=["0.25M", "1M", "4M"])
    parser.add_argument("--built-in-tokens", type=int, default=65_139_200, help="tokens read by the built-in model, from its card")
    parser.add_argument("--sets", nargs="+", default=["trec6", "ag_news"])
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("tokens-seen"))
    parser.add_argument("--plot", nargs=2, type=pathlib.Path, metavar=("LOG", "PICTURE"), help="draw a log and print its table")
    args = parser.parse_args()
    if args.plot:
        plot(*args.plot)
        table(args.plot[0])
        return
    args.out.mkdir(parents=True, exist_ok=True)
    for budget in args.budgets:
        measure(args, budget, pretrained(args, budget), number(budget))
    measure(args, "built-in", BUILT_IN, args.built_in_tokens)


if __name__ == "__main__":
    main()
