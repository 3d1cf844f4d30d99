"""The promises of a marker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .._strip import finders, strip
from .._values import Mark, Message, Request
from ..hookspecs import MARK_KINDS, Marker
from ._cuts import cuts, texts


class MarkerContract:
    """Subclass it, give `make`. `answers` are texts to mark, beside random ones."""

    answers: ClassVar[Sequence[str]] = ("一个普通的回答。", "A plain answer.")
    examples: ClassVar[int] = 60
    request: ClassVar[Request] = Request(
        messages=(Message(role="user", text="你好"),), id="0197f2a0-0000-7000-8000-000000000001"
    )

    def settled(self, text: str) -> str:
        """Return `text` without what the marker may change in it beside its marks: by default the
        line breaks at its end, which may be those before a mark.
        """
        return text.rstrip("\r\n")

    def make(self) -> Marker:
        """Return the marker under test."""
        raise NotImplementedError("give the marker under test: def make(self): ...")

    @pytest.fixture(scope="class")
    @classmethod
    def marker(cls) -> Marker:
        return cls().make()

    def test_has_the_members_of_its_role(self, marker: Marker) -> None:
        assert isinstance(marker, Marker)
        assert marker.kind in MARK_KINDS

    def test_chunk_borders_do_not_matter(self, marker: Marker) -> None:
        @settings(
            max_examples=self.examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.data(), texts(self.answers))
        def tried(data: Any, text: str) -> None:
            assert self._mark(marker, data.draw(cuts(text))) == self._mark(marker, [text])

        tried()

    def test_a_placed_mark_is_detected(self, marker: Marker) -> None:
        for answer in self.answers:
            text, marks = self._mark(marker, [answer])
            placed = [m for m in marks if m.placed and m.kind in ("visible", "watermark")]
            if placed:
                assert marker.detect(text)

    def test_an_unmarked_text_is_not_detected(self, marker: Marker) -> None:
        for answer in self.answers:
            assert not [m for m in marker.detect(answer) if m.placed]

    def test_what_was_not_placed_has_a_reason(self, marker: Marker) -> None:
        for answer in ("", *self.answers):
            for mark in self._mark(marker, [answer])[1]:
                assert mark.placed or mark.reason

    def test_a_mark_beside_the_answer_leaves_its_text_alone(self, marker: Marker) -> None:
        if not getattr(marker, "beside", False):
            return
        for answer in ("", *self.answers):
            text, marks = self._mark(marker, [answer])
            assert text == answer
            assert all(mark.where for mark in marks)
            assert all(isinstance(value, str) for mark in marks for value in mark.data.values())

    def test_what_it_wrote_is_its_own_and_nothing_else(self, marker: Marker) -> None:
        if not hasattr(marker, "own"):
            return

        @settings(
            max_examples=self.examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(texts(self.answers))
        def tried(text: str) -> None:
            marked = MarkerContract._mark(self, marker, [text])[0]
            bare = _stripped(marker, text)
            for one in (text, marked):
                assert _stripped(marker, once := _stripped(marker, one)) == once
            assert self.settled(_stripped(marker, marked)) == self.settled(bare)

        for answer in ("", *self.answers):
            assert not marker.own(answer)
        tried()

    def test_the_answer_itself_stays_as_it_was(self, marker: Marker) -> None:
        if marker.kind != "visible":
            return
        for answer in self.answers:
            assert answer in self._mark(marker, [answer])[0]

    def _mark(self, marker: Marker, pieces: Sequence[str]) -> tuple[str, list[Mark]]:
        """Mark as a session does: what says that it is `done` is shown no further piece."""
        marking = marker.open(self.request)
        out = [
            piece if getattr(marking, "done", False) else marking.feed(piece)
            for piece in filter(None, pieces)
        ]
        tail, marks = marking.finish()
        return "".join(out) + tail, list(marks)


def _stripped(marker: Any, text: str) -> str:
    """Return `text` without the marker's own marks, as a call sends it."""
    out = strip(finders([marker]), text, "assistant")
    return text if out is None else out.text
