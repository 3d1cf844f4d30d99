"""Shows the demo in a terminal, with rich: answers as they stream, then one table of outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._marked import Marked
from ._play import Turn
from ._prompts import Prompt

STYLE = {
    "allow": "[green]allowed[/]",
    "modify": "[yellow]redacted[/]",
    "escalate": "[magenta]held for a person[/]",
    "block": "[red]blocked[/]",
}


class Screen:
    """What a person sees."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, policy: str, answered_by: str) -> None:
        """Say what will be shown."""
        self._console.rule("[bold]chopmark demo[/]")
        self._console.print(f"policy [bold]{policy}[/]   answers from [bold]{answered_by}[/]\n")

    def asked(self, number: int, prompt: Prompt, answered_by: str) -> None:
        """Show a prompt, before its answer."""
        self._console.print(f"[bold]{number:>2}[/] [dim]{escape(prompt.shows)}  ({answered_by})[/]")
        self._console.print(f"   [cyan]>[/] {escape(prompt.text)}")
        self._console.print("   [cyan]<[/] ", end="")

    def said(self, text: str) -> None:
        """Show a piece of an answer as it comes."""
        self._console.print(text.replace("\n", "\n     "), end="", markup=False, highlight=False)

    def judged(self, turn: Turn) -> None:
        """Show what was done with the answer, and why."""
        if turn.error:
            gap = "\n     " if turn.said else ""
            self._console.print(f"{gap}[red]{escape(turn.error)}[/]", end="")
        self._console.print()
        parts = [STYLE[turn.action]]
        if turn.why:
            parts.append(", ".join(turn.why))
        held = max((r.holdback for r in turn.responses), default=0)
        parts.append(f"label {turn.labelled}")
        parts.append(f"held back at most {held} characters")
        receipts = [r.receipt for r in turn.responses if r.receipt]
        if receipts:
            parts.append("record " + ", ".join(r.record[-8:] for r in receipts))
        self._console.print(f"     [dim]{'  ·  '.join(parts)}[/]\n")

    def outcomes(self, prompts: Sequence[Prompt], turns: Mapping[str, Mapping[str, Turn]]) -> bool:
        """Show the outcomes of all frameworks side by side; return whether they agree."""
        table = Table(title="The same conversation, the same policy", title_justify="left")
        table.add_column("prompt")
        for framework in turns:
            table.add_column(framework)
        table.add_column("why")
        table.add_column("same?")
        agree = True
        for prompt in prompts:
            row = [turns[framework][prompt.id] for framework in turns]
            same = len({(turn.action, turn.labelled) for turn in row}) == 1
            agree = agree and same
            why = list(dict.fromkeys(c for turn in row for c in turn.why))
            table.add_row(
                prompt.id, *(f"{STYLE[turn.action]} · {turn.labelled}" for turn in row),
                ", ".join(why), "[green]yes[/]" if same else "[red]no[/]",
            )  # fmt: skip
        self._console.print(table)
        return agree

    def marking(self, prompt: str, obstacle: str) -> None:
        """Show the prompt whose answer will be marked while it is written."""
        self._console.print("\n[bold]Marked while it is written[/]: the choice of words is a key's")
        if obstacle:
            self._console.print(f"[yellow]not shown: {escape(obstacle)}[/]")
            return
        self._console.print(f"   [cyan]>[/] {escape(prompt)}")
        self._console.print("   [cyan]<[/] ", end="")

    def marked(self, scene: Marked) -> None:
        """Show what was found in it, and in an answer without the mark."""
        table = Table(title_justify="left")
        for name in ("answer", "verdict", "p, adjusted", "words tested"):
            table.add_column(name)
        for name, found in (("with the key", scene.found), ("without", scene.control)):
            table.add_row(
                name, str(found["verdict"]), f"{10.0 ** found['log10_p_adjusted']:.0e}",
                str(found["scored"]),
            )  # fmt: skip
        self._console.print()
        self._console.print(table)

    def ending(self, path: str, records: Sequence[Mapping[str, Any]], calls: int) -> None:
        """Show a record, and say where all are."""
        telling = [one for one in records if one["verdicts"]] or records
        self._console.print("\n[bold]What is kept of a call[/]: no text of it")
        self._console.print(escape(json.dumps(telling[-1], ensure_ascii=False)), style="dim")
        self._console.print(f"\n{len(records)} records of {calls} model calls in [bold]{path}[/]")
        for command in ("tail", "verify"):
            self._console.print(f"   [bold]chopmark log {command} --path {path}[/]")
