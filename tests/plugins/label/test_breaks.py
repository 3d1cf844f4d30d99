"""Places for labels inside an answer: between paragraphs, wherever the text was cut."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_label._breaks import Breaks


class Anywhere:
    """Takes every blank line for a border of paragraphs."""

    def __init__(self) -> None:
        self.text = ""

    def feed(self, text: str) -> None:
        self.text += text

    def between(self) -> bool:
        return True


def places(pieces: Iterable[str], every: int, *, passing: bool = True) -> tuple[list[int], str]:
    blocks = Anywhere()
    breaks = Breaks(every, blocks)
    found, at = [], 0
    for piece in pieces:
        if passing and breaks.pass_by(piece):
            at += len(piece)
            continue
        first, *rest = breaks.feed(piece)
        at += len(first)
        for part in rest:
            found.append(at)
            at += len(part)
    breaks.catch_up()
    return found, blocks.text


TEXTS = st.text("ab \n\t", max_size=60)


def test_a_place_is_before_the_first_paragraph_after_so_many_characters() -> None:
    text = "one\n\ntwo\n\nthree\n\n\nfour"
    assert places([text], 5) == ([5, 10, 18], text)
    assert places([text], 6) == ([10, 18], text)
    assert places([text], 100) == ([], text)


def test_no_place_ends_a_text() -> None:
    assert places(["one\n\n"], 1)[0] == []
    assert places(["one\n\n\n", "\n", "two"], 1)[0] == [7]


@settings(max_examples=scaled(300))
@given(TEXTS, st.integers(1, 20), st.data())
def test_cuts_do_not_matter(text: str, every: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = places([text], every, passing=False)
    for passing in (True, False):
        assert places(pieces, every, passing=passing) == whole
        assert places(text, every, passing=passing) == whole


@given(TEXTS, st.integers(1, 20))
def test_every_place_is_behind_a_blank_line_and_far_enough(text: str, every: int) -> None:
    found, seen = places([text], every)
    assert seen == text
    for before, place in zip([0, *found], found, strict=False):
        assert place - before >= every
        assert re.search(r"\n[ \t]*\n+\Z", text[:place])
        assert text[place] != "\n"
