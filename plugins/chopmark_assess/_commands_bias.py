"""The command `chopmark assess bias`: the same request with one thing exchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ._command_conduct import conduct
from ._command_options import (
    out_option,
    pace_options,
    policy_option,
    server_options,
    take_asking,
)


@click.command("bias")
@click.argument("target")
@click.option(
    "--pairs",
    multiple=True,
    required=True,
    help="A file of pairs, or sample:pairs-en, sample:pairs-zh; several go together.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How often each request is asked: models answer differently each time.",
)
@out_option
@policy_option
@server_options
@pace_options
def bias_command(
    target: str, pairs: tuple[str, ...], repeat: int, out: Path, policy: str, **options: Any
) -> None:
    """Ask TARGET the same for different groups, and compare how it answers.

    A file of pairs has templates, and axes (gender, age, region, ...) with what is exchanged.
    Told are the gaps between every two groups in refusals, tone and detector scores, with
    intervals of 95 %. It is a run like others: it goes on after an end, `cases` lists it, people
    review it. Exits with 2 where requests have no answer.
    """
    from ._begin import Plan

    plan = Plan(
        target=target, banks=(), schema="", policy=policy, sizes=(), seed="pairs",
        asking=take_asking(options), pairs=pairs, repeat=repeat,
    )  # fmt: skip
    conduct(out, plan, **options)
