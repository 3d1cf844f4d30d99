"""The options of plugin `keyword` in a policy, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy, PolicyError
from chopmark.options import Table

from ._lists import FOLDINGS, Folding
from ._read import bundled_names

_KNOWN = ("bundled", "folding", "lists", "reload_seconds", "request_folding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which lists to use, and how often to look whether they changed.

    `lists` are paths, `bundled` names of lists that come with the plugin. `reload_seconds` is
    the least time between two looks at the files: 0 looks at every text, `inf` never. `foldings`
    is how far to see by category, `*` for the rest, for entries that do not say it themselves;
    `request_foldings` is that for what goes in, where it says more.
    """

    lists: tuple[Path, ...]
    bundled: tuple[str, ...]
    reload_seconds: float
    foldings: Mapping[str, Folding]
    request_foldings: Mapping[str, Folding]


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "keyword", _KNOWN)
    seconds = "write seconds, 0 or more, or inf for never"
    options = Options(
        lists=_lists(given),
        bundled=_bundled(given),
        reload_seconds=given.number("reload_seconds", 5.0, least=0, cure=seconds),
        foldings=_foldings(given, "folding"),
        request_foldings=_foldings(given, "request_folding"),
    )
    if not options.lists and not options.bundled:
        raise PolicyError(
            "plugin 'keyword' has no list: name files in `lists`, set `bundled = true`, or take "
            "the plugin out of the policy's `plugins`"
        )
    return options


def _lists(given: Table) -> tuple[Path, ...]:
    cure = 'write paths of list files, lists = ["words.toml"]'
    paths = tuple(given.folder / path for path in given.names("lists", cure=cure))
    doubled = [str(path) for n, path in enumerate(paths) if path in paths[:n]]
    if doubled:
        raise given.wrong("lists", f"{doubled[0]} is there twice; name it once")
    return paths


def _bundled(given: Table) -> tuple[str, ...]:
    value = given.data.get("bundled", True)
    known = bundled_names()
    if isinstance(value, bool):
        return known if value else ()
    if not isinstance(value, (list, tuple)):
        raise given.wrong("bundled", f"write true, false or a list of some of {', '.join(known)}")
    return tuple(dict.fromkeys(given.some_of("bundled", known)))


def _foldings(given: Table, key: str) -> Mapping[str, Folding]:
    value = given.data.get(key, "plain")
    if not isinstance(value, str | Mapping):
        cure = f"write one of {', '.join(FOLDINGS)}, or a table of them by category"
        raise given.wrong(key, cure)
    if isinstance(value, str):
        return {"*": given.one_of(key, FOLDINGS, "plain")}
    table = given.table(key).flat()
    return {_whole(category): table.one_of(category, FOLDINGS) for category in table.data}


def _whole(category: str) -> str:
    """Return the category of verdicts; a policy may leave out the plugin's own name in it."""
    named = category == "*" or category.split(".")[0] == "keyword"
    return category if named else f"keyword.{category}"
