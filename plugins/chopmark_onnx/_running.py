"""How a network is run: by what, with how many threads, and for how many callers at once."""

from __future__ import annotations

from dataclasses import dataclass

from ._providers import CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One way to run a network; who wants it in the same way shares it.

    Args:
        threads: how many threads one run may use.
        providers: onnxruntime's names of what runs it, best first.
        batch: how many windows of callers at the same time one run may join.
        batch_ms: how long the first of them waits for others, in milliseconds.
    """

    threads: int = 1
    providers: tuple[str, ...] = CPU
    batch: int = 1
    batch_ms: float = 0.0
