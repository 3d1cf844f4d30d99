"""Options of the policy: what they do, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from chopmark import Chopmark, Context, Policy, PolicyError
from chopmark_pii import KINDS, PiiDetector, chopmark_detectors, chopmark_markers

OUTPUT = Context(direction="output")
TEXT = "zhang@example.com，13800138000，京A12345，106.31.73.20，4111111111111111"


def make(folder: str = "", **options: object) -> PiiDetector:
    policy = Policy(name="test", settings={"pii": options}, folder=folder)
    made, *_ = chopmark_detectors(policy)
    assert isinstance(made, PiiDetector)
    return made


def kinds(**options: object) -> list[str]:
    return [v.category.removeprefix("pii.") for v in make(**options).judge(TEXT, OUTPUT)]


def replaced(**options: object) -> dict[str, str | None]:
    found = make(**options).judge(TEXT, OUTPUT)
    return {v.category.removeprefix("pii."): v.replacement for v in found}


def test_by_default_everything_is_redacted_in_chinese() -> None:
    assert replaced() == {
        "email": "[邮箱]", "cn.mobile": "[手机号]", "cn.plate": "[车牌号]", "ip": "[IP地址]",
        "bank_card": "[银行卡号]",
    }  # fmt: skip
    assert replaced(language="en")["email"] == "[EMAIL]"


def test_a_list_names_the_only_kinds_that_are_on() -> None:
    assert kinds(kinds=["email", "pii.ip"]) == ["email", "ip"]
    assert kinds(kinds=["cn"]) == ["cn.mobile", "cn.plate"]


def test_a_table_names_exceptions_and_the_longer_name_goes_first() -> None:
    assert kinds(kinds={"email": False}) == ["cn.mobile", "cn.plate", "ip", "bank_card"]
    assert kinds(kinds={"cn": False}) == ["email", "ip", "bank_card"]
    assert kinds(kinds={"cn": False, "cn.plate": True}) == ["email", "cn.plate", "ip", "bank_card"]
    assert replaced(kinds={"cn": "mask", "cn.plate": "redact"})["cn.plate"] == "[车牌号]"
    assert replaced(kinds={"cn": "mask"})["cn.mobile"] == "*******8000"


def test_dotted_names_work_as_toml_reads_them() -> None:
    assert kinds(kinds={"cn": {"plate": False}}) == ["email", "cn.mobile", "ip", "bank_card"]


def test_a_family_does_not_turn_on_what_is_off_by_default() -> None:
    old = "110105491231002"
    assert make(kinds={"cn": "mask"}).judge(old, OUTPUT) == []
    assert make(kinds={"cn.resident_id_15": "mask"}).judge(old, OUTPUT)


def test_every_kind_can_be_turned_off() -> None:
    assert make(kinds=dict.fromkeys(KINDS, False)).judge(TEXT, OUTPUT) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"acton": "mask"}, ["'acton'", "did you mean 'action'", "hash_key_file", "kinds"]),
        ({"action": "encrypt"}, ["'action'", "'encrypt'", "redact, mask, hash, pseudonym, vault"]),
        ({"placeholders": "names"}, ["'placeholders'", "'names'", "code, number"]),
        ({"language": "fr"}, ["'language'", "'fr'", "zh, en"]),
        ({"kinds": {"cn.mobil": False}}, ["'cn.mobil'", "did you mean 'cn.mobile'", "bank_card"]),
        ({"kinds": ["telephone"]}, ["'telephone'", "cn.mobile"]),
        ({"kinds": {"email": "hide"}}, ["kinds.email", "'hide'", "true, false or one of redact"]),
        ({"kinds": "email"}, ["'kinds'", "write a table"]),
        ({"kinds": [1]}, ["1 is not a kind"]),
        ({"vault_entries": 0}, ["'vault_entries'", "at least 1"]),
        ({"vault_entries": True}, ["'vault_entries'"]),
        ({"vault_seconds": "1h"}, ["'vault_seconds'", "more than 0"]),
        ({"vault_seconds": float("nan")}, ["'vault_seconds'"]),
        ({"action": "hash"}, ["'hash_key_file'", "32 random bytes"]),
        ({"kinds": {"ip": "hash"}}, ["'hash_key_file'"]),
        ({"hash_key_file": "missing.key"}, ["'hash_key_file'", "missing.key", "cannot be read"]),
        ({"hash_key_file": 7}, ["'hash_key_file'", "write the path"]),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(
    options: dict[str, object], said: list[str], tmp_path: Path
) -> None:
    policy = Policy(name="test", settings={"pii": options}, folder=str(tmp_path))
    for hook in (chopmark_detectors, chopmark_markers):
        with pytest.raises(PolicyError) as raised:
            list(hook(policy))
        message = str(raised.value)
        assert "plugin 'pii'" in message
        for part in said:
            assert part in message


def test_a_key_file_is_looked_for_beside_the_policy_and_must_be_long(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    assert make(str(tmp_path), action="hash", hash_key_file="key")
    (tmp_path / "short").write_bytes(b"secret")
    with pytest.raises(PolicyError, match="holds 6 bytes") as raised:
        make(str(tmp_path), action="hash", hash_key_file="short")
    assert "secret" not in str(raised.value)


def test_a_policy_file_sets_it_up(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'plugins = ["pii"]\n[rules]\npii = "modify"\n'
        '[settings.pii]\nlanguage = "en"\n[settings.pii.kinds]\ncn.plate = false\nip = "mask"\n',
        "utf-8",
    )
    screening = Chopmark(file).screen(TEXT)
    assert screening.text == "[EMAIL]，[MOBILE]，京A12345，106.31.*.*，[BANK_CARD]"
    assert screening.action == "modify"
