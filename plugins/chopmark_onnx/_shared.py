"""Keeps one loaded model per process, however many policies and threads use it."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from chopmark import ModelError, PluginError
from chopmark.forking import WHOLE

from ._cache import Cache
from ._folder import Folder
from ._packages import not_there
from ._running import Running

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

    def load(self, folder: Folder, running: Running) -> Scorer:
        """Return the model; the first thread loads it while the others wait."""
        if self._scorer is not None:
            return self._scorer
        with self._lock:
            if self._scorer is not None:
                return self._scorer
            if self._broken is not None:
                raise type(self._broken)(*self._broken.args)
            try:
                self._scorer = open_scorer(folder, running, self.cache)
            except (ModelError, PluginError) as error:
                # A record names the class of an error only, so say here what is wrong, once.
                _logger.error("%s", error)
                # A copy: the traceback of this one would keep the cell alive.
                self._broken = type(error)(*error.args)
                raise
            return self._scorer

    @property
    def busy(self) -> bool:
        """Whether a thread is loading the model, or at work with it."""
        return self._lock.locked() or (self._scorer is not None and bool(self._scorer.running))

    def inherited(self, *, quiet: bool) -> _Cell | None:
        """Return a cell for a child process with this model, or None where it cannot be used.

        What cannot be used is kept for ever: a session that is freed waits for its threads, which
        are not there.
        """
        if self._scorer is None:
            return None
        cell = _Cell()
        cell.cache.reserve(self.cache.size)
        if not quiet or not self._scorer.inherit(cell.cache):
            self._scorer.network.keep()
            return None
        cell._scorer = self._scorer
        return cell


def open_scorer(folder: Folder, running: Running, cache: Cache) -> Scorer:
    """Load the model in `folder`; raise `ModelError`, or `PluginError` for a missing package."""
    try:
        with WHOLE.lock:  # a fork amid an import leaves a child that can never import that
            # These import tokenizers and numpy, and then onnxruntime.
            from ._scorer import Scorer
            from ._token_scorer import TokenScorer

        kind = TokenScorer if folder.by_token else Scorer
        return kind(folder, running, cache)
    except ImportError as error:
        raise not_there(error.name or str(error)) from error


_Key = tuple[str, str, Running]


class _Process:
    """The models of one process, each alive as long as a detector holds it, or inherited."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells: WeakValueDictionary[_Key, _Cell] = WeakValueDictionary()
        self.inherited: list[_Cell] = []


# Module state, against the rule of this code base: an application with a policy for each of its
# customers would otherwise hold the same weights once for each.
_processes: dict[int, _Process] = {}
_forking: list[int] = []


def _before_fork() -> None:
    _forking[:] = [os.getpid()]


def _after_fork() -> None:
    """Hand on to a child what it can use; see `Shared`."""
    child = _processes[os.getpid()] = _Process()
    for pid, process in list(_processes.items()):
        cells = list(process.cells.items())
        # Sessions share locks of onnxruntime: one that is at work spoils the others.
        quiet = pid in _forking and not any(cell.busy for _, cell in cells)
        for key, cell in cells:
            if (handed := cell.inherited(quiet=quiet)) is not None:
                child.cells[key] = handed
                child.inherited.append(handed)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


class Shared:
    """A model that is loaded at first use, once per process.

    A forked child goes on with the model of its parent, whose memory it shares, where that has one
    thread, on the CPU, and no thread was at work with any model when the process was forked: so a
    server that loads it before it forks its workers has it once. Else the session, and the locks
    around it, do not survive the fork, and the child loads anew. It remembers nothing.

    `cache` is how many windows are remembered; of several who share the model, the largest number
    counts.
    """

    def __init__(self, folder: Folder, running: Running, cache: int) -> None:
        self.folder = folder
        self.running = running
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
        return cell.load(self.folder, self.running)

    def _find(self, pid: int) -> _Cell:
        process = _processes.setdefault(pid, _Process())
        key = (str(self.folder.path), self.folder.digest, self.running)
        with process.lock:
            cell = process.cells.get(key)
            if cell is None:
                cell = process.cells[key] = _Cell()
            cell.cache.reserve(self.cache)
            return cell
