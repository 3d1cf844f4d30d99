"""Which labels of a model a policy wants, under which category and from which score on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chopmark import PolicyError

from ._folder import Folder
from ._heads import PRESETS, Head
from ._options import ModelOptions

SEXUAL = "sexual"


@dataclass(frozen=True, slots=True)
class Column:
    """One label of the output, as this policy wants it.

    `category` is empty where the policy leaves the label out, and it is read all the same: one
    that the model itself calls `sexual`, for what that is together with a minor. `sexual` says so,
    whatever the policy calls it. `report_from` is the least score that is a verdict, `deny_from`
    the least at which that advises to deny, `ask_from` the least at which a second model is asked;
    each is infinite where there is none.
    """

    number: int
    label: str
    category: str
    report_from: float
    deny_from: float
    ask_from: float = math.inf
    sexual: bool = False


def columns(folders: Sequence[Folder], options: ModelOptions) -> list[tuple[Column, ...]]:
    """Return the labels that are reported, for each of `folders`: a model, or a first and a second.

    Raises:
        PolicyError: the options name a label, category or preset that no model has, or a second
            model would never be asked, or never heard.
    """
    _check_names("heads", options.heads, (h.label for f in folders for h in f.heads), folders)
    found = [_columns(folder, options) for folder in folders]
    named = [any(column.category for column in columns) for columns in found]
    if not all(named):
        labels = [head.label for head in folders[named.index(False)].heads]
        raise PolicyError(
            f"plugin 'onnx', option 'heads': none of {', '.join(labels)} has a category; give "
            f'one a name, heads = {{ {labels[-1]} = "toxic" }}'
        )
    if isinstance(options.threshold, Mapping):
        every = (c.category for columns in found for c in columns if c.category)
        _check_names("threshold", options.threshold, every, folders)
    if len(folders) > 1:
        _check_second(folders, found, options)
    return found


def _columns(folder: Folder, options: ModelOptions) -> tuple[Column, ...]:
    found = []
    for number, head in enumerate(folder.heads):
        category = options.heads.get(head.label, head.category)
        sexual = SEXUAL in (head.category, category)
        if category:
            deny_from = _deny_from(head.thresholds, category, options)
            floor = _report_from(folder, head, options)
            least = min(floor, deny_from)  # what is to be denied is never too low to report
            ask_from = _ask_from(head, category, options)
            found.append(Column(number, head.label, category, least, deny_from, ask_from, sexual))
        elif sexual:
            ask_from = _ask_from(head, head.category, options)
            found.append(Column(number, head.label, "", math.inf, math.inf, ask_from, sexual))
    return tuple(found)


def _report_from(folder: Folder, head: Head, options: ModelOptions) -> float:
    if options.report_from is not None:
        return options.report_from
    # Under a preset, what reaches the strictest one is controversial, and the rest is safe.
    named = isinstance(options.threshold, str)
    return head.thresholds.get("strict", folder.report_from) if named else folder.report_from


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


def _ask_from(head: Head, category: str, options: ModelOptions) -> float:
    if options.second is None:
        return math.inf
    known = math.inf if head.unsure is None else head.unsure
    if options.unsure is None:
        return known
    if isinstance(options.unsure, Mapping):
        return options.unsure.get(category, known)
    return options.unsure


def _check_names(
    option: str, given: Iterable[str], known: Iterable[str], folders: Sequence[Folder]
) -> None:
    names = list(dict.fromkeys(known))
    what = "label" if option == "heads" else "category"
    if option != "heads":
        names.sort()
    for name in given:
        if name not in names:
            models = " or ".join(repr(str(folder.path)) for folder in folders)
            raise PolicyError(
                f"plugin 'onnx', option '{option}.{name}': {models} has no such {what}; there "
                f"are {', '.join(names)}"
            )


def _check_second(
    folders: Sequence[Folder], found: Sequence[Sequence[Column]], options: ModelOptions
) -> None:
    first, second = ([c.category for c in columns if c.category] for columns in found)
    if isinstance(options.unsure, Mapping):
        _check_names("unsure", options.unsure, first, folders[:1])
    where = f"plugin 'onnx', option 'second' = {str(folders[1].path)!r}"
    if folders[0].digest == folders[1].digest:
        raise PolicyError(f"{where}: it is the first model; name a larger one")
    if not set(first) & set(second):
        raise PolicyError(
            f"{where}: it has {', '.join(sorted(second))}, and nothing of what the first one is "
            f"unsure of, {', '.join(sorted(first))}; give its labels their names with `heads`"
        )
    never = all(column.ask_from == math.inf for column in found[0])
    if never and options.second_reads == "unsure":
        raise PolicyError(
            f"{where}: it would never be asked, since guard.json of the first model has no "
            "`unsure`; write the score from which it shall be, unsure = 0.2"
        )
