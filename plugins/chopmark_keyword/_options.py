"""The options of plugin `keyword` in a policy, checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy, PolicyError

from ._lists import FOLDINGS, Folding
from ._read import bundled_names

_KNOWN = ("bundled", "folding", "lists", "reload_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which lists to use, and how often to look whether they changed.

    `lists` are paths, `bundled` names of lists that come with the plugin. `reload_seconds` is
    the least time between two looks at the files: 0 looks at every text, `inf` never. `foldings`
    is how far to see by category, `*` for the rest, for entries that do not say it themselves.
    """

    lists: tuple[Path, ...]
    bundled: tuple[str, ...]
    reload_seconds: float
    foldings: Mapping[str, Folding]


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options("keyword")
    for key in given:
        if key not in _KNOWN:
            raise _wrong(key, given[key], f"not an option; there are {', '.join(_KNOWN)}")
    options = Options(
        lists=_lists(given, Path(policy.folder)),
        bundled=_bundled(given),
        reload_seconds=_seconds(given),
        foldings=_foldings(given),
    )
    if not options.lists and not options.bundled:
        raise PolicyError(
            "plugin 'keyword' has no list: name files in `lists`, set `bundled = true`, or take "
            "the plugin out of the policy's `plugins`"
        )
    return options


def _wrong(key: str, value: object, what: str) -> PolicyError:
    return PolicyError(f"plugin 'keyword', option `{key}` = {value!r}: {what}")


def _lists(given: Mapping[str, object], folder: Path) -> tuple[Path, ...]:
    value = given.get("lists", [])
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
        raise _wrong("lists", value, 'write paths of list files, lists = ["words.toml"]')
    paths = tuple(folder / path for path in value)
    doubled = [str(path) for n, path in enumerate(paths) if path in paths[:n]]
    if doubled:
        raise _wrong("lists", value, f"{doubled[0]} is there twice; name it once")
    return paths


def _bundled(given: Mapping[str, object]) -> tuple[str, ...]:
    value = given.get("bundled", True)
    known = bundled_names()
    if isinstance(value, bool):
        return known if value else ()
    if not isinstance(value, (list, tuple)):
        raise _wrong("bundled", value, f"write true, false or some of {list(known)}")
    for name in value:
        if name not in known:
            raise _wrong("bundled", value, f"no list {name!r} comes with it; there are {known}")
    return tuple(dict.fromkeys(value))


def _seconds(given: Mapping[str, object]) -> float:
    value = given.get("reload_seconds", 5.0)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, (int, float)) or not number or math.isnan(value) or value < 0:
        raise _wrong("reload_seconds", value, "write seconds, 0 or more, or inf for never")
    return float(value)


def _foldings(given: Mapping[str, object]) -> Mapping[str, Folding]:
    value = given.get("folding", "plain")
    known: Mapping[object, Folding] = {folding: folding for folding in FOLDINGS}
    found: dict[str, Folding] = {}
    for category, folding in _leaves("*" if isinstance(value, str) else "", value):
        if not isinstance(folding, str) or folding not in known:
            what = f"write one of {', '.join(FOLDINGS)}, or a table of them by category"
            raise _wrong("folding", value, what)
        whole = category == "*" or category.split(".")[0] == "keyword"
        found[category if whole else f"keyword.{category}"] = known[folding]
    return found


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Return what stands under each dotted name, which TOML reads as tables in tables."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    else:
        yield path, value
