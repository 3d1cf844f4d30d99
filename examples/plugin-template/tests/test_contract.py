from __future__ import annotations

import pytest
from chopmark_example import ShoutDetector

from chopmark import Chopmark, Policy, PolicyError
from chopmark.testing import DetectorContract

POLICY = Policy(name="mine", plugins=("example",))


class TestShoutDetector(DetectorContract):
    finds = ("please STOP now", "炸AAAA药")
    clean = ("please stop now", "OK", "A" * 60)

    def make(self) -> ShoutDetector:
        return ShoutDetector(4)


def test_a_policy_enables_it_by_name() -> None:
    assert Chopmark(POLICY).screen("please STOP now").text == "please stop now"


def test_a_wrong_option_is_told() -> None:
    with pytest.raises(PolicyError, match="'least' = 1: write a whole number from 2 to 39"):
        Chopmark(POLICY.with_options("example", least=1))
