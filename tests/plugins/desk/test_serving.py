"""The real command: it starts, bounds what is sent, and stops without breaking anything."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from click.testing import CliRunner

from chopmark import load_policy
from chopmark._cli import cli
from chopmark.reading import open_log, readable
from chopmark_desk._users import Users

from .conftest import PASSWORD, QUICK, Clock

MEGABYTE = 2**20


class Served:
    """`chopmark desk` in a process of its own, and what a browser keeps of it."""

    def __init__(self, policy: Path, *options: str) -> None:
        command = [sys.executable, "-m", "chopmark", "desk", "--policy", str(policy), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, (line, self.process.stderr and self.process.stderr.read())
        self.host, self.port = urlsplit(found[0]).hostname or "", urlsplit(found[0]).port or 0
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        if self.cookies:
            headers["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        try:
            connection.request(method, path, body, headers)
            found = connection.getresponse()
            for name, value in found.getheaders():
                if name == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            text = found.read().decode()
        finally:
            connection.close()
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        self.token = token[1] if token else self.token
        return found.status, text

    def send(self, path: str, form: Mapping[str, str]) -> tuple[int, str]:
        body = urlencode({"csrf": self.token, **form})
        return self.ask("POST", path, body, **{"content-type": "application/x-www-form-urlencoded"})

    def memory(self) -> int:
        """Return the most memory that the process ever had, in kilobytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(how)
        out, err = self.process.communicate()
        return self.process.returncode, out, err


@pytest.fixture
def served(policy_file: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    users = Users(policy_file.parent / "chopmark-desk", Clock(), idle=1, longest=1, cost=QUICK)
    users.add("viewer", "viewer", PASSWORD)
    users.close()
    with policy_file.open("a") as file:
        file.write("\n[settings.desk]\nupload_mb = 1\n")
    running = Served(policy_file, *getattr(request, "param", ()))
    yield running
    running.process.kill()
    running.process.communicate()


def test_ctrl_c_stops_the_desk_and_breaks_nothing(served: Served, policy_file: Path) -> None:
    assert served.ask("GET", "/login")[0] == 200
    assert served.send("/login", {"name": "viewer", "password": PASSWORD})[0] == 303
    assert served.ask("GET", "/")[0] == 200
    with socket.create_connection((served.host, served.port)) as half:  # somebody who is sending
        half.sendall(b"POST /logout HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\ncsrf")
        code, out, err = served.stop()
    assert (code, "the desk is closed" in out, err) == (0, True, "")
    log = readable(open_log(load_policy(policy_file)))
    assert log.faults() == []  # type: ignore[attr-defined]
    log.close()  # type: ignore[attr-defined]
    users = Users(policy_file.parent / "chopmark-desk", Clock(), idle=1, longest=1, cost=QUICK)
    assert [user.name for user in users.all()] == ["viewer"]
    users.close()


@pytest.mark.parametrize("served", [("--public",)], indirect=True)
def test_what_is_too_large_takes_no_memory_and_is_told_so(served: Served) -> None:
    """A gigabyte is announced, then 64 MB come without a length; 1 MB is what the page takes.

    Then it is told to end by SIGTERM, and ends as by Ctrl-C.
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc to read a process's memory from")
    served.ask("GET", "/ours")
    before = served.memory()
    with socket.create_connection((served.host, served.port)) as asking:
        asking.sendall(
            b"POST /ours HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
            b"content-type: multipart/form-data; boundary=b\r\ncontent-length: 1073741824\r\n\r\n"
        )
        assert asking.recv(100).startswith(b"HTTP/1.1 413")
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n'
    pieces = (piece for piece in (head, *[bytes(MEGABYTE)] * 64))
    kind = "multipart/form-data; boundary=b"
    found = served.ask("POST", "/ours", pieces, **{"content-type": kind})
    assert (found[0], "That is too large" in found[1]) == (413, True)
    assert served.memory() - before < 16 * 1024
    assert served.stop(signal.SIGTERM) == (0, "the desk is closed\n", "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "0.0.0.0"), "passwords would go there in the open"),
        (("--behind-proxy",), 'such as name = "desk.example.org"'),
        (("--behind-proxy", "--proxy", "proxy.lan"), "'proxy.lan' is no address; write one such"),
        (("--proxy", "10.0.0.5"), "of no use without --behind-proxy"),
        ((), "Missing option '--policy'"),
        (("--policy", "off"), "keeps no log"),
        (("--policy", "nothing-such"), "nothing-such"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_line(options: tuple[str, ...], told: str) -> None:
    policy = () if "--policy" in options or not options else ("--policy", "off")
    found = CliRunner().invoke(cli, ["desk", *policy, *options])
    assert found.exit_code != 0
    assert told in found.output


def test_a_port_that_is_taken_is_told(policy_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = CliRunner().invoke(cli, ["desk", "--policy", str(policy_file), "--port", port])
    assert (found.exit_code, "choose another --port" in found.output) == (1, True)
    assert "chopmark desk users add NAME --role admin --policy" in found.output


@pytest.mark.parametrize("host", ["\udcff\udcfe", "no.such.host.invalid", "主机", "192.0.2.1"])
def test_a_host_that_is_not_of_this_machine_is_told_with_the_cure(
    policy_file: Path, host: str
) -> None:
    with policy_file.open("a") as file:
        file.write('[settings.desk]\nname = "desk.example.org"\n')
    given = ["desk", "--policy", str(policy_file), "--behind-proxy", "--host", host, "--port", "0"]
    found = CliRunner().invoke(cli, given)
    assert isinstance(found.exception, SystemExit), found.exception
    assert "write --host with an address of this machine" in found.stderr
