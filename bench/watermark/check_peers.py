"""Whether the peers that are written here say what transformers says: greens, scores, SynthID.

    python -m venv PEERS && PEERS/bin/pip install torch transformers numpy
    PEERS/bin/python bench/watermark/check_peers.py [--json]

The figures are made without torch; this compares what they are made with to the real
`WatermarkLogitsProcessor`, `WatermarkDetector` and `SynthIDTextWatermarkLogitsProcessor` with the
same keys on the same tokens. Exits with 1 where one green token or score differs. The plugin is
found beside this file, it need not be installed there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

HOUSE = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(HOUSE / "plugins"), str(HOUSE / "sdk")]

import kgw  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from drawing import SynthId  # noqa: E402
from transformers import WatermarkDetector, WatermarkingConfig  # noqa: E402
from transformers.generation.logits_process import (  # noqa: E402
    SynthIDTextWatermarkLogitsProcessor,
    WatermarkLogitsProcessor,
)

from chopmark_watermark import Sampling  # noqa: E402
from chopmark_watermark._engines import _synthid  # noqa: E402

VOCABULARY, SMALL = 49_152, 500


def greens(rng: np.random.Generator) -> dict[str, int]:
    """Compare the green lists after 60 tokens, the first and the last one too."""
    real = WatermarkLogitsProcessor(VOCABULARY, "cpu")
    tokens = [0, VOCABULARY - 1, *rng.integers(0, VOCABULARY, 58).tolist()]
    differ = 0
    for token in tokens:
        expected = np.zeros(VOCABULARY, dtype=bool)
        expected[real._get_greenlist_ids(torch.tensor([token])).numpy()] = True
        differ += int((expected != kgw.green_of(token, VOCABULARY)).sum())
    return {"compared": len(tokens) * VOCABULARY, "differ": differ}


def scores(rng: np.random.Generator) -> dict[str, int]:
    """Compare counts and z-scores of texts whose tokens come again, as in a language."""
    config = SimpleNamespace(vocab_size=VOCABULARY, bos_token_id=-1, is_encoder_decoder=False)  # type: ignore[var-annotated]
    compared = differ = 0
    for dedup in (False, True):
        real = WatermarkDetector(config, "cpu", WatermarkingConfig(), ignore_repeated_ngrams=dedup)
        for length in (2, 3, 40, 40, 80, 160, 160, 320):
            ids = np.minimum(rng.zipf(1.3, length), 300).astype(np.uint32)
            found = real(torch.tensor([ids.tolist()]), return_dict=True)
            green, scored = kgw.greens(ids, VOCABULARY, dedup=dedup)
            same = (green, scored) == (found.num_green_tokens[0], found.num_tokens_scored[0])
            near = abs(kgw.z_score(green, scored) - float(found.z_score[0])) < 1e-6
            compared, differ = compared + 1, differ + int(not (same and near))
    return {"compared": compared, "differ": differ}


def tournament(rng: np.random.Generator) -> dict[str, float]:
    """Compare what SynthID makes of the shares of each token, over 60 steps of one answer."""
    ours = SynthId(Sampling(1.0), np.random.default_rng(0), bytes(range(32)))
    real = SynthIDTextWatermarkLogitsProcessor(
        ngram_len=_synthid.NGRAM, keys=[int(key) for key in ours.keys],
        sampling_table_size=_synthid.TABLE_SIZE, sampling_table_seed=_synthid.TABLE_SEED,
        context_history_size=1024, device=torch.device("cpu"), skip_first_ngram_calls=True,
    )  # fmt: skip
    ids, answer, worst = np.arange(SMALL, dtype=np.uint32), [7], 0.0
    for _ in range(60):
        logits = rng.normal(size=SMALL) * 3
        logp = logits - np.log(np.exp(logits).sum())
        given = torch.tensor([answer]), torch.tensor(logits[None])
        expected = torch.softmax(real(*given), dim=1)[0].numpy()
        found = np.exp(ours.steer(ids, logp, answer[1:]))
        worst = max(worst, float(np.abs(found / found.sum() - expected).max()))
        answer.append(int(rng.integers(0, 6)))  # few tokens, so that contexts come again
    return {"compared": 60 * SMALL, "differ by at most": worst}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    found = {"green tokens": greens(rng), "texts": scores(rng), "shares": tournament(rng)}
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        print(f"transformers {transformers.__version__}, torch {torch.__version__}")
        for what, row in found.items():
            print(f"{what}: " + ", ".join(f"{name} {value:,}" for name, value in row.items()))
    exact = not (found["green tokens"]["differ"] or found["texts"]["differ"])
    return 0 if exact and found["shares"]["differ by at most"] < 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main())
