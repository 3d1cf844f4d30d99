"""What the desk says, by language: the catalogues in `words/`, one TOML file each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from ._language import LANGUAGES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Words:
    """All texts, by language and dotted key ("login.title")."""

    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls) -> Words:
        """Read the catalogues that come with the desk."""
        folder = resources.files(__package__).joinpath("words")
        return cls(
            {
                language: dict(
                    _flat(tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")))
                )
                for language in LANGUAGES
            }
        )

    def say(self, language: str, key: str, /, **values: object) -> str:
        """Return the text `key` with `{name}` replaced by the values; KeyError where none is."""
        text = self.texts[language][key]
        return text.format(**values) if values else text

    def known(self, key: str) -> bool:
        """Return whether there is a text `key`."""
        return all(key in texts for texts in self.texts.values())


def _flat(table: Mapping[str, object], inside: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{inside}{key}.")
        else:
            yield f"{inside}{key}", str(value)
