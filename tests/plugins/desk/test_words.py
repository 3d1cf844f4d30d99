"""The texts of the desk: in both languages alike, none of them in a template, all of them used."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

import chopmark_desk
from chopmark.wording import Wording
from chopmark_desk._roles import AREAS, ROLES
from chopmark_desk.pages import PAGES

HERE = Path(chopmark_desk.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
ENGLISH, CHINESE = (Wording.of("chopmark_desk", language) for language in ("en", "zh"))
SAYS = re.compile(
    r"""(?:\bt|\.say|_ENGLISH)\(\s*(?P<quote>["'])(?P<key>[a-z0-9_.]+)(?P=quote)\s*[,)]"""
)


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    assert ENGLISH.names() == CHINESE.names()
    for name in ENGLISH.names():
        assert braces(ENGLISH(name)) == braces(CHINESE(name)), name


def test_chinese_is_chinese() -> None:
    same = {name for name in ENGLISH.names() if ENGLISH(name) == CHINESE(name)}
    assert {name for name in same if re.search("[a-z]{4}", ENGLISH(name))} <= {"desk.language.en"}


@pytest.mark.parametrize("file", [*TEMPLATES, *HERE.rglob("*.py")], ids=lambda file: file.name)
def test_every_text_that_is_asked_for_is_there(file: Path) -> None:
    asked = {found["key"] for found in SAYS.finditer(file.read_text("utf-8"))}
    assert asked - ENGLISH.names() == set()


def test_every_area_role_and_note_has_its_text() -> None:
    names = ENGLISH.names()
    assert {f"nav.{page.area}" for page in PAGES if page.in_navigation} <= names
    assert {f"role.{role}" for role in ROLES} <= names
    assert {name[4:] for name in names if name.startswith("nav.")} <= set(AREAS)
    code = "".join(file.read_text("utf-8") for file in HERE.rglob("*.py"))
    told = {*re.findall(r'\.to\([^()]*?"([a-z_.]+)"\)', code)}
    assert {f"said.{key}" for key in told} <= names


class Prose(HTMLParser):
    """Collects what readers would see of a template: texts, and what is read out.

    Code is no prose: a command is the same in every language.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre")
        read = ("alt", "aria-label", "placeholder", "title", "content")
        self.found += [value or "" for name, value in attrs if name in read and tag != "meta"]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_has_prose_of_its_own(file: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", file.read_text("utf-8"), flags=re.S)
    parser = Prose()
    parser.feed(text)
    assert [prose for prose in parser.found if re.search(r"[^\W\d_]{2}", prose)] == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_has_what_the_policy_of_the_pages_refuses(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|https?://|\|\s*safe", text)
    assert not re.search(r"<script(?! src=\"/static/)", text)
    for form in re.findall(r"<form[^>]*method=\"?post.*?</form>", text, re.S | re.I):
        assert "csrf" in form, form


def test_no_style_or_script_asks_for_anything_elsewhere() -> None:
    for file in (HERE / "static").iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//\w|@import|url\(|eval\(|innerHTML", text), file
