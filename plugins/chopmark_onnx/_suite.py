"""The functional suite that comes with the models: families of unsafe texts and benign twins."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ._locate import suites


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Texts about one thing: those that are unsafe, and those that only look like it.

    `tests` is the functionality, `labels` are the heads of the unsafe ones. Of the few texts that
    the file calls controversial neither answer is wrong, so they are left out.
    """

    name: str
    tests: str
    labels: frozenset[str]
    unsafe: tuple[str, ...]
    benign: tuple[str, ...]


def read_suite(languages: Sequence[str]) -> list[Family]:
    """Return the families in `languages`.

    Raises:
        ModelError: the package that holds the suite is not installed.
    """
    found = suites()
    return [
        _family(json.loads(line))
        for language in languages
        for line in gzip.decompress(found[language].read_bytes()).decode("utf-8").splitlines()
    ]


def _family(data: dict[str, list[str]]) -> Family:
    return Family(
        name=str(data["name"]),
        tests=str(data["tests"]),
        labels=frozenset(data["labels"]),
        unsafe=tuple(data.get("unsafe", ())),
        benign=tuple(data.get("benign", ())),
    )
