"""What runs a network: what onnxruntime offers, and nothing else in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from chopmark import Context, ModelError, Policy, PolicyError
from chopmark_onnx import OnnxDetector, chopmark_detectors
from chopmark_onnx._cache import Cache
from chopmark_onnx._folder import read_folder
from chopmark_onnx._running import Running
from chopmark_onnx._shared import open_scorer

OUTPUT = Context(direction="output")
OFFERED = onnxruntime.get_available_providers()
OTHERS = [name for name in OFFERED if name != "CPUExecutionProvider"]


def made(folder: Path, **options: Any) -> OnnxDetector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    return detector


@pytest.mark.parametrize(
    ("name", "package"), [("CUDA", "onnxruntime-gpu"), ("OpenVINO", "onnxruntime-openvino")]
)
def test_what_is_not_offered_is_told_with_what_is(plain: Path, name: str, package: str) -> None:
    if f"{name}ExecutionProvider" in OFFERED:
        pytest.skip("this onnxruntime offers it")
    with pytest.raises(PolicyError, match="option 'providers'") as raised:
        made(plain, providers=["CPU", name])
    said = str(raised.value)
    for part in (onnxruntime.__version__, f"does not offer {name!r}", "it has", "CPU", package):
        assert part in said


def test_a_name_that_nobody_knows_is_told_too(plain: Path) -> None:
    with pytest.raises(PolicyError, match=r"does not offer 'Abacus', it has .*CPU"):
        made(plain, providers=["Abacus"])


@pytest.mark.parametrize("name", ["CPU", "cpu", "CPUExecutionProvider"])
def test_a_provider_may_be_named_short_or_in_full(plain: Path, name: str) -> None:
    detector = made(plain, providers=[name, "CPU"])
    assert detector.version == made(plain).version
    assert detector.stages[0].shared.load() is made(plain).stages[0].shared.load()


@pytest.mark.skipif(not OTHERS, reason="this onnxruntime offers the CPU alone")
def test_another_provider_is_another_session_and_another_version(plain: Path) -> None:
    cpu, other = made(plain), made(plain, providers=OTHERS[-1:])
    assert other.version != cpu.version
    assert other.stages[0].shared.load() is not cpu.stages[0].shared.load()
    for text in ("毒", "x", "好"):
        assert other.judge(text, OUTPUT) == cpu.judge(text, OUTPUT)


def test_one_that_does_not_start_is_no_reason_to_run_on_cpu_in_silence(plain: Path) -> None:
    if "CUDAExecutionProvider" in OFFERED:
        pytest.skip("this onnxruntime offers it")
    # onnxruntime itself only warns, and takes the CPU.
    with (
        pytest.warns(UserWarning, match="not in available provider names"),
        pytest.raises(ModelError, match=r"does not run on CUDAExecutionProvider: .*took CPU"),
    ):
        open_scorer(read_folder(plain), Running(providers=("CUDAExecutionProvider",)), Cache())


def test_nothing_is_imported_to_check_what_nobody_asked_for(plain: Path) -> None:
    from chopmark_onnx._providers import resolve

    assert resolve(()) == ("CPUExecutionProvider",)
