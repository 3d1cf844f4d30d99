"""The commands `chopmark complaints`."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from chopmark.terminal import Commands, counted, table

from ._cli import (
    FAILS,
    acting,
    echo_history,
    echo_json,
    history,
    looking,
    minute,
    number_argument,
    opened,
    policy_option,
    short,
    text_of,
)
from ._commands_correct import COMMANDS
from ._complaint import DECISIONS, GROUNDS, Complaint
from ._errors import ComplaintError

_DAY = 86_400_000


@click.group(cls=Commands)
def complaints() -> None:
    """Take complaints about answers, decide on them, correct, and tell the result.

    Every step is a record in the policy's log; the texts are in a file beside it, and can be
    erased. NUMBER is that of a complaint; its last characters, as `list` shows them, are enough.
    Exit codes: 0; 1 what was asked about does not hold; 2 an error.
    """


@complaints.command()
@click.argument("file", required=False)
@click.option("--text", help="What the complainant says, instead of FILE.")
@click.option("--about", help="The id of the call, or a receipt, metadata or label that has it.")
@click.option("--about-file", help="The file that has it; - is standard input.")
@click.option(
    "--answer", "answer_file", help="The file with the answer's text; - is standard input."
)
@click.option(
    "--ground", type=click.Choice(GROUNDS), default="other", show_default=True,
    help="What is wrong with it.",
)  # fmt: skip
@click.option("--contact", default="", help="Where the complainant can be told.")
@click.option("--language", default="", help="Of notices; by default that of the complaint.")
@click.option("--by", "actor", default="", help="Who takes it; it goes into the log.")
@looking
def receive(
    file: str | None,
    text: str | None,
    about: str | None,
    about_file: str | None,
    answer_file: str | None,
    ground: str,
    contact: str,
    language: str,
    actor: str,
    policy: str,
    as_json: bool,
) -> None:
    """Take the complaint in FILE, - being standard input, and print its number.

    The answer is looked for in the log: by --about, an id, a receipt, the answer's metadata, its
    AIGC label, or what `chopmark inspect FILE --json` prints; else by the text in --answer. A
    complaint is taken also where its answer is not found by its text.
    """
    with opened(policy) as office:
        if about is not None and about_file is not None:
            raise ComplaintError("give one of --about and --about-file")
        where = text_of(about_file) if about_file is not None else about or ""
        one = office.complaints.receive(
            text_of(file, text, "complaint"),
            about=where,
            answer=text_of(answer_file) if answer_file is not None else "",
            ground=ground,
            contact=contact,
            language=language,
            actor=actor,
        )
        note = office.complaints.history(one.id)[0].data.get("note")
        now = office.clock()
    if as_json:
        echo_json({**asdict(one), "state": one.state(now), "note": note})
        return
    click.echo(f"received as {one.id}, to be decided by {minute(one.deadline)} (UTC)")
    if one.record:
        click.echo(f"it is about call {one.record}, found by its {one.found}")
    else:
        click.echo(f"the call that it is about was not found: {note or 'nothing was given'}")


@complaints.command("list")
@click.option("--overdue", is_flag=True, help="Only those past their deadline; exit with 1 if any.")
@click.option("--all", "every", is_flag=True, help="Also those that are done.")
@looking
def list_command(overdue: bool, every: bool, policy: str, as_json: bool) -> None:
    """Show what is to be decided or told, the most urgent first."""
    with opened(policy) as office:
        work, now = office.complaints, office.clock()
        found = work.all() if every and not overdue else work.waiting()
    if overdue:
        found = [one for one in found if one.state(now) == "overdue"]
    found.sort(key=lambda one: (one.decided > 0, one.deadline))
    if as_json:
        for one in found:
            echo_json({**asdict(one), "state": one.state(now), "late": one.late})
    else:
        rows = [_row(one, now) for one in found]
        head = (
            "COMPLAINT",
            "RECEIVED (UTC)",
            "DEADLINE (UTC)",
            "STATE",
            "GROUND",
            "CALL",
            "RESULT",
        )
        click.echo(table(head, rows) if rows else "nothing waits")
    if overdue and found:
        sys.exit(FAILS)


@complaints.command()
@number_argument
@looking
def show(number: str, policy: str, as_json: bool) -> None:
    """Show a complaint: its steps, and its texts where they are not erased."""
    with opened(policy) as office:
        one, now = office.complaints.get(number), office.clock()
        steps, texts = office.complaints.history(one.id), office.complaints.texts(one.id)
    if as_json:
        data = {**asdict(one), "state": one.state(now), "late": one.late}
        echo_json({**data, "steps": history(steps, texts)})
        return
    click.echo(f"complaint  {one.id}\nstate      {_state(one, now)}")
    click.echo(f"deadline   {minute(one.deadline)} (UTC)\ncall       {one.record or 'not found'}\n")
    echo_history(steps, texts)
    if one.erased:
        click.echo("\nits texts are erased")


@complaints.command()
@number_argument
@click.argument("decision", type=click.Choice(DECISIONS))
@click.option("--reason", required=True, help="Why; the complainant is told, the log is not.")
@click.option("--again", is_flag=True, help="Change a decision that was made.")
@acting
def decide(
    number: str, decision: str, reason: str, again: bool, actor: str, policy: str, as_json: bool
) -> None:
    """Decide on a complaint."""
    with opened(policy) as office:
        one = office.complaints.decide(number, decision, reason, actor=actor, again=again)
    if as_json:
        echo_json(asdict(one))
        return
    click.echo(f"{one.decision}{', past its deadline' if one.late else ''}")


@complaints.command()
@number_argument
@click.option("--language", default="", help="Such as zh or en; by default the complainant's.")
@click.option("--sent", is_flag=True, help="Record that it was sent; needs --by.")
@click.option("--by", "actor", default="", help="Who sent it; it goes into the log.")
@policy_option
def notice(number: str, language: str, sent: bool, actor: str, policy: str) -> None:
    """Print what the complainant is to be told: the result, or before, that it was received.

    Nothing is sent: do that where the complainant can be reached, and record it with --sent.
    """
    with opened(policy) as office:
        text = office.complaints.notice(number, language)
        if sent:
            office.complaints.told(number, text, actor=actor)
    click.echo(text)


for command in COMMANDS:
    complaints.add_command(command)


def _row(one: Complaint, now: int) -> tuple[str, ...]:
    return (
        short(one.id), minute(one.received), minute(one.deadline), _state(one, now), one.ground,
        short(one.record), one.decision or "-",
    )  # fmt: skip


def _state(one: Complaint, now: int) -> str:
    state = one.state(now)
    if one.decided:
        return f"{state}, was late" if one.late else state
    days = counted(abs(one.deadline - now) // _DAY, "day")
    return f"overdue by {days}" if state == "overdue" else f"{days} left"
