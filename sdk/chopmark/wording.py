"""Texts for people, in several languages: a folder of TOML files in a package, one a language.

    [summary]
    title = "Summary"
    calls = "{count} calls"

is read by `Wording.of("my_plugin", "en")("summary.calls", count=3)`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Wording:
    """The texts of one language. `language` is the one that was found."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language, self._texts = language, texts

    @staticmethod
    @lru_cache(maxsize=64)
    def of(package: str, language: str, folder: str = "words") -> Wording:
        """Return the texts of `package` in `language`, or without its region, or in English.

        Args:
            package: that has the folder.
            language: such as `zh`, `zh-CN` or `en_GB`.
            folder: with a file `LANGUAGE.toml` for each language, of which `en` is one.
        """
        known = languages(package, folder)
        whole = language.replace("_", "-").lower()
        found = next((one for one in (whole, whole.split("-")[0]) if one in known), "en")
        file = resources.files(package) / folder / f"{found}.toml"
        return Wording(found, dict(_flat("", tomllib.loads(file.read_text("utf-8")))))

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text `key`, such as `summary.title`, with `values` in its braces.

        Raises:
            KeyError: there is no such text, or it has braces that no value fills.
        """
        text = self._texts[key]
        return text.format_map(values) if values else text

    def get(self, key: str, default: str) -> str:
        """Return the text `key`, or `default` where there is none: for names from outside."""
        return self._texts.get(key, default)

    def names(self) -> frozenset[str]:
        """Return the names of all texts."""
        return frozenset(self._texts)


def languages(package: str, folder: str = "words") -> tuple[str, ...]:
    """Return the languages in which `package` has texts, in order."""
    names = (file.name for file in (resources.files(package) / folder).iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml")))


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += _flat(f"{name}.", value) if isinstance(value, dict) else [(name, value)]
    return found
