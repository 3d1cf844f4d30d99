"""Reads lists of phrases: TOML files in which `(a|b|)` stands for each of its parts."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from chopmark import Direction, Outcome, PolicyError

from ._fold import SKIP, fold

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LEVELS: Mapping[str, tuple[Outcome, float]] = {"block": ("deny", 1.0), "warn": ("warn", 0.5)}
"""What a level advises, and the score that a policy's rules can tell it by."""

LONGEST = 120
"""The most characters of a phrase: so many may have to be held back for it."""

_PARTS = re.compile(r"\(([^()]*)\)|([^()]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: its parts in order, each with what may stand there, and what it means."""

    parts: tuple[tuple[str, ...], ...]
    category: str
    outcome: Outcome
    score: float
    direction: Direction | None
    detail: str

    @property
    def longest(self) -> int:
        """The most characters that it may have."""
        return sum(max(map(len, part)) for part in self.parts)


@lru_cache(maxsize=1)
def read_bundled() -> tuple[Phrase, ...]:
    """Return the phrases that come with the plugin."""
    folder = resources.files("chopmark_minors") / "data"
    texts = [(name, (folder / name).read_text("utf-8")) for name in ("zh.toml", "en.toml")]
    return tuple(phrase for name, text in texts for phrase in parse_phrases(text, name))


def read_phrases(file: Path) -> list[Phrase]:
    """Return the phrases of a file; raise `PolicyError` naming the file, the place and the cure."""
    try:
        return parse_phrases(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"phrases {str(file)!r} cannot be read: {error}") from error


def parse_phrases(text: str, where: str) -> list[Phrase]:
    """Return the phrases that the TOML `text` of the file `where` says."""
    try:
        data: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"phrases {where!r}: not valid TOML: {error}") from error
    name, groups = data.get("name"), data.get("groups")
    if not isinstance(name, str) or not name or not isinstance(groups, list) or not groups:
        raise PolicyError(f"phrases {where!r}: write a `name` and at least one [[groups]]")
    found: list[Phrase] = []
    for number, group in enumerate(groups, 1):
        found += _group(group, f"{name}#{number}", f"phrases {where!r}, group {number}")
    return found


def _group(group: object, detail: str, where: str) -> list[Phrase]:
    if not isinstance(group, Mapping) or set(group) - {"category", "level", "direction", "terms"}:
        raise PolicyError(f"{where}: keys are category, level, direction and terms")
    category, level = group.get("category"), group.get("level")
    direction, terms = group.get("direction"), group.get("terms")
    if not isinstance(category, str) or not _NAME.fullmatch(category):
        raise PolicyError(f'{where}: category {category!r}: write a name such as "gambling"')
    if not isinstance(level, str) or level not in LEVELS:
        raise PolicyError(f"{where}: level {level!r} is not one of {', '.join(LEVELS)}")
    if direction not in ("input", "output", None):
        raise PolicyError(f"{where}: direction {direction!r} is not one of input, output")
    if not isinstance(terms, list) or not terms:
        raise PolicyError(f"{where}: terms {terms!r}: write a list of phrases")
    outcome, score = LEVELS[level]
    return [
        Phrase(
            _parts(term, where), f"minors.{category}", outcome, score, direction, f"{detail}.{n}"
        )
        for n, term in enumerate(terms, 1)
    ]


def _parts(term: object, where: str) -> tuple[tuple[str, ...], ...]:
    said = f"{where}: term {term!r}"
    if not isinstance(term, str) or not term.strip():
        raise PolicyError(f"{said}: write a phrase")
    pieces = list(_PARTS.finditer(term))
    if "".join(m[0] for m in pieces) != term or any("|" in (m[2] or "") for m in pieces):
        raise PolicyError(f"{said}: write alternatives as (a|b), without brackets inside")
    folded = fold(term)
    if SKIP in folded:
        raise PolicyError(f"{said} holds a character that nobody sees; take it out")
    parts = tuple(
        tuple(dict.fromkeys(m[1].split("|"))) if m[1] is not None else (m[2],)
        for m in _PARTS.finditer(folded)
    )
    if all("" in part for part in parts):
        raise PolicyError(
            f"{said} may be empty, so it would stand everywhere; make a part of it sure"
        )
    if sum(max(map(len, part)) for part in parts) > LONGEST:
        raise PolicyError(f"{said} is longer than {LONGEST} characters; cut it")
    return parts
