"""Guards LangChain: models, chains and agents.

from chopmark import Chopmark
from chopmark_langchain import guard

model = guard(ChatOpenAI(), Chopmark(policy="cn"))

`ChopmarkMiddleware` needs the package `langchain`; everything else needs `langchain-core` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chopmark.lazy import lazily

from . import _supported as _supported  # first: it says so where langchain-core is another one
from ._blocked import LangChainBlocked, is_retryable
from ._chain import chop_step, guard_chain
from ._guard import guard
from ._ingest import MarkStripper
from ._record import RecordOnlyCallback
from ._sources import sources_step
from ._tools import guard_tool

if TYPE_CHECKING:
    from ._middleware import ChopmarkMiddleware
else:
    __getattr__, __dir__ = lazily(__name__, {"_middleware": ["ChopmarkMiddleware"]})

__all__ = [
    "ChopmarkMiddleware",
    "LangChainBlocked",
    "MarkStripper",
    "RecordOnlyCallback",
    "chop_step",
    "guard",
    "guard_chain",
    "guard_tool",
    "is_retryable",
    "sources_step",
]
