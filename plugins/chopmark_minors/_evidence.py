"""What is kept from minors under a policy, and which help is named to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from chopmark import Direction, Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import Sought, cell, figures, handled, page, table, writing

from ._help import Help
from ._options import Options, read_options
from ._phrases import Phrase

_ABOUT = {
    "alcohol": "alcohol, tobacco and vaping",
    "appearance": "pressure on the body",
    "gambling": "games for money",
    "over_reliance": "dependence on a machine as a companion",
}
_ACTS = {"deny": "block", "warn": "warn"}


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is found for minors, and the help lines; raise `PolicyError`."""
    options = read_options(policy)
    if options.phrases:
        yield Evidence(
            path="found.md",
            title="Minors: what is looked for, and what is done with it",
            write=writing(lambda: _found(policy, options)),
            shows=("measures.10",),
        )
        yield figures("minors.md", ("measures.10", "measures.19"))
    help = options.help
    if help is not None:
        yield Evidence(
            path="help.md",
            title="Help lines that a refusal names where self-harm is spoken of",
            write=writing(lambda: _help(options, help)),
            shows=("measures.10",),
        )


def _found(policy: Policy, options: Options) -> str:
    known = ", ".join(name for name in options.audiences if name in policy.audiences)
    told = (
        f"The application says with each call that it is for one of: {known}."
        if known
        else "The policy has none of the audiences that hold minors, so no call is for one."
    )
    return page("What is not for minors", told, handled(policy, _sought(options)))


def _sought(options: Options) -> Iterable[Sought]:
    for category in sorted({phrase.category for phrase in options.phrases}):
        mine = [phrase for phrase in options.phrases if phrase.category == category]
        levels = Counter(_ACTS[phrase.outcome] for phrase in mine)
        counted = ", ".join(f"{count} that advise {level}" for level, count in levels.items())
        about = _ABOUT.get(category.removeprefix("minors."), "")
        yield Sought(
            category=category,
            what=f"{about}{'; ' if about else ''}{len(mine)} phrases, {counted} "
            f"(scores {_scores(mine)})",
            advice=" or ".join(levels),
            directions=_directions(mine),
            audiences=options.audiences,
        )


def _scores(phrases: Sequence[Phrase]) -> str:
    return ", ".join(f"{score:g}" for score in sorted({one.score for one in phrases}, reverse=True))


def _directions(phrases: Sequence[Phrase]) -> Sequence[Direction]:
    ways: list[Direction] = ["input", "output"]
    return [way for way in ways if any(one.direction in (way, None) for one in phrases)]


def _help(options: Options, help: Help) -> str:
    whom = "everybody" if options.help_adults else f"the audiences {', '.join(options.audiences)}"
    rows = [
        (
            line.region,
            "minors" if line.for_minors else "everybody",
            cell(" / ".join(line.name.values())),
            cell(f"{line.phone} {line.url}".strip()),
            cell(line.source),
            cell(line.read),
        )
        for line in help.lines
    ]
    return page(
        "Help lines",
        f"Told to {whom}, where a request has a verdict of {', '.join(options.help_categories)}"
        ": in the response, and in the refusal where it is refused. Those of the region in the "
        f"call's locale; where it names none, of: {options.help_region or 'anywhere'}. `*` is "
        "anywhere. Numbers change: the last column is the day on which somebody read the "
        "source.",
        table(("REGION", "FOR", "LINE", "NUMBER OR ADDRESS", "SOURCE", "READ"), rows),
    )
