"""Notes a finished run in the log of the policy that judged it: counts and digests, no texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from chopmark import ChopmarkError
from chopmark.hookspecs import Log
from chopmark.reading import builtin_policies, new_event, takes_events

from ._errors import AssessError
from ._run import Run
from ._tally import rates, results
from ._whole import write

KIND = "assess.finished"
NOTED = "event.json"
"""The file of a run that says which event of which log is of it."""

_RESULTS = ("answers.jsonl", "cases.jsonl", "run.json", "verdicts.jsonl")


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256, in hexadecimal, of each file that the results of a run stand in."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in _RESULTS
        if (folder / name).is_file()
    }


def results_digest(folder: Path) -> str:
    """Return one SHA-256 for all of them: that of what `sha256sum` prints, in their order."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests(folder).items())
    return hashlib.sha256(lines.encode()).hexdigest()


def noted(folder: Path) -> Mapping[str, Any]:
    """Return which event is of the run in `folder`: `id`, `log`, `results`; empty without one."""
    try:
        found = json.loads((folder / NOTED).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"id", "log", "results"} <= found.keys():
        raise AssessError(f"{folder / NOTED} is damaged; take it from a backup, or delete it")
    return found


def note(run: Run, log: Log | None, policy: str) -> str:
    """Append that `run` is finished to the `log` of `policy`; return what stood in the way, or "".

    A policy without a log, and one that comes with chopmark, has none for it. The same results are
    noted once.
    """
    if log is None or policy in builtin_policies():
        return ""  # whoever names no policy would find a log where he tried something
    digest = results_digest(run.folder)
    with closing(log):
        try:
            if noted(run.folder).get("results") == digest:
                return ""
            event = new_event(KIND, data={**_data(run), "results": digest})
            takes_events(log).append_event(event)
            kept = {"id": event.id, "log": log.name, "time": event.time, "results": digest}
            write(run.folder / NOTED, json.dumps(kept, indent=2) + "\n")
        except ChopmarkError as error:
            return f"the run is finished, but not noted in the log of {policy}: {error}"
    return ""


def _data(run: Run) -> dict[str, str | int | bool]:
    found, about = results(run), run.about
    data: dict[str, str | int | bool] = {
        "run": run.folder.resolve().name,
        "target": str(about["target"]),
        "judge": str(about["judge"]),
        "schema": str(about["schema"]["name"]),
        "seed": str(about["seed"]),
        "cases": len(found),
        "errors": sum(one.state == "error" for one in found),
        "unjudged": sum(one.state == "unjudged" for one in found),
    }
    for number, bank in enumerate(about["banks"], 1):
        data[f"bank.{number}"] = str(bank["digest"])
    for row in rates(found, run):
        if not row.code:
            name = row.kind.replace("-", "_")
            data[f"{name}.judged"] = row.judged
            data[f"{name}.right"] = sum(
                one.state == "right" for one in found if one.case.kind == row.kind
            )
    return data
