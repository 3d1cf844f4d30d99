"""Says which requests go by a guard unscreened, once for each client and endpoint."""

from __future__ import annotations

import logging
import re
import threading
from urllib.parse import unquote

from chopmark.forking import WHOLE

_logger = logging.getLogger("chopmark")

_QUIET = frozenset({"embeddings", "models", "moderations", "POST responses/input_tokens"})
"""Endpoints that give no text of a model. Of texts to embed our marks are taken off."""
_NAMES = (
    "assistants", "audio", "batches", "chat", "chatkit", "completions", "containers",
    "conversations", "embeddings", "evals", "files", "fine_tuning", "images", "models",
    "moderations", "realtime", "responses", "skills", "threads", "uploads", "vector_stores",
    "videos",
)  # fmt: skip
_NAME = re.compile(rf"(?:^|/)({'|'.join(_NAMES)})(?=/|$)")
_PART = re.compile(
    r"(?:^|/)(chat/completions|completions|responses)"
    r"(?:/[^/]+?)??(/(?:cancel|compact|input_items|input_tokens|messages))?/?$"
)
"""What is left of the endpoints that are guarded, such as a list of stored answers."""
_VERSION = re.compile(r"v\d\w*")
_MOST = 64


class Passed:
    """The endpoints that were told of already."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def note(self, method: str, path: str) -> None:
        """Say that a request passes through, the first time that one of its endpoint does.

        Args:
            method: the HTTP method. What deletes something brings no text.
            path: the path of the URL.
        """
        if method.upper() not in ("DELETE", "HEAD", "OPTIONS"):
            self.note_endpoint(endpoint_name(method, path))

    def note_endpoint(self, name: str) -> None:
        """Say that requests of the endpoint `name` pass through, the first time."""
        with WHOLE.lock, self._lock:
            if not name or name in _QUIET or name in self._told or len(self._told) >= _MOST:
                return
            self._told.add(name)
        _logger.warning(
            "chopmark_openai does not guard %r: what is sent to it, and what comes "
            "back, is not screened, marked or recorded. Guarded are chat.completions, completions "
            "and responses, and responses.retrieve; give texts of others to Chopmark.screen()",
            name,
        )


def endpoint_name(method: str, path: str) -> str:
    """Return what a request asks for, without ids: `images` of `/v1/images/generations`.

    Of an endpoint that is guarded in part it is the rest: `GET chat/completions`.
    """
    path = unquote(path)
    part = _PART.search(path)
    if part is not None:
        return f"{method.upper()} {part[1]}{part[2] or ''}"
    found = _NAME.search(path)
    if found is not None:
        return found[1]
    parts = [p for p in path.split("/") if p and not _VERSION.fullmatch(p)]
    return parts[0] if parts else ""
