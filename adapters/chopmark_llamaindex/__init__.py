"""Guards the LLMs of LlamaIndex.

    from chopmark import Chopmark
    from chopmark_llamaindex import ChopmarkPostprocessor, guard

    chop = Chopmark(policy="cn")
    Settings.llm = guard(OpenAI("gpt-4o"), chop)
    engine = index.as_query_engine(node_postprocessors=[ChopmarkPostprocessor(chop)])

`guard` covers `chat`, `complete`, `stream_chat`, `stream_complete`, their async twins and
`structured_predict` with its twins, and so all that calls these: engines, agents, programs,
`predict`, `predict_and_call`, `chat_with_tools`. Methods of an integration that are not part of
LlamaIndex's `LLM` are not covered.

Good to know:

- Metadata is in `message.additional_kwargs["chopmark"]`, for completions in
  `additional_kwargs["chopmark"]`, on the last piece of a stream; what labels the answer (`aigc`)
  is beside it. Neither is ever sent to a model.
- A guarded stream has one more piece than a bare one, with an empty delta. Where texts were
  changed or held back, `raw` keeps only the token counts and `logprobs` is None.
- Event handlers and callbacks (`instrumentation`, `CallbackManager`) and the framework's own
  warnings run inside the call: they see the prompt and the answer as the model had them. Let no
  exporter keep what the policy does not let out.
- Every call is an answer. A ReAct agent cuts everything before `Answer:` off its last one, so
  that only a visible label at the end stays (`position = "both"` in the policy).
  A question that an engine first lets an LLM rewrite gets a label, too: give that engine an LLM
  guarded by a policy without one.
- An `LLMTextCompletionProgram` made by hand asks for JSON in plain words, so its answer is taken
  for prose and labelled; `structured_predict` is known to ask for JSON.
"""

from . import _supported
from ._blocked import LlamaIndexBlocked
from ._guard import guard
from ._ingest import MarkStripper
from ._postprocessor import ChopmarkPostprocessor
from ._tools import guard_tool

__all__ = ["ChopmarkPostprocessor", "LlamaIndexBlocked", "MarkStripper", "guard", "guard_tool"]

del _supported
