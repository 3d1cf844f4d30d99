"""What holds for every test."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import time

import pytest
from hypothesis import settings

# No example is timed: the machines that run them are shared, and the first one loads a model.
# The short profile draws the same examples in each run, so that a change fails by what it changes
# and never by chance; `make torture` draws five times as many, and others each time.
settings.register_profile("chopmark", deadline=None, max_examples=20, derandomize=True)
settings.register_profile("full", deadline=None, max_examples=100)  # make torture
settings.load_profile("chopmark")

# Tests and frameworks are a million objects that stay. Looking through them for garbage, time and
# again, takes a third of the time of collecting the tests, and a tenth of that of running them.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage.

    What is garbage by now stays, too: looking for it takes a second of every worker.
    """
    gc.freeze()
    gc.enable()


# Most folders of tests hold a database for a moment. To make one on a disk, which syncs what is
# written, takes twenty times as long as in memory, and four times the processor's time.
FAST = "/dev/shm"
if os.access(FAST, os.W_OK) and shutil.disk_usage(FAST).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", FAST)

# A shell has what it starts in the background ignore Ctrl-C, and so would the programs that tests
# start to interrupt them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def pace() -> float:
    """How many times slower than a plain machine this one is at the moment, at least 1.

    Limits in seconds are multiplied by it, so that they hold on a busy machine, too.
    """
    start = time.process_time()
    sum(number % 7 for number in range(200_000))
    return max(1.0, (time.process_time() - start) / 0.012)
