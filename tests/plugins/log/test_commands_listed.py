"""Each command of a log and of a witness speaks to machines, and says how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chopmark._cli import cli

PAGE = Path(__file__).parents[3] / "docs" / "log.md"
ROW = re.compile(r"^\| `(?:chopmark )?((?:log|witness) [^`]*)` \| [^|]+ \| ([^|]*) \|$", re.M)


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command that does something, however deep in groups it is, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, *names, name)
        else:
            yield " ".join((*names, name)), found


def of(name: str) -> click.Group:
    found = cli.get_command(click.Context(cli), name)
    assert isinstance(found, click.Group)
    return found


ALL = {words: found for name in ("log", "witness") for words, found in commands(of(name), name)}


def documented() -> dict[str, set[str]]:
    """Return the keys that docs/log.md names for what each command prints with --json."""
    return {
        words: set(re.findall(r"`([a-z_]+)`", keys))
        for words, keys in ROW.findall(PAGE.read_text("utf-8"))
    }


@pytest.mark.parametrize("words", sorted(ALL))
def test_each_command_has_json(words: str) -> None:
    (option,) = [one for one in ALL[words].params if "--json" in one.opts]
    assert (option.name, getattr(option, "is_flag", False)) == ("as_json", True)


@pytest.mark.parametrize("words", sorted(ALL))
def test_each_command_tells_its_exit_codes(words: str) -> None:
    told = " ".join((ALL[words].help or "").split())
    assert re.search(r"Exits with 0\b", told)
    if words != "log keys new":  # which reads and writes nothing
        assert re.search(r"\bwith 2 (where|after)\b", told)


@pytest.mark.parametrize("name", ["log", "witness"])
def test_a_group_tells_those_of_all(name: str) -> None:
    told = " ".join((of(name).help or "").split())
    for code in (0, 1, 2, 130):
        assert re.search(rf"\bwith {code}\b", told)


def test_the_page_of_the_log_names_each_command_once() -> None:
    rows = [words for words, _ in ROW.findall(PAGE.read_text("utf-8"))]
    assert sorted(rows) == sorted(ALL)
    assert all(documented().values())
