"""The promises of an adapter: the bare framework against the guarded one, on every path."""

from __future__ import annotations

from ._adapter_base import TOPICS
from ._adapter_data import DataPromises
from ._adapter_endings import EndingPromises
from ._adapter_odd import OddPromises
from ._adapter_prose import ProsePromises

_WORDS = 4
"""The fewest that are a reason."""


class AdapterContract(ProsePromises, DataPromises, EndingPromises, OddPromises):
    """Subclass it, give `paths`, `bare`, `guard` and `seen`.

    `paths` has every way to ask the framework, by name: for prose, in JSON, and for a tool call
    (`Path.form`). `blocked` is the framework's own error that a block must also be; `model_error`
    returns one that a script may raise in this framework's model.

    `cannot` says what the adapter cannot promise, and why, in words: its keys are topics ("json",
    "call", "metadata", "leaving", "forgetting", "cancelling", "trio"), or a topic on one path
    ("metadata/predict"). Such a promise is skipped with these words; none can be left out in
    another way.

        class TestMine(AdapterContract):
            paths = {"ask": Path("call", lambda model, prompt: model.ask(prompt)), ...}
            cannot = {"call": "the framework knows no tools"}

            def bare(self, script):
                return MyModel(script)

            def guard(self, model, chop, **options):
                return guard(model, chop, **options)

            def seen(self, model):
                return model.asked
    """

    def test_says_its_paths(self) -> None:
        prose = {path.kind for path in self.paths.values() if path.form == "answer"}
        assert prose == {"call", "stream", "acall", "astream"}
        forms = {path.form for path in self.paths.values()}
        for form in ("json", "call"):
            if form not in forms:
                assert form in self.cannot, f"no path has form={form!r}; give one, or cannot[...]"

    def test_says_in_words_what_it_cannot_promise(self) -> None:
        for key, why in self.cannot.items():
            topic, _, name = key.partition("/")
            assert topic in TOPICS, f"cannot[{key!r}]: there are {', '.join(TOPICS)}"
            assert not name or name in self.paths, f"cannot[{key!r}]: there is no such path"
            assert len(why.split()) >= _WORDS, f"cannot[{key!r}] = {why!r} is no reason"

    def test_leaves_no_promise_out_in_silence(self) -> None:
        for name in dir(AdapterContract):
            if name.startswith("test_"):
                kept = getattr(type(self), name) is getattr(AdapterContract, name)
                assert kept, f"{name} was overridden; say in `cannot` what cannot be promised"
