"""A wrong option is an error that names it and says how to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyError

GOOD: dict[str, Any] = {
    "base_url": "http://127.0.0.1:8000/v1",
    "model": "guard",
    "format": "qwen3guard",
}
SHIELD = {**GOOD, "format": "shieldgemma"}


def load(options: dict[str, Any]) -> Chopmark:
    policy = Policy(name="t", plugins=("guardmodel",))
    return Chopmark(policy.with_options("guardmodel", **options))


def test_three_options_are_enough() -> None:
    (detector,) = load(GOOD).detectors
    assert detector.name == "guardmodel"
    assert detector.blocking


@pytest.mark.parametrize("missing", ["base_url", "model", "format"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(PolicyError, match=f"'{missing}'.*for example {missing} = "):
        load({key: value for key, value in GOOD.items() if key != missing})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**GOOD, "base_url": "127.0.0.1:8000"}, "base_url"),
        ({**GOOD, "base_url": "ftp://host/v1"}, "base_url"),
        ({**GOOD, "base_url": "http://user:pw@host/v1"}, "no user, password"),
        ({**GOOD, "base_url": "user:pw@host/v1"}, "no user, password"),
        ({**GOOD, "base_url": "ftp://user:pw@host/v1"}, "no user, password"),
        ({**GOOD, "format": "llama-guard"}, "llama-guard-3, llama-guard-4"),
        ({**GOOD, "timeout": 0}, "timeout"),
        ({**GOOD, "timeout": float("nan")}, "timeout"),
        ({**GOOD, "timeout": True}, "timeout"),
        ({**GOOD, "concurrency": 0}, "concurrency"),
        ({**GOOD, "history": -1}, "history"),
        ({**GOOD, "cache": 1.5}, "cache"),
        ({**GOOD, "logprobs": "yes"}, "true or false"),
        ({**GOOD, "directions": []}, "directions"),
        ({**GOOD, "directions": ["inwards"]}, "directions"),
        ({**GOOD, "categories": ["S1"]}, "categories"),
        ({**GOOD, "categories": {"S1": 1}}, r"categories\.S1"),
        ({**GOOD, "report_from": 2}, "report_from"),
        ({**GOOD, "threshold": -1}, "threshold"),
        ({**GOOD, "api_key": "s3cret"}, "api_key_env"),
        ({**GOOD, "api_key_env": "NO_SUCH_VARIABLE"}, "not set"),
        ({**GOOD, "api_key_env": 7}, "api_key_env"),
        ({**GOOD, "time_out": 3}, "did you mean 'timeout'"),
        ({**GOOD, "guidelines": {"hate": "x"}}, "only format 'shieldgemma'"),
        (SHIELD, "guidelines.*model card"),
        ({**SHIELD, "guidelines": {"hate": ""}}, r"guidelines\.hate"),
        ({**SHIELD, "guidelines": {"hate": {}}}, r"guidelines\.hate"),
        ({**SHIELD, "guidelines": {"hate": {"inwards": "x"}}}, r"guidelines\.hate"),
        ({**SHIELD, "guidelines": {"hate": 1}}, r"guidelines\.hate"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message) as raised:
        load(options)
    assert "guardmodel" in str(raised.value)
    assert "pw@" not in str(raised.value)
