"""Both models' opinion of many texts, as a policy hears them, kept so that it is asked for once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .calibrate import Floats, mean, sigmoid
from .heads import HEADS
from .runtime import Folder

BLOCK = 64  # so many texts are lost at most where a run is stopped


class Both:
    """The two models of a folder: the larger one is asked where the small one is unsure."""

    def __init__(self, folder: Path) -> None:
        paths = [folder / name for name in ("small", "base")]
        guards = [json.loads((path / "guard.json").read_text("utf-8")) for path in paths]
        self._folders = [Folder(path) for path in paths]
        self._divisors = [_of(guard["temperature"]) for guard in guards]
        self._unsure = _of(guards[0]["unsure"])
        #: The score of each head from which a text is stopped.
        self.bars = _of(guards[1]["mixed"]["thresholds"]["balanced"])
        said = json.dumps(guards, sort_keys=True)  # the digests of the models are among it
        self.digest = hashlib.sha256(said.encode()).hexdigest()

    def scores(self, text: str) -> Floats:
        """Give the probabilities of one text."""
        small = self._one(0, text)
        return small if (small < self._unsure).all() else mean(small, self._one(1, text))

    def _one(self, number: int, text: str) -> Floats:
        return sigmoid(self._folders[number].logits_of(text) / self._divisors[number])


def _of(by_head: dict[str, float]) -> Floats:
    return np.array([by_head[head] for head in HEADS], np.float32)


def score(both: Both, texts: Sequence[str], *, keep: Path, threads: int) -> Iterator[Floats]:
    """Score texts in their order; what `keep` has of these models already is not scored again."""
    known = kept(keep, both.digest)
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
            found = pool.map(both.scores, [text for _, text in block])
            for (key, _), scores in zip(block, found, strict=True):
                known[key] = [round(float(score), 5) for score in scores]
                out.write(json.dumps([key, known[key]]) + "\n")
            out.flush()
            bar.update(len(block))
    return (np.array(known[key], np.float32) for key in keys)


def kept(path: Path, digest: str) -> dict[str, list[float]]:
    """Read the scores that a run before this one kept, or begin the file for these models."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    if not lines or json.loads(lines[0]) != digest:
        path.write_text(json.dumps(digest) + "\n", "utf-8")
        return {}
    if not lines[-1].endswith("\n"):  # a run was killed while it wrote
        lines.pop()
        path.write_text("".join(lines), "utf-8")
    return dict(json.loads(line) for line in lines[1:])
