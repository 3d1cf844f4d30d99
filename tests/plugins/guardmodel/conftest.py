"""Puts this folder's server within reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chopmark import Policy
from chopmark_guardmodel import GuardModelDetector
from chopmark_guardmodel._options import read_options

sys.path.insert(0, str(Path(__file__).parent))

from guard_server import MODEL, GuardServer


@pytest.fixture(scope="session")
def running() -> Iterator[GuardServer]:
    with GuardServer() as server:
        yield server


@pytest.fixture
def server(running: GuardServer) -> GuardServer:
    """A guard model's server that forgot what the last test said."""
    running.forget()
    return running


@pytest.fixture
def make(server: GuardServer) -> Callable[..., GuardModelDetector]:
    """Return a function that makes a detector of `format` with options."""

    def made(format: str = "llama-guard-3", **options: Any) -> GuardModelDetector:
        given = {"base_url": server.url, "model": MODEL, "format": format, **options}
        return GuardModelDetector(
            read_options(Policy(name="t").with_options("guardmodel", **given))
        )

    return made
