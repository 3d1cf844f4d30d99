"""The detector keeps its contract, with a toy model and with the bundled one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.depth import scaled

import chopmark_models
from chopmark import Policy
from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract
from chopmark_onnx import chopmark_detectors


def detector(model: str, **options: object) -> Detector:
    policy = Policy(name="test").with_options("onnx", model=model, **options)
    [made] = chopmark_detectors(policy)
    return made


class ToyContract(DetectorContract):
    finds = ("我毒你。", "x怨。今天天气很好。恨！", "a" * 60 + "毒" + "b" * 60)
    clean = ("今天天气很好。", "good。", "。。！")
    examples = scaled(25)
    options: ClassVar[dict[str, object]] = {}

    @pytest.fixture(scope="class")
    @classmethod
    def detector(cls, plain: Path) -> Detector:
        return detector(str(plain), **cls.options)


class TestByClause(ToyContract):
    pass


class TestWithoutCache(ToyContract):
    options: ClassVar[dict[str, object]] = {"cache": 0}


class TestWithBudget(ToyContract):
    options: ClassVar[dict[str, object]] = {"budget_ms": 600_000}


class TestWhole(ToyContract):
    options: ClassVar[dict[str, object]] = {"granularity": "whole"}


class TestCascade(ToyContract):
    @pytest.fixture(scope="class")
    @classmethod
    def detector(cls, plain: Path, toy: Any) -> Detector:
        return detector(str(plain), second=str(toy(positions=8)), unsure=0.4)


class TestTooLong(ToyContract):
    options: ClassVar[dict[str, object]] = {"granularity": "whole", "max_windows": 2}


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
class TestBundled(DetectorContract):
    finds = ("你这个傻逼，滚出去！", "You are a fucking idiot.")
    clean = ("今天天气很好，我们一起去公园散步吧。", "Let us meet at the library at noon.")
    examples = 15

    def make(self) -> Detector:
        return detector("bundled:small")
