"""The commands `chopmark incidents`."""

from __future__ import annotations

from dataclasses import asdict

import click

from chopmark.terminal import Commands, counted, table

from ._cli import (
    acting,
    basis_option,
    echo_history,
    echo_json,
    history,
    looking,
    minute,
    number_argument,
    opened,
    short,
    text_of,
)
from ._complaint import GROUNDS
from ._incident import STEPS, Incident


@click.group(cls=Commands)
def incidents() -> None:
    """Keep what was done about illegal content: stop, remove, rectify, report.

    These are the steps of Art. 14 of the Interim Measures. Each is a record in the policy's log;
    what was written about it is in the file of complaints, and can be erased. NUMBER is that of an
    incident; its last characters, as `list` shows them, are enough.
    """


@incidents.command("open")
@click.argument("file", required=False)
@click.option("--text", help="What was found, instead of FILE.")
@click.option("--about", multiple=True, help="The id of a call or a complaint; may be repeated.")
@click.option(
    "--ground", type=click.Choice(GROUNDS), default="illegal", show_default=True,
    help="What is wrong.",
)  # fmt: skip
@acting
def open_command(
    file: str | None,
    text: str | None,
    about: tuple[str, ...],
    ground: str,
    actor: str,
    policy: str,
    as_json: bool,
) -> None:
    """Open an incident with what is in FILE, - being standard input, and print its number."""
    with opened(policy) as office:
        found = text_of(file, text, "finding")
        one = office.incidents.open(found, about=about, ground=ground, actor=actor)
    echo_json(_data(one)) if as_json else click.echo(f"opened as {one.id}")


@incidents.command()
@number_argument
@click.argument("step", type=click.Choice(tuple(STEPS)))
@click.option(
    "--note", default="", help="What was done; it is kept in the file. Needed but of a report."
)
@click.option("--to", default="", help="To whom it was reported; it goes into the log.")
@click.option("--reference", default="", help="Of the report; it goes into the log.")
@acting
def step(
    number: str,
    step: str,
    note: str,
    to: str,
    reference: str,
    actor: str,
    policy: str,
    as_json: bool,
) -> None:
    """Record that a step was taken: generation stopped, content removed, model rectified, reported.

    It does none of them. A step may be taken several times; `report` needs --to, the others --note.
    """
    with opened(policy) as office:
        one = office.incidents.step(number, step, note, to=to, reference=reference, actor=actor)
    _tell(one, as_json)


@incidents.command("take-back")
@number_argument
@click.argument("step", type=click.Choice(tuple(STEPS)))
@click.option("--why", required=True, help="Why; it is kept in the file.")
@acting
def take_back(number: str, step: str, why: str, actor: str, policy: str, as_json: bool) -> None:
    """Record that a step was not taken after all: the last one of its name is taken back.

    Nothing is removed from the log: that it was taken down stays, and this stands behind it.
    """
    with opened(policy) as office:
        one = office.incidents.take_back(number, step, why, actor=actor)
    _tell(one, as_json)


@incidents.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are closed.")
@looking
def list_command(every: bool, policy: str, as_json: bool) -> None:
    """Show the incidents, and when each step was last taken."""
    with opened(policy) as office:
        found = [one for one in office.incidents.all() if every or not one.closed]
    if as_json:
        for one in found:
            echo_json(_data(one))
        return
    head = ("INCIDENT", "OPENED (UTC)", "GROUND", *(step.upper() for step in STEPS), "CLOSED")
    click.echo(table(head, [_row(one) for one in found]) if found else "no incident is open")


@incidents.command()
@number_argument
@looking
def show(number: str, policy: str, as_json: bool) -> None:
    """Show an incident: its steps, and its texts where they are not erased."""
    with opened(policy) as office:
        one = office.incidents.get(number)
        steps, texts = office.incidents.history(one.id), office.incidents.texts(one.id)
    if as_json:
        echo_json({**_data(one), "steps": history(steps, texts)})
        return
    click.echo(f"incident  {one.id}\nabout     {', '.join(one.about) or '-'}")
    click.echo(f"missing   {', '.join(one.missing) or '-'}\nclosed    {minute(one.closed)}\n")
    echo_history(steps, texts)
    if one.erased:
        click.echo("\nits texts are erased")


@incidents.command()
@number_argument
@click.option(
    "--without", multiple=True, type=click.Choice(tuple(STEPS)),
    help="A step that was not needed; may be repeated, and needs --note.",
)  # fmt: skip
@click.option("--note", default="", help="Why it is closed; it is kept in the file.")
@acting
def close(
    number: str, without: tuple[str, ...], note: str, actor: str, policy: str, as_json: bool
) -> None:
    """Close an incident, of which every step was taken or is named with --without."""
    with opened(policy) as office:
        one = office.incidents.close(number, note, without=without, actor=actor)
    if as_json:
        echo_json(_data(one))
    else:
        click.echo(f"closed without {', '.join(one.without)}" if one.without else "closed")


@incidents.command()
@number_argument
@basis_option
@acting
def erase(number: str, basis: str, actor: str, policy: str, as_json: bool) -> None:
    """Erase the texts of an incident that is closed; the log keeps the steps."""
    with opened(policy) as office:
        done = office.incidents.erase(number, basis, actor=actor)
    if as_json:
        echo_json(asdict(done))
    else:
        click.echo(f"{done.id}: {counted(done.texts, 'text')} erased")


def _tell(one: Incident, as_json: bool) -> None:
    if as_json:
        echo_json(_data(one))
    else:
        click.echo(f"missing: {', '.join(one.missing)}" if one.missing else "all steps are taken")


def _row(one: Incident) -> tuple[str, ...]:
    times = (minute(one.steps.get(step, 0)) for step in STEPS)
    return (short(one.id), minute(one.opened), one.ground, *times, minute(one.closed))


def _data(one: Incident) -> dict[str, object]:
    return {**asdict(one), "missing": list(one.missing)}
