"""The labelled sets that measurements read, and balanced draws from them."""

import csv
import io
import random
import subprocess

csv.field_size_limit(1 << 24)

NAMES = ("imdb", "trec6", "ag_news", "sst2", "rt", "sms")


def rows(path, text, label):
    """(text, label) of every row; `text` may name several columns, joined by a line break."""
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


def validation(train, test_count):
    """What to choose defaults by: the training rows that are left, and those that stand for the test set."""
    kept = set(random.Random(1).sample(range(len(train)), min(test_count, len(train) // 2)))
    return (
        [row for i, row in enumerate(train) if i not in kept],
        [row for i, row in enumerate(train) if i in kept],
    )


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
