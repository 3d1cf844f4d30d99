"""Whether a text or a file is ours is told by technique and strength, and never by a bare yes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import anyio
import docx
import pytest
from tests.plugins.desk.conftest import CALLS, Browser

from chopmark import Event, LogError, Receipt
from chopmark.hookspecs import Log
from chopmark.reading import readable
from chopmark.wording import Wording
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk
from chopmark_label import Aigc, label_file

TEA = CALLS[2][1]
MEGABYTE = 2**20


def rows(html: str) -> dict[str, str]:
    """Return the strength of each technique on the page, by its English name."""
    found = re.findall(r"<h3>([^<]+?) <span class=\"badge [a-z]+\">([^<]+)</span></h3>", html)
    return dict(found)


def asked(browser: Browser, text: str, status: int = 200) -> str:
    browser.see("/ours")
    found = browser.submit("/ours", {"text": text}, files={"file": ("", b"")})
    assert found.status_code == status, found.text[:3000]
    return str(found.text)


def sent(browser: Browser, path: Path, name: str = "", status: int = 200) -> str:
    browser.see("/ours")
    with path.open("rb") as file:
        found = browser.submit("/ours", files={"file": (name or path.name, file)})
    assert found.status_code == status, found.text[:3000]
    return str(found.text)


def searched(log: Log) -> list[Any]:
    log.close()  # takes in what waits
    return [one for one in readable(log).read() if one.get("kind") == "desk.content.searched"]


def test_an_answer_is_found_in_the_log_with_its_place_and_its_rarity(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    html = asked(as_role("reviewer"), f"They say: {TEA} Or not?")
    assert rows(html)["Record in our log"] == "strong evidence"
    assert '<mark class="good">Tea is &lt;script&gt;alert(1)&lt;/script&gt;' in html
    assert "1 of 4" in html
    [record] = [one["id"] for one in readable(desk.log).read() if one["id"] in html]
    assert f'href="/calls/{record}"' in html
    say = Wording.of("chopmark_desk", "en")
    for told in ("never", "caveat.log", "whole.strong", "state.log.enough"):
        assert say(f"ours.{told}") in html


def test_that_the_log_is_searched_is_taken_down_first(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    asked(as_role("reviewer"), TEA)
    [event] = searched(desk.log)
    assert event["actor"] == desk.users.get("reviewer").actor
    assert event["data"] == {"characters": len(TEA), "worth": "enough"}
    assert len(event["about"]) == 1
    assert "leaves" not in str(event)


class Deaf:
    """A log that is searched as ever, and takes nothing down."""

    name, blocking = "deaf", True

    def __init__(self, log: Any) -> None:
        self.log, self.find = log, log.find

    def append_event(self, event: Event) -> Receipt:
        raise LogError("the disk is full")

    def close(self) -> None:
        pass


def test_what_the_log_cannot_take_down_is_not_shown(desk: Desk) -> None:
    deaf: Any = Deaf(desk.log)
    with Browser(make_app(replace(desk, log=deaf)), base_url="http://desk.test") as browser:
        html = asked(browser.log_in("reviewer"), f"（AI生成）\n\n{TEA}")
    assert rows(html)["Record in our log"] == "could not look"
    assert rows(html)["Visible label"] == "weak evidence"
    assert "<mark" not in html
    assert "/calls/" not in html.partition("<main")[2]


def test_a_viewer_and_a_stranger_are_told_strengths_alone(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    public = make_app(replace(desk, public=True))
    stranger = Browser(public, base_url="http://desk.test")
    text = f"（AI生成）\n\n{TEA}\u200b\u200c\u200b\u200b"
    known = [one["id"] for one in readable(desk.log).read()]
    for browser in (as_role("viewer"), stranger):
        html = asked(browser, text)
        assert rows(html) == {
            "Visible label": "weak evidence",
            "AIGC block in the metadata": "no evidence",
            "C2PA content credentials": "no evidence",
            "Watermark in the choice of words": "could not look",
            "Characters that nobody sees": "weak evidence",
            "Record in our log": "strong evidence",
        }
        result = html.partition("</form>\n<section")[2]
        assert not [id for id in known if id[-12:] in html]
        for told in ("<details", "<mark", "<table", "1 of 4", "leaves"):
            assert told not in result, told
    assert [one["actor"] for one in searched(desk.log)] == [
        desk.users.get("viewer").actor, "stranger",
    ]  # fmt: skip


def test_finding_nothing_is_told_as_no_proof(stranger: Browser) -> None:
    html = asked(stranger, "A text that nobody here has ever answered with, as far as is known.")
    assert "no evidence" in html
    assert "finding nothing proves nothing" in html
    chinese = stranger.see("/ours?lang=zh")
    assert "是否出自本服务" in chinese
    assert "没有找到也不证明什么" in asked(stranger, "一段谁也没有写过的文字")


def test_a_document_is_looked_into_and_its_text_is_sought_in_the_log(
    as_role: Callable[[str], Browser], tmp_path: Path
) -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_paragraph(TEA)
    path = tmp_path / "a.docx"
    document.save(str(path))
    label_file(path, path, Aigc(label="1", content_producer="Maker", produce_id="7"))
    html = sent(as_role("reviewer"), path, '"><img src=x>.docx')
    assert rows(html)["AIGC block in the metadata"] == "weak evidence"
    assert rows(html)["Record in our log"] == "strong evidence"
    assert "<mark" in html
    assert "Maker" in html
    assert "<img src=x" not in html
    assert "img src=x&gt;.docx</bdi></h2>" in html


def test_a_file_that_cannot_be_read_has_a_page_that_says_so(
    stranger: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing")
    html = sent(stranger, path)
    assert "damaged, cut off, encrypted" in html
    assert "qpdf" not in html  # details are for reviewers
    assert rows(html) == {}


def test_the_browser_goes_to_what_was_found_and_a_fault_names_the_file(
    as_role: Callable[[str], Browser], tmp_path: Path
) -> None:
    reviewer = as_role("reviewer")
    assert 'action="/ours#result"' in reviewer.see("/ours")
    (tmp_path / "empty.txt").write_bytes(b"")
    html = unescape(sent(reviewer, tmp_path / "empty.txt"))
    assert 'id="result"' in html
    assert "'empty.txt' is empty" in html
    assert 'id="result"' in asked(reviewer, " ", 400)


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [(" \n", 400, "Paste a text"), ("x" * 200_001, 413, "more than 200000 characters")],
)
def test_no_text_and_too_long_a_text_are_refused(
    stranger: Browser, text: str, status: int, told: str
) -> None:
    assert told in asked(stranger, text, status)


def test_an_address_asks_so_often_and_no_more(stranger: Browser, desk: Desk) -> None:
    stranger.see("/ours")
    codes = [stranger.submit("/ours", {"text": " "}).status_code for _ in range(22)]
    assert codes == [400] * 20 + [429] * 2


async def upload(desk: Desk, size: int, length: int | None) -> tuple[int, str, int]:
    """Send a file of `size` bytes in pieces, and return status, page and bytes that were read."""
    read, piece = 0, bytes(MEGABYTE)
    head = (
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx\r\n--b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    )

    async def receive() -> dict[str, Any]:
        nonlocal read
        body = piece if read else head
        read += len(body)
        return {"type": "http.request", "body": body, "more_body": read < size}

    answer: list[Any] = []

    async def send(message: Any) -> None:
        answer.append(message)

    headers = {"host": "desk.test", "content-type": "multipart/form-data; boundary=b",
               "expect": "100-continue"}  # fmt: skip
    if length is not None:
        headers["content-length"] = str(length)
    scope = {
        "type": "http", "method": "POST", "path": "/ours", "raw_path": b"/ours", "root_path": "",
        "query_string": b"", "scheme": "http", "http_version": "1.1", "asgi": {"version": "3.0"},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1), "server": ("desk.test", 80),
    }  # fmt: skip
    await make_app(desk)(scope, receive, send)
    page = b"".join(message.get("body", b"") for message in answer).decode()
    return answer[0]["status"], page, read


@pytest.mark.parametrize("told", [True, False], ids=["by its length", "while it comes"])
def test_a_gigabyte_is_refused_before_it_is_read(desk: Desk, told: bool) -> None:
    public = replace(desk, public=True, options=replace(desk.options, upload=4 * MEGABYTE))
    size = 1024 * MEGABYTE
    status, page, read = anyio.run(upload, public, size, size if told else None)
    assert status == 413
    assert "larger than this page takes" in page
    assert read <= (0 if told else 7 * MEGABYTE)
