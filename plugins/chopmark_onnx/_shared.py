"""Keeps one loaded model per process, however many policies and threads use it."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from chopmark import ModelError, PluginError

from ._cache import Cache
from ._folder import Folder
from ._packages import not_there

if TYPE_CHECKING:
    from ._scorer import Scorer

_logger = logging.getLogger("chopmark.onnx")


class _Cell:
    """The place of one model in one process: empty, loaded, or broken for good.

    What the model said is remembered here, for all who use it.
    """

    def __init__(self) -> None:
        self.cache = Cache()
        self._lock = threading.Lock()
        self._scorer: Scorer | None = None
        self._broken: ModelError | PluginError | None = None

    def load(self, folder: Folder, threads: int) -> Scorer:
        """Return the model; the first thread loads it while the others wait."""
        if self._scorer is not None:
            return self._scorer
        with self._lock:
            if self._scorer is not None:
                return self._scorer
            if self._broken is not None:
                raise type(self._broken)(*self._broken.args)
            try:
                self._scorer = open_scorer(folder, threads, self.cache)
            except (ModelError, PluginError) as error:
                # A record names the class of an error only, so say here what is wrong, once.
                _logger.error("%s", error)
                # A copy: the traceback of this one would keep the cell alive.
                self._broken = type(error)(*error.args)
                raise
            return self._scorer

    def inherited(self) -> None:
        """Keep the model for ever; called in a child process."""
        if self._scorer is not None:
            self._scorer.network.keep()


def open_scorer(folder: Folder, threads: int, cache: Cache) -> Scorer:
    """Load the model in `folder`; raise `ModelError`, or `PluginError` for a missing package."""
    try:
        from ._scorer import Scorer  # imports tokenizers and numpy, and then onnxruntime

        return Scorer(folder, threads, cache)
    except ImportError as error:
        raise not_there(error.name or str(error)) from error


class _Process:
    """The models of one process, each alive as long as a detector holds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells: WeakValueDictionary[tuple[str, str, int], _Cell] = WeakValueDictionary()


# Module state, against the rule of this code base: an application with a policy for each of its
# customers would otherwise hold the same weights once for each.
_processes: dict[int, _Process] = {}


def _after_fork() -> None:
    """Never free what a child inherits: a session waits for its threads, which are not there."""
    for process in list(_processes.values()):
        for cell in list(process.cells.values()):
            cell.inherited()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Shared:
    """A model that is loaded at first use, once per process.

    A session and the locks around it do not survive a fork: a child finds no cell under its own
    process id, loads anew, and remembers nothing. `cache` is how many windows are remembered; of
    several who share the model, the largest number counts.
    """

    def __init__(self, folder: Folder, threads: int, cache: int) -> None:
        self.folder = folder
        self.threads = threads
        self.cache = cache
        self._cells: dict[int, _Cell] = {}

    def load(self) -> Scorer:
        """Return the model in this process.

        Raises:
            ModelError: it cannot be used; the message was logged too, once.
            PluginError: a package is missing.
        """
        pid = os.getpid()
        cell = self._cells.get(pid)
        if cell is None:
            cell = self._cells.setdefault(pid, self._find(pid))
        return cell.load(self.folder, self.threads)

    def _find(self, pid: int) -> _Cell:
        process = _processes.setdefault(pid, _Process())
        key = (str(self.folder.path), self.folder.digest, self.threads)
        with process.lock:
            cell = process.cells.get(key)
            if cell is None:
                cell = process.cells[key] = _Cell()
            cell.cache.reserve(self.cache)
            return cell
