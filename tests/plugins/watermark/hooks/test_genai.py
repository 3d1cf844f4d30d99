"""onnxruntime-genai's own generator leaves the mark, on a small model that its builder makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

genai = pytest.importorskip("onnxruntime_genai", reason="see requirements.txt")
torch = pytest.importorskip("torch", reason="the builder needs it")
transformers = pytest.importorskip("transformers", reason="the builder needs it")
pytest.importorskip("onnx_ir", reason="the builder needs it")

from tokenizers import Tokenizer  # noqa: E402
from tokenizers.models import WordLevel  # noqa: E402

from chopmark_watermark import Sampling, Watermark  # noqa: E402
from chopmark_watermark.hooks import LogitsHook  # noqa: E402
from chopmark_watermark.hooks.genai import generate_next  # noqa: E402

from .conftest import Find  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("model")
    shape = transformers.LlamaConfig(
        vocab_size=512, hidden_size=64, intermediate_size=128, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=2, eos_token_id=511, bos_token_id=510,
        pad_token_id=509,
    )  # fmt: skip
    transformers.LlamaForCausalLM(shape).save_pretrained(source)
    words = Tokenizer(WordLevel({f"w{n}": n for n in range(512)}, unk_token="w0"))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="w511", bos_token="w510", pad_token="w509"
    ).save_pretrained(source)
    build = ["-m", "onnxruntime_genai.models.builder", "-i", source, "-o", out, "-p", "fp32"]
    command = [sys.executable, *build, "-e", "cpu", "-c", source]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return out


def test_an_answer_is_marked(folder: Path, mark: Watermark, verdict_of: Find) -> None:
    model = genai.Model(str(folder))
    options = genai.GeneratorParams(model)
    options.set_search_options(max_length=120, do_sample=True, temperature=0.8, top_k=50)
    generator = genai.Generator(model, options)
    generator.append_tokens(np.array([[1, 5, 9, 3]], dtype=np.int32))
    hook = LogitsHook(mark, Sampling(0.8))
    while not generator.is_done():
        generate_next(generator, hook)
    assert verdict_of(generator.get_sequence(0)[4:].tolist()) == "marked"
