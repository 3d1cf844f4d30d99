"""Judges a text outside a call: nothing is marked or recorded."""

from __future__ import annotations

from ._calling import with_settings
from ._engine import Engine, judge
from ._errors import RequestError
from ._strip import strip
from ._values import Context, Direction, Request, Screening
from .deciding import act
from .policy import language_of


def screen(engine: Engine, text: str, direction: Direction, audience: str, role: str) -> Screening:
    """Return what the policy makes of `text`, and why: see `Chopmark.screen`."""
    if not isinstance(text, str):
        raise RequestError(
            f"screen() takes the text to judge as a string, not {type(text).__name__}; decode "
            "bytes, and give the texts of messages one by one"
        )
    if direction not in ("input", "output"):
        raise RequestError(f'direction is {direction!r}; give "input" or "output"')
    asked = with_settings(Request(audience=audience))
    audience = asked.audience
    engine.decider.check_audience(audience)
    context = Context(direction=direction, role=role, audience=audience)
    own = engine.own if direction == "input" else ()
    stripped = strip(own, text, role) if own else None
    judged = judge(engine, stripped.text if stripped else text, context, audience)
    verdicts = map(stripped.given, judged.verdicts) if stripped else judged.verdicts
    action = act(judged.verdicts)
    if judged.stopped and action not in ("block", "escalate"):
        action = "block"
    refused = action in ("block", "escalate")
    refusal = engine.policy.refusal(asked.locale or language_of(text)) if refused else ""
    return Screening(
        text="" if refused else judged.text,
        action=action,
        verdicts=tuple(verdicts),
        failures=tuple(judged.failures),
        refusal=refusal,
    )
