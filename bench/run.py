"""Runs the benchmarks one after the other; each prints its figures, and the limits beside them.

Those that want data, tools or environments of their own are not run, and named at the end.
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
    "inspect_text.py", "label_files.py", "label_stream.py", "jsonl.py", "conversation.py", "log.py",
    "log_postgres.py", "otel.py", "report.py", "desk.py", "sources.py", "assess.py",
)  # fmt: skip
APART = {
    "find.py": " DATA: what of a text is found in a log; wants texts, and some minutes",
    "disguises.py": " DATA: what is seen through; wants texts, and models/tables/requirements.txt",
    "watermark/generate.py": " CACHE, and the scripts beside it: what docs/watermarks.md shows",
    "survival.py": ": what is left of every mark; wants the tools that texts and files go through",
    "peers/compare.py": " --setup: the peers, each in an environment of its own",
}
# Run for their speed; data shows what they find.
WITH_DATA = ("pii.py", "minors.py", "injection.py", "assess.py")


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
    print("\n== not run")
    for name, wants in APART.items():
        print(f"python bench/{name}{wants}")
    for name in WITH_DATA:
        print(f"python bench/{name} --data DIR: what it finds in labelled texts")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
