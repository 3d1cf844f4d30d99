"""Puts this folder's model classes within reach, and skips it where LlamaIndex is not installed."""

import importlib.util
import sys
from pathlib import Path

import pytest

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, WordDetector, plugin

collect_ignore_glob = []
if importlib.util.find_spec("llama_index") is None:
    collect_ignore_glob.append("test_*.py")
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    words = WordDetector({"FORBIDDEN": "deny", "SECRET": "modify"})
    return Chopmark(Policy(name="test"), plugins=[plugin(detectors=[words], log=log)])
