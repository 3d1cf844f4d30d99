"""The promises of texts in several languages: subclass `WordingContract`, name the package."""

from __future__ import annotations

from string import Formatter
from typing import ClassVar

from chopmark.wording import Wording, languages


class WordingContract:
    """Every language says the same things, with the same values in them."""

    package: ClassVar[str]
    folder: ClassVar[str] = "words"

    def _all(self) -> dict[str, Wording]:
        known = languages(self.package, self.folder)
        return {name: Wording.of(self.package, name, self.folder) for name in known}

    def test_english_and_chinese_are_there(self) -> None:
        assert {"en", "zh"} <= set(self._all())

    def test_all_languages_have_the_same_texts(self) -> None:
        first, *others = self._all().values()
        for other in others:
            assert first.names() == other.names(), other.language

    def test_a_text_takes_the_same_values_in_all_languages(self) -> None:
        first, *others = self._all().values()
        for other in others:
            for key in first.names():
                assert _values(first(key)) == _values(other(key)), f"{other.language}: {key}"

    def test_no_text_is_empty(self) -> None:
        for wording in self._all().values():
            for key in wording.names():
                assert wording(key).strip(), f"{wording.language}: {key}"


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
