"""Asks an OpenAI-compatible server over HTTP: one pool of connections, one deadline a question."""

from __future__ import annotations

import importlib.util
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chopmark import PluginError
from chopmark.forking import WHOLE

from ._answer import Answer, Token
from ._errors import GuardModelAnswerError, GuardModelTimeoutError, GuardModelUnreachableError

if TYPE_CHECKING:
    import urllib3

MOST_BYTES = 1 << 20
"""The most bytes of a body that are read: an answer with its probabilities has a few thousand."""

_CURES = {
    400: "the text may be longer than the model's context, or set `logprobs = false`",
    401: "name the variable that holds the key in `api_key_env`",
    403: "name the variable that holds the key in `api_key_env`",
    404: "check `base_url`, which mostly ends in /v1, and `model`",
}


def check_packages() -> None:
    """Raise `PluginError` where urllib3 is missing; it is imported at the first question."""
    if importlib.util.find_spec("urllib3") is None:
        raise PluginError(
            "plugin 'guardmodel' needs urllib3, which is not installed: "
            "pip install 'chopmark[guardmodel]'"
        )


class Client:
    """Asks one server. Shared by threads; a forked process opens connections of its own.

    Nothing is read from proxy variables, and no redirect is followed: the texts go to `base_url`
    and nowhere else. `timeout` is in seconds, for all of a question: the wait for one of the
    `concurrency` connections, the answer, and its last byte.
    """

    def __init__(self, base_url: str, api_key: str, timeout: float, concurrency: int) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._path = urlsplit(self._url).path
        self._headers = {"content-type": "application/json", "accept": "application/json"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._timeout = timeout
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._process = 0

    def ask(self, body: Mapping[str, object]) -> Answer:
        """Post `body` and return the answer of the first choice.

        Raises:
            GuardModelUnreachableError: nothing listens there, or the connection broke.
            GuardModelTimeoutError: it took longer than the time-out.
            GuardModelAnswerError: the status is not 200, or the body is no chat completion.
        """
        from urllib3 import exceptions

        data = json.dumps(body).encode()
        deadline = time.monotonic() + self._timeout
        try:
            try:
                return _read(self._post(data, deadline))
            except exceptions.ProtocolError:  # a server may close an idle connection at any time
                return _read(self._post(data, deadline))
        except exceptions.NewConnectionError as error:  # urllib3 counts it as a time-out
            raise self._unreachable(error) from error
        except (exceptions.TimeoutError, exceptions.EmptyPoolError, _Late) as error:
            raise GuardModelTimeoutError(
                f"no answer of the guard model at {self._url} within {self._timeout:g} seconds; "
                "raise `timeout` or `concurrency`, or give the server more to work with"
            ) from error
        except exceptions.HTTPError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> GuardModelUnreachableError:
        return GuardModelUnreachableError(
            f"the guard model at {self._url} cannot be reached ({type(error).__name__}); "
            "check that the server runs, and `base_url`"
        )

    def _post(self, data: bytes, deadline: float) -> tuple[int, bytes]:
        from urllib3 import Timeout

        left = max(deadline - time.monotonic(), 0.001)
        response = self._connections().urlopen(
            "POST",
            self._path,
            body=data,
            headers=self._headers,
            timeout=Timeout(total=left),
            pool_timeout=left,  # type: ignore[arg-type]  # annotated too narrowly: any seconds do
            retries=False,
            redirect=False,
            preload_content=False,
        )
        complete = False
        try:
            parts = b"".join(_within(response, deadline))
            complete = True
        finally:
            if complete:
                response.release_conn()
            else:
                response.close()
        return response.status, parts

    def _connections(self) -> urllib3.HTTPConnectionPool:
        import urllib3

        with WHOLE.lock, self._lock:
            if self._pool is None or self._process != os.getpid():
                self._pool = urllib3.connection_from_url(
                    self._url, maxsize=self._concurrency, block=True
                )
                self._process = os.getpid()
            return self._pool


class _Late(Exception):  # noqa: N818  internal: becomes a GuardModelTimeoutError
    """The deadline passed while a body came in."""


def _within(response: Any, deadline: float) -> Iterator[bytes]:
    """Yield the body as it arrives: a server that sends byte by byte resets no clock here."""
    from urllib3.exceptions import ProtocolError

    size = 0
    while part := response.read1():
        size += len(part)
        if size > MOST_BYTES:
            raise GuardModelAnswerError(
                f"the guard model's answer is longer than {MOST_BYTES} bytes; check `base_url`"
            )
        if time.monotonic() > deadline:
            raise _Late
        yield part
    if response.length_remaining:  # `read1` takes a dropped connection for the end
        raise ProtocolError("the body broke off")


def _read(got: tuple[int, bytes]) -> Answer:
    status, body = got
    if status != 200:
        cure = _CURES.get(status, "see the server's own log")
        raise GuardModelAnswerError(f"the guard model answered with HTTP status {status}; {cure}")
    try:
        choice = json.loads(body)["choices"][0]
        text = choice["message"]["content"]
        tokens = tuple(_tokens(choice.get("logprobs")))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise GuardModelAnswerError(
            f"the guard model's answer is no chat completion ({type(error).__name__}); check that "
            "`base_url` is that of an OpenAI-compatible server"
        ) from None
    if not isinstance(text, str):
        raise GuardModelAnswerError(
            f"the guard model's answer holds {type(text).__name__} in the place of text; a server "
            "that takes reasoning out must not do so for a guard model"
        )
    return Answer(text, tokens)


def _tokens(logprobs: Any) -> Iterator[Token]:
    if logprobs is None:
        return
    for entry in logprobs["content"] or ():
        known = {entry["token"]: float(entry["logprob"])}
        for other in entry.get("top_logprobs") or ():
            known[other["token"]] = float(other["logprob"])
        yield Token(entry["token"], known)
