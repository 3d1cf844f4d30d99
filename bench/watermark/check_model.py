"""Whether the numpy model says what llama.cpp says: greedy answers, token by token.

    python bench/watermark/check_model.py [--tokens 30] [--json]

Three prompts; wants xllamacpp. Each token of llama.cpp's is fed to the model, which is asked for
the next one. llama.cpp rounds what it multiplies to eight bits: with the same rounding, and
OPENBLAS_NUM_THREADS=1, every token is the same. Without it, as answers are generated, or where
several threads add in another order, some differ where two tokens are as likely as each other; how
much less likely the other one is, is shown. Exits with 1 where that is more than 0.2 nats.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request

import numpy as np
from chopmark_demo._local import local_model
from model import Batch, Model, find_file

MOST = 0.2
QUESTIONS = (
    "What is the capital of France?",
    "Write a short story about a lighthouse keeper and a storm.",
    "List three reasons to learn to play the piano.",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    exact, rounded = Model(find_file()), Model(find_file(), rounded=True)
    found = {}
    with local_model() as at:
        if not at.base_url:
            raise SystemExit(at.why)
        for question in QUESTIONS:
            prompt = exact.prompt(question)
            expected = reference(at.base_url, prompt, asked.tokens)
            found[question] = {
                "tokens": len(expected),
                "gaps_rounded": gaps(rounded, prompt, expected),
                "gaps": gaps(exact, prompt, expected),
            }
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for question, row in found.items():
            print(
                f"of {row['tokens']} tokens {len(row['gaps_rounded'])} differ with llama.cpp's "
                f"rounding, {len(row['gaps'])} without (by {max(row['gaps'], default=0):.2f} nats "
                f"at most): {question}"
            )
    worst = max(
        [0.0, *(gap for row in found.values() for gap in row["gaps"] + row["gaps_rounded"])]
    )
    return 1 if worst > MOST else 0


def reference(base_url: str, prompt: list[int], most: int) -> list[int]:
    """Return the greedy tokens of llama.cpp's server."""
    body = {
        "prompt": prompt, "n_predict": most, "temperature": 0, "return_tokens": True,
        "cache_prompt": False, "samplers": ["temperature"], "repeat_penalty": 1.0,
    }  # fmt: skip
    request = urllib.request.Request(
        f"{base_url.removesuffix('/v1')}/completion",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        tokens: list[int] = json.load(answer)["tokens"]
    return tokens


def gaps(model: Model, prompt: list[int], expected: list[int]) -> list[float]:
    """Return how much less likely each token of `expected` is that is not the likeliest one."""
    batch = Batch(model, [prompt], len(expected))
    found = []
    for token in expected:
        best = int(np.argmax(batch.logits[0]))
        if best != token:
            found.append(round(float(batch.logits[0, best] - batch.logits[0, token]), 3))
        batch.take(np.array([token]))
    return found


if __name__ == "__main__":
    sys.exit(main())
