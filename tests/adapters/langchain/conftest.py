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


def _made(name, **brought):
    """A policy that denies one word and replaces another."""
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    return Chopmark(Policy(name=name), plugins=[plugin(detectors=[words], **brought)])


# Made once: guarded classes are kept by policy, and making them is what would take the time.


@pytest.fixture(scope="session")
def session_log():
    return MemoryLog()


@pytest.fixture(scope="session")
def session_chop(session_log):
    return _made("test", log=session_log)


@pytest.fixture(scope="session")
def session_marking(session_log):
    return _made("marking", log=session_log, markers=[SuffixMarker("<", ">")])


@pytest.fixture
def log(session_log):
    session_log.records.clear()
    return session_log


@pytest.fixture
def chop(session_chop, log):
    return session_chop


@pytest.fixture
def marking(session_marking, log):
    """The same policy, with a mark around every prose."""
    return session_marking
