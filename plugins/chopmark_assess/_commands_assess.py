"""The commands `chopmark assess run`, `resume`, `show` and `cases`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ._commands_bank import as_json_option, schema_option

if TYPE_CHECKING:
    from ._answer import Answer, Verdict
    from ._begin import Plan
    from ._run import Run
    from ._show import Prices

BEYOND, INCOMPLETE, INTERRUPTED = 1, 2, 130
run_argument = click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
_price = click.option(
    "--price", help="What a million tokens cost, in and out: 0.15,0.60. By default no cost is told."
)
STATES = ("right", "wrong", "error", "unasked", "unjudged")


def _pace_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--workers", type=click.IntRange(1, 256), default=8, show_default=True,
                     help="How many cases are asked at once."),
        click.option("--per-minute", type=click.FloatRange(min=0, min_open=True),
                     help="How many cases may begin in a minute."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0,
                     show_default=True, help="Seconds that an answer may take."),
        click.option("--give-up", type=click.IntRange(1), default=20, show_default=True,
                     help="Stop after so many cases in a row without an answer."),
        click.option("--tokenizer", default="",
                     help="An encoding of tiktoken, or a tokenizer.json, for targets that do not "
                          "count tokens themselves. By default a rule of thumb."),
        _price,
        as_json_option,
    ):  # fmt: skip
        command = option(command)
    return command


@click.group("assess")
def assess() -> None:
    """Ask a target the questions of banks, judge the answers, and have people review them.

    A machine judges, and errs: what it says is for people to look at. Nothing here says that a
    service conforms to a standard or a law.
    """


@assess.command("run")
@click.argument("target")
@click.option(
    "--bank", "banks", multiple=True, required=True, help="A bank; several are asked together."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder of the run; where it is there, the run goes on.",
)
@schema_option
@click.option("--policy", default="cn", show_default=True, help="What answers are judged by.")
@click.option(
    "--sample",
    "sizes",
    multiple=True,
    default=("all",),
    show_default=True,
    help="How many cases: all, schema (as it asks), a number of each kind, or KIND=NUMBER.",
)
@click.option("--seed", default="", help="Draws the same cases again. By default a random one.")
@click.option("--model", default="", help="The model, of a server that has several.")
@click.option("--system", default="", help="A system prompt for the server.")
@click.option("--temperature", type=float, help="For the server; by default its own.")
@click.option("--max-tokens", type=click.IntRange(1), help="For the server; by default its own.")
@click.option(
    "--key-from",
    default="OPENAI_API_KEY",
    show_default=True,
    help="The environment variable with the server's key.",
)
@_pace_options
def run_command(
    target: str, banks: tuple[str, ...], out: Path, schema_name: str, policy: str,
    sizes: tuple[str, ...], seed: str, model: str, system: str, temperature: float | None,
    max_tokens: int | None, key_from: str, **pace: Any,
) -> None:  # fmt: skip
    """Ask TARGET the cases of banks, and judge its answers.

    TARGET is module:attribute (a function, or an object with `invoke`, guarded or bare), the URL of
    an OpenAI-compatible server, or a .jsonl or .csv file of answers, which are matched by id.

    Every answer is on the disk before it counts. After Ctrl-C, a kill or a crash the same command,
    or `chopmark assess resume`, goes on where it ended; cases that got an error are asked again.
    Exits with 1 where a rate is beyond its limit, interval and all, with 2 where cases have no
    answer or no verdict, with 130 after Ctrl-C.
    """
    from ._begin import Plan
    from ._target import Asking

    asking = Asking(
        model=model, system=system, key_from=key_from, temperature=temperature,
        max_tokens=max_tokens,
    )  # fmt: skip
    plan = Plan(
        target=target, banks=banks, schema=schema_name, policy=policy, sizes=sizes, seed=seed,
        asking=asking,
    )  # fmt: skip
    _conduct(out, plan, **pace)


@assess.command("resume")
@run_argument
@_pace_options
def resume_command(run_folder: Path, **pace: Any) -> None:
    """Go on with RUN where it ended."""
    from ._begin import plan_of
    from ._run import load

    _conduct(run_folder, plan_of(load(run_folder)), **pace)


def _conduct(
    folder: Path, plan: Plan, *, workers: int, per_minute: float | None, timeout: float,
    give_up: int, tokenizer: str, price: str | None, as_json: bool,
) -> None:  # fmt: skip
    from ._begin import open_run
    from ._conduct import Conductor
    from ._judge import Judge
    from ._run import load
    from ._target import open_target
    from ._target_recorded import RecordedTarget
    from ._tokens import Counter

    prices, counter = _prices(price), Counter(tokenizer)
    judge, target = Judge(plan.policy), open_target(plan.target, plan.asking)
    stop = threading.Event()
    try:
        run = open_run(folder, plan, target.name, judge.name)
        cases = run.unasked
        if isinstance(target, RecordedTarget) and (strange := target.strangers(run.cases.values())):
            listed = ", ".join(strange[:5]) + (", ..." if strange[5:] else "")
            click.echo(f"note: {len(strange)} answers belong to no case: {listed}", err=True)
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
    _tell(load(folder), prices, as_json)


@contextmanager
def _stopped_by_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C: what came is kept. The second ends at once."""

    def first(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

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
                bar.label = f"asking ({errors} errors)"
                bar.update(1)  # there will be no verdict
            bar.update(1)

        yield step


def _tell(run: Run, prices: Prices | None, as_json: bool) -> None:
    from ._show import page, summary

    told = summary(run, prices)
    click.echo(
        json.dumps(told, indent=2, ensure_ascii=False) if as_json else page(told, run.codes())
    )
    states = told["states"]
    if any(row["beside_limit"] == "beyond" for row in told["rates"]):
        raise SystemExit(BEYOND)
    if states["error"] or states["unasked"] or states["unjudged"]:
        raise SystemExit(INCOMPLETE)


def _prices(written: str | None) -> Prices | None:
    from ._show import Prices

    if written is None:
        return None
    try:
        given, got = map(float, written.split(","))
    except ValueError:
        raise click.UsageError(f"--price is {written!r}; write two numbers: 0.15,0.60") from None
    return Prices(given, got)


@assess.command("show")
@run_argument
@_price
@as_json_option
def show_command(run_folder: Path, price: str | None, as_json: bool) -> None:
    """Show the rates of RUN, with what people reviewed. Exits as `run` does."""
    from ._run import load

    _tell(load(run_folder), _prices(price), as_json)


@assess.command("cases")
@run_argument
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Only these; by default wrong, error and unjudged.",
)
@click.option("--code", help="Only of this code, or group of codes.")
@click.option("--texts", is_flag=True, help="Show the beginnings of questions and answers.")
@as_json_option
def cases_command(
    run_folder: Path, states: tuple[str, ...], code: str | None, texts: bool, as_json: bool
) -> None:  # fmt: skip
    """List cases of RUN, and what the machine saw in the answers."""
    from ._run import load
    from ._schema import under
    from ._show import listed
    from ._tally import results

    wanted = states or ("wrong", "error", "unjudged")
    found = [
        one for one in results(load(run_folder))
        if one.state in wanted and (code is None or any(under(c, code) for c in one.case.codes))
    ]  # fmt: skip
    if not as_json:
        click.echo(listed(found, texts=texts) if found else "no such case")
        return
    for one in found:
        data = {**asdict(one), "why": one.why, "by_machine": one.by_machine}
        click.echo(json.dumps(data, ensure_ascii=False, default=str))
