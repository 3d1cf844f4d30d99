"""Judges a conversation by what its turns add up to: risk that builds up, decays, and is bounded.

Each turn's verdicts add to the risk of its conversation, whether or not they were enough to stop
the turn. Where the risk passes a bound, the next request gets a verdict `conversation.risk`, on
which the policy's rules decide. Per conversation two numbers are kept, and no content.
"""

from __future__ import annotations

from ._conversations import Conversations
from ._options import Options
from ._plugin import Conversation, chopmark_detectors, chopmark_evidence, chopmark_wrappers
from ._risk import Build, State

__all__ = [
    "Build",
    "Conversation",
    "Conversations",
    "Options",
    "State",
    "chopmark_detectors",
    "chopmark_evidence",
    "chopmark_wrappers",
]
