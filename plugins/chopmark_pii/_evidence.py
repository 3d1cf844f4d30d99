"""What personal data is looked for under a policy, and what stands in its place then."""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import Sought, figures, handled, page, writing

from ._kinds import ENTITIES, KINDS, PLACEHOLDER
from ._options import Options, read_options

_IN_PLACE = {
    "redact": "what kind it was",
    "mask": "a part of it, the rest masked",
    "hash": "a keyed hash",
    "pseudonym": "a pseudonym",
    "vault": "a placeholder, for which the answer gets the original back",
}


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is found of persons, and what is done with it; raise `PolicyError`."""
    options = read_options(policy)
    yield Evidence(
        path="found.md",
        title="Personal data: the kinds that are looked for, and what is done with each",
        write=writing(lambda: _found(policy, options)),
        shows=("measures.11",),
    )
    yield figures("pii.md", ("measures.11", "measures.19"))


def _found(policy: Policy, options: Options) -> str:
    off = [f"`pii.{name}` ({kind.zh})" for name, kind in KINDS.items()
           if name not in options.actions]  # fmt: skip
    kept = (
        f"Originals of placeholders are kept in memory for {options.seconds:g} seconds, "
        f"{options.entries} at most."
        if options.vault
        else "No original is kept by the detector."
    )
    return page(
        "Personal data in requests and answers",
        "Numbers count by their format and check digits, names by rules and lists. Where the "
        "table says `modify`, the text goes on with something else in the place of what was "
        "found: to the model with requests, to the user with answers.",
        handled(policy, _sought(options)),
        f"Not looked for: {', '.join(off) or 'nothing that could be'}.",
        kept,
    )


def _sought(options: Options) -> Iterable[Sought]:
    for name, action in options.actions.items():
        kind = KINDS[name]
        yield Sought(
            category=kind.category,
            what=f"{kind.zh} ({kind.en.replace('_', ' ').lower()}), "
            f"{'by rules and lists' if name in ENTITIES else 'by format'}; with modify, in its "
            f"place: {_IN_PLACE[action]}",
            advice="modify",
        )
    if options.vault or options.pseudonyms:
        what = "what a user wrote like a placeholder; with modify, it stands for nothing"
        yield Sought(
            category=f"pii.{PLACEHOLDER}", what=what, advice="modify", directions=("input",)
        )
