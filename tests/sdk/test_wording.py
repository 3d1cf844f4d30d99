"""Texts in several languages are found, filled, and never missing in silence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chopmark.wording import Wording, languages


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"worded_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name / "words"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "en.toml").write_text('plain = "a {brace}"\n[calls]\nmany = "{count} calls"\n')
    (folder / "zh.toml").write_text('plain = "一"\n[calls]\nmany = "{count} 次调用"\n', "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return name


def test_a_text_is_found_by_the_language_of_a_region(package: str) -> None:
    assert languages(package) == ("en", "zh")
    for asked in ("zh", "zh-CN", "zh_TW", "ZH-Hant"):
        words = Wording.of(package, asked)
        assert (words.language, words("calls.many", count=3)) == ("zh", "3 次调用")


def test_who_asks_for_an_unknown_language_gets_english(package: str) -> None:
    assert Wording.of(package, "tlh")("calls.many", count=1) == "1 calls"


def test_a_text_without_values_is_left_as_it_is(package: str) -> None:
    assert Wording.of(package, "en")("plain") == "a {brace}"


def test_what_is_missing_is_an_error_and_not_an_empty_text(package: str) -> None:
    words = Wording.of(package, "en")
    with pytest.raises(KeyError):
        words("calls.few")
    with pytest.raises(KeyError):
        words("calls.many", number=3)
    assert words.get("calls.few", "few") == "few"
