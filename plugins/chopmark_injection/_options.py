"""The options of plugin `injection` in a policy, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from chopmark import Policy, PolicyError

from ._hosts import Hosts
from ._surfaces import DEFAULT, SETTABLE, Surface

Search = Literal["invisible", "exfiltration", "instructions"]
Level = Literal["low", "medium", "high"]
Language = Literal["zh", "en"]
Spotlight = Literal["off", "delimit", "datamark", "encode"]
T = TypeVar("T", bound=str)

_KNOWN = (
    "hosts", "image_characters", "language", "least", "link_characters", "manifests", "search",
    "spotlight", "surfaces",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is looked for, and how.

    `hosts` may be pointed to with data. `image_characters` and `link_characters` are from how
    many characters of data on an address is reported. `least` is the level from which on rules
    for instructions hold. `manifests` leaves the C2PA manifest of a text alone. `surfaces` says
    by role where a message comes from.
    """

    search: frozenset[Search] = frozenset(get_args(Search))
    hosts: Hosts = field(default_factory=lambda: Hosts(()))
    image_characters: int = 16
    link_characters: int = 48
    language: Language = "zh"
    least: Level = "low"
    manifests: bool = True
    spotlight: Spotlight = "off"
    surfaces: Mapping[str, Surface] = field(default_factory=lambda: dict(DEFAULT))


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options("injection")
    for key in given:
        if key not in _KNOWN:
            raise PolicyError(
                f"plugin 'injection', option {key!r} is not known{_hint(key, _KNOWN)}; there are "
                f"{', '.join(_KNOWN)}"
            )
    plain = Options()
    return Options(
        search=_search(given.get("search", sorted(plain.search))),
        hosts=_hosts(given.get("hosts", ())),
        image_characters=_count(given, "image_characters", plain.image_characters),
        link_characters=_count(given, "link_characters", plain.link_characters),
        language=_one_of("language", given.get("language", plain.language), get_args(Language)),
        least=_one_of("least", given.get("least", plain.least), get_args(Level)),
        manifests=_truth("manifests", given.get("manifests", plain.manifests)),
        spotlight=_one_of("spotlight", given.get("spotlight", "off"), get_args(Spotlight)),
        surfaces=_surfaces(given.get("surfaces", {})),
    )


def _search(given: object) -> frozenset[Search]:
    choices: tuple[Search, ...] = get_args(Search)
    return frozenset(_one_of("search", name, choices) for name in _names("search", given))


def _hosts(given: object) -> Hosts:
    try:
        return Hosts(_names("hosts", given))
    except ValueError as error:
        raise PolicyError(f"plugin 'injection', option 'hosts': {error}") from error


def _names(key: str, given: object) -> Sequence[str]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise _wrong(key, given, "write a list of names")
    return given


def _surfaces(given: object) -> dict[str, Surface]:
    if not isinstance(given, Mapping):
        raise _wrong("surfaces", given, 'write a table of roles, { user = "document" }')
    named: dict[str, Surface] = dict(DEFAULT)
    for role, surface in given.items():
        named[str(role)] = _one_of(f"surfaces.{role}", surface, SETTABLE)
    return named


def _count(given: Mapping[str, object], key: str, default: int) -> int:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(key, value, "write a whole number of at least 1")
    return value


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "write true or false")
    return value


def _one_of(key: str, value: object, choices: tuple[T, ...]) -> T:
    for choice in choices:
        if value == choice:
            return choice
    hint = _hint(value, choices) if isinstance(value, str) else ""
    raise _wrong(key, value, f"write one of {', '.join(choices)}{hint}")


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'injection', option {key!r} = {value!r}: {cure}")


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
