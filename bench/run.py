"""Runs the benchmarks one after the other; each prints its figures, and the limits beside them.

The peers need environments of their own: bench/peers/compare.py.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ORDER = (
    "policy.py", "stream.py", "langchain.py", "llamaindex.py", "openai_sdk.py", "keywords.py",
    "pii.py", "minors.py", "injection.py", "onnx.py", "cascade.py", "screen.py", "memory.py",
    "inspect_text.py", "label_files.py", "jsonl.py", "conversation.py",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of scripts, without .py")
    asked = parser.parse_args()
    failed = 0
    for name in ORDER:
        if asked.only and name[:-3] not in asked.only:
            continue
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, HERE / name], check=False).returncode != 0
    print("\npeers: python bench/peers/compare.py --setup")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
