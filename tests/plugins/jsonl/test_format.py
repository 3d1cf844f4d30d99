"""A record as a line: canonical, whole in both directions, and without content."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import (
    Chopmark,
    Commitment,
    Failure,
    LogError,
    Mark,
    Policy,
    Record,
    Usage,
    Verdict,
    calling,
)
from chopmark.testing import WordDetector, plugin, sample_record
from chopmark_jsonl import decode, encode, read

WORDS = st.text(max_size=12)
COUNTS = st.integers(0, 2**53 - 1)
COMMITMENTS = st.builds(Commitment, digest=st.just("ab" * 32), characters=COUNTS)
VERDICTS = st.builds(
    Verdict,
    category=WORDS,
    start=COUNTS,
    end=COUNTS,
    score=st.floats(0, 1),
    outcome=st.sampled_from(["allow", "warn", "modify", "escalate", "deny"]),
    replacement=st.none() | WORDS,
    detail=WORDS,
    detector=WORDS,
    direction=st.sampled_from(["input", "output"]),
    kind=st.sampled_from(["answer", "tool_call"]),
    part=COUNTS,
)
MARKS = st.builds(
    Mark,
    marker=WORDS,
    kind=WORDS,
    where=WORDS,
    placed=st.booleans(),
    reason=WORDS,
    data=st.dictionaries(WORDS, WORDS, max_size=3),
)
FAILURES = st.builds(
    Failure, role=WORDS, name=WORDS, error=WORDS, handled=st.sampled_from(["block", "allow"])
)
RECORDS = st.builds(
    Record,
    id=WORDS,
    time=COUNTS,
    policy=WORDS,
    adapter=WORDS,
    model=WORDS,
    audience=WORDS,
    stream=st.booleans(),
    action=st.sampled_from(["allow", "modify", "escalate", "block"]),
    ending=st.sampled_from(["completed", "blocked", "abandoned"]),
    judged=st.booleans(),
    request=COMMITMENTS,
    answer=COMMITMENTS,
    user=COMMITMENTS,
    messages=COUNTS,
    verdicts=st.lists(VERDICTS, max_size=2).map(tuple),
    marks=st.lists(MARKS, max_size=2).map(tuple),
    failures=st.lists(FAILURES, max_size=2).map(tuple),
    usage=st.none() | st.builds(Usage, input_tokens=COUNTS, output_tokens=COUNTS),
    holdback=COUNTS,
    duration=COUNTS,
    sdk=WORDS,
)
any_record = settings(
    max_examples=scaled(150), deadline=None, suppress_health_check=list(HealthCheck)
)


@any_record
@given(RECORDS)
def test_line_is_canonical(record: Record) -> None:
    line = encode(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    again = json.dumps(
        json.loads(line), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode()
    assert line == again + b"\n"
    assert not any(isinstance(value, float) for value in leaves(json.loads(line)))


@any_record
@given(RECORDS)
def test_what_was_written_is_read(record: Record) -> None:
    found = decode(encode(record))
    plain = (
        "id", "time", "policy", "adapter", "model", "audience", "stream", "action", "ending",
        "judged", "messages", "holdback", "duration", "sdk",
    )  # fmt: skip
    assert {name: found[name] for name in plain} == {name: getattr(record, name) for name in plain}
    assert (found["v"], found["k"]) == (1, "call")
    for name in ("request", "answer", "user"):
        commitment = getattr(record, name)
        assert Commitment(**found[name]) == commitment
    tokens = record.usage and (record.usage.input_tokens, record.usage.output_tokens)
    assert (found["usage"] and tuple(found["usage"].values())) == tokens
    assert [Mark(**m) for m in found["marks"]] == list(record.marks)
    assert [Failure(**f) for f in found["failures"]] == list(record.failures)
    for line, verdict in zip(found["verdicts"], record.verdicts, strict=True):
        score = line.pop("score")
        assert abs(score - verdict.score * 1000) <= 0.5
        assert Verdict(**line) == replace(verdict, score=1.0, replacement=None)


@any_record
@given(RECORDS, st.integers(0, 2000))
def test_part_of_a_line_is_never_taken_for_a_record(record: Record, cut: int) -> None:
    line = encode(record)
    with pytest.raises(LogError):
        decode(line[: min(cut, len(line) - 2)])


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def test_lone_surrogate_is_escaped_and_read_again() -> None:
    record = replace(sample_record(), model="a\ud800b\\\udfffc😀")
    line = encode(record)
    line.decode("utf-8")
    assert rb"a\ud800b\\\udfffc" in line
    assert decode(line)["model"] == record.model


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "not a whole line"),
        (b"\xff", "not a whole line"),
        (b"[1]", "not a record"),
        (b'{"id":"x"}', "not a record"),
        (b'{"v":2,"k":"call"}', "version 2"),
        (b'{"v":1,"k":"erase"}', "kind 'erase'"),
        (b'{"v":1,"k":"call","id":"x"}', "a record without action, adapter"),
        (b"[" * 100_000, "not a whole line"),
    ],
)
def test_line_that_is_no_record_is_refused(line: bytes, says: str) -> None:
    with pytest.raises(LogError, match=says):
        decode(line)


CANARY = "金丝雀canary"


@settings(max_examples=scaled(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from([CANARY, "秘密", "拒绝", "hello ", "\n"]), max_size=5).map("".join),
    st.lists(st.sampled_from([CANARY, "秘密", "拒绝", "answer "]), max_size=5).map("".join),
)
def test_nothing_of_a_call_s_text_is_in_the_file(
    tmp_path: Path, question: str, answer: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.unlink(missing_ok=True)
    policy = Policy(name="t", plugins=("label", "jsonl")).with_options("jsonl", path=str(path))
    words = WordDetector({"秘密": "modify", "拒绝": "deny"}, replacement=CANARY)
    chop = Chopmark(policy, plugins=[plugin(detectors=[words])])

    @chop.guard(on_block="refuse")
    def model(prompt: str) -> str:
        return CANARY + answer

    with calling(user=CANARY, metadata={"note": CANARY}):
        model(CANARY + question)
    assert chop.log
    chop.log.close()
    data = path.read_bytes()
    for text in (CANARY, "秘密", "拒绝"):
        assert text.encode() not in data
        assert text.encode("unicode_escape") not in data
    (line,) = read(path)
    assert line.record
    assert line.record["request"]["characters"] > 0
