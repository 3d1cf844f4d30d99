"""Every name that is emitted. Those of `gen_ai.*` are of the released conventions.

Sources: OpenTelemetry semantic conventions 1.41 for GenAI (all of status Development),
OpenInference for `openinference.span.kind`, Langfuse for `langfuse.observation.type`; the rest is
chopmark's own.
None of them holds a text of the call, but for the two of `MESSAGES`, which are off by default.
"""

from __future__ import annotations

SCOPE = "chopmark"

# Of the span of a call.
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"
STREAM = "gen_ai.request.stream"
OUTPUT_TYPE = "gen_ai.output.type"
FINISH_REASONS = "gen_ai.response.finish_reasons"
TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
FUNCTION = "code.function.name"
ERROR = "error.type"
CALL = "chopmark.call.id"
POLICY = "chopmark.policy"
ADAPTER = "chopmark.adapter"
AUDIENCE = "chopmark.audience"
ACTION = "chopmark.action"
ENDING = "chopmark.ending"
JUDGED = "chopmark.judged"
VERDICTS = "chopmark.verdicts"
MARKS = "chopmark.marks"
HOLDBACK = "chopmark.holdback"
ADDED = "chopmark.added"
PARAMETERS = {
    name: f"gen_ai.request.{name}"
    for name in (
        "temperature", "top_p", "top_k", "max_tokens", "frequency_penalty", "presence_penalty",
        "seed",
    )
}  # fmt: skip
"""Of the request's parameters, those that are numbers and may be emitted."""
MESSAGES = ("gen_ai.input.messages", "gen_ai.output.messages")

# Of every span.
KIND = "openinference.span.kind"
OBSERVATION = "langfuse.observation.type"

# Of the span of a detector, of a block and of a verdict.
DETECTOR = "chopmark.detector"
DIRECTION = "chopmark.direction"
CATEGORY = "chopmark.category"
CATEGORIES = "chopmark.categories"
OUTCOME = "chopmark.outcome"
SCORE = "chopmark.score"
TIME = "chopmark.detector.time"
LOG = "chopmark.log"

# Events.
BLOCK = "chopmark.block"
EVALUATION = "gen_ai.evaluation.result"
EVALUATION_NAME = "gen_ai.evaluation.name"
EVALUATION_SCORE = "gen_ai.evaluation.score.value"
EVALUATION_LABEL = "gen_ai.evaluation.score.label"

# Metrics.
DURATION_METRIC = "gen_ai.client.operation.duration"
TOKENS_METRIC = "gen_ai.client.token.usage"
TOKEN_TYPE = "gen_ai.token.type"
CALLS_METRIC = "chopmark.calls"
BLOCKS_METRIC = "chopmark.blocks"
ADDED_METRIC = "chopmark.call.added"
HOLDBACK_METRIC = "chopmark.call.holdback"
DETECTOR_METRIC = "chopmark.detector.duration"
APPEND_METRIC = "chopmark.log.append.duration"
GAPS_METRIC = "chopmark.log.gaps"
LAG_METRIC = "chopmark.log.lag"
