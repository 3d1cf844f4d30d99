"""Forgets people: takes their contents out of the log itself, now or when the law lets it.

What running processes have of it in their spools goes after that: see `_forget`.
An erasure takes the subject off the key first (`Keys.detach`), so that nothing leads to the records
any more, then what is due is deleted: the key, which makes all under it unreadable at once, and the
ciphertext. What the law or a hold keeps is restricted until `prune` finds it due. Each step may be
cut short: `prune` goes on where it stopped. The log gets leaves that say how much was erased and on
which basis, never whose it was.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from chopmark import LogError

from ._changing import holding
from ._content import record_id
from ._contents import beside, leaf_of
from ._folder import FINGERPRINTS, LogFolder
from ._integrate import integrate, publish
from ._keyring import changed
from ._master import Subject, master_of
from ._packages import check_finding
from ._progress import Steps, adding, unheard
from ._side import Side
from ._store import Store
from ._subject import Keys, Leaving

_TELLING = 4  # a shorter name may stand in any text


class NoSubjectError(LogError):
    """Nothing is kept of the subject."""


class Done(NamedTuple):
    """What was done: how many records were erased, and how many are restricted, until when.

    `until` is in milliseconds since 1970; 0 where a hold without an end keeps them.
    """

    erased: int = 0
    restricted: int = 0
    until: int = 0


class Hold(NamedTuple):
    """What keeps records from being erased, since `since` (milliseconds since 1970)."""

    name: str
    since: int
    reason: str


@dataclass(frozen=True, slots=True)
class Registrar:
    """Changes what is kept of people, and tells how far that is. `registrar` makes it."""

    folder: LogFolder
    store: Store
    keys: Keys
    side: Side
    told: Steps = unheard

    def erase(self, subject: Subject, basis: str, until: int = 0) -> Done:
        """Erase what is kept of `subject`; what must be kept, or shall be until `until`, restrict.

        Raises:
            NoSubjectError: nothing is kept of it; nothing was changed.
            LogError: the basis names the subject, or a file cannot be written.
        """
        _check_said("basis", basis, subject)
        if self.keys.find(self._tag(subject)) is None:
            raise _no_subject(subject)
        integrate(self.folder, self.store)
        self.side.check()  # before anything is changed
        key = self.keys.detach(self._tag(subject), basis, until)
        if key is None:
            raise _no_subject(subject)
        changed(self.folder)
        integrate(self.folder, self.store)  # what calls wrote in between, under the former key
        done = self._settle([one for one in self.keys.leaving() if one.id == key])
        self.say()
        return done

    def prune(self) -> Done:
        """Finish what is due: erasures whose time has come, and what a crash cut short."""
        integrate(self.folder, self.store)
        done = self._settle(self.keys.leaving())
        left = set(self.keys.erased()) & set(self.side.keys())
        for key in left:
            self.clear(key)
        more = adding(self.told, "sweeping", sum(self.side.count(key) for key in left))
        swept = sum(self.side.remove(key, progress=more) for key in left)
        if self._is_indexed():
            from ._find_index import retire

            retire(self.folder)
        self.keys.scrub()
        self.side.scrub()
        self.say()
        return done._replace(erased=done.erased + swept)

    def hold(self, reason: str, subject: Subject | None = None, record: str = "") -> Hold:
        """Suspend the erasure of a subject, or of the one that a record is of.

        Raises:
            NoSubjectError: nothing is kept of it; nothing was changed.
        """
        _check_said("reason", reason, subject)
        hold = Hold(uuid4().hex[:12], _now(), reason)
        if subject is not None:
            tag = self._tag(subject)
            found = self.keys.find(tag)
            if found is None:
                raise _no_subject(subject)
            whats = [tag, found[0]]
        else:
            integrate(self.folder, self.store)
            kept = self.side.get(record_id(record))
            if kept is None:
                raise NoSubjectError(f"no content is kept of record {record}; nothing was changed")
            whats = [kept.key]
        with self.keys.transaction():
            self.keys.hold(hold.name, hold.since, reason, whats)
            said = {"what": "add", "hold": hold.name, "reason": reason}
            self.keys.send(*leaf_of("hold", said))
        self.say()
        return hold

    def release(self, name: str) -> None:
        """End a hold; `prune` then erases what it kept.

        Raises:
            NoSubjectError: there is no such hold.
        """
        with self.keys.transaction():
            if not self.keys.release(name):
                raise NoSubjectError(f"there is no hold {name!r}; see `chopmark log hold list`")
            self.keys.send(*leaf_of("hold", {"what": "rm", "hold": name}))
        self.say()

    def record_access(self, record: str, fields: list[str], reason: str) -> None:
        """Have the log say that restricted content is read."""
        said: dict[str, Any] = {"record": record, "fields": fields, "reason": reason}
        with self.keys.transaction():
            self.keys.send(*leaf_of("access", said))
        self.say()

    def _tag(self, subject: Subject) -> bytes:
        return master_of(self.folder, self.keys).tag(subject)

    def _settle(self, leaving: list[Leaving]) -> Done:
        now, erased, restricted, last = _now(), 0, 0, 0
        counts = {one.id: self.side.count(one.id) for one in leaving}
        more = adding(self.told, "erasing", sum(counts.values()))
        for one in leaving:
            until = max(self.side.until(one.id), one.until)
            held = self.keys.is_held(one.id)
            if until > now or held:
                if not one.told:
                    self.clear(one.id)
                if not held and one.until <= now:
                    erased += self._erase_due(one, now, more)
                count = self.side.count(one.id)
                restricted += count
                more(count)
                last = max(last, until if until > now else 0)
                self._restrict(one, count, until, held)
            else:
                erased += self._finish(one, counts[one.id], more)
        return Done(erased, restricted, last)

    def _restrict(self, one: Leaving, count: int, until: int, held: bool) -> None:
        if one.told:
            return
        said = {"count": count, "basis": one.basis, "until": until, "held": held}
        with self.keys.transaction():
            self.keys.told(one.id)
            self.keys.send(*leaf_of("restrict", said))
        self.keys.scrub()
        self.side.scrub()

    def _erase_due(self, one: Leaving, now: int, more: Callable[[int], object]) -> int:
        """Delete what need not be kept, where the law still wants the rest."""
        count = self.side.count(one.id, before=now)
        if count:  # said first: what is cut short may be said twice, and none goes unsaid
            with self.keys.transaction():
                self.keys.send(*leaf_of("erase", {"count": count, "basis": one.basis}))
            self.side.remove(one.id, before=now, progress=more)
        return count

    def _finish(self, one: Leaving, count: int, more: Callable[[int], object]) -> int:
        with self.keys.transaction():
            self.keys.erase(one.id)
            self.keys.send(*leaf_of("erase", {"count": count, "basis": one.basis}))
        self.keys.scrub()  # from here on nobody can read it
        if not one.told:
            self.clear(one.id)
        self.side.remove(one.id, progress=more)
        self.side.scrub()
        return count

    def clear(self, key: bytes, *older: bytes) -> None:
        """Take the fingerprints of what is under a key off the disk, where texts were looked for.

        Of records with ids from `older` on, if given, they stay. It comes before what says which
        records these are is removed, so that `prune` can do it.
        """
        if self._is_indexed():
            from ._find_index import clear

            clear(self.folder, self.store, self.side.records(key, *older))

    def _is_indexed(self) -> bool:
        found = (self.folder.path / FINGERPRINTS).is_dir()
        if found:
            check_finding()
        return found

    def say(self) -> None:
        """Have the log take what is to be said; it is not taken twice."""
        for id, leaf in self.keys.outbox():
            if not self.store.holds(id, leaf):
                self.store.take([(id, leaf)], {})
            self.keys.sent(id)
        publish(self.folder, self.store)


@contextlib.contextmanager
def registrar(
    folder: LogFolder, told: Steps = unheard, *, of_any: bool = False
) -> Iterator[Registrar]:
    """Do as `holding` does, while a block changes what is kept of people; `told` hears how far.

    Raises:
        NoSubjectError: the log never kept contents, and the block wants those of somebody
            (`of_any`); nothing was changed.
    """
    with holding(folder) as store:
        if of_any and not Keys.are_kept(folder):
            raise NoSubjectError("the log keeps no contents of anybody; nothing was changed")
        keys, side = beside(folder, store)
        yield Registrar(folder, store, keys, side, told)


def holds(folder: LogFolder) -> list[Hold]:
    """Return all holds of a log."""
    if not Keys.are_kept(folder):
        return []
    keys = Keys(folder)
    try:
        return [Hold(*one) for one in keys.holds()]
    finally:
        keys.close()


def _no_subject(subject: Subject) -> NoSubjectError:
    return NoSubjectError(
        f"nothing is kept of {subject.kind} {subject.name!r}: it never was, it was erased, or it "
        "is restricted; nothing was changed"
    )


def _check_said(what: str, said: str, subject: Subject | None) -> None:
    if not said.strip():
        raise LogError(f"the {what} is empty; say why, for example by the article of the law")
    name = subject.name if subject is not None and subject.kind == "user" else ""
    if len(name) >= _TELLING and name in said:
        raise LogError(
            f"the {what} names the subject, and what the log says stays for ever; leave that out"
        )


def _now() -> int:
    return time.time_ns() // 1_000_000
