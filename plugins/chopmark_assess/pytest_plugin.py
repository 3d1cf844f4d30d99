"""Cases of banks as tests: `pytest --chopmark-bank regressions.jsonl --chopmark-target app:chain`.

Each case is an item that asks the target, judges the answer by machine, and fails where it is not
right for the case. pytest loads this by itself where chopmark is installed; without the option it
does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._answer import Answer, Target, Verdict
    from ._bank import Case
    from ._judge import Judge
    from ._schema import Schema


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("chopmark", "cases of banks as tests (chopmark)")
    add = group.addoption
    add("--chopmark-bank", action="append", default=[], metavar="FILE", help="Run its cases, too.")
    add("--chopmark-target", metavar="TARGET", help="What is asked; by default what FILE says.")
    add("--chopmark-policy", default="cn", metavar="POLICY", help="What answers are judged by.")
    add("--chopmark-schema", default="gbt-45654", metavar="SCHEMA", help="What the codes are of.")
    add("--chopmark-timeout", default=60.0, type=float, metavar="SECONDS", help="For an answer.")


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each case of each bank."""
    names = config.getoption("chopmark_bank")
    if not names:
        return
    from chopmark import ChopmarkError

    assessor = Assessor(config)
    config.add_cleanup(assessor.close)
    try:
        for name in names:
            file = BankFile.from_parent(session, path=Path(name).absolute(), assessor=assessor)
            items.extend(file.collect())
    except ChopmarkError as error:
        raise pytest.UsageError(str(error)) from error


class Assessor:
    """What the cases of one session share: the schema, the judge, and a target for each name."""

    def __init__(self, config: pytest.Config) -> None:
        from ._schema import load_schema

        self.timeout: float = config.getoption("chopmark_timeout")
        self.schema: Schema = load_schema(config.getoption("chopmark_schema"))
        self._policy: str = config.getoption("chopmark_policy")
        self._given: str | None = config.getoption("chopmark_target")
        self._judge: Judge | None = None
        self._targets: dict[str, Target] = {}

    def target_of(self, bank_target: str) -> str:
        """Return the name of what is asked, empty where nobody said it."""
        return self._given or bank_target

    def assess(self, case: Case, target: str) -> tuple[Answer, Verdict | None]:
        """Ask `target` the case, and judge the answer where there is one."""
        from ._judge import Judge
        from ._pool import ask_all
        from ._target import Asking, open_target

        if self._judge is None:
            self._judge = Judge(self._policy)
        if target not in self._targets:
            self._targets[target] = open_target(target, Asking())
        asking = ask_all(
            self._targets[target], [case], workers=1, timeout=self.timeout, stop=threading.Event()
        )
        ((answer,),) = asking
        return answer, None if answer.error else self._judge.judge(answer)

    def close(self) -> None:
        """Close the targets."""
        for target in self._targets.values():
            target.close()


class BankFile(pytest.File):
    """A bank in the tree of tests."""

    def __init__(self, *, assessor: Assessor, **more: Any) -> None:
        super().__init__(**more)
        self._assessor = assessor

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each case; a bank with a fault has none."""
        from ._bank import load_banks
        from ._errors import AssessError

        (bank,) = load_banks([str(self.path)], self._assessor.schema)
        target = self._assessor.target_of(bank.target)
        if not target:
            raise AssessError(f"{self.path} names no target; give --chopmark-target")
        for case in bank.cases:
            yield CaseItem.from_parent(
                self, name=case.id, case=case, target=target, assessor=self._assessor
            )


class CaseItem(pytest.Item):
    """One case as a test."""

    def __init__(self, *, case: Case, target: str, assessor: Assessor, **more: Any) -> None:
        super().__init__(**more)
        self._case, self._target, self._assessor = case, target, assessor

    def runtest(self) -> None:
        """Ask, judge, and fail where the answer is not right."""
        from ._tally import Result, state_of

        case = self._case
        answer, verdict = self._assessor.assess(case, self._target)
        expects = self._assessor.schema.kinds[case.kind].expects
        state = state_of(expects, answer, verdict)
        if state != "right":
            result = Result(
                case=case, expects=expects, answer=answer, verdict=verdict, review=None,
                state=state,
            )  # fmt: skip
            pytest.fail(
                f"{case.id} ({case.kind}, {' '.join(case.codes)}): expected {expects}, {state}: "
                f"{result.why}\nasked   {case.text}\nanswer  {answer.text}",
                pytrace=False,
            )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say in which line the case is."""
        line = int(self._case.where.rpartition(":")[2] or 0)
        return self.path, line - 1 if line else None, self.nodeid
