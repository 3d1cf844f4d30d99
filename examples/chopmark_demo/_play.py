"""Runs one prompt through one framework, and keeps what a person or a machine may want to see."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chopmark import Chopmark, PolicyBlocked, Response

from ._frameworks import FRAMEWORKS
from ._local import Endpoint
from ._prompts import Prompt

ORDER = ("allow", "modify", "escalate", "block")

DECIDED = {"modify": "modify", "escalate": "escalate", "block": "deny"}
"""What a verdict asked for that made the policy act so."""


@dataclass(slots=True)
class Turn:
    """One prompt, answered: what was said, and the response of every model call in it."""

    prompt: Prompt
    framework: str
    answered_by: str
    said: str = ""
    responses: list[Response] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0
    first_text: float = 0.0

    @property
    def action(self) -> str:
        """The strictest action of all calls of this turn."""
        return max((r.action for r in self.responses), key=ORDER.index, default="allow")

    @property
    def why(self) -> list[str]:
        """The categories that decided what was done, each once, in order; a warning does not."""
        acted = [
            v for r in self.responses for v in r.verdicts if v.outcome == DECIDED.get(r.action)
        ]
        return list(dict.fromkeys(v.category for v in acted))

    @property
    def labelled(self) -> str:
        """Where the label stands: `visible`, `metadata`, or `-` where nothing was answered."""
        marks = [m for r in self.responses for m in r.marks if m.kind == "visible"]
        if any(m.placed for m in marks):
            return "visible"
        return "metadata" if marks and self.action in ("allow", "modify") else "-"

    def to_dict(self) -> dict[str, Any]:
        """Return the turn as JSON-able data."""
        return {
            "id": self.prompt.id,
            "prompt": self.prompt.text,
            "language": self.prompt.language,
            "framework": self.framework,
            "answered_by": self.answered_by,
            "action": self.action,
            "why": self.why,
            "label": self.labelled,
            "said": self.said,
            "error": self.error,
            "seconds": round(self.seconds, 3),
            "seconds_to_first_text": round(self.first_text, 3),
            "calls": [response.to_metadata() for response in self.responses],
        }


def play(
    chop: Chopmark,
    framework: str,
    prompt: Prompt,
    at: Endpoint,
    say: Callable[[str], None] = lambda text: None,
) -> Turn:
    """Ask, and say every piece of the answer as it comes."""
    turn = Turn(prompt=prompt, framework=framework, answered_by=at.label)
    started = time.perf_counter()

    def heard(text: str) -> None:
        if text and not turn.said:
            turn.first_text = time.perf_counter() - started
        turn.said += text
        say(text)

    try:
        FRAMEWORKS[framework](chop, prompt, at, heard, turn.responses.append)
    except PolicyBlocked as blocked:
        turn.error = str(blocked)
    except Exception as broke:
        if not _blocked_inside(broke):
            raise
        turn.error = turn.responses[-1].refusal if turn.responses else str(broke)
    turn.seconds = time.perf_counter() - started
    return turn


def _blocked_inside(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, PolicyBlocked):
            return True
        error = error.__cause__ or error.__context__
    return False
