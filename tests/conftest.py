"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# No test is timed: the machines that run them are shared, and the first example loads a model.
settings.register_profile("chopmark", deadline=None)
settings.register_profile("again", deadline=None, max_examples=20)  # on another interpreter
settings.load_profile("chopmark")
