"""Which labels of a model a policy wants, under which category and from which score on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chopmark import PolicyError

from ._folder import Folder
from ._heads import PRESETS
from ._options import ModelOptions


@dataclass(frozen=True, slots=True)
class Column:
    """One label of the output, as this policy wants it.

    `report_from` is the least score that is a verdict, `deny_from` the least at which that
    advises to deny; it is infinite where none does.
    """

    number: int
    label: str
    category: str
    report_from: float
    deny_from: float


def columns(folder: Folder, options: ModelOptions) -> tuple[Column, ...]:
    """Return the labels that are reported.

    Raises:
        PolicyError: the options name a label, category or preset that the model has not.
    """
    labels = [head.label for head in folder.heads]
    for label in options.heads:
        if label not in labels:
            raise PolicyError(
                f"plugin 'onnx', option 'heads.{label}': {str(folder.path)!r} has no such label; "
                f"there are {', '.join(labels)}"
            )
    found = []
    for number, head in enumerate(folder.heads):
        category = options.heads.get(head.label, head.category)
        if category:
            deny_from = _deny_from(head.thresholds, category, options)
            floor = folder.report_from if options.report_from is None else options.report_from
            least = min(floor, deny_from)  # what is to be denied is never too low to report
            found.append(Column(number, head.label, category, least, deny_from))
    categories = {column.category for column in found}
    if not found:
        raise PolicyError(
            f"plugin 'onnx', option 'heads': none of {', '.join(labels)} has a category; give "
            f'one a name, heads = {{ {labels[-1]} = "toxic" }}'
        )
    if isinstance(options.threshold, Mapping):
        for category in options.threshold:
            if category not in categories:
                raise PolicyError(
                    f"plugin 'onnx', option 'threshold.{category}': {str(folder.path)!r} has no "
                    f"such category; there are {', '.join(sorted(categories))}"
                )
    return tuple(found)


def _deny_from(thresholds: Mapping[str, float], category: str, options: ModelOptions) -> float:
    wanted = options.threshold
    if isinstance(wanted, Mapping):
        return wanted.get(category, thresholds.get("strict", math.inf))
    if isinstance(wanted, float):
        return wanted
    if wanted is None:
        return thresholds.get("strict", math.inf)
    if wanted not in PRESETS:
        raise PolicyError(
            f"plugin 'onnx', option 'threshold' = {wanted!r}: write a score from 0 to 1, a table "
            f"of them, or one of {', '.join(PRESETS)}"
        )
    if wanted not in thresholds:
        raise PolicyError(
            f"plugin 'onnx', option 'threshold' = {wanted!r}: the model's guard.json has no such "
            f"threshold for {category!r}; write a score from 0 to 1"
        )
    return thresholds[wanted]
