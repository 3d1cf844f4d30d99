"""A run on the disk: what is asked, what was answered, judged and reviewed.

    run.json        what the run is: target, banks, schema, seed, policy; written once
    cases.jsonl     the cases that were drawn; written once
    answers.jsonl   a line for each answer, appended as they come
    verdicts.jsonl  a line for each verdict of the machine
    reviews.jsonl   a line for each decision of a person
    summary.json    the figures, written anew when a run ends or a person decides
    event.json      which event of a log is of the run, where its policy has a log

Of several lines for one case the last counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ._address import hide
from ._answer import Answer, Verdict, read
from ._bank import Case
from ._errors import AssessError
from ._journal import read_journal
from ._schema import Kind, Schema
from ._whole import write

FORMAT = 1
REVIEWS = "reviews.jsonl"
FILES = ("run.json", "cases.jsonl", "answers.jsonl", "verdicts.jsonl", REVIEWS)
"""The files that a run is read from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person said of a case: whether the answer is right, and why.

    `accepts` says that the answer is right for its case. `time` is seconds since 1970.
    """

    case: str
    accepts: bool
    reason: str
    reviewer: str
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is on the disk now. `about` is `run.json`; the rest is by the case's id."""

    folder: Path
    about: Mapping[str, Any]
    kinds: Mapping[str, Kind]
    cases: Mapping[str, Case]
    answers: Mapping[str, Answer]
    verdicts: Mapping[str, Verdict]
    reviews: Mapping[str, Review]

    @property
    def unasked(self) -> list[Case]:
        """The cases without an answer; where there was an error it is asked again."""
        return [case for case in self.cases.values() if self._error(case.id) != ""]

    @property
    def unjudged(self) -> list[Answer]:
        """The answers without a verdict that the policy of the run gave."""
        judge = self.about["judge"]
        return [
            answer
            for answer in self.answers.values()
            if not answer.error
            and not (answer.case in self.verdicts and self.verdicts[answer.case].policy == judge)
        ]

    def _error(self, case: str) -> str | None:
        return self.answers[case].error if case in self.answers else None

    def codes(self, language: str = "en") -> Mapping[str, str]:
        """Return the names of the codes, in `language` where the run has them in it."""
        named: Mapping[str, str] = self.about["codes"]
        others: Mapping[str, Mapping[str, str]] = self.about.get("names", {})
        return {code: others.get(code, {}).get(language, name) for code, name in named.items()}


def begin(folder: Path, about: Mapping[str, Any], schema: Schema, cases: Sequence[Case]) -> None:
    """Make the run `folder`; `about` is what it is of.

    Raises:
        AssessError: the folder has something in it already.
    """
    if folder.exists() and {path.name for path in folder.iterdir()} - _BEGUN:
        raise AssessError(f"{folder} is not empty, and no run; name another folder")
    used = {code for case in cases for code in case.codes}
    whole = {
        "format": FORMAT,
        **about,
        "kinds": {name: asdict(kind) for name, kind in schema.kinds.items()},
        "codes": {code: schema.about(code) for code in schema.codes if code in used},
        "names": {code: dict(names) for code, names in schema.codes.items() if code in used},
    }
    lines = [json.dumps(asdict(case), ensure_ascii=False, default=str) for case in cases]
    write(folder / "cases.jsonl", "".join(f"{line}\n" for line in lines))
    # Last, and whole or not at all: a folder with run.json is a run.
    write(folder / "run.json", json.dumps(whole, ensure_ascii=False, indent=2) + "\n")


_BEGUN = {"cases.new", "cases.jsonl", "run.new"}
"""What is in a folder in which a run was about to begin, and did not."""


def is_run(folder: Path) -> bool:
    """Return whether there is a run in `folder`."""
    return (folder / "run.json").is_file()


def load(folder: Path) -> Run:
    """Return the run in `folder`.

    Raises:
        AssessError: there is none, or it is damaged.
    """
    try:
        about = json.loads(shareable(folder, "run.json"))
        if about["format"] > FORMAT:
            raise AssessError(f"{folder} is of a later chopmark; update to read it")
        kinds = {name: Kind(**kind) for name, kind in about["kinds"].items()}
    except OSError as error:
        raise AssessError(
            f"{str(folder)!r} is no run: run.json: {error.strerror}; name the folder that "
            "`chopmark assess run` wrote (its -o)"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise AssessError(
            f"{folder}/run.json is damaged ({error!r}); take it from a backup"
        ) from error
    return Run(
        folder=folder,
        about=about,
        kinds=kinds,
        cases={case.id: case for case in map(_case, _lines(folder, "cases"))},
        answers={line["case"]: read(Answer, _hidden(line)) for line in _lines(folder, "answers")},
        verdicts={line["case"]: read(Verdict, line) for line in _lines(folder, "verdicts")},
        reviews=reviews_in(folder),
    )


def reviews_in(folder: Path) -> dict[str, Review]:
    """Return what people decided in the run in `folder`, by case; raise `AssessError` as `load`."""
    return {line["case"]: read(Review, line) for line in _lines(folder, "reviews")}


def shareable(folder: Path, name: str) -> str:
    """Return the text of the file `name` of a run as others may see it.

    Runs of an earlier chopmark may have a password in the target's URL; it is hidden.

    Raises:
        OSError: it cannot be read.
        ValueError: `run.json` or a line of `answers.jsonl` is not as it should be.
    """
    text = (folder / name).read_text("utf-8", "surrogatepass")
    if name == "answers.jsonl":
        lines = [line for line in text.split("\n") if line]
        return "".join(f"{_hidden_line(line)}\n" for line in lines)
    if name != "run.json":
        return text
    about = json.loads(text)
    plan = about.get("plan", {})
    hidden = {**about, "target": hide(str(about["target"]))}
    if "target" in plan:
        hidden["plan"] = {**plan, "target": hide(str(plan["target"]))}
    return text if hidden == about else json.dumps(hidden, ensure_ascii=False, indent=2) + "\n"


def _hidden_line(line: str) -> str:
    data = json.loads(line)
    hidden = _hidden(data)
    return line if hidden == data else json.dumps(hidden, ensure_ascii=False)


def _hidden(line: dict[str, Any]) -> dict[str, Any]:
    error = line.get("error")
    return {**line, "error": hide(error)} if isinstance(error, str) else line


def _lines(folder: Path, name: str) -> list[dict[str, Any]]:
    key = "id" if name == "cases" else "case"
    lines = read_journal(folder / f"{name}.jsonl")
    for number, line in enumerate(lines, 1):
        if not isinstance(line.get(key), str):
            raise AssessError(f"{folder}/{name}.jsonl:{number}: no `{key}`; delete the line")
    return lines


def _case(line: dict[str, Any]) -> Case:
    when = line.get("date")
    line["date"] = date.fromisoformat(when) if when else None
    line["codes"] = tuple(line["codes"])
    case: Case = read(Case, line)
    return case
