"""Guards calls to OpenAI, and to every server that speaks its protocol.

    from chopmark import Chopmark
    from chopmark_openai import guard

    client = guard(OpenAI(), Chopmark("cn"))

Guarded are `/chat/completions`, `/completions` and `/responses`, with every helper on top of
them (`stream`, `parse`, tools, `with_raw_response`, `with_streaming_response`), and reading back
a stored answer (`responses.retrieve`). A framework that makes its own client gets `transport`.

Everything is done on the wire, once, so that it makes no difference how an answer is read. The
response object, or the last chunk that can carry it, has an extra attribute `chopmark`: in a
stream of the Responses API it stands on the final event's `response`. Where a text is withheld
or changed, log probabilities of its tokens are left out; the offsets of its annotations stay as
the model gave them. A stored stream that is read from its middle on (`starting_after`) says in
its final object only what it delivered itself. With `on_block="refuse"` a stream of the Responses
API ends with `response.incomplete`, for which the SDK's `get_final_response()` raises, and chat's
`parse()` raises `ContentFilterFinishReasonError`, as they do for a provider's own content filter.

Not guarded: other endpoints (assistants, conversations, batches, images, audio), realtime
sessions and other WebSockets, lists of stored answers, the sound of a spoken answer (its
transcript is screened), citations, and what hosted search and shell tools return. The first
request of a guarded client to such an endpoint is a warning of the logger `chopmark`, with the
endpoint's name. Models, embeddings and moderations are none, nor is what deletes.
"""

from . import _supported as _supported  # first: it says so where openai is another one
from ._blocked import OpenAIBlocked, OpenAILogError, OpenAIMarkError, OpenAIRequestError
from ._guard import guard
from ._transport import transport

__all__ = [
    "OpenAIBlocked",
    "OpenAILogError",
    "OpenAIMarkError",
    "OpenAIRequestError",
    "guard",
    "transport",
]
