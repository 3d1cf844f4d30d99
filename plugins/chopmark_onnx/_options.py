"""The options of plugin `onnx` in a policy, checked."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from chopmark import Policy, PolicyError

from ._locate import locate

Granularity = Literal["clause", "whole"]
Threshold = float | str | Mapping[str, float]
"""A number, the name of a preset in the model's guard.json, or a number for each category."""

BUNDLED = "bundled:toxic-small"
_OWN = ("granularity", "heads", "max_windows", "report_from", "sha256", "threshold")
_KNOWN = ("cache", "model", "models", "threads", "warm_up", *_OWN)
_ENTRY = ("path", "name", *_OWN)
_THREADS = 64
_CACHE = 1_000_000
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How one model is used.

    `heads` gives the model's labels another category, or with `""` leaves one out. From
    `threshold` on a category that no rule of the policy names is denied, below it is a warning;
    None stands for the preset `strict` where the model has one, else for never.
    `report_from` is the least score that is a verdict at all; None asks the model. A text of
    more than `max_windows` windows is judged in gaps, and said to be. `threads` is for one text.
    What the model said of the last `cache` windows is remembered.
    """

    folder: Path
    name: str = "onnx"
    heads: Mapping[str, str] = field(default_factory=dict)
    threshold: Threshold | None = None
    report_from: float | None = None
    granularity: Granularity = "clause"
    max_windows: int = 2048
    sha256: str = ""
    threads: int = 1
    cache: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All models of a policy; with `warm_up` they are loaded when the policy is."""

    entries: tuple[ModelOptions, ...]
    warm_up: bool


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options("onnx")
    _only(given, _KNOWN, "")
    running = {
        "threads": _whole("threads", given.get("threads", 1), 1, _THREADS),
        "cache": _whole("cache", given.get("cache", 2048), 0, _CACHE),
    }
    warm_up = given.get("warm_up", False)
    if not isinstance(warm_up, bool):
        raise _wrong("warm_up", warm_up, "write true or false")
    shared = {key: given[key] for key in _OWN if key in given}
    if "models" not in given:
        folder = _folder("model", given.get("model", BUNDLED), policy)
        entries = [_entry(shared, "", folder, "onnx", running)]
        return Options(entries=tuple(entries), warm_up=warm_up)
    if "model" in given:
        raise _wrong("model", given["model"], "write `model` or `models`, not both")
    return Options(entries=_entries(given["models"], shared, policy, running), warm_up=warm_up)


def _entries(
    given: object, shared: Mapping[str, object], policy: Policy, running: Mapping[str, int]
) -> tuple[ModelOptions, ...]:
    cure = 'write a list of tables, [{ path = "model", name = "mine" }]'
    if not isinstance(given, (list, tuple)) or not given:
        raise _wrong("models", given, cure)
    if "sha256" in shared:
        raise _wrong("sha256", shared["sha256"], "write it in the entry of `models` it belongs to")
    found: list[ModelOptions] = []
    for number, table in enumerate(given):
        at = f"models[{number}]."
        if not isinstance(table, Mapping):
            raise _wrong(at[:-1], table, cure)
        _only(table, _ENTRY, at)
        if "path" not in table:
            raise _wrong(at[:-1], dict(table), 'has no `path`; write path = "folder"')
        folder = _folder(f"{at}path", table["path"], policy)
        name = table.get("name", folder.name)
        if not isinstance(name, str) or not name:
            raise _wrong(f"{at}name", name, "write a name that tells the models apart")
        if any(entry.name == f"onnx:{name}" for entry in found):
            raise _wrong(f"{at}name", name, "two models have this name; give one another")
        found.append(_entry({**shared, **table}, at, folder, f"onnx:{name}", running))
    return tuple(found)


def _entry(
    given: Mapping[str, object], at: str, folder: Path, name: str, running: Mapping[str, int]
) -> ModelOptions:
    report_from = given.get("report_from")
    sha256 = given.get("sha256", "")
    if not isinstance(sha256, str) or (sha256 and not _SHA256.match(sha256)):
        raise _wrong(f"{at}sha256", sha256, "write the 64 hexadecimal digits of the model file")
    return ModelOptions(
        folder=folder,
        name=name,
        heads=_heads(f"{at}heads", given.get("heads", {})),
        threshold=_threshold(f"{at}threshold", given.get("threshold")),
        report_from=None if report_from is None else _score(f"{at}report_from", report_from),
        granularity=_granularity(f"{at}granularity", given.get("granularity", "clause")),
        max_windows=_whole(f"{at}max_windows", given.get("max_windows", 2048), 2, 1_000_000),
        sha256=sha256.lower(),
        **running,
    )


def _folder(key: str, value: object, policy: Policy) -> Path:
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, f'write a folder, or "{BUNDLED}"')
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", value):
        raise _wrong(key, value, "nothing is fetched; copy the model here and name its folder")
    return locate(value, Path(policy.folder))


def _heads(key: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise _wrong(key, value, 'write a table, { LABEL_1 = "toxic", LABEL_0 = "" }')
    for label, category in value.items():
        if not isinstance(category, str) or category != category.strip(". "):
            raise _wrong(f"{key}.{label}", category, 'write a category, or "" to leave it out')
    return {str(label): str(category) for label, category in value.items()}


def _threshold(key: str, value: object) -> Threshold | None:
    if value is None or (isinstance(value, str) and value):
        return value
    if isinstance(value, Mapping):
        return {str(c): _score(f"{key}.{c}", number) for c, number in value.items()}
    return _score(key, value)


def _score(key: str, value: object) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, (int, float)) or not number or math.isnan(value):
        raise _wrong(key, value, "write a score from 0 to 1")
    if not 0 <= value <= 1:
        raise _wrong(key, value, "write a score from 0 to 1")
    return float(value)


def _granularity(key: str, value: object) -> Granularity:
    for choice in get_args(Granularity):
        if value == choice:
            return choice  # type: ignore[no-any-return]  # get_args gives Any
    raise _wrong(key, value, 'write "clause" or "whole"')


def _whole(key: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(key, value, f"write a whole number from {least} to {most}")
    return value


def _only(given: Mapping[str, object], known: Collection[str], at: str) -> None:
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise PolicyError(
                f"plugin 'onnx', option {at + str(key)!r} is not known{hint}; there are "
                f"{', '.join(sorted(known))}"
            )


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'onnx', option {key!r} = {value!r}: {cure}")
