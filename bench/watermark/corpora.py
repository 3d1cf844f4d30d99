"""Texts that people wrote, by kind, and chunks of tokens of them.

Code, notes and licences are at hand on every machine: the standard library's sources, the README
and licence files of what is installed, and /usr/share/common-licenses. The others stand in the
folder that `--data` names; what is not there is left out, and no corpus is copied.
"""

from __future__ import annotations

import csv
import json
import random
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from drawing import Ids
from scoring import tokenizer

Source = Callable[[Path], Iterator[str]]


def _code(data: Path) -> Iterator[str]:
    yield from _files(Path(sysconfig.get_path("stdlib")).glob("*.py"))


def _notes(data: Path) -> Iterator[str]:
    packages = Path(sysconfig.get_path("purelib"))
    yield from _files(packages.glob("*.dist-info/METADATA"))


def _licences(data: Path) -> Iterator[str]:
    yield from _files(Path("/usr/share/common-licenses").glob("*"))
    packages = Path(sysconfig.get_path("purelib"))
    yield from _files(packages.glob("*.dist-info/**/LICENSE*"))


def _dialogues(data: Path) -> Iterator[str]:
    yield from _lines(data / "kdconv-half-zh" / "utterances.txt")


def _comments(data: Path) -> Iterator[str]:
    with (data / "cold-zh" / "train.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from (row["TEXT"] for row in csv.DictReader(file))


def _posts(data: Path) -> Iterator[str]:
    with (data / "davidson-en" / "labeled_data.csv").open(encoding="utf-8", newline="") as file:
        yield from (row["tweet"] for row in csv.DictReader(file))


def _tasks(data: Path) -> Iterator[str]:
    for line in _lines(data / "self-instruct-benign-en" / "p3_t0_prompts_sample.jsonl"):
        yield json.loads(line)["prompt"]


SOURCES: Mapping[str, Source] = {
    "code, Python": _code,
    "notes, English": _notes,
    "licences, English": _licences,
    "dialogues, Chinese": _dialogues,
    "comments, Chinese": _comments,
    "tasks, English": _tasks,
    "posts, English": _posts,
}


def chunks(name: str, data: Path, count: int, length: int, seed: int) -> list[Ids]:
    """Return up to `count` runs of `length` tokens, each from a place of its own in the corpus.

    Short texts are joined by line breaks, as a page of them would be. Empty where it is not there.
    """
    try:
        whole = list(SOURCES[name](data))
    except FileNotFoundError:
        return []
    rng = random.Random(seed)
    rng.shuffle(whole)
    found: list[Ids] = []
    waiting: list[str] = []
    size = 0
    for text in whole:
        waiting.append(text)
        size += len(text)
        if size < 6 * length:
            continue
        ids = tokenizer().encode("\n".join(waiting)).ids
        waiting, size = [], 0
        parts = len(ids) // length
        # Of one long file no more than eight runs, wherever they are.
        starts = sorted(rng.sample(range(parts), min(parts, 8)))
        found += [ids[n * length : (n + 1) * length] for n in starts]
        if len(found) >= count:
            break
    return found[:count]


def running_text(data: Path, tokens: int, seed: int) -> Ids:
    """Return `tokens` of English prose: notes, one behind the other."""
    parts = chunks("notes, English", data, tokens // 250 + 8, 250, seed)
    return np.concatenate(parts)[:tokens]


def _files(paths: Iterator[Path]) -> Iterator[str]:
    for path in sorted(paths):
        if path.is_file() and path.stat().st_size < 400_000:
            yield path.read_text("utf-8", "replace")


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from (line.strip() for line in file if line.strip())
