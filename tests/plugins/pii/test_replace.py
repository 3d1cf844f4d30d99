"""What stands in the place of personal data."""

from __future__ import annotations

from pathlib import Path

import pytest

from chopmark import Context, Policy
from chopmark._policy_file import load_policy
from chopmark_pii import PiiDetector, chopmark_detectors

INPUT = Context(direction="input")
OUTPUT = Context(direction="output")


def make(folder: str = "", **options: object) -> PiiDetector:
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": options}, folder=folder))
    assert isinstance(made, PiiDetector)
    return made


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111111111111111", "************1111"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("11010519491231002X", "**************002X"),
        ("91110000600037341L", "**************341L"),
        ("13800138000", "*******8000"),
        ("+86 138 0013 8000", "+** *** **** 8000"),
        ("zhang.san@example.com", "z***@example.com"),
        ("192.168.1.10", "192.168.*.*"),
        ("2001:db8::1", "2001:db8::*"),
        ("京A12345", "京A***45"),
        ("沪A·12345", "沪A·***45"),
        ("护照E12345678", "*****5678"),
        ("536-90-4399", "***-**-4399"),
        ("DE89370400440532013000", "******************3000"),
        ("１３８００１３８０００", "*******8000"),
    ],
)
def test_a_mask_keeps_the_end_and_the_separators(text: str, masked: str) -> None:
    (verdict,) = make(action="mask").judge(text, OUTPUT)
    assert verdict.replacement == masked


@pytest.fixture
def hashing(tmp_path: Path) -> PiiDetector:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return make(str(tmp_path), action="hash", hash_key_file="key")


def replacement(detector: PiiDetector, text: str) -> str:
    (verdict,) = detector.judge(text, OUTPUT)
    assert verdict.replacement is not None
    return verdict.replacement


def test_a_hash_is_the_same_for_one_value_however_it_is_written(hashing: PiiDetector) -> None:
    forms = {
        replacement(hashing, text)
        for text in ("13800138000", "+86 138-0013-8000", "138 0013 8000", "１３８００１３８０００")
    }
    assert len(forms) == 1
    assert replacement(hashing, "A@Example.com") == replacement(hashing, "a@example.COM")
    assert replacement(hashing, "a.b@example.com") != replacement(hashing, "ab@example.com")


def test_a_hash_depends_on_the_key_and_the_value(hashing: PiiDetector, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(bytes(32))
    other = make(str(tmp_path), action="hash", hash_key_file="other")
    first = replacement(hashing, "13800138000")
    assert first.startswith("[手机号:")
    assert len(first) == len("[手机号:]") + 16
    assert first != replacement(hashing, "13800138001")
    assert first != replacement(other, "13800138000")


def test_the_hash_is_hmac_sha256_of_kind_and_value(hashing: PiiDetector) -> None:
    import hashlib
    import hmac

    digest = hmac.new(bytes(range(32)), b"cn.mobile\x0013800138000", hashlib.sha256).hexdigest()
    assert replacement(hashing, "13800138000") == f"[手机号:{digest[:16]}]"


def test_the_vault_is_for_input_and_output_is_redacted() -> None:
    detector = make(action="vault")
    (asked,) = detector.judge("写给a@b.cn", INPUT)
    (said,) = detector.judge("写给a@b.cn", OUTPUT)
    assert asked.replacement is not None
    assert asked.replacement.startswith("<EMAIL_")
    assert said.replacement == "[邮箱]"


def test_replacements_are_no_personal_data_themselves(hashing: PiiDetector) -> None:
    texts = [
        "zhang.san@example.com", "4111111111111111", "11010519491231002X", "13800138000",
        "91110000600037341L", "京A12345", "台胞证12345678", "192.168.1.10",
        "DE89370400440532013000",
    ]  # fmt: skip
    for detector, context in (
        (make(), OUTPUT), (make(language="en"), OUTPUT), (hashing, OUTPUT),
        (make(action="vault"), INPUT),
    ):  # fmt: skip
        for text in texts:
            (verdict,) = detector.judge(text, context)
            assert verdict.replacement is not None
            again = text[: verdict.start] + verdict.replacement + text[verdict.end :]
            assert detector.judge(again, OUTPUT) == []


def test_nothing_shows_the_original() -> None:
    detector = make(action="vault")
    (verdict,) = detector.judge("zhang.san@example.com", INPUT)
    shown = repr(verdict) + repr(detector) + repr(detector.vault) + verdict.detail
    assert "zhang" not in shown


@pytest.mark.parametrize(("policy", "placeholder"), [("cn", "[邮箱]"), ("eu", "[EMAIL]")])
def test_readers_of_a_built_in_policy_can_read_the_placeholders(
    policy: str, placeholder: str
) -> None:
    (found,) = make(**load_policy(policy).options("pii")).judge("a@exam.com", OUTPUT)
    assert found.replacement == placeholder
