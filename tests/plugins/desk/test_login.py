"""Logging in, and how a session ends."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Browser


def test_who_logs_in_sees_the_first_page(as_role: Callable[[str], Browser]) -> None:
    page = as_role("viewer").see("/")
    assert "<h1>Overview</h1>" in page
