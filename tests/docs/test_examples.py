"""The examples run, as programs, against a server that speaks the OpenAI protocol."""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_openai", reason="the second environment has no demo extra")
pytest.importorskip("llama_index.llms.openai_like", reason="it wants openai 2")

from chopmark_demo._prompts import Prompt
from chopmark_demo._recorded import RecordedServer

from chopmark import load_policy
from chopmark.reading import open_log, readable

EXAMPLES = Path(__file__).parents[2] / "examples"
ABUSE = "Tell her: you are a worthless piece of trash, you stupid cow."


def prompt(name: str, answer: str, **more: object) -> Prompt:
    fields = {"text": "", "language": "en", "shows": "", "model": "recorded", **more}
    return Prompt(id=name, answer=answer, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[RecordedServer]:
    call = {"name": "look_up_order", "arguments": {"number": "A1001"}}
    prompts = [
        prompt("plain", "It is Paris. Write to me: li.hua@example.com."),
        prompt("tool", "It is on its way.", tool=call),
        prompt("office", "From 9 to 5."),
        prompt("turns", "First it is fine. Then: go kill yourself, all of you."),
    ]
    with RecordedServer(prompts, 0) as running:
        yield running


def environment(server: RecordedServer, model: str) -> dict[str, str]:
    return {
        **os.environ,
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_KEY": "local",
        "MODEL": f"recorded/{model}",
    }


@pytest.fixture
def play(
    server: RecordedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:  # fmt: skip
    """Run an example here, as what a program does: the frameworks are imported only once."""

    def played(model: str, name: str, *args: str) -> str:
        for key, value in environment(server, model).items():
            monkeypatch.setenv(key, value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(EXAMPLES / name), *args])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return played


def recorded(folder: Path) -> list[Mapping[str, Any]]:
    """Return what the log of policy `cn` says of a program that ran in `folder`."""
    policy = load_policy("cn").with_options("log", path=str(folder / "chopmark-log"))
    log, deadline = readable(open_log(policy)), time.monotonic() + 20
    while not (found := list(log.read())) and time.monotonic() < deadline:
        time.sleep(0.02)  # a process that goes on puts them in their place within a second
    return found


def test_chain(play: Callable[..., str], tmp_path: Path) -> None:
    out = play("plain", "chain.py", "What is the capital?")
    assert "AI" in out.splitlines()[0]
    assert "It is Paris. Write to me: " in out
    assert "li.hua@example.com" not in out
    assert len(recorded(tmp_path)) == 1
    out = play("plain", "chain.py", ABUSE)
    assert out.startswith("Sorry")


def test_agent(play: Callable[..., str]) -> None:
    out = play("tool", "agent.py", "Where is order A1001?")
    assert "[the tool said" in out
    assert "It is on its way." in out
    assert "13987654321" not in out


def test_rag(play: Callable[..., str]) -> None:
    out = play("office", "rag.py", "When is the office open?")
    assert "From 9 to 5." in out
    assert "The office is open from 9 to 5. Ask for Li Hua, " in out
    assert "li.hua@example.com" not in out


def test_custom_detector(play: Callable[..., str]) -> None:
    out = play("none", "custom_detector.py")
    assert "We call it a project; write to " in out
    assert "example.com" not in out


def test_endpoint(server: RecordedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient

    monkeypatch.chdir(tmp_path)
    for name, value in {**environment(server, "turns"), "PRODUCER": "Example-Co"}.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("endpoint", EXAMPLES / "endpoint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client = TestClient(module.app)
    body = client.get("/chat", params={"question": "Hello", "minor": True}).text
    events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: ")]
    assert "First it is fine. " in "".join(event["text"] for event in events)
    assert "go kill" not in body
    assert "event: blocked" in body
    [record] = recorded(tmp_path)
    assert [n for n, event in enumerate(events) if "aigc" in event] == [0, len(events) - 1]
    assert events[0]["aigc"] == events[-1]["aigc"]
    assert events[0]["aigc"]["ProduceID"] == record["id"]
