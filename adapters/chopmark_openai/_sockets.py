"""Says which WebSockets go by a guarded client: they are no requests, and nothing is screened."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ._call import Setting


class Sockets:
    """What stands before a client's own resources that connect by themselves."""

    _chopmark: Setting

    @cached_property
    def realtime(self) -> Any:
        """The client's own resource."""
        return _noted(super().realtime, self._chopmark, "realtime")  # type: ignore[misc]

    @cached_property
    def responses(self) -> Any:
        """The client's own resource."""
        return _noted(super().responses, self._chopmark, "responses.connect")  # type: ignore[misc]

    @cached_property
    def beta(self) -> Any:
        """The client's own resource."""
        beta: Any = super().beta  # type: ignore[misc]
        for name, said in (("realtime", "realtime"), ("responses", "responses.connect")):
            _noted(getattr(beta, name, None), self._chopmark, said)
        return beta


def _noted(resource: Any, setting: Setting, name: str) -> Any:
    """Have `resource` say that it is not guarded when it connects; return it."""
    connect = getattr(resource, "connect", None)
    if connect is None:
        return resource

    def connecting(*args: Any, **kwargs: Any) -> Any:
        setting.note_socket(name)
        return connect(*args, **kwargs)

    resource.connect = connecting  # of this one, which the client made for itself
    return resource
