"""Every mark of a text: how it is put there, and what is left of it afterwards."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, NamedTuple

from chopmark import Message, Policy, Request
from chopmark_c2pa import (
    Claim,
    Credential,
    find_credentials,
    sign_html,
    sign_linked,
    sign_structured,
    sign_text,
)
from chopmark_c2pa import chopmark_markers as credentials_of
from chopmark_label import Aigc, Label, label_file, read_labels

from .texts import Form, Text, page

Fate = Literal["survived", "damaged", "lost"]
BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="0190c8f2")
_CLAIM = Claim(model_name="a-model")
# Two fonts may get a space between them when a PDF is read.
_WORDS = re.compile(r"AI\s*生成")
_LINE = re.compile(r"^[>\s(（*]*AI[ \t]*生成(?: *· *AI-generated)?[)）\s*]*$", re.MULTILINE)
_TAGS = re.compile(r"^[^<>]*>|<[^>]*(?:>|$)")  # also those that are cut at either end


class Mark(NamedTuple):
    """A mark: its name, the form of text it is put into, `put`, and `judge`."""

    name: str
    form: Form
    put: Callable[[Text], str]
    judge: Callable[[str], Fate]


def make_marks(credential: Credential, anchors: str) -> list[Mark]:
    """Return all marks; `credential` signs the manifests, and `anchors` are trusted."""

    def when() -> datetime:
        return datetime.now(timezone.utc)

    def credentials(text: str) -> Fate:
        found = find_credentials(text, anchors)
        if any(not finding.problem for finding in found):
            return "survived"
        return "damaged" if found else "lost"

    def full(text: Text) -> str:
        return sign_text(text.text, _CLAIM, credential, when())

    def armour(text: Text) -> str:
        return sign_structured(text.text, _CLAIM, credential, when(), "text/markdown")

    def address(text: Text) -> str:
        url = "https://ai.example/c/1.c2pa"
        return sign_linked(text.text, url, _CLAIM, credential, when(), "text/markdown")[0]

    def script(text: Text) -> str:
        return sign_html(page(text), _CLAIM, credential, when())

    pointer = Policy(
        name="pointer", plugins=("c2pa",), settings={"c2pa": {"url": "https://ai.example/c/"}}
    )
    (pointing,) = credentials_of(pointer)
    return [
        _label("label, start", "plain"),
        _label("label, end", "plain", position="end"),
        _label("label, both ends", "plain", position="both"),
        _label("label, every 200", "plain", every=200),
        _label("label, start, Markdown", "markdown", format="markdown"),
        _label("label, end, Markdown", "markdown", format="markdown", position="end"),
        _label("label, start, HTML badge", "html", format="html"),
        Mark("AIGC, front matter", "markdown", _in_file(".md"), _of_file(".md")),
        Mark("AIGC, HTML meta", "html", _in_file(".html"), _of_file(".html")),
        Mark(
            "C2PA pointer, 40 bytes", "plain", lambda t: _marked(pointing, t.text, t), credentials
        ),
        Mark("C2PA manifest, A.8", "plain", full, credentials),
        Mark("C2PA manifest, A.9", "markdown", armour, credentials),
        Mark("C2PA address, A.9", "markdown", address, credentials),
        Mark("C2PA manifest, A.7", "html", script, credentials),
    ]


def _label(name: str, form: Form, **options: object) -> Mark:
    label = Label(options)

    def put(text: Text) -> str:
        return _marked(label, page(text) if form == "html" else text.text, text)

    def judge(text: str) -> Fate:
        """A label stands on a line of its own; it is damaged where only its words are found."""
        found = {mark.data["match"] for mark in label.detect(text)}
        shown = _TAGS.sub("", text) if form == "html" else text
        if "label" in found or _LINE.search(shown):
            return "survived"
        return "damaged" if found or _WORDS.search(shown) else "lost"

    return Mark(name, form, put, judge)


def _marked(marker: object, text: str, of: Text) -> str:
    question = "你好" if of.language == "zh" else "Hello"
    request = Request(messages=(Message(role="user", text=question),))
    marking = marker.open(request)  # type: ignore[attr-defined]
    out = marking.feed(text)
    tail, marks = marking.finish()
    assert all(mark.placed for mark in marks), marks
    return str(out + tail)


def _in_file(suffix: str) -> Callable[[Text], str]:
    def put(text: Text) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"answer{suffix}")
            path.write_bytes((page(text) if suffix == ".html" else text.text).encode())
            label_file(path, path, BLOCK)
            return path.read_bytes().decode()

    return put


def _of_file(suffix: str) -> Callable[[str], Fate]:
    def judge(text: str) -> Fate:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"answer{suffix}")
            path.write_bytes(text.encode("utf-8", "replace"))
            return judge_file(path)

    return judge


def judge_file(path: Path) -> Fate:
    """Return what is left of `BLOCK` in the file at `path`."""
    _, found = read_labels(path)
    if not found:
        return "lost"
    whole = len(found) == 1 and found[0].reading.fields == BLOCK.fields()
    return "survived" if whole else "damaged"
