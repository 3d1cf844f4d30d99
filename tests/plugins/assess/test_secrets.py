"""A password or a key in a target's URL: it is sent, and stands in nothing that is written."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from chopmark._cli import cli
from chopmark_assess import AssessError, load
from chopmark_assess._address import Address, hide

SECRET, KEY = "hunter2-%40x", "sk-in-the-query"
SPOKEN = (SECRET, "hunter2-@x", KEY, b64encode(b"ann:hunter2-@x").decode())
SERVICE = """name = "service"
plugins = ["assess", "jsonl"]
[settings.assess]
runs = ["r"]
answers = true
[settings.jsonl]
path = "records.jsonl"
"""


@pytest.fixture
def here(here: Path) -> Path:
    """The folder with a policy that judges and keeps a log, and a service that shows a run."""
    judge = (here / "judge.toml").read_text()
    judge = judge.replace('["keyword"]', '["keyword", "jsonl"]')
    (here / "judge.toml").write_text(judge + '[settings.jsonl]\npath = "records.jsonl"\n')
    (here / "service.toml").write_text(SERVICE)
    return here


@pytest.fixture
def address(server: Any) -> str:
    """The address of the server with a password and a key in it."""
    return f"{server.url.replace('//', f'//ann:{SECRET}@')}?api_key={KEY}&api-version=1"


def chopmark(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def run(address: str, bank: str, *more: object) -> Result:
    return chopmark(
        "assess", "run", address, "--bank", bank, "--model", "m", "-o", "r",
        "--policy", "judge.toml", *more,
    )  # fmt: skip


def completion(text: str) -> dict[str, Any]:
    return {
        "id": "1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        ],
    }  # fmt: skip


def written(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes().decode("utf-8", "replace")


def leaks(folder: Path, *said: Result) -> list[str]:
    """Return where a secret stands, in files and in what commands printed."""
    texts = [*written(folder), *(("printed", one.output) for one in said)]
    return [name for name, text in texts if any(secret in text for secret in SPOKEN)]


def test_a_server_gets_password_and_key_and_nobody_else_does(
    here: Path, bank: Callable[..., str], server: Any, address: str
) -> None:
    from openai_server import json_answer

    server.says(json_answer(completion("I'm sorry, but I can't help with that.")))
    done = run(address, bank(3))
    assert done.exit_code == 0, done.output
    (path, headers, _), *_ = server.requests
    assert path == f"/v1/chat/completions?api_key={KEY}&api-version=1"
    assert headers["authorization"] == f"Basic {SPOKEN[3]}"
    shown = f"{server.url.replace('//', '//***@')}?api_key=***&api-version=1"
    about = json.loads((here / "r/run.json").read_text())
    assert (about["target"], about["plan"]["target"]) == (f"{shown} m", shown)
    assert f'"target":"{shown} m"' in (here / "records.jsonl").read_text().replace('": "', '":"')
    report = chopmark("report", "--policy", "service.toml", "--out", "report.html")
    packed = chopmark("evidence", "--policy", "service.toml", "--out", "pack")
    assert (here / "pack/assess/runs/r/run.json").is_file(), packed.output
    assert shown in (here / "report.html").read_text().replace("&amp;", "&")
    kept = chopmark("assess", "keep", "r", "--to", "kept.jsonl")
    listed = chopmark("assess", "show", "r")
    assert leaks(here, done, report, packed, kept, listed) == []


@pytest.mark.parametrize("status", [401, 500])
def test_what_a_server_says_back_is_hidden_in_errors(
    status: int, here: Path, bank: Callable[..., str], server: Any, address: str
) -> None:
    from openai_server import json_answer

    server.reply = lambda path, body: json_answer(
        {"error": {"message": f"ann:{SECRET} ({SPOKEN[1]}) may not {path}, {address}"}}, status
    )
    done = run(address, bank(3), "--give-up", "2")
    assert done.exit_code == 1
    assert "cases in a row got no answer" in done.output
    assert "***" in (here / "r/answers.jsonl").read_text()
    assert leaks(here, done) == []
    unlisted = chopmark("assess", "run", address, "--bank", bank(3), "-o", "x")
    assert "does not list its models" in unlisted.output
    assert leaks(here, unlisted) == []


def test_a_run_goes_on_when_the_address_is_given_again(
    here: Path, bank: Callable[..., str], server: Any, address: str
) -> None:
    from openai_server import json_answer

    server.says(json_answer({}, 500))
    assert run(address, bank(3), "--give-up", "1").exit_code == 1
    server.says(json_answer(completion("I'm sorry, but I can't help with that.")))
    asked_for = chopmark("assess", "resume", "r")
    assert asked_for.exit_code == 1
    assert "is kept nowhere; give the URL with it" in asked_for.output
    other = chopmark("assess", "resume", "r", "--target", address.replace("ann", "bo") + "&x=1")
    assert "is a run of something else: target was" in other.output
    done = chopmark("assess", "resume", "r", "--target", address)
    assert done.exit_code == 0, done.output
    assert leaks(here, asked_for, other, done) == []


def test_runs_that_have_a_password_in_them_do_not_show_it(
    here: Path, bank: Callable[..., str], server: Any, address: str
) -> None:
    from openai_server import json_answer

    server.says(json_answer(completion("I'm sorry, but I can't help with that.")))
    assert run(server.url, bank(3)).exit_code == 0
    about = json.loads((here / "r/run.json").read_text())
    about["target"], about["plan"]["target"] = f"{address} m", address
    (here / "r/run.json").write_text(json.dumps(about, indent=2))
    answers = (here / "r/answers.jsonl").read_text().splitlines()
    odd = {**json.loads(answers[-1]), "error": f"no way to {address}"}
    (here / "r/answers.jsonl").write_text("\n".join([*answers[:-1], json.dumps(odd)]) + "\n")
    (here / "r/event.json").unlink()  # it is of other results
    assert "***" in load(here / "r").about["target"]
    chopmark("evidence", "--policy", "service.toml", "--out", "pack")
    assert "***" in (here / "pack/assess/runs/r/answers.jsonl").read_text()
    told = (here / "pack/assess/runs/r/summary.md").read_text()
    assert "yes, with the password or key in the target's URL hidden" in told
    report = chopmark("report", "--policy", "service.toml", "--out", "report.html")
    assert leaks(here / "pack", report, chopmark("assess", "cases", "r", "--json")) == []
    assert not any(secret in (here / "report.html").read_text() for secret in SPOKEN)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000/v1/@cf/x", "http://[::1]:8000/v1/@cf/x"),
        ("http://u:p@h/v1", "http://***@h/v1"),
        ("http://token@h:1", "http://***@h:1"),
        ("https://h/v1?key&a=b#c", "https://h/v1?***&a=***#***"),
        ("https://h?api-version=1", "https://h?api-version=1"),
        ("no http://u:p@h: refused, or http://h:80.", "no http://***@h: refused, or http://h:80."),
        ("http://u:a/b@h/v1", "http://***"),
        ("postgresql://u:p@h/db", "postgresql://***@h/db"),
        ("a text: b//c", "a text: b//c"),
    ],
)
def test_secrets_in_addresses_are_hidden_and_nothing_else(written: str, shown: str) -> None:
    assert hide(written) == shown


WORD = st.text("abcxyzABC019-._~!$&'()*+,;:%", min_size=5, max_size=20)


@given(WORD, WORD, WORD)
def test_no_password_and_no_key_is_shown(user: str, password: str, value: str) -> None:
    user, value = user.replace(":", ""), value.replace("&", "").replace(";", "")
    written = f"https://Q{user}:Q{password}@host/v1?k=Q{value}"
    address = Address.of(written)
    assert address.shown == hide(written) == hide(hide(written))
    assert "Q" not in address.shown + address.url
    assert "Q" + password not in address.hide(f"it is Q{password}, {written}")


@pytest.mark.parametrize(
    "written", ["http://u:a b@h", "http://", "http://u:a/b@h", "http://u:a#b@h"]
)
def test_what_is_no_address_is_named_without_its_password(written: str) -> None:
    with pytest.raises(AssessError, match="is no URL; in a password write") as told:
        Address.of(written)
    assert "u:a" not in str(told.value)
