"""The options of plugin `minors` in a policy, checked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy, PolicyError

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
    given = policy.options("minors")
    for key in given:
        if key not in _KNOWN:
            close = difflib.get_close_matches(str(key), _KNOWN, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise _wrong(key, given[key], f"not an option{hint}; there are {', '.join(_KNOWN)}")
    folder = Path(policy.folder)
    files = _names(given, "phrases", (), 'paths of phrase files, ["phrases.toml"]')
    phrases = [p for file in files for p in read_phrases(folder / file)]
    if _switch(given, "bundled", True):
        phrases = [*read_bundled(), *phrases]
    options = Options(
        audiences=_names(given, "audiences", ("minor",), '["minor"]'),
        phrases=tuple(phrases),
        help=_help(given, folder) if _switch(given, "help", True) else None,
        help_adults=_switch(given, "help_adults", False),
        help_categories=_names(given, "help_categories", SELF_HARM, 'categories, ["self_harm"]'),
        help_region=_region(given),
    )
    if not options.phrases and options.help is None:
        raise PolicyError(
            "plugin 'minors' has no phrases and names no help: set `bundled = true` or "
            "`help = true`, name files in `phrases`, or take the plugin out of `plugins`"
        )
    return options


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'minors', option {key!r} = {value!r}: {cure}")


def _switch(given: Mapping[str, object], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise _wrong(key, value, "write true or false")
    return value


def _names(
    given: Mapping[str, object], key: str, default: tuple[str, ...], cure: str
) -> tuple[str, ...]:
    value = given.get(key, default)
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
        raise _wrong(key, value, f"write {cure}")
    if not value and default:
        raise _wrong(key, value, f"write {cure}, or leave it out")
    return tuple(value)


def _help(given: Mapping[str, object], folder: Path) -> Help:
    value = given.get("help_lines", "")
    if not isinstance(value, str):
        raise _wrong("help_lines", value, 'write the path of a file, "help_lines.toml"')
    return read_help(folder / value if value else None)


def _region(given: Mapping[str, object]) -> str:
    value = given.get("help_region", "")
    if not isinstance(value, str) or not re.fullmatch(r"(?:[A-Z]{2})?", value):
        raise _wrong("help_region", value, 'write two capitals of ISO 3166-1, "CN"')
    return value
