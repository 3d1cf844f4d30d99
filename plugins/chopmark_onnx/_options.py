"""The options of plugin `onnx` in a policy, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from chopmark import Policy

from . import _checked as checked
from ._checked import wrong
from ._locate import locate

Granularity = Literal["clause", "whole"]
Threshold = float | str | Mapping[str, float]
"""A number, the name of a preset in the model's guard.json, or a number for each category."""
Unsure = float | Mapping[str, float]
"""A number, or one for each category."""
OnBudget = Literal["block", "allow", "warn"]
"""What is done with what was not judged in time."""

BUNDLED = "bundled:small"
# Where a policy names no model: the small one asks the larger one, and what the larger one calls
# unsafe is denied.
_BUNDLED = {"second": "bundled:base", "threshold": "balanced"}
_OWN = (
    "budget_ms", "granularity", "heads", "max_windows", "on_budget", "report_from", "second",
    "second_sha256", "sha256", "threshold", "unsure",
)  # fmt: skip
_RUNNING = ("cache", "providers", "threads")
_KNOWN = ("model", "models", "warm_up", *_RUNNING, *_OWN)
_ENTRY = ("path", "name", *_OWN)
_THREADS = 64
_CACHE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How one model is used, or a small and a large one.

    `heads` gives the model's labels another category, or with `""` leaves one out. From
    `threshold` on a category that no rule of the policy names is denied, below it is a warning;
    None stands for the preset `strict` where the model has one, else for never.
    `report_from` is the least score that is a verdict at all; None asks the model. A text of
    more than `max_windows` windows is judged in gaps, and said to be. `threads` is for one text.
    What the model said of the last `cache` windows is remembered. `providers` are onnxruntime's,
    best first; without any it is the CPU.

    The model in `second` is asked where a score of the first reaches `unsure`, and then its
    scores count for the categories that it has; None takes `unsure` from the first one's
    guard.json. All other options hold for both.

    `budget_ms` is how long judging one text may take, in milliseconds: a message of a request, or
    an answer. The window in progress is finished. `on_budget` is what is done with the rest.
    """

    folder: Path
    name: str = "onnx"
    heads: Mapping[str, str] = field(default_factory=dict)
    threshold: Threshold | None = None
    report_from: float | None = None
    granularity: Granularity = "clause"
    max_windows: int = 2048
    sha256: str = ""
    second: Path | None = None
    second_sha256: str = ""
    unsure: Unsure | None = None
    budget_ms: float | None = None
    on_budget: OnBudget = "block"
    threads: int = 1
    cache: int = 2048
    providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All models of a policy; with `warm_up` they are loaded when the policy is."""

    entries: tuple[ModelOptions, ...]
    warm_up: bool


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options("onnx")
    checked.only(given, _KNOWN, "")
    running: dict[str, Any] = {
        "threads": checked.whole("threads", given.get("threads", 1), 1, _THREADS),
        "cache": checked.whole("cache", given.get("cache", 2048), 0, _CACHE),
        "providers": checked.names("providers", given.get("providers", ())),
    }
    warm_up = checked.truth("warm_up", given.get("warm_up", False))
    shared = {key: given[key] for key in _OWN if key in given}
    if "models" not in given:
        if "model" not in given:
            shared = {**_BUNDLED, **shared}
        folder = _folder("model", given.get("model", BUNDLED), policy)
        found = _entry(shared, "", policy, folder=folder, name="onnx", **running)
        return Options(entries=(found,), warm_up=warm_up)
    if "model" in given:
        raise wrong("model", given["model"], "write `model` or `models`, not both")
    return Options(entries=_entries(given["models"], shared, policy, running), warm_up=warm_up)


def _entries(
    given: object, shared: Mapping[str, object], policy: Policy, running: Mapping[str, Any]
) -> tuple[ModelOptions, ...]:
    cure = 'write a list of tables, [{ path = "model", name = "mine" }]'
    if not isinstance(given, (list, tuple)) or not given:
        raise wrong("models", given, cure)
    if "sha256" in shared:
        raise wrong("sha256", shared["sha256"], "write it in the entry of `models` it belongs to")
    found: list[ModelOptions] = []
    for number, table in enumerate(given):
        at = f"models[{number}]."
        if not isinstance(table, Mapping):
            raise wrong(at[:-1], table, cure)
        checked.only(table, _ENTRY, at)
        if "path" not in table:
            raise wrong(at[:-1], dict(table), 'has no `path`; write path = "folder"')
        folder = _folder(f"{at}path", table["path"], policy)
        name = table.get("name", folder.name)
        if not isinstance(name, str) or not name:
            raise wrong(f"{at}name", name, "write a name that tells the models apart")
        if any(entry.name == f"onnx:{name}" for entry in found):
            raise wrong(f"{at}name", name, "two models have this name; give one another")
        used = {**shared, **table}
        found.append(_entry(used, at, policy, folder=folder, name=f"onnx:{name}", **running))
    return tuple(found)


def _entry(given: Mapping[str, object], at: str, policy: Policy, **known: Any) -> ModelOptions:
    given = {key: value for key, value in given.items() if value is not None}
    found: dict[str, Any] = {}
    if "heads" in given:
        found["heads"] = checked.heads(f"{at}heads", given["heads"])
    if "threshold" in given:
        found["threshold"] = _threshold(f"{at}threshold", given["threshold"])
    if "report_from" in given:
        found["report_from"] = checked.score(f"{at}report_from", given["report_from"])
    if "granularity" in given:
        key = f"{at}granularity"
        found["granularity"] = checked.choice(key, given["granularity"], get_args(Granularity))
    if "max_windows" in given:
        found["max_windows"] = checked.whole(f"{at}max_windows", given["max_windows"], 2, 1_000_000)
    if "sha256" in given:
        found["sha256"] = checked.sha256(f"{at}sha256", given["sha256"])
    return ModelOptions(**known, **found, **_second(given, at, policy), **_budget(given, at))


def _second(given: Mapping[str, object], at: str, policy: Policy) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "second" in given:
        found["second"] = _folder(f"{at}second", given["second"], policy)
    for key in ("second_sha256", "unsure"):
        if key in given and not found:
            raise wrong(f"{at}{key}", given[key], "there is no `second` model that it is for")
    if "second_sha256" in given:
        key = f"{at}second_sha256"
        found["second_sha256"] = checked.sha256(key, given["second_sha256"])
    if "unsure" in given:
        found["unsure"] = checked.scores(f"{at}unsure", given["unsure"])
    return found


def _budget(given: Mapping[str, object], at: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "budget_ms" in given:
        found["budget_ms"] = checked.positive(f"{at}budget_ms", given["budget_ms"])
    if "on_budget" in given:
        key = f"{at}on_budget"
        if not found:
            raise wrong(key, given["on_budget"], "there is no `budget_ms` that could be spent")
        found["on_budget"] = checked.choice(key, given["on_budget"], get_args(OnBudget))
    return found


def _folder(key: str, value: object, policy: Policy) -> Path:
    if not isinstance(value, str) or not value:
        raise wrong(key, value, f'write a folder, or "{BUNDLED}"')
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", value):
        raise wrong(key, value, "nothing is fetched; copy the model here and name its folder")
    return locate(value, Path(policy.folder))


def _threshold(key: str, value: object) -> Threshold:
    if isinstance(value, str) and value:
        return value
    return checked.scores(key, value)
