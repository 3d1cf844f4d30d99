"""The commands `chopmark assess run`, `resume`, `show` and `cases`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from chopmark.policy import is_under
from chopmark.terminal import Commands

from ._command_conduct import conduct, read_prices, tell
from ._command_options import (
    out_option,
    pace_options,
    policy_option,
    price_option,
    run_argument,
    server_options,
    take_asking,
)
from ._commands_bank import as_json_option, schema_option

STATES = ("right", "wrong", "error", "unasked", "unjudged")


@click.group("assess", cls=Commands)
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
@out_option
@schema_option
@policy_option
@click.option(
    "--sample",
    "sizes",
    multiple=True,
    default=("all",),
    show_default=True,
    help="How many cases: all, schema (as it asks), a number of each kind, or KIND=NUMBER.",
)
@click.option("--seed", default="", help="Draws the same cases again. By default a random one.")
@server_options
@pace_options
def run_command(
    target: str, banks: tuple[str, ...], out: Path, schema_name: str, policy: str,
    sizes: tuple[str, ...], seed: str, **options: Any,
) -> None:  # fmt: skip
    """Ask TARGET the cases of banks, and judge its answers.

    TARGET is module:attribute (a function, or an object with `invoke`, guarded or bare), the URL of
    an OpenAI-compatible server, or a .jsonl or .csv file of answers, which are matched by id.

    Every answer is on the disk before it counts. After Ctrl-C, a kill or a crash the same command,
    or `chopmark assess resume`, goes on where it ended; cases that got an error are asked again.
    Where --policy is a policy of your own that keeps a log, the finished run is an event in it.

    Exits with 1 where a rate is beyond its limit, interval and all, with 2 where cases have no
    answer or no verdict, with 130 after Ctrl-C.
    """
    from ._begin import Plan

    plan = Plan(
        target=target, banks=banks, schema=schema_name, policy=policy, sizes=sizes, seed=seed,
        asking=take_asking(options),
    )  # fmt: skip
    conduct(out, plan, **options)


@assess.command("resume")
@run_argument
@click.option("--target", help="The target's URL anew, where a password or a key is in it.")
@pace_options
def resume_command(run_folder: Path, target: str | None, **pace: Any) -> None:
    """Go on with RUN where it ended.

    A password or a key in the target's URL is kept nowhere: give the URL again.
    """
    from ._begin import plan_of
    from ._run import load

    plan = plan_of(load(run_folder))
    conduct(run_folder, replace(plan, target=target) if target else plan, **pace)


@assess.command("show")
@run_argument
@price_option
@as_json_option
def show_command(run_folder: Path, price: str | None, as_json: bool) -> None:
    """Show the rates of RUN, with what people reviewed. Exits as `run` does."""
    from ._run import load

    tell(load(run_folder), read_prices(price), as_json)


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
    from ._show import listed
    from ._tally import results

    wanted = states or ("wrong", "error", "unjudged")
    found = [
        one for one in results(load(run_folder))
        if one.state in wanted
        and (code is None or any(is_under(c, (code,)) for c in one.case.codes))
    ]  # fmt: skip
    if not as_json:
        click.echo(listed(found, texts=texts) if found else "no such case")
        return
    for one in found:
        data = {**asdict(one), "why": one.why, "by_machine": one.by_machine}
        click.echo(json.dumps(data, ensure_ascii=False, default=str))
