"""How the risk of a conversation builds up and decays: pure functions of two numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chopmark import Verdict

NOT_RISK = ("conversation", "error", "unjudged", "wrapper")
"""Categories that say nothing of what was said: a risk must not feed on itself."""

_PACKED = struct.Struct(">dd")


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of a conversation: its risk, 0..1, at a time in seconds since 1970."""

    risk: float
    at: float

    @classmethod
    def unpack(cls, kept: bytes | None) -> State | None:
        """Return what `pack` gave, None for nothing."""
        return None if kept is None else cls(*_PACKED.unpack(kept))

    def pack(self) -> bytes:
        """Return the state as a store keeps it: both numbers as doubles, 16 bytes."""
        return _PACKED.pack(self.risk, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How fast risk builds up and decays.

    A turn adds `share` of what is left to 1, times the weight and the excess of its worst verdict
    over `floor`: so a turn can never bring it to 1. Risk halves in `half_life_turns` answered
    turns, and in `half_life_seconds`. `weights` are by category: `pii.email` falls back to `pii`,
    then to `*`, then to 1.
    """

    share: float = 0.5
    floor: float = 0.3
    half_life_turns: float = 8.0
    half_life_seconds: float = 3600.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def decayed(self, state: State | None, now: float, *, turns: int = 0) -> float:
        """Return the risk of `state` at `now`, `turns` turns later. Time never runs back."""
        if state is None:
            return 0.0
        elapsed = max(0.0, now - state.at)
        halves = turns / self.half_life_turns + elapsed / self.half_life_seconds
        return state.risk * math.pow(0.5, halves)

    def gain(self, verdicts: Iterable[Verdict]) -> float:
        """Return what a turn with `verdicts` adds, 0..`share`, where there was no risk before."""
        worst = max(map(self._weighed, verdicts), default=0.0)
        return self.share * worst

    def after(self, state: State | None, now: float, gain: float, *, answered: bool) -> State:
        """Return the state after a turn. One that was not answered does not let risk decay."""
        risk = self.decayed(state, now, turns=1 if answered else 0)
        return State(risk + gain * (1.0 - risk), now if state is None else max(now, state.at))

    def _weighed(self, verdict: Verdict) -> float:
        parts = verdict.category.split(".")
        if parts[0] in NOT_RISK:
            return 0.0
        names = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        weight = next((self.weights[name] for name in [*names, "*"] if name in self.weights), 1.0)
        excess = (verdict.score - self.floor) / (1.0 - self.floor)
        return weight * max(0.0, excess)
