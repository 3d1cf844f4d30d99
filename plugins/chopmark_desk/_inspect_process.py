"""The process that looks into one file: `python -m`, told on standard input what to look into.

It bounds itself before it reads anything of the file, and writes its answer into a file.
"""

from __future__ import annotations

import json
import math
import pickle
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chopmark import Policy
from chopmark.hookspecs import Marker

ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        # Each thread, and each arena of malloc, would take address space, which is bounded.
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "RAYON_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TOKIO_WORKER_THREADS": "1",
    }
)
LONGEST_TEXT = 1_000_000
"""Characters of a file's text that are given back, to be looked for in the log."""
MOST_ANSWER = 32 * 2**20
"""Bytes of an answer, and of any file that the process writes."""
_SPARE = 5.0
"""Seconds of processor time beyond those of the clock: the clock ends it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to look into, with what, and where to write what was found."""

    policy: Policy
    keys: tuple[Path, ...]
    path: Path
    answer: Path
    seconds: float
    memory: int


def without_logs(markers: Iterable[Marker]) -> tuple[Marker, ...]:
    """Return `markers` without those that look into a log: the desk does that itself."""
    return tuple(marker for marker in markers if marker.kind != "record")


def main() -> None:
    """Look into the file that standard input names."""
    asked: Asked = pickle.load(sys.stdin.buffer)  # the desk wrote it
    _bound(asked)
    try:
        said = _looked(asked)
    except MemoryError:
        said = {"failure": "memory"}
    asked.answer.write_text(json.dumps(said), "utf-8")


def _looked(asked: Asked) -> Mapping[str, Any]:
    from chopmark import ChopmarkError
    from chopmark_label import inspect_file, read_pins, readers

    try:
        markers = without_logs(readers(asked.policy))
        report = inspect_file(asked.path, markers, read_pins(asked.keys))
    except ChopmarkError as error:
        return {"failure": "unreadable", "detail": str(error)}
    except OSError as error:
        if error.errno is None:
            return {"failure": "unreadable", "detail": str(error)}
        raise
    return {"report": report.to_json(), "text": report.text[:LONGEST_TEXT]}


def _bound(asked: Asked) -> None:
    """Take no more address space, time and disk than is given; leave no picture of the memory."""
    try:
        import resource
    except ImportError:  # no POSIX: the clock of the desk is what is left
        return
    seconds = math.ceil(asked.seconds + _SPARE)
    for what, most in (
        (resource.RLIMIT_AS, asked.memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, MOST_ANSWER),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        with suppress(OSError, ValueError):  # a system may not bound that, or bound it lower
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
