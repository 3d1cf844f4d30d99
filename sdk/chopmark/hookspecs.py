"""What a plugin may bring: the hooks, and the roles that they hand over.

Hooks are called once, when a `Chopmark` object is made; they hand over long-lived objects that
several threads use at once. What happens per call are plain method calls on those objects, so
whatever belongs to one call lives in what `open` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

import pluggy

from ._values import Content, Context, Event, Mark, Receipt, Record, Request, Response, Verdict

if TYPE_CHECKING:
    from .policy import Policy

hookimpl = pluggy.HookimplMarker("chopmark")
hookspec = pluggy.HookspecMarker("chopmark")


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


class GlancingScanner(Scanner, Protocol):
    """A scanner that sees from a piece of text alone that it is of no interest.

    Where every scanner of a text does, they are not fed what a glance is enough for. They are not
    told of the end of the text where nothing is open, or `ends` says that nothing is to be found.
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
    check` calls it.
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
    """A detector that follows a stream by itself, and so can hold back less than its window."""

    def open(self, context: Context) -> Scanner:
        """Return a scanner for one text; `judge` must agree with it.

        An `IdleScanner` says that this text is not for the detector.
        """
        ...


MARK_KINDS = ("visible", "metadata", "watermark", "manifest", "record")
"""The kinds of marks: read by people, read by machines, in the choice of words, a signed
manifest; and `record`, which is no part of the answer: a log knows it again."""


class Marking(Protocol):
    """One answer being marked. What it writes must not depend on where the text was cut.

    It may have an attribute `done`: once that is True, `feed` would return every text as it is,
    and pieces of the answer are no longer shown to it.
    """

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return what goes out for it."""
        ...

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return the tail to append, and the marks that were made. Called once."""
        ...


@runtime_checkable
class Marker(Protocol):
    """Makes a sign of origin. Long-lived, shared by threads.

    `kind` is one of `MARK_KINDS`. A marker is opened only for prose; for JSON answers the response
    says why the mark is missing in the text.

    It may have `beside`, True where its marks stand beside the answer and never in its text. It
    is then opened once for every call that goes to the model, prose, JSON or tool calls, and
    `finish` is asked before the model is. A mark's `where` is the key under which the adapters
    carry its `data`. It is placed where something of the answer was delivered; a refusal of
    chopmark is not what a model generated, and carries none.

    It may have `own(text)`, which returns the spans of what this marker itself wrote into `text`,
    with the white space that it put around it: exactly as it writes it, where it writes it, in
    order and apart. Marks never go back to a model: they are cut out of a request before detectors
    judge it, those of kind `visible` out of what a model or a tool said, others out of every
    message. Called for every message of every call, so it must take linear time, and little of it.

    One that finds its marks in files that are no texts may have `detect_file(path)`, which returns
    them as `detect` does, None for a file that it does not look into, and may raise `MarkError`.
    """

    name: str
    version: str
    kind: str

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer."""
        ...

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the marks of this marker that `text` carries."""
        ...


@runtime_checkable
class Log(Protocol):
    """Takes records, and never changes one. Shared by threads.

    One that puts records in their place later may have `behind()`, which returns for how many
    seconds the oldest one waits for that, 0.0 where none waits. Telemetry asks for it now and then.
    """

    name: str
    blocking: bool

    def append(self, record: Record) -> Receipt:
        """Store `record` before returning; raise where that cannot be promised."""
        ...

    def close(self) -> None:
        """Release what is held; a later `append` may open it again."""
        ...


class ContentLog(Log, Protocol):
    """A log that keeps the contents of calls beside their records.

    `takes_content` True asks for them; it is read at every call. Content is personal data: such a
    log must be able to forget it, and what it commits to must not be opened by anything that it
    gave away.
    """

    takes_content: bool

    def append_with(self, record: Record, content: Content) -> Receipt:
        """Store both before returning; raise where that cannot be promised.

        It takes the place of `append`, which still takes a record alone.
        """
        ...


class EventLog(Log, Protocol):
    """A log that takes what happened beside the calls, too."""

    def append_event(self, event: Event) -> Receipt:
        """Store `event` before returning; raise where that cannot be promised."""
        ...


class ReadableLog(Log, Protocol):
    """A log that can be read again, for reports; also while others append to it.

    It may have `faults(told)`, which looks through all of it and returns, as sentences, where it
    does not hold; `told`, which may be left out, is called with how many entries are done.
    """

    def read(self, since: int = 0, until: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what was recorded from `since` to before `until`, milliseconds since 1970.

        In the order of the log. Each is plain data with `k`: "call", and the fields of `Record` by
        their names, scores in whole thousandths, or "event" and those of `Event`. What else a log
        holds is left out. Raises `LogError` for what cannot be read, after all that came before.
        """
        ...


class Entry(NamedTuple):
    """An entry of a log: at which place it is, and what it says, as `ReadableLog.read` has it."""

    place: int
    said: Mapping[str, Any]


class PagedLog(ReadableLog, Protocol):
    """A log that is read from any place on, at a cost that does not grow with all that it holds.

    Places are whole numbers from 0 on, which ascend in the order of the log and need not be
    without gaps. Here a log leaves nothing out: an entry that is no call and no event has a `k` of
    its own, `id` and `time`, and one that cannot be read has `k` "fault" and says `why`, so that
    it hides no other.
    """

    def end(self) -> int:
        """Return a place behind the last entry, 0 where there is none."""
        ...

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield entries from the first one at `place`, or behind it, on."""
        ...

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield entries from the last one before `place` back; by default from the last of all."""
        ...

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id, None where the log has none."""
        ...


class Signer(Protocol):
    """Signs on behalf of the operator, with a key that it never shows."""

    name: str
    key_id: str

    def sign(self, message: bytes) -> bytes:
        """Return a signature of `message`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a plugin can show of a service, for a filing or an audit: a file, or a folder.

    `path` is where it stands among the plugin's own, relative and with slashes; `title` says what
    it is. `shows` are the provisions that it is evidence for, by the names that `chopmark evidence
    --provisions` lists. `write` is given the path of something that does not exist, in a folder
    that does, and makes it; it may raise.
    """

    path: str
    title: str
    write: Callable[[Path], object]
    shows: tuple[str, ...] = ()


Wrapper = Callable[[Request], Generator[Request, Response, Response]]
"""A generator function around one whole call: `response = yield request`, then `return
response`. It may yield another request, and return the response with other `metadata`; the text
is already with the caller. It may raise `PolicyBlocked` or any other error before the yield to
refuse the call. A model error is thrown into it at the yield.

It must not block, unless it has an attribute `blocking = True`. In an async call what comes before
its yield, and what comes behind, then each runs in a thread, in its turn among the wrappers, and to
its end though the call is cancelled meanwhile. What takes more than 10 seconds there has failed.

What it yields is screened. One with an attribute `screened = True` is entered behind that, inside
all others: it gets the request as the policy lets it go, is not entered where the policy blocks,
and what it yields is sent as it is. It is for forms that a detector could not read.

One may have `within(request)`, which is given the request as it is sent, and returns a context
manager, or None. That is entered around each step in which the framework works on the call, when
it asks its model and for every piece that it gives, and is left before the caller goes on: on one
thread or task at a time, and never twice at once. What it raises counts as the model's error."""


class Hooks:
    """The hooks. Every argument is optional for an implementation."""

    @hookspec
    def chopmark_detectors(self, policy: Policy) -> Iterable[Detector]:  # type: ignore[empty-body]
        """Return the detectors of this plugin, in the order in which they shall judge."""

    @hookspec
    def chopmark_markers(self, policy: Policy) -> Iterable[Marker]:  # type: ignore[empty-body]
        """Return the markers of this plugin; the text goes through them in order."""

    @hookspec
    def chopmark_wrappers(self, policy: Policy) -> Iterable[Wrapper]:  # type: ignore[empty-body]
        """Return generator functions around the whole call, outermost first."""

    @hookspec(firstresult=True)
    def chopmark_log(self, policy: Policy) -> Log | None:
        """Return the log that takes the records, or None; the first plugin that has one wins."""

    @hookspec(firstresult=True)
    def chopmark_signer(self, policy: Policy) -> Signer | None:
        """Return the operator's signer, or None; the first plugin that has one wins."""

    @hookspec
    def chopmark_policies(self) -> Iterable[Policy]:  # type: ignore[empty-body]
        """Return policies that may be named, or extended, by the name they carry."""

    @hookspec
    def chopmark_recorded(self, record: Record, receipt: Receipt) -> None:
        """Be told of a record that was taken. Called after every call; must not block."""

    @hookspec
    def chopmark_evidence(self, policy: Policy) -> Iterable[Evidence]:  # type: ignore[empty-body]
        """Return what this plugin can show of a service under `policy`."""

    @hookspec
    def chopmark_commands(self, cli: Any) -> None:
        """Add subcommands to `cli`, the `click.Group` of the command `chopmark`."""
