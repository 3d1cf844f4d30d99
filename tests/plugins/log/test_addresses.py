"""Where a server cannot listen, its command says so in a line, with the cure."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli

MADE = {
    "parent": ["log", "parent", "init", "--origin", "example.com/all"],
    "witness": ["witness", "init", "--name", "example.com/w"],
}
Serve = Callable[..., Result]


@pytest.fixture(params=sorted(MADE))
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Serve:
    words = MADE[request.param]

    def run(*arguments: object) -> Result:
        command = [
            *words[: words.index("init")],
            *map(str, arguments),
            "--path",
            str(tmp_path / "f"),
        ]
        return CliRunner().invoke(cli, command)

    assert run(*words[words.index("init") :]).exit_code == 0
    return lambda *arguments: run("serve", *arguments)


@pytest.mark.parametrize(
    ("host", "port", "cure"),
    [
        ("\udcff\udcfe", 0, "write --host with an IPv4 address of this machine"),
        ("no.such.host.invalid", 0, "write --host with"),
        ("主" * 80, 0, "write --host with"),
        ("a b", 0, "write --host with"),
        ("", 0, "write --host with"),
        ("::1", 0, "write --host with"),
        ("192.0.2.1", 0, "write --host with"),
        ("127.0.0.1", 70000, "write --port with 1 to 65535"),
        ("127.0.0.1", -1, "write --port with 1 to 65535"),
    ],
)
def test_what_is_no_address_is_told_with_the_cure(
    serve: Serve, host: str, port: int, cure: str
) -> None:
    told = serve("--host", host, "--port", port)
    assert isinstance(told.exception, SystemExit), told.exception
    assert told.exit_code == 2
    assert told.stderr.startswith("Error: cannot listen at ")
    assert cure in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_told_with_the_cure(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = serve("--port", taken.getsockname()[1])
    assert told.exit_code == 2
    assert "choose another --port, or stop what listens there" in told.stderr
