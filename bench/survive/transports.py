"""What a text goes through on its way, each with the tool that is used for it."""

from __future__ import annotations

import functools
import html
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .texts import Form, markdown_to_html

if TYPE_CHECKING:
    from browser import Browser

_BLOCK_ENDS = re.compile(r"</(?:p|h\d|li|pre|div|blockquote)>\s*", re.IGNORECASE)
_HIDDEN = re.compile(r"<!--.*?-->|<(script|style|title)\b.*?</\1>|<!doctype[^>]*>", re.I | re.S)
_TAG = re.compile(r"<[^>]+>")


class Transport(NamedTuple):
    """One way: its name, the tool with its version (empty: not to be had), and what carries."""

    name: str
    tool: str
    carry: Callable[[str, Form], str | None]


def make_transports(browser: Browser | None) -> list[Transport]:
    """Return all transports; `carry` returns None for a form that does not go that way."""
    python = f"Python {sys.version.split()[0]}"
    chrome = browser.version if browser else ""
    printed = f"{chrome}, {_poppler()}" if browser and _poppler() else ""
    return [
        Transport("NFC", python, _text(functools.partial(unicodedata.normalize, "NFC"))),
        Transport("NFKC", python, _text(functools.partial(unicodedata.normalize, "NFKC"))),
        Transport("JSON", python, _text(lambda text: str(json.loads(json.dumps(text))))),
        Transport("GB 18030", python, _text(lambda text: text.encode("gb18030").decode("gb18030"))),
        Transport("BMP only", python, _text(lambda text: re.sub("[^\\0-\\uffff]", "", text))),
        Transport("no invisibles", python, _text(_visible)),
        Transport("HTML sanitizer", _version("nh3"), _sanitize),
        Transport("Markdown", _version("markdown-it-py"), _render),
        Transport("DOCX", _version("python-docx"), _docx),
        Transport("PDF", printed, functools.partial(_pdf, browser)),
        Transport("browser copy", chrome, functools.partial(_copy, browser)),
        Transport("rewrap at 72", python, _text(_rewrap)),
        Transport("one line", python, _text(lambda text: " ".join(text.split()))),
        Transport("first half", python, _excerpt(0, 1 / 2)),
        Transport("middle third", python, _excerpt(1 / 3, 2 / 3)),
        Transport("last half", python, _excerpt(1 / 2, 1)),
    ]


def _version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def _poppler() -> str:
    path = shutil.which("pdftotext")
    if not path:
        return ""
    said = subprocess.run([path, "-v"], capture_output=True, text=True, check=False).stderr
    return said.split("\n")[0].replace("version ", "")


def _text(change: Callable[[str], str]) -> Callable[[str, Form], str | None]:
    return lambda text, form: change(text)


def _excerpt(start: float, end: float) -> Callable[[str, Form], str | None]:
    """Return what takes a part of a text; of a page, as one quotes it, of what it shows."""

    def carry(text: str, form: Form) -> str | None:
        whole = shown(text) if form == "html" else text
        return whole[int(len(whole) * start) : int(len(whole) * end)]

    return carry


def _visible(text: str) -> str:
    """Drop what shows nothing: format characters and variation selectors."""
    return "".join(
        c
        for c in text
        if unicodedata.category(c) != "Cf" and not ("\ufe00" <= c <= "\ufe0f" or c >= "\U000e0100")
    )


def _rewrap(text: str) -> str:
    return "\n\n".join(textwrap.fill(part, 72) for part in re.split(r"\n\n+", text))


def shown(page: str) -> str:
    """Return the text of HTML: blocks apart, hidden elements and comments away."""
    text = _BLOCK_ENDS.sub("\n\n", _HIDDEN.sub("", page))
    return html.unescape(_TAG.sub("", text)).strip()


def as_html(text: str, form: Form) -> str:
    """Return what a page shows a text as: rendered, as it is, or line by line."""
    if form == "html":
        return text
    if form == "markdown":
        return f"<!doctype html><meta charset=utf-8>{markdown_to_html(text)}"
    style = "white-space: pre-wrap"
    return f"<!doctype html><meta charset=utf-8><div style='{style}'>{html.escape(text)}</div>"


def _sanitize(text: str, form: Form) -> str | None:
    import nh3

    cleaned = nh3.clean(text if form == "html" else as_html(text, form))
    return cleaned if form == "html" else shown(cleaned)


def _render(text: str, form: Form) -> str | None:
    return None if form == "html" else shown(markdown_to_html(text))


def _docx(text: str, form: Form) -> str | None:
    import docx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answer.docx")
        document = docx.Document()
        for line in (shown(text) if form == "html" else text).split("\n"):
            document.add_paragraph(line)
        document.save(str(path))
        return "\n".join(p.text for p in docx.Document(str(path)).paragraphs)


def _pdf(browser: Browser | None, text: str, form: Form) -> str | None:
    if browser is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answer.pdf")
        path.write_bytes(browser.printed(as_html(text, form)))
        command = ["pdftotext", "-layout", "-enc", "UTF-8", path, "-"]  # lines as shown
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def _copy(browser: Browser | None, text: str, form: Form) -> str | None:
    return None if browser is None else browser.copied(as_html(text, form))
