"""What is sent to the model is the caller's own, but for what the policy replaced in it."""

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
)
from llamaindex_models import Chatting, Completing, said

from chopmark import Chopmark, Policy, PolicyBlocked, RequestError
from chopmark.testing import plugin
from chopmark_llamaindex import guard


@pytest.fixture
def llm(chop):
    return guard(Chatting(said("fine")), chop)


def sent(llm):
    return llm.asked_of[-1]


def test_unchanged_messages_are_the_same_objects(llm):
    messages = [ChatMessage("one", role="system"), ChatMessage("two")]
    llm.chat(messages)
    assert all(a is b for a, b in zip(sent(llm), messages, strict=True))


def test_the_callers_messages_are_never_changed(llm):
    messages = [ChatMessage("a SECRET")]
    llm.chat(messages)
    assert messages[0].content == "a SECRET"
    assert sent(llm)[0].content == "a ***"


def test_texts_are_replaced_in_their_blocks(llm):
    image = ImageBlock(url="http://image.invalid/a.png")
    cited = CitableBlock(
        title="t",
        source="s",
        content=[TextBlock(text="SECRET"), DocumentBlock(data=b"x", title="d")],
    )
    llm.chat([ChatMessage(blocks=[TextBlock(text="a"), image, TextBlock(text="b SECRET"), cited])])
    first, second, third, fourth = sent(llm)[0].blocks
    assert (first.text, second, third.text) == ("a", image, "b ***")
    assert [type(b).__name__ for b in fourth.content] == ["TextBlock", "DocumentBlock"]
    assert fourth.content[0].text == "***"


@pytest.mark.parametrize("role", ["user", "tool", "function"])
def test_what_comes_from_outside_is_screened(llm, role):
    with pytest.raises(PolicyBlocked):
        llm.chat([ChatMessage("FORBIDDEN", role=role)])


@pytest.mark.parametrize("role", ["system", "developer", "assistant", "chatbot", "model"])
def test_the_operators_and_the_models_own_words_are_not(llm, role):
    llm.chat([ChatMessage("FORBIDDEN", role=role), ChatMessage("q")])
    assert len(sent(llm)) == 2


def test_the_metadata_of_earlier_answers_is_not_sent(llm):
    answer = llm.chat([ChatMessage("q")]).message
    assert "chopmark" in answer.additional_kwargs
    llm.chat([ChatMessage("q"), answer, ChatMessage("more")])
    assert all("chopmark" not in m.additional_kwargs for m in sent(llm))
    assert "chopmark" in answer.additional_kwargs


def test_messages_may_come_from_a_generator(llm):
    llm.chat(ChatMessage(text) for text in ("one", "SECRET"))
    assert [m.content for m in sent(llm)] == ["one", "***"]


def test_what_cannot_be_screened_is_refused_with_a_cure(llm):
    for wrong in ([{"role": "user"}], 5):
        with pytest.raises(RequestError, match="ChatMessage"):
            llm.chat(wrong)
    assert not llm.asked_of


def test_a_wrapper_may_change_texts_but_not_their_number(log):
    def louder(request):
        from dataclasses import replace

        return (
            yield replace(
                request, messages=tuple(replace(m, text=m.text.upper()) for m in request.messages)
            )
        )

    def longer(request):
        from dataclasses import replace

        return (yield replace(request, messages=request.messages * 2))

    llm = guard(
        Completing(["fine"]), Chopmark(Policy(name="w"), plugins=[plugin(wrappers=[louder])])
    )
    llm.complete("hello")
    assert llm.asked_of == ["HELLO"]
    llm = guard(
        Completing(["fine"]), Chopmark(Policy(name="w"), plugins=[plugin(wrappers=[longer])])
    )
    with pytest.raises(RequestError, match="1"):
        llm.complete("hello")


def test_other_arguments_go_through(chop):
    given = {}

    class Curious(Completing):
        def complete(self, prompt, formatted=False, **kwargs):
            given.update(kwargs, prompt=prompt, formatted=formatted)
            return super().complete(prompt, formatted=formatted)

    guard(Curious(["fine"]), chop).complete("a SECRET", True, temperature=0.5)
    assert given == {"prompt": "a ***", "formatted": True, "temperature": 0.5}


def test_an_answer_to_a_prompt_that_was_not_seen_does_not_get_out(chop):
    """A class may name its parameter otherwise; what is passed by that name is not found."""

    class Odd(Completing):
        def complete(self, text, **kwargs):
            return super().complete(text)

    with pytest.raises(RequestError, match="give it first, or as prompt="):
        guard(Odd(["fine"]), chop).complete(text="q")
    assert guard(Odd(["fine"]), chop).complete("q").text == "fine"
