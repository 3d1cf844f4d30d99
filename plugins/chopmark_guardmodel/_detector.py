"""The detector around a guard model: from its findings to verdicts."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from chopmark import Context, Needs, Verdict
from chopmark.forking import WHOLE

from ._client import Client
from ._conversation import conversation
from ._errors import GuardModelError
from ._formats import NOT_HARM_TO_A_PERSON, Finding, Question, category_of
from ._options import Options

_logger = logging.getLogger("chopmark.guardmodel")


class GuardModelDetector:
    """Judges a text by asking a guard model. Shared by threads.

    A verdict spans the text without the white space around it; its `detail` is the model's own
    name of the harm, its score the probability that the server gave, else 1 (one half for
    `Controversial`). An answer is judged whole, and in a stream at every `holdback` characters of
    the policy about everything so far.

    Args:
        options: which model, and how it is asked.
    """

    def __init__(self, options: Options) -> None:
        self.name = "guardmodel"
        self.blocking = True
        self.needs = Needs.whole()
        self._options = options
        self._format = options.make_format()
        self._names = {**self._format.names, **options.categories}
        self._client = Client(
            options.base_url, options.api_key, options.timeout, options.concurrency
        )
        self._findings = _Remembered(options.cache)
        asked = {q.about for way in options.directions for q in self._format.questions(way)}
        known = {*self._names.values(), *filter(None, asked)} - {""}
        self.categories = ("guardmodel", *sorted(known))
        self.version = _version(options)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what the model finds in `text`, a verdict for each category.

        Raises:
            GuardModelError: the model gave no judgement; the subclass says why.
        """
        judged = text.strip()
        if not judged or context.direction not in self._options.directions:
            return ()
        start = len(text) - len(text.lstrip())
        messages = conversation(judged, context, self._options.history)
        found: dict[str, Verdict] = {}
        for question in self._format.questions(context.direction):
            for finding in self._ask(messages, question):
                verdict = self._verdict(finding, question, start, start + len(judged))
                if verdict is None:
                    continue
                earlier = found.get(verdict.category)
                if earlier is None or verdict.score > earlier.score:
                    found[verdict.category] = verdict
        return list(found.values())

    def _verdict(
        self, finding: Finding, question: Question, start: int, end: int
    ) -> Verdict | None:
        category = question.about or category_of(finding.name, self._names)
        score = round(finding.score, 4)
        if not category or score < self._options.report_from:
            return None
        warns = category in NOT_HARM_TO_A_PERSON
        return Verdict(
            category=category,
            start=start,
            end=end,
            score=score,
            outcome="warn" if warns else finding.outcome,
            detail=finding.name,
        )

    def _ask(self, messages: Sequence[Mapping[str, str]], question: Question) -> Sequence[Finding]:
        body: dict[str, object] = {
            "model": self._options.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": self._format.most,
            "stream": False,
            **question.body,
        }
        if self._options.logprobs:
            body |= {"logprobs": True, "top_logprobs": 10}
        key = hashlib.sha256(json.dumps(body).encode()).digest()
        known = self._findings.get(key)
        if known is not None:
            return known
        try:
            findings = self._format.read(self._client.ask(body), question)
        except GuardModelError as error:
            # A record names the class of an error only, so say here what is wrong.
            _logger.warning("%s", error)
            raise
        self._findings.put(key, findings)
        return findings


class _Remembered:
    """The findings of the last conversations, by a digest of what was asked; never a failure.

    A request holds the conversation again with every turn: only its end is new.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Sequence[Finding]] = OrderedDict()

    def get(self, key: bytes) -> Sequence[Finding] | None:
        with WHOLE.lock, self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: bytes, findings: Sequence[Finding]) -> None:
        with WHOLE.lock, self._lock:
            self._kept[key] = findings
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _version(options: Options) -> str:
    """Return the start of a SHA-256 of all that a verdict depends on, but for the server."""
    used = [
        options.model, options.format, options.guidelines, options.directions, options.history,
        options.logprobs, options.categories, options.threshold, options.report_from,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]
