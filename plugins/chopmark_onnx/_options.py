"""The options of plugin `onnx` in a policy, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from chopmark import Policy
from chopmark.options import Table

from ._folder import MODEL_BYTES
from ._locate import locate
from ._providers import resolve
from ._running import Running

Granularity = Literal["clause", "whole"]
Threshold = float | str | Mapping[str, float]
"""A number, the name of a preset in the model's guard.json, or a number for each category."""
Unsure = float | Mapping[str, float]
"""A number, or one for each category."""
SecondReads = Literal["unsure", "whole"]
"""Only where the first model is unsure, or besides that every text that is no part of another."""
OnBudget = Literal["block", "allow", "warn"]
"""What is done with what was not judged in time."""

BUNDLED = "bundled:small"
SECOND = "bundled:base"
BATCH_MS = 2.0
ACROSS = 120
# Where a policy names no model: the larger one reads all messages, of an answer's clauses those of
# which the small one is unsure, and what it calls unsafe is denied.
_BUNDLED = {"second": SECOND, "second_reads": "whole", "threshold": "balanced"}
_OWN = (
    "across", "budget_ms", "granularity", "heads", "max_bytes", "max_windows", "on_budget",
    "report_from", "second", "second_reads", "second_sha256", "sha256", "threshold", "unsure",
)  # fmt: skip
_RUNNING = ("batch", "batch_ms", "cache", "providers", "threads")
_KNOWN = ("model", "models", "warm_up", *_RUNNING, *_OWN)
_ENTRY = ("path", "name", *_OWN)
_SCORE = "write a score from 0 to 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How one model is used, or a small and a large one.

    `heads` gives the model's labels another category, or with `""` leaves one out. From
    `threshold` on a category that no rule of the policy names is denied, below it is a warning;
    None stands for the preset `strict` where the model has one, else for never.
    `report_from` is the least score that is a verdict at all; None asks the model. A text of
    more than `max_windows` windows is judged in gaps, and said to be. `threads` is for one text.
    What the model said of the last `cache` windows is remembered. `providers` are onnxruntime's,
    best first; without any it is the CPU. Up to `batch` windows that callers bring at the same
    time are run together, and the first of them waits up to `batch_ms` milliseconds for others.

    The model in `second` is asked where a score of the first reaches `unsure`, and then its
    scores count for the categories that it has; None takes `unsure` from the first one's
    guard.json. With `second_reads` = `whole` it is asked besides of every text that is no part of
    another one: each message of a request, and all texts with the granularity `whole`; there it is
    heard alone, unless the first one has categories that it lacks, or time is limited. All other
    options hold for both.

    What a user says in several messages is read together, up to `across` characters on either side
    of where a message begins; 0 leaves that out.

    `budget_ms` is how long judging one call may take, in milliseconds: all messages of a request
    and the answer together. The window in progress is finished. `on_budget` is what is done with
    the rest. A network of more than `max_bytes`, external data included, is not loaded.
    """

    folder: Path
    name: str = "onnx"
    heads: Mapping[str, str] = field(default_factory=dict)
    threshold: Threshold | None = None
    report_from: float | None = None
    granularity: Granularity = "clause"
    max_windows: int = 2048
    max_bytes: int = MODEL_BYTES
    sha256: str = ""
    second: Path | None = None
    second_reads: SecondReads = "unsure"
    second_sha256: str = ""
    unsure: Unsure | None = None
    across: int = ACROSS
    budget_ms: float | None = None
    on_budget: OnBudget = "block"
    threads: int = 1
    cache: int = 2048
    providers: tuple[str, ...] = ()
    batch: int = 1
    batch_ms: float = BATCH_MS

    def running(self) -> Running:
        """Return how the networks are run.

        Raises:
            PolicyError: the installed onnxruntime does not offer a provider.
        """
        return Running(
            threads=self.threads,
            providers=resolve(self.providers),
            batch=self.batch,
            batch_ms=self.batch_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All models of a policy; with `warm_up` they are loaded when the policy is."""

    entries: tuple[ModelOptions, ...]
    warm_up: bool


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "onnx", _KNOWN)
    threads = given.whole("threads", 1, least=1, most=64)
    cache = given.whole("cache", 2048, least=0, most=1_000_000)
    providers = given.names("providers", cure='write a list of names, such as ["OpenVINO"]')
    warm_up = given.switch("warm_up", False)
    batch = given.whole("batch", 1, least=1, most=1024)
    if "batch_ms" in given.data and batch == 1:
        raise given.wrong("batch_ms", "nothing is joined; say how many may be, batch = 32")
    batch_ms = given.number("batch_ms", BATCH_MS, least=0, most=1000)
    found = _entries(given) if "models" in given.data else (_only_entry(given),)
    entries = (
        replace(
            one,
            threads=threads,
            cache=cache,
            providers=providers,
            batch=batch,
            batch_ms=batch_ms,
        )
        for one in found
    )
    return Options(entries=tuple(entries), warm_up=warm_up)


def _only_entry(given: Table) -> ModelOptions:
    used = given
    if "model" not in given.data:
        used = replace(given, data={"model": BUNDLED, **_BUNDLED, **given.data})
    return _entry(used, _folder(used, "model"), "onnx")


def _entries(given: Table) -> tuple[ModelOptions, ...]:
    models = given.data["models"]
    cure = 'write a list of tables, [{ path = "model", name = "mine" }]'
    if not isinstance(models, (list, tuple)) or not models:
        raise given.wrong("models", cure)
    if "model" in given.data:
        raise given.wrong("model", "write `model` or `models`, not both")
    if "sha256" in given.data:
        raise given.wrong("sha256", "write it in the entry of `models` it belongs to")
    listed = replace(given, data={f"models[{n}]": table for n, table in enumerate(models)})
    found: list[ModelOptions] = []
    for at in listed.data:
        table = listed.table(at, cure=cure).only(_ENTRY)
        if "path" not in table.data:
            raise listed.wrong(at, 'has no `path`; write path = "folder"')
        folder = _folder(table, "path")
        used = replace(table, data={**given.data, "name": folder.name, **table.data})
        name = used.text("name", cure="write a name that tells the models apart")
        if any(entry.name == f"onnx:{name}" for entry in found):
            raise used.wrong("name", "two models have this name; give one another")
        found.append(_entry(used, folder, f"onnx:{name}"))
    return tuple(found)


def _entry(given: Table, folder: Path, name: str) -> ModelOptions:
    # `None` takes back what the policy says of all models.
    given = replace(given, data={k: v for k, v in given.data.items() if v is not None})
    second = _folder(given, "second") if "second" in given.data else None
    for key in ("second_reads", "second_sha256", "unsure"):
        if key in given.data and second is None:
            raise given.wrong(key, "there is no `second` model that it is for")
    if "on_budget" in given.data and "budget_ms" not in given.data:
        raise given.wrong("on_budget", "there is no `budget_ms` that could be spent")
    return ModelOptions(
        folder=folder,
        name=name,
        heads=_heads(given),
        threshold=_threshold(given),
        report_from=_score(given, "report_from"),
        granularity=given.one_of("granularity", get_args(Granularity), "clause"),
        max_windows=given.whole("max_windows", 2048, least=2, most=1_000_000),
        max_bytes=given.whole("max_bytes", MODEL_BYTES, least=1),
        sha256=_sha256(given, "sha256"),
        second=second,
        second_reads=given.one_of("second_reads", get_args(SecondReads), "unsure"),
        second_sha256=_sha256(given, "second_sha256"),
        unsure=_scores(given, "unsure"),
        across=given.whole("across", ACROSS, least=0, most=2048),
        budget_ms=_budget(given),
        on_budget=given.one_of("on_budget", get_args(OnBudget), "block"),
    )


def _folder(given: Table, key: str) -> Path:
    value = given.text(key, cure=f'write a folder, or "{BUNDLED}"')
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", value):
        raise given.wrong(key, "nothing is fetched; copy the model here and name its folder")
    return locate(value, given.folder)


def _heads(given: Table) -> Mapping[str, str]:
    table = given.table("heads", cure='write a table, { LABEL_1 = "toxic", LABEL_0 = "" }')
    cure = 'write a category, or "" to leave it out'
    found = {str(label): table.text(label, "", cure=cure) for label in table.data}
    for label, category in found.items():
        if category != category.strip(". "):
            raise table.wrong(label, cure)
    return found


def _threshold(given: Table) -> Threshold | None:
    value = given.data.get("threshold")
    return value if isinstance(value, str) and value else _scores(given, "threshold")


def _scores(given: Table, key: str) -> float | Mapping[str, float] | None:
    """Return a score, or a score for each category; None where there is neither."""
    if not isinstance(given.data.get(key), Mapping):
        return _score(given, key, f"{_SCORE}, or a table of them by category")
    table = given.table(key)
    return {str(name): table.number(name, least=0, most=1, cure=_SCORE) for name in table.data}


def _score(given: Table, key: str, cure: str = _SCORE) -> float | None:
    return given.number(key, least=0, most=1, cure=cure) if key in given.data else None


def _budget(given: Table) -> float | None:
    if "budget_ms" not in given.data:
        return None
    return given.number("budget_ms", over=0, under=math.inf)


def _sha256(given: Table, key: str) -> str:
    value = given.text(key, "")
    if not re.fullmatch(r"(?:[0-9a-fA-F]{64})?", value):
        raise given.wrong(key, "write the 64 hexadecimal digits of the model file")
    return value.lower()
