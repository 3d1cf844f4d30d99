"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# No test is timed: the machines that run them are shared, and the first example loads a model.
settings.register_profile("chopmark", deadline=None)
settings.load_profile("chopmark")
