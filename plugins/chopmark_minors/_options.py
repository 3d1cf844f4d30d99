"""The options of plugin `minors` in a policy, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chopmark import Policy, PolicyError
from chopmark.options import Table

from ._help import Help, read_help
from ._phrases import Phrase, read_bundled, read_phrases

_KNOWN = (
    "audiences", "bundled", "help", "help_adults", "help_categories", "help_lines", "help_region",
    "phrases",
)  # fmt: skip
SELF_HARM = ("self_harm", "keyword.self_harm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Whom it is for, what is not for them, and which help is named.

    `audiences` are those of the policy that hold minors. `help` is None where none is named.
    `help_region` stands in where a call's locale names no region.
    """

    audiences: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    help: Help | None
    help_adults: bool
    help_categories: tuple[str, ...]
    help_region: str


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "minors", _KNOWN)
    options = Options(
        audiences=_some(given, "audiences", ("minor",), '["minor"]'),
        phrases=_phrases(given),
        help=_help(given) if given.switch("help", True) else None,
        help_adults=given.switch("help_adults", False),
        help_categories=_some(given, "help_categories", SELF_HARM, 'categories, ["self_harm"]'),
        help_region=_region(given),
    )
    if not options.phrases and options.help is None:
        raise PolicyError(
            "plugin 'minors' has no phrases and names no help: set `bundled = true` or "
            "`help = true`, name files in `phrases`, or take the plugin out of `plugins`"
        )
    return options


def _some(given: Table, key: str, default: Sequence[str], example: str) -> tuple[str, ...]:
    cure = f"write {example}, or leave it out"
    names = given.names(key, default, cure=cure)
    if not names:
        raise given.wrong(key, cure)
    return names


def _phrases(given: Table) -> tuple[Phrase, ...]:
    files = given.names("phrases", cure='write paths of phrase files, ["phrases.toml"]')
    own = [phrase for file in files for phrase in read_phrases(given.folder / file)]
    return (*(read_bundled() if given.switch("bundled", True) else ()), *own)


def _help(given: Table) -> Help:
    file = given.text("help_lines", "", cure='write the path of a file, "help_lines.toml"')
    return read_help(given.folder / file if file else None)


def _region(given: Table) -> str:
    cure = 'write two capitals of ISO 3166-1, "CN"'
    value = given.text("help_region", "", cure=cure)
    if not re.fullmatch(r"(?:[A-Z]{2})?", value):
        raise given.wrong("help_region", cure)
    return value
