"""The promises of an adapter: the bare framework against the guarded one, on every path."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from .._chopmark import Chopmark
from .._errors import LogError, PolicyBlocked
from ..policy import Policy
from ._fakes import BrokenDetector, BrokenLog, MemoryLog, SuffixMarker, WordDetector, plugin
from ._paths import Path, Script, leave, leave_async, read, read_async

DENIED, SECRET = "FORBIDDENWORD", "SECRETNUMBER"


class AdapterContract:
    """Subclass it, give `bare`, `guard`, `paths` and `seen`.

    `blocked` is the framework's own error that a block must also be, `error` the exception that
    a script may raise in this framework's model.
    """

    paths: ClassVar[Mapping[str, Path]] = {}
    blocked: ClassVar[type[Exception]] = PolicyBlocked
    picklable: ClassVar[bool] = True

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

    # How a path is walked.

    def ask(self, path: Path, model: Any, prompt: str) -> tuple[list[str], BaseException | None]:
        """Return the pieces that came, and the error that ended them."""
        if path.kind in ("call", "stream"):
            return read(path, model, prompt)
        return asyncio.run(read_async(path, model, prompt))

    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()

    @pytest.fixture
    def chop(self, log: MemoryLog) -> Chopmark:
        words = WordDetector({DENIED: "deny", SECRET: "modify"})
        return Chopmark(Policy(name="contract"), plugins=[plugin(detectors=[words], log=log)])

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for `path` on every path, for `stream_path` on every stream."""
        streams = {name: path for name, path in self.paths.items() if "stream" in path.kind}
        for argument, chosen in (("path", self.paths), ("stream_path", streams)):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, chosen.values(), ids=chosen.keys())

    # The promises.

    def test_says_its_paths(self) -> None:
        assert {path.kind for path in self.paths.values()} == {
            "call", "stream", "acall", "astream",
        }  # fmt: skip

    def test_with_policy_off_everything_is_as_bare(self, path: Path) -> None:
        script = Script(("Hello", ", ", "world", "。"))
        bare = self.ask(path, self.bare(script), "a question")
        guarded = self.guard(self.bare(script), Chopmark("off"))
        assert self.ask(path, guarded, "a question") == bare
        assert bare[1] is None

    def test_with_an_empty_policy_the_text_is_as_bare(self, path: Path) -> None:
        script = Script(("Hello", ", ", "world", "。"))
        bare = self.ask(path, self.bare(script), "a question")
        guarded = self.guard(self.bare(script), Chopmark(Policy(name="empty")))
        assert self.ask(path, guarded, "a question") == bare

    def test_a_quiet_policy_keeps_every_piece(self, path: Path, chop: Chopmark) -> None:
        script = Script(tuple("0123456789 " * 4))
        pieces, error = self.ask(path, self.guard(self.bare(script), chop), "a question")
        assert error is None
        assert "".join(pieces) == script.text
        if "stream" in path.kind:
            assert len([p for p in pieces if p]) > 20, "the stream was collapsed"

    def test_a_denied_prompt_never_reaches_the_model(self, path: Path, chop: Chopmark) -> None:
        model = self.guard(bare := self.bare(Script(("fine",))), chop)
        pieces, error = self.ask(path, model, f"please {DENIED} now")
        assert "".join(pieces) == ""
        assert isinstance(error, PolicyBlocked)
        assert isinstance(error, self.blocked)
        assert not self.seen(bare)
        assert not self.seen(model)

    def test_a_secret_in_the_prompt_is_replaced(self, path: Path, chop: Chopmark) -> None:
        model = self.guard(self.bare(Script(("fine",))), chop)
        self.ask(path, model, f"number {SECRET} please")
        assert self.seen(model) == ["number *** please"]

    def test_a_denied_answer_is_cut_before_its_first_character(
        self, path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        script = Script.letters(f"before {DENIED} after")
        pieces, error = self.ask(path, self.guard(self.bare(script), chop), "a question")
        assert "".join(pieces) == ("before " if "stream" in path.kind else "")
        assert isinstance(error, PolicyBlocked)
        assert [(r.action, r.ending) for r in log.records] == [("block", "blocked")]

    def test_a_refusal_can_be_an_answer(self, path: Path, chop: Chopmark) -> None:
        model = self.guard(self.bare(Script(("fine",))), chop, on_block="refuse")
        pieces, error = self.ask(path, model, f"please {DENIED} now")
        assert error is None
        assert "".join(pieces) == chop.policy.refusal("en")

    def test_a_secret_in_the_answer_is_replaced(self, path: Path, chop: Chopmark) -> None:
        script = Script.letters(f"the number {SECRET} is yours")
        pieces, error = self.ask(path, self.guard(self.bare(script), chop), "a question")
        assert error is None
        assert "".join(pieces) == "the number *** is yours"

    def test_a_mark_stands_on_the_answer_once(self, path: Path, log: MemoryLog) -> None:
        brought = plugin(markers=[SuffixMarker("<<", ">>")], log=log)
        chop = Chopmark(Policy(name="marks"), plugins=[brought])
        pieces, error = self.ask(path, self.guard(self.bare(Script(("a", "b"))), chop), "q")
        assert error is None
        assert "".join(pieces) == "<<ab>>"
        assert [m.where for r in log.records for m in r.marks] == ["start", "end"]

    def test_a_mark_that_nobody_sees_is_not_sent_to_the_model(
        self, path: Path, log: MemoryLog
    ) -> None:
        marker = SuffixMarker("", "\u2062\u2063", kind="manifest", strips=True)
        chop = Chopmark(Policy(name="own"), plugins=[plugin(markers=[marker], log=log)])
        model = self.guard(self.bare(Script(("fine",))), chop)
        self.ask(path, model, "a question\u2062\u2063")
        assert self.seen(model) == ["a question"]

    def test_every_call_leaves_one_record(self, path: Path, chop: Chopmark, log: MemoryLog) -> None:
        model = self.guard(self.bare(Script(("one", "two"))), chop)
        for n in (1, 2):
            self.ask(path, model, "a question")
            assert len(log.records) == n
        record = log.records[0]
        assert (record.action, record.ending) == ("allow", "completed")
        assert record.answer.characters == len("onetwo")
        assert record.stream == ("stream" in path.kind)

    def test_a_model_error_is_recorded_and_stays_itself(
        self, path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        broken = self.model_error()
        model = self.guard(self.bare(Script(("start",), broken)), chop)
        _, error = self.ask(path, model, "a question")
        assert type(error) is type(broken)
        assert [record.ending for record in log.records] == ["model_error"]

    def test_a_broken_detector_lets_nothing_through(self, path: Path, log: MemoryLog) -> None:
        brought = plugin(detectors=[BrokenDetector("secret")], log=log)
        chop = Chopmark(Policy(name="broken"), plugins=[brought])
        script = Script(("fine ", "secret"))
        pieces, error = self.ask(path, self.guard(self.bare(script), chop), "a question")
        assert "secret" not in "".join(pieces)
        assert isinstance(error, PolicyBlocked)
        assert not error.judged
        assert [f.name for r in log.records for f in r.failures] == ["broken"]

    def test_a_broken_log_fails_the_call_and_the_record_comes_later(self, path: Path) -> None:
        log = BrokenLog()
        chop = Chopmark(Policy(name="log"), plugins=[plugin(log=log)])
        model = self.guard(self.bare(Script(("fine",))), chop)
        _, error = self.ask(path, model, "a question")
        assert isinstance(error, LogError)
        log.mended = True
        _, error = self.ask(path, model, "a question")
        assert error is None
        assert [[f.role for f in r.failures] for r in log.records] == [["log"], []]

    def test_leaving_a_stream_records_what_was_delivered(
        self, stream_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        script = Script(tuple("0123456789" * 5))
        model = self.guard(self.bare(script), chop)
        if stream_path.kind == "stream":
            got = leave(stream_path, model)
        else:
            got = asyncio.run(leave_async(stream_path, model))
        assert [record.ending for record in log.records] == ["abandoned"]
        assert log.records[0].answer.characters == len("".join(got))

    def test_a_nested_call_is_screened_and_recorded_once(
        self, chop: Chopmark, log: MemoryLog
    ) -> None:
        path = next(path for path in self.paths.values() if path.kind == "call")
        model = self.guard(self.bare(Script(("fine",))), chop)

        @chop.guard
        def chain(question: str) -> str:
            answer: str = path.run(model, question)
            return answer

        assert chain("a question") == "fine"
        assert [record.adapter for record in log.records] == ["python"]

    def test_guarding_twice_is_guarding_once(self, chop: Chopmark, log: MemoryLog) -> None:
        path = next(path for path in self.paths.values() if path.kind == "call")
        model = self.guard(self.guard(self.bare(Script(("fine",))), chop), chop)
        assert self.ask(path, model, "a question") == (["fine"], None)
        assert len(log.records) == 1

    def test_the_guarded_model_is_of_the_users_own_class(self, chop: Chopmark) -> None:
        bare = self.bare(Script(("fine",)))
        assert isinstance(self.guard(bare, chop), type(bare))
        assert type(bare) is type(self.bare(Script(("fine",)))), "the bare model was changed"

    def test_a_block_survives_pickling(self, chop: Chopmark) -> None:
        path = next(path for path in self.paths.values() if path.kind == "call")
        _, error = self.ask(path, self.guard(self.bare(Script(("x",))), chop), DENIED)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert again.response == error.response  # type: ignore[union-attr]
