"""A record to test a log with; what asks for it alone loads no framework of tests."""

from __future__ import annotations

from .._kept import Record
from .._record import commit, new_id
from .._values import Failure, Mark, Usage, Verdict


def sample_record(text: str = "answer") -> Record:
    """Return a record with something in every field."""
    verdict = Verdict(
        category="pii.email", start=3, end=9, score=0.25, outcome="modify", detector="pii",
        version="3f2a",
    )  # fmt: skip
    return Record(
        id=new_id(),
        time=1_700_000_000_000,
        policy="test@0123456789abcdef",
        adapter="python",
        model="m",
        audience="",
        stream=True,
        action="modify",
        ending="completed",
        judged=True,
        request=commit("request", b"s" * 16),
        answer=commit(text, b"s" * 16),
        user=commit("", b"s" * 16),
        messages=1,
        verdicts=(verdict,),
        marks=(Mark(marker="label", kind="visible", where="start", data={"language": "zh"}),),
        failures=(Failure(role="detector", name="d", error="RuntimeError", handled="allow"),),
        usage=Usage(input_tokens=3, output_tokens=5),
        holdback=7,
        duration=12,
        sdk="0",
    )
