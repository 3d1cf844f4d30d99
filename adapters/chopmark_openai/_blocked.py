"""How chopmark's errors look to code that talks to OpenAI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from openai import OpenAIError

from chopmark import ChopmarkError, LogError, MarkError, PolicyBlocked, RequestError


class OpenAIBlocked(PolicyBlocked, OpenAIError):  # noqa: N818  a decision, not a fault
    """The policy refused a call.

    An `openai.OpenAIError`, so the client's retry loop passes it on after one request (none at
    all where the prompt was refused), and `except openai.OpenAIError` sees it. `code` is
    `content_filter`, as it is in Azure's answers.
    """


class OpenAILogError(LogError, OpenAIError):
    """A record could not be taken. The client does not send the request again."""


class OpenAIMarkError(MarkError, OpenAIError):
    """An answer could not be marked. The client does not send the request again."""


class OpenAIRequestError(RequestError, OpenAIError):
    """A call cannot be guarded as it was asked. The client does not send the request again."""


_FORMS = ((LogError, OpenAILogError), (MarkError, OpenAIMarkError))


@contextmanager
def openai_errors() -> Iterator[None]:
    """Turn chopmark's errors in this block into ones that OpenAI's client passes on.

    openai 2 takes any other error from below itself for a broken connection: it would send the
    request again, twice, and raise an `APIConnectionError` in the end.
    """
    try:
        yield
    except ChopmarkError as error:
        if isinstance(error, OpenAIError):
            raise
        for kind, form in _FORMS:
            if isinstance(error, kind):
                raise form(*error.args) from error
        raise OpenAIRequestError(*error.args) from error
