"""People look at answers: which first, who may, and what they decide."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from ._errors import AssessError
from ._journal import Journal
from ._run import Review, Run
from ._sample import lot
from ._tally import Result

SHARE = 0.1
"""Of what the machine calls right, so much is looked at as well, at least `FEWEST` cases."""

FEWEST = 20


def queue(found: Sequence[Result], seed: str, share: float = SHARE) -> list[Result]:
    """Return the cases that wait for a person, in the order in which to look at them.

    First refusals that go on, then what is wrong or could not be judged, then a random `share` of
    what is right, drawn by `seed`: else nobody learns what the machine misses.
    """
    waiting = [one for one in found if one.review is None and one.answer and not one.answer.error]
    hedged = [one for one in waiting if one.verdict and one.verdict.hedged]
    doubtful = [one for one in waiting if one.state != "right" and one not in hedged]
    right = [one for one in found if one.by_machine == "right"]
    right.sort(key=lambda one: lot(one.case.id, f"review {seed}"))
    drawn = right[: max(FEWEST, math.ceil(share * len(right)))] if share else []
    rest = [one for one in drawn if one.review is None and one not in hedged]
    return [*hedged, *doubtful, *rest]


def decide(run: Run, reviews: Iterable[Review]) -> None:
    """Append what people decided to `run`.

    Raises:
        AssessError: there is no such answer, no reviewer or reason is named, or the reviewer is who
            annotated the case. Nothing is kept then.
    """
    checked = [_checked(run, review) for review in reviews]
    with Journal(run.folder / "reviews.jsonl") as journal:
        journal.append(map(asdict, checked))


def _checked(run: Run, review: Review) -> Review:
    case, answer = run.cases.get(review.case), run.answers.get(review.case)
    if case is None:
        raise AssessError(f"{run.folder} has no case {review.case!r}; see `chopmark assess cases`")
    if answer is None or answer.error:
        raise AssessError(f"{review.case!r} has no answer yet; resume the run first")
    if not review.reviewer.strip():
        raise AssessError("no reviewer is named; say who decides")
    if _name(review.reviewer) == _name(case.annotator):
        raise AssessError(
            f"{review.reviewer!r} annotated case {review.case!r}, and may not review it: the "
            "reviewer must be somebody else"
        )
    if not review.accepts and not review.reason.strip():
        raise AssessError(f"{review.case!r} is rejected without a reason; give one")
    return review


def may_review(reviewer: str, one: Result) -> bool:
    """Return whether `reviewer` is somebody else than who annotated the case."""
    return _name(reviewer) != _name(one.case.annotator)


def _name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
