"""What is kept of a user, and what a call makes of it: pure functions of numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

DAY = 86_400.0
ALWAYS = 9e15
"""Seconds since 1970 of a suspension without an end: it stays until somebody lifts it."""


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of a user. Times are in seconds since 1970, 0 where there is none.

    `in_a_row` and `today` count calls in which the user asked for what the policy stops; `day` is
    the day that `today` counts, in days since 1970. `began` and `seen` are the first and the last
    call of the use in progress, `reminded` is when it was last said how long that has been.
    """

    in_a_row: int = 0
    day: int = 0
    today: int = 0
    suspended_until: float = 0.0
    began: float = 0.0
    seen: float = 0.0
    reminded: float = 0.0

    @classmethod
    def unpack(cls, kept: bytes | None) -> State:
        """Return what `pack` gave, a new state for nothing."""
        return cls() if kept is None else cls(**json.loads(kept))

    def pack(self) -> bytes:
        """Return the state as a store keeps it, as JSON in some 130 bytes."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a user is suspended, and when reminded.

    After `in_a_row` calls one after the other, or `a_day` on one day, in which the user asked for
    what is stopped, the service is suspended for `suspend_seconds`: TC260-003 section 7 names 3
    and 5, and no time. `utc_offset_seconds` says when a day begins. A use that paused for
    `pause_seconds` is a new one. 0 switches a limit off.
    """

    in_a_row: int = 3
    a_day: int = 5
    suspend_seconds: float = DAY
    utc_offset_seconds: float = 8 * 3600
    pause_seconds: float = 900.0

    def day(self, now: float) -> int:
        """Return the day of `now`, in days since 1970."""
        return int((now + self.utc_offset_seconds) // DAY)

    def suspended(self, state: State, now: float) -> bool:
        """Return whether the user may not use the service at `now`."""
        return now < state.suspended_until

    def used(self, state: State, now: float) -> float:
        """Return for how many seconds the user has used the service without a pause."""
        return max(0.0, now - state.began) if self._goes_on(state, now) else 0.0

    def due(self, state: State, now: float, every: float) -> bool:
        """Return whether it is to be said how long the use has been, `every` so many seconds."""
        used = self.used(state, now)
        last = max(state.reminded, state.began)
        return every > 0 and used >= every and now - last >= every

    def after(self, state: State, now: float, *, struck: bool | None, reminded: bool) -> State:
        """Return the state after a call; `struck` None says that the user said nothing in it."""
        now = max(now, state.seen)
        began = state.began if self._goes_on(state, now) else now
        state = replace(state, began=began, seen=now)
        if reminded:
            state = replace(state, reminded=now)
        if struck is None or self.suspended(state, now):
            return state
        today = state.today if state.day == self.day(now) else 0
        row = state.in_a_row + 1 if struck else 0
        state = replace(state, in_a_row=row, day=self.day(now), today=today + struck)
        if struck and self._enough(state):
            until = now + self.suspend_seconds if self.suspend_seconds else ALWAYS
            state = replace(state, suspended_until=until, in_a_row=0, today=0)
        return state

    def _enough(self, state: State) -> bool:
        return bool(
            (self.in_a_row and state.in_a_row >= self.in_a_row)
            or (self.a_day and state.today >= self.a_day)
        )

    def _goes_on(self, state: State, now: float) -> bool:
        return state.began > 0 and now - state.seen < self.pause_seconds
