"""What commands that conduct a run do: ask until it is done or stopped, then tell."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from chopmark.terminal import counted

from ._whole import write

if TYPE_CHECKING:
    from ._answer import Answer, Verdict
    from ._begin import Plan
    from ._run import Run
    from ._show import Prices

BEYOND, INCOMPLETE, INTERRUPTED = 1, 2, 130


def conduct(
    folder: Path, plan: Plan, *, workers: int, per_minute: float | None, timeout: float,
    give_up: int, tokenizer: str, price: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Begin the run of `plan` in `folder`, or go on with it, and print what it came to."""
    from ._begin import open_run
    from ._conduct import Conductor
    from ._event import note
    from ._judge import Judge
    from ._run import load
    from ._target import open_target
    from ._target_recorded import RecordedTarget
    from ._tokens import Counter

    prices, counter = read_prices(price), Counter(tokenizer)
    judge, target = Judge(plan.policy), open_target(plan.target, plan.asking)
    stop = threading.Event()
    try:
        run = open_run(folder, plan, target.name, judge.name)
        cases = run.unasked
        if isinstance(target, RecordedTarget) and (strange := target.strangers(run.cases.values())):
            listed = ", ".join(strange[:5]) + (", ..." if strange[5:] else "")
            click.echo(f"note: {counted(len(strange), 'answer')} of no case: {listed}", err=True)
        if len(cases) < len(run.cases):
            click.echo(f"{len(run.cases) - len(cases)} of {len(run.cases)} are answered", err=True)
        steps = 2 * len(cases) + len(run.unjudged)
        with _stopped_by_ctrl_c(stop), _progress(steps) as progress:
            Conductor(run, target, judge, counter, progress, stop).conduct(
                cases, workers=workers, timeout=timeout, per_minute=per_minute, give_up=give_up
            )
    finally:
        target.close()
    if stop.is_set() and (load(folder).unasked or load(folder).unjudged):
        click.echo(f"interrupted; `chopmark assess resume {folder}` goes on", err=True)
        raise SystemExit(INTERRUPTED)
    run = load(folder)
    write_summary(run)
    unnoted = note(run, judge.log, plan.policy)
    if unnoted:
        click.echo(f"Error: {unnoted}", err=True)
    tell(run, prices, as_json)
    if unnoted:
        raise SystemExit(INCOMPLETE)


def write_summary(run: Run) -> None:
    """Write the figures of `run` beside it, for programs that only read files."""
    write(run.folder / "summary.json", json.dumps(_told(run), indent=2, ensure_ascii=False) + "\n")


def _told(run: Run) -> dict[str, Any]:
    from . import _gaps, _show

    return _gaps.summary(run) if run.about["plan"].get("pairs") else _show.summary(run)


@contextmanager
def _stopped_by_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C: what came is kept. The second ends at once."""

    def first(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)
        with suppress(OSError):  # `click.echo` might be at work already
            os.write(2, b"\nending what is under way; Ctrl-C again ends at once\n")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[Answer | Verdict], None]]:
    """Show on standard error how far it is: a step for each answer, and for each verdict."""
    from ._answer import Answer

    errors = 0
    with click.progressbar(
        length=steps, file=sys.stderr, label="asking", hidden=not sys.stderr.isatty()
    ) as bar:

        def step(came: Answer | Verdict) -> None:
            nonlocal errors
            if isinstance(came, Answer) and came.error:
                errors += 1
                bar.label = f"asking ({counted(errors, 'error')})"
                bar.update(1)  # there will be no verdict
            bar.update(1)

        yield step


def tell(run: Run, prices: Prices | None, as_json: bool) -> None:
    """Print what `run` came to; exit with what the commands say."""
    from . import _gaps, _show

    if run.about["plan"].get("pairs"):
        told = _told(run)
        _print(told, _gaps.page(told), as_json)
        if told["answered"] < told["cases"]:
            raise SystemExit(INCOMPLETE)
        return
    told = _show.summary(run, prices)
    _print(told, _show.page(told, run.codes()), as_json)
    states = told["states"]
    if any(row["beside_limit"] == "beyond" for row in told["rates"]):
        raise SystemExit(BEYOND)
    if states["error"] or states["unasked"] or states["unjudged"]:
        raise SystemExit(INCOMPLETE)


def _print(told: Mapping[str, Any], page: str, as_json: bool) -> None:
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else page)


def read_prices(written: str | None) -> Prices | None:
    """Return the prices of `--price`."""
    from ._show import Prices

    if written is None:
        return None
    try:
        given, got = map(float, written.split(","))
    except ValueError:
        raise click.UsageError(f"--price is {written!r}; write two numbers: 0.15,0.60") from None
    return Prices(given, got)
