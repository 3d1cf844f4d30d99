"""Conducts a run: asks what was not asked, judges what was not judged, and keeps both at once.

Whatever ends it, the answers that came are kept, and the same run goes on from there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict

from ._answer import Answer, Target, Verdict
from ._bank import Case
from ._errors import AssessError
from ._journal import Journal
from ._judge import Judge
from ._pool import ask_all
from ._run import Run
from ._tokens import Counter

JUDGES = max(1, min(4, (os.cpu_count() or 2) - 1))
"""How many answers are judged at once; the target's own work comes first."""


class Conductor:
    """Takes a run on, until `stop` is set. `progress` is told of every answer and every verdict."""

    def __init__(
        self,
        run: Run,
        target: Target,
        judge: Judge,
        counter: Counter,
        progress: Callable[[Answer | Verdict], None],
        stop: threading.Event,
    ) -> None:
        self._run, self._target, self._judge = run, target, judge
        self._counter, self._progress, self._stop = counter, progress, stop
        self._judging: set[Future[Verdict]] = set()

    def conduct(
        self,
        cases: Sequence[Case],
        *,
        workers: int,
        timeout: float,
        per_minute: float | None,
        give_up: int,
    ) -> None:
        """Ask `cases`, and judge every answer of the run that has no verdict.

        Raises:
            AssessError: `give_up` cases in a row, at least, got no answer; or the disk is full.
        """
        folder = self._run.folder
        pool = ThreadPoolExecutor(JUDGES, thread_name_prefix="chopmark-judge")
        asking = ask_all(
            self._target, cases, workers=workers, timeout=timeout, per_minute=per_minute,
            stop=self._stop,
        )  # fmt: skip
        try:
            with (
                Journal(folder / "answers.jsonl") as answers,
                Journal(folder / "verdicts.jsonl") as verdicts,
                closing(asking),
            ):
                try:
                    self._submit(pool, self._run.unjudged)
                    failed = 0
                    for came in asking:
                        counted = self._keep_answers(answers, came)
                        self._submit(pool, [one for one in counted if not one.error])
                        self._keep_verdicts(verdicts, {f for f in self._judging if f.done()})
                        for one in counted:
                            failed = failed + 1 if one.error else 0
                        if failed >= give_up:
                            raise AssessError(
                                f"{failed} cases in a row got no answer, the last: "
                                f"{counted[-1].error}; what came is kept: see to the target, then "
                                "resume"
                            )
                    while self._judging and not self._stop.is_set():
                        done, _ = wait(self._judging, return_when=FIRST_COMPLETED)
                        self._keep_verdicts(verdicts, done)
                finally:
                    self._keep_verdicts(verdicts, {f for f in self._judging if f.done()})
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _keep_answers(self, journal: Journal, came: Sequence[Answer]) -> list[Answer]:
        counted = [self._counter.counted(one, self._run.cases[one.case]) for one in came]
        journal.append(map(asdict, counted))
        for one in counted:
            self._progress(one)
        return counted

    def _submit(self, pool: ThreadPoolExecutor, answers: Sequence[Answer]) -> None:
        self._judging.update(pool.submit(self._judge.judge, answer) for answer in answers)

    def _keep_verdicts(self, journal: Journal, done: set[Future[Verdict]]) -> None:
        found = [future.result() for future in done]
        self._judging -= done
        journal.append(map(asdict, found))
        for verdict in found:
            self._progress(verdict)
