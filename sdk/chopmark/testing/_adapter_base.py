"""What the parts of `AdapterContract` stand on: what its author gives, and what may be skipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from .._chopmark import Chopmark
from .._errors import PolicyBlocked
from ..policy import Policy
from ._fakes import MemoryLog, WordDetector, plugin
from ._paths import Path, Script
from ._walks import QUESTION, Walked, walk

DENIED, SECRET = "FORBIDDENWORD", "SECRETNUMBER"
TOPICS = {
    "json": "answers in JSON",
    "call": "tool calls",
    "metadata": "what stands beside an answer",
    "leaving": "a reader that closes a stream early",
    "forgetting": "a reader that forgets a stream early",
    "cancelling": "a task that is cancelled",
    "trio": "the same on trio",
}
"""What `AdapterContract.cannot` may name."""
F = TypeVar("F", bound=Callable[..., Any])


def about(topic: str) -> Callable[[F], F]:
    """Say what a promise is about, so that `cannot` can name it."""

    def said(promise: F) -> F:
        promise.topic = topic  # type: ignore[attr-defined]
        return promise

    return said


class AdapterBase:
    """What the author of an adapter gives."""

    paths: ClassVar[Mapping[str, Path]] = {}
    blocked: ClassVar[type[Exception]] = PolicyBlocked
    cannot: ClassVar[Mapping[str, str]] = {}

    def bare(self, script: Script) -> Any:
        """Return the framework's own model or client, answering by `script`."""
        raise NotImplementedError("give the bare model: def bare(self, script): ...")

    def guard(self, model: Any, chop: Chopmark, **options: Any) -> Any:
        """Return the guarded model."""
        raise NotImplementedError("call your adapter: def guard(self, model, chop, **options)")

    def seen(self, model: Any) -> Sequence[str]:
        """Return the prompts that reached the bare model, one for each call that was made."""
        raise NotImplementedError("say what the bare model was asked: def seen(self, model)")

    def model_error(self) -> Exception:
        """Return an error that the framework's model may raise."""
        return RuntimeError("the model broke")

    def ask(self, path: Path, model: Any, prompt: str = QUESTION) -> Walked:
        """Return the pieces that came, and the error that ended them."""
        return walk(path, model, prompt)

    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()

    @pytest.fixture
    def chop(self, log: MemoryLog) -> Chopmark:
        words = WordDetector({DENIED: "deny", SECRET: "modify"})
        return Chopmark(Policy(name="contract"), plugins=[plugin(detectors=[words], log=log)])

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test on every path of the kind that it asks for; skip what `cannot` names."""
        topic = getattr(metafunc.function, "topic", "")
        for argument, chosen in self._walked().items():
            if argument in metafunc.fixturenames:
                cases = [self._case(topic, name, path) for name, path in chosen.items()]
                metafunc.parametrize(argument, cases or self._none(argument))

    def _walked(self) -> Mapping[str, Mapping[str, Path]]:
        answers = {name: path for name, path in self.paths.items() if path.form == "answer"}
        return {
            "path": answers,
            "stream_path": {name: path for name, path in answers.items() if path.streams},
            "async_path": {name: path for name, path in answers.items() if path.awaited},
            "json_path": {name: path for name, path in self.paths.items() if path.form == "json"},
            "call_path": {name: path for name, path in self.paths.items() if path.form == "call"},
        }

    def _case(self, topic: str, name: str, path: Path) -> Any:
        why = self.cannot.get(topic) or self.cannot.get(f"{topic}/{name}")
        marks = [pytest.mark.skip(reason=why)] if why else []
        return pytest.param(path, id=name, marks=marks)

    def _none(self, argument: str) -> list[Any]:
        form = argument.partition("_")[0]
        why = self.cannot.get(form, f"there is no path for it: see cannot[{form!r}]")
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=why))]
