"""Says for whom the calls in a block are made, whatever framework makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from ._errors import RequestError
from ._values import Request


@dataclass(frozen=True, slots=True)
class _Settings:
    audience: str = ""
    user: str = ""
    locale: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


_NONE = _Settings()
_SETTINGS: ContextVar[_Settings] = ContextVar("chopmark_calling", default=_NONE)


@contextmanager
def calling(
    *,
    audience: str = "",
    user: str = "",
    locale: str = "",
    metadata: Mapping[str, object] | None = None,
) -> Iterator[None]:
    """Set audience, user, locale and metadata of every guarded call in this block.

    What a call says by itself goes before it; what an outer block said stays where this one
    says nothing. `user` is committed to in the record, never written there.

        with calling(audience="minor", user="u-17"):
            model.invoke("...")

    Raises:
        RequestError: a value is no text, or the metadata no mapping.
    """
    for name, value in (("audience", audience), ("user", user), ("locale", locale)):
        if value is not None and not isinstance(value, str):
            raise RequestError(f'{name} is {value!r} in calling(); give a string, {name}="..."')
    if metadata is not None and not isinstance(metadata, Mapping):
        raise RequestError(f"metadata is {metadata!r} in calling(); give a dict")
    outer = _SETTINGS.get()
    token = _SETTINGS.set(
        _Settings(
            audience or outer.audience,
            user or outer.user,
            locale or outer.locale,
            {**outer.metadata, **(metadata or {})},
        )
    )
    try:
        yield
    finally:
        _SETTINGS.reset(token)


def said_around() -> Mapping[str, object]:
    """Return the metadata that the blocks around set."""
    return _SETTINGS.get().metadata


def with_settings(request: Request) -> Request:
    """Return `request` with what it does not say itself filled in from the block around it."""
    settings = _SETTINGS.get()
    if settings is _NONE:
        return request
    return replace(
        request,
        audience=request.audience or settings.audience,
        user=request.user or settings.user,
        locale=request.locale or settings.locale,
        metadata={**settings.metadata, **request.metadata},
    )
