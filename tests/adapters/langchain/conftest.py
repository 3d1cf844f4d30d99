"""Puts this folder's model classes within reach, and skips it where LangChain is not installed."""

import importlib.util
import sys
from pathlib import Path

import pytest

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin

collect_ignore_glob = []
if any(importlib.util.find_spec(name) is None for name in ("langchain", "langchain_tests")):
    collect_ignore_glob.append("test_*.py")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    """A policy that denies one word and replaces another."""
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    return Chopmark(Policy(name="test"), plugins=[plugin(detectors=[words], log=log)])


@pytest.fixture
def marking(log):
    """A policy that denies and replaces, and writes a mark around every prose."""
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    brought = plugin(detectors=[words], markers=[SuffixMarker("<", ">")], log=log)
    return Chopmark(Policy(name="marking"), plugins=[brought])
