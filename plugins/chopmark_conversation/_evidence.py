"""When a conversation as a whole is judged a risk under a policy, and what is done then."""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.options import Table
from chopmark.showing import Sought, cell, handled, page, table, writing

from ._detector import CATEGORY
from ._options import Options, read_options


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return how risk builds up, and what is done with it; raise `PolicyError`."""
    options = read_options(Table("conversation", policy.options("conversation")))
    yield Evidence(
        path="risk.md",
        title="Conversations: how risk builds up over turns, and what is done from which bound on",
        write=writing(lambda: _risk(policy, options)),
        shows=("measures.4", "measures.19"),
    )


def _risk(policy: Policy, options: Options) -> str:
    build = options.build
    rows = [
        ("bound", f"{options.bound:g}", "the risk from which a request has the verdict"),
        ("share", f"{build.share:g}", "the most that one turn adds of what is left to 1"),
        ("floor", f"{build.floor:g}", "the score of a verdict below which it adds nothing"),
        ("half life", f"{build.half_life_turns:g} turns", "answered turns that halve the risk"),
        ("half life", f"{build.half_life_seconds:g} seconds", "the time that halves it"),
        *(
            (f"weight of {cell(category)}", f"{weight:g}", "what its verdicts count; others 1")
            for category, weight in build.weights.items()
        ),
    ]
    what = "the verdicts of earlier turns, stopped or not, add up to a risk over the bound"
    sought = Sought(category=CATEGORY, what=what, advice="block", directions=("input",))
    without = "is an error" if options.required else "is judged by itself"
    return page(
        "The risk of a conversation",
        "Of a conversation two numbers are kept, its risk and the time, and nothing of what was"
        f" said. A call that does not name its conversation {without}.",
        handled(policy, [sought]),
        table(("SETTING", "VALUE", "WHAT IT IS"), rows),
    )
