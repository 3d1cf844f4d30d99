"""Puts this folder's server within reach, and skips it where openai is not installed."""

import importlib.util
import sys
from pathlib import Path

import pytest

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin

collect_ignore_glob = []
if importlib.util.find_spec("openai") is None:
    collect_ignore_glob.append("test_*.py")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def running():
    from openai_server import Server

    with Server() as server:
        yield server


@pytest.fixture
def server(running):
    """A local HTTP server that speaks OpenAI's protocol; it forgets what the last test said."""
    running.forget()
    return running


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
    """A policy that denies and replaces, and writes a mark around all prose."""
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    brought = plugin(detectors=[words], markers=[SuffixMarker("<", ">")], log=log)
    return Chopmark(Policy(name="marking"), plugins=[brought])


@pytest.fixture
def recording(log):
    """A policy that only keeps a record."""
    return Chopmark(Policy(name="recording"), plugins=[plugin(log=log)])
