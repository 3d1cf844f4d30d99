"""Looks for marks in a text, or in a file that somebody sent.

A file is given to a process of its own, which is killed when its time is over, and has no more
memory than it may: whatever a file makes a library do, the desk goes on.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from chopmark import Policy
from chopmark_label import Finding, Report, inspect_text, read_pins, readers, suffixes

from . import _inspect_process as process
from ._errors import DeskError
from ._kept import Kept

LONGEST = 200_000
"""Characters of a text that is looked into in the desk itself."""
AT_ONCE = 2
"""So many are looked into at a time, and so many processes there are."""
_NAME = 80
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")

Failure = Literal["time", "memory", "unreadable", "broken"]
"""Why nothing is said of a file: it took too long or too much, cannot be read as what it is, or
made what reads it end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found, or why nothing is said; `detail` says more of that, for people who know."""

    report: Report | None = None
    failure: Failure | None = None
    detail: str = ""


class BusyError(DeskError):
    """Others are being looked into; this one has to come again."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many may be looked into at once. Shared by threads.

    `patience` is how many seconds one waits for another to be done.
    """

    patience: float = 5.0
    _free: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(AT_ONCE)
    )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place while the body runs.

        Raises:
            BusyError: there is none, and none becomes free soon.
        """
        if not self._free.acquire(timeout=self.patience):
            raise BusyError("others are being looked into; try again in a minute")
        try:
            yield
        finally:
            self._free.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Looks with the markers that the policy has, and those of the policy `inspect`.

    `keys` are PEM files of known producers. A file may take `seconds`, and `memory` bytes of
    address space. Shared by threads.
    """

    policy: Policy
    keys: tuple[Path, ...] = ()
    seconds: float = 20.0
    memory: int = 3 * 2**29
    _kept: Kept = field(default_factory=Kept)

    def text(self, text: str) -> Report:
        """Return what `text` carries, `LONGEST` characters of which are looked into.

        The markers are made once: to find their plugins takes longer than to look.

        Raises:
            PolicyError: an option of a marker cannot be used.
            FileError: a key cannot be read.
        """
        markers = self._kept.get("markers", lambda: process.without_logs(readers(self.policy)))
        return inspect_text(text[:LONGEST], markers, read_pins(self.keys), name="text")

    def file(self, content: IO[bytes], name: str) -> Looked:
        """Return what a file carries. `name` is what the sender calls it: nothing is opened by it.

        Raises:
            DeskError: no process can be begun, or the disk is full.
        """
        with tempfile.TemporaryDirectory(prefix="chopmark-desk-") as folder:
            path, answer = Path(folder, f"file{ending_of(name)}"), Path(folder, "answer.json")
            try:
                with path.open("xb") as copy:
                    shutil.copyfileobj(content, copy, 2**20)
                ended = self._run(process.Asked(
                    policy=self.policy, keys=self.keys, path=path, answer=answer,
                    seconds=self.seconds, memory=self.memory,
                ))  # fmt: skip
            except OSError as error:
                raise DeskError(
                    f"the file cannot be looked into: {error.strerror}; is the disk full, or are "
                    "there too many processes?"
                ) from error
            return Looked(failure="time") if ended is None else _read(answer, ended, path, name)

    def _run(self, asked: process.Asked) -> int | None:
        """Let a process look; return its exit status, None where it was killed for its time."""
        begun = subprocess.Popen(
            [sys.executable, "-m", process.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),  # not where the file is: modules are looked for there
            env={**without_secrets(os.environ), **process.ENVIRONMENT},
            start_new_session=True,
        )
        try:
            begun.communicate(pickle.dumps(asked), timeout=self.seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _kill(begun)
        return begun.returncode


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without what the desk alone must know."""
    return {k: v for k, v in environment.items() if not k.startswith("CHOPMARK_DESK_")}


def ending_of(name: str) -> str:
    """Return the ending of a file's name where it is one of those that are known, else ""."""
    found = _ENDING.search(name)
    return found[0].lower() if found and found[0].lower() in suffixes() else ""


def shown(name: str) -> str:
    """Return what to call a file that somebody sent: the last part of its name, all of it visible.

    Characters that turn the direction of writing could make `gpj.exe` of `exe.jpg`.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(one if one.isprintable() else "\ufffd" for one in last).strip()
    return plain if len(plain) <= _NAME else f"{plain[: _NAME // 2]}…{plain[-_NAME // 2 :]}"


def _kill(begun: subprocess.Popen[bytes]) -> None:
    """End the process, and all that it began, where it has not ended by itself."""
    if begun.poll() is None:  # else its number may be another's by now
        if hasattr(os, "killpg"):
            os.killpg(begun.pid, signal.SIGKILL)
        else:
            begun.kill()
        begun.wait()
    if begun.stdin is not None:
        with suppress(OSError):
            begun.stdin.close()


def _read(answer: Path, ended: int, path: Path, name: str) -> Looked:
    """Return what a process wrote before it ended; it is not to be believed to be well."""
    try:
        with answer.open("rb") as file:
            said: Mapping[str, Any] = json.loads(file.read(process.MOST_ANSWER))
        if failure := said.get("failure"):
            detail = str(said.get("detail", "")).replace(str(path), shown(name))
            return Looked(failure=failure, detail=detail[:500])
        return Looked(report=_report(said["report"], str(said["text"]), path, shown(name)))
    except (OSError, ValueError, LookupError, TypeError):
        # Ended by a signal: SIGXCPU and SIGKILL of the system are for time, others for a crash.
        timed = ended in (-signal.SIGXCPU, -signal.SIGKILL) if hasattr(signal, "SIGXCPU") else False
        return Looked(failure="time" if timed else "broken", detail=f"status {ended}")


def _report(said: Mapping[str, Any], text: str, path: Path, name: str) -> Report:
    notes = (str(note).replace(str(path), name) for note in said["notes"])
    return Report(
        name=name,
        format=str(said["format"]),
        findings=tuple(map(_finding, said["findings"])),
        faults=tuple(map(str, said["faults"])),
        notes=tuple(notes),
        looked=tuple(map(str, said["looked"])),
        text=text,
    )


def _finding(said: Mapping[str, Any]) -> Finding:
    lists = {key: tuple(map(str, said[key])) for key in ("faults", "notes")}
    return Finding(**{**said, **lists})
