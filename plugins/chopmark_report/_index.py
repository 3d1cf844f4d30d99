"""The index of an evidence pack: which provision has evidence inside, and which has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chopmark.showing import cell, table
from chopmark.wording import Wording

from ._provisions import provisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A piece of evidence as it stands in the pack; `problem` says why it does not."""

    path: str
    title: str
    shows: tuple[str, ...]
    problem: str = ""


def index(policy: str, written: Sequence[Written], words: Wording, signed: str) -> str:
    """Return the index as Markdown; the laws have their names in Chinese, too.

    `signed` says, as Markdown, who signs the pack.
    """

    def columns(names: str) -> list[str]:
        return [words(f"column.{name}") for name in names.split()]

    inside = [one for one in written if not one.problem]
    failed = [one for one in written if one.problem]
    rows = [(_link(one.path), cell(one.title)) for one in inside]
    parts = [f"# {words('pack.title')}\n{words('pack.head', policy=policy)}\n", f"{signed}\n"]
    parts.append(f"## {words('pack.files')}\n\n{table(columns('file is'), rows)}")
    if failed:
        lost = [(cell(one.path), cell(one.title), cell(one.problem)) for one in failed]
        parts.append(f"## {words('pack.failed')}\n\n{table(columns('file is why'), lost)}")
    parts.append(f"## {words('pack.provisions')}\n")
    laws: dict[str, list[tuple[str, ...]]] = {}
    for provision in provisions().values():
        files = [_link(one.path) for one in inside if provision.id in one.shows]
        law = f"{provision.law['en']}, {provision.law['zh']}\n\n<{provision.url}>"
        laws.setdefault(law, []).append(
            (
                provision.id.partition(".")[2],
                cell(provision.asks[words.language]),
                ", ".join(files)
                or f"**{words('pack.nothing')}**: {cell(provision.without[words.language])}",
            )
        )
    parts += [
        f"### {law}\n\n{table(columns('article asks evidence'), asked)}"
        for law, asked in laws.items()
    ]
    return "\n".join(parts)


def missing(written: Sequence[Written]) -> list[str]:
    """Return the provisions for which nothing stands in the pack."""
    shown = {name for one in written if not one.problem for name in one.shows}
    return [name for name in provisions() if name not in shown]


def _link(path: str) -> str:
    return f"[{cell(path)}]({quote(path)})"
