"""The commands that forget people: `erase`, `restrict`, `hold`, `prune`; and those that open."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chopmark import LogError, load_policy
from chopmark.terminal import Commands, counted, table

from ._command_bars import bars
from ._command_line import (
    FAILS,
    errors,
    folder_of,
    give_up,
    json_option,
    path_option,
    say,
    shown_time,
    tell,
)

if TYPE_CHECKING:
    from ._erase import Done, Registrar
    from ._folder import LogFolder
    from ._forget import Left
    from ._master import Subject
    from ._opened import Opener

_subject = click.option("--subject", default="", help="The id of the user, as calls gave it.")
_day = click.option(
    "--day", default="", metavar="YYYY-MM-DD", help="Calls of a day (UTC) that named no user."
)
_basis = click.option(
    "--basis", required=True, help="Why, such as an article of the law; it goes into the log."
)


@click.command("erase")
@_subject
@_day
@_basis
@path_option
@json_option
def erase(subject: str, day: str, basis: str, path: Path, as_json: bool) -> None:
    """Make what is kept of a subject unreadable, and take it out of the log's folder.

    What the law (`retention_days` of the policy) or a hold still keeps is restricted: nothing leads
    to it, it is not shown, and `chopmark log prune` erases it when its time has come. The log keeps
    its records and says how many contents were erased, never whose; every proof still holds. Exits
    with 0, with 1 where nothing is kept of the subject, and with 2 where it could not be done.
    """
    from ._forget import erase

    with _refusals(), bars(as_json) as bar:
        found = erase(folder_of(path), _who(subject, day), basis, told=bar)
    _tell(found.done, as_json, found.left)


@click.command("restrict")
@_subject
@_day
@_basis
@click.option(
    "--until", required=True, metavar="YYYY-MM-DD", help="The day (UTC) until which it is kept."
)
@path_option
@json_option
def restrict(subject: str, day: str, basis: str, until: str, path: Path, as_json: bool) -> None:
    """Keep what there is of a subject until a day, and let nobody read it.

    `chopmark log prune` erases it then. Exits with 0, with 1 where nothing is kept of the subject,
    and with 2 where it could not be done.
    """
    with _registrar(path, as_json) as registrar:
        end = _milliseconds(until)
        if end <= time.time_ns() // 1_000_000:
            raise LogError(f"{until} is past, and nothing was changed; to erase, use `erase`")
        done = registrar.erase(_who(subject, day), basis, end)
    _tell(done, as_json)


@click.command("prune")
@path_option
@click.option(
    "--policy", metavar="POLICY",
    help="End also what it keeps no longer, by texts_days and entries_days of [settings.log]; the "
    "log is the one that it names.",
)  # fmt: skip
@json_option
def prune(path: Path, policy: str | None, as_json: bool) -> None:
    """Erase what is due, and finish what a crash cut short. Run it once a day.

    With --policy, texts are erased that are older than `texts_days`, unless the law or a hold keeps
    them, and entries are pruned that are older than `entries_days`. Their hashes stay, so that all
    proofs hold. Where the policy names an `archive`, that must have them first, and is compared.
    Exits with 0, also where nothing was due, and with 2 where it could not be done.
    """
    from ._forget import prune
    from ._options import LogOptions, read_options

    with errors("the same command goes on"):
        options = LogOptions(folder=folder_of(path))
        if policy is not None:
            found = load_policy(policy)
            options = read_options(found.options("log"), found.folder)
        with bars(as_json) as bar:
            done, left, entries = prune(options, bar)
    _tell(done, as_json, left, {"pruned": entries})
    if entries and not as_json:
        click.echo(f"{counted(entries, 'entry', 'entries')} pruned; the hashes stay")


@click.group("hold", cls=Commands)
def hold() -> None:
    """Suspend erasures, for example while a court wants the records."""


@hold.command("add")
@_subject
@_day
@click.option("--record", default="", help="Instead: a record, of whose subject all is kept.")
@click.option("--reason", required=True, help="Why; it goes into the log.")
@path_option
@json_option
def hold_add(subject: str, day: str, record: str, reason: str, path: Path, as_json: bool) -> None:
    """Keep what there is of a subject from being erased, and print the name of the hold.

    Exits with 0, with 1 where nothing is kept of the subject, and with 2 where it could not be
    done.
    """
    with _registrar(path, as_json) as registrar:
        who = None if record and not subject and not day else _who(subject, day, record)
        made = registrar.hold(reason, who, record)
    tell(as_json, made._asdict(), made.name)


@hold.command("rm")
@click.argument("name")
@path_option
@json_option
def hold_rm(name: str, path: Path, as_json: bool) -> None:
    """End the hold NAME; `chopmark log prune` then erases what only it kept.

    Exits with 0, with 1 where there is no such hold, and with 2 where it could not be done.
    """
    with _registrar(path, as_json) as registrar:
        registrar.release(name)
    text = f"{name} ended; `chopmark log prune` erases what only it kept"
    tell(as_json, {"ended": name}, text)


@hold.command("list")
@path_option
@json_option
def hold_list(path: Path, as_json: bool) -> None:
    """Show all holds.

    Exits with 0, also where there is none, and with 2 where they could not be read.
    """
    from ._erase import holds

    with errors():
        folder = folder_of(path)
        folder.open().close()
        found = holds(folder)
    shown = table(("HOLD", "SINCE", "REASON"), [(n, shown_time(t), why) for n, t, why in found])
    tell(as_json, {"held": [one._asdict() for one in found]}, shown)


def show_opened(
    folder: LogFolder, leaf: Mapping[str, Any], fields: str, reason: str
) -> dict[str, str]:
    """Return the texts of a leaf that `fields` names, by field.

    Where they are restricted, the log first takes that they are read, for `reason`.
    """
    from ._erase import registrar
    from ._opened import Opener, RestrictedError, read_fields
    from .verify import open_disclosure

    names = read_fields(fields)
    opener = Opener(folder)
    try:
        try:
            found = opener.open(leaf)
        except RestrictedError:
            if not reason:
                raise
            found = opener.open(leaf, restricted=True)
            with registrar(folder) as by:
                by.record_access(leaf["id"], list(names), reason)
    finally:
        opener.close()
    return {name: open_disclosure(found[name], leaf)[1] for name in names if name in found}


class Opening:
    """Opens the chosen fields of each leaf of an export, and counts those that it cannot."""

    def __init__(self, folder: LogFolder, fields: str) -> None:
        from ._opened import Opener, read_fields

        self._names = read_fields(fields)
        self._opener: Opener = Opener(folder)
        self.closed = 0

    def __call__(self, leaf: bytes) -> list[str]:
        """Return the disclosures of a leaf."""
        from ._opened import ClosedError

        try:
            found = self._opener.open(json.loads(leaf))
        except ClosedError:
            self.closed += 1
            return []
        return [found[name] for name in self._names if name in found]


def _who(subject: str, day: str, other: str = "") -> Subject:
    from ._master import Subject

    if bool(subject) + bool(day) + bool(other) != 1:
        raise LogError("say whose: --subject ID, or --day YYYY-MM-DD for calls that named no user")
    if day:
        _milliseconds(day)
    return Subject.of(subject, day)


def _milliseconds(day: str) -> int:
    try:
        found = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        raise LogError(f"{day!r} is no day; write it as 2026-03-01") from None
    return int(found.timestamp() * 1000)


def _tell(
    done: Done, as_json: bool, left: Sequence[Left] = (), more: Mapping[str, int] | None = None
) -> None:
    if as_json:
        said = {**done._asdict(), **(more or {})}
        say({**said, "left": [one._asdict() for one in left]})
        return
    click.echo(f"contents of {counted(done.erased, 'record')} erased")
    if done.restricted:
        until = f"until {shown_time(done.until)} UTC" if done.until else "by a hold"
        click.echo(f"contents of {counted(done.restricted, 'record')} restricted, kept {until}")
    for one in left:
        click.echo(str(one))
    if left:
        click.echo("texts of a person who was erased are unreadable there: the key is gone")


@contextmanager
def _registrar(path: Path, as_json: bool) -> Iterator[Registrar]:
    """Hold the lock of the log; exit with 1 where nothing is kept of a subject."""
    from ._erase import registrar

    with _refusals(), bars(as_json) as bar, registrar(folder_of(path), bar, of_any=True) as found:
        yield found


@contextmanager
def _refusals() -> Iterator[None]:
    """Exit with 1 where nothing is kept of a subject, and with 2 where something went wrong."""
    from ._erase import NoSubjectError

    with errors("`chopmark log prune` ends what was begun, if it was"):
        try:
            yield
        except NoSubjectError as error:
            give_up(False, str(error), f"Error: {error}", FAILS)


COMMANDS: tuple[click.Command, ...] = (erase, restrict, prune, hold)
