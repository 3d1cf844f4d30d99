"""Makes processes begin other spools, all the time, and kills them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from unittest.mock import patch

from tests.plugins.log import kills

from chopmark_log import _renew, _work
from chopmark_log._log import TransparencyLog


def renew(log: TransparencyLog) -> None:
    """Have the log begin another spool in this process."""
    own = log._owns[os.getpid()]
    former = _renew.begin(own, log.folder)
    if former is not None:
        _renew.end(own, former)


@contextlib.contextmanager
def forced() -> Iterator[None]:
    """Have each process that lives or is forked here begin another spool as soon as it can."""
    with patch.object(_work, "INTERVAL", 0.0005), patch.object(_renew, "MOST", 1):
        yield


def storm(
    rounds: int, seed: int, progress: Callable[[int], object] = lambda n: None
) -> kills.Killed:
    """Do as `kills.storm` does, of processes whose spools change all the time."""
    with forced():
        return kills.storm(rounds, seed, progress)
