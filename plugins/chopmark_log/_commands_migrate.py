"""The command `chopmark log migrate`: from the folder of one machine into a shared database."""

from __future__ import annotations

from pathlib import Path

import click

from chopmark import LogError
from chopmark.terminal import counted

from ._command_bars import bars
from ._command_line import errors, folder_of, json_option, path_option, tell
from ._progress import adding


@click.command("migrate")
@path_option
@click.option(
    "--store", metavar="ADDRESS", default="",
    help="The database that the log is moved to, postgresql://USER@HOST/NAME.",
)  # fmt: skip
@click.option("--cancel", is_flag=True, help="Take back a move that was not ended.")
@json_option
def migrate(path: Path, store: str, cancel: bool, as_json: bool) -> None:
    """Move a log from its folder into a Postgres database that machines share.

    It stays the same log: every receipt and every proof holds, its key signs on, and witnesses see
    it grow. All that writes it must have ended. Meanwhile, and afterwards under the old policy,
    calls are refused, by an error that names the new place. All is compared before it counts; then
    texts and keys are taken out of the folder, and the former log.db is put aside there.

    What was cut short, by Ctrl-C or a loss of power, goes on by the same command. Exits with 0
    where the log is moved, or was before, and with 2 where it could not be.
    """
    with errors("the same command goes on, --cancel takes it back"):
        from ._postgres import Address  # before the others: it says what to install

        if bool(store) == cancel:
            raise LogError("say where to, by --store ADDRESS, or --cancel")
        from ._migrate import cancel as take_back
        from ._migrate import migrate as move
        from ._migrate import todo

        folder = folder_of(path)
        if cancel:
            take_back(folder)
            tell(as_json, {"cancelled": True}, f"{path}: the log stays here")
            return
        address = Address.of(store)
        left = todo(folder)
        with bars(as_json) as bar:
            done = move(folder, address, adding(bar, "moving", left))
    entries = counted(done.entries, "entry", "entries")
    lines = [f"{done.origin}: {entries} and {counted(done.contents, 'content')} are in"]
    lines.append(f"  {done.store}")
    if done.aside:
        lines.append(f"the former file is in {done.aside}; `chopmark log verify` still holds there")
    lines.append(f'write into the policy, under [settings.log]: store = "{done.store}"')
    tell(as_json, done._asdict(), "\n".join(lines))
