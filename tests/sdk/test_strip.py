"""Our own marks are taken off what goes to a model, before anything judges it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, MarkError, Policy, PolicyBlocked
from chopmark.policy import OnError
from chopmark.testing import (
    MarkerContract,
    MemoryLog,
    SuffixMarker,
    WordDetector,
    plugin,
)

HIDDEN = "\u2062\u2063"


class TestSuffix(MarkerContract):
    answers = ("one", "two", "<<three>>")
    examples = 200

    def make(self):
        return SuffixMarker("[[", "]]", strips=True)

    def test_an_unmarked_text_is_not_detected(self):
        """Not asked here: one of the answers is nearly marked."""


def made(*markers, words=(), log=None, **policy):
    detectors = [WordDetector(dict(words))] if words else []
    brought = plugin(markers=markers, detectors=detectors, log=log)
    return Chopmark(Policy(name="p", **policy), plugins=[brought])


def visible():
    return SuffixMarker("<", ">", strips=True)


def hidden():
    marker = SuffixMarker("", HIDDEN, kind="manifest", strips=True)
    marker.name = "hidden"
    return marker


def sent(chop, *messages, **options):
    """What the model is asked for `messages`, pairs of role and text."""
    seen = []

    @chop.guard(**options)
    def answer(prompt):
        seen.extend(message["content"] for message in prompt)
        return "fine"

    answer([{"role": role, "content": text} for role, text in messages])
    return seen


def test_a_label_comes_off_what_was_generated_and_a_hidden_mark_off_everything():
    chop = made(visible(), hidden())
    marked = f"<a>{HIDDEN}"
    roles = ("system", "user", "assistant", "tool", "function")
    assert sent(chop, *((role, marked) for role in roles)) == ["<a>", "<a>", "a", "a", "a"]


def test_without_such_markers_nothing_is_touched():
    chop = made(SuffixMarker("<", ">"))
    assert sent(chop, ("assistant", "<a>"), ("tool", f"<b>{HIDDEN}")) == ["<a>", f"<b>{HIDDEN}"]
    assert chop.strip("<a>") == "<a>"


def test_marks_come_off_whether_or_not_the_policy_screens_the_role():
    chop = made(visible(), words={"bad": "deny"}, roles=("user",))
    assert sent(chop, ("assistant", "<bad>"), ("user", "q")) == ["bad", "q"]


def test_a_mark_hides_nothing_from_detectors():
    chop = made(hidden(), words={"bad": "deny"})
    with pytest.raises(PolicyBlocked):
        sent(chop, ("user", f"bad{HIDDEN}"))
    cut = SuffixMarker("", "", kind="manifest", strips=True)
    cut.own = lambda text: [(text.index(HIDDEN), text.index(HIDDEN) + 2)] if HIDDEN in text else []
    with pytest.raises(PolicyBlocked) as blocked:
        sent(made(cut, words={"bad": "deny"}), ("user", f"so ba{HIDDEN}d it is"))
    (verdict,) = blocked.value.response.verdicts
    assert (verdict.start, verdict.end) == (3, 8)


def test_findings_point_into_the_text_as_it_was_given():
    log = MemoryLog()
    chop = made(visible(), hidden(), words={"SECRET": "modify"}, log=log)
    text = f"<a SECRET here, SECRET>{HIDDEN}"
    assert sent(chop, ("tool", text)) == ["a *** here, ***"]
    spans = [(v.start, v.end) for v in log.records[0].verdicts]
    assert [text[start:end] for start, end in spans] == ["SECRET", "SECRET"]


def test_the_record_commits_to_what_the_application_gave():
    log = MemoryLog()
    sent(made(visible(), log=log), ("assistant", "<a>"))
    assert log.records[0].request.characters == len("assistant") + 1 + len("<a>")


def test_a_detector_sees_the_conversation_without_marks():
    seen = []

    class Watching(WordDetector):
        def judge(self, text, context):
            seen.append([m.text for m in context.request.messages])
            return ()

    brought = plugin(markers=[visible()], detectors=[Watching({"x": "deny"})])
    chop = Chopmark(Policy(name="p"), plugins=[brought])
    sent(chop, ("assistant", "<a>"), ("user", "q"))
    assert seen[0] == ["a", "q"]


def test_screening_sees_through_marks_too():
    chop = made(visible(), hidden(), words={"SECRET": "modify"})
    text = f"<a SECRET>{HIDDEN}"
    found = chop.screen(text, role="tool")
    assert found.text == "a ***"
    assert text[found.verdicts[0].start : found.verdicts[0].end] == "SECRET"
    assert chop.screen(text).text == "<a ***>"
    assert chop.screen(text, direction="output", role="assistant").text == f"<a ***>{HIDDEN}"


def test_strip_says_whose_text_it_is():
    chop = made(visible(), hidden())
    assert chop.strip(f"<a>{HIDDEN}") == "a"
    assert chop.strip(f"<a>{HIDDEN}", role="user") == "<a>"
    assert chop.strip("plain") == "plain"


@pytest.mark.parametrize(
    "spans", [[(0, 0)], [(2, 1)], [(0, 9)], [(1, 2), (0, 1)], [(0, 2), (1, 3)]]
)
def test_wrong_spans_are_a_broken_marker(spans):
    marker = hidden()
    marker.own = lambda text: spans
    with pytest.raises(MarkError, match="'hidden' broke"):
        made(marker).strip("abc")


@pytest.mark.parametrize("handled", ["block", "allow"])
def test_a_marker_that_breaks_does_what_the_policy_says(handled):
    def own(text):
        raise RuntimeError("on purpose")

    marker, log = hidden(), MemoryLog()
    marker.own = own
    chop = made(marker, log=log, on_error=OnError(marker=handled))
    if handled == "block":
        with pytest.raises(MarkError, match="on purpose"):
            sent(chop, ("user", "q"))
    else:
        assert sent(chop, ("user", "q")) == ["q"]
    failures = [(f.role, f.name, f.error, f.handled) for f in log.records[0].failures]
    assert failures == [("marker", "hidden", "RuntimeError", handled)]


@given(st.lists(st.sampled_from(["<", ">", HIDDEN, "a", "bad", " "]), max_size=12).map("".join))
def test_what_is_found_is_where_it_is_said_to_be(text):
    """Whatever is cut, a word that is found stands at its offsets, with marks at most inside."""
    cut = SuffixMarker("", "", kind="manifest", strips=True)
    cut.own = lambda text: [(n, n + 2) for n in range(len(text) - 1) if text.startswith(HIDDEN, n)]
    chop = made(cut, visible(), words={"bad": "warn"})
    found = chop.screen(text, role="tool")
    bare = chop.strip(text, role="tool")
    assert found.text == bare
    assert len(found.verdicts) == bare.count("bad")
    for verdict in found.verdicts:
        said = text[verdict.start : verdict.end]
        assert (said[0], said[-1]) == ("b", "d")
        assert said.replace(HIDDEN, "") == "bad"


def test_the_application_s_own_messages_stay_as_they_are():
    chop = made(visible())
    asked = [{"role": "assistant", "content": "<a>"}]
    chop.guard(lambda prompt: "fine")(asked)
    assert asked == [{"role": "assistant", "content": "<a>"}]


def test_arguments_of_tool_calls_lose_marks_and_nothing_else():
    chop = made(visible(), hidden())
    text = '{ "<k>" : "<a\\u003e\\u2062\\u2063", "n": [1.50, "\\u4f60<b", {"x": "<c>"}],"<":"" }'
    assert chop.strip_arguments(text) == (
        '{ "<k>" : "a", "n": [1.50, "\\u4f60<b", {"x": "c"}],"<":"" }'
    )
    given = {"<k>": "<a>", "n": [1.5, f"<b>{HIDDEN}", {"x": "c"}], "f": "[<d>]"}
    assert chop.strip_arguments(given) == {**given, "<k>": "a", "n": [1.5, "b", {"x": "c"}]}
    assert given["<k>"] == "<a>"
    assert chop.strip_arguments(f"<print(1)>{HIDDEN}") == "print(1)"
    for broken in ('{"a": "<b>"', f"[DRAFT] <b>{HIDDEN}x", "", "null"):
        assert chop.strip_arguments(broken) == broken


def test_arguments_without_marks_are_the_same_object():
    chop = made(visible(), hidden())
    for arguments in ({"a": ["b", {"c": None}], "d": (1, 2.0)}, '{"a" :  "\\u0041"}', "free text"):
        assert chop.strip_arguments(arguments) is arguments


texts = st.text(st.sampled_from('<>ab"\\\n{}[]:, \u2062\u2063\U0001f600\ud800'), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=3) | st.dictionaries(texts, values, max_size=3), st.booleans())
def test_json_text_says_what_the_parsed_arguments_say_without_marks(value, ascii_only):
    chop = made(visible(), hidden())
    text = json.dumps(value, ensure_ascii=ascii_only)
    bare = chop.strip_arguments(text)
    again = json.loads(bare)
    assert [text == bare, again] == [again == json.loads(text), stripped_by_hand(chop, value)]


def stripped_by_hand(chop, value):
    if isinstance(value, str):
        return chop.strip(value)
    if isinstance(value, list):
        return [stripped_by_hand(chop, inner) for inner in value]
    if isinstance(value, dict):
        return {key: stripped_by_hand(chop, inner) for key, inner in value.items()}
    return value


@pytest.mark.parametrize("handled", ["block", "allow"])
def test_a_marker_that_breaks_in_arguments_does_what_the_policy_says(handled):
    marker = hidden()
    marker.own = lambda text: [(2, 1)]
    chop = made(marker, on_error=OnError(marker=handled))
    if handled == "allow":
        assert chop.strip_arguments({"a": "bcd"}) == {"a": "bcd"}
    else:
        with pytest.raises(MarkError, match="'hidden' broke"):
            chop.strip_arguments({"a": "bcd"})
