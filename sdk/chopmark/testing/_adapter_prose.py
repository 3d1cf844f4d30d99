"""The promises of an adapter on prose: the bare framework against the guarded one."""

from __future__ import annotations

import pickle

from .._chopmark import Chopmark
from .._errors import LogError, PolicyBlocked
from ..policy import Policy
from ._adapter_base import DENIED, SECRET, AdapterBase
from ._fakes import BrokenDetector, BrokenLog, MemoryLog, SuffixMarker, plugin
from ._paths import Path, Script


class ProsePromises(AdapterBase):
    """What is asked, and what is answered."""

    def test_with_policy_off_everything_is_as_bare(self, path: Path) -> None:
        script = Script(("Hello", ", ", "world", "。"))
        bare = self.ask(path, self.bare(script), "a question")
        off = self.ask(path, self.guard(self.bare(script), Chopmark("off")), "a question")
        assert off == bare
        assert [getattr(p, "beside", None) for p in off[0]] == [
            getattr(p, "beside", None) for p in bare[0]
        ]
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
        if path.streams:
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
        assert "".join(pieces) == ("before " if path.streams else "")
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
        assert record.stream == (path.streams)

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
