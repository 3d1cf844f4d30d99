"""Find what the larger model gets wrong, for the next training to learn.

    python -m models.train.mine --data DATA [--texts PATH ... [--benign]] [--out FILE]

Scores the rows for training, and texts of your own: folders of .txt (a text a line) and .jsonl
files ({"text": ..., "labels": {"fraud": 1, ...}} a line; a head that is not named is unknown).
Those that were stopped wrongly and those that were missed are written, worst first, without near
copies of each other or of what is measured on; `--mined FILE` of both trainings reads them.
Texts without labels are written, where a head fires on them, with no labels: look at them and
label or delete each, since a training refuses the file until then. `--benign` says that all of
them are harmless. The scores are kept beside FILE, and a run that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import mined, overlap
from .calibrate import FOLDER, Floats
from .heads import HEADS
from .mix import read
from .rows import BENIGN, Row, fraction
from .scores import Calibrated, score

# A label nearer to the middle is doubtful, and no score is wrong about it.
NO, YES = 0.35, 0.65
# At most so much of the file is from one set: the worst of a set that was labelled by a machine
# are its wrong labels.
MOST_OF_ONE = 0.25
# What is trained on is short; a passage ends where a sentence does, if one does.
PASSAGE = re.compile(r".{1,500}(?:[。！？.!?\n]|\Z)|.{1,500}", re.DOTALL)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A row and the head that is most wrong about it, with its loss in nats."""

    row: Row
    head: str
    loss: float
    scores: Floats

    def line(self) -> dict[str, Any]:
        """Give the line of the file."""
        return {
            "text": self.row.text,
            "source": self.row.source,
            "labels": dict(self.row.labels),
            "weight": self.row.weight,
            "head": self.head,
            "loss": round(self.loss, 4),
            "scores": {head: round(float(self.scores[n]), 3) for n, head in enumerate(HEADS)},
        }


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("models.train.mine", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--models", type=Path, default=FOLDER, help="folder of the model folders")
    parser.add_argument("--texts", type=Path, nargs="+", default=(), help="files and folders")
    parser.add_argument("--benign", action="store_true", help="texts without labels are harmless")
    parser.add_argument("--out", type=Path, default=Path("mined.jsonl"), help="file to write")
    parser.add_argument("--most", type=int, default=6000, help="rows to write at most")
    parser.add_argument("--sample", type=int, help="rows for training to score at most")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(given)


def brought(paths: Iterable[Path], *, benign: bool) -> Iterator[Row]:
    """Read the texts that somebody brings.

    Raises:
        ValueError: there is no such file, its name has another ending, or a line is not as it
            should be; names the file and the line.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix in (".txt", ".jsonl"))
        else:
            found = [path]
        if not found or not all(file.is_file() for file in found):
            raise ValueError(f"{path}: no such file, or a folder without .txt and .jsonl files")
        for file in found:
            if file.suffix not in (".txt", ".jsonl"):
                raise ValueError(f"{file}: neither .txt nor .jsonl")
            with file.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield from texts(line, file, f"{file}:{number}", benign=benign)


def texts(line: str, file: Path, where: str, *, benign: bool) -> Iterator[Row]:
    """Read one line. A text without labels is cut into passages, each of which is judged."""
    text = line.strip()
    if file.suffix == ".jsonl":
        try:
            found = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{where}: not JSON: {error}") from error
        if isinstance(found, dict) and found.get("labels"):
            yield mined.row(json.dumps({**found, "source": file.stem}), where)
            return
        text = found.get("text") if isinstance(found, dict) else None
        if not isinstance(text, str):
            raise ValueError(f"{where}: not an object with a string `text`")
    for passage in PASSAGE.findall(text):
        if passage.strip():
            labels: Mapping[str, float] = BENIGN if benign else {}
            yield Row(text=passage.strip(), labels=labels, source=file.stem)


def judged(row: Row, scores: Floats, bars: Floats) -> Wrong | None:
    """Say which head is most wrong about a row, if any is. Without labels, none should fire."""
    worst = None
    for number, head in enumerate(HEADS):
        label = row.labels.get(head) if row.labels else 0.0
        if label is None or NO < label < YES or (scores[number] >= bars[number]) == (label >= YES):
            continue
        chance = float(np.clip(scores[number], 1e-4, 1 - 1e-4))
        loss = float(-label * np.log(chance) - (1 - label) * np.log(1 - chance))
        if worst is None or loss > worst.loss:
            worst = Wrong(row=row, head=head, loss=loss, scores=scores)
    return worst


class Near:
    """Texts, and whether another nearly equals one of them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._texts: list[frozenset[str]] = []
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._equal: set[str] = set()
        for row in rows:
            self.add(row.text)

    def add(self, text: str) -> bool:
        """Take a text up, and say whether none was near it."""
        folded = overlap.plain(text)
        grams = overlap.grams(folded)
        if folded in self._equal or overlap.alike(grams, self._texts, self._holders):
            return False
        for gram in grams:
            self._holders[gram].append(len(self._texts))
        self._texts.append(grams)
        self._equal.add(folded)
        return True


def chosen(wrong: Iterable[Wrong], near: Near, most: int) -> list[Wrong]:
    """Pick the worst that are near nothing in `near` nor to each other, of each set a part."""
    found: list[Wrong] = []
    counts: Counter[str] = Counter()
    for one in sorted(wrong, key=lambda one: (-one.loss, one.row.text)):
        if len(found) == most:
            break
        if counts[one.row.source] < max(1, int(MOST_OF_ONE * most)) and near.add(one.row.text):
            counts[one.row.source] += 1
            found.append(one)
    return found


def main(given: Sequence[str] | None = None) -> None:
    """Score, choose and write."""
    options = arguments(given)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    own = list(brought(options.texts, benign=options.benign))
    mix = read(options.data)
    train = sorted(mix.train, key=lambda row: fraction(f"mine {row.text}"))[: options.sample]
    rows = [*own, *train]
    log.info("%d texts of your own and %d rows for training", len(own), len(train))
    base = Calibrated(options.models / "base")  # the one that reads what is whole
    kept = options.out.with_name(f"{options.out.name}.scores")
    scores = score(base, [row.text for row in rows], keep=kept, threads=options.threads)
    wrong = [
        one
        for row, said in zip(rows, scores, strict=True)
        if (one := judged(row, said, base.bars)) is not None
    ]
    found = chosen(wrong, Near([*mix.dev, *mix.calibration]), options.most)
    mined.write(options.out, (one.line() for one in found))
    log.info("%d of %d are wrong, %d written to %s", len(wrong), len(rows), len(found), options.out)
    for head, count in Counter(one.head for one in found).most_common():
        missed = sum(one.head == head and one.row.labels.get(head, 0) > NO for one in found)
        log.info("%-10s %5d missed, %5d wrongly stopped", head, missed, count - missed)


if __name__ == "__main__":
    main()
