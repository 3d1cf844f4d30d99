"""Pages in Chinese have no English sentences but what others wrote, which is set apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docx import Document
from tests.plugins.desk.conftest import CALLS, Browser
from tests.plugins.desk.test_review_pages import run
from tests.plugins.desk.test_test_pages import log_in, runs

from chopmark.reading import readable
from chopmark_complaints import Office
from chopmark_desk._desk import Desk
from chopmark_desk._proves import KEYS, proves
from chopmark_desk.pages import PAGES
from chopmark_label import Aigc, Finding, label_file
from chopmark_label._inspect_marks import _PROVES

__all__ = ["log_in", "run", "runs"]  # fixtures

APART = ("bdi", "code", "pre", "script", "style", "textarea", "title", "datalist")
"""What others wrote, names, and what a machine reads. The title says no more than the heading."""
SENTENCE = re.compile(r"(?:[A-Za-z][a-z']+[ ,;:]+){3,}[a-z']{2,}")


class Reading(HTMLParser):
    """Collects what somebody reads, or hears, of a page, without what is set apart."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._apart: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._apart or tag in APART or given.get("class") == "text":
            if tag not in ("meta", "link", "input", "br", "img", "meter"):
                self._apart.append(tag)
            return
        read = ("alt", "aria-label", "data-label", "data-large", "placeholder", "title")
        self.said += [given[name] for name in read if name in given]

    def handle_endtag(self, tag: str) -> None:
        if self._apart:
            self._apart.pop()

    def handle_data(self, data: str) -> None:
        if not self._apart:
            self.said.append(data)


def english(html: str) -> list[str]:
    """Return the English sentences of a page."""
    reading = Reading()
    reading.feed(html)
    return [found[0] for found in SENTENCE.finditer(" | ".join(reading.said))]


def test_an_english_sentence_is_noticed() -> None:
    assert english("<p>这是一句话。 Nobody has translated this.</p>")
    assert english('<img alt="nobody has translated this">')
    assert not english("<p>见 [settings.desk] 的 keys：<code>this is a command</code></p>")


def test_no_page_of_the_desk_has_one(
    as_role: Callable[[str], Browser], browser: Callable[[], Browser], desk: Desk
) -> None:
    call = [one["id"] for one in readable(desk.log).read() if one["k"] == "call"][-1]
    with Office(desk.policy, log=desk.log, clock=desk.clock) as office:
        complaint = office.complaints.receive("有误。", about=call, answer="不对。").id
        office.complaints.decide(complaint, "upheld", "确实。", actor="officer:1")
        incident = office.incidents.open("出了问题。", actor="officer:1").id
    paths = {
        re.sub(r"\{.*\}", "", page.path)
        for page in PAGES
        if "GET" in page.methods and not page.needs
    }
    paths = {path for path in paths if "//" not in path and (path == "/" or path[-1] != "/")}
    paths -= {page for page in paths if re.search(r"/(pictures|verify\.py|own)", page)}
    paths |= {
        "/complaints", f"/complaints/{complaint}", "/incidents", f"/incidents/{incident}",
        f"/calls/{call}", "/calls?all=yes", "/policies?left=cn", "/words/1", "/complain",
        "/words/proposals", "/words/try",
    }  # fmt: skip
    admin = as_role("admin")
    admin.see("/?lang=zh")
    found = {path: english(admin.see(path)) for path in sorted(paths) if path != "/login"}
    found["a page that is not there"] = english(admin.see("/no/such/page", 404))
    found["texts"] = english(admin.submit(f"/calls/{call}/texts").text)
    found["login"] = english(browser().see("/login?lang=zh"))
    assert {path: said for path, said in found.items() if said} == {}


def test_the_pages_of_tests_have_none(log_in: Callable[[str], Browser]) -> None:
    reviewer = log_in("reviewer")
    for path in ("/tests?lang=zh", "/review", "/review/a%20b"):
        assert english(reviewer.see(path)) == [], path


@pytest.mark.parametrize(
    "text",
    [
        "茶。",
        f"（AI生成）{CALLS[2][1]}\u200b\u200c\u200b\u200b",
        "\U000e0041\U000e0042 茶是叶子做的。",
    ],
)
def test_what_is_found_in_a_text_is_told_in_chinese(
    as_role: Callable[[str], Browser], text: str
) -> None:
    browser = as_role("reviewer")
    browser.see("/ours?lang=zh")
    html = browser.submit("/ours", {"text": text}, files={"file": ("", b"")}).text
    assert english(html) == []
    assert "ours." not in html


def test_what_is_found_in_a_file_is_told_in_chinese(
    as_role: Callable[[str], Browser], tmp_path: Path
) -> None:
    document = Document()
    document.add_paragraph(CALLS[2][1])
    path = tmp_path / "a.docx"
    document.save(str(path))
    label_file(path, path, Aigc(label="1", content_producer="Maker", produce_id="7"))
    browser = as_role("reviewer")
    browser.see("/ours?lang=zh")
    with path.open("rb") as file:
        html = browser.submit("/ours", files={"file": ("a.docx", file)}).text
    assert english(html) == []
    assert "它写明了" in html


def test_each_kind_of_finding_has_what_it_proves() -> None:
    found = {proves(Finding(technique="x", kind=kind, where="")) for kind in _PROVES}
    assert "unjudged" not in found
    for state, key in (("hash fits", "hash"), ("verified: Maker", "pinned"), ("x", "unjudged")):
        one = Finding(technique="ReservedCode1", kind="signature", where="", state=state)
        assert proves(one) == key
    assert found <= {*KEYS}
