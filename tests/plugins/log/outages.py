"""A log at work that is recorded, and what must hold of it after each loss of power."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.plugins.log.crashes import Journal, crash, recording
from tests.plugins.log.renewals import renew

from chopmark import Content, LogError
from chopmark.testing import sample_record
from chopmark_log._audit import audit
from chopmark_log._care import recover
from chopmark_log._content import record_id
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating, publish
from chopmark_log._keyring import ensure
from chopmark_log._leaf import decode
from chopmark_log._log import TransparencyLog
from chopmark_log._side import Side
from chopmark_log._signing import read_verifier_key

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files may be that need not survive: what the disk holds is worked out, not looked up."""


class Outcome(NamedTuple):
    """What was found over `images`: all but `recovered` and `images` must be 0."""

    images: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    unsaid: int = 0
    inconsistent: int = 0
    damaged: int = 0
    recovered: int = 0

    def __add__(self, other: object) -> Outcome:  # type: ignore[override]
        return Outcome(*map(sum, zip(self, other, strict=True)))  # type: ignore[call-overload]

    @property
    def faults(self) -> int:
        wrong = self.lost + self.doubled + self.unknown + self.unsaid
        return wrong + self.inconsistent + self.damaged


def work(root: Path, chance: random.Random, steps: int) -> Journal:
    """Let logs write to the disk and to the system, take in, sign, and end; record all of it."""
    folder = LogFolder(root)
    folder.create("example.com/log")
    ensure(folder)
    with recording(root) as journal:
        store = folder.open(writing=True)
        logs: list[tuple[TransparencyLog, bool]] = []
        for _ in range(steps):
            match chance.choice(
                ("begin", "append", "append", "append", "renew", "take", "sign", "end")
            ):
                case "begin" if len(logs) < 3:
                    disk = chance.random() < 0.7
                    options = {"path": str(root), "integrate": False}
                    log = TransparencyLog({**options, "durability": "disk" if disk else "os"})
                    logs.append((log, disk))
                case "append" if logs:
                    log, disk = chance.choice(logs)
                    for _ in range(chance.choice((1, 1, 3, 40))):
                        record = sample_record("x" * chance.randint(0, 9))
                        journal.told("made", record.id)
                        if chance.random() < 0.5:
                            log.append(record)
                        else:  # of a few subjects, some of which are new
                            said = Content(
                                answer="x" * chance.randint(0, 2000),
                                user=f"u{chance.randint(0, 30)}",
                            )
                            log.append_with(record, said)
                        if disk:
                            journal.told("taken", record.id)
                case "renew" if logs:
                    log, _ = chance.choice(logs)
                    if os.getpid() in log._owns:
                        renew(log)
                case "take":
                    with integrating(folder) as mine:
                        assert mine
                        integrate(folder, store)
                case "sign":
                    with integrating(folder) as mine:
                        assert mine
                        note = publish(folder, store)
                    if note is not None:
                        journal.told("signed", store.size, note)
                case "end" if logs:
                    log, disk = logs.pop(chance.randrange(len(logs)))
                    log.close()
                case _:
                    pass
        for log, _ in logs:
            log.close()
        store.close()
    return journal


def look(journal: Journal, at: int, chance: random.Random) -> Outcome:
    """Return what is found where power is lost behind event `at`, and the log goes on."""
    image = Path(tempfile.mkdtemp(prefix="crash-", dir=FAST))
    try:
        crash(journal, at, chance, image)
        return _look(journal, at, LogFolder(image))
    finally:
        shutil.rmtree(image, ignore_errors=True)


def _look(journal: Journal, at: int, folder: LogFolder) -> Outcome:
    told = [event[1:] for event in journal.events[:at] if event[0] == "told"]
    made = {name for what, name, *_ in told if what == "made"}
    taken = [name for what, name, *_ in told if what == "taken"]
    signed = {size: more[0] for what, size, *more in told if what == "signed"}
    recovered = 0
    store = folder.open(writing=True)
    try:
        try:
            integrate(folder, store)
        except LogError as error:
            if "log recover" not in str(error) or "older copy" in str(error):
                return Outcome(images=1, inconsistent=1)
            recover(folder, "recover-test")  # what was not synced may be damaged between
            recovered = 1
        publish(folder, store)
        leaves = [decode(entry.leaf) for entry in store.entries(0, store.size)]
        found = Counter(leaf["id"] for leaf in leaves if leaf["k"] == "call")
        kept = {size: note for size, _, note in store.checkpoints()}
        side = Side(folder)
        calls = [leaf for leaf in leaves if leaf["k"] == "call"]
        mute = [
            leaf["id"]
            for leaf in calls
            if "payload" in leaf and side.get(record_id(leaf["id"])) is None
        ]
        side.close()
        faults = audit(store, [read_verifier_key(str(folder.public))]).faults
        if recovered:  # where a record is missing that was promised to nobody, its number is too
            faults = tuple(fault for fault in faults if "records are missing" not in fault)
    finally:
        store.close()
    return Outcome(
        images=1,
        lost=sum(not found[name] for name in taken),
        doubled=sum(count > 1 for count in found.values()),
        unknown=sum(name not in made for name in found),
        # Of a record that nobody was promised, `recover` may find the leaf alone; then it says so.
        unsaid=len(set(mute) & set(taken))
        + abs(len(mute) - sum(leaf.get("lacking", 0) for leaf in leaves))
        + sum(leaf["k"] == "gap" and "record" in leaf for leaf in leaves),
        inconsistent=sum(kept.get(size) != note for size, note in signed.items()),
        damaged=len(faults),
        recovered=recovered,
    )


def storm(
    images: int, seed: int, steps: int = 60, progress: Callable[[int], object] = lambda n: None
) -> Outcome:
    """Return what is found over `images` crashes of several histories."""
    chance = random.Random(seed)
    whole = Outcome()
    while whole.images < images:
        with tempfile.TemporaryDirectory(dir=FAST) as there:
            journal = work(Path(there) / "log", chance, steps)
        for _ in range(min(60, images - whole.images)):
            whole += look(journal, chance.randint(0, len(journal.events)), chance)
            progress(whole.images)
    return whole
