"""What a finished model says of texts, kept so that it is asked for once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .calibrate import Floats, by_head, probabilities
from .runtime import Folder

BLOCK = 64  # so many texts are lost at most where a run is stopped


class Calibrated:
    """A model folder with its guard.json: probabilities, and the scores from which one fires."""

    def __init__(self, folder: Path) -> None:
        guard = json.loads((folder / "guard.json").read_text("utf-8"))
        self._folder = Folder(folder)
        self._divisors, self._biases = by_head(guard["temperature"]), by_head(guard["bias"])
        self.thresholds: Mapping[str, Mapping[str, float]] = guard["thresholds"]
        self.bars = by_head(self.thresholds["balanced"])
        #: The score of each head from which a larger model is asked.
        self.unsure = by_head(guard["unsure"])
        said = json.dumps(guard, sort_keys=True)  # the digest of the model is among it
        self.digest = hashlib.sha256(said.encode()).hexdigest()

    def scores(self, text: str) -> Floats:
        """Give the probabilities of one text."""
        return probabilities(self._folder.logits_of(text), self._divisors, self._biases)

    def scores_of(self, texts: Sequence[str]) -> Floats:
        """Give the probabilities of many, [texts, heads]."""
        return probabilities(self._folder.logits(texts), self._divisors, self._biases)


def score(model: Calibrated, texts: Sequence[str], *, keep: Path, threads: int) -> Iterator[Floats]:
    """Score texts in their order; what `keep` has of this model already is not scored again."""
    known = kept(keep, model.digest)
    keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    asked = dict(zip(keys, texts, strict=True))
    left = [(key, text) for key, text in asked.items() if key not in known]
    with (
        keep.open("a", encoding="utf-8") as out,
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=len(asked), initial=len(asked) - len(left), desc="score", mininterval=10) as bar,
    ):
        for start in range(0, len(left), BLOCK):
            block = left[start : start + BLOCK]
            found = pool.map(model.scores, [text for _, text in block])
            for (key, _), scores in zip(block, found, strict=True):
                known[key] = [round(float(score), 5) for score in scores]
                out.write(json.dumps([key, known[key]]) + "\n")
            out.flush()
            bar.update(len(block))
    return (np.array(known[key], np.float32) for key in keys)


def kept(path: Path, digest: str) -> dict[str, list[float]]:
    """Read the scores that a run before this one kept, or begin the file for this model."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    if not lines or json.loads(lines[0]) != digest:
        path.write_text(json.dumps(digest) + "\n", "utf-8")
        return {}
    if not lines[-1].endswith("\n"):  # a run was killed while it wrote
        lines.pop()
        path.write_text("".join(lines), "utf-8")
    return dict(json.loads(line) for line in lines[1:])
