"""A guarded model looks like its own class, and whatever is made of it stays guarded."""

import copy
import pickle

import pytest
from langchain_core.runnables import ConfigurableField
from langchain_models import ChatScript, WholeChat

from chopmark import Chopmark, Policy
from chopmark_langchain import guard


@pytest.fixture(params=["off", "real"])
def chop(request, session_chop):
    return Chopmark("off") if request.param == "off" else session_chop


def test_what_the_class_can_do_shows_on_the_guarded_class(chop):
    model = guard(WholeChat(), chop)
    assert isinstance(model, WholeChat)
    assert type(model).__name__ == "WholeChat"
    assert type(model)._stream is WholeChat._stream, "a model that cannot stream must not seem to"
    assert not hasattr(type(model), "_stream_chat_model_events")
    assert model.profile == WholeChat().profile
    assert model._get_ls_params() == WholeChat()._get_ls_params()


def test_copies_stay_guarded(chop):
    model = guard(ChatScript(), chop)
    field = ConfigurableField(id="model")
    configured = model.configurable_fields(model=field).with_config(configurable={"model": "m2"})
    copies = [
        model.model_copy(),
        model.model_copy(update={"model": "other"}),
        copy.copy(model),
        copy.deepcopy(model),
        type(model)(model="other"),
    ]
    for made in copies:
        assert type(made) is type(model)
    assert configured.invoke("hi").response_metadata["model_name"] == "m2"


def test_a_pickle_comes_back_guarded():
    model = guard(ChatScript(), Chopmark(Policy(name="empty")), on_block="refuse")
    again = pickle.loads(pickle.dumps(model))
    assert isinstance(again, ChatScript)
    assert again.model_dump() == ChatScript().model_dump()
    assert type(again)._chopmark.chop.policy == type(model)._chopmark.chop.policy
    assert type(again)._chopmark.on_block == "refuse"
    bound = pickle.loads(pickle.dumps(model.bind(stop=["a"])))
    assert type(bound.bound)._chopmark.on_block == "refuse"
