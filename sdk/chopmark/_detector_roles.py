"""The roles of what judges texts: detectors, and the scanners that follow one text each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from ._values import Context, Verdict


@dataclass(frozen=True, slots=True)
class Needs:
    """How much text a detector must see before it can be sure: this decides what is held back.

    `window`: whether a span starts at a character, and where it ends, depends on at most
    `characters` characters from there on, and as many before. `clause`: it judges clause by
    clause. `whole`: it must see the whole answer.
    """

    kind: Literal["window", "clause", "whole"]
    characters: int = 0

    @classmethod
    def window(cls, characters: int) -> Needs:
        """Return the need for `characters` characters, at least 1."""
        return cls("window", max(1, characters))

    @classmethod
    def clause(cls) -> Needs:
        """Return the need for a whole clause."""
        return cls("clause")

    @classmethod
    def whole(cls) -> Needs:
        """Return the need for the whole answer."""
        return cls("whole")


Span = tuple[int, int]
"""A place in a text, in code points: the first one, and the one behind the last."""


class Scanner(Protocol):
    """One text in progress, fed in pieces; offsets count from the start of that text.

    What it finds must not depend on where the pieces were cut. `settled` is the offset before
    which no verdict can start that was not returned yet; it never falls and after `finish` the
    text is settled whole. The SDK holds back what is not settled.
    """

    settled: int

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece, and return the verdicts that have become certain."""
        ...

    def finish(self) -> Sequence[Verdict]:
        """Return the verdicts that the end of the text makes certain."""
        ...


class Wary(NamedTuple):
    r"""What has a scanner glance at a text, as two parts of a regular expression.

    `firsts` is a set of characters, without its brackets and with `^` and `-` escaped, and `rest`
    what stands behind one of them; it looks back (`(?<=...)`) where it must not take the characters
    of other scanners for its own. `certain` is another such set, of which each character is such a
    place whatever follows. Where none is in a text, `glance(text)` is 0. Where the first one is its
    last character, and that is one of `alone`, it is 1. So what may begin at the end of a text has
    to be a place, too: `\Z` matches there.
    """

    firsts: str
    rest: str
    certain: str = ""
    alone: frozenset[str] = frozenset()


class Spelled(NamedTuple):
    """What has a scanner glance at ASCII text, which ends within a word nearly always.

    A text with a character of `hot`, which has no letters, must be fed. In any other one the
    scanner looks at the words, runs of letters, in small ones: at all but the last, which may go
    on. It is of interest where one of them is of `firsts` and `begins(words, last)` is True:
    between each two stands one character, so words may be empty. Else what is open are, where it
    ends in at most `most` characters of `run`, these: all of them if it is `exact`, else some. The
    end of a text is to it what a space is.
    """

    hot: str = ""
    firsts: frozenset[bytes] = frozenset()
    begins: Callable[[Sequence[bytes], bytes], bool] | None = None
    run: str = ""
    most: int = 0
    exact: bool = False


class GlancingScanner(Scanner, Protocol):
    """A scanner that sees from a piece of text alone that it is of no interest.

    Where every scanner of a text does, they are not fed what a glance is enough for. They are not
    told of the end of the text where nothing is open, or `ends` says that nothing is to be found.
    It may have `wary`, a `Wary`, and `spelled`, a `Spelled`: where every scanner has, one look for
    all spares most glances, `wary` at text that is not ASCII and `spelled` at text that is.
    """

    calm: bool
    """Whether nothing was found that is not settled, so that a glance may be enough for what
    follows."""

    def glance(self, text: str) -> int:
        """Return how many characters at the end of `text` are open: those behind `settled`, if it
        were fed. -1 says that it must be fed, as where there is something to be found.

        `text` begins where this text is settled, or before. It depends on `text` alone.
        """
        ...

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`, where the whole text ends with it.

        It was glanced at, and is open in part; False says that it must be fed. It depends on `text`
        alone, too.
        """
        ...

    def skip(self, text: str) -> None:
        """Settle what was fed, and `text` behind it, since glances found nothing there."""
        ...


class Sight(Protocol):
    """What a `GlancingScanner` sees of a text with, before there is need for one.

    Immutable, shared by threads: most texts never need a scanner. It has `glance`, `ends`, and may
    have `wary` and `spelled`, as the scanner that `open` returns has them.
    """

    def glance(self, text: str) -> int:
        """Return what `GlancingScanner.glance` does."""
        ...

    def ends(self, text: str) -> bool:
        """Return what `GlancingScanner.ends` does."""
        ...

    def open(self) -> GlancingScanner:
        """Return a scanner of a text, of which nothing was fed or skipped yet."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Judges text. Long-lived, shared by threads, without state of a call.

    `version` changes whenever a verdict might. `blocking` is True where `judge` takes more than
    a millisecond or does I/O: the async driver then runs it in a thread. It may have
    `categories`, the broadest names of its verdicts' categories: `chopmark policy check` then
    finds the rules that nothing will ever match. It may have `begin(context)`, called once for
    each text: the detector that this returns judges the pieces of that text, in order. It may
    have `judge_with_scores(text, context)`, which returns what `judge` does and a mapping with
    the score of each of its categories, too low for a verdict or not. It may have `warm_up()`,
    which loads what the first text would, and raises where that cannot be used: `chopmark policy
    check` calls it. It may have `clears(text, context)`, whether it sees at a glance that nothing
    is to be found in `text`, which is there whole: where every detector does, nobody judges it.
    """

    name: str
    version: str
    needs: Needs
    blocking: bool

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`, offsets pointing into it as it was given.

        May raise; the policy's `on_error.detector` says what then happens.
        """
        ...


class IdleScanner:
    """What `open` returns for a text that the detector does not judge: it settles everything.

    The SDK does not feed one at all.
    """

    __slots__ = ("settled",)

    def __init__(self) -> None:
        self.settled = 0

    def feed(self, text: str) -> Sequence[Verdict]:
        """Let the next piece go."""
        self.settled += len(text)
        return ()

    def finish(self) -> Sequence[Verdict]:
        """End the text."""
        return ()


@runtime_checkable
class StreamDetector(Detector, Protocol):
    """A detector that follows a stream by itself, and so can hold back less than its window.

    It may have `sight(context)`, which returns a `Sight` of one text, None where it has none: then
    a scanner is opened only where a glance is not enough.
    """

    def open(self, context: Context) -> Scanner:
        """Return a scanner for one text; `judge` must agree with it.

        An `IdleScanner` says that this text is not for the detector.
        """
        ...
