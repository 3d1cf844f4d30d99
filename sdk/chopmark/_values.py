"""The nouns of a call, as frozen values: nothing later changes anything earlier.

Offsets are in code points of the text that was judged, `start` included and `end` excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ._quick import quick

Direction = Literal["input", "output"]
"""Which way a text goes: `input` to the model, `output` from it."""

Kind = Literal["answer", "reasoning", "structured", "tool_call"]
"""What a piece of an answer is. Only an `answer` is prose that may carry a visible mark;
`structured` and `tool_call` are JSON text, judged with its escapes decoded."""

Outcome = Literal["allow", "warn", "modify", "escalate", "deny"]
"""What one verdict asks for, mildest first."""

Act = Literal["allow", "modify", "escalate", "block"]
"""What is done with a call. `escalate` delivers nothing and asks for a human review."""

Ending = Literal[
    "completed", "blocked", "abandoned", "cancelled", "model_error", "mark_error", "wrapper_error"
]
"""How a call ended. `abandoned`: the caller stopped reading; `cancelled`: its task was."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a request. Text of role `tool` is untrusted input."""

    role: str
    text: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that the provider counted."""

    input_tokens: int = 0
    output_tokens: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the application asks a model.

    `user` is the subject's id: it is committed to in the record, never written there.
    `structured` says that the answer will be JSON for a program. `parameters` are those that decide
    how the words are drawn (`temperature`, `top_p`, ...), where the adapter sees them set; to read
    alone: a change there is not sent. `metadata` is what the caller passed for chopmark and its
    plugins. `id` is that of the call, its response and its record; the
    SDK fills it in for markers and wrappers.
    """

    messages: tuple[Message, ...] = ()
    model: str = ""
    adapter: str = ""
    audience: str = ""
    user: str = ""
    locale: str = ""
    stream: bool = False
    structured: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    id: str = ""

    @property
    def newest(self) -> int:
        """The index of the first message behind the last answer: older ones had their turn."""
        answers = [n for n, m in enumerate(self.messages) if m.role == "assistant"]
        return answers[-1] + 1 if answers else 0


class Chunk(NamedTuple):
    """A piece of an answer, in order; a whole answer is one chunk.

    `index` tells several answers or content blocks of one kind apart. `last` says that no text
    of this kind and index follows.
    """

    text: str
    kind: Kind = "answer"
    index: int = 0  # type: ignore[assignment]  # of the channel; nobody searches a chunk
    last: bool = False


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a detector may know of the text that it judges, beside the text.

    `request` is the request of the call: for one of its messages as the wrappers yield it, without
    our marks, for the answer as the policy lets it go; None outside a call. `part` is the index of
    the message in it, or of the answer.
    """

    direction: Direction
    kind: Kind = "answer"
    role: str = "assistant"
    audience: str = ""
    part: int = 0
    request: Request | None = field(default=None, repr=False, hash=False)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a detector found in a text.

    `category` is a dotted name, broadest part first (`pii.email`), on which the policy's rules
    decide; the outcome that a detector gives is its own advice for a category that no rule
    names. `score` is in 0..1. `replacement` is what a `modify` puts in the place of the span.
    `detail` must hold no content. The SDK fills `detector` and its `version`, `direction`, `kind`
    and `part` (the index of the message in the request, or of the answer).
    """

    category: str
    start: int
    end: int
    score: float = 1.0
    outcome: Outcome = "deny"
    replacement: str | None = None
    detail: str = ""
    detector: str = ""
    version: str = ""
    direction: Direction = "output"
    kind: Kind = "answer"
    part: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A sign of origin on an answer, or the reason why it could not be put there.

    `kind` is one of `hookspecs.MARK_KINDS`; `where` is the place in it, for example `start`. A mark
    with `placed=False` has a `reason`.
    """

    marker: str
    kind: str
    where: str = ""
    placed: bool = True
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something of ours that broke during a call, and what the policy did about it."""

    role: str
    name: str
    error: str
    handled: Literal["block", "allow", "raise"]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A log's answer to an append: where the record is.

    `salt` (hexadecimal) opens the record's commitments; it goes to the caller and is not in
    the log. It is empty where the log took the content: such a log commits by salts of its own,
    so that what it erases nobody can open.
    """

    log: str
    record: str
    position: int = -1
    salt: str = ""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The finished answer.

    `text` is what the caller was given as `answer` or `structured` text, marks included.
    `refusal` is set where `action` is `block` or `escalate`. `holdback` is the most characters
    that were held back at any time. `metadata` is what wrappers added. `labels` is what stands
    beside the answer, by key: adapters put each where they put `to_metadata()`, under that key.
    """

    id: str
    text: str = ""
    action: Act = "allow"
    ending: Ending = "completed"
    judged: bool = True
    refusal: str = ""
    policy: str = ""
    verdicts: tuple[Verdict, ...] = ()
    marks: tuple[Mark, ...] = ()
    failures: tuple[Failure, ...] = ()
    receipt: Receipt | None = None
    usage: Usage | None = None
    holdback: int = 0
    metadata: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def carried(self, key: str = "chopmark") -> dict[str, object]:
        """Return what adapters put on the last piece: the metadata under `key`, and the labels."""
        return {
            **{where: dict(data) for where, data in self.labels.items()},
            key: self.to_metadata(),
        }

    def to_metadata(self) -> dict[str, object]:
        """Return what adapters put on the answer, as JSON-able data without content.

        Scores are whole thousandths. The receipt's salt, which opens the commitments, is not in it.
        """
        receipt = self.receipt
        return {
            "id": self.id,
            "policy": self.policy,
            "action": self.action,
            "ending": self.ending,
            "judged": self.judged,
            "holdback": self.holdback,
            "verdicts": [
                {
                    "detector": v.detector,
                    "category": v.category,
                    "outcome": v.outcome,
                    "score": round(v.score * 1000),
                    "direction": v.direction,
                    "kind": v.kind,
                    "part": v.part,
                    "start": v.start,
                    "end": v.end,
                }
                for v in self.verdicts
            ],
            "marks": [
                {
                    "marker": m.marker,
                    "kind": m.kind,
                    "where": m.where,
                    "placed": m.placed,
                    "reason": m.reason,
                    "data": dict(m.data),
                }
                for m in self.marks
            ],
            "failures": [
                {"role": f.role, "name": f.name, "error": f.error, "handled": f.handled}
                for f in self.failures
            ],
            "receipt": receipt and {"log": receipt.log, "position": receipt.position},
            **dict(self.metadata),
        }


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What `Chopmark.screen` says of a text: the text as policy would deliver it, and why.

    `text` is empty where `action` is `block` or `escalate`.
    """

    text: str
    action: Act
    verdicts: tuple[Verdict, ...]
    failures: tuple[Failure, ...] = ()
    refusal: str = ""
