"""Which guard model is asked under a policy, what it may find, and what is done with that."""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import Sought, cell, handled, page, table, writing

from ._detector import GuardModelDetector
from ._formats import NOT_HARM_TO_A_PERSON
from ._options import Options, read_options

_ADVICE = {
    "qwen3guard": "block where it says Unsafe, warn where Controversial",
    "shieldgemma": "block from {threshold:g}, warn below",
}
_SHOWS = ("measures.4", "measures.19")


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return which model is asked, and what is done with what it finds; raise `PolicyError`.

    Nothing for a policy that names no model.
    """
    if not policy.options("guardmodel"):
        return
    options = read_options(policy)
    yield Evidence(
        path="found.md",
        title=f"The guard model {options.model}: what it may find, and what is done with it",
        write=writing(lambda: _found(policy, options)),
        shows=_SHOWS,
    )


def _found(policy: Policy, options: Options) -> str:
    rows = [
        ("model, as its server calls it", options.model),
        ("server, to which the texts go", options.base_url),
        ("form of its answers", options.format),
        ("texts that it judges", ", ".join(options.directions)),
        ("messages that go along before the judged one", str(options.history)),
        ("least score that is reported", f"{options.report_from:g}"),
        ("seconds after which it is late", f"{options.timeout:g}"),
    ]
    return page(
        "The guard model",
        "The model is not part of chopmark, which knows it by its name on that server alone: "
        "its card and its measured figures are its maker's.",
        table(("WHAT", "VALUE"), [(one, cell(value)) for one, value in rows]),
        handled(policy, _sought(options)),
    )


def _sought(options: Options) -> Iterable[Sought]:
    advice = _ADVICE.get(options.format, "block").format(threshold=options.threshold)
    for category in GuardModelDetector(options).categories:
        other = category == "guardmodel"
        yield Sought(
            category=category,
            what="harms for which there is no other name" if other else "so named by the model",
            advice="warn" if category in NOT_HARM_TO_A_PERSON else advice,
            directions=options.directions,
        )
