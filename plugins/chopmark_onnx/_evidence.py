"""The models of a policy: cards and figures as they came, digests, and what their scores do."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from chopmark import ModelError, Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import Sought, cell, handled, page, table, writing

from ._cascade import Stage
from ._detector import SEXUAL_MINORS, SEXUAL_MINORS_FROM, OnnxDetector
from ._folder import is_token_model
from ._options import ModelOptions, read_options
from ._text import LATE, UNJUDGED
from ._token_detector import TokenDetector

_CARD = "README.md"
_BESIDE = (_CARD, "figures.json", "guard.json", "config.json", "*.svg")
_OWN = {
    SEXUAL_MINORS: f"sexual from {SEXUAL_MINORS_FROM:g} on, and a mention of a minor",
    UNJUDGED: "a text that was too long to be judged whole",
}


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the models of `policy`; raise `PolicyError` or `ModelError` for wrong ones."""
    options = read_options(policy)
    yield Evidence(
        path="scores.md",
        title="The classifiers: digests, thresholds in force, and what is done with each category",
        write=writing(lambda: _scores(policy, options.entries)),
        shows=("measures.4", "measures.19"),
    )
    for name, folder in _named(options.entries):
        carded = (folder / _CARD).is_file()
        yield Evidence(
            path=f"models/{name}",
            title=f"The model {name}: its card, figures and settings" if carded
            else f"The model {name}: its settings; it came without a card",
            write=_copying(folder),
            shows=("measures.19",) if carded else (),
        )  # fmt: skip


def _named(entries: Iterable[ModelOptions]) -> Iterator[tuple[str, Path]]:
    """Yield the folder of each model once, with a name of its own."""
    folders = [path for one in entries for path in (one.folder, one.second) if path is not None]
    names: set[str] = set()
    for folder in dict.fromkeys(folders):
        name, number = folder.name, 1
        while name in names:
            number += 1
            name = f"{folder.name}-{number}"
        names.add(name)
        yield name, folder


def _copying(folder: Path) -> Callable[[Path], object]:
    def copy(path: Path) -> None:
        found = [file for pattern in _BESIDE for file in sorted(folder.glob(pattern))]
        if not found:
            raise ModelError(f"{str(folder)!r} has none of {', '.join(_BESIDE)}")
        path.mkdir(parents=True)
        for file in found:
            shutil.copyfile(file, path / file.name)

    return copy


def _scores(policy: Policy, entries: Sequence[ModelOptions]) -> str:
    parts = [part for entry in entries for part in _entry(policy, entry)]
    return page(
        "The classifiers",
        "A score is a calibrated probability. The networks themselves are not in this pack; "
        "the SHA-256 says which they were. `version` stands in every record of a call.",
        *parts,
    )


def _entry(policy: Policy, options: ModelOptions) -> Iterator[str]:
    detector = TokenDetector(options) if is_token_model(options.folder) else OnnxDetector(options)
    yield f"## {cell(detector.name)}\n\nVersion: `{detector.version}`"
    folders = [detector.folder]
    if isinstance(detector, OnnxDetector):
        folders = [stage.folder for stage in detector.stages]
    files = [(cell(one.path.name), f"`{one.sha256}`", f"`{one.digest}`") for one in folders]
    yield table(("MODEL", "SHA-256 OF THE NETWORK", "OF ALL FILES THAT COUNT"), files)
    if isinstance(detector, OnnxDetector):
        for stage in detector.stages:
            yield _thresholds(stage, asks=len(detector.stages) > 1 and stage is detector.stages[0])
        if options.second_reads == "whole":
            yield "The second model reads every message of a request, whatever the first one says."
        yield handled(policy, [*_sought(detector), *_late(options)])
    else:
        yield handled(policy, [*_entities(detector), *_late(options)])


def _thresholds(stage: Stage, *, asks: bool) -> str:
    rows = [
        (cell(one.label), cell(one.category), *map(_from, (one.report_from, one.deny_from)),
         *([_from(one.ask_from)] if asks else []))
        for one in stage.columns
        if one.category
    ]  # fmt: skip
    header = ["LABEL", "CATEGORY", "REPORTED FROM", "BLOCK ADVISED FROM"]
    header += ["THE SECOND MODEL ASKED FROM"] if asks else []
    return f"Thresholds of {cell(stage.folder.path.name)}:\n\n{table(header, rows)}"


def _from(score: float) -> str:
    return "never" if score == math.inf else f"{score:g}"


def _sought(detector: OnnxDetector) -> Iterator[Sought]:
    """Yield the categories; where there are two models, the second one's word is the last."""
    for category in detector.categories:
        columns = [
            column
            for stage in detector.stages
            for column in stage.columns
            if column.category == category
        ]
        if category in _OWN:
            yield Sought(category=category, what=_OWN[category], advice="block")
        elif columns:
            last = columns[-1]
            names = ", ".join(dict.fromkeys(column.label for column in columns))
            yield Sought(
                category=category, what=f"label {names}",
                advice=f"block from {_from(last.deny_from)}, warn from {_from(last.report_from)}",
            )  # fmt: skip


def _entities(detector: TokenDetector) -> Iterator[Sought]:
    for name in detector.categories:
        own = name in _OWN
        yield Sought(
            category=name,
            what=_OWN[name] if own else "what the model labels so",
            advice="block" if own else "block from its threshold, warn below",
        )


def _late(options: ModelOptions) -> Iterator[Sought]:
    if options.budget_ms is not None:
        what = f"a text for which {options.budget_ms:g} ms did not suffice"
        yield Sought(category=LATE, what=what, advice=options.on_budget)
