"""What the spans and events of a call say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opentelemetry.util.types import AttributeValue

from chopmark import Request, Response, Verdict

from . import _names as names
from ._options import Options

Attributes = dict[str, AttributeValue]
_STOPS = ("deny", "escalate")
_MILD = ("allow", "warn", "modify", "escalate", "deny")
_OPENAI = {"openai": "openai"}


def about(request: Request, options: Options) -> Attributes:
    """Return what both metrics and the span of a call say of it."""
    said: Attributes = {
        names.OPERATION: "chat",
        names.PROVIDER: options.provider or _OPENAI.get(request.adapter, "_OTHER"),
        names.ADAPTER: request.adapter,
    }
    if request.model:
        said[names.FUNCTION if request.adapter == "python" else names.MODEL] = request.model
    return said


def beginning(request: Request, options: Options) -> Attributes:
    """Return what the span of a call says from its beginning on, beside `about`."""
    model = options.span == "model"
    said: Attributes = {
        names.KIND: "LLM" if model else "CHAIN",
        names.OBSERVATION: "generation" if model else "span",
    }
    if request.stream:
        said[names.STREAM] = True
    if request.structured:
        said[names.OUTPUT_TYPE] = "json"
    if request.audience:
        said[names.AUDIENCE] = request.audience
    for parameter, name in names.PARAMETERS.items():
        value = request.parameters.get(parameter)
        if isinstance(value, int | float) and not isinstance(value, bool):
            said[name] = value
    return said


def ending(response: Response, options: Options) -> Attributes:
    """Return what the span of a call says from its end on. A block is no error there."""
    said: Attributes = {
        names.CALL: response.id,
        names.POLICY: response.policy,
        names.ACTION: response.action,
        names.ENDING: response.ending,
        names.JUDGED: response.judged,
        names.VERDICTS: len(response.verdicts),
        names.HOLDBACK: response.holdback,
        names.MARKS: [f"{m.kind}:{m.marker}" for m in response.marks if m.placed],
    }
    if response.ending == "blocked":
        said[names.FINISH_REASONS] = ["content_filter"]
    if response.usage is not None and options.span == "model":
        said[names.INPUT_TOKENS] = response.usage.input_tokens
        said[names.OUTPUT_TOKENS] = response.usage.output_tokens
    return said


def judging(detector: str, direction: str, verdicts: Sequence[Verdict]) -> Attributes:
    """Return what the span of a detector says: the worst of its verdicts, and what they are of."""
    worst = max((v.outcome for v in verdicts), key=_MILD.index, default="allow")
    return {
        names.KIND: "GUARDRAIL",
        names.OBSERVATION: "guardrail",
        names.DETECTOR: detector,
        names.DIRECTION: direction,
        names.OUTCOME: worst,
        names.CATEGORIES: sorted({v.category for v in verdicts}),
        names.SCORE: max((v.score for v in verdicts), default=0.0),
    }


def evaluation(verdict: Verdict) -> Attributes:
    """Return what the event of a verdict says. Its `detail` stays here: it is for people."""
    return {
        names.EVALUATION_NAME: verdict.category,
        names.EVALUATION_SCORE: float(verdict.score),
        names.EVALUATION_LABEL: verdict.outcome,
        names.DETECTOR: verdict.detector,
        names.DIRECTION: verdict.direction,
    }


def blocks(response: Response) -> Iterator[Attributes]:
    """Return for what a call was stopped: each category once in each direction."""
    if response.action not in ("block", "escalate"):
        return
    stopping = [v for v in response.verdicts if v.outcome in _STOPS]
    seen: dict[tuple[str, str], None] = {(v.category, v.direction): None for v in stopping}
    for category, direction in seen or [(_fault(response), "")]:
        yield {
            names.CATEGORY: category,
            names.ACTION: response.action,
            **({names.DIRECTION: direction} if direction else {}),
        }


def _fault(response: Response) -> str:
    """Return the category of a block that no verdict asked for."""
    roles = [f.role for f in response.failures if f.handled != "allow"]
    return f"error.{roles[-1]}" if roles else "error"


def counted(said: Mapping[str, AttributeValue]) -> Attributes:
    """Return what the convention's own metrics say: nothing of chopmark."""
    return {
        name: value for name, value in said.items() if name in (
            names.OPERATION, names.PROVIDER, names.MODEL, names.ERROR,
        )
    }  # fmt: skip
