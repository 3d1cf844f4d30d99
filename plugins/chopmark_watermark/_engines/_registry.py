"""Each engine's mark by name: how it is scored, and the configuration that its server takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._nulls import Coins, Exponential
from .._scheme import Scheme
from . import _sglang, _synthid, _vllm


@dataclass(frozen=True, slots=True)
class Engine:
    """One mark of an engine.

    Args:
        scheme: its name, and how a text is scored.
        secret: the engine's key, of the 32 bytes that the ring derives.
        config: what the server is told, of its key: it holds the key, so it goes to a file alone.
        told: how the server is told.
    """

    scheme: Scheme
    secret: Callable[[bytes], Any]
    config: Callable[[Any], Mapping[str, object]]
    told: str


def _number(derived: bytes) -> int:
    return int.from_bytes(derived[:8], "big")


def _one_number(derived: bytes) -> tuple[int]:
    return (_number(derived),)


def _positive(derived: bytes) -> int:
    return _number(derived) >> 1  # torch keeps it in 64 bits with a sign


def _two_numbers(derived: bytes) -> tuple[int, int]:
    return _number(derived), int.from_bytes(derived[8:16], "big")


def _many_numbers(derived: bytes) -> tuple[int, ...]:
    stream = hashlib.shake_256(b"chopmark/wm/synthid|" + derived).digest(8 * _synthid.DEPTH)
    return tuple(int.from_bytes(stream[at : at + 8], "big") >> 1 for at in range(0, len(stream), 8))


def _vllm_config(algorithm: str) -> Callable[[int], Mapping[str, object]]:
    def config(key: int) -> Mapping[str, object]:
        return {"key": key, "algorithm": algorithm, "context_width": _vllm.WIDTH}

    return config


def _sglang_config(key: int) -> Mapping[str, object]:
    return {"key": f"{key:016x}", "context_window": _sglang.WIDTH, "default_enabled": True}


def _sglang_dual_config(keys: tuple[int, int]) -> Mapping[str, object]:
    more = {"key_b": f"{keys[1]:016x}", "mixing_probability": _sglang.MIXING}
    return {**_sglang_config(keys[0]), **more}


def _synthid_config(keys: tuple[int, ...]) -> Mapping[str, object]:
    return {
        "keys": list(keys),
        "ngram_len": _synthid.NGRAM,
        "sampling_table_size": _synthid.TABLE_SIZE,
        "sampling_table_seed": _synthid.TABLE_SEED,
    }


_VLLM = "vllm serve MODEL --watermark-config FILE's content"
_SGLANG = "python -m sglang.launch_server --enable-watermark --watermark-config FILE"
_TRANSFORMERS = "generate(watermarking_config=SynthIDTextWatermarkingConfig(**json.load(FILE)))"
# Medians that were measured by bench/watermark/rates.py.
_GUMBEL = {4.0: 0.48, 1.6: 0.135, 0.44: 0.018}
_SYNTHID = {4.0: 0.35, 1.6: 0.098, 0.44: 0.018}
_SBW = {4.0: 0.091, 1.6: 0.08}

ENGINES: Mapping[str, Engine] = {
    engine.scheme.name: engine
    for engine in (
        Engine(
            Scheme("vllm-gumbel", _vllm.score_vllm_gumbel, Exponential(), _GUMBEL, _one_number),
            _number, _vllm_config("gumbel"), _VLLM,
        ),
        Engine(
            Scheme(
                "vllm-dual-gumbel", _vllm.score_vllm_gumbel, Exponential(), _GUMBEL,
                # Which key drew a token is chance, so each is looked for by itself.
                lambda derived: _vllm.dual_keys(_number(derived)),
            ),
            _number, _vllm_config("dual_key_gumbel"), _VLLM,
        ),
        Engine(
            Scheme(
                "vllm-synthid", _vllm.score_vllm_synthid, Coins(0.5, _vllm.DEPTH), _SYNTHID,
                _one_number,
            ),
            _number, _vllm_config("synthid"), _VLLM,
        ),
        Engine(
            Scheme(
                "vllm-sbw", _vllm.score_vllm_sbw, Coins(_vllm.GAMMA), _SBW,
                lambda derived: (_positive(derived),),
            ),
            _positive, _vllm_config("sbw"), _VLLM,
        ),
        Engine(
            Scheme("sglang", _sglang.score_sglang, Exponential(), _GUMBEL, _one_number),
            _number, _sglang_config, _SGLANG,
        ),
        Engine(
            Scheme(
                "sglang-dual", _sglang.score_sglang_dual, Exponential(), _GUMBEL,
                lambda derived: (_two_numbers(derived),),
            ),
            _two_numbers, _sglang_dual_config, _SGLANG,
        ),
        Engine(
            Scheme(
                "synthid", _synthid.score_synthid, Coins(0.5, _synthid.DEPTH), _SYNTHID,
                lambda derived: (_many_numbers(derived),),
            ),
            _many_numbers, _synthid_config, _TRANSFORMERS,
        ),
    )
}  # fmt: skip
