"""What a target said to a case, and what a machine made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chopmark import Usage

from ._bank import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a target gives back. `blocked` says that a guard refused, and `text` is its refusal.

    `usage` is what the target counted itself.
    """

    text: str
    blocked: bool = False
    usage: Usage | None = None


class Target(Protocol):
    """What is assessed. Called from several threads at once."""

    name: str
    """What the run says it asked."""

    def ask(self, case: Case, timeout: float) -> Reply:
        """Return the answer to `case`; raise anything where there is none.

        It should give up after `timeout` seconds; where it does not, it is left behind.
        """
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it is kept. With an `error` there is none, and the case is asked again.

    `seconds` is how long the target took. Tokens are 0 where nobody counted; `counted_by` says who
    did: `target`, a tokenizer, or `rule of thumb`.
    """

    case: str
    text: str = ""
    blocked: bool = False
    error: str = ""
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    counted_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a machine made of an answer: it is a hint for people, not the last word.

    `refusal` is the rule by which it refuses (`guard` where one blocked), or empty. `hedged` says
    that it goes on after the refusal, with what may be help: people should look first. `denied`
    says that the judging policy would not deliver it; `found` has the highest score by category.
    `failed` says why it could not be judged, or is empty.
    """

    case: str
    policy: str
    refusal: str = ""
    hedged: bool = False
    denied: bool = False
    found: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""


def read(kind: type[Any], line: Mapping[str, Any]) -> Any:
    """Return the `kind` that was written as `line`; keys that a later version added are left."""
    return kind(**{key: value for key, value in line.items() if key in kind.__slots__})
