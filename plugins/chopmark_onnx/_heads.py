"""What the numbers that a model puts out mean: labels, categories, temperature, thresholds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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

    `category` is what a verdict is called, empty where there is nothing to report. `thresholds`
    are by preset; a label without any is one whose scores nobody has calibrated. From `unsure` on
    a larger model should be asked; None says nothing of that.
    """

    label: str
    category: str
    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    unsure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """How a model is heard together with the smaller one whose network has the digest `beside`.

    Of each label the logits of the two are averaged, the smaller one's with the weight in `shares`,
    and the thresholds are those of `heads`.
    """

    beside: str
    shares: Mapping[str, float]
    heads: tuple[Head, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """All labels in the order of the output. With `sigmoid` each stands for itself."""

    heads: tuple[Head, ...]
    sigmoid: bool
    mixed: Mixed | None = None


def read_heads(config: JsonFile, guard: JsonFile) -> Heads:
    """Return what config.json and guard.json say of the model's output.

    Raises:
        ModelError: one of them is wrong, or they contradict each other.
    """
    labels = _labels(config)
    named = _named(guard, labels)
    sigmoid = _sigmoid(config, guard, named, len(labels))
    temperatures = _temperatures(guard, named, labels, sigmoid)
    presets = _presets(guard, "", named, labels)
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
                thresholds=presets[label],
                unsure=unsure.get(label),
            )
        )
    mixed = _mixed(guard, named, heads, sigmoid)
    return Heads(heads=tuple(heads), sigmoid=sigmoid, mixed=mixed)


def _mixed(
    guard: JsonFile, named: Mapping[str, str], heads: Sequence[Head], sigmoid: bool
) -> Mixed | None:
    given = guard.table("mixed")
    if not given:
        return None
    beside = given.get("beside")
    if not isinstance(beside, str) or not re.fullmatch("[0-9a-f]{64}", beside):
        raise guard.wrong("mixed.beside", beside, "give the SHA-256 of the smaller network")
    if not sigmoid:
        raise guard.wrong("mixed", dict(given), "only labels that stand for themselves are mixed")
    shares = _shares(guard, given.get("share", 0.5), named)
    presets = _presets(guard, "mixed", named, tuple(head.label for head in heads))
    mixed = (replace(head, thresholds=presets[head.label]) for head in heads)
    return Mixed(beside=beside, shares=shares, heads=tuple(mixed))


def _shares(guard: JsonFile, given: object, named: Mapping[str, str]) -> dict[str, float]:
    """Return the weight of the smaller model by label, from a number or a table by head."""
    if not isinstance(given, dict):
        share = guard.number("mixed.share", given, 0, 1)
        return dict.fromkeys(named.values(), share)
    for head in given:
        if head not in named:
            raise guard.wrong(f"mixed.share.{head}", given[head], "`heads` has no such head")
    return {
        label: guard.number(f"mixed.share.{head}", given.get(head, 0.5), 0, 1)
        for head, label in named.items()
    }


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


def _presets(
    guard: JsonFile, within: str, named: Mapping[str, str], labels: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Return the thresholds of guard.json, or those of its table `within`."""
    found: dict[str, dict[str, float]] = {label: {} for label in labels}
    whole = guard.table(within) if within else guard.data
    given = whole.get("thresholds", {})
    at = f"{within}.thresholds" if within else "thresholds"
    if not isinstance(given, dict):
        raise guard.wrong(at, given, "write a table")
    for preset, thresholds in given.items():
        key = f"{at}.{preset}"
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
