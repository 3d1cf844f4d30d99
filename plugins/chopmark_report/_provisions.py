"""The provisions that evidence is for, as they are shipped."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """An article or a clause: `id` is `law.article`, texts are by language.

    `without` is what to do where nothing in a pack answers it, or that nothing of chopmark does.
    """

    id: str
    law: Mapping[str, str]
    url: str
    asks: Mapping[str, str]
    without: Mapping[str, str]


@cache
def provisions() -> Mapping[str, Provision]:
    """Return all provisions by their id, in the order of the file."""
    text = resources.files(__package__).joinpath("provisions.toml").read_text("utf-8")
    data = tomllib.loads(text)
    laws = {law["id"]: law for law in data["law"]}
    found = {}
    for one in data["provision"]:
        law = laws[one["id"].partition(".")[0]]
        found[one["id"]] = Provision(
            id=one["id"], law=law["name"], url=law["url"], asks=one["asks"], without=one["without"]
        )
    return found
