"""The policies: the one in use, those that come with chopmark, and the difference of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from chopmark import load_policy
from chopmark.reading import builtin_policies
from chopmark_report import Tally, difference, flat, named

from .._desk import Desk
from .._known import running_of
from .._page import Page, Visit

IN_USE = "in-use"
"""Names the policy of the desk, also where a policy that comes with chopmark has its name."""


async def show(visit: Visit) -> Response:
    """Show them, and how `left` and `right` differ."""
    left, right = visit.asked("left"), visit.asked("right") or IN_USE
    return visit.render("policies.html", **await visit.work(_shown, visit.desk, left, right))


def _shown(desk: Desk, left: str, right: str) -> dict[str, Any]:
    known = {IN_USE: desk.policy, **{name: load_policy(name) for name in builtin_policies()}}
    running = running_of(desk)
    extent = running.follow()
    seen, kept = running.ask(_seen), running.ask(lambda tally: dict(tally.texts))
    names = {named(policy) for policy in known.values()}
    texts: dict[str, Mapping[str, str]] = {name: flat(policy) for name, policy in known.items()}
    texts.update((name, text) for name, text in kept.items() if name not in names)
    both = (texts.get(left), texts.get(right))
    others = sorted(
        (name for name in {*seen, *kept} - names),
        key=lambda name: -seen[name][1] if name in seen else 0,
    )
    return {
        "in_use": IN_USE,
        "policies": [(name, policy, seen.get(named(policy))) for name, policy in known.items()],
        "others": [(name, seen.get(name), name in kept) for name in others],
        "texts": list(texts),
        "extent": extent,
        "left": left if both[0] else "",
        "right": right if both[1] else IN_USE,
        "keys": texts[IN_USE],
        "differences": difference(both[0], both[1]) if both[0] and both[1] else None,
    }


def _seen(tally: Tally) -> dict[str, tuple[int, int, int]]:
    """Return when each policy was first and last seen, and in how many calls."""
    return {name: (span.first, span.last, span.count) for name, span in tally.policies.items()}


ROUTES = (Page(path="/policies", endpoint=show, area="policies", in_navigation=True),)
