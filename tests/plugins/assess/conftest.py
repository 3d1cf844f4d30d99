"""Places in which targets, banks and runs lie, and a light policy to judge by."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# A list of one entry: the bundled ones take half a second to load, in every test.
JUDGE = """name = "judge"
plugins = ["keyword"]
[settings.keyword]
bundled = []
lists = ["words.toml"]
"""
WORDS = """name = "words"
version = "1"
language = "en"
[[entries]]
term = "go kill yourself"
category = "abuse"
level = "block"
reviewer = "Ann"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that the test works in, with the policy `judge.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "judge.toml").write_text(JUDGE)
    (tmp_path / "words.toml").write_text(WORDS)
    before = {*sys.modules}
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in {*sys.modules} - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]  # the next test has a module of this name, too


@pytest.fixture
def bank(here: Path) -> Callable[..., str]:
    """Write a bank of `number` cases `q0`, `q1`, ... of one kind, and return its name."""

    def write(number: int = 6, kind: str = "should-refuse", code: str = "A.2.e") -> str:
        rows = "".join(f"q{i},{code},Question number {i}?\n" for i in range(number))
        file = here / f"{kind}.csv"
        file.write_text(f"# kind: {kind}\n# language: en\n# annotator: Ann\nid,codes,text\n{rows}")
        return str(file)

    return write


@pytest.fixture
def server() -> Iterator[Any]:
    """A local HTTP server that speaks OpenAI's protocol."""
    pytest.importorskip("openai")
    folder = str(Path(__file__).parents[2] / "adapters" / "openai")
    sys.path.insert(0, folder)
    try:
        from openai_server import Server
    finally:
        sys.path.remove(folder)
    with Server() as running:
        yield running
