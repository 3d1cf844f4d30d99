"""The texts of a call for telemetry: with all that a detector found in them replaced.

What no detector judged is withheld, as is everything of a call in which a detector broke.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence

from chopmark import Context, Needs, Request, Response, Verdict
from chopmark.hookspecs import IdleScanner, Scanner

from ._call import Call, call_of

WITHHELD = "[withheld]"
_STOPS = ("deny", "escalate")


def keep_asked(request: Request) -> Generator[Request, Response, Response]:
    """Keep, as the innermost wrapper, the request as it is judged."""
    call = call_of(request)
    if call is not None:
        call.asked = request
    return (yield request)


class Tap:
    """Keeps the answers as the detectors see them; finds nothing, and holds nothing back."""

    name = "otel"
    version = "1"
    needs = Needs.window(1)
    blocking = False

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Find nothing."""
        return ()

    def open(self, context: Context) -> Scanner:
        """Return what keeps an answer that is prose."""
        call = call_of(context.request)
        if call is None or context.direction == "input" or context.kind != "answer":
            return IdleScanner()
        return _TapScanner(call.said.setdefault(context.part, []))


class _TapScanner:
    def __init__(self, said: list[str]) -> None:
        self.settled = 0
        self._said = said

    def feed(self, text: str) -> Sequence[Verdict]:
        self._said.append(text)
        self.settled += len(text)
        return ()

    def finish(self) -> Sequence[Verdict]:
        return ()


def masked(text: str, verdicts: Sequence[Verdict]) -> str:
    """Return `text` with each verdict's span replaced by its category, up to what is denied."""
    stop = min((v.start for v in verdicts if v.outcome in _STOPS), default=None)
    out: list[str] = []
    at = 0
    for verdict in sorted(verdicts, key=lambda v: (v.start, -v.end)):
        if stop is not None and verdict.start > stop:
            break
        if verdict.end <= at and verdict.start != stop:
            continue
        out += [text[at : verdict.start], f"[{verdict.category}]"]
        at = max(at, verdict.end)
    return "".join(out if stop is not None else [*out, text[at:]])


def input_messages(call: Call, response: Response, roles: Sequence[str]) -> str:
    """Return what was asked, as the conventions' JSON; `roles` are those that are judged."""
    asked = call.asked
    if asked is None:
        return "[]"
    found = [v for v in response.verdicts if v.direction == "input"]
    all_judged = _sound(response) and not any(v.detector == "wrapper" for v in found)
    messages = []
    for n, message in enumerate(asked.messages):
        text = WITHHELD
        if all_judged and message.role in roles:
            text = masked(message.text, [v for v in found if v.part == n])
        messages.append({"role": message.role, "parts": _parts(text)})
    return json.dumps(messages, ensure_ascii=False)


def output_messages(call: Call, response: Response) -> str:
    """Return the answers, as the conventions' JSON: whole ones, and what came before a block."""
    found = [v for v in response.verdicts if v.direction == "output" and v.kind == "answer"]
    stopped = {v.part for v in found if v.outcome in _STOPS}
    messages = []
    for part, said in sorted(call.said.items()):
        blocked = response.ending == "blocked"
        whole = response.ending == "completed" or (blocked and part in stopped)
        text = WITHHELD
        if whole and _sound(response):
            text = masked("".join(said), [v for v in found if v.part == part])
        reason = {"finish_reason": "content_filter"} if blocked else {}
        messages.append({"role": "assistant", "parts": _parts(text), **reason})
    return json.dumps(messages, ensure_ascii=False)


def _sound(response: Response) -> bool:
    return not any(failure.role == "detector" for failure in response.failures)


def _parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "content": text}]
