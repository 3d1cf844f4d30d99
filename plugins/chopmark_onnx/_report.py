"""What `chopmark models check` finds in a model folder, as values and as text."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._cache import Cache
from ._columns import columns
from ._entities import read_tag
from ._folder import Folder
from ._options import ModelOptions
from ._running import Running
from ._shared import open_scorer

if TYPE_CHECKING:
    from ._scorer import Scorer

_SHORT = "今天天气很好，我们一起去公园散步吧。"
_ROUNDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label; `category` is empty where there is nothing to report."""

    label: str
    category: str
    temperature: float
    bias: float
    thresholds: Mapping[str, float]
    denies_from: float | None
    unsure: float | None

    def __str__(self) -> str:
        if not self.category:
            return f"{self.label}: nothing to report (name it in `heads` to have it)"
        if self.denies_from is None:
            says = "no threshold, so it warns until a rule or `threshold` says otherwise"
        else:
            says = f"advises to deny from {self.denies_from:g}"
        if self.unsure is not None:
            says += f", asks a second model from {self.unsure:g}"
        return f"{self.label}: category {self.category}, {says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """A model that can be used. Times are milliseconds, medians but for `load`.

    `window` is how many tokens of the text a window holds beside the special ones, `stride` how
    far apart windows begin; `fixed` says that the network takes one length alone. No text has more
    than `max_windows`, which bounds the time that one can take.
    """

    folder: str
    network: str
    bytes: int
    sha256: str
    inputs: Mapping[str, str]
    output: str
    activation: str
    labels: tuple[Label, ...]
    report_from: float
    max_tokens: int
    window: int
    stride: int
    fixed: bool
    threads: int
    load: float
    short: float
    short_tokens: int
    full: float
    max_windows: int

    def __str__(self) -> str:
        inputs = ", ".join(f"{name} {kind}" for name, kind in self.inputs.items())
        padded = "; the network has one length, shorter texts are padded" if self.fixed else ""
        longest = self.full * self.max_windows / 1000
        return f"""\
{self.folder} can be used
network   {self.network}, {self.bytes / 1e6:.1f} MB, SHA-256 {self.sha256}
inputs    {inputs}
output    {self.output}, {len(self.labels)} labels, {self.activation}
window    {self.max_tokens} tokens, {self.window} of them text, one every {self.stride}{padded}
load      {self.load:.0f} ms
latency   {self.short:.2f} ms for {self.short_tokens} tokens, {self.full:.2f} ms for a full window \
({self.threads} thread{"s" if self.threads > 1 else ""})
longest   {longest:.1f} s for a text of {self.max_windows} windows (`max_windows`)

reported from {self.report_from:g} on:
""" + "\n".join(f"  {label}" for label in self.labels)


def report(folder: Folder, running: Running) -> ModelReport:
    """Load the model in `folder`, try it, and return what there is to say.

    Raises:
        ModelError: it cannot be used.
        PluginError: a package is missing.
    """
    started = time.perf_counter()
    scorer = open_scorer(folder, running, Cache())
    loaded = time.perf_counter() - started
    defaults = ModelOptions(folder=folder.path)
    return ModelReport(
        folder=str(folder.path),
        network=folder.model.relative_to(folder.path).as_posix(),
        bytes=folder.size,
        sha256=folder.sha256,
        inputs=scorer.network.inputs,
        output=scorer.network.output,
        activation="sigmoid" if folder.sigmoid else "softmax",
        labels=_token_labels(folder) if folder.by_token else _labels(folder, defaults),
        report_from=folder.report_from,
        max_tokens=folder.max_tokens,
        window=scorer.size,
        stride=scorer.stride,
        fixed=scorer.network.length is not None,
        threads=running.threads,
        load=round(loaded * 1000, 1),
        short=_median(scorer, _SHORT),
        short_tokens=len(scorer.encoder.encode(_SHORT)),
        full=_median(scorer, _window_of_text(scorer)),
        max_windows=defaults.max_windows,
    )


def _labels(folder: Folder, options: ModelOptions) -> tuple[Label, ...]:
    [wanted] = columns([folder], options)
    reported = {column.label: column for column in wanted}
    return tuple(
        Label(
            label=head.label,
            category=head.category,
            temperature=head.temperature,
            bias=head.bias,
            thresholds=dict(head.thresholds),
            denies_from=_finite(reported[head.label].deny_from) if head.category else None,
            unsure=head.unsure,
        )
        for head in folder.heads
    )


def _token_labels(folder: Folder) -> tuple[Label, ...]:
    return tuple(
        Label(
            label=head.label,
            category=read_tag(head.label).entity,
            temperature=head.temperature,
            bias=head.bias,
            thresholds={},
            denies_from=None,
            unsure=None,
        )
        for head in folder.heads
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _window_of_text(scorer: Scorer) -> str:
    """Return a text that fills one window, or nearly."""
    text = _SHORT
    while len(scorer.encoder.encode(text + _SHORT)) <= scorer.size:
        text += _SHORT
    return text


def _median(scorer: Scorer, text: str) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        scorer.score(text, 2)
        times.append(time.perf_counter() - started)
    return round(sorted(times)[_ROUNDS // 2] * 1000, 3)
