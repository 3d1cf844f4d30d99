"""What the numbers that a model puts out mean: labels, categories, temperature, thresholds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._json_file import JsonFile

# Labels that say that there is nothing to report, in letters alone. They are the ones that
# published classifiers use; every other label keeps its name and is reported.
_BENIGN = frozenset(
    (
        *("acceptable", "benign", "clean", "harmless", "neutral", "none", "normal", "safe", "sfw"),
        *("nohate", "nonhate", "nothate", "nothateful", "nonoffensive", "notoffensive"),
        *("nontoxic", "nottoxic"),
    )
)
PRESETS = ("strict", "balanced", "permissive")
"""The sets of thresholds that a guard.json may have, strictest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One label of a model: a column of its output.

    `category` is what a verdict is called, empty where there is nothing to report. A logit is
    divided by `temperature`, and `bias` is added (Platt, 1999), before it becomes a probability.
    `thresholds` are by preset; a label without any is one whose scores nobody has calibrated. From
    `unsure` on a larger model should be asked; None says nothing of that.
    """

    label: str
    category: str
    temperature: float = 1.0
    bias: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    unsure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """All labels in the order of the output. With `sigmoid` each stands for itself."""

    heads: tuple[Head, ...]
    sigmoid: bool


def read_heads(config: JsonFile, guard: JsonFile) -> Heads:
    """Return what config.json and guard.json say of the model's output.

    Raises:
        ModelError: one of them is wrong, or they contradict each other.
    """
    labels = _labels(config)
    named = _named(guard, labels)
    sigmoid = _sigmoid(config, guard, named, len(labels))
    temperatures = _temperatures(guard, named, labels, sigmoid)
    biases = _biases(guard, named, sigmoid)
    presets = _presets(guard, named, labels)
    unsure = _unsure(guard, named)
    heads = []
    for label in labels:
        name = next((head for head, of in named.items() if of == label), None)
        benign = re.sub(r"[^a-z]", "", label.lower()) in _BENIGN
        heads.append(
            Head(
                label=label,
                category=name or ("" if benign else label),
                temperature=temperatures[label],
                bias=biases.get(label, 0.0),
                thresholds=presets[label],
                unsure=unsure.get(label),
            )
        )
    return Heads(heads=tuple(heads), sigmoid=sigmoid)


def _labels(config: JsonFile) -> tuple[str, ...]:
    """Return the labels of `id2label` by index."""
    found = config.table("id2label")
    if not found:
        raise config.wrong(
            "id2label",
            config.data.get("id2label"),
            'name the labels in the order of the output, {"0": "toxic"}; where there are none, '
            "this is no text classifier but, for example, an embedding model",
        )
    labels = [found.get(str(number)) for number in range(len(found))]
    if not all(isinstance(label, str) and label for label in labels):
        raise config.wrong("id2label", dict(found), 'use the keys "0", "1", ... and names')
    if len(set(labels)) != len(labels):
        raise config.wrong("id2label", dict(found), "give every label another name")
    return tuple(str(label) for label in labels)


def _named(guard: JsonFile, labels: tuple[str, ...]) -> dict[str, str]:
    """Return the label of every head that guard.json names."""
    named: dict[str, str] = {}
    for head, entry in guard.table("heads").items():
        if not isinstance(entry, dict):
            raise guard.wrong(f"heads.{head}", entry, 'write {"label": "toxic"}')
        label = entry.get("label", head)
        if label not in labels:
            raise guard.wrong(f"heads.{head}.label", label, f"the labels are {', '.join(labels)}")
        if entry.get("index", labels.index(label)) != labels.index(label):
            at = f"config.json has {label!r} at {labels.index(label)}"
            raise guard.wrong(f"heads.{head}.index", entry["index"], at)
        if label in named.values():
            raise guard.wrong(f"heads.{head}.label", label, "two heads have this label")
        named[head] = label
    return named


def _sigmoid(config: JsonFile, guard: JsonFile, named: Mapping[str, str], count: int) -> bool:
    """Return whether the labels exclude each other not."""
    given = {guard.table("heads")[head].get("activation") for head in named} - {None}
    if len(given) > 1:
        raise guard.wrong("heads", sorted(map(str, given)), "give all heads one activation")
    if given:
        activation = given.pop()
        if activation not in ("sigmoid", "softmax"):
            raise guard.wrong("activation", activation, 'write "sigmoid" or "softmax"')
        return bool(activation == "sigmoid")
    kind = config.text("problem_type")
    if kind == "regression":
        raise config.wrong(
            "problem_type", kind, "its numbers are no probabilities; use a classification model"
        )
    return kind == "multi_label_classification" or count == 1


def _temperatures(
    guard: JsonFile, named: Mapping[str, str], labels: tuple[str, ...], sigmoid: bool
) -> dict[str, float]:
    given = guard.data.get("temperature", 1.0)
    if not isinstance(given, dict):
        value = guard.number("temperature", given, 1e-3, 1e3)
        return dict.fromkeys(labels, value)
    if not sigmoid:
        raise guard.wrong("temperature", given, "a softmax has one temperature: give a number")
    found = dict.fromkeys(labels, 1.0)
    for head, value in given.items():
        if head not in named:
            raise guard.wrong(f"temperature.{head}", value, "`heads` has no such head")
        found[named[head]] = guard.number(f"temperature.{head}", value, 1e-3, 1e3)
    return found


def _biases(guard: JsonFile, named: Mapping[str, str], sigmoid: bool) -> dict[str, float]:
    given = guard.table("bias")
    if given and not sigmoid:
        raise guard.wrong("bias", dict(given), "only labels that stand for themselves have one")
    found: dict[str, float] = {}
    for head, value in given.items():
        if head not in named:
            raise guard.wrong(f"bias.{head}", value, "`heads` has no such head")
        found[named[head]] = guard.number(f"bias.{head}", value, -1e3, 1e3)
    return found


def _presets(
    guard: JsonFile, named: Mapping[str, str], labels: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {label: {} for label in labels}
    for preset, thresholds in guard.table("thresholds").items():
        key = f"thresholds.{preset}"
        if preset not in PRESETS or not isinstance(thresholds, dict):
            raise guard.wrong(key, thresholds, f"there are the presets {', '.join(PRESETS)}")
        for head, value in thresholds.items():
            if head not in named:
                raise guard.wrong(f"{key}.{head}", value, "`heads` has no such head")
            found[named[head]][preset] = guard.number(f"{key}.{head}", value, 0, 1)
    return found


def _unsure(guard: JsonFile, named: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for head, value in guard.table("unsure").items():
        if head not in named:
            raise guard.wrong(f"unsure.{head}", value, "`heads` has no such head")
        found[named[head]] = guard.number(f"unsure.{head}", value, 0, 1)
    return found
