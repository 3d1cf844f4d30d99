"""The index of an evidence pack: which provision has evidence inside, and which has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chopmark.showing import cell, table

from ._provisions import provisions

_HEAD = """# Evidence

Of a service under the policy `POLICY`. It says what was measured and what is set, and what evidence
there is for each provision. It is no statement that a service conforms to a law or a standard:
whether the evidence is enough is for those who read it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A piece of evidence as it stands in the pack; `problem` says why it does not."""

    path: str
    title: str
    shows: tuple[str, ...]
    problem: str = ""


def index(policy: str, written: Sequence[Written]) -> str:
    """Return the index as Markdown, in English with the laws' names in Chinese."""
    inside = [one for one in written if not one.problem]
    failed = [one for one in written if one.problem]
    rows = [(_link(one.path), cell(one.title)) for one in inside]
    parts = [_HEAD.replace("POLICY", policy)]
    parts.append("## Files\n\n" + table(("FILE", "WHAT IT IS"), rows))
    if failed:
        lost = [(cell(one.path), cell(one.title), cell(one.problem)) for one in failed]
        parts.append("## Could not be written\n\n" + table(("FILE", "WHAT IT IS", "WHY"), lost))
    parts.append("## By provision\n")
    laws: dict[str, list[tuple[str, ...]]] = {}
    for provision in provisions().values():
        files = [_link(one.path) for one in inside if provision.id in one.shows]
        law = f"{provision.law['en']}, {provision.law['zh']}\n\n<{provision.url}>"
        laws.setdefault(law, []).append(
            (
                provision.id.partition(".")[2],
                cell(provision.asks["en"]),
                ", ".join(files) or "**nothing in this pack**",
            )
        )
    parts += [
        f"### {law}\n\n{table(('ARTICLE', 'ASKS', 'EVIDENCE'), asked)}"
        for law, asked in laws.items()
    ]
    return "\n".join(parts)


def missing(written: Sequence[Written]) -> list[str]:
    """Return the provisions for which nothing stands in the pack."""
    shown = {name for one in written if not one.problem for name in one.shows}
    return [name for name in provisions() if name not in shown]


def _link(path: str) -> str:
    return f"[{cell(path)}]({quote(path)})"
