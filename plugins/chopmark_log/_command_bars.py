"""Shows how far long work is: bars on standard error, and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ._progress import Steps, unheard

_MOVES = 200
"""How often a bar moves, at the most."""


@contextmanager
def bars(as_json: bool, least: int = 1) -> Iterator[Steps]:
    """Yield what shows a bar for each step that it is told of; steps come one after the other.

    None is shown to a machine (`as_json`, or standard error is no terminal), nor of a step of fewer
    than `least`. A bar ends with the next step, or with the block, however that ends: what is
    printed afterwards begins a line.
    """
    if as_json or not sys.stderr.isatty():
        yield unheard
        return
    shown = _Bars(least)
    try:
        yield shown.told
    finally:
        shown.end()


class _Bars:
    def __init__(self, least: int) -> None:
        self._least = least
        self._step = ""
        self._bar: Any = None

    def told(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self.end()
            self._step = step
            if total >= self._least:
                bar = click.progressbar(length=total, label=step, file=sys.stderr)
                self._bar = bar.__enter__()
        if self._bar is None:
            return
        more = min(done, self._bar.length) - self._bar.pos
        if more * _MOVES >= self._bar.length or done >= total:
            self._bar.update(more)

    def end(self) -> None:
        bar, self._bar, self._step = self._bar, None, ""
        if bar is not None:
            bar.__exit__(None, None, None)
