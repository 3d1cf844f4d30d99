"""What is kept of a call, and of what happened beside the calls, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._quick import quick
from ._values import Act, Ending, Failure, Mark, Message, Usage, Verdict


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A salted SHA-256 of a text: says nothing of it, and proves it to whom the salt is shown.

    `digest` is the hexadecimal SHA-256 of the 16 salt bytes followed by the UTF-8 text;
    `characters` is its length in code points.
    """

    digest: str
    characters: int


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of a call: commitments and decisions, no content.

    `id` is a UUIDv7, `time` milliseconds since 1970. `policy` is `name@digest`. `holdback` is
    the most characters that were ever held, `duration` milliseconds.
    """

    id: str
    time: int
    policy: str
    adapter: str
    model: str
    audience: str
    stream: bool
    action: Act
    ending: Ending
    judged: bool
    request: Commitment
    answer: Commitment
    user: Commitment
    messages: int
    verdicts: tuple[Verdict, ...]
    marks: tuple[Mark, ...]
    failures: tuple[Failure, ...]
    usage: Usage | None
    holdback: int
    duration: int
    sdk: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened beside the calls and stands in their log: a complaint, a decision, a test run.

    `kind` is a dotted name, broadest part first (`complaint.received`). `about` are the ids of the
    records, of calls or events, that it is about; `actor` is who acted, as the operator names its
    people. `data` must hold no content: names are `a-z`, `0-9`, `_` and `.`. `id` is a UUIDv7,
    `time` milliseconds since 1970.
    """

    id: str
    time: int
    kind: str
    about: tuple[str, ...] = ()
    actor: str = ""
    data: Mapping[str, str | int | bool] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The texts that a record commits to, for a log that keeps contents.

    `messages` are those of the request as the application gave them, `answer` is what the caller
    was given, `user` the subject's id. No text is in its `repr`.
    """

    messages: tuple[Message, ...] = field(default=(), repr=False)
    answer: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
