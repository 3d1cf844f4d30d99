"""The commands `chopmark assess review` and `decide`: people say whether answers are right."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark.terminal import visible

from ._command_conduct import INTERRUPTED, write_summary
from ._command_options import run_argument

if TYPE_CHECKING:
    from ._tally import Result

_reviewer = click.option(
    "--reviewer", required=True, help="Who decides; not who annotated the case."
)


@click.command("review")
@run_argument
@_reviewer
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.1, show_default=True,
    help="How much of what the machine calls right is looked at, too.",
)  # fmt: skip
@click.option("--list", "only_list", is_flag=True, help="Only list what waits.")
def review_command(run_folder: Path, reviewer: str, share: float, only_list: bool) -> None:
    """Look at answers of RUN that wait for a person, one after the other.

    First come refusals that go on, then what the machine calls wrong or could not judge, then a
    random share of what it calls right. Every decision is kept at once; the last one on a case
    counts. Accept what is right for the case, reject what is not, and say why. Exits with 130
    after Ctrl-C; what was decided before it stays.
    """
    from ._review import may_review, queue
    from ._run import load
    from ._show import listed
    from ._tally import results

    run = load(run_folder)
    waiting = queue(results(run), str(run.about["seed"]), share)
    mine = [one for one in waiting if may_review(reviewer, one)]
    if only_list:
        click.echo(listed(mine, texts=True) if mine else "nothing waits")
    else:
        ended, decided = _ask(run_folder, mine, reviewer)
        write_summary(load(run_folder))
        click.echo(f"decided: {decided}, waiting: {len(mine) - decided}")
        if not ended:
            click.echo("interrupted; decisions are kept, and the same command goes on", err=True)
            raise SystemExit(INTERRUPTED)
    if len(mine) < len(waiting):
        click.echo(f"{len(waiting) - len(mine)} were annotated by {reviewer}, and wait for others")


def _ask(folder: Path, waiting: list[Result], reviewer: str) -> tuple[bool, int]:
    """Have a person decide; return whether that came to its end, and how much was decided."""
    from ._review import decide
    from ._run import Review, load

    decided = 0
    for number, one in enumerate(waiting, 1):
        click.echo(f"\n{number} of {len(waiting)}  {one.case.id}  {' '.join(one.case.codes)}")
        click.echo(f"expected  {one.expects}\nmachine   {one.by_machine}: {visible(one.why)}")
        click.echo(f"asked     {visible(one.case.text)}")
        click.echo(f"answer    {visible(one.answer.text if one.answer else '')}")
        try:
            said, reason = _said()
        except (click.Abort, KeyboardInterrupt):  # Ctrl-C, or there is no more input
            click.echo()
            return False, decided
        if said == "q":
            break
        if said == "s":
            continue
        review = Review(
            case=one.case.id, accepts=said == "a", reason=reason, reviewer=reviewer,
            time=time.time(),
        )  # fmt: skip
        decide(load(folder), [review])
        decided += 1
    return True, decided


def _said() -> tuple[str, str]:
    """Return what the person says of an answer, and why."""
    said = click.prompt(
        "right for the case? accept, reject, skip, quit", type=click.Choice(["a", "r", "s", "q"])
    )
    if said in ("s", "q"):
        return said, ""
    return said, click.prompt("why", default="" if said == "a" else None, show_default=False)


@click.command("decide")
@run_argument
@click.argument("cases", metavar="CASE...", nargs=-1, required=True)
@_reviewer
@click.option("--accept/--reject", "accepts", required=True, help="Whether the answers are right.")
@click.option("--reason", default="", help="Why; a rejection needs one.")
def decide_command(
    run_folder: Path, cases: tuple[str, ...], reviewer: str, accepts: bool, reason: str
) -> None:
    """Accept or reject the answers of RUN to cases."""
    from ._review import decide
    from ._run import Review, load

    now = time.time()
    reviews = [
        Review(case=case, accepts=accepts, reason=reason, reviewer=reviewer, time=now)
        for case in cases
    ]
    decide(load(run_folder), reviews)
    write_summary(load(run_folder))
    click.echo(f"{'accepted' if accepts else 'rejected'}: {len(cases)}")
