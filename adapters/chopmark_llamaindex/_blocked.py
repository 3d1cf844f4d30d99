"""The error of a block. LlamaIndex has no refusal error of its own to be one of."""

from __future__ import annotations

from chopmark import PolicyBlocked


class LlamaIndexBlocked(PolicyBlocked):
    """The policy refused a call of a guarded LLM.

    LlamaIndex looks at `status_code` to tell what may be tried again: 403 is final, so its
    fallback and retry layers leave a block alone.
    """
