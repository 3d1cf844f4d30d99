"""What strangers, users and models wrote is text on every page, and never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import load_policy
from chopmark.reading import readable
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._limits import Limits
from chopmark_desk.pages import PAGES

from .conftest import PASSWORD, QUICK, SECRET, Browser

PIECES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"', "'", "&", "&lt;", "]]>",
    "<!--", "--!>", "</textarea>", "</title>", "<svg/onload=1>", "{{ 7*7 }}", "{% x %}", "{0}",
    "javascript:alert(1)", "\x00", "\u2028", "\u202e", "%3Cb%3E", "`", "x", " ", "中",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=8).map("".join)


class Page(HTMLParser):
    """The tags of a page with their attributes, and the values of its fields by name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        found = dict(attrs)
        if tag == "input" and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""


@pytest.fixture(scope="module")
def unlimited(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk at which one may try to log in as often as one likes."""

    class Unlimited(Limits):
        def take(self, limit: object, *who: str) -> bool:
            return True

    from dataclasses import replace

    folder = tmp_path_factory.mktemp("markup")
    policy = load_policy(recorded / "service.toml").with_options("desk", folder=str(folder / "d"))
    with open_desk(policy, secret=SECRET, cost=QUICK, hosts=("desk.test",)) as opened:
        opened.users.add("admin", "admin", PASSWORD)
        yield replace(opened, limits=Unlimited())


@pytest.fixture(scope="module")
def one(unlimited: Desk) -> Iterator[Browser]:
    with Browser(make_app(unlimited), base_url="http://desk.test") as browser:
        yield browser


@settings(max_examples=scaled(40))
@given(name=texts, where=texts)
def test_a_name_comes_back_as_it_was_written(one: Browser, name: str, where: str) -> None:
    def asked(name: str, where: str) -> Page:
        sent = {"name": name, "password": "x", "next": where}
        return Page(one.submit("/login", sent).text)

    found = asked(name, where)
    assert found.tags == asked("x", "x").tags
    same = str.maketrans({"\r": "\n", "\x00": "\ufffd"})
    shown = found.values["name"].replace("\r\n", "\n").translate(same)
    assert shown == name[:64].replace("\r\n", "\n").translate(same)


def test_what_a_model_answered_is_text_where_it_is_opened(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    reviewer = as_role("reviewer")
    seen = ""
    for entry in readable(desk.log).read():
        if entry["k"] == "call":
            path = f"/calls/{entry['id']}"
            page = reviewer.see(path)
            seen += page + reviewer.submit(f"{path}/texts").text
    assert "<script>alert" not in seen
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen
    assert "<b>tea</b>" not in seen


@settings(max_examples=scaled(25))
@given(text=texts.filter(str.strip))
def test_a_user_who_cannot_be_added_is_named_as_text(one: Browser, text: str) -> None:
    if "chopmark-desk-session" not in one.cookies:
        one.log_in("admin")
    plain = one.submit("/users/add", {"name": "?", "role": "viewer", "password": PASSWORD})
    sent = {"name": f"?{text}", "role": "viewer", "password": PASSWORD}
    found = one.submit("/users/add", sent)
    assert (found.status_code, Page(found.text).tags) == (400, Page(plain.text).tags)


PLACES = sorted({page.path for page in PAGES if "GET" in page.methods} | {"/static/x", "/none"})
FIELDS = (
    "from",
    "to",
    "before",
    "after",
    "category",
    "lang",
    "next",
    "said",
    "case",
    "all",
    "show",
)


@settings(max_examples=scaled(60))
@given(
    place=st.sampled_from(PLACES),
    part=texts,
    asked=st.dictionaries(st.sampled_from(FIELDS), texts | st.integers().map(str), max_size=4),
    headers=st.dictionaries(
        st.sampled_from(["accept-language", "cookie", "content-length", "origin", "range", "x-y"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
        max_size=3,
    ),
)
def test_whatever_is_asked_for_breaks_nothing(
    one: Browser, place: str, part: str, asked: dict[str, str], headers: dict[str, str]
) -> None:
    if "chopmark-desk-session" not in one.cookies:
        one.log_in("admin")
    path = re.sub(r"\{[^}]*\}", quote(part.replace("\x00", "") or "x", safe=""), place)
    found = one.get(path, params=asked, headers=headers, follow_redirects=False)
    assert found.status_code < 500, (path, asked, headers)
    assert found.headers["x-content-type-options"] == "nosniff"
