"""A service with a log, calls in it, and the office that takes complaints about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chopmark import Chopmark, Response, load_policy
from chopmark_complaints import Office

DAY = 86_400_000
POLICY = """
plugins = ["jsonl", "complaints"]

[settings.jsonl]
path = "records.jsonl"

[settings.complaints]
path = "complaints.db"
words = "words.toml"
"""
WORDS = """# kept by the desk
name = "desk"
version = "1"
language = "en"

[[entries]]
term = "a first term"
category = "fraud"
level = "warn"
reviewer = "Li"
"""


class Clock:
    """Milliseconds that pass when a test says so; they begin with the test's own time."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(POLICY, "utf-8")
    (tmp_path / "words.toml").write_text(WORDS, "utf-8")
    return path


@pytest.fixture
def call(policy_file: Path) -> Iterator[Callable[[str], Response]]:
    """Return a function that lets the service answer something, and returns the response."""
    responses: list[Response] = []
    chop = Chopmark(load_policy(policy_file))
    answer = chop.guard(on_response=responses.append)(lambda text: text)

    def made(text: str) -> Response:
        answer(text)
        return responses[-1]

    yield made
    chop.close()


@pytest.fixture
def office(policy_file: Path, clock: Clock) -> Iterator[Office]:
    with Office(load_policy(policy_file), clock=clock) as found:
        yield found
