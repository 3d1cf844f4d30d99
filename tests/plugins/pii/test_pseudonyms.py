"""One value has one pseudonym: in a call, and with the operator's key in all calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, Message, Policy, Request, Rules
from chopmark.hookspecs import Marker
from chopmark.testing import MarkerContract
from chopmark_pii import PiiDetector, VaultMarker, chopmark_detectors, chopmark_wrappers

INPUT = Context(direction="input")
OUTPUT = Context(direction="output")
CODE = re.compile(r"<NAME_[B-DF-HJ-NP-TV-XZ]{10}>")


def policy(folder: str = "", **options: object) -> Policy:
    return Policy(
        name="test",
        plugins=("pii",),
        rules=Rules(both={"pii": "modify"}),
        settings={"pii": {"kinds": {"name": True}, **options}},
        folder=folder,
    )


def make(folder: str = "", **options: object) -> PiiDetector:
    made, *_ = chopmark_detectors(policy(folder, action="pseudonym", **options))
    assert isinstance(made, PiiDetector)
    return made


def pseudonym(detector: PiiDetector, text: str, context: Context = INPUT) -> str:
    (verdict,) = detector.judge(text, context)
    assert verdict.replacement is not None
    return verdict.replacement


def test_one_name_has_one_pseudonym_in_questions_and_answers() -> None:
    detector = make()
    first = pseudonym(detector, "我叫周文博")
    assert CODE.fullmatch(first)
    assert pseudonym(detector, "患者：周文博", OUTPUT) == first
    assert pseudonym(detector, "我叫周文静") != first
    english = pseudonym(detector, "My name is John Smith")
    assert pseudonym(detector, "Mr. JOHN SMITH", OUTPUT) == english


def test_the_operators_key_makes_it_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    (tmp_path / "other").write_bytes(bytes(32))
    folder = str(tmp_path)
    text = "我叫周文博"
    ours = pseudonym(make(folder, hash_key_file="key"), text)
    assert pseudonym(make(folder, hash_key_file="key"), text) == ours
    assert pseudonym(make(folder, hash_key_file="other"), text) != ours
    assert pseudonym(make(), text) != pseudonym(make(), text)


def test_every_kind_can_have_its_own_action(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    kinds = {
        "name": "pseudonym", "address": "mask", "organisation": "redact", "email": "vault",
        "cn.mobile": "hash",
    }  # fmt: skip
    detector, *_ = chopmark_detectors(policy(str(tmp_path), kinds=kinds, hash_key_file="key"))
    text = "我叫周文博，住在幸福路12号，在深圳市云海科技有限公司，a@b.cn，13800138000"
    found = {v.category: v.replacement or "" for v in detector.judge(text, INPUT)}
    assert CODE.fullmatch(found["pii.name"])
    assert found["pii.address"] == "幸福****"
    assert found["pii.organisation"] == "[机构]"
    assert found["pii.email"].startswith("<EMAIL_")
    assert found["pii.cn.mobile"].startswith("[手机号:")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我叫周文博", "周**"),
        ("My name is Mary Ann Jones", "M*** A** J****"),
        ("住在长安街12号3单元502室", "长安***********"),
        ("at 12 Main St, Springfield, IL 62704", "12 **** **, ***********, ** *****"),
    ],
)
def test_a_mask_of_a_name_keeps_initials_and_of_an_address_its_begin(
    text: str, masked: str
) -> None:
    detector, *_ = chopmark_detectors(policy(action="mask", kinds={"name": True, "address": True}))
    (verdict,) = detector.judge(text, OUTPUT)
    assert verdict.replacement == masked


def test_a_pseudonym_is_no_personal_data_itself() -> None:
    detector = make(kinds=["name", "email", "address", "organisation"])
    for text in (
        "我叫周文博。",
        "Dr. John Smith",
        "住在长安街12号3单元502室",
        "a@b.cn",
        "Acme Ltd",
    ):
        (verdict,) = detector.judge(text, INPUT)
        assert verdict.replacement is not None
        again = text[: verdict.start] + verdict.replacement + text[verdict.end :]
        assert detector.judge(again, OUTPUT) == []


def test_a_call_gets_numbers_in_order_and_the_same_for_one_value() -> None:
    chop = Chopmark(policy(action="pseudonym", placeholders="number"))
    asked: list[list[dict[str, str]]] = []

    @chop.guard
    def model(messages: list[dict[str, str]]) -> str:
        asked.append(messages)
        return "已通知<NAME_2>和周文博，还有患者：谢婷。"

    said = [
        {"role": "user", "content": "我叫周文博。"},
        {"role": "assistant", "content": "好的。"},
        {"role": "user", "content": "联系人：冯俊杰，发给周文博，a@b.cn。"},
    ]
    answers = {model(said), model(said)}
    assert [message["content"] for message in asked[0]] == [
        "我叫<NAME_1>。", "好的。", "联系人：<NAME_2>，发给<NAME_1>，<EMAIL_1>。",
    ]  # fmt: skip
    assert asked[0] == asked[1]
    assert answers == {"已通知<NAME_2>和<NAME_1>，还有患者：<NAME_3>。"}


def test_the_vault_restores_numbers_however_the_answer_is_cut() -> None:
    chop = Chopmark(policy(action="vault", placeholders="number"))

    @chop.guard
    def model(question: str) -> Iterator[str]:
        assert question == "联系人：<NAME_1>、<NAME_2>"
        yield from "好的，<NAME_2>先到，<NAME_1>后到，<NAME_3>不来。"

    assert "".join(model("联系人：谢婷、冯俊杰")) == "好的，冯俊杰先到，谢婷后到，<NAME_3>不来。"


def test_codes_are_numbered_only_where_the_policy_wants_numbers() -> None:
    assert list(chopmark_wrappers(policy(action="pseudonym"))) == []
    assert list(chopmark_wrappers(policy(placeholders="number"))) == []
    assert len(list(chopmark_wrappers(policy(action="vault", placeholders="number")))) == 1


CORES = ("NAME_BCDFGHJKLM", "NAME_BCDFGHJKLN", "EMAIL_ZZZZZZZZZZ")
REQUEST = Request(messages=(Message(role="user", text=f"<{CORES[0]}>和{CORES[1]}"),))


class TestNumberedMarker(MarkerContract):
    request = REQUEST
    answers = (
        "一个普通的回答。",
        "A plain answer.",
        f"<{CORES[1]}> {CORES[0]} <{CORES[2]}",
        "NAME_",
    )

    def make(self) -> Marker:
        return VaultMarker(None, ("user",), numbered=True)


def test_any_cut_of_an_answer_is_numbered_alike() -> None:
    bits = st.sampled_from(
        [*CORES, *(f"<{core}>" for core in CORES), *"<>_NAMEBCZ a，", "XXXXXXXXXXX_", "BCDFGHJKLM"]
    )

    def run(fed: list[str]) -> str:
        marking = VaultMarker(None, ("user",), numbered=True).open(REQUEST)
        return "".join(map(marking.feed, fed)) + marking.finish()[0]

    @settings(max_examples=scaled(200), deadline=None)
    @given(st.lists(bits, max_size=8).map("".join), st.lists(st.integers(0, 200), max_size=6))
    def tried(text: str, places: list[int]) -> None:
        edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
        whole = run([text])
        assert run(list(text)) == whole
        assert run([text[a:b] for a, b in pairwise(edges)]) == whole

    tried()
