"""What a mark is worth depends on how hard it is to forge, and on whom it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, issue
from tests.plugins.label.inspected import private_pem, public_pem

from chopmark import load_policy
from chopmark.wording import Wording
from chopmark_c2pa import load_credential, sign_text
from chopmark_desk._inspecting import Inspector
from chopmark_desk._log_search import Search, passages
from chopmark_desk._ours import TECHNIQUES, Names, Row, answer_of
from chopmark_label import Aigc, Finding, Report, inspect_text, read_pins
from chopmark_label._security import seal
from chopmark_label._sm2 import Sm2Signer

US = Names(producer="We", signer="us.example")
NOWHERE = Search(unasked="no_search")


def row(report: Report, technique: str, names: Names = US) -> Row:
    [found] = [one for one in answer_of(report, NOWHERE, names).rows if one.technique == technique]
    return found


def of(*findings: Finding, looked: tuple[str, ...] = ("AIGC", "c2pa")) -> Report:
    return Report(name="a", format="text", findings=findings, looked=looked)


@pytest.mark.parametrize(
    ("producer", "sealed", "pinned", "strength", "state"),
    [
        ("We", False, False, "weak", "ours"),
        ("Others", False, False, "none", "other"),
        ("We", True, False, "weak", "ours"),
        ("We", True, True, "some", "sealed"),
        ("Others", True, True, "none", "other"),
    ],
)
def test_a_block_is_worth_what_its_seal_is_and_names_one_producer(
    tmp_path: Path, producer: str, sealed: bool, pinned: bool, strength: str, state: str
) -> None:
    block = Aigc(label="1", content_producer=producer, produce_id="7")
    if sealed:
        block = seal(block, Sm2Signer.from_pem(private_pem(tmp_path).read_text()))
    pins = read_pins([public_pem(tmp_path)]) if pinned else {}
    found = row(inspect_text(block.to_wrapped(), (), pins), "implicit")
    assert (found.strength, found.state) == (strength, state)


def test_a_block_whose_seal_is_of_another_does_not_hold(tmp_path: Path) -> None:
    block = seal(
        Aigc(label="1", content_producer="We", produce_id="7"),
        Sm2Signer.from_pem(private_pem(tmp_path).read_text()),
    )
    changed = block.to_wrapped().replace('"7"', '"8"')
    assert row(inspect_text(changed, ()), "implicit").strength == "broken"


def test_a_credential_is_strong_where_it_is_ours_and_trusted(tmp_path: Path) -> None:
    issued = issue(tmp_path, KEYS["ed25519"]())
    credential = load_credential(issued.certificate, issued.key)
    signed = sign_text("海风吹过，浪花轻轻。", CLAIM, credential, WHEN)
    trusting = tmp_path / "trusting.toml"
    trusting.write_text(
        f'extends = "inspect"\n[settings.c2pa]\nform = "read"\nanchors = "{issued.root}"\n'
    )
    trusted = Inspector(policy=load_policy(trusting)).text(signed)
    untrusted = Inspector(policy=load_policy("inspect")).text(signed)
    moved = Inspector(policy=load_policy("inspect")).text(f"另{signed}")
    own = tmp_path / "own.toml"
    own.write_text(
        'plugins = ["label", "c2pa"]\n[settings.label]\nproducer = "We"\n[settings.c2pa]\n'
        f'form = "manifest"\ncertificate = "{issued.certificate}"\nkey = "{issued.key}"\n'
    )
    ours, others = Names.of(load_policy(own)), US
    assert ours.producer == "We"
    found = [row(trusted, "c2pa", ours), row(trusted, "c2pa", others)]
    found += [row(untrusted, "c2pa", ours), row(moved, "c2pa", ours)]
    assert [(one.strength, one.state) for one in found] == [
        ("strong", "ours"), ("none", "other"), ("weak", "untrusted"), ("broken", "broken"),
    ]  # fmt: skip


def test_what_was_not_looked_for_is_told_from_what_was_not_found() -> None:
    answer = answer_of(of(looked=("AIGC",)), NOWHERE, US)
    states = {one.technique: (one.strength, one.state) for one in answer.rows}
    assert {*states} == {*TECHNIQUES}
    assert states["implicit"] == ("none", "none")
    assert states["explicit"] == states["c2pa"] == states["watermark"] == ("unknown", "unlooked")
    assert states["log"] == ("unknown", "no_search")


@settings(max_examples=40)
@given(st.data())
def test_every_answer_has_its_words_in_both_languages(data: st.DataObject) -> None:
    kinds = ("visible", "metadata", "signature", "manifest", "watermark", "hidden")
    states = ("found", "trusted", "valid", "pointer", "not checked", "conforms", "verified: a")
    names = st.sampled_from(["We", "us.example", "x"])
    findings = data.draw(st.lists(st.builds(
        Finding, technique=st.just("x"), kind=st.sampled_from(kinds), where=st.just("end"),
        state=st.sampled_from(states), faults=st.sampled_from([(), ("wrong",)]),
        said=st.fixed_dictionaries({"ContentProducer": names, "signer": names}),
    ), max_size=6))  # fmt: skip
    unasked = data.draw(st.sampled_from(["no_text", "no_search", "failed", "unseen"]))
    answer = answer_of(of(*findings), Search(unasked=unasked), US)
    for language in ("en", "zh"):
        say = Wording.of("chopmark_desk", language)
        assert say(f"ours.whole.{answer.strength}")
        for one in answer.rows:
            assert say(f"ours.state.{one.technique}.{one.state}")
            assert say(f"ours.strength.{one.strength}")
            assert say(f"ours.caveat.{one.technique}")
    broken = any(finding.faults for finding in findings if finding.kind in kinds[1:4])
    assert answer.broken == (broken and any(one.strength == "broken" for one in answer.rows))


class Same:
    """An answer that has parts of a text."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts


class There:
    """A part of it."""

    def __init__(self, start: int, end: int) -> None:
        self.text, self.worth = (start, end), "enough"


@given(st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=6, unique=True))
def test_what_is_the_same_is_shown_whole_and_little_else(length: int, cuts: list[int]) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + length)))
    places = sorted(cut for cut in cuts if cut <= length)
    spans = list(zip(places[::2], places[1::2], strict=False))
    match: Any = Same(*(There(*span) for span in spans))
    found = passages(text, match)
    assert [one.text for one in found if one.worth] == [text[start:end] for start, end in spans]
    rest = [one.text for one in found if not one.worth]
    assert sum(map(len, rest)) <= 160 * (len(spans) + 1)
    if not any(one.cut for one in found):
        assert "".join(one.text for one in found) == text
