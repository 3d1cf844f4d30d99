"""The program in a fork of this process: it begins at once, with all that was imported here.

A new interpreter takes a quarter of a second to come that far.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from chopmark._cli import main


class Ended(NamedTuple):
    """How a program ended, and what it had said that was not read before."""

    code: int
    out: str
    err: str


@dataclass
class Forked:
    """A program that runs, and what it says."""

    pid: int
    out: TextIO
    err: TextIO
    code: int | None = None

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self) -> Ended:
        """Wait for its end. What it says on standard error must fit into a pipe."""
        out, err = self.out.read(), self.err.read()
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return Ended(self.code, out, err)


@contextlib.contextmanager
def running(
    *words: str,
    out: int | None = None,
    err: int | None = None,
    first: Callable[[], object] = lambda: None,
) -> Iterator[Forked]:
    """Run `chopmark` with `words` while the block does, and kill it then if it is still there.

    Args:
        words: the command.
        out: where its standard output goes, by default to `Forked.out`.
        err: where its standard error goes, by default to `Forked.err`.
        first: what it does before.
    """
    (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out_read)
        os.close(err_read)
        _run(words, out_write if out is None else out, err_write if err is None else err, first)
    os.close(out_write)
    os.close(err_write)
    with os.fdopen(out_read) as said, os.fdopen(err_read) as told:
        found = Forked(child, said, told)
        try:
            yield found
        finally:
            if found.code is None:
                found.send(signal.SIGKILL)
                os.waitpid(child, 0)


def ended(*words: str, out: int | None = None, first: Callable[[], object] = lambda: None) -> Ended:
    """Run `chopmark` with `words` to its end."""
    with running(*words, out=out, first=first) as program:
        return program.end()


def _run(words: tuple[str, ...], out: int, err: int, first: Callable[[], object]) -> None:
    code = 99
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, _AT_FIRST[number])
        os.dup2(out, 1)
        os.dup2(err, 2)
        for one in {out, err} - {1, 2}:
            os.close(one)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv = ["chopmark", *words]
        first()
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


_AT_FIRST = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGPIPE: signal.SIG_IGN,
}
"""What an interpreter does with signals when it begins."""
