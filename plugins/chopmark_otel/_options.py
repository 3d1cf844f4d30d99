"""The options of plugin `otel` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from chopmark import Policy
from chopmark.options import Table

Content = Literal["none", "masked"]
Events = Literal["log", "span", "none"]
Span = Literal["model", "guard"]
KNOWN = ("content", "events", "span", "detectors", "provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is emitted.

    `content`: whether texts are, with all that a detector found in them replaced. `events`: where
    a verdict's `gen_ai.evaluation.result` goes. `span`: whether the span of a call is the model's,
    or stands around one that another instrumentation makes. `detectors`: whether each detector has
    a span of its own. `provider` is what `gen_ai.provider.name` says, where that is not empty.
    """

    content: Content = "none"
    events: Events = "log"
    span: Span = "model"
    detectors: bool = True
    provider: str = ""


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "otel", KNOWN)
    contents: tuple[Content, ...] = get_args(Content)
    events: tuple[Events, ...] = get_args(Events)
    spans: tuple[Span, ...] = get_args(Span)
    return Options(
        content=given.one_of("content", contents, "none"),
        events=given.one_of("events", events, "log"),
        span=given.one_of("span", spans, "model"),
        detectors=given.switch("detectors", True),
        provider=given.text("provider", ""),
    )
