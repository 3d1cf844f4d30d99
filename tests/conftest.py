"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# No test is timed: the machines that run them are shared, and the first example loads a model.
settings.register_profile("chopmark", deadline=None)
settings.register_profile("again", deadline=None, max_examples=20)  # on another interpreter
settings.load_profile("chopmark")

# A shell has what it starts in the background ignore Ctrl-C, and so would the programs that tests
# start to interrupt them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
