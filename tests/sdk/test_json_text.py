"""Words hidden behind JSON escapes are found, and spans point into the JSON text."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chopmark import Context, Needs
from chopmark._json_text import JsonScanner, escape
from chopmark._scanners import open_scanner
from chopmark.testing import WordDetector

CONTEXT = Context(direction="output", kind="structured")
PARTS = ["炸药", "bomb", "\\", '"', "\n", "😀", "x", "/", "\u2028", "\\u", "a\\b"]
values = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


def scanner(window: int = 4) -> JsonScanner:
    words = WordDetector({"炸药": "deny", "bomb": "deny", "😀": "warn"}, needs=Needs.window(window))
    return JsonScanner(open_scanner(words, CONTEXT, 1000))


@given(values, st.booleans(), st.lists(st.integers(0, 200), max_size=10), st.booleans())
def test_a_span_is_where_the_word_is_written_however_it_is_escaped_and_cut(
    value: str, ascii_only: bool, places: list[int], letters: bool
) -> None:
    text = json.dumps({"k": value}, ensure_ascii=ascii_only)
    edges = [0, *sorted(min(p, len(text)) for p in places), len(text)]
    pieces = list(text) if letters else [text[a:b] for a, b in pairwise(edges)]
    one = scanner()
    found, settled = [], 0
    for piece in pieces:
        new = one.feed(piece)
        assert all(v.start >= settled for v in new)
        assert one.settled >= settled
        settled = one.settled
        found += new
    found += one.finish()
    assert one.settled == len(text)
    spans = sorted(json.loads(f'"{text[v.start : v.end]}"') for v in found)
    expected = sorted(
        w for w in ("炸药", "bomb", "😀") for i in range(len(value)) if value.startswith(w, i)
    )
    assert spans == expected


@given(st.text())
def test_an_escaped_text_stands_inside_a_json_string(text: str) -> None:
    assert json.loads(f'"{escape(text)}"') == text


def test_an_escape_that_never_ends_is_judged_as_it_stands() -> None:
    one = scanner()
    one.feed('{"k": "bom')
    one.feed("b \\u70")
    one.finish()
    assert one.settled == len('{"k": "bomb \\u70')
