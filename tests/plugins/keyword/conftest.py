from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from chopmark import Policy
from chopmark_keyword import KeywordDetector

TODAY = date(2026, 12, 1)
Terms = Sequence[str | tuple[str, str]]


def write_list(path: Path, terms: Terms, name: str = "ops") -> Path:
    """Write a CSV list; a term alone is of level `block`."""
    pairs = [(term, "block") if isinstance(term, str) else term for term in terms]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for key, value in (("name", name), ("version", "1"), ("language", "und")):
            writer.writerow([f"# {key}: {value}"])
        writer.writerow(["term", "category", "level", "reviewer"])
        writer.writerows([term, "test", level, "Li"] for term, level in pairs)
    return path


@pytest.fixture(scope="session")
def written() -> Callable[..., Path]:
    return write_list


@pytest.fixture(scope="session")
def detect(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., KeywordDetector]:
    """Make a detector of the given terms, and of nothing else; `folding` is how far it sees."""
    folder = tmp_path_factory.mktemp("lists")

    def make(terms: Terms, folding: str = "plain") -> KeywordDetector:
        write_list(folder / "ops.csv", terms)
        policy = Policy(name="p", folder=str(folder))
        options: dict[str, object] = {
            "lists": ["ops.csv"],
            "bundled": False,
            "reload_seconds": float("inf"),
        }
        options["folding"] = folding
        policy = policy.with_options("keyword", **options)
        return KeywordDetector.from_policy(policy, today=lambda: TODAY)

    return make
