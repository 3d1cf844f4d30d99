"""The rows of the comparison, and the environment that each one runs in."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

OWN = "chopmark"
"""The environment that has chopmark and LangChain: by default, the one that runs this."""

REQUIREMENTS = {
    "nemoguardrails": ["nemoguardrails==0.24.1"],
    "guardrails-ai": ["guardrails-ai==0.11.0"],
    "openai-guardrails": ["openai-guardrails==0.3.6"],
    OWN: ["-e", f"{ROOT}[langchain,openai]", "langchain>=1.5,<2"],
}
"""By environment. Two of the peers own the same import name, so they cannot share one."""


@dataclass(frozen=True)
class Row:
    """A peer set up in one way: `python script way`, in environment `env`."""

    name: str
    env: str
    script: str
    way: str = ""


ROWS = (
    Row("chopmark, `@chop.guard`", OWN, "peer_chopmark.py", "python"),
    Row("chopmark, OpenAI client", OWN, "peer_chopmark.py", "openai"),
    Row("OpenAI Guardrails", "openai-guardrails", "peer_openai_guardrails.py"),
    Row("chopmark, LangChain `messages`", OWN, "peer_chopmark.py", "messages"),
    Row("LangChain PII, `messages`", OWN, "peer_langchain.py", "messages"),
    Row("chopmark, LangChain `v3`", OWN, "peer_chopmark.py", "v3"),
    Row("LangChain PII, `v3`", OWN, "peer_langchain.py", "v3"),
    Row("NeMo Guardrails", "nemoguardrails", "peer_nemoguardrails.py"),
    Row("Guardrails AI, `exception`", "guardrails-ai", "peer_guardrails_ai.py", "exception"),
    Row("Guardrails AI, `fix`", "guardrails-ai", "peer_guardrails_ai.py", "fix"),
)


class PeerError(Exception):
    """A peer that cannot be run, and why."""


def python_of(place: Path) -> Path:
    """Return the interpreter of `place`, a virtual environment or an interpreter."""
    if place.is_file():
        return place
    for python in (place / "bin" / "python", place / "Scripts" / "python.exe"):
        if python.exists():
            return python
    raise PeerError(f"no environment at {place}; run with --setup, or name one with --env")


def set_up(name: str, place: Path) -> None:
    """Make environment `name` at `place`, unless it is there; raise `PeerError` where pip fails."""
    if (place / "complete").exists():
        return
    print(f"installing {name} into {place}", file=sys.stderr)
    steps = [[sys.executable, "-m", "venv", str(place)]]
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    steps.append([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise PeerError(f"not installed: {' '.join(said)}")
    (place / "complete").touch()


@dataclass
class Running:
    """A row's process, which does nothing between two orders."""

    row: Row
    process: subprocess.Popen[str] = field(repr=False)

    @classmethod
    def start(cls, row: Row, place: Path) -> Running:
        """Start the row's script in the environment at `place`."""
        command = [str(python_of(place)), str(HERE / row.script), *filter(None, [row.way])]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=HERE,
        )
        return cls(row, process)

    def order(self, do: str, *, limit: float = 120.0, **options: Any) -> dict[str, Any]:
        """Return the answer to one order; raise `PeerError` for a failure and after `limit` s."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        watch = threading.Timer(limit, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(json.dumps({"do": do, **options}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError as error:
            raise PeerError(f"{do}: {error}") from error
        finally:
            watch.cancel()
        if not line:
            raise PeerError(f"{do}: its process ended (exit {self.process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise PeerError(f"{do}: {answer['failed']}")
        return answer

    def stop(self) -> None:
        """End the process."""
        if self.process.stdin is not None and self.process.poll() is None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
