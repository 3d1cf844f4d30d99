"""Begins a run or takes up the one that is there; says what differs where they are not the same."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from chopmark import __version__

from ._address import hide
from ._bank import Bank, load_banks
from ._check import coverage
from ._errors import AssessError
from ._pairs import read_pairs, schema_of
from ._run import Run, begin, is_run, load
from ._sample import sample
from ._schema import Schema, load_schema
from ._target import Asking

ALL, AS_SCHEMA = "all", "schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What somebody wants to be run. `sizes` is `all`, `schema`, a number, or `kind=number`s.

    With `pairs` their files are run, each request `repeat` times, and no banks.
    """

    target: str
    banks: tuple[str, ...]
    schema: str
    policy: str
    sizes: tuple[str, ...]
    seed: str
    asking: Asking
    pairs: tuple[str, ...] = ()
    repeat: int = 1


def open_run(folder: Path, plan: Plan, target: str, judge: str) -> Run:
    """Return the run of `plan` in `folder`, begun where it is not there.

    `target` and `judge` are what they call themselves.

    Raises:
        AssessError: there is a run of something else, or a bank is not as it should be.
    """
    if plan.pairs:
        banks = tuple(read_pairs(name, plan.repeat) for name in plan.pairs)
        schema = schema_of(banks)
    else:
        schema = load_schema(plan.schema)
        banks = load_banks(plan.banks, schema)
    sizes = _sizes(plan.sizes, schema)
    taken = load(folder) if is_run(folder) else None
    seed = plan.seed or (taken.about["seed"] if taken else secrets.token_hex(8))
    cases = sample(banks, sizes, seed)
    if not cases:
        raise AssessError("no case to ask; see `chopmark bank check`")
    drawn = {kind: sum(case.kind == kind for case in cases) for kind in schema.kinds}
    about = {
        "target": target,
        "judge": judge,
        "schema": {"name": schema.name, "title": schema.title},
        "banks": [_bank(bank) for bank in banks],
        "seed": seed,
        "sample": {kind: number for kind, number in drawn.items() if number},
        "asking": asdict(plan.asking),
    }
    if taken is None:
        plain = {key: list(v) if type(v) is tuple else v for key, v in asdict(plan).items()}
        plain["target"] = hide(plan.target)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        extra = {"plan": plain, "begun": now, "chopmark": __version__}
        counts = [
            {**asdict(row), "about": schema.about(row.code)}
            for row in ([] if plan.pairs else coverage(banks, schema))
        ]
        begin(folder, {**about, **extra, "coverage": counts}, schema, cases)
        return load(folder)
    differ = [key for key in about if taken.about.get(key) != about[key]]
    if differ:
        told = "; ".join(f"{key} was {taken.about.get(key)!r}, is {about[key]!r}" for key in differ)
        raise AssessError(
            f"{folder} is a run of something else: {told}. Name another folder; answers that are "
            f"there can be judged anew with {folder / 'answers.jsonl'} as the target"
        )
    return taken


def plan_of(run: Run) -> Plan:
    """Return the plan that `run` was begun with."""
    plan: dict[str, Any] = dict(run.about["plan"])
    for key in ("banks", "sizes", "pairs"):
        plan[key] = tuple(plan.get(key, ()))
    return Plan(**{**plan, "asking": Asking(**plan["asking"])})


def _bank(bank: Bank) -> Mapping[str, object]:
    about: dict[str, object] = {
        "name": bank.name, "version": bank.version, "cases": len(bank.cases),
        "digest": bank.digest,
    }  # fmt: skip
    return {**about, "licence": bank.licence} if bank.licence else about


def _sizes(written: Sequence[str], schema: Schema) -> dict[str, int]:
    if list(written) in ([], [ALL]):
        return {}
    if list(written) == [AS_SCHEMA]:
        return {kind.name: kind.sample for kind in schema.kinds.values()}
    sizes: dict[str, int] = {}
    for one in written:
        kind, _, number = one.rpartition("=")
        if not number.isdecimal() or (kind and kind not in schema.kinds):
            known = ", ".join(schema.kinds)
            raise AssessError(
                f"sample {one!r} is none; write {ALL}, {AS_SCHEMA}, a number, or KIND=NUMBER with "
                f"one of {known}"
            )
        sizes.update({name: int(number) for name in ([kind] if kind else schema.kinds)})
    return sizes
