"""The promises of a detector."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .._scanners import open_scanner
from .._screen import Screen
from .._values import Context, Verdict
from .._watch import Watch
from ..hookspecs import Detector, Scanner, StreamDetector
from ._cuts import cuts, texts

_CAP = 10_000
_CONTEXT = Context(direction="output")
_ASKED = Context(direction="input", role="user")


class DetectorContract:
    """Subclass it, give `make`, `finds` and `clean`.

    `finds` are texts in each of which the detector finds something, `clean` texts in which it
    finds nothing. `examples` is how many random texts each promise is tried on.
    """

    finds: ClassVar[Sequence[str]] = ()
    clean: ClassVar[Sequence[str]] = ()
    examples: ClassVar[int] = 60
    context: ClassVar[Context] = _CONTEXT

    def make(self) -> Detector:
        """Return the detector under test."""
        raise NotImplementedError("give the detector under test: def make(self): ...")

    @pytest.fixture(scope="class")
    @classmethod
    def detector(cls) -> Detector:
        return cls().make()

    def test_has_the_members_of_its_role(self, detector: Detector) -> None:
        assert isinstance(detector, Detector)
        assert detector.name
        assert detector.version

    def test_finds_what_it_should(self, detector: Detector) -> None:
        assert self.finds, "give `finds`: texts in which the detector finds something"
        for text in self.finds:
            assert detector.judge(text, self.context), f"nothing found in {text!r}"

    def test_stays_silent_where_it_should(self, detector: Detector) -> None:
        assert self.clean, "give `clean`: texts in which the detector finds nothing"
        for text in self.clean:
            found = [v for v in detector.judge(text, self.context) if v.outcome != "allow"]
            assert not found, f"{found} in {text!r}"

    def test_verdicts_point_into_the_text(self, detector: Detector) -> None:
        self._try(detector, self._points_into)

    def test_the_same_text_gets_the_same_verdicts(self, detector: Detector) -> None:
        self._try(detector, self._repeats)

    def test_chunk_borders_do_not_matter(self, detector: Detector) -> None:
        self._try(detector, self._cut_anywhere)

    def test_holds_back_no_more_than_it_says(self, detector: Detector) -> None:
        self._try(detector, self._holds)

    def test_a_glance_shows_what_feeding_would(self, detector: Detector) -> None:
        if hasattr(open_scanner(detector, self.context, _CAP), "glance"):
            self._try(detector, self._glances)

    def test_a_sight_shows_what_feeding_would(self, detector: Detector) -> None:
        sight = getattr(detector, "sight", None)
        if sight is not None and sight(self.context) is not None:
            self._try(detector, self._sees)

    def test_nothing_is_in_what_it_clears(self, detector: Detector) -> None:
        if hasattr(detector, "clears"):
            for context in (self.context, _ASKED):
                self._try(detector, partial(self._clears, context))

    def test_details_hold_no_content(self, detector: Detector) -> None:
        for text in self.finds:
            for verdict in detector.judge(text, self.context):
                span = text[verdict.start : verdict.end]
                assert len(span) < 2 or span not in verdict.detail

    def test_threads_may_share_it(self, detector: Detector) -> None:
        expected = [list(detector.judge(text, self.context)) for text in self.finds]
        with ThreadPoolExecutor(4) as pool:
            for _ in range(4):
                found = pool.map(lambda text: list(detector.judge(text, self.context)), self.finds)
                assert list(found) == expected

    def _try(self, detector: Detector, promise: Any) -> None:
        @settings(
            max_examples=self.examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.data(), texts([*self.finds, *self.clean]))
        def tried(data: Any, text: str) -> None:
            promise(detector, text, data)

        tried()

    def _points_into(self, detector: Detector, text: str, data: Any) -> None:
        for verdict in detector.judge(text, self.context):
            assert 0 <= verdict.start <= verdict.end <= len(text)
            assert 0 <= verdict.score <= 1
            assert verdict.category

    def _repeats(self, detector: Detector, text: str, data: Any) -> None:
        assert list(detector.judge(text, self.context)) == list(detector.judge(text, self.context))

    def _cut_anywhere(self, detector: Detector, text: str, data: Any) -> None:
        whole = self._scan(detector, [text])
        assert self._scan(detector, data.draw(cuts(text))) == whole
        if isinstance(detector, StreamDetector):
            assert whole == sorted(detector.judge(text, self.context), key=_key)

    def _scan(self, detector: Detector, pieces: Sequence[str]) -> list[Verdict]:
        scanner = open_scanner(detector, self.context, _CAP)
        found: list[Verdict] = []
        settled = 0
        for piece in pieces:
            new = scanner.feed(piece)
            assert all(v.start >= settled for v in new), "a verdict starts in settled text"
            assert scanner.settled >= settled, "settled text became unsettled"
            settled = scanner.settled
            found += new
        new = scanner.finish()
        assert all(v.start >= settled for v in new), "a verdict starts in settled text"
        return sorted([*found, *new], key=_key)

    def _holds(self, detector: Detector, text: str, data: Any) -> None:
        if detector.needs.kind != "window":
            return
        scanner = open_scanner(detector, self.context, _CAP)
        for fed, character in enumerate(text, 1):
            scanner.feed(character)
            assert scanner.settled <= fed
            assert fed - scanner.settled < max(2, detector.needs.characters + 1)

    def _clears(self, context: Context, detector: Any, text: str, data: Any) -> None:
        if detector.clears(text, context):
            assert list(detector.judge(text, context)) == []

    def _glances(self, detector: Detector, text: str, data: Any) -> None:
        pieces = data.draw(cuts(text))
        scanner = open_scanner(detector, self.context, _CAP)
        assert _screened(Watch(detector, scanner), pieces) == self._fed(detector, pieces)

    def _sees(self, detector: Any, text: str, data: Any) -> None:
        pieces = data.draw(cuts(text))
        seen = Watch(detector, detector.sight(self.context), unopened=True)
        assert _screened(seen, pieces) == self._fed(detector, pieces)

    def _fed(self, detector: Detector, pieces: Sequence[str]) -> tuple[object, ...]:
        fed = _Fed(open_scanner(detector, self.context, _CAP))
        return _screened(Watch(detector, fed), pieces)


class _Fed:
    """A scanner that nobody asks for a glance."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self.feed, self.finish = scanner.feed, scanner.finish

    @property
    def settled(self) -> int:
        return self._scanner.settled


def _screened(watch: Watch, pieces: Sequence[str]) -> tuple[object, ...]:
    """Return what goes out for each piece and at the end, the most that is held, and verdicts."""
    screen = Screen([watch], lambda verdict: "warn", "block")
    out = [screen.feed(piece) for piece in pieces]
    return [*out, screen.finish()], screen.worst, screen.verdicts


def _key(verdict: Verdict) -> tuple[int, int, str, str]:
    return verdict.start, verdict.end, verdict.category, verdict.outcome
