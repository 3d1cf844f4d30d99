"""What a rule for instruction-like text is, and how rules are looked for.

A rule has literal beginnings; only where one stands is it tried. It is a row of parts, each looked
for once, in the 40 characters behind the one before and in the same sentence. No part has an
unbounded repeat, so the work for one beginning has a limit, and that for a text grows with its
length alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ._options import Level

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LEVELS: Mapping[Level, float] = {"low": 0.5, "medium": 0.8, "high": 0.95}
"""The levels, and the score of each."""

LANGUAGES = ("any", "en", "zh")
REACH = 40
"""How far behind a part of a rule the next one may stand."""

_GAP = r"(?:[\s*_`\"'~>#,-]{1,4})"
_named = re.compile(r"\{\{(\w+)\}\}")
_ascii = re.compile(r"[a-z<\[]").search
_letter = re.compile(r"[a-z0-9]").match
_stop = re.compile(r"[!?。！？；]|\.(?=\s)|\n(?![a-z\u4e00-\u9fff])").search


@dataclass(frozen=True, slots=True)
class Rule:
    """A form of words.

    `starts` are the literal beginnings; one that begins with a letter must begin a word. `parts`
    follow each other in one sentence, the first where a beginning stands. `high` was wrong in at
    most one of ten thousand harmless texts, `medium` in one of a thousand (docs/injection.md).
    """

    name: str
    language: str
    level: Level
    starts: tuple[str, ...]
    parts: tuple[re.Pattern[str], ...]


def read_rules() -> tuple[Rule, ...]:
    """Return the rules that this plugin ships, in every language."""
    found: list[Rule] = []
    for language in LANGUAGES:
        source = files(__package__) / "rules" / f"{language}.toml"
        data = tomllib.loads(source.read_text("utf-8"))
        words: dict[str, str] = {}
        for name, words_of in data.get("words", {}).items():
            words[name] = _filled(words_of, words)
        found += [_rule(entry, language, words) for entry in data["rule"]]
    return tuple(found)


def _rule(entry: Mapping[str, Any], language: str, words: Mapping[str, str]) -> Rule:
    parts = tuple(re.compile(_filled(part, words).replace(" ", _GAP)) for part in entry["parts"])
    return Rule(entry["name"], language, entry["level"], tuple(entry["starts"]), parts)


def _filled(part: str, words: Mapping[str, str]) -> str:
    return _named.sub(lambda found: words[found.group(1)], part)


class Rules:
    """Rules, by their beginnings: one that several rules share is looked for once. Immutable.

    Beginnings in ASCII are searched for one by one. Chinese ones are many and short, so every
    character that one of them begins with is looked at.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.all = tuple(rules)
        starts: dict[str, list[Rule]] = {}
        for one in rules:
            for start in one.starts:
                starts.setdefault(start, []).append(one)
        self._narrow = [(s, _letter(s) is not None, r) for s, r in starts.items() if s.isascii()]
        self._wide: dict[str, list[tuple[str, list[Rule]]]] = {}
        for start, begun in starts.items():
            if not start.isascii():
                self._wide.setdefault(start[0], []).append((start, begun))
        self._firsts = re.compile(f"[{''.join(map(re.escape, self._wide))}]").finditer

    def hits(self, text: str) -> Iterator[tuple[Rule, int, int]]:
        """Yield every place in the plain `text` where a rule holds."""
        if _ascii(text) is not None:
            for start, word, rules in self._narrow:
                at = text.find(start)
                while at >= 0:
                    if not (word and at and _letter(text, at - 1)):
                        yield from _held(text, at, rules)
                    at = text.find(start, at + len(start))
        if not text.isascii():
            for first in self._firsts(text):
                at = first.start()
                for start, rules in self._wide[first.group()]:
                    if text.startswith(start, at):
                        yield from _held(text, at, rules)


def _held(text: str, at: int, rules: Sequence[Rule]) -> Iterator[tuple[Rule, int, int]]:
    for one in rules:
        end = _end(text, at, one.parts)
        if end >= 0:
            yield one, at, end


def _end(text: str, at: int, parts: Sequence[re.Pattern[str]]) -> int:
    """Return where the row of `parts` that begins at `at` ends, -1 where there is none."""
    found = parts[0].match(text, at)
    for part in parts[1:]:
        if found is None:
            return -1
        end = found.end()
        stop = _stop(text, end, end + REACH)
        found = part.search(text, end, end + REACH if stop is None else stop.start())
    return -1 if found is None else found.end()
