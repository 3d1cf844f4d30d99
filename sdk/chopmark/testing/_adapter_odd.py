"""The promises of an adapter on odd input: an error of the framework's own, or a recorded pass."""

from __future__ import annotations

import pytest

from .._chopmark import Chopmark
from .._errors import PolicyBlocked
from ._adapter_base import DENIED, AdapterBase, about
from ._fakes import MemoryLog
from ._paths import Form, Path, Script

_ODD = {
    "nothing": (),
    "an empty piece": ("",),
    "halves of surrogate pairs": ("\ud800", "\udfff\ud800", "a \ud83d", "\ude00 b", "\x00") * 5,
}
_BROKEN = '{"name": "a text", "count": '
_MEGABYTE = 2**20


class OddPromises(AdapterBase):
    """What comes is as it is bare; it is judged all the same, and never passes in silence."""

    @pytest.mark.parametrize("odd", _ODD.values(), ids=_ODD)
    def test_an_odd_answer_is_as_bare_and_recorded(
        self, path: Path, chop: Chopmark, log: MemoryLog, odd: tuple[str, ...]
    ) -> None:
        failed = self._is_as_bare(path, chop, log, Script(odd))
        assert failed is None or not odd, "the bare model cannot say that at all"

    def test_a_word_behind_lone_surrogates_is_found(
        self, path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        script = Script((*_ODD["halves of surrogate pairs"], " ", DENIED[:5], DENIED[5:]))
        pieces, error = self.ask(path, self.guard(self.bare(script), chop))
        assert isinstance(error, PolicyBlocked)
        assert DENIED[:1] not in "".join(pieces)
        assert [record.ending for record in log.records] == ["blocked"]

    def test_a_prompt_of_lone_surrogates_is_as_bare_and_judged(
        self, path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        own = self._is_as_bare(path, chop, log, Script(("fine",)), "\udc00 a \ud800")
        model = self.guard(bare := self.bare(Script(("fine",))), chop)
        _, error = self.ask(path, model, f"\udc00 {DENIED} \ud800")
        assert isinstance(error, PolicyBlocked) or (own and type(error) is type(own))
        assert not [*self.seen(bare), *self.seen(model)]

    def test_a_prompt_of_a_megabyte_is_as_bare_and_judged(
        self, path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        self._is_as_bare(path, chop, log, Script(("fine",)), "a" * _MEGABYTE)
        model = self.guard(bare := self.bare(Script(("fine",))), chop)
        _, error = self.ask(path, model, "a" * _MEGABYTE + DENIED)
        assert isinstance(error, PolicyBlocked)
        assert not [*self.seen(bare), *self.seen(model)]

    @about("json")
    def test_an_answer_that_should_be_json_and_is_not_is_as_bare_and_judged(
        self, json_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        self._is_broken(json_path, chop, log, "json")

    @about("call")
    def test_a_tool_call_that_is_no_json_is_as_bare_and_judged(
        self, call_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        self._is_broken(call_path, chop, log, "call")

    def _is_broken(self, path: Path, chop: Chopmark, log: MemoryLog, form: Form) -> None:
        self._is_as_bare(path, chop, log, Script.letters(_BROKEN, form))
        log.records.clear()
        denied = _BROKEN.replace("text", DENIED)
        pieces, error = self.ask(path, self.guard(self.bare(Script.letters(denied, form)), chop))
        assert error is not None, "it was let through"
        assert DENIED[:4] not in "".join(pieces) + str(error)
        assert len(log.records) == 1

    def _is_as_bare(
        self, path: Path, chop: Chopmark, log: MemoryLog, script: Script, prompt: str = "q"
    ) -> BaseException | None:
        """Hold what comes against what comes bare, text or error, and see that it is recorded.

        Return the framework's own error: what it does not send at all may be in no record.
        """
        wanted, failed = self.ask(path, self.bare(script), prompt)
        pieces, error = self.ask(path, self.guard(self.bare(script), chop), prompt)
        assert whole("".join(pieces)) == whole("".join(wanted))
        assert type(error) is type(failed), error
        wanted_endings = ([], ["completed"], ["model_error"]) if failed else (["completed"],)
        assert [record.ending for record in log.records] in wanted_endings
        return failed


def whole(text: str) -> str:
    """Return `text` with halves of a character joined, as JSON joins those of one string."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
