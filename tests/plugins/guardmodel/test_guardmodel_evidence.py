"""The evidence on a guard model says which is asked, where, and what is done; it asks nothing."""

from __future__ import annotations

import pytest
from tests.plugins.evidence import rows, written

from chopmark import Policy, Rules
from chopmark.reading import gather_evidence

GIVEN = {"base_url": "http://127.0.0.1:9/v1", "model": "guard", "format": "qwen3guard"}


def policy(**options: object) -> Policy:
    rules = Rules(both={"toxic": "warn"})
    made = Policy(name="t", plugins=("guardmodel",), rules=rules)
    return made.with_options("guardmodel", **{**GIVEN, **options})


def test_it_names_the_model_and_where_texts_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARD_KEY", "not-to-be-shown")
    page = written(policy(api_key_env="GUARD_KEY"), "guardmodel")["found.md"]
    assert rows(page)["server, to which the texts go"] == ["http://127.0.0.1:9/v1"]
    assert "not-to-be-shown" not in page


def test_rules_and_the_models_own_word_are_told_apart() -> None:
    said = rows(written(policy(directions=["input"]), "guardmodel")["found.md"])
    assert said["toxic"][1:] == ["warn", "not judged"]
    assert said["violence"][1].startswith("*block where it says Unsafe")
    assert said["political"][1] == "*warn*"


def test_a_policy_without_a_model_has_nothing_to_show() -> None:
    assert not gather_evidence(Policy(name="t"), ["guardmodel"])
