"""The commands of `chopmark complaints` that correct, give out, erase and verify."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from chopmark.terminal import counted

from ._cli import (
    FAILS,
    acting,
    basis_option,
    echo_json,
    looking,
    number_argument,
    opened,
    text_of,
)
from ._errors import ComplaintError


@click.command()
@number_argument
@click.argument("file", required=False)
@click.option("--term", help="Words for the word list.")
@click.option("--category", help="Of the term, such as fraud.")
@click.option("--level", help="What the term asks for: block, escalate, warn, allow ...")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which the term holds."
)
@click.option(
    "--words", type=click.Path(dir_okay=False, path_type=Path),
    help="The word list; by default that of the policy.",
)  # fmt: skip
@click.option("--label", help="What an example should be called: a category, or allow.")
@acting
def correct(
    number: str,
    file: str | None,
    term: str | None,
    category: str | None,
    level: str | None,
    expires: datetime | None,
    words: Path | None,
    label: str | None,
    actor: str,
    policy: str,
    as_json: bool,
) -> None:
    """Correct: with --term by an entry in a word list, with --label by an example for retraining.

    The entry's reviewer is who acts. The example is the text in FILE, or the answer that came with
    the complaint; `export` gives it out.
    """
    with opened(policy) as office:
        if (term is None) == (label is None):
            raise ComplaintError("say which: --term with --category and --level, or --label")
        if term is not None:
            if category is None or level is None:
                raise ComplaintError("a term needs --category and --level")
            one = office.complaints.correct_words(
                number, term, category=category, level=level, actor=actor,
                expires=expires.date() if expires else None, words=words,
            )  # fmt: skip
        else:
            text = text_of(file) if file is not None else ""
            one = office.complaints.correct_example(number, label or "", actor=actor, text=text)
        data = office.complaints.history(one.id)[-1].data
    if as_json:
        echo_json(asdict(one))
    elif term is not None:
        click.echo(f"entry {data['entry']} of list {data['list']}")
    else:
        click.echo(f"an example of {data['label']}; `chopmark complaints export` gives it out")


@click.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1)
@click.option("--contact", help="Instead: all that came from this contact.")
@basis_option
@acting
def erase(
    numbers: tuple[str, ...],
    contact: str | None,
    basis: str,
    actor: str,
    policy: str,
    as_json: bool,
) -> None:
    """Erase the texts of complaints, their examples too; the log keeps the steps.

    Says which exports still have a text, by their SHA-256: those files are yours to clean. What
    stands in a word list stays.
    """
    with opened(policy) as office:
        if bool(numbers) == (contact is not None):
            raise ComplaintError("say which: NUMBER..., or --contact")
        ids = office.complaints.of_contact(contact) if contact is not None else numbers
        found = office.complaints.erase(ids, basis, actor=actor)
    for one in found:
        if as_json:
            echo_json(asdict(one))
            continue
        click.echo(f"{one.id}: {counted(one.texts, 'text')} erased")
        for digest in one.exports:
            click.echo(f"note: an export has examples of it: SHA-256 {digest}", err=True)


@click.command()
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The new file, of JSON Lines.",
)  # fmt: skip
@acting
def export(out: Path, actor: str, policy: str, as_json: bool) -> None:
    """Write the examples of all corrections for retraining: text, label, number of the complaint.

    Who complained is not in it, and our labels are taken off; else the texts are as they were: look
    for personal data in them.
    """
    with opened(policy) as office:
        made = office.export(out, actor=actor)
    if as_json:
        echo_json({**asdict(made), "path": str(made.path)})
        return
    examples, of = counted(made.examples, "example"), counted(made.complaints, "complaint")
    click.echo(f"{made.path}: {examples} of {of}")


@click.command()
@looking
def verify(policy: str, as_json: bool) -> None:
    """Compare what is kept of complaints and incidents with what the log has; reads it whole.

    Exits with 1 where a step is missing in the log or differs, or a text was changed.
    """
    with opened(policy) as office:
        found = office.verify()
    if as_json:
        echo_json(asdict(found))
    else:
        for fault in found.faults:
            click.echo(fault)
        steps, texts = counted(found.steps, "step"), counted(found.texts, "text")
        click.echo(f"{steps} and {texts} compared: {counted(len(found.faults), 'fault')}")
        if found.only_in_log:
            alone = counted(found.only_in_log, "step")
            click.echo(f"in the log alone, of another file or one gone: {alone}")
    if found.faults:
        sys.exit(FAILS)


COMMANDS: tuple[click.Command, ...] = (correct, export, erase, verify)
