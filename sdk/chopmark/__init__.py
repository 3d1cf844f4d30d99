"""chopmark: guards the model calls of LLM frameworks; screens, marks and records them.

from chopmark import Chopmark
from chopmark_langchain import guard

model = guard(ChatOpenAI(), Chopmark(policy="cn"))
"""

from ._calling import calling
from ._chopmark import Chopmark
from ._errors import (
    ChopmarkError,
    LogError,
    MarkError,
    ModelError,
    PluginError,
    PolicyBlocked,
    PolicyError,
    Refused,
    RequestError,
)
from ._kept import Commitment, Content, Event, Record
from ._policy_file import load_policy
from ._shape import OnBlock, Shape
from ._values import (
    Act,
    Chunk,
    Context,
    Direction,
    Ending,
    Failure,
    Kind,
    Mark,
    Message,
    Outcome,
    Receipt,
    Request,
    Response,
    Screening,
    Usage,
    Verdict,
)
from ._version import __version__
from .hookspecs import Needs, hookimpl
from .policy import OnError, Policy, Rules

__all__ = [
    "Act",
    "Chopmark",
    "ChopmarkError",
    "Chunk",
    "Commitment",
    "Content",
    "Context",
    "Direction",
    "Ending",
    "Event",
    "Failure",
    "Kind",
    "LogError",
    "Mark",
    "MarkError",
    "Message",
    "ModelError",
    "Needs",
    "OnBlock",
    "OnError",
    "Outcome",
    "PluginError",
    "Policy",
    "PolicyBlocked",
    "PolicyError",
    "Receipt",
    "Record",
    "Refused",
    "Request",
    "RequestError",
    "Response",
    "Rules",
    "Screening",
    "Shape",
    "Usage",
    "Verdict",
    "__version__",
    "calling",
    "hookimpl",
    "load_policy",
]
