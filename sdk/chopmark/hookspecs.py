"""What a plugin may bring: the hooks, and the roles that they hand over.

Hooks are called once, when a `Chopmark` object is made; they hand over long-lived objects that
several threads use at once. What happens per call are plain method calls on those objects, so
whatever belongs to one call lives in what `open` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pluggy

from ._detector_roles import (
    Detector,
    GlancingScanner,
    IdleScanner,
    Needs,
    Scanner,
    Sight,
    Span,
    Spelled,
    StreamDetector,
    Wary,
)
from ._kept import Record
from ._log_roles import ContentLog, Entry, EventLog, Log, PagedLog, ReadableLog
from ._values import Mark, Receipt, Request, Response

if TYPE_CHECKING:
    from .policy import Policy

__all__ = [
    "MARK_KINDS",
    "ContentLog",
    "Detector",
    "Entry",
    "EventLog",
    "Evidence",
    "GlancingScanner",
    "Hooks",
    "IdleScanner",
    "Log",
    "Marker",
    "Marking",
    "Needs",
    "PagedLog",
    "ReadableLog",
    "ReportSection",
    "Scanner",
    "Sight",
    "Signer",
    "Span",
    "Spelled",
    "StreamDetector",
    "Wary",
    "Wrapper",
    "hookimpl",
    "hookspec",
]

hookimpl = pluggy.HookimplMarker("chopmark")
hookspec = pluggy.HookspecMarker("chopmark")


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

    It may have `log_days`, for how many days its marks want the log of the calls kept, at the
    least, and why, as a sentence: a policy whose log says by `too_short` that it does not keep it
    for so long is refused.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """What a plugin has to say in a report, beside the log: a table, the same in every form.

    `key` names it among the plugin's own, `note` says what its figures are and are not. `data` says
    the same to machines, as what JSON can hold.
    """

    key: str
    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    data: Any = None


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

    @hookspec(firstresult=True)
    def chopmark_evidence_signer(self, policy: Policy) -> Signer | None:
        """Return what signs packs of evidence where nothing brings `chopmark_signer`, or None.

        Called when a pack is written, and never for a `Chopmark` object: a key that is brought here
        signs nothing else.
        """

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
    def chopmark_sections(  # type: ignore[empty-body]
        self, policy: Policy, language: str
    ) -> Iterable[ReportSection]:
        """Return what this plugin has to say in a report on a service under `policy`."""

    @hookspec
    def chopmark_commands(self, cli: Any) -> None:
        """Add subcommands to `cli`, the `click.Group` of the command `chopmark`."""
