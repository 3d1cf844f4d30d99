"""The options of plugin `injection` in a policy, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from chopmark import Policy
from chopmark.options import Table

from ._hosts import Hosts
from ._surfaces import DEFAULT, SETTABLE, Surface

Search = Literal["invisible", "exfiltration", "instructions"]
Level = Literal["low", "medium", "high"]
Language = Literal["zh", "en"]
Spotlight = Literal["off", "delimit", "datamark", "encode"]

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
    given = Table.of(policy, "injection", _KNOWN)
    searches: tuple[Search, ...] = get_args(Search)
    plain = Options()
    return Options(
        search=frozenset(given.some_of("search", searches, searches)),
        hosts=_hosts(given),
        image_characters=given.whole("image_characters", plain.image_characters, least=1),
        link_characters=given.whole("link_characters", plain.link_characters, least=1),
        language=given.one_of("language", get_args(Language), plain.language),
        least=given.one_of("least", get_args(Level), plain.least),
        manifests=given.switch("manifests", plain.manifests),
        spotlight=given.one_of("spotlight", get_args(Spotlight), plain.spotlight),
        surfaces=_surfaces(given),
    )


def _hosts(given: Table) -> Hosts:
    try:
        return Hosts(given.names("hosts"))
    except ValueError as error:
        raise given.wrong("hosts", str(error)) from error


def _surfaces(given: Table) -> dict[str, Surface]:
    table = given.table("surfaces", cure='write a table of roles, { user = "document" }')
    return {**DEFAULT, **{str(role): table.one_of(role, SETTABLE) for role in table.data}}
