"""What is found of hidden text, foreign instructions and data in links, and what is done then."""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.options import Table
from chopmark.showing import Sought, figures, handled, page, writing

from ._options import Options, read_options
from ._rules import LEVELS, read_rules
from ._surfaces import UNTRUSTED

_INVISIBLE = {
    "tags": "tag characters, which spell ASCII unseen (score 1)",
    "selectors": "two or more variation selectors behind a character, which spell any byte (0.9)",
    "bidi": "an override of the writing direction (0.9)",
    "zero_width": "a run of four or more characters that nobody sees (0.8)",
    "spread": "many single ones where none belongs (0.4)",
}
_PLACES = {
    "tool_result": "words that speak to an assistant, in what a tool returned",
    "document": "words that speak to an assistant, in a document",
    "alt_text": "the same in text for machines: image descriptions, titles, comments in a page",
}


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is found of injection; raise `PolicyError`."""
    options = read_options(policy)
    # What goes out with links is what users wrote: that is the part which guards inputs.
    guards = ("measures.11",) if "exfiltration" in options.search else ()
    yield Evidence(
        path="found.md",
        title="Injection: hidden text, foreign instructions, data in links, and what is done then",
        write=writing(lambda: _found(policy, options)),
        shows=("measures.19", *guards),
    )
    yield figures("injection.md", ("measures.19",))


def _found(policy: Policy, options: Options) -> str:
    parts = [handled(policy, _sought(options))]
    if "instructions" in options.search:
        untrusted = [role for role, surface in options.surfaces.items() if surface in UNTRUSTED]
        parts.append(f"Not trusted are messages of the roles: {', '.join(untrusted)}.")
    if "exfiltration" in options.search:
        named = Table("injection", policy.options("injection")).names("hosts")
        parts.append(
            f"An address counts from {options.image_characters} characters of data on where it "
            f"loads by itself, and from {options.link_characters} on where it must be followed. "
            f"Hosts to which data may go: {', '.join(named) or 'none'}."
        )
    parts.append(f"Spotlighting of what is not trusted: {options.spotlight}.")
    return page("Injection", *parts)


def _sought(options: Options) -> Iterable[Sought]:
    if "invisible" in options.search:
        for kind, what in _INVISIBLE.items():
            yield Sought(category=f"injection.invisible.{kind}", what=what, advice="modify")
    if "exfiltration" in options.search:
        for kind, what in (("image", "loads by itself"), ("link", "must be followed")):
            yield Sought(
                category=f"injection.exfiltration.{kind}",
                what=f"an address that {what} and carries data to a host that is not allowed",
                advice="modify", directions=("output",),
            )  # fmt: skip
    if "instructions" in options.search:
        least = LEVELS[options.least]
        rules = [rule for rule in read_rules() if LEVELS[rule.level] >= least]
        for place, what in _PLACES.items():
            yield Sought(
                category=f"injection.{place}", what=f"{what}; {len(rules)} rules, from level "
                f"{options.least} (score {least:g}) on",
                advice="block for level high, warn below", directions=("input",),
            )  # fmt: skip
