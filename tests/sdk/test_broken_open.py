"""A detector that breaks where it is opened is one that breaks: policy says what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from chopmark import Chopmark, Context, Policy, PolicyBlocked, Verdict
from chopmark.hookspecs import Needs, Scanner
from chopmark.policy import OnError
from chopmark.testing import MemoryLog, plugin


class Opening:
    """A detector of answers that cannot be opened."""

    name, version, blocking, needs = "opening", "1", False, Needs.window(3)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return ()

    def clears(self, text: str, context: Context) -> bool:
        return context.direction == "input"

    def open(self, context: Context) -> Scanner:
        raise RuntimeError("it cannot be opened")


class Seeing(Opening):
    """One that is opened amid an answer, where a glance was not enough."""

    def sight(self, context: Context) -> Seeing:
        return self

    def glance(self, text: str) -> int:
        return -1 if "?" in text else 0

    def ends(self, text: str) -> bool:
        return True

    def open(self, context: Context | None = None) -> Scanner:
        raise RuntimeError("it cannot be opened")


class Blind(Opening):
    """One that has no sight to give."""

    def sight(self, context: Context) -> None:
        raise RuntimeError("it sees nothing")


@pytest.mark.parametrize("kind", [Opening, Seeing, Blind])
@pytest.mark.parametrize("handling", ["block", "allow"])
def test_what_breaks_where_it_is_opened_is_handled_and_recorded(
    kind: type[Opening], handling: str
) -> None:
    log = MemoryLog()
    policy = Policy(name="p", on_error=OnError(detector=handling))  # type: ignore[arg-type]
    chop = Chopmark(policy, plugins=[plugin(detectors=[kind()])], log=log)

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from ("calm, ", "and then? ", "no more")

    told: list[str] = []
    if handling == "allow":
        told += answer("a question")
        assert "".join(told) == "calm, and then? no more"
    else:
        with pytest.raises(PolicyBlocked):
            told.extend(answer("a question"))
        assert "".join(told) in ("", "calm, ")
    [record] = log.records
    [failure] = record.failures
    assert (failure.role, failure.name, failure.handled) == ("detector", "opening", handling)
    assert failure.error == "RuntimeError"
    assert record.ending == ("blocked" if handling == "block" else "completed")
