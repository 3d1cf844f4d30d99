"""The policies: the one in use, those that come with chopmark, and the difference of two."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from chopmark import Policy, load_policy
from chopmark.reading import builtin_policies
from chopmark_report import Tally

from .._desk import Desk
from .._difference import difference, flat
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
    seen = running.ask(_seen)
    both = (known.get(left), known.get(right))
    return {
        "in_use": IN_USE,
        "policies": [(name, policy, seen.get(_name(policy))) for name, policy in known.items()],
        "others": [
            (name, span) for name, span in sorted(seen.items(), key=lambda pair: -pair[1][1])
            if name not in {_name(policy) for policy in known.values()}
        ],
        "extent": extent,
        "left": left if both[0] else "",
        "right": right if both[1] else IN_USE,
        "keys": flat(desk.policy),
        "differences": difference(both[0], both[1]) if both[0] and both[1] else None,
    }  # fmt: skip


def _name(policy: Policy) -> str:
    return f"{policy.name}@{policy.digest}"


def _seen(tally: Tally) -> dict[str, tuple[int, int, int]]:
    """Return when each policy was first and last seen, and in how many calls."""
    return {name: (span.first, span.last, span.count) for name, span in tally.policies.items()}


ROUTES = (Page(path="/policies", endpoint=show, area="policies", in_navigation=True),)
